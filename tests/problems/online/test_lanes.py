"""Lanes of steps: where they can be used, how long they are, and what they start from."""

from typing import ClassVar

import numpy as np
import pytest

from adabound_np import SGD, Adam, AdamNC, AMSGrad, Box, Geometric, Unconstrained
from adabound_np.adam import AdamState
from adabound_np.carries import Affine, RunningMax
from problems.online import LinearProblem, reddi_theorem2, run
from problems.online.parallel_in_time import LENGTH, even, growing, obstacle, path, play
from problems.online.protocol import constrained


class Given(LinearProblem):
    """Slopes from a list."""

    name = "given"

    def __init__(self, slopes):
        self.values = np.array(slopes, dtype=float)

    def slopes(self, start, stop):
        return self.values[start - 1 : stop - 1]


DRAWN = np.random.default_rng(0).standard_normal(60)


def points(problem, opt, shapes):
    """x_2, ..., x_{T+1}, in lanes."""
    return np.concatenate([x for _, x in path(problem, opt, 0.0, shapes)])


# -- Where they can be used ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kw", "most"),
    [
        ({"lr": 0.5, "schedule": "inv-sqrt"}, 2.0),
        ({"lr": 4.0}, 0.25),
        ({"lr": 4.0, "fixed_decay": True}, 1.0),
        ({"lr": 0.125, "fixed_decay": True}, 1.0),
    ],
)
def test_a_decay_that_leaves_nothing_of_x_is_too_strong(kw, most):
    """1 - lambda s_1 alpha must be positive; 1 - lambda if the decay is fixed."""
    for decay, reason in ((most, "the weight decay turns x around"), (np.nextafter(most, 0), None)):
        opt = SGD(weight_decay=decay, decoupled_weight_decay=True, feasible=Box(-1.0, 1.0), **kw)
        assert obstacle(Given(DRAWN), opt, 0.0) == reason


def test_all_reasons_are_named():
    opt = SGD(lr=np.array([0.1, 0.2]), weight_decay=8.0, decoupled_weight_decay=True)
    reasons = obstacle(Given(DRAWN), opt, 2.0).split("; ")
    assert reasons == [
        "a batch of trajectories runs step by step",
        "the weight decay turns x around",
    ]


@pytest.mark.parametrize("of_many", [np.min, np.max])
@pytest.mark.parametrize("limit", [2, 3, 10, 1000, 10**6])
def test_functions_that_take_an_array_for_one_step_are_found_out(limit, of_many):
    """Wherever up to a million they branch, and if only the first moment is wrong."""

    def wrong(t):
        return 0.5 if of_many(t) < limit else 0.25

    for kw in ({"schedule": wrong}, {"betas": (wrong, 0.9), "bias_correction": False}):
        assert "takes no array" in obstacle(Given(DRAWN), Adam(**kw), 0.0)


# -- How long they are ---------------------------------------------------------------------------


@pytest.mark.parametrize("period", [1, 3, 100, 128, 129, 512, 513])
def test_lanes_grow_with_the_steps_before_them(period):
    T, t, lengths = 600 * max(period, 16), 0, np.arange(1, 4 * LENGTH + 1)
    for lanes, K in growing(T, period, lanes=1):
        fit = lengths[lengths <= max(1, t / 512)]
        whole = fit[fit % period == 0]
        short = whole[whole <= max(LENGTH, period)] if len(whole) else fit[fit <= LENGTH]
        assert (lanes, K) == (1, min(short[-1], T - t))
        t += K
    assert t == T


