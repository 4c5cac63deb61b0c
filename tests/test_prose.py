"""Plain English: phrases that CONTRIBUTING.md's "How we write" replaces stand nowhere else."""

import argparse
import re
from pathlib import Path

import pytest

from problems.commands import COMMANDS, module_of

ROOT = Path(__file__).parents[1]
#: What is wrong in each "before" of CONTRIBUTING.md's table, in its order.
PATTERNS = [
    re.compile(pattern, re.I)
    for pattern in (
        r"\btold\s+apart\b",
        r"\b(one|a)\s+(process|thread|row|column|panel|line|file|room)\s+an?\s+\w",
        r"\bkin\b",
        r"\bthe\s+house\b",
        r"\bas\s+said\b",
        r"\bwithout\s+a\s+word\b",
        r'"""of\b|\n( *)\S[^\n]*\n\1    (?-i:Of)\b',  # also as a parameter's first words
        r"\bbut\s+for\b",
        r"\bshall\b",
        r"\bwhoever\b",
        r"\bthat\s+of\b",
        r"\bthe\s+same\s+of\b",
        r"\bfinish\s+what\b",
        r"\bat\s+the\s+most\b",
        r"\banew\b",
        r"\bspeaks?\s+of\b",
        r"\bmay\s+stand\b",
        r"\bgo(es)?\s+on\s+from\b",
        r"\ba\s+\w+\s+of\s+its\s+own\b",
    )
]
STYLE = re.compile(r"^## How we write\n(.*?)(?=^## |\Z)", re.M | re.S)
FOLDERS = ("adabound_np", "autograd_lite", "docs", "problems", "tests")
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "pyproject.toml")),
    *(
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".md", ".ipynb", ".py", ".rst") and "_build" not in path.parts
        if path != Path(__file__)
    ),
]


def found(text):
    """The phrases of `PATTERNS` in a text."""
    return [match[0] for pattern in PATTERNS for match in pattern.finditer(text)]


def test_the_pairs():
    """Each "before" has the phrase that its pattern is for; no "after" has any."""
    (section,) = STYLE.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    for pattern, (before, after) in zip(PATTERNS, rows[2:], strict=True):
        assert pattern.search(before), before
        assert not found(after), after


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_has_the_phrases(page):
    assert found(STYLE.sub("", page.read_text(encoding="utf-8"))) == []


def test_a_parameter_begins_with_a_noun():
    assert found("\n    seed : int\n        Of the draws.\n")
    assert not found("\n    seed : int\n        Seed of the draws.\n        Of two, the first.\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_of_something(command):
    parser = argparse.ArgumentParser()
    module_of(command).add_options(parser)
    assert [a.dest for a in parser._actions if re.match("of ", a.help or "", re.I)] == []
