"""Parallel in time against step by step: every optimizer, every t, every way of cutting."""

import inspect
import itertools
import math
import warnings
from concurrent.futures import wait
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adabound_np import (
    SGD,
    AdaBound,
    Adam,
    AMSGrad,
    Box,
    Constant,
    Geometric,
    Harmonic,
    InverseTime,
    L2Ball,
    StepDecay,
)
from problems.forms import in_paper, on
from problems.online import (
    SEQUENCES,
    LinearProblem,
    Series,
    engines,
    parallel_in_time,
    reddi_online,
    reddi_theorem2,
    reddi_theorem6,
    run,
    savarese,
    setting,
    summarize,
)
from problems.online.batch import endpoints
from problems.online.sequences.reddi_theorem2 import theorem2_cycle
from problems.online.side_by_side import summarize_all
from problems.online.summary import log_grid
from problems.optimizers import OPTIMIZERS
from tests.roster import CASES


class Given(LinearProblem):
    """Slopes from a list; on the whole line if no ends are given."""

    name = "given"

    def __init__(self, slopes, lo=-1.0, hi=1.0):
        self.values, self.feasible = np.array(slopes, dtype=float), Box(lo, hi)

    def slopes(self, start, stop):
        return self.values[start - 1 : stop - 1]


def parallel_path(problem, opt, x1, shapes):
    """x_1, ..., x_{T+1} by lanes of the given shapes."""
    path, rows = [np.array([x1])], []

    def visit(c, lanes):
        rows.clear()
        return lambda c, x: rows.append(x)

    for chunk in parallel_in_time.play(problem, opt, x1, shapes, visit):
        assert len(rows) == (chunk.last[0] - len(np.concatenate(path)) + 1)
        path.append(np.transpose([*rows[1:], chunk.x]).reshape(-1))
    return np.concatenate(path)


def assert_same_path(problem, opt, T, x1, shapes, stepwise=None):
    """`stepwise` is the path of single steps, over T steps or more."""
    assert parallel_in_time.obstacle(problem, opt, x1) is None
    if stepwise is None:
        stepwise = run(problem, opt, T, x1, engine="steps").x
    expected = stepwise[: T + 1]
    got = parallel_path(problem, opt, x1, shapes)
    assert got.shape == expected.shape
    scale = max(1.0, np.abs(expected).max())
    assert np.abs(got - expected).max() <= 1e-12 * scale


CUTS = [(1, 1), (1, 1000), (1000, 1), (7, 13), (64, 5), (3, 101), (5, 50)]


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_on_every_problem(name, optimizer):
    s = setting(name)
    cuts = [*zip((1, 7, 100, 733, 734, 1000, 999), CUTS, strict=True)]
    for schedule, most, some in (("inv-sqrt", 1500, cuts), ("constant", 500, cuts[:3])):
        opt = on(s, optimizer, schedule=schedule, final_lr=0.1, gamma=1e-3)
        stepwise = run(s.problem, opt, most, s.x1, engine="steps").x
        for T, (lanes, length) in some:
            cut = parallel_in_time.even(T, lanes, length)
            assert_same_path(s.problem, opt, T, s.x1, cut, stepwise)
        cut = parallel_in_time.growing(most, s.problem.period)
        assert_same_path(s.problem, opt, most, s.x1, cut, stepwise)


SLOPES = st.lists(
    st.one_of(st.just(0.0), st.floats(-100, 100), st.sampled_from([1.0, -1.0, 1e-3, 1010.0])),
    min_size=1,
    max_size=80,
)


