"""Short runs find what they found before."""

import json

import pytest

from tests.problems.ledger.outcomes import CASES, FILE, found

BEFORE = json.loads(FILE.read_text(encoding="utf-8"))


def approximately(value):
    """The same with room for rounding in its numbers."""
    if isinstance(value, dict):
        return {k: approximately(v) for k, v in value.items()}
    if isinstance(value, list):
        return [approximately(v) for v in value]
    return pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value


def test_every_run_is_on_file():
    assert list(BEFORE) == list(CASES)


@pytest.mark.parametrize("case", CASES)
def test_a_run_finds_what_it_found(case):
    assert found(case) == approximately(BEFORE[case])
