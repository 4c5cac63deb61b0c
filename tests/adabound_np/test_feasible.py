"""Projections against SciPy's constrained minimiser, and against their own definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from adabound_np import Box, L2Ball, Unconstrained


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 5), st.floats(0.1, 3))
def test_the_weighted_projection_onto_a_ball_is_the_minimiser(seed, d, radius):
    rng = np.random.default_rng(seed)
    y, eta, center = 2 * rng.standard_normal(d), rng.uniform(0.3, 3, d), rng.standard_normal(d)
    got = L2Ball(radius, center).project(y, eta)
    result = minimize(
        lambda x: np.sum((x - y) ** 2 / eta),
        center,
        jac=lambda x: 2 * (x - y) / eta,
        constraints={
            "type": "ineq",
            "fun": lambda x: radius**2 - np.sum((x - center) ** 2),
            "jac": lambda x: -2 * (x - center),
        },
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    np.testing.assert_allclose(got, result.x, atol=2e-5)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.floats(-6, 6), st.booleans())
def test_the_projection_onto_a_ball_meets_its_conditions(seed, d, spread, some_zero):
    """Feasible; and y - x is a non-negative multiple of eta (x - c): the KKT conditions."""
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(d) * 10.0 ** rng.uniform(-2, 6)
    eta = 10.0 ** (spread * rng.uniform(-1, 1, d))
    if some_zero:
        eta[0] = 0.0
        y[0] = 0.5
    ball = L2Ball(1.0)
    x = ball.project(y, eta)
    assert ball.contains(x)
    if some_zero:
        assert x[0] == 0.5
    if np.linalg.norm(y) <= 1:
        np.testing.assert_array_equal(x, y)
        return
    assert np.linalg.norm(x) == pytest.approx(1, rel=1e-9)
    movable = (eta > 0) & (np.abs(x) > 1e-200)
    multiplier = (y - x)[movable] / (eta * x)[movable]
    assert np.all(multiplier >= 0)
    largest = np.abs(y - x)[movable].max()
    residual = (
        y - x - np.median(multiplier) * eta * x
        if d < 3
        else y - x - eta * x * (np.sum((y - x) * eta * x) / np.sum((eta * x) ** 2))
    )
    assert np.abs(residual[movable]).max() <= 1e-6 * largest


def test_a_ball_for_each_trajectory():
    rng = np.random.default_rng(0)
    y, eta = 3 * rng.standard_normal((4, 3)), rng.uniform(0.1, 1, (4, 3))
    y[1] = 0.01
    batch = L2Ball(1.0, axis=-1).project(y, eta)
    for i in range(4):
        np.testing.assert_allclose(batch[i], L2Ball(1.0).project(y[i], eta[i]), rtol=1e-12)


def test_a_ball_keeps_float32():
    y = np.array([3.0, 4.0], np.float32)
    x = L2Ball(1.0).project(y, np.array([1.0, 2.0], np.float32))
    assert x.dtype == np.float32
    assert L2Ball(1.0).contains(x)


@pytest.mark.parametrize("feasible", [Box(-1.0, 2.0), L2Ball(2.0, center=0.5)])
def test_linear_minimisers(feasible):
    rng = np.random.default_rng(1)
    g = rng.standard_normal(3)
    best = feasible.argmin_linear(g)
    assert feasible.contains(best)
    for _ in range(200):
        other = feasible.project(3 * rng.standard_normal(3), np.ones(3))
        assert g @ best <= g @ other + 1e-12


def test_unconstrained():
    free = Unconstrained()
    y = np.array([1e300])
    assert free.project(y, 1.0) is y
    assert free.contains(y)
    assert not free.contains(np.array([np.nan]))
    with pytest.raises(ValueError, match="no minimum"):
        free.argmin_linear(np.ones(2))
    np.testing.assert_array_equal(free.argmin_linear(np.zeros(2)), np.zeros(2))


def test_box_ends_may_be_infinite_or_arrays():
    box = Box(np.array([0.0, -np.inf]), np.inf)
    np.testing.assert_array_equal(box.project(np.array([-1.0, -1.0]), 1.0), [0.0, -1.0])
    assert not box.elementwise
    assert Box(0, 1).elementwise
    assert not Box(0, 1).contains(1.5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_ball_contains_what_is_near_its_center(dtype):
    ball = L2Ball(1.0, center=5.0)
    assert ball.contains(np.array([5.5, 5.5], dtype))
    assert not ball.contains(np.array([0.5, 0.5], dtype))
    assert not ball.contains(np.array([6.001, 5.0], dtype))
    assert Box(1.0, 1.0).contains(1.0)


def test_a_rate_that_is_a_number_or_fewer_axes():
    y = np.array([[3.0, 4.0], [0.3, 0.4]])
    for eta in (0.5, np.array([0.5, 0.5])):
        x = L2Ball(1.0, axis=1).project(y, eta)
        np.testing.assert_allclose(x, [[0.6, 0.8], [0.3, 0.4]], rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-170, 1.0, 1e200])
@pytest.mark.parametrize("far", [5.0, 1e100])
def test_a_ball_of_any_size(scale, far):
    """Squares neither overflow nor round to 0."""
    ball, y = L2Ball(scale), scale * far * np.array([0.6, 0.8])
    x = ball.project(y, np.array([1.0, 1.0]))
    np.testing.assert_allclose(x, [0.6 * scale, 0.8 * scale], rtol=1e-12)
    assert ball.contains(x)
    assert not ball.contains(y)
    x = ball.project(y, np.array([1.0, 1e-6]))
    assert np.hypot(*x) == pytest.approx(scale, rel=1e-12)
    assert x[0] < x[1]


def test_points_outside_in_one_coordinate_or_one_row():
    assert not Unconstrained().contains(np.array([np.nan, 1.0]))
    rows = L2Ball(1.0, axis=-1)
    assert rows.contains(np.array([[0.6, 0.8], [0.0, 0.0]]))
    assert not rows.contains(np.array([[0.6, 0.8], [1.0, 0.8]]))
    both = L2Ball(1.0, axis=(0, 1))
    assert not both.contains(np.array([[0.6, 0.8], [0.1, 0.0]]))


def test_the_slack_of_a_ball_is_its_dtypes():
    for dtype, inside, outside in ((np.float64, 5e-13, 1e-10), (np.float32, 5e-7, 1e-5)):
        assert L2Ball(1.0).contains(np.array([1 + inside], dtype))
        assert not L2Ball(1.0).contains(np.array([1 + outside], dtype))


def test_corners_where_the_gradient_is_zero():
    np.testing.assert_array_equal(Box(-1.0, 2.0).argmin_linear([0.0, -1.0, 1.0]), [-1, 2, -1])


def test_a_row_that_cannot_be_projected():
    rows, eta = L2Ball(1.0, axis=-1), np.array([[0.0, 1.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match="the point cannot be projected"):
        rows.project(np.array([[2.0, 0.0], [3.0, 4.0]]), eta)
    # a coordinate that stays may lie on the sphere
    np.testing.assert_allclose(
        rows.project(np.array([[1.0, 0.0], [3.0, 4.0]]), eta), [[1, 0], [0.6, 0.8]]
    )
