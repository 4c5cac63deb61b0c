"""All that is checked, piece by piece: what `mutate` changes, and the check that must notice it."""

import ast
from dataclasses import dataclass
from functools import cache
from typing import Any

from problems.reading.cases import CASES
from problems.reading.checker import RETURNING
from problems.reading.lines import define, equations_at, module_of, node_at
from tests.equations.checks import check
from tests.equations.rules import (
    FUNCTIONS,
    OPERANDS,
    check_function,
    check_operands,
    check_rule,
    rules,
)


@dataclass
class Unit:
    """A function or a rule: its place, its tree, the first lines to change, and its check.

    The check is called with a mutant of the tree, or None for the tree as it is, and raises if
    the mutant does not compute the equations.
    """

    place: str
    tree: Any
    lines: set
    check: Any
    around: Any = None


def units():
    """Every function and rule with equations, and every helper that a rule calls."""
    yield from (of_lines(place, check) for place in CASES)
    yield from (of_lines(place, check_function) for place in FUNCTIONS)
    for (name, k), equation in rules().items():
        (tree,) = equation.nodes
        yield Unit(
            f"{equation.place}[{k}]",
            tree,
            {tree.lineno},
            lambda mutant, name=name, k=k, e=equation: check_rule(
                name, k, mutant and evaluated(e.place, mutant)
            ),
        )
    for place, name in OPERANDS.items():
        (equation,) = equations_at(place)
        yield Unit(
            place,
            node_at(place),
            {n.lineno for n in equation.nodes},
            lambda mutant, name=name, e=equation: check_operands(
                name, e, mutant and evaluated(e.place, mutant)
            ),
        )
    yield from helpers()


def of_lines(place, check_place):
    """A function whose lines have equations; what it returns is checked, too."""
    lines = {node.lineno for equation in equations_at(place) for node in equation.nodes}
    if place.endswith(RETURNING):
        lines.add(node_at(place).body[-1].lineno)
    return Unit(
        place, node_at(place), lines, lambda mutant: check_place(place, mutant), class_at(place)
    )


def class_at(place):
    """The class around a method, None if there is none."""
    try:
        return node_at(place.rpartition(".")[0])
    except LookupError:
        return None


def evaluated(place, tree, helpers=()):
    """The function of a tree, in a copy of its module where these helpers are defined again."""
    namespace = dict(module_of(place).namespace)
    for helper in helpers:
        define(helper, namespace, place)
    if isinstance(tree, ast.Lambda):
        return eval(compile(ast.Expression(tree), place, "eval"), namespace)
    return define(tree, namespace, place)


def helpers():
    """Private functions that rules call, and that are changed and checked through the rules."""
    users = {}
    for (name, k), equation in rules().items():
        for helper in reached(equation):
            users.setdefault(f"{module_of(equation.place).source.module}.{helper}", []).append(
                (name, k)
            )
    for place, using in users.items():
        tree = node_at(place)
        lines = {n.lineno for n in ast.walk(tree) if isinstance(n, ast.stmt) and n is not tree}
        yield Unit(place, tree, lines, lambda mutant, using=using: check_users(mutant, using))


@cache
def reached(equation):
    """Private functions of the module that a rule calls, and that these call: name -> tree."""
    local = {
        n.name: n for n in module_of(equation.place).tree.body if isinstance(n, ast.FunctionDef)
    }
    found, waiting = {}, [equation.nodes[0]]
    while waiting:
        for node in ast.walk(waiting.pop()):
            name = getattr(node, "id", "")
            if name.startswith("_") and name in local and name not in found:
                found[name] = local[name]
                waiting.append(local[name])
    return found


def check_users(mutant, using):
    """Check the rules that call a helper, with a mutant in its place."""
    for name, k in using:
        equation = rules()[name, k]
        trees = reached(equation)
        if mutant is not None:
            trees = {**trees, mutant.name: mutant}
        check_rule(name, k, evaluated(equation.place, equation.nodes[0], trees.values()))
    return True
