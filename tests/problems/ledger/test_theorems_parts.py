"""What the ledger's entries are made of, on values given by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import Box, Geometric, L2Ball, PairOfBounds
from problems.ledger import LEDGER, dimensions
from problems.ledger.dimensions import CERTIFIED, Case, line, shared_assumptions, worst
from problems.ledger.entry import shown
from problems.ledger.rounds import _crossing
from problems.online.problem import LinearProblem
from tests.problems.ledger.test_theorems_controls import falsified

# Assumptions of all regret bounds


def looked_at(momentum=lambda t: 0.5 + 0 * t, beta1=0.5, feasible=None, **values):
    """What each shared assumption says of steps 1 to 4, or of others."""
    given = {"t": np.arange(1.0, 5.0), "x": np.zeros((4, 2)), "G_2": 2.0, "G_inf": 1.0, **values}
    case = SimpleNamespace(
        G_2=2.0, G_inf=1.0, problem=SimpleNamespace(feasible=feasible or Box(-1.0, 1.0))
    )
    r = SimpleNamespace(t=given["t"], x=given["x"])
    s = SimpleNamespace(G_2=np.array([1.0, given["G_2"]]), G_inf=np.array([1.0, given["G_inf"]]))
    found = shared_assumptions(momentum, beta1).values()
    return [bool(np.all(holds(case, r, s))) for holds in found]


def once(t):
    """beta1_t that rises at step 3 alone."""
    return 0.1 + 0.2 * (np.asarray(t) == 3)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, [True, True, True]),
        ({"momentum": Geometric(0.5, 0.9)}, [True, True, True]),
        ({"beta1": 0.49}, [False, True, True]),
        ({"momentum": lambda t: np.where(t < 3, 0.5, 0.3), "beta1": 0.4}, [False, True, True]),
        ({"momentum": once}, [False, True, True]),
        ({"momentum": once, "t": np.array([2.0])}, [False, True, True]),
        ({"momentum": once, "t": np.array([1.0])}, [True, True, True]),
        ({"x": np.array([[0.0, 1.1], [0.0, 0.0]])}, [True, False, True]),
        ({"x": np.array([[0.6, 0.8], [1.0, 0.0]]), "feasible": L2Ball(1.0)}, [True, True, True]),
        ({"x": np.array([[0.6, 0.9], [1.0, 0.0]]), "feasible": L2Ball(1.0)}, [True, False, True]),
        ({"G_2": 2 * (1 + 1e-12), "G_inf": 1 + 1e-12}, [True, True, True]),
        ({"G_2": 2 * (1 + 1e-9)}, [True, True, False]),
        ({"G_inf": 1 + 1e-9}, [True, True, False]),
    ],
)
def test_shared_assumptions(values, expected):
    assert looked_at(**values) == expected


def test_an_infinite_or_a_larger_spread_is_noticed():
    """eta_l = 0 has no M; eta_u above its first value is no R_inf."""

    class Rising:
        def eta_l(self, t):
            return 0.1 + 0 * t

        def eta_u(self, t):
            return 1.0 + (t > 3)

    run = {"kinds": ("linear",), "T": 20, "T_line": 300}
    for family, text in (
        (PairOfBounds(lambda t: 0.1 * (t == 1), 1.0), "t/eta_l(t)"),
        (Rising(), "eta_u(t) <= R_inf"),
    ):
        outcome = LEDGER["savarese-3"].experiment(family=family, **run)
        assert outcome.verdict == "not-applicable"
        assert any(found.startswith(text) for found in falsified(outcome))


# The worst of several cases


class Slopes(LinearProblem):
    name, feasible = "slopes", Box(-1.0, 3.0)

    def slopes(self, start, stop):
        return np.array([1.0, -2.0, 5.0, 9.0])[start - 1 : stop - 1]


@pytest.mark.parametrize(("T", "steepest"), [(1, 1), (2, 2), (3, 5)])
def test_a_line_has_the_constants_of_its_steps(T, steepest):
    case = line(SimpleNamespace(problem=Slopes(), x1=0.5), T)
    assert (case.d, case.D, case.G_2, case.G_inf, case.T, case.x1) == (
        1,
        4,
        steepest,
        steepest,
        T,
        0.5,
    )


def course(regret, bound, gap=0.0, crossing=(None, None), kept=True):
    return SimpleNamespace(
        regret=np.array(regret),
        bounds={"bound": np.array(bound)},
        gap=gap,
        crossing={"bound": crossing},
        kept={"assumed": kept},
    )


FINE = course([9.0, 9.0, 1.0], [1.0, 1.0, 4.0])


def found_of(monkeypatch, *courses):
    following = iter(courses)
    monkeypatch.setattr(dimensions, "follow", lambda *a, **k: next(following))
    cases = [Case(f"case {i}", None, 1, 2.0, 1.0, 1.0, 0.0, 3) for i in range(len(courses))]
    return worst(
        cases, lambda case: None, lambda case, s: None, {"assumed": lambda case, r, s: True}
    )


def test_the_worst_case_has_the_largest_share_at_the_end(monkeypatch):
    found = found_of(monkeypatch, FINE, course([0.0, 0.0, 3.0], [9.0, 9.0, 4.0]), FINE)
    assert found.case.name == "case 1"
    assert found.remarks[0].endswith("case 1, R_T at 75 % of its bound")
    assert all(c.holds for c in (*found.facts, *found.assumptions))


@pytest.mark.parametrize(
    ("bad", "which"),
    [
        (course([0.0, 1.0], [4.0, 4.0], crossing=(2, None)), 0),
        (course([5.0, 1.0], [4.0, 4.0], gap=1.01 * CERTIFIED), 1),
        (course([5.0, 0.5], [4.0, 4.0], gap=1.01 * CERTIFIED), 1),
        (course([0.0, -20.0], [4.0, 4.0], gap=21 * CERTIFIED), 1),
        (course([0.0, 1.0], [4.0, 4.0], kept=False), 2),
    ],
)
def test_one_bad_case_is_enough(monkeypatch, bad, which):
    for order in ((FINE, bad), (bad, FINE)):
        found = found_of(monkeypatch, *order)
        held = [c.holds for c in (*found.facts, *found.assumptions)]
        assert held == [i != which for i in range(3)]


def test_gaps_are_shares_of_large_regrets_only(monkeypatch):
    for regret, gap in ((20.0, 19 * CERTIFIED), (-20.0, 19 * CERTIFIED), (0.1, CERTIFIED)):
        found = found_of(monkeypatch, course([0.0, 0.0, regret], [99.0, 99.0, 99.0], gap=gap))
        assert found.facts[1].holds


# Crossings, and numbers for readers


@pytest.mark.parametrize(
    ("before", "above", "after"),
    [
        ((None, None), [0, 0, 0], (None, None)),
        ((None, None), [0, 1, 1], (12, 12)),
        ((None, None), [1, 1, 1], (11, 11)),
        ((None, None), [0, 1, 0], (12, None)),
        ((None, None), [1, 0, 1], (11, 13)),
        ((3, 5), [1, 1, 1], (3, 5)),
        ((3, 5), [0, 1, 1], (3, 12)),
        ((3, None), [1, 1, 1], (3, 11)),
        ((3, 5), [1, 1, 0], (3, None)),
        ((3, 5), [], (3, 5)),
    ],
)
def test_crossings_go_on_over_chunks(before, above, after):
    t = np.arange(11, 11 + len(above))
    assert _crossing(before, t, np.array(above, dtype=bool)) == after


def test_numbers_at_the_ends_of_their_form():
    values = (1e-12, 0.99e-12, 1.0, 1.5, 0.99, 1e9, 0.9e9, -2e9)
    assert [shown(v) for v in values] == [
        "1e-12",
        "0",
        "1.000",
        "1.500",
        "0.99",
        "1e+09",
        "900,000,000",
        "-2e+09",
    ]
