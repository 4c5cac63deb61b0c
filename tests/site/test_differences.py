"""Every difference on the page names a test that exists, and no comparison is left off it."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/differences.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(test_\w+\.py::test_\w+)`", PAGE))
#: Comparisons with other libraries that are not about optimizers.
ELSEWHERE = re.compile(r"test_(autograd|course|curvature|models|runs|sweep)")


def named_in(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = (node.name for node in tree.body if isinstance(node, ast.FunctionDef))
    return {f"{path.name}::{name}" for name in found if name.startswith("test_")}


ORACLES = set().union(
    *(named_in(p) for p in (TESTS / "oracles").glob("test_*.py") if not ELSEWHERE.match(p.name))
)
OURS = set().union(*(named_in(p) for p in (TESTS / "adabound_np").glob("test_*.py")))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "---" not in line]


def test_every_named_test_exists():
    assert len(NAMED) > 40
    assert not NAMED - ORACLES - OURS


def test_every_comparison_is_on_the_page():
    assert not ORACLES - NAMED


def test_every_row_has_a_test():
    rows = [row for row in ROWS if not row.endswith("| Test |")]
    assert len(rows) > 30
    for row in rows:
        assert re.search(r"`test_\w+\.py::test_\w+` \|$", row), row
        assert len(row.split("|")) == 7, row
        assert row.split("|")[1].strip() in ("same", "option", "differs"), row
