"""Functions, sequences, settings and verdicts against values found by hand."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import Box, DynamicBounds, L2Ball, SavareseBounds, Unconstrained
from problems.online import setting
from problems.online.functions import Fixed, Quadratic, Quadratic2D, Rescaled, Rosenbrock
from problems.online.losses import VectorProblem, vector_problem
from problems.online.problem import Linear, LinearProblem, ends
from problems.online.sequences.reddi_theorem3 import ReddiTheorem3, theorem3_constant
from problems.online.setting import Setting, around, integer, least, name_of, title_of
from problems.online.verdict import arrival, place, trend

# Functions of one and two variables


@pytest.mark.parametrize(
    ("f", "x", "value", "slope"),
    [
        (Quadratic(scale=4.0), 3.0, 18.0, 12.0),
        (Quadratic2D(scale=2.0, condition=5.0), [3.0, -2.0], 9 + 20, [6.0, -20.0]),
        (Rosenbrock(scale=0.5), [2.0, 1.0], (1 + 900) / 2, [(2 + 2400) / 2, -300.0]),
        (Rosenbrock(), [-1.2, 1.0], 24.2, [-215.6, -88.0]),
    ],
)
def test_values_and_slopes(f, x, value, slope):
    point = np.array(x) if np.ndim(x) else x
    assert f(point) == pytest.approx(value)
    np.testing.assert_allclose(f.gradient(point), slope)
    assert np.shape(f.gradient(point)) == np.shape(x)


def test_a_function_as_an_online_problem():
    f = Rosenbrock()
    assert [t for t, _ in f.reveal(3)] == [1, 2, 3]
    assert all(round_ is f for _, round_ in f.reveal(3))
    assert f.comparator(3).tolist() == [1, 1]
    assert f.best_losses(3).tolist() == [0, 0, 0]
    assert Quadratic().comparator(3) == 0.0
    assert np.ndim(Quadratic().comparator(3)) == 0

    class Lifted(Quadratic):
        def value(self, x):
            return super().value(x) + 1.5

    assert Lifted().best_losses(4).tolist() == [1.5, 3.0, 4.5, 6.0]
    for scale in (0.0, -1.0):
        for make in (Quadratic, Rosenbrock, lambda s: Quadratic2D(condition=s), rescaled):
            with pytest.raises(ValueError, match=r"must be in \(0, inf\)"):
                make(scale)
    for call in (lambda: Fixed.value(f), lambda: Fixed.partials(f), lambda: Fixed.formula(f)):
        with pytest.raises(NotImplementedError):
            call()


def rescaled(scale):
    return Rescaled(setting("reddi-online").problem, scale)


def test_a_rescaled_sequence_keeps_its_set():
    class Wide(LinearProblem):
        name, feasible = "wide", Box(-3.0, 5.0)

        def slopes(self, start, stop):
            return np.arange(start, stop, dtype=float)

    problem = Rescaled(Wide(), 2.0)
    assert problem.feasible == Box(-3.0, 5.0)
    assert problem.slopes(1, 4).tolist() == [2, 4, 6]


# Linear problems


class Slopes(LinearProblem):
    name = "slopes"

    def __init__(self, *values, feasible=None):
        self.values = np.array(values, dtype=float)
        self.feasible = Box(-1.0, 2.0) if feasible is None else feasible

    def slopes(self, start, stop):
        return self.values[start - 1 : stop - 1]


def test_linear_problems():
    problem = Slopes(1, -3, 2, 0.5)
    for chunk in (1, 3, 100):
        assert [(t, f.c) for t, f in problem.reveal(4, chunk)] == [
            (1, 1),
            (2, -3),
            (3, 2),
            (4, 0.5),
        ]
    assert problem.best_losses(4).tolist() == [-1, -4, 0, -0.5]
    assert [problem.comparator(T) for T in (1, 2, 3)] == [-1, 2, -1]
    assert problem.best(0.5) == -1
    whole = Slopes(0, 0.5, feasible=Unconstrained())
    assert whole.least(np.array([0.0])).tolist() == [0]
    assert whole.least(np.array([0.5])).tolist() == [-math.inf]
    assert Linear(2.0).gradient(np.zeros(3)).tolist() == [2, 2, 2]
    for call in (lambda: LinearProblem().slopes(1, 2), lambda: LinearProblem().formula()):
        with pytest.raises(NotImplementedError):
            call()


def test_ends_of_sets():
    assert ends(Box(-3.0, 5.0)) == (-3, 5)
    assert ends(Unconstrained()) == (-math.inf, math.inf)
    half = SimpleNamespace(lo=0.0, argmin_linear=lambda g: 0.0 if g > 0 else 7.0)
    assert ends(half) == (0, 7)


# Losses in d dimensions


def test_losses_and_their_slopes():
    (_, f), *_ = VectorProblem(
        "quadratic", np.array([[1.0, 2.0]]), np.array([3.0]), Box(-1.0, 1.0)
    ).reveal(1)
    x = np.array([0.5, -1.0])
    assert f(x) == pytest.approx(4.5**2 / 2)
    np.testing.assert_allclose(f.gradient(x), [-4.5, -9.0])


def test_the_largest_gradient_is_at_a_corner():
    A, b = np.array([[1.0, 2.0], [0.5, 0.0]]), np.array([3.0, 0.0])
    problem = VectorProblem("quadratic", A, b, Box(-1.0, 1.0))
    assert problem.gradient_bound(2) == pytest.approx(6 * math.sqrt(5))
    assert problem.gradient_bound(np.inf) == pytest.approx(12)
    up = VectorProblem("quadratic", A, -b, Box(-1.0, 1.0))
    assert up.gradient_bound(2) == pytest.approx(6 * math.sqrt(5))
    for kind in ("linear", "logistic", "absolute"):  # whose slopes are 1 at most, anywhere
        assert VectorProblem(kind, A, b, Box(-1.0, 1.0)).gradient_bound(np.inf) == 2


def test_adversarial_data():
    problem = vector_problem("absolute", data="adversarial", T=8, d=2, scale=2.0)
    assert problem.A[:4].tolist() == [[6, -2], [-2, -2], [-2, 6], [6, -2]]
    assert problem.b.tolist() == [1, -1, -1, 1, 1, 1, 1, -1]
    assert problem.feasible == Box(-1.0, 1.0)
    assert problem.diameter == 2


def test_random_data():
    """Drawn again, as its description says."""
    for kind in ("logistic", "quadratic"):
        problem = vector_problem(kind, T=50, d=3, seed=7, scale=2.0)
        rng = np.random.default_rng(7)
        A = rng.standard_normal((50, 3)) * 10 ** rng.uniform(-0.5, 0.5, 3)
        A += [0.3, 0, 0]
        z = A @ rng.uniform(-1.5, 1.5, 3) + rng.standard_normal(50)
        np.testing.assert_allclose(problem.A, 2 * A)
        np.testing.assert_allclose(problem.b, np.sign(z) if kind == "logistic" else z)


# Settings


def test_settings_look_at_their_values():
    problem = Slopes(1, 2)
    given = {"beta1": 0.5, "beta2": 0.5, "lr": 0.1, "x1": 0.0}
    for name, value in (("beta1", 1.0), ("beta2", 1.0), ("lr", 0.0), ("x1", 2.5), ("x1", -1.5)):
        with pytest.raises(ValueError, match=f"{name} must be in"):
            Setting(problem, **{**given, name: value})
    ball = SimpleNamespace(feasible=L2Ball(1.0), name="ball")
    Setting(ball, **{**given, "x1": np.array([0.6, 0.8])})
    with pytest.raises(ValueError, match="x1 must be in F = L2Ball"):
        Setting(ball, **{**given, "x1": np.array([0.8, 0.8])})


def test_where_runs_start():
    assert around(Slopes(1, feasible=Box(0.5, 2.0))).x1 == 0.5
    assert around(Slopes(1, feasible=Unconstrained())).x1 == 0
    assert around(Rosenbrock()).x1.tolist() == [-1.2, 1.0]
    started = around(Quadratic())
    assert (started.x1, started.beta1, started.beta2, started.lr) == (1.0, 0.9, 0.99, 0.5)
    assert np.shape(started.x1) == ()


def test_settings_of_what_is_the_users_own():
    """A problem, what makes one, and a setting take what every run has, and nothing else."""
    for spec in (Quadratic(), Quadratic, around(Quadratic())):
        own = setting(spec, lr=0.3, force=True)
        assert (own.lr, own.beta1, name_of(own.problem)) == (0.3, 0.9, "quadratic")
        with pytest.raises(TypeError, match=r"C must not be given for .*, which has none, got 3"):
            setting(spec, C=3)
    half = SimpleNamespace(feasible=Box(-1.0, 1.0), reveal=None)
    with pytest.raises(TypeError, match=r"must be a problem \(with feasible, reveal"):
        setting(half)
    assert title_of(around(Quadratic())) == "quadratic"


def test_a_problem_is_asked_for_one_step_to_see_its_gradients():
    asked = []

    class Asked(Slopes):
        def reveal(self, T):
            asked.append(T)
            return super().reveal(T)

    assert setting(Asked(1, feasible=Box(-1.0, 1.0))).x1 == 0
    assert asked == [1]


def test_constants_of_fixed_functions():
    for cls in (Quadratic, Quadratic2D):
        with pytest.raises(ValueError, match="scale must be in"):
            cls(scale=0.0)


def test_integers_of_sequences():
    assert integer("C", 4.0, 3) == 4
    assert type(integer("C", 4.0, 3)) is int
    assert integer("C", 2**53, 3) == 2**53
    with pytest.raises(ValueError, match=r"C must be an integer of at most 2\^53"):
        integer("C", 2**53 + 1, 3)
    with pytest.raises(ValueError, match="C must be an integer of at least 3, got 2"):
        integer("C", 2, 3)
    with pytest.raises(TypeError, match="C must be an integer"):
        integer("C", 4.5, 3)
    for start in (1, 5):
        for wanted in (1, 2, 3, 5, 6, 7, 8, 9, 31, 100):
            assert least(lambda n, wanted=wanted: n >= wanted, start) == max(wanted, start)


def conditions(name, **constants):
    found = setting(name, **constants, force=True).conditions
    return {c.text.partition(" (")[0]: c.holds for c in found}


@pytest.mark.parametrize(
    ("beta1", "beta2", "C"),
    [(0, 0.5, 16), (0, 0.75, 56), (0.5, 0.9, 202), (0.9, 0.99, 3214)],
)
def test_theorem_2_at_its_least_cycle(beta1, beta2, C):
    s = setting("reddi-theorem2", beta1=beta1, beta2=beta2)
    assert s.problem.C == s.problem.period == s.problem.warm_up == C
    gamma = beta1 / math.sqrt(beta2)
    long = 2 * math.ceil(4 / (math.sqrt(1 - beta2) * (1 - gamma)))  # at beta2 = 0.75: just 4
    for n in (C, C - 2, C // 2, long, long - 2, 6, 7):
        held = list(conditions("reddi-theorem2", beta1=beta1, beta2=beta2, C=n).values())
        N = n / 2
        expected = [n % 2 == 0, beta2**N * n**2 <= 1, N * math.sqrt(1 - beta2) * (1 - gamma) >= 4]
        assert held[-3:] == expected
        assert all(held[:-3])


@pytest.mark.parametrize(("beta1", "beta2", "delta"), [(0.0, 0.5, 1.0), (0.3, 0.5, 0.7)])
def test_theorem_3_at_its_constant(beta1, beta2, delta):
    K = 2 * (1 - beta1) / math.sqrt(beta2 * (1 - beta2))
    B = 1 / math.sqrt(1 - beta2) + beta1 * K / (1 - beta1 / math.sqrt(beta2))
    C = 4 * (1 + delta) ** 3 * B**2 / (1 - beta1) ** 2
    assert theorem3_constant(beta1, beta2, delta) == round(C, 9)
    assert theorem3_constant(0.0, 1e-9, delta) == pytest.approx(4 * (1 + delta) ** 3, rel=1e-6)
    problem = setting("reddi-theorem3", beta1=beta1, beta2=beta2, delta=delta).problem
    assert math.ceil(round(C, 6)) == problem.C
    for below, holds in ((0.99, False), (1.01, True)):
        at = {"beta1": beta1, "beta2": beta2, "delta": delta, "C": below * C}
        assert list(conditions("reddi-theorem3", **at).values()) == [True, holds]


def test_theorem_3s_constants_are_looked_at():
    for name, value in (("beta1", 1.0), ("beta2", 0.0), ("delta", math.inf), ("C", 0.5)):
        with pytest.raises(ValueError, match=f"{name} must be in .*, got {value}"):
            setting("reddi-theorem3", **{name: value})
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, got -1"):
        setting("reddi-theorem3", seed=-1)
    with pytest.raises(ValueError, match=r"delta must be in \(0, inf\), got 0"):
        ReddiTheorem3(delta=0.0)
    assert "2/65" in setting("reddi-theorem3").problem.formula()


@pytest.mark.parametrize("family", ["savarese", "paper"])
def test_savareses_bounds(family):
    s = setting("savarese", bounds=family, K=10)
    C, lr = 64.0, math.sqrt(math.sqrt(0.5) / 64)
    assert s.lr == pytest.approx(lr)
    if family == "savarese":
        assert s.bounds == SavareseBounds(s.lr, C, 0.5, 10)
    else:
        gamma = min(lr / (C - lr), math.sqrt(0.5) / lr) / 10
        assert isinstance(s.bounds, DynamicBounds)
        assert (s.bounds.final_lr, s.bounds.gamma) == (1.0, pytest.approx(gamma))
    assert setting("savarese", bounds=family, K=1, lr=0.25).lr == 0.25
    for name, value in (("lr", 64.0), ("K", 0), ("bounds", "others")):
        with pytest.raises((ValueError, TypeError), match=name if name != "bounds" else "others"):
            setting("savarese", **{name: value})


@pytest.mark.parametrize("lr", [None, 0.25, 8.0])
def test_savareses_bounds_let_adams_rates_through_for_k_steps(lr):
    """They are lr/C to lr/sqrt(1 - beta2); one of the two is reached at K."""
    s = setting("savarese", bounds="paper", K=10, lr=lr)
    least, most = s.lr / 64, s.lr / math.sqrt(0.5)
    lower, upper = s.bounds.eta_l(10), s.bounds.eta_u(10)
    assert lower <= least * (1 + 1e-12)
    assert upper >= most
    assert lower == pytest.approx(least) or upper == pytest.approx(1 + most)


# Verdicts


def series(low, high, slope=0.0, t=None):
    """What verdicts look at: the ends of the points at each step of a grid."""
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    decade = SimpleNamespace(x_min=low[-1], x_max=high[-1], x_mean=0.25, slope=slope)
    steps = np.arange(1, len(low) + 1) * 10 if t is None else t
    return SimpleNamespace(x_min=low, x_max=high, t=steps, last_decade=lambda: decade)


PROBLEM = Slopes(1, feasible=Box(-1.0, 1.0))


@pytest.mark.parametrize(
    ("low", "high", "where"),
    [
        (-1.0, -0.961, "at the best point"),
        (-1.0, -0.95, "x from -1 to -0.95 (mean 0.25)"),
        (0.96, 1.0, "stuck at the worst point"),
        (0.95, 1.0, "x from 0.95 to 1 (mean 0.25)"),
        (0.97, 0.99, "x from 0.97 to 0.99 (mean 0.25)"),
        (-1.0, 1.0, "x from -1 to 1 (mean 0.25)"),
    ],
)
def test_where_the_last_points_lie(low, high, where):
    summary = SimpleNamespace(series=series([low], [high]), optimum=-1.0)
    assert place(PROBLEM, summary) == where


@pytest.mark.parametrize(
    ("slope", "said"),
    [
        (math.nan, "over too few steps to judge"),
        (0.1, "flat at 0.5"),
        (-0.1, "flat at 0.5"),
        (-0.11, "still falling"),
        (0.11, "rising"),
        (1.5, "rising"),
    ],
)
def test_where_average_regret_goes(slope, said):
    summary = SimpleNamespace(series=series([0], [0], slope), average_regret=0.5)
    assert trend(summary) == said


@pytest.mark.parametrize(
    ("low", "high", "step"),
    [
        ([0, 0, -1, -1], [0, 0, -1, -1], 21),
        ([0, -1, 0, -1, -1], [0, -1, 0, -1, -1], 31),
        ([-1, -1], [-1, -0.97], 1),
        ([-1, -1], [-1, 0], None),
        ([0, -1, -1], [0, -1, -0.5], None),
    ],
)
def test_the_step_since_which_points_are_at_the_best(low, high, step):
    assert arrival(PROBLEM, -1.0, series(low, high)) == step


def test_points_below_the_best_one_are_away_too():
    line = Slopes(1, feasible=Unconstrained())
    assert arrival(line, 0.0, series([-5, 0, 0], [0, 0.1, 0])) == 11
    assert arrival(line, 0.0, series([0, 0], [0, 5])) is None
