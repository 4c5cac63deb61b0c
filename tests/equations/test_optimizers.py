"""Every update line of adabound_np against the equation above it."""

import ast
import copy

import pytest

from problems.reading.cases import CASES
from problems.reading.checker import RETURNING, MismatchError
from problems.reading.equations import listing, sources
from problems.reading.lines import Traced, equations_at, node_at
from tests.equations.checks import check
from tests.equations.exceptions import EXCEPTIONS

#: Methods that make up an update, wherever they occur.
UPDATES = {
    "moments",
    "learning_rate",
    "move",
    "advance",
    "project",
    "eta_l",
    "eta_u",
    "__call__",
    "product",
}


def functions(node, place):
    """Functions of a module with their places; those of protocols and stubs are left out."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            if "Protocol" not in [ast.unparse(base) for base in child.bases]:
                yield from functions(child, f"{place}.{child.name}")
        elif isinstance(child, ast.FunctionDef) and not is_stub(child):
            yield f"{place}.{child.name}", child


def is_stub(function):
    return ast.unparse(function.body[-1]) == "raise NotImplementedError"


ALL = {
    place: function
    for source in sources("adabound_np")
    for place, function in functions(ast.parse(source.text), source.module)
}


@pytest.mark.parametrize("place", CASES)
def test_the_lines_compute_their_equations(place):
    evaluated = check(place)
    assert [e.latex for e in equations_at(place) if not evaluated[e]] == []
    assert evaluated


def test_every_function_of_an_update_is_checked():
    assert {place for place in ALL if place.rpartition(".")[2] in UPDATES} <= set(CASES)


def test_every_equation_is_in_a_checked_function():
    own = [e for e in listing() if e.file.startswith("adabound_np/")]
    assert [e.place for e in own if e.place not in CASES] == []
    assert len(own) > 100


def without_equation(place):
    """Statements of a function that no equation stands above."""
    covered = {node.lineno for e in equations_at(place) for node in e.nodes}
    function = ALL[place]
    for node in ast.walk(function):
        simple = isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Return)
        called = isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)
        returned = place.endswith(RETURNING) and node is function.body[-1]  # checked_returned
        if (simple or called) and not returned and node.lineno not in covered:
            yield place, ast.unparse(node)


def test_every_update_line_has_an_equation_or_is_listed_as_an_exception():
    assert {line for place in CASES for line in without_equation(place)} == set(EXCEPTIONS)


def test_every_statement_has_an_equation_of_its_own():
    shared = [e.code for e in listing() if e.file.startswith("adabound_np/") and len(e.nodes) > 1]
    assert shared == []


def test_a_changed_sign_is_named_with_file_line_and_equation():
    place = "adabound_np.adabound.AdaBound.moments"
    mutant = copy.deepcopy(node_at(place))
    equation = equations_at(place)[1]
    statement = next(n for n in mutant.body if n.lineno == equation.line)
    statement.value.op = ast.Sub()
    with pytest.raises(MismatchError) as caught:
        check(place, mutant)
    message = str(caught.value)
    assert f"adabound_np/adabound.py:{equation.line}" in message
    assert r"m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t" in message
    assert "m = beta1 * s.m + (1 - beta1) * g" in message


def test_a_returned_name_that_is_not_the_lines_is_noticed():
    place = "adabound_np.adam.Adam.moments"
    mutant = copy.deepcopy(node_at(place))
    mutant.body[-1].value.elts[0].id = "g"
    with pytest.raises(AssertionError, match="returns another m"):
        check(place, mutant)


def test_a_line_that_gives_its_value_to_another_name_is_noticed():
    place = "adabound_np.amsgrad.AMSGrad.moments"
    mutant = copy.deepcopy(node_at(place))
    mutant.body[-2].targets[0].id = "v"
    with pytest.raises(MismatchError, match="gives a value to v"):
        check(place, mutant)


def test_the_traced_function_is_the_packages_own():
    traced = Traced("adabound_np.bounds.DynamicBounds.eta_l")
    bounds = traced.namespace["DynamicBounds"](0.1, 1e-3)
    assert traced(bounds, 1000) == bounds.eta_l(1000)
