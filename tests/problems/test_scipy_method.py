"""The optimizers as methods of scipy.optimize.minimize."""

import numpy as np
import pytest
from scipy.optimize import Bounds, minimize, rosen, rosen_der

import problems
from adabound_np import SGD, AdaBound, Adam, Box
from problems.optimizers import OPTIMIZERS

#: Rates at which each optimizer gets to the minimum of the ten-dimensional quadratic below.
QUADRATIC = {"adam": 0.05, "amsgrad": 0.05, "adamnc": 0.5, "adagrad": 0.5, "rmsprop": 1e-3}
H = np.linspace(1, 10, 10)


def quadratic(x, center=0.5):
    return 0.5 * float(H @ (x - center) ** 2)


def quadratic_der(x, center=0.5):
    return H * (x - center)


def options(name):
    rate = {"lr": QUADRATIC.get(name, 0.05)}
    return {**rate, "final_lr": 0.05} if "bound" in name else rate


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_optimizer_on_a_box(name, dtype):
    """The minimum on the box is a corner in some coordinates and inside in others."""
    hi = np.where(np.arange(10) % 2, 0.25, 1.0)
    found = minimize(
        quadratic,
        np.zeros(10, dtype),
        jac=quadratic_der,
        method=problems.as_method(name),
        bounds=Bounds(-1.0, hi),
        options={**options(name), "maxiter": 20_000, "gtol": 2e-3},
    )
    assert found.x.dtype == dtype
    np.testing.assert_allclose(found.x, np.minimum(0.5, hi), atol=3e-3)
    assert found.fun == pytest.approx(quadratic(np.minimum(0.5, hi)), abs=1e-3)
    np.testing.assert_allclose(found.jac, quadratic_der(found.x), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "n"),
    [
        ("sgdm", 2),
        ("adam", 2),
        ("adabound", 10),
        pytest.param("amsbound", 2, marks=pytest.mark.slow),
    ],
)
def test_rosenbrock(name, n):
    own = {"adam": {"lr": 1e-2}, "sgdm": {"lr": 1e-4}}.get(name, {"lr": 1e-2, "final_lr": 1e-3})
    found = minimize(
        rosen,
        np.full(n, -0.5),
        jac=rosen_der,
        method=problems.as_method(name),
        options={**own, "maxiter": 200_000, "gtol": 1e-5},
    )
    assert found.success, found.message
    assert found.status == 0
    np.testing.assert_allclose(found.x, 1, atol=1e-4)
    assert np.max(np.abs(rosen_der(found.x))) <= 1e-5
    assert found.nfev == found.njev == found.nit + 1


@pytest.mark.parametrize(
    "bounds",
    [
        [(0, 0.25)] * 10,
        [(None, 0.25)] * 10,
        Bounds(-np.inf, 0.25),
        Bounds([0.0] * 10, [0.25] * 10),
        ((0, 0.25),) * 10,
    ],
)
def test_bounds_in_every_form(bounds):
    found = minimize(
        quadratic,
        np.zeros(10),
        jac=quadratic_der,
        method=problems.as_method(SGD),
        bounds=bounds,
        options={"lr": 0.1},
    )
    np.testing.assert_allclose(found.x, 0.25)
    assert found.success  # the projected gradient is 0, the gradient is not


@pytest.mark.parametrize("jac", [None, "2-point", False])
def test_without_a_gradient_it_is_differentiated(jac):
    asked = []

    def on_the_box(x):
        asked.append(x.max())
        return quadratic(x)

    found = minimize(
        on_the_box,
        np.zeros(10),
        jac=jac,
        method=problems.as_method("sgd"),
        bounds=[(-1, 0.25)] * 10,
        options={"lr": 0.1},
    )
    np.testing.assert_allclose(found.x, 0.25, atol=1e-6)
    assert max(asked) <= 0.25  # never outside the bounds
    assert found.nfev == len(asked) == 11 * found.njev + found.njev


def test_a_function_that_returns_its_gradient_too():
    found = minimize(
        lambda x: (quadratic(x), quadratic_der(x)),
        np.zeros(10),
        jac=True,
        method=problems.as_method("sgd"),
        options={"lr": 0.1},
    )
    np.testing.assert_allclose(found.x, 0.5, atol=1e-5)


def test_args_instances_and_tol():
    adam = Adam(lr=0.05, betas=(0.5, 0.9))
    found = minimize(
        quadratic,
        np.zeros(10),
        args=(0.75,),
        jac=quadratic_der,
        tol=1e-3,
        method=problems.as_method(adam),
        options={"maxiter": 5000},
    )
    np.testing.assert_allclose(found.x, 0.75, atol=2e-3)
    x = np.zeros(10)
    alone = Adam([x], lr=0.05, betas=(0.5, 0.9))
    for _ in range(found.nit):
        alone.step(grads=[quadratic_der(x, 0.75)])
    np.testing.assert_array_equal(found.x, x)


def test_callbacks():
    seen = []
    run = {"jac": quadratic_der, "method": problems.as_method(SGD), "options": {"lr": 0.1}}
    minimize(quadratic, np.zeros(10), callback=seen.append, **run)
    assert all(isinstance(x, np.ndarray) for x in seen)

    def stop(intermediate_result):
        seen.append(intermediate_result.fun)
        if len(seen) == 3:
            raise StopIteration

    seen.clear()
    found = minimize(quadratic, np.zeros(10), callback=stop, **run)
    assert (found.nit, found.status, found.success) == (3, 99, False)
    assert seen[-1] == found.fun
    assert seen == sorted(seen, reverse=True)


def test_how_it_ends():
    few = minimize(
        quadratic,
        np.zeros(10),
        jac=quadratic_der,
        method=problems.as_method("sgd"),
        options={"lr": 0.01, "maxiter": 5},
    )
    assert (few.nit, few.status, few.success) == (5, 1, False)
    with np.errstate(over="ignore"):
        far = minimize(
            quadratic,
            np.ones(10),
            jac=quadratic_der,
            method=problems.as_method("sgd"),
            options={"lr": 1e3, "maxiter": 10_000},
        )
    assert (far.status, far.success) == (2, False)
    assert "not finite" in far.message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"constraints": {"type": "eq", "fun": sum}}, "constraints must be none"),
        ({"options": {"learning_rate": 1}}, "no hyperparameter 'learning_rate'"),
        ({"options": {"maxiter": 0}}, "maxiter must be an integer of at least 1"),
        ({"options": {"gtol": -1}}, "gtol must be in"),
        ({"bounds": [(0, 1)]}, "bounds must be a pair for each of 10 variables, got 1"),
        ({"bounds": [(1, 0)] * 10}, "lo must be at most hi"),
    ],
)
def test_refusals(call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        minimize(
            quadratic, np.zeros(10), jac=quadratic_der, method=problems.as_method(AdaBound), **call
        )
    with pytest.raises((TypeError, ValueError), match="unknown optimizer 'adm'"):
        problems.as_method("adm")


def test_an_instance_keeps_its_own_set_unless_bounds_are_given():
    sgd = SGD(lr=0.1, feasible=Box(-1.0, 0.25))
    run = {"jac": quadratic_der, "method": problems.as_method(sgd)}
    np.testing.assert_allclose(minimize(quadratic, np.zeros(10), **run).x, 0.25)
    found = minimize(quadratic, np.zeros(10), bounds=[(-1, 0.125)] * 10, **run)
    np.testing.assert_allclose(found.x, 0.125)