@settings(max_examples=200, deadline=None)
@given(
    SLOPES,
    st.sampled_from(sorted(CASES)),
    st.integers(1, 20),
    st.integers(1, 40),
    st.floats(0.01, 20),
    st.sampled_from([(-1.0, 1.0), (-0.01, 3.0), (-math.inf, math.inf)]),
)
def test_random_sequences(slopes, case, lanes, length, factor, ends):
    cls, kw = CASES[case]
    kw = {**kw, "lr": kw["lr"] * factor, "feasible": Box(*ends)}
    if kw.get("weight_decay") and not kw.get("decoupled_weight_decay"):
        kw = {**kw, "decoupled_weight_decay": True}
    if kw.get("decoupled_weight_decay"):
        kw["weight_decay"] = 0.3 / kw["lr"]
    opt, T = cls(**kw), len(slopes)
    problem = Given(slopes, *ends)
    assert_same_path(problem, opt, T, 0.5, parallel_in_time.even(T, lanes, length))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.5, 0.9]),
    st.sampled_from([0.5, 0.9, 0.999]),
    st.sampled_from(
        [
            Constant(1.0),
            StepDecay([10, 40], factor=0.5),
            InverseTime(0.1),
            lambda t: 1 / (t + 1),
        ]
    ),
    st.sampled_from([None, Geometric(0.9, 0.9), Harmonic(0.9), lambda t: 0.9 / t]),
)
def test_schedules_and_bias_correction(seed, beta1, beta2, schedule, beta1_schedule):
    slopes = np.random.default_rng(seed).standard_normal(150)
    betas = (beta1_schedule or beta1, beta2)
    for cls in (Adam, AMSGrad, AdaBound):
        opt = cls(
            lr=0.3,
            betas=betas,
            schedule=schedule,
            feasible=Box(-1.0, 1.0),
            bias_correction=not inspect.isfunction(betas[0]),
        )
        assert_same_path(Given(slopes), opt, 150, 0.0, parallel_in_time.even(150, 6, 9))


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("ends", [(-1.0, 1.0), (-math.inf, math.inf)])
def test_decoupled_decay(fixed, ends):
    """Each step scales x before it moves it: r is not 1."""
    problem = Given(np.random.default_rng(0).standard_normal(200), *ends)
    for cls in (SGD, Adam, AdaBound):
        opt = cls(
            lr=0.05,
            weight_decay=0.4,
            decoupled_weight_decay=True,
            fixed_decay=fixed,
            schedule="inv-sqrt",
            feasible=Box(*ends),
        )
        assert_same_path(problem, opt, 200, 0.5, parallel_in_time.even(200, 9, 6))


