"""The page about the engine: its examples run, its table is the code's."""

import doctest
import re
from pathlib import Path

import pytest

from autograd_lite.engine import TABLE
from autograd_lite.reference import rules, table, updated

PAGE = Path(__file__).parents[2] / "docs" / "autograd_lite.md"


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
