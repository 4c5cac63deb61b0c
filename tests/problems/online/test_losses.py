"""Losses in d dimensions, and comparators whose certificates can be trusted."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from adabound_np import AMSGrad, Box, L2Ball
from problems.online import comparators
from problems.online.comparators import LOSSES, TOLERANCE, Certified, certified_minimum
from problems.online.losses import DATA, vector_problem
from problems.online.protocol import run

SETS = [
    Box(-1.0, 1.0),
    Box(np.array([-2.0, 0.1, -1.0]), np.array([-0.5, 3.0, 1.0])),
    L2Ball(1.0),
    L2Ball(0.3, np.array([1.0, -1.0, 0.0])),
]


def points_of(feasible, d, n, rng):
    """Points of F, its boundary among them."""
    y = 3 * rng.standard_normal((n, d))
    return np.array([feasible.project(point, np.ones(d)) for point in y])


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("feasible", SETS, ids=["box", "boxes", "ball", "balls"])
@pytest.mark.parametrize("data", DATA)
def test_comparators_are_certified(kind, feasible, data):
    problem = vector_problem(kind, feasible, data, T=60, d=3, seed=3)
    best = problem.certified(60)
    assert feasible.contains(best.x)
    assert best.gap <= 1e-6 * max(1.0, abs(best.value))
    assert best.value == pytest.approx(sum(f(best.x) for _, f in problem.reveal(60)), rel=1e-12)
    everywhere = points_of(feasible, 3, 300, np.random.default_rng(0))
    total = [sum(f(x) for _, f in problem.reveal(60)) for x in everywhere]
    assert min(total) >= best.lower - 1e-9
    np.testing.assert_array_equal(problem.comparator(60), best.x)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    st.sampled_from(list(LOSSES)),
    st.integers(1, 3),
    st.integers(1, 25),
    st.integers(0, 10**6),
    st.floats(0.1, 10),
    st.booleans(),
)
def test_comparators_against_a_general_solver(kind, d, T, seed, scale, ball):
    """SLSQP, on its own statement of the problem, finds nothing below the certified bound."""
    feasible = L2Ball(1.0) if ball else Box(-1.0, 1.0)
    problem = vector_problem(kind, feasible, T=T, d=d, seed=seed, scale=scale)
    best = problem.certified(T)
    limits = {"bounds": [(-1, 1)] * d}
    if ball:
        limits["constraints"] = {"type": "ineq", "fun": lambda x: 1 - x @ x}
    found = minimize(
        lambda x: sum(f(x) for _, f in problem.reveal(T)), np.full(d, 0.1), method="SLSQP", **limits
    )
    x = feasible.project(found.x, np.ones(d))
    value = sum(f(x) for _, f in problem.reveal(T))
    assert value >= best.lower - 1e-9 * max(1, abs(value))
    assert best.gap <= 1e-5 * max(1.0, abs(best.value))


def test_a_wrong_comparator_has_a_gap(monkeypatch):
    """The certificate does not take the solver's word."""
    for kind, feasible in itertools.product(("linear", "logistic", "quadratic"), SETS[::2]):
        problem = vector_problem(kind, feasible, T=60, d=3, seed=3)
        right = problem.certified(60)
        wrong = 0.5 * right.x + 0.1
        monkeypatch.setitem(comparators._SOLVERS, kind, lambda A, b, F, x=wrong: (x, None, "wrong"))
        spoiled = certified_minimum(kind, problem.A, problem.b, feasible)
        assert spoiled.gap > 1e-3
        assert spoiled.lower <= right.value + 1e-9 <= spoiled.value + 1e-9
    best = Certified(np.zeros(1), 3.0, 2.5, "")
    assert best.gap == 0.5


@pytest.mark.parametrize("slope", [-2.0, 2.0])
def test_slopes_that_a_loss_cannot_have_certify_nothing(slope, monkeypatch):
    """|x - b| on [-1, 1] is 2 at best where b is 3 or -3; with slopes of 2 it would be 4."""
    b = -1.5 * slope
    end = np.array([-np.sign(b)])  # the worst
    monkeypatch.setitem(
        comparators._SOLVERS, "absolute", lambda *_: (end, np.array([slope]), "wrong")
    )
    found = certified_minimum("absolute", np.ones((1, 1)), np.array([b]), Box(-1.0, 1.0))
    assert (found.value, found.lower) == (4, 2)


