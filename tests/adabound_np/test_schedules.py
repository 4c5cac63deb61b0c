"""Schedules and bounds: their values, products, and arrays of t."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import (
    Adam,
    Constant,
    DynamicBounds,
    Geometric,
    Harmonic,
    InverseTime,
    InvSqrt,
    OneMinusInverse,
    PairOfBounds,
    SavareseBounds,
    StepDecay,
)
from adabound_np.bounds import as_bounds
from adabound_np.schedules import FromCallable, RunningProduct, Scaled, as_schedule

SCHEDULES = [
    Constant(0.9),
    InvSqrt(),
    InverseTime(0.1),
    StepDecay([3, 7], factor=0.5),
    Geometric(0.9, 0.8),
    Harmonic(0.9),
    OneMinusInverse(),
    FromCallable(lambda t: 0.9 / t, "f", "[0, 1)"),
    Scaled(0.5, InvSqrt()),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_product_and_arrays(schedule):
    t = np.arange(1, 13)
    values = [schedule(int(i)) for i in t]
    assert all(isinstance(value, float) for value in values)
    np.testing.assert_allclose(schedule(t), np.broadcast_to(values, t.shape), rtol=1e-15)
    products = np.cumprod(values)
    for i in (5, 1, 12, 12, 3):  # in any order
        assert schedule.product(i) == pytest.approx(products[i - 1], rel=1e-13)
    if isinstance(schedule, (InverseTime, FromCallable)):
        with pytest.raises(TypeError, match="no product over an array of steps"):
            schedule.product(t)
    else:
        product = np.broadcast_to(schedule.product(t), t.shape)
        np.testing.assert_allclose(product, products, rtol=1e-13)


def test_values():
    assert InvSqrt()(9) == 1 / 3
    assert InverseTime(0.5)(3) == 0.5
    assert [StepDecay([3, 7], factor=0.5)(t) for t in (3, 4, 7, 8)] == [1, 0.5, 0.5, 0.25]
    assert Harmonic(0.9).product(200) == 0
    assert Geometric(0.9, 0.5).product(10**6) == 0


def test_the_papers_bounds_are_the_released_ones():
    """gamma = 1e-3 is 1 - beta2 at beta2 = 0.999."""
    bounds = DynamicBounds(0.1, 1 - 0.999)
    for t in (1, 10, 10**6):
        assert bounds.eta_l(t) == pytest.approx(0.1 * (1 - 1 / (1e-3 * t + 1)), rel=1e-12)
        assert bounds.eta_u(t) == pytest.approx(0.1 * (1 + 1 / (1e-3 * t)), rel=1e-12)
    assert bounds.eta_l(10**12) == pytest.approx(0.1)
    assert bounds.eta_u(10**12) == pytest.approx(0.1)
    t = np.arange(1, 1000)
    assert np.all(np.diff(bounds.eta_l(t)) > 0)
    assert np.all(np.diff(bounds.eta_u(t)) < 0)


def test_infinite_gamma_is_sgd():
    bounds = DynamicBounds(0.1, math.inf)
    assert bounds.eta_l(1) == bounds.eta_u(1) == 0.1


def test_savareses_bounds_close_after_k_steps():
    bounds = SavareseBounds(alpha=0.3, C=10, beta2=0.75, K=3)
    assert bounds.eta_l(1) == 0.03
    assert [bounds.eta_u(t) for t in (1, 3, 4)] == [0.6, 0.6, 0.03]
    np.testing.assert_array_equal(bounds.eta_u(np.array([1, 3, 4])), [0.6, 0.6, 0.03])
    assert isinstance(bounds.eta_u(1), float)
    assert SavareseBounds(alpha=0.3, C=0.51, beta2=0.75, K=1).eta_u(2) == 0.3 / 0.51


def test_a_callable_without_a_hash():
    class Halving:
        __hash__ = None

        def __call__(self, t):
            return 0.5**t

    x, y = np.ones(1), np.ones(1)
    one = Adam([x], betas=(Halving(), 0.9), schedule=Halving())
    two = Adam([y], betas=(lambda t: 0.5**t, 0.9), schedule=lambda t: 0.5**t)
    for _ in range(5):
        one.step(grads=[x])
        two.step(grads=[y])
    np.testing.assert_array_equal(x, y)


class Counting:
    """An unhashable schedule of the user's that counts its calls."""

    __hash__ = None

    def __init__(self, value=0.9):
        self.value, self.calls = value, 0

    def __call__(self, t):
        self.calls += 1
        return self.value


@pytest.mark.parametrize("also", [None, "lr", "weight_decay"])
def test_products_cost_no_more_than_a_few_calls_a_step(also):
    """Whatever else changes at each step, and if optimizers at different steps share it."""
    beta1 = Counting()
    early, late = (Adam([np.ones(2)], betas=(beta1, 0.9)) for _ in range(2))
    for _ in range(100):
        late.step(grads=[np.ones(2)])
    for _ in range(300):
        for opt in (early, late):
            if also:
                opt.param_groups[0][also] += 1e-6
            opt.step(grads=[np.ones(2)])
    assert beta1.calls < 700 * 6


def test_a_scaled_step_decay_costs_no_more_than_a_number():
    calls = []

    class Counted(StepDecay):
        def __call__(self, t):
            calls.append(t)
            return super().__call__(t)

    opt = Adam([np.ones(2)], betas=(Scaled(0.9, Counted([100])), 0.9))
    for _ in range(300):
        opt.step(grads=[np.ones(2)])
    assert len(calls) < 300 * 6
    t = np.arange(1, 300)
    np.testing.assert_allclose(
        StepDecay([100, 200]).product(t), np.cumprod(StepDecay([100, 200])(t)), rtol=1e-12
    )


