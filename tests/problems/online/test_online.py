"""Sequences, the protocol, regret; the papers' constructions at their own constants."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from adabound_np import SGD, Adam, AMSGrad, Box
from problems.forms import in_paper
from problems.online import (
    BrokenConditionError,
    Linear,
    LinearProblem,
    LuoTheorem1,
    ReddiOnline,
    ReddiStochastic,
    ReddiTheorem1,
    ReddiTheorem2,
    ReddiTheorem3,
    ReddiTheorem6,
    luo_theorem1,
    reddi_online,
    reddi_theorem1,
    run,
    setting,
    summarize,
)
from problems.optimizers import OPTIMIZERS

ALL = [
    ReddiOnline(),
    ReddiOnline(2),
    ReddiStochastic(3),
    ReddiTheorem1(4.5),
    ReddiTheorem2(7),
    ReddiTheorem3(5, C=10.0, delta=0.5),
    ReddiTheorem6(3.0, scale=0.1),
    LuoTheorem1(7),
]
DRAWN = (ReddiStochastic, ReddiTheorem3)


def slope(problem, t):
    """f_t's slope from the papers' words."""
    match problem:
        case ReddiOnline(C=C):
            return 10.0 * C if t % C == 1 else -10.0
        case ReddiTheorem1(C=C, scale=scale):
            return scale * C if t % 3 == 1 else -scale
        case ReddiTheorem2(C=C):
            return 0.0 if t <= C else C if t % C == 1 else -1.0
        case LuoTheorem1(C=C):
            return {1: -1.0, 2: 2.0}.get(t % C, 0.0)


@pytest.mark.parametrize("problem", [p for p in ALL if not isinstance(p, DRAWN)], ids=repr)
def test_slopes(problem):
    assert problem.slopes(1, 400).tolist() == [slope(problem, t) for t in range(1, 400)]


@pytest.mark.parametrize("problem", ALL, ids=repr)
def test_slopes_repeat_after_a_period(problem):
    """And not after fewer steps; those that are drawn do not repeat."""
    period = 1 if isinstance(problem, DRAWN) else 3 if hasattr(problem, "scale") else problem.C
    assert problem.period == period
    c = problem.slopes(problem.warm_up + 1, problem.warm_up + 1 + 4 * period)
    for n in range(1, period):
        assert not np.array_equal(c[n:], c[:-n])
    assert period == 1 or np.array_equal(c[period:], c[:-period])


def test_a_draw_of_the_probability_itself_is_not_below_it():
    u = np.random.default_rng(0).random()
    for p, slope in ((u, -1), (np.nextafter(u, 1), 5)):
        assert ReddiStochastic(0).draw(1, 2, p, 5.0, -1.0).tolist() == [slope]


def test_formulas_of_theorem_1():
    assert ReddiTheorem1(4.5).formula() == "f_t(x) = 4.5x if t mod 3 = 1, else -x"
    scaled = ReddiTheorem6(3.0, scale=2.0).formula()
    assert scaled == "f_t(x) = 2 * 3x if t mod 3 = 1, else -2 * x"


@pytest.mark.parametrize(
    ("sequence", "least"), [(ReddiOnline, 2), (ReddiTheorem2, 3), (LuoTheorem1, 3)]
)
def test_the_length_of_a_cycle_is_an_integer(sequence, least):
    shortest = sequence(least)
    assert shortest.C == shortest.period == least
    assert type(sequence(7.0).C) is int
    with pytest.raises(ValueError, match=f"C must be an integer of at least {least}, got"):
        sequence(least - 1)


@pytest.mark.parametrize("problem", ALL, ids=repr)
def test_slopes_do_not_depend_on_the_cut(problem):
    whole = problem.slopes(1, 1000)
    for chunk in (1, 7, 999):
        parts = [problem.slopes(a, min(a + chunk, 1000)) for a in range(1, 1000, chunk)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
        revealed = list(problem.reveal(999, chunk=chunk))
        assert [t for t, _ in revealed] == list(range(1, 1000))
        assert [f.gradient(0.3) for _, f in revealed] == whole.tolist()
        assert revealed[5][1](0.5) == 0.5 * whole[5]


@pytest.mark.parametrize(
    ("kind", "kw", "p", "high", "low"),
    [
        (ReddiStochastic, {}, 0.01, 1010.0, -10.0),
        (ReddiTheorem3, {"C": 10.0, "delta": 0.5}, 1.5 / 11, 10.0, -1.0),
    ],
)
def test_the_stochastic_problems(kind, kw, p, high, low):
    slopes = kind(seed=1, **kw).slopes(1, 10**6)
    assert set(slopes) == {high, low}
    share = (slopes > 0).mean()
    assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / 1e6)
    assert not np.array_equal(slopes, kind(seed=2, **kw).slopes(1, 10**6))


class Given(LinearProblem):
    """Slopes from a list."""

    def __init__(self, slopes, lo, hi):
        self.values, self.feasible, self.name = np.array(slopes, float), Box(lo, hi), "given"

    def slopes(self, start, stop):
        return self.values[start - 1 : stop - 1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-20, 20), min_size=1, max_size=30),
    st.floats(-3, 0.5),
    st.floats(0.5, 3),
    st.integers(0, 10**6),
)
def test_regret_by_its_definition(slopes, lo, hi, seed):
    problem = Given(slopes, lo, hi)
    x1 = np.random.default_rng(seed).uniform(lo, hi)
    T = len(slopes)
    trajectory = run(problem, SGD(lr=0.1, feasible=problem.feasible), T, x1)
    for t in range(1, T + 1):
        paid = sum(c * x for c, x in zip(slopes[:t], trajectory.x, strict=False))
        best = minimize_scalar(
            lambda x, t=t: x * sum(slopes[:t]),
            bounds=(lo, hi),
            method="bounded",
            options={"xatol": 1e-12},
        ).fun
        assert trajectory.regret[t - 1] == pytest.approx(paid - best, abs=1e-3)
        assert trajectory.average_regret[t - 1] == trajectory.regret[t - 1] / t
    total = sum(slopes)
    assert total * problem.comparator(T) == min(total * lo, total * hi)


def test_the_runner_is_the_protocol():
    """x_1 is played first, f_t is paid at x_t, and the gradient is taken there."""
    asked = []

    class Quadratic:
        feasible = Box(-10.0, 10.0)

        def reveal(self, T):
            for t in range(1, T + 1):
                yield t, Round(t)

        def best_losses(self, T):
            return np.zeros(T)

    class Round:
        def __init__(self, t):
            self.t = t

        def __call__(self, x):
            return self.t * x**2

        def gradient(self, x):
            asked.append((self.t, float(x)))
            return 2 * self.t * x

    trajectory = run(Quadratic(), SGD(lr=0.1), 3, 1.0)
    np.testing.assert_allclose(trajectory.x, [1, 0.8, 0.8 * 0.6, 0.8 * 0.6 * 0.4], rtol=1e-14)
    assert asked == [(1, 1.0), (2, 0.8), (3, pytest.approx(0.48))]
    np.testing.assert_allclose(trajectory.losses, [1, 2 * 0.64, 3 * 0.48**2], rtol=1e-14)
    assert trajectory.steps == 3


@pytest.mark.parametrize(
    ("steps", "x1", "message"),
    [
        (0, 0.0, "steps must be an integer of at least 1, got 0"),
        (-5, 0.0, "steps must be"),
        (1.5, 0.0, "steps must be"),
        (10, 1.5, "x1 must be in F"),
        (10, math.nan, "x1 must be in F"),
    ],
)
def test_the_runner_refuses(steps, x1, message):
    problem = reddi_online().problem
    with pytest.raises((TypeError, ValueError), match=message):
        run(problem, Adam(feasible=problem.feasible), steps, x1)


# -- The theorems' own constants ----------------------------------------------------------------


@pytest.mark.parametrize("C", [2.5, 3, 10])
@pytest.mark.parametrize("schedule", ["inv-sqrt", "constant"])
def test_reddi_theorem_1_exactly(C, schedule):
    """x_{3k+1} = 1, so that R_T >= (2C - 4) T / 3."""
    setting = reddi_theorem1(C=C)
    opt = Adam.as_in_paper(
        lr=setting.lr,
        betas=(setting.beta1, setting.beta2),
        schedule=schedule,
        feasible=setting.problem.feasible,
    )
    trajectory = run(setting.problem, opt, 3000, setting.x1)
    assert np.all(trajectory.x[::3] == 1.0)
    assert trajectory.regret[-1] >= (2 * C - 4) * 3000 / 3
    assert setting.problem.comparator(3000) == -1


@pytest.mark.parametrize(
    ("lr", "schedule"), [(0.01, "constant"), (0.5, "constant"), (10.0, "inv-sqrt")]
)
@pytest.mark.parametrize("x1", [-2.0, 0.0])
def test_luo_theorem_1(lr, schedule, x1):
    """Adam drifts to x >= 0 from anywhere; x* = -2. With beta1 = 0.9 it is no longer fooled."""
    problem = luo_theorem1(lr=lr).problem
    assert problem.C == 50
    assert problem.comparator(60_000) == -2
    final = {}
    for beta1 in (0.0, 0.9):
        adam = in_paper(
            "adam", lr=lr, beta1=beta1, beta2=0.9, schedule=schedule, feasible=problem.feasible
        )
        final[beta1] = run(problem, adam, 60_000, x1)
    assert final[0.0].x[-1] >= 0
    late = final[0.0].regret[-1] - final[0.0].regret[-30_001]
    assert late >= 2 / 50 * 30_000  # at x >= 0 each cycle costs 2 more than at x* = -2
    assert final[0.9].x[-1] < -1


def test_luo_theorem_1_under_a_step_that_crosses_f():
    """At a large constant rate x jumps to 2 and back within a cycle: no drift, the same regret."""
    problem = luo_theorem1().problem
    adam = in_paper(
        "adam", lr=10.0, beta1=0.0, beta2=0.9, schedule="constant", feasible=problem.feasible
    )
    trajectory = run(problem, adam, 5_000, 0.0)
    assert trajectory.x[-1] == -2
    assert trajectory.average_regret[-1] > 2 / 50


def test_the_least_cycle_of_luo_theorem_1():
    for beta2 in (0.0, 0.5, 0.9, 0.99, 0.999):
        C = luo_theorem1(beta2=beta2).problem.C
        holds = [5 * beta2 ** (c - 2) <= (1 - beta2) / (4 - beta2) for c in (C - 1, C)]
        assert holds == [False, True] or (C == 3 and holds[1])
    both = 0.04817154713168089  # where 5 beta2 is (1 - beta2)/(4 - beta2), to the last digit
    assert 5 * both == (1 - both) / (4 - both)
    assert luo_theorem1(beta2=both).problem.C == 3


REFERENCE = {
    "adam": (1.0000, 0.21925),
    "amsgrad": (-0.9981, 0.024183),
    "sgd": (-0.6535, 3.1838),
    "adagrad": (-0.9966, 0.052894),
    "adabound": (-0.9527, 0.57096),
    "amsbound": (-0.9527, 0.57095),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_two_million_steps_agree_with_an_independent_run(name):
    problem = reddi_online().problem
    opt = in_paper(
        name,
        lr=0.5,
        beta1=0.9,
        beta2=0.99,
        final_lr=0.1,
        gamma=1e-3,
        schedule="inv-sqrt",
        feasible=problem.feasible,
    )
    summary = summarize(problem, opt, 2_000_000, 0.0)
    after, average = REFERENCE[name]  # x_{T+1} and R_T/T
    path = run(problem, opt, 2_000_000, 0.0).x
    assert f"{path[-1]:.4f}" == f"{after:.4f}"
    assert summary.x == pytest.approx(path[-2], abs=1e-12)
    assert f"{summary.average_regret:.5g}" == f"{average:.5g}"


def test_adam_fails_and_amsgrad_does_not():
    setting = reddi_online()
    final = {}
    for cls in (Adam, AMSGrad):
        opt = cls.as_in_paper(lr=0.5, betas=(0.9, 0.99), feasible=setting.problem.feasible)
        final[cls] = run(setting.problem, opt, 20_000, 0.0).x[-1]
    assert final[Adam] > 0.95
    assert final[AMSGrad] < -0.8


# -- Conditions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make_setting", "kw", "message"),
    [
        (reddi_theorem1, {"C": 2.0}, r"C > 2 \(C is 2\)"),
        (reddi_theorem1, {"beta1": 0.9}, r"beta1 = 0 \(it is 0.9\)"),
        (reddi_theorem1, {"beta2": 0.5}, r"beta2 = 1/\(1 \+ C\^2\) = 0.1 \(it is 0.5\)"),
        (reddi_theorem1, {"lr": 0.95}, r"lr < sqrt\(1 - beta2\) = 0.948683 \(it is 0.95\)"),
        (reddi_theorem1, {"lr": math.sqrt(1 - 0.1)}, r"lr < sqrt\(1 - beta2\) = 0.948683"),
        (reddi_theorem1, {"x1": 0.0}, r"x1 = 1 \(it is 0\)"),
        (luo_theorem1, {"beta1": 0.5}, r"beta1 = 0 \(it is 0.5\)"),
        (luo_theorem1, {"C": 49}, r"beta2 = 0.9, C >= 50 \(C is 49\)"),
    ],
)
def test_broken_conditions(make_setting, kw, message):
    with pytest.raises(BrokenConditionError, match=message):
        make_setting(**kw)
    setting = make_setting(**kw, force=True)
    assert sum(not condition.holds for condition in setting.conditions) == 1


@pytest.mark.parametrize(
    ("name", "kw", "message"),
    [
        ("reddi-online", {"C": 1}, "C must be an integer of at least 2, got 1"),
        ("reddi-online", {"C": 10.5}, "C must be an integer"),
        ("reddi-online", {"lr": -1}, r"lr must be in \(0, inf\), got -1"),
        ("reddi-online", {"x1": 2}, r"x1 must be in \[-1.0, 1.0\], got 2"),
        ("reddi-online", {"beta2": 1}, r"beta2 must be in \[0, 1\), got 1"),
        ("reddi-stochastic", {"C": 101}, "C must not be given for reddi-stochastic"),
        ("reddi-online", {"delta": 1}, "delta must not be given for reddi-online"),
        ("reddi-stochastic", {"seed": -1}, "seed must be"),
        ("reddi-theorem1", {"C": math.nan}, "C must be in"),
        ("reddi-theorem1", {"beta2": 1.5}, r"beta2 must be in \[0, 1\), got 1.5"),
        ("reddi-theorem2", {"beta1": 1.0}, r"beta1 must be in \[0, 1\), got 1"),
        ("reddi-theorem2", {"beta2": 1.0}, r"beta2 must be in \[0, 1\), got 1"),
        ("reddi-theorem2", {"beta1": 0.5, "beta2": 0.25}, r"beta1 must be below .* = 0.5 for C"),
        ("reddi-theorem3", {"beta1": 0.5, "beta2": 0.25}, r"beta1 must be below .* = 0.5 for C"),
        ("reddi-theorem6", {"epsilon": 0.0}, r"epsilon must be in \(0, inf\), got 0"),
        ("luo-theorem1", {"beta2": 1.0}, r"beta2 must be in \[0, 1\), got 1"),
        ("luo-theorem1", {"C": 2}, "C must be an integer of at least 3, got 2"),
        ("luo-theorem1", {"C": math.inf}, "C must be an integer"),
    ],
)
def test_constants_out_of_range(name, kw, message):
    with pytest.raises((TypeError, ValueError), match=message):
        setting(name, **kw, force=True)


def test_a_scale_is_positive():
    with pytest.raises(ValueError, match=r"scale must be in \(0, inf\), got 0"):
        ReddiTheorem1(scale=0.0)


def test_the_roster_is_the_papers_mode():
    """No bias correction and no epsilon; Table 1's momentum."""
    for name in OPTIMIZERS:
        opt = in_paper(
            name,
            lr=0.5,
            beta1=0.9,
            beta2=0.99,
            final_lr=0.1,
            gamma=None,
            schedule="inv-sqrt",
            feasible=None,
        )
        assert opt.defaults.get("eps", 0.0) == 0.0
        assert opt.defaults["schedule"] == "inv-sqrt"
        if name != "csgd":  # whose definition has it
            assert not opt.defaults.get("bias_correction", False)
    assert Linear(2.0)(3.0) == 6.0
