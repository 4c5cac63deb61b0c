"""Equations that the course adds: each evaluated at the inputs of its line, apart from the code.

Those of the packages are compared with their lines by `problems.reading.checker`.
"""

import json

import numpy as np
import pytest

from problems.course import modules
from problems.course.expected import expected
from problems.course.generated import generated
from problems.course.modules import in_source
from problems.course.runner import built
from problems.course.tasks import TASKS


class Self:
    """The object whose method is called."""


def slope(C, P, up, down, start, stop):
    return [up if t % P == 1 else down for t in range(start, stop)]


def sums(values):
    return [np.sum(values[: t + 1], axis=0) for t in range(len(values))]


def over_t(values):
    return [np.asarray(value) / t for t, value in enumerate(values, 1)]


def fitted(x_bar, x):
    """The sum over all places to which one element of x is broadcast."""
    where = np.broadcast_to(np.arange(np.size(x)).reshape(np.shape(x)), np.shape(x_bar))
    total = [np.asarray(x_bar)[where == i].sum() for i in range(np.size(x))]
    return np.reshape(total, np.shape(x))


#: Equation -> what it gives, of the arguments and of the lines before it.
EQUATIONS = {
    r"c_t = s (C [t \bmod 3 = 1] - [t \bmod 3 \ne 1])": lambda n, a: slope(
        a[0].C, 3, a[0].scale * a[0].C, -a[0].scale, *a[1:]
    ),
    r"c_t = 10 C [t \bmod C = 1] - 10 [t \bmod C \ne 1]": lambda n, a: slope(
        a[0].C, a[0].C, 10 * a[0].C, -10, *a[1:]
    ),
    r"e = u [c < 0] + l [c \ge 0]": lambda n, a: [
        a[0].feasible.hi if c < 0 else a[0].feasible.lo for c in a[1]
    ],
    r"\min_{x \in F} c x = [c \ne 0] c e": lambda n, a: [
        c * end if c else 0.0 for c, end in zip(a[1], n["end#0"], strict=True)
    ],
    r"P_t = \sum_{i \le t} f_i(x_i)": lambda n, a: sums(a[0].losses),
    r"R_t = P_t - \min_{x \in F} \sum_{i \le t} f_i(x)": lambda n, a: np.subtract(
        n["paid#0"], a[0].best_losses
    ),
    r"A_t = R_t / t": lambda n, a: over_t(a[0].regret),
    r"\bar{x} \leftarrow \sum \bar{x}": lambda n, a: fitted(*a),
    "m' = c m": lambda n, a: a[0] * a[1],
    "v' = c^2 v": lambda n, a: a[0] * a[0] * a[2],
    r"a = \alpha m' / \sqrt{v'}": lambda n, a: a[3] * n["m_scaled#0"] * n["v_scaled#0"] ** -0.5,
    r"b = m' \mathrm{Clip}(\alpha / \sqrt{v'}, \eta_l, \eta_u)": lambda n, a: (
        n["m_scaled#0"] * np.minimum(np.maximum(a[3] * n["v_scaled#0"] ** -0.5, a[4]), a[5])
    ),
    r"c_u = \alpha / (\eta_u \sqrt{v})": lambda n, a: a[3] / a[5] * a[2] ** -0.5,
    r"c_l = \alpha / (\eta_l \sqrt{v})": lambda n, a: a[3] / a[4] * a[2] ** -0.5,
}
#: Its line is met at each use of a node; what comes out is compared with differences below.
ADDS_UP = r"\bar{p} = \bar{p} + \bar{x}"


def literal(text):
    """The list that stands in the first square brackets of a text."""
    return json.loads(text[text.index("[") : text.index("]") + 1])


def lines():
    """(equation, key, call, what the lines computed) of all lines of all tasks."""
    for task in TASKS:
        for known in expected(task, 0):
            for line in known["spec"]["lines"]:
                for call, found in zip(known["spec"]["calls"], known["calls"], strict=True):
                    yield line["latex"], line["key"], call, found


def test_each_line_computes_the_equation_that_the_course_adds():
    met = set()
    for latex, key, call, found in lines():
        if latex not in EQUATIONS:
            continue
        notes = {name: np.array(values[0]) for name, values in found["notes"].items() if values}
        if key not in notes:
            continue  # a gradient that already has its shape
        arguments = [built(value, Self) for value in call]
        should = np.asarray(EQUATIONS[latex](notes, arguments), dtype=float)
        np.testing.assert_allclose(notes[key], should, rtol=1e-12, atol=1e-300, err_msg=latex)
        met.add(latex)
    assert met == set(EQUATIONS)


def test_no_equation_that_the_course_adds_is_left_out():
    added = {row.partition("  ")[0] for rows in modules._ADDED.values() for _, row in rows}
    scale = {e.latex for e in in_source(generated(0)[1])}
    assert added | scale == {*EQUATIONS, ADDS_UP}


def test_gradients_of_nodes_that_are_used_again_add_up():
    met = 0
    for latex, _, program, found in lines():
        if latex == ADDS_UP:
            rows = dict(line.split(" = ", 1) for line in program.splitlines() if " = " in line)
            x, weights = (np.array(literal(text)) for text in (rows["x"], program.split("back")[1]))

            def total(x, code=rows["y"], weights=weights):
                return np.sum(weights * eval(code, {"x": x}))

            h = 1e-6
            steps = h * np.eye(x.size).reshape(x.size, *x.shape)
            slopes = [(total(x + d) - total(x - d)) / (2 * h) for d in steps]
            assert found["returned"] == pytest.approx(slopes, rel=1e-6, abs=1e-8)
            met += 1
    assert met
