"""The page about the engine: its examples run, its table and its numbers are the code's."""

import doctest
import re
import sys
from pathlib import Path

import pytest

import autograd_lite as ag
from autograd_lite.engine import TABLE
from autograd_lite.reference import rules, table, updated
from tests.autograd_lite.samples import leaf

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "autograd_lite.md"


def test_examples_of_the_page_run():
    failed, run = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert failed == 0
    assert run > 30


def test_table_of_the_page_is_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert updated(page) == page


def test_every_operation_is_in_the_table():
    for name in TABLE:
        assert f"\n| `{name}(" in table()


def test_lines_of_the_table_have_four_cells():
    assert all(line.count("|") == 5 for line in table().splitlines())


def test_page_without_marks_is_refused():
    with pytest.raises(ValueError, match="must have the lines"):
        updated("no table")


def test_every_source_of_a_rule_is_listed():
    page = PAGE.read_text(encoding="utf-8")
    sources = {re.match(r"\w+", source)[0] for row in TABLE.values() for _, source in rules(row)}
    assert sources - {"calculus", "adjoint", "chain"}
    for source in sources - {"calculus", "adjoint", "chain"}:
        assert f"- [{source}]" in page, source


def files_entered(run):
    """Files of the package whose functions a run calls, by path, with their numbers of lines."""
    package, seen = Path(ag.__file__).parent, set()

    def note(frame, event, arg):
        if event == "call":
            seen.add(Path(frame.f_code.co_filename))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    own = sorted(path for path in seen if package in path.parents)
    return {
        path.relative_to(package).as_posix(): len(path.read_text("utf-8").splitlines())
        for path in own
    }


def test_the_documents_say_how_much_a_multiplication_runs_through():
    x, y = leaf(2.0), leaf(3.0)

    def run():
        z = x * y
        z.backward()

    entered = files_entered(run)
    assert (x.grad, y.grad) == (3, 2)
    assert set(entered) == {"engine.py", "guards.py", "ops/elementwise.py"}
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    said = re.findall(r"`x \* y` to `backward\(\)` Python runs through ([^:]*):", text)
    assert said == [f"{len(entered)} files of {sum(entered.values())} lines"]


def test_the_engine_is_read_in_one_sitting():
    lines = (ROOT / "autograd_lite" / "engine.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 500
