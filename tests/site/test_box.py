"""The algorithm boxes: every line has its code, which the source has, and a sentence."""

import re
from pathlib import Path

import pytest

from tests.site.pages import extensions

ROOT = Path(__file__).parents[2]
BOX = re.compile(r"```\{box\} (\S+)\n(.*?)```", re.S)
BOXES = [
    (page.stem, path, content)
    for page in sorted((ROOT / "docs/paper").glob("*.md"))
    for path, content in BOX.findall(page.read_text(encoding="utf-8"))
]


@pytest.fixture(scope="module")
def box():
    with extensions("box") as (module,):
        yield module


def test_which_algorithms_have_one():
    assert {page for page, _, _ in BOXES} == {
        "adabound",
        "adamnc",
        "algorithm1",
        "amsbound",
        "amsgrad",
        "csgd",
    }


@pytest.mark.parametrize(("page", "path", "content"), BOXES, ids=lambda v: v[:20])
def test_lines_are_those_of_the_source(box, page, path, content):
    for line in box.lines_of(content, path):
        assert re.search(r"[.?]$", line.prose)
        for code in (*line.code, *line.added_code):
            source = (ROOT / code.path).read_text(encoding="utf-8").splitlines()
            name = code.function.rpartition(".")[2]
            assert any(f"def {name}(" in each for each in source)
            for number, text in code.shown():
                shown = [each.strip() for each in text.splitlines()]
                assert [each.strip() for each in source[number - 1 :]][: len(shown)] == shown


def test_the_switch_adds_what_the_released_code_has(box):
    (content,) = [content for page, _, content in BOXES if page == "adabound"]
    added = " ".join(line.added for line in box.lines_of(content, "adabound_np/adabound.py"))
    for symbol in (r"\lambda x_t", r"\epsilon", r"\sqrt{1 - \beta_2^t}"):
        assert symbol in added
        assert symbol not in " ".join(
            line.paper for line in box.lines_of(content, "adabound_np/adabound.py")
        )


def test_what_the_source_does_not_have_is_an_error(box):
    path = "adabound_np/adabound.py"
    (line,) = box.lines_of("m_t = 0\ncode: AdaBound.moments m_s\nA sentence.", path)
    with pytest.raises(ValueError, match=r"AdaBound\.moments of .* has no equation of m_s"):
        line.code[0].shown()
    with pytest.raises(ValueError, match="m_t = 0 must have code and a sentence"):
        box.lines_of("m_t = 0\ncode: AdaBound.moments m_t", path)