def test_a_running_product_belongs_to_one_optimizer():
    beta1 = Counting(0.5)
    first = Adam([np.ones(1)], betas=(beta1, 0.9))
    for _ in range(3):
        first.step(grads=[np.ones(1)])
    beta1.value = 0.25
    x, y = np.ones(1), np.ones(1)
    second, alone = Adam([x], betas=(beta1, 0.9)), Adam([y], betas=(0.25, 0.9))
    for _ in range(3):
        second.step(grads=[np.ones(1)])
        alone.step(grads=[np.ones(1)])
    np.testing.assert_allclose(x, y, rtol=1e-15)


def test_a_users_schedule_with_a_product_is_checked_at_each_step():
    class Growing:
        def __call__(self, t):
            return 0.4 * t

        def product(self, t):
            return 0.0

    opt = Adam([np.ones(1)], betas=(Growing(), 0.9))
    for _ in range(2):
        opt.step(grads=[np.ones(1)])
    with pytest.raises(ValueError, match=r"betas\[0\] at t = 3 must be in \[0, 1\), got 1.2"):
        opt.step(grads=[np.ones(1)])


# Products that are made from the values


def running():
    """A schedule without a closed form, and the steps at which it was asked for a value."""
    asked = []

    def function(t):
        asked.append(t)
        return 1 / (t + 1)

    return FromCallable(function), asked


def test_products_are_right_in_any_order_of_steps():
    """Each is 1/(t + 1)!, whatever is remembered."""
    schedule, _ = running()
    for t in (5, 6, 4, 2, 9, 9, 1, 30, 31):
        assert schedule.product(t) == pytest.approx(1 / math.factorial(t + 1), rel=1e-14)


def test_only_the_last_products_are_remembered():
    schedule, _ = running()
    for t in range(1, 101):
        schedule.product(t)
    assert list(schedule._products) == list(range(69, 101))


def test_base_classes_have_no_values():
    with pytest.raises(NotImplementedError):
        RunningProduct()(1)


def test_milestones_are_kept_as_integers():
    schedule = StepDecay([np.int64(3), 5], 0.5)
    assert schedule.milestones == (3, 5)
    assert [type(m) for m in schedule.milestones] == [int, int]


def test_a_function_is_the_same_for_the_same_argument():
    def function(t):
        return 0.5

    one = FromCallable(function, "schedule", "[0, 1)")
    assert one.same_as(FromCallable(function, "schedule", "[0, 1)"))
    assert not one.same_as(FromCallable(function, "betas[0]", "[0, 1)"))
    assert not one.same_as(FromCallable(function, "schedule", "[0, 2)"))
    assert not one.same_as(FromCallable(lambda t: 0.5, "schedule", "[0, 1)"))
    assert not one.same_as(Constant(0.5))


def test_what_schedules_are_made_of():
    given = FromCallable(lambda t: 1 / t)
    made = as_schedule("schedule", given, "[0, inf)")
    assert made is not given  # its products are its own
    assert made.function is given.function
    constant = as_schedule("schedule", Constant(0.5), "[0, inf)")
    assert isinstance(constant, Constant)
    with pytest.raises(ValueError, match=r"lr must be in \[0, inf\), got -0.5"):
        as_schedule("lr", Constant(-0.5), "[0, inf)")


def test_products_of_numbers_are_numbers():
    """A NumPy scalar would turn float32 arrays into float64."""
    assert type(InvSqrt().product(3)) is float


# Bounds


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"alpha": -1.0}, r"alpha must be in \(0, inf\), got -1.0"),
        ({"beta2": 1.0}, r"beta2 must be in \[0, 1\), got 1.0"),
        ({"C": math.inf}, r"C must be in \(0, inf\), got inf"),
        ({"C": 0.5}, r"C must be in \(0.5, inf\), got 0.5"),
        ({"C": np.array([0.4, 9.0])}, r"C must be in \(0.5, inf\), got array"),
        ({"K": 0}, "K must be an integer of at least 1, got 0"),
        ({"K": np.array([3, 0])}, r"K must be an integer of at least 1, got np.int64\(0\)"),
    ],
)
def test_savareses_constants(constants, message):
    with pytest.raises(ValueError, match=message):
        SavareseBounds(**{"alpha": 1.0, "C": 2.0, "beta2": 0.75, "K": 3, **constants})


def test_savareses_constants_may_be_arrays():
    C, K = np.array([2.0, 4.0]), np.array([1, 5])
    bounds = SavareseBounds(alpha=1.0, C=C, beta2=0.75, K=K)
    C[:], K[:] = 9, 9
    np.testing.assert_array_equal(bounds.eta_l(1), [0.5, 0.25])
    np.testing.assert_array_equal(bounds.eta_u(3), [0.5, 2.0])


def test_bounds_that_cross_in_one_coordinate():
    with pytest.raises(ValueError, match=r"bounds must have eta_l\(t\) <= eta_u\(t\)"):
        PairOfBounds(np.array([0.1, 0.5]), 0.2)


def test_what_bounds_are_made_of():
    dynamic = DynamicBounds(0.1, 1e-3)
    assert as_bounds(dynamic, 0.1, 1e-3) is dynamic
    with pytest.raises(TypeError, match="bounds must be None, a pair"):
        as_bounds(SimpleNamespace(eta_l=lambda t: 0.1), 0.1, 1e-3)
