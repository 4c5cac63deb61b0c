"""Summaries and verdicts: what is kept of a run, however it is cut, and what is said of it."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import SGD, Adam, Box
from problems.online import LinearProblem, Series, side_by_side, summarize
from problems.online.parallel_in_time import Chunk, even
from problems.online.summary import Tally
from problems.online.verdict import arrival, place

T = 60


class Given(LinearProblem):
    """Slopes from a list."""

    name, feasible = "given", Box(-1.0, 2.0)
    values = np.random.default_rng(1).standard_normal(T)

    def slopes(self, start, stop):
        return self.values[start - 1 : stop - 1]


# -- What is kept --------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [[1], [T], [3, 10, 11, 40, T], list(range(1, T + 1))])
def test_a_tally_is_the_points_between_kept_steps(grid):
    """However steps are cut into lanes; a step is kept by the end of the lane that holds it."""
    c, x = Given.values, np.random.default_rng(2).uniform(-1.5, 2.5, T).clip(-1, 2)
    for cut in itertools.product((1, 2, 5, 6, 7, T), (1, 2, 5)):
        tally, lasts, done = Tally(Given(), np.array(grid)), [], 0
        for L, K in even(T, *cut):
            parts = [a[done : done + L * K].reshape(L, K).T for a in (c, x)]
            row, done = tally(parts[0], L), done + L * K
            for slopes, points in zip(*parts, strict=True):
                row(slopes, points)
            lasts += range(done - (L - 1) * K, done + 1, K)
            tally.close(Chunk(np.array(lasts[-L:]), None))
        got, kept = tally.series(), sorted({min(t for t in lasts if t >= g) for g in grid})
        assert got.t.tolist() == kept
        played = [x[a:b] for a, b in itertools.pairwise([0, *kept])]
        for name, of in (
            ("x", lambda points: points[-1]),
            ("x_min", np.min),
            ("x_max", np.max),
            ("x_mean", np.mean),
            ("pinned", lambda points: np.mean((points == -1) | (points == 2))),
        ):
            np.testing.assert_allclose(getattr(got, name), list(map(of, played)), err_msg=name)
        regret = np.cumsum(c * x) - np.minimum(-np.cumsum(c), 2 * np.cumsum(c))
        np.testing.assert_allclose(got.regret, regret[np.array(kept) - 1], atol=1e-12)


def series(t, **columns):
    """A series with 1 in each column that is not given."""
    one = np.ones(len(t))
    return Series(np.array(t), **dict.fromkeys(Series._fields[1:], one) | columns)


def test_the_slope_of_the_last_decade_begins_at_the_step_kept_before_it():
    """R_t/t is 8 - log t from t = 10 on."""
    t = np.array([1, 5, 10, 20, 50, 100])
    average = np.where(t < 10, 100.0, 8 - np.log(t))
    decade = series(t, average_regret=average).last_decade()
    assert decade.slope == pytest.approx(-1 / np.mean(8 - np.log(t[2:])))
    assert decade.since == 11


def test_a_run_of_few_steps_is_its_last_decade():
    decade = series([2, 3, 7], x_mean=np.array([1.0, 0.0, 0.5])).last_decade()
    assert (decade.since, decade.slope) == (1, 0)
    assert decade.x_mean == pytest.approx((2 * 1.0 + 1 * 0.0 + 4 * 0.5) / 7)


# -- Several optimizers --------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_as_many_workers_as_asked_for(workers, monkeypatch):
    """Threads take the place of processes; one worker is the caller."""
    pools, ticks = [], []

    def threads(workers, context, start, given):
        pools.append(workers)
        return ThreadPoolExecutor(workers, initializer=start, initargs=given)

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor", threads)
    monkeypatch.setattr(side_by_side, "_done", None)
    optimizers = {"sgd": SGD(lr=0.1), "adam": Adam(lr=0.1), "none": SGD(lr=1e-9)}
    runs = side_by_side.summarize_all(
        Given(), optimizers, T, 0.0, workers=workers, tick=ticks.append
    )
    assert pools == [workers] * (workers > 1)
    assert sum(ticks) == 3 * T
    for name, opt in optimizers.items():
        assert runs[name].regret == summarize(Given(), opt, T, 0.0).regret


# -- Verdicts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("feasible", [Box(0.0, 1.0), Box(-1.0, 0.0)])
def test_what_lies_at_the_very_edge_of_near_is_near(feasible):
    """2 % of F, which has the length 1."""
    problem, sign = SimpleNamespace(feasible=feasible), feasible.lo + feasible.hi
    low, high = sorted([0.0, sign * 0.02])
    course = series([1, 2], x_min=np.full(2, low), x_max=np.full(2, high))
    assert place(problem, SimpleNamespace(series=course, optimum=0.0)) == "at the best point"
    assert arrival(problem, 0.0, course) == 1


def test_a_set_whose_length_overflows_counts_as_infinite():
    problem = SimpleNamespace(feasible=Box(-1e308, 1e308))
    course = series([1, 2], x_min=np.zeros(2), x_max=np.array([5.0, 0.0]))
    assert arrival(problem, 0.0, course) == 2