@pytest.mark.parametrize(("T", "d", "scale", "seed"), [(2, 2, 0.3, 7), (3, 3, 1.0, 0)])
def test_cuts_end_at_the_first_gap_that_is_small_enough(T, d, scale, seed):
    problem = vector_problem("absolute", L2Ball(1.0), T=T, d=d, scale=scale, seed=seed)
    best = problem.certified(T)
    needed = int(best.method.split()[1])
    given = problem.A, problem.b, problem.feasible
    gaps = [
        comparators._certify("absolute", *given, *comparators._absolute(*given, cuts=cuts)).gap
        for cuts in range(max(1, needed - 2), needed + 1)
    ]
    assert best.gap <= TOLERANCE * max(1.0, best.value) < gaps[-1]
    assert gaps == sorted(gaps, reverse=True)  # the best point so far is kept


def test_a_ball_in_one_dimension_needs_no_cuts():
    best = vector_problem("absolute", L2Ball(1.0), T=3, d=1).certified(3)
    assert best.method == "linprog, 0 cuts"


def test_newtons_method_takes_few_steps(monkeypatch):
    """Some 7 for each of two penalties: with another matrix than the Hessian it would be more."""
    steps, solve = [], np.linalg.solve
    monkeypatch.setattr(np.linalg, "solve", lambda H, g: steps.append(g) or solve(H, g))
    best = vector_problem("logistic", L2Ball(3.0), T=40, d=3, seed=1).certified(40)
    assert best.gap < 1e-10
    assert len(steps) <= 20


@pytest.mark.parametrize("kind", LOSSES)
@pytest.mark.parametrize("data", DATA)
def test_gradients_and_their_bounds(kind, data):
    problem = vector_problem(kind, SETS[2], data, T=20, d=3, seed=1)
    rng = np.random.default_rng(1)
    for x in points_of(SETS[2], 3, 20, rng):
        for _, f in problem.reveal(20):
            g, step = f.gradient(x), 1e-6 * rng.standard_normal(3)
            assert np.linalg.norm(g) <= problem.gradient_bound(2) * (1 + 1e-12)
            assert np.max(np.abs(g)) <= problem.gradient_bound(np.inf) * (1 + 1e-12)
            assert f(x + step) >= f(x) + g @ step - 1e-14  # a subgradient
            assert f(x + step) - f(x) == pytest.approx(g @ step, abs=1e-9)


def test_diameter_and_dimension():
    assert vector_problem(feasible=L2Ball(3.0), d=2).diameter == 6.0
    assert vector_problem(feasible=SETS[1], d=3).diameter == 2.9
    assert vector_problem(d=5).dimension == 5


def test_the_protocol_plays_them():
    """The regret is the paid losses less the least total, at every t."""
    problem = vector_problem("quadratic", L2Ball(1.0), T=30, d=2)
    opt = AMSGrad.as_in_paper(lr=0.5, betas=(0.5, 0.9), feasible=problem.feasible)
    trajectory = run(problem, opt, 30, np.zeros(2))
    for t in (1, 7, 30):
        paid = sum(f(x) for (_, f), x in zip(problem.reveal(t), trajectory.x, strict=False))
        assert trajectory.regret[t - 1] == pytest.approx(paid - problem.certified(t).value)


@pytest.mark.parametrize(
    ("kw", "message"),
    [
        ({"kind": "huber"}, "unknown loss 'huber'"),
        ({"data": "adversary"}, "unknown data 'adversary'; did you mean 'adversarial'"),
        ({"T": 0}, "T must be an integer of at least 1, got 0"),
        ({"d": 1.5}, "d must be an integer"),
    ],
)
def test_wrong_arguments(kw, message):
    with pytest.raises((TypeError, ValueError), match=message):
        vector_problem(**kw)
