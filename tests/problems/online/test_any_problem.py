"""Problems that are not linear, and optimizers without a feasible set, wherever steps can run."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from adabound_np import SGD, AdaBound, Adam, AMSGrad, Box, L2Ball, Unconstrained
from problems.online import (
    LinearProblem,
    Setting,
    endpoints,
    reddi_online,
    run,
    summarize,
)
from problems.online.losses import vector_problem
from problems.online.problem import ends
from problems.online.side_by_side import summarize_all
from problems.online.verdict import arrival, place, trend
from problems.rates.recorder import record_online
from problems.reading import trace
from problems.reading.exact import Exact, exactly


@dataclass(frozen=True)
class Quadratic:
    a: float

    def __call__(self, x):
        return (x - self.a) ** 2 / 2

    def gradient(self, x):
        return x - self.a


@dataclass
class Alternating:
    """f_t(x) = (x - a_t)^2/2 with a_t = low, 1, low, 1, ...; cannot be hashed."""

    low: float = 0.0
    feasible: object = Box(-2.0, 2.0)

    def targets(self, T):
        return np.where(np.arange(T) % 2, 1.0, self.low)

    def reveal(self, T):
        for t, a in enumerate(self.targets(T).tolist(), 1):
            yield t, Quadratic(a)

    def comparator(self, T):
        return float(np.clip(self.targets(T).mean(), *ends(self.feasible)))

    def best_losses(self, T):
        a, t = self.targets(T), np.arange(1, T + 1)
        return (np.cumsum(a**2) - np.cumsum(a) ** 2 / t) / 2


# -- Summaries -----------------------------------------------------------------------------------


SETS = [Box(-2.0, 2.0), L2Ball(2.0), Unconstrained()]


@pytest.mark.parametrize(
    ("feasible", "cls", "T"),
    [
        *itertools.product(SETS, [SGD, AdaBound, AMSGrad], [1, 3000]),
        (SETS[0], SGD, 17_000),  # in two chunks
    ],
)
def test_a_summary_is_the_trajectorys(feasible, cls, T):
    problem, opt, done = Alternating(feasible=feasible), cls.as_in_paper(lr=0.3), []
    summary = summarize(problem, opt, T, 2.0, points=40, tick=done.append)
    trajectory = run(problem, opt, T, 2.0)
    x, series = trajectory.x, summary.series
    assert summary.engine == "steps"
    assert sum(done) == T
    assert summary.optimum == problem.comparator(T)
    assert summary.x == x[-2]
    assert summary.regret == pytest.approx(trajectory.regret[-1], rel=1e-9, abs=1e-9)
    np.testing.assert_array_equal(series.x, x[series.t - 1])
    np.testing.assert_allclose(series.regret, trajectory.regret[series.t - 1], atol=1e-9)
    for i, (a, b) in enumerate(itertools.pairwise([0, *series.t])):
        assert (series.x_min[i], series.x_max[i]) == (x[a:b].min(), x[a:b].max())
        assert series.pinned[i] == pytest.approx(np.mean(np.abs(x[a:b]) >= ends(feasible)[1]))
    if T > 1:
        assert place(problem, summary) == "at the best point"
        assert trend(summary) == "still falling"
        assert 1 < arrival(problem, summary.optimum, series) < T


def test_summaries_of_several():
    optimizers = {"sgd": SGD(lr=0.1), "adam": Adam(lr=0.1)}
    both = summarize_all(Alternating(), optimizers, 500, 2.0)
    for name, opt in optimizers.items():
        assert both[name].regret == summarize(Alternating(), opt, 500, 2.0).regret


def test_far_from_the_best_point_on_the_whole_line():
    """No share of an infinite F is near: the range of the points played takes its place."""
    problem = Alternating(feasible=Unconstrained())
    summary = summarize(problem, SGD.as_in_paper(lr=1e-4), 1000, 2.0)
    assert place(problem, summary).startswith("x from 1.9")
    assert arrival(problem, summary.optimum, summary.series) is None


def test_a_linear_problem_on_the_whole_line():
    class Drift(LinearProblem):
        feasible = Unconstrained()

        def slopes(self, start, stop):
            return np.where(np.arange(start, stop) % 2, 1.0, -1.0)

    summary = summarize(Drift(), SGD(lr=0.25), 4, 0.0)
    assert (summary.engine, summary.x, summary.regret) == ("parallel", -0.25, 0.5)
    assert summarize(Drift(), SGD(lr=0.25), 3, 0.0).regret == np.inf


def test_more_dimensions_are_refused_by_summaries_only():
    problem = vector_problem("quadratic", T=40, d=2)
    with pytest.raises(ValueError, match=r"x1 must be one number, got shape \(2,\); `run` takes"):
        summarize(problem, SGD(lr=0.1), 40, np.zeros(2))
    trajectory = run(problem, SGD(lr=0.01), 40, np.zeros(2))
    assert trajectory.losses.shape == trajectory.regret.shape == (40,)


def test_losses_of_another_shape_are_refused():
    class Wrong(Alternating):
        def best_losses(self, T):
            return np.zeros(T - 1)

    with pytest.raises(ValueError, match=r"best_losses\(9\) must have shape \(9,\), got \(8,\)"):
        summarize(Wrong(), SGD(lr=0.1), 9, 0.0)


@pytest.mark.parametrize(("numbers", "got"), [([1, 2], "None"), ([1, 3, 4], "3"), ([0, 1, 2], "0")])
def test_a_problem_that_ends_early_or_skips_is_refused(numbers, got):
    class Short(Alternating):
        def reveal(self, T):
            return [(t, Quadratic(0.0)) for t in numbers]

    def batch(problem, opt, T, x1):
        return endpoints([problem], opt, T, x1)

    def traced(*args):
        return list(trace.steps(*args))

    for play in (run, summarize, batch, traced):
        with pytest.raises(ValueError, match=rf"must reveal f_1 to f_3, got {got} in place of"):
            play(Short(), SGD(lr=0.1), 3, 0.0)


def test_a_batch_is_its_trajectories():
    problems, lr = [Alternating(0.0), Alternating(-1.0), reddi_online().problem], [0.1, 0.4, 0.2]
    problems[2] = Alternating(-1.0)
    ticks = []
    batch = endpoints(problems, AdaBound(lr=np.array(lr)), 1500, 2.0, tick=ticks.append)
    assert ticks == [1024, 476]
    for i, problem in enumerate(problems):
        alone = run(problem, AdaBound(lr=lr[i]), 1500, 2.0)
        assert batch.x[i] == pytest.approx(alone.x[-2], rel=1e-12)
        assert batch.regret[i] == pytest.approx(alone.regret[-1], rel=1e-9)


@pytest.mark.parametrize("T", [1, 1024, 1025])
def test_a_batch_of_linear_problems_asks_for_slopes_in_pieces(T):
    """Equal problems are asked once; a tick counts steps that are done."""
    asked, ticked, visits = [], [], []

    @dataclass  # cannot be hashed
    class Level(LinearProblem):
        c: float

        def slopes(self, start, stop):
            asked.append((start, stop))
            return np.full(stop - start, self.c)

    one, other, c = Level(1.0), Level(-2.0), np.array([1.0, -2.0, 1.0])

    def tick(n):
        ticked.append((n, len(visits)))

    batch = endpoints([one, other, one], SGD(lr=1e-4), T, 0.0, tick, visits.append)
    pieces = [(1, 2)] if T == 1 else [(1, 1025), (1025, 1026)][: T - 1023]
    assert asked == [piece for piece in pieces for _ in (one, other)]
    assert ticked == [(stop - start, stop - 1) for start, stop in pieces]
    np.testing.assert_allclose(batch.x, -1e-4 * c * (T - 1), rtol=1e-12)
    paid = -1e-4 * c**2 * T * (T - 1) / 2
    np.testing.assert_allclose(batch.regret, paid + abs(c) * T, rtol=1e-12)


def test_a_batch_with_too_few_slopes_is_refused():
    class Few(LinearProblem):
        def slopes(self, start, stop):
            return np.ones(min(stop, 6) - start)

    with pytest.raises(ValueError, match=r"slopes\(1, 10\) must be 9, got 5"):
        endpoints([Few()], SGD(lr=0.1), 9, 0.0)


def test_a_setting_of_any_problem():
    for feasible in (L2Ball(2.0), Unconstrained()):
        assert Setting(Alternating(feasible=feasible), 0.9, 0.99, 0.5, 1.5).x1 == 1.5
    with pytest.raises(ValueError, match=r"x1 must be in \[-2.0, 2.0\], got 2.5"):
        Setting(Alternating(feasible=L2Ball(2.0)), 0.9, 0.99, 0.5, 2.5)


def test_a_trace_takes_the_gradient_where_it_is():
    rows = list(trace.steps(Alternating(), SGD(lr=0.5, weight_decay=0.1), 3, 1.0))
    x = run(Alternating(), SGD(lr=0.5, weight_decay=0.1), 3, 1.0).x
    np.testing.assert_allclose([row.x for row in rows], x[1:], rtol=1e-15)
    assert rows[0].g == 1.0


# -- The problem's F -----------------------------------------------------------------------------


class Uphill(LinearProblem):
    """f_t(x) = -x: without F, x walks away."""

    feasible = Box(-1.0, 1.0)

    def slopes(self, start, stop):
        return np.full(stop - start, -1.0)


@pytest.mark.parametrize("problem", [Uphill(), reddi_online().problem, Alternating()])
@pytest.mark.parametrize("engine", ["auto", "steps"])
def test_runs_project_onto_the_problems_f(problem, engine):
    free, told = (Adam.as_in_paper(lr=3.0, feasible=F) for F in (None, problem.feasible))
    got = run(problem, free, 300, 0.0, engine=engine).x
    np.testing.assert_array_equal(got, run(problem, told, 300, 0.0, engine=engine).x)
    assert problem.feasible.contains(got)
    summaries = [summarize(problem, opt, 300, 0.0, engine=engine) for opt in (free, told)]
    assert summaries[0].regret == summaries[1].regret
    assert free.defaults["feasible"] is None


def test_other_runners_project_too():
    free, told = SGD(lr=3.0, momentum=0.5), SGD(lr=3.0, momentum=0.5, feasible=Box(-1.0, 1.0))
    assert endpoints([Uphill()] * 2, free, 9, 0.0).x.tolist() == [1.0, 1.0]
    assert [row.x for row in trace.steps(Uphill(), free, 4, 0.0)] == [1.0] * 4
    exact = SGD(lr=exactly(3.0))
    assert [row.x for row in trace.steps(Uphill(), exact, 2, Exact(0))] == [Exact(1)] * 2
    records = [record_online(Alternating(), opt, 50, 0.0) for opt in (free, told)]
    np.testing.assert_array_equal(records[0].quantiles, records[1].quantiles)


@pytest.mark.parametrize("feasible", [Unconstrained(), Box(-5.0, 5.0)])
@pytest.mark.parametrize("engine", ["auto", "steps"])
def test_an_optimizer_told_otherwise_is_left_alone(feasible, engine):
    opt = SGD(lr=1.0, feasible=feasible)
    assert run(Uphill(), opt, 4, 0.0, engine=engine).x.tolist() == [0, 1, 2, 3, 4]
    summary = summarize(Uphill(), opt, 4, 0.0, engine=engine)
    assert (summary.x, summary.regret) == (3, -(0 + 1 + 2 + 3) - -4)
    assert endpoints([Uphill()], opt, 4, 0.0).x.tolist() == [3]


def test_an_optimizer_whose_constructor_takes_no_feasible_set_is_constrained_too():
    class Plain(SGD):
        def __init__(self, rate):
            super().__init__(lr=rate)

    assert run(Uphill(), Plain(2.0), 3, 0.0).x.tolist() == [0, 1, 1, 1]