@pytest.mark.parametrize(("lr", "decay"), [(1e9, 1e-4), (1e-3, 0.9)])
@pytest.mark.parametrize("ends", [(-1.0, 1.0), (-1.0, math.inf), (-math.inf, math.inf)])
@pytest.mark.parametrize("lanes", [1, 3, 400])
def test_decay_of_any_strength(lr, decay, ends, lanes):
    """r is not read off beside an a of 1e12, and may round to 0 while the ends are infinite."""
    problem = Given(np.random.default_rng(1).standard_normal(1500), *ends)
    opt = SGD(
        lr=lr,
        weight_decay=decay,
        decoupled_weight_decay=True,
        fixed_decay=True,
        feasible=problem.feasible,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same_path(problem, opt, 1500, 0.5, parallel_in_time.even(1500, lanes, 4))


def test_steps_whose_sum_overflows():
    problem = Given(np.tile([1000.0, -1.0, -1.0], 400))
    opt = SGD(lr=1e305, feasible=problem.feasible)
    assert_same_path(problem, opt, 1200, 0.0, parallel_in_time.even(1200, 50, 8))


def test_the_iterate_stays_pinned_exactly():
    """Huge steps one way keep x at the very end of F, in every lane."""
    problem = Given([1.0] * 300 + [-1.0] * 300)
    opt = SGD(lr=1e9, feasible=problem.feasible)
    path = parallel_path(problem, opt, 0.0, parallel_in_time.even(600, 11, 7))
    assert np.all(path[1:301] == -1)
    assert np.all(path[301:] == 1)


def test_cuts_cover_every_step():
    for T, lanes, length in itertools.product((1, 2, 99, 100, 101, 12345), (1, 7, 64), (1, 10)):
        shapes = list(parallel_in_time.even(T, lanes, length))
        assert sum(L * K for L, K in shapes) == T
        assert all(1 <= L <= lanes and 1 <= K <= length for L, K in shapes)
    for T, period in itertools.product((1, 8191, 10**6, 123_456_789), (1, 3, 101, 600)):
        t = 0
        for L, K in parallel_in_time.growing(T, period):
            assert min(1, K) >= 1
            assert max(1, t / 500) >= K  # short against t: a lane's end is near any of its steps
            t += L * K
        assert t == T
    whole = [K for _, K in parallel_in_time.growing(10**7, 101)]
    assert 101 in whole


# -- What falls back -----------------------------------------------------------------------------


class NewSGD(SGD):
    """An optimizer that does not say how its state carries."""

    carries = None


@pytest.mark.parametrize(
    ("opt", "reason"),
    [
        (NewSGD(lr=0.1), "does not state how its state carries"),
        (SGD(lr=0.1, weight_decay=0.1), "an L2 penalty makes gradients depend on x"),
        (SGD(lr=0.1, weight_decay=20.0, decoupled_weight_decay=True), "turns x around"),
        (
            SGD(lr=0.1, weight_decay=0.1, decoupled_weight_decay=True, schedule=lambda t: t),
            "may turn x around",
        ),
        (SGD(lr=np.array([0.1, 0.2])), "a batch of trajectories"),
        (SGD(lr=0.1, feasible=L2Ball(1.0)), "does not act by clipping"),
        (SGD(lr=0.1, feasible=Box(0.5, 1.0)), "x1 lies outside the optimizer's F"),
        (Adam(schedule=lambda t: 1.0 if t < 5 else 0.5), "takes no array of steps"),
        (Adam(schedule=lambda t: float(np.max(t)) / (1 + np.max(t))), "takes no array of steps"),
        (
            Adam(betas=(lambda t: 0.9 / t, 0.9)),
            "takes no array of steps",
        ),  # its powers, step by step
        (AdaBound(bounds=(0.0, lambda t: max(0.1, 1 / t))), "takes no array of steps"),
        (Adam(schedule=lambda t: np.full(60, 0.5)[t - 1]), "takes no array of steps"),
    ],
)
def test_what_cannot_be_parallel_falls_back(opt, reason):
    problem = Given(np.tile([3.0, -1.0, -1.0], 20))
    assert reason in parallel_in_time.obstacle(problem, opt, 0.0)
    assert engines.choose("auto", problem, opt, 0.0) == "steps"
    with pytest.raises(ValueError, match="engine must be 'steps' or 'auto' here"):
        run(problem, opt, 60, 0.0, engine="parallel")
    if not opt.hyper.shape:
        got = run(problem, opt, 60, 0.0)
        np.testing.assert_array_equal(got.x, run(problem, opt, 60, 0.0, engine="steps").x)


def test_other_problems_fall_back():
    class Quadratic:
        feasible = Box(-1.0, 1.0)

    assert "not linear" in parallel_in_time.obstacle(Quadratic(), SGD(lr=0.1), 0.0)


def test_unknown_engine():
    problem = reddi_online().problem
    with pytest.raises(ValueError, match="unknown engine 'step'; did you mean 'steps'"):
        run(problem, SGD(lr=0.1), 10, 0.0, engine="step")


# -- Summaries -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reddi-online", "reddi-theorem3", "luo-theorem1"])
@pytest.mark.parametrize("T", [1, 2, 500, 20_000, pytest.param(60_001, marks=pytest.mark.slow)])
@pytest.mark.parametrize("engine", ["steps", "parallel"])
def test_a_summary_is_the_trajectorys(name, T, engine):
    s = setting(name)
    opt = on(s, "adam")
    done = []
    summary = summarize(s.problem, opt, T, s.x1, engine=engine, points=60, tick=done.append)
    assert sum(done) == T
    assert summary.engine == engine
    trajectory = run(s.problem, opt, T, s.x1)
    x, regret, series = trajectory.x, trajectory.regret, summary.series
    assert summary.x == pytest.approx(x[-2], abs=1e-12)
    assert summary.x == series.x[-1]
    assert summary.regret == pytest.approx(regret[-1], rel=1e-9, abs=1e-9)
    assert summary.average_regret == pytest.approx(regret[-1] / T, rel=1e-9, abs=1e-9)
    assert summary.optimum == s.problem.comparator(T)
    t = series.t
    assert t[-1] == T
    assert len(t) <= 60
    np.testing.assert_allclose(series.x, x[t - 1], atol=1e-12)
    assert np.all((series.x_min <= series.x) & (series.x <= series.x_max))
    np.testing.assert_allclose(series.regret, regret[t - 1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(series.average_regret, regret[t - 1] / t, rtol=1e-9, atol=1e-9)
    lo, hi = s.problem.feasible.lo, s.problem.feasible.hi
    for i, (a, b) in enumerate(itertools.pairwise([0, *t])):
        played = x[a:b]
        assert series.x_min[i] == pytest.approx(played.min(), abs=1e-12)
        assert series.x_max[i] == pytest.approx(played.max(), abs=1e-12)
        assert series.x_mean[i] == pytest.approx(played.mean(), abs=1e-11)
        at_end = np.mean((played <= lo) | (played >= hi))
        assert series.pinned[i] == pytest.approx(at_end, abs=1.5 / len(played))


@pytest.mark.parametrize("engine", ["steps", "parallel"])
@pytest.mark.parametrize("name", ["reddi-online", "reddi-theorem1", "luo-theorem1"])
def test_the_last_decade_is_the_trajectorys(name, engine):
    s, T = setting(name), 10_000
    opt = on(s, "amsgrad")
    decade = summarize(s.problem, opt, T, s.x1, engine=engine).series.last_decade()
    assert 0.095 * T < decade.since <= T // 10 + 1
    trajectory = run(s.problem, opt, T, s.x1, engine="steps")
    played = trajectory.x[decade.since - 1 : T]
    assert decade.x_min == pytest.approx(played.min(), abs=1e-12)
    assert decade.x_max == pytest.approx(played.max(), abs=1e-12)
    assert decade.x_mean == pytest.approx(played.mean(), abs=1e-10)
    t = np.unique(np.geomspace(T / 10, T, 300).astype(int))  # evenly spaced in log t
    average = trajectory.average_regret[t - 1]
    slope = np.polyfit(np.log(t), average, 1)[0] / np.abs(average).mean()
    assert decade.slope == pytest.approx(slope, abs=0.02)


@pytest.mark.parametrize(("growth", "slope"), [(1.0, 0.0), (0.5, -0.48), (0.0, -0.92), (1.5, 0.48)])
def test_the_slope_of_the_last_decade_says_how_regret_grows(growth, slope):
    """R_t = t^p: R_t/t falls as t^(p-1); its linear fit has nearly that slope."""
    t = log_grid(10**6)
    one, regret = np.ones(len(t)), t**growth
    decade = Series(t, one, one, one, one, one, regret, regret / t).last_decade()
    assert decade.slope == pytest.approx(slope, abs=0.02)
    still = Series(t, one, one, one, one, one, 0 * one, 0 * one)
    assert still.last_decade().slope == 0
    assert math.isnan(Series(*(column[-1:] for column in still)).last_decade().slope)


def test_a_summary_of_one_point_is_the_last():
    problem = reddi_online().problem
    opt = Adam.as_in_paper(lr=0.5, feasible=problem.feasible)
    one, many = (summarize(problem, opt, 5000, 0.0, points=n) for n in (1, 100))
    assert one.series.t.tolist() == [5000]
    assert (one.x, one.regret) == (many.x, many.regret)


def test_processes_change_nothing(monkeypatch):
    s = setting("reddi-online")
    names = ("adam", "amsgrad", "adabound")
    optimizers = {name: on(s, name, final_lr=0.1, gamma=1e-3) for name in names}
    ticks = []
    one = summarize_all(s.problem, optimizers, 100_000, s.x1)

    def waits(running, timeout):
        """All have ended at the first look, which is not told."""
        wait(running)
        return set(), running if not ticks else set()

    monkeypatch.setattr("concurrent.futures.wait", waits)
    two = summarize_all(s.problem, optimizers, 100_000, s.x1, workers=2, tick=ticks.append)
    assert tuple(two) == names
    assert ticks == [300_000, 0]
    for name in names:
        assert (one[name].x, one[name].regret) == (two[name].x, two[name].regret)
        for a, b in zip(one[name].series, two[name].series, strict=True):
            np.testing.assert_array_equal(a, b)


# -- The theorems' own constants -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("beta1", "beta2", "C", "cycles"),
    [(0.0, 0.5, 16, 2000), (0.5, 0.9, 202, 300), (0.9, 0.99, 3214, 40), (0.9, 0.999, 42620, 10)],
)
@pytest.mark.parametrize("lr", [0.05, 0.5, 10.0])
def test_reddi_theorem_2_exactly(beta1, beta2, C, cycles, lr):
    s = reddi_theorem2(beta1=beta1, beta2=beta2, lr=lr)
    assert s.problem.C == C
    opt = on(s, "adam")
    T = C * (cycles + 1)
    trajectory = run(s.problem, opt, T, s.x1, engine="parallel")
    assert np.all(trajectory.x[::C] == 1.0)
    assert trajectory.regret[-1] >= 2 * (T / C - 1)
    assert s.problem.comparator(T) == -1


def test_the_cycle_of_theorem_2_is_the_least():
    def holds(N, beta1, beta2):
        gamma = beta1 / math.sqrt(beta2)
        return beta2**N * (2 * N) ** 2 <= 1 and N * math.sqrt(1 - beta2) * (1 - gamma) >= 4

    for beta1, beta2 in ((0, 0.01), (0, 0.1), (0.1, 0.1), (0, 0.5), (0.5, 0.9), (0.9, 0.99)):
        N = theorem2_cycle(beta1, beta2) // 2
        assert holds(N, beta1, beta2)
        assert not any(holds(n, beta1, beta2) for n in range(1, N))
    assert theorem2_cycle(0.0, 0.999999) > 10**7


@pytest.mark.parametrize("epsilon", [1e-8, 1e-4, 1.0, 100.0])
def test_reddi_theorem_6_exactly(epsilon):
    s = reddi_theorem6(epsilon=epsilon)
    opt = on(s, "adam")
    trajectory = run(s.problem, opt, 30_000, s.x1)
    assert np.all(trajectory.x[::3] == 1.0)
    assert trajectory.average_regret[-1] > 0.5 * s.problem.scale
    # without the rescaling the same epsilon may well save Adam
    saved = in_paper(
        "adam",
        lr=s.lr,
        beta1=s.beta1,
        beta2=s.beta2,
        eps_root=1e6,
        schedule="inv-sqrt",
        feasible=s.problem.feasible,
    )
    assert run(s.problem, saved, 30_000, s.x1).x[-1] < 1.0


@pytest.mark.parametrize("bounds", ["savarese", "paper"])
def test_savareses_bounds_make_adabound_adam_for_k_steps(bounds):
    K = 20_000
    s = savarese(K=K, bounds=bounds)
    paths = {}
    for name in ("adam", "adabound"):
        opt = on(s, name)
        paths[name] = run(s.problem, opt, 3 * K, s.x1)
    adam, bound = paths["adam"], paths["adabound"]
    np.testing.assert_allclose(bound.x[: K + 1], adam.x[: K + 1], atol=1e-12)
    assert np.abs(bound.x - adam.x)[K + 1 :].max() > 1e-3
    assert bound.average_regret[K - 1] >= 1


def test_a_mean_drift_that_is_not_negative():
    """[Reddi18] Thm. 3 at C = 64, (0, 0.5, 1): x does not fall on average; at C = 3 it does."""

    def final(C):
        s = setting("reddi-theorem3", C=C, force=True, lr=0.01)
        opt = on(s, "adam", schedule="constant")
        seeds = [replace(s.problem, seed=seed) for seed in range(200)]
        xs = endpoints(seeds, opt, 2000, 0.0).x
        return np.mean(xs), np.std(xs) / math.sqrt(len(xs))

    mean, error = final(64.0)
    assert mean - 3 * error > 0
    mean, error = final(3.0)
    assert mean + 3 * error < 0
