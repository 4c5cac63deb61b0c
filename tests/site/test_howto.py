"""The examples of the how-to pages run, and print what the pages say."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("docs_regenerate", ROOT / "docs/regenerate.py")
regenerate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(regenerate)


@pytest.mark.slow  # docs/regenerate.py --check runs them too
@pytest.mark.parametrize("page", sorted((ROOT / "docs/howto").glob("*.md")), ids=lambda p: p.stem)
def test_examples(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    quotes = list(regenerate.QUOTE.finditer(text))
    assert len(quotes) >= 1
    for quote in quotes:
        output = regenerate.output_of(quote["command"], text[: quote.start()], tmp_path)
        assert output == quote["output"]
        assert len(output.splitlines()) >= 1
