"""The side-by-side columns are the source: every equation once, every line with its number."""

from pathlib import Path

import pytest

from problems.reading.equations import Source, in_source
from tests.site.pages import extensions

ROOT = Path(__file__).parents[2]
PAGES = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs/paper").glob("*.md"))


@pytest.fixture(scope="module")
def beside():
    with extensions("beside") as (module,):
        yield module


def test_rows(beside):
    rows = beside.rows_of(ROOT / "adabound_np/adabound.py", "AdaBound.learning_rate")
    assert [row.source for row in rows if "Luo19 Alg. 2" in row.source] == [
        r"Luo19 Alg. 2, with \epsilon = 0 and b = 0",
        r"Luo19 Alg. 2, with s_t = 1 / \sqrt{t}",
    ]
    clip = next(row for row in rows if r"\mathrm{Clip}" in row.tex)
    assert clip.tex.startswith(r"\hat{\eta}_t = ") and clip.code[0].startswith("        eta_hat =")


@pytest.mark.parametrize("path", sorted((ROOT / "adabound_np").glob("*.py")), ids=lambda p: p.stem)
def test_every_equation_is_on_a_page_with_its_line(beside, path):
    lines = path.read_text(encoding="utf-8").splitlines()
    equations = in_source(Source(path.stem, path.name, path.read_text(encoding="utf-8")))
    name = path.relative_to(ROOT).as_posix()
    asked = [
        pyobject
        for block in PAGES.split("```{beside} ")
        if block.startswith(name + "\n")
        for pyobject in block.partition(":pyobject: ")[2].split("\n")[0].split(", ")
    ]
    found = set()
    for pyobject in asked:
        for row in beside.rows_of(path, pyobject):
            numbered = list(enumerate(row.code, row.first))
            assert all(lines[number - 1] == line for number, line in numbered)
            if row.tex:
                found.add((row.first, row.tex))
    assert found == {(e.line, e.latex) for e in equations}


def test_errors(beside):
    path = ROOT / "adabound_np/adabound.py"
    with pytest.raises(ValueError, match=r"has no AdaBound\.moment"):
        beside.rows_of(path, "AdaBound.moment")
    with pytest.raises(ValueError, match="no equation stands in"):
        beside.rows_of(path, "AdaBound.symbols")