@pytest.mark.parametrize("period", [2, 3, 6])
@pytest.mark.parametrize("before", [3, 4, 5, 6])
def test_slopes_that_repeat_are_asked_for_once(period, before):
    """Once the warm-up of 5 steps is over; lanes are 6 steps long, whole periods."""
    asked = []

    class Repeats(LinearProblem):
        warm_up = 5

        def slopes(self, start, stop):
            asked.append(stop - start)
            t = np.arange(start, stop)
            return np.where(t <= 5, 0.5, np.where(t % period, -0.25, 1.0))

    problem, opt = Repeats(), SGD(lr=0.1, feasible=Box(-1.0, 1.0))
    problem.period = period
    got = points(problem, opt, [(1, before), (4, 6)])
    assert asked == [before, 6 if before >= 5 else 24]
    alone = run(problem, opt, before + 24, 0.0, engine="steps").x
    np.testing.assert_allclose(got, alone[1:], atol=1e-14)


def test_the_warm_up_of_theorem_2():
    """A chunk whose first step is the last of the warm-up."""
    problem = reddi_theorem2(beta1=0.0, beta2=0.5).problem
    opt = SGD(lr=1e-3, feasible=problem.feasible)
    got = points(problem, opt, [(1, problem.C - 1), (3, problem.C)])
    alone = run(problem, opt, len(got), 0.0, engine="steps").x
    np.testing.assert_allclose(got, alone[1:], atol=1e-14)


# -- What they start from ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "opt",
    [
        AMSGrad(lr=0.1, betas=(0.5, 0.9), feasible=Box(-1.0, 1.0)),
        Adam(lr=0.1, betas=(Geometric(0.9, 0.8), 0.9), feasible=Unconstrained()),
        AdamNC(lr=0.1, feasible=Box(-1.0, 1.0)),
        SGD(lr=0.1, weight_decay=1.0, decoupled_weight_decay=True, schedule="inv-sqrt"),
    ],
)
@pytest.mark.parametrize("cut", [(1, 60), (3, 5), (5, 4), (60, 1)])
def test_lanes_start_where_the_ones_before_end(opt, cut):
    opt = constrained(Given(DRAWN), opt)
    alone = run(Given(DRAWN), opt, 60, 0.0, engine="steps").x
    np.testing.assert_allclose(points(Given(DRAWN), opt, even(60, *cut)), alone[1:], atol=1e-13)


def test_a_running_maximum_below_zero():
    class Peak(Adam):
        """The rate follows the largest m so far."""

        carries: ClassVar = {"m": Affine("beta1"), "v": RunningMax()}

        def fresh(self, h, x):
            return super().fresh(h, x)._replace(v=np.full_like(x, -np.inf))

        @staticmethod
        def moments(h, s, g, t):
            m = 0.5 * s.m + 0.5 * g
            return m, AdamState(t, m, np.maximum(s.v, m))

        @staticmethod
        def learning_rate(h, s, t):
            return 0.01 * np.exp(s.v)

    problem, opt = Given(-1 - DRAWN**2), Peak(betas=(0.5, 0.0), feasible=Box(-1.0, 1.0))
    alone = run(problem, opt, 60, 0.0, engine="steps").x
    np.testing.assert_allclose(points(problem, opt, even(60, 4, 5)), alone[1:], atol=1e-13)


def test_each_rate_is_seen_once():
    opt, seen = Adam(lr=0.1, feasible=Box(-1.0, 1.0)), {}

    def watch(eta, t):
        seen.update(zip(t.tolist(), eta.tolist(), strict=True))

    shapes = even(60, 4, 5)
    for _ in play(Given(DRAWN), opt, 0.0, shapes, lambda c, lanes: lambda c, x: None, watch):
        pass
    x, s = 0.0, opt.init(0.0)
    assert sorted(seen) == list(range(1, 61))
    for t, c in enumerate(DRAWN, 1):
        x, s = opt.update(x, c, s)
        assert seen[t] == pytest.approx(opt.rate(opt.hyper, s), rel=1e-12)


def test_sums_of_steps_that_overflow_both_ways():
    """Infinity less infinity is no number, but lanes that are pinned do not need it."""
    problem = Given(np.repeat([1000.0, -1000.0], 40))
    opt = SGD(lr=1e305, feasible=Box(-1.0, 1.0))
    got = points(problem, opt, even(80, 10, 8))
    assert got.tolist() == [-1.0] * 40 + [1.0] * 40
