"""Every rule of autograd_lite's table against the equation above it."""

import ast
import copy

import pytest

from autograd_lite.engine import TABLE, Primitive
from problems.reading.checker import MismatchError
from problems.reading.equations import listing
from problems.reading.lines import equations_at
from problems.reading.notation import SYMBOLS
from problems.reading.tokens import tokens
from tests.equations.rules import (
    FUNCTIONS,
    OPERANDS,
    check_function,
    check_operands,
    check_rule,
    rule_name,
    rules,
)
from tests.equations.units import evaluated, units


@pytest.mark.parametrize(("name", "k"), rules())
def test_a_rule_computes_its_equation(name, k):
    assert check_rule(name, k) > 0


@pytest.mark.parametrize("place", FUNCTIONS)
def test_lines_of_a_rule_compute_their_equations(place):
    counts = check_function(place)
    assert [e.latex for e in equations_at(place) if not counts[e]] == []


@pytest.mark.parametrize("place", OPERANDS)
def test_a_rule_for_all_operands_computes_its_equation(place):
    (equation,) = equations_at(place)
    assert check_operands(OPERANDS[place], equation) > 3


def test_every_operation_has_an_equation_for_each_rule():
    joint = {*FUNCTIONS.values(), *OPERANDS.values()}
    for name, row in TABLE.items():
        if isinstance(row, Primitive) and name not in joint:
            assert sum(n == name for n, _ in rules()) == len(row.vjps) > 0


def test_every_equation_is_checked():
    own = [e for e in listing() if e.file.startswith("autograd_lite/")]
    places = [*FUNCTIONS, *OPERANDS]
    left = [e for e in own if not rule_name(e) and not any(e in equations_at(p) for p in places)]
    assert left == []
    assert len(own) > 80


def test_a_changed_sign_in_a_rule_is_named_with_file_line_and_equation():
    equation = rules()["tanh", 0]
    rule = copy.deepcopy(equation.nodes[0])
    rule.body.right.op = ast.Add()
    with pytest.raises(MismatchError) as caught:
        check_rule("tanh", 0, evaluated(equation.place, rule))
    assert f"autograd_lite/ops/kinked.py:{equation.line}" in str(caught.value)
    assert r"\bar{x} = \bar{y} (1 - y^2)" in str(caught.value)


def test_rules_in_the_wrong_order_are_noticed():
    with pytest.raises(MismatchError):
        check_rule("divide", 0, TABLE["divide"].vjps[1])


def test_helpers_of_rules_are_checked_too():
    places = [unit.place for unit in units()]
    assert "autograd_lite.ops.losses._hinge" in places
    assert len(places) == len(set(places))


def test_every_symbol_of_the_notation_is_used():
    unused = []
    for row in SYMBOLS:
        spelt = " ".join(tokens(row.latex))
        here = [e for e in listing() if not row.where or row.where in e.place.split(".")]
        if not any(spelt in " ".join(tokens(e.latex)) for e in here):
            unused.append(row)
    assert unused == []
