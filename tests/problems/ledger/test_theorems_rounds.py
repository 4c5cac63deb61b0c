"""Runs against bounds: what is added up, at which steps, and over several chunks."""

from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import SGD, AdaBound, AdaGrad, Box
from problems.ledger import rounds as module
from problems.ledger.luo_regret import Ones
from problems.ledger.rounds import follow, rounds, spread
from problems.online.losses import vector_problem
from problems.online.problem import LinearProblem


class Wide(LinearProblem):
    """Slopes 1, -2, 3, -4, ... on a set that is not symmetric."""

    name, feasible = "wide", Box(-1.0, 3.0)

    def slopes(self, start, stop):
        t = np.arange(start, stop)
        return np.where(t % 2, t, -t).astype(float)


class Late(LinearProblem):
    """Slopes 0, 0, 3, 3, ...: at first no gradient."""

    name, feasible = "late", Box(-1.0, 1.0)

    def slopes(self, start, stop):
        return 3.0 * (np.arange(start, stop) > 2)


def vector(T, d=2):
    return vector_problem("quadratic", Box(-1.0, 1.0), "random", T, d, 0, 1.0)


def nothing(s):
    return np.full(len(s.t), np.inf)


@pytest.mark.parametrize(
    ("T", "x1", "name"), [(0, 0.0, "steps"), (2.5, 0.0, "steps"), (5, 9.0, "x1")]
)
def test_arguments_of_a_run_are_checked_before_it(T, x1, name):
    for problem, start in ((Wide(), x1), (vector(5, 2), np.full(2, x1))):
        with pytest.raises((TypeError, ValueError), match=rf"^{name}\b"):
            rounds(problem, SGD.as_in_paper(lr=0.1), T, start)


def test_regret_of_a_linear_problem_over_several_chunks(monkeypatch):
    """Compared with min(-S, 3 S), S the sum of the slopes, on [-1, 3]."""
    monkeypatch.setattr(module, "CHUNK", (2, 4))
    opt = SGD.as_in_paper(lr=0.1, feasible=Box(-1.0, 3.0))
    course = follow(Wide(), opt, 50, 0.5, {"none": nothing})
    x, s, paid, total, regret = 0.5, opt.init(0.5), 0.0, 0.0, []
    for t in range(1, 51):
        c = float(t if t % 2 else -t)
        paid, total = paid + c * float(x), total + c
        regret.append(paid - min(-total, 3 * total))
        x, s = opt.update(x, c, s)
    assert course.t.tolist() == list(range(1, 51))
    assert course.regret == pytest.approx(np.array(regret))
    assert (course.gap, course.crossing) == (0.0, {"none": (None, None)})


def test_every_step_comes_once_in_chunks_of_single_steps():
    T = 4100
    chunks = list(rounds(vector(T, 1), SGD.as_in_paper(lr=0.1), T, np.zeros(1)))
    assert [len(r.t) for r in chunks] == [4096, 4]
    assert np.array_equal(np.concatenate([r.t for r in chunks]), np.arange(1.0, T + 1))
    assert {r.g.shape[1] for r in chunks} == {1}


@pytest.mark.parametrize(
    ("T", "steps"),
    [
        (1, [1]),
        (2, [1, 2]),
        (32, [1, 2, 4, 8, 16, 32]),
        (320, [10, 20, 40, 80, 160, 320]),
    ],
)
def test_the_regret_is_known_at_six_steps_where_a_solver_finds_it(T, steps):
    course = follow(vector(T), SGD.as_in_paper(lr=0.1), T, np.zeros(2), {"none": nothing})
    assert abs(course.t - steps).max() <= 1  # powers of a root, cut off
    assert len(course.t) == len(steps)
    assert abs(course.t - steps).max() <= 1  # roots are cut off
    assert (course.t[0], course.t[-1]) == (steps[0], T)


def test_the_largest_gap_is_kept(monkeypatch):
    """The first, the last or one between is the largest."""
    opt = SGD.as_in_paper(lr=0.1)
    for largest in (1, 4, 32):
        problem = vector(32)

        def certified(self, t, largest=largest):
            return SimpleNamespace(lower=0.0, gap=5.0 if t == largest else 1.0)

        monkeypatch.setattr(type(problem), "certified", certified)
        assert follow(problem, opt, 32, np.zeros(2), {"none": nothing}).gap == 5.0


def test_the_largest_gap_of_earlier_chunks_is_kept(monkeypatch):
    T = 4100  # two chunks of single steps
    problem = vector(T, 1)
    gaps = SimpleNamespace(lower=0.0, gap=5.0), SimpleNamespace(lower=0.0, gap=1.0)
    monkeypatch.setattr(type(problem), "certified", lambda self, t: gaps[t > 4000])
    opt = SGD.as_in_paper(lr=0.1)
    assert follow(problem, opt, T, np.zeros(1), {"none": nothing}).gap == 5.0


def test_a_regret_at_its_bound_does_not_exceed_it():
    """x_t stays at the best point 1, so that the regret is exactly 0."""
    opt = SGD.as_in_paper(lr=0.1, feasible=Box(-1.0, 1.0))
    for bound, crossing in ((0.0, (None, None)), (-1e-9, (1, 1))):
        course = follow(Ones(-1.0), opt, 9, 1.0, {"it": lambda s, b=bound: np.full(len(s.t), b)})
        assert course.crossing["it"] == crossing
        assert not course.regret.any()


def test_what_has_no_momentum_adds_none():
    for opt in (SGD.as_in_paper(lr=0.1), AdaGrad.as_in_paper(lr=0.1)):
        sums = follow(Wide(), opt, 5, 0.0, {"none": nothing}).sums
        assert sums.weighted.tolist() == [0.0]
        assert sums.inverse[0] > 0


@pytest.mark.parametrize("T", [1, 2, 3, 5])
def test_a_gradient_of_0_adds_nothing(T):
    """AdaGrad's rate is infinite until the first gradient."""
    seen = []
    opt = AdaGrad.as_in_paper(lr=0.5)
    course = follow(Late(), opt, T, 0.0, {"none": nothing}, {"all": lambda r, s: seen.append(s)})
    (sums,) = seen
    # sqrt(V_t)/alpha_t = sqrt(sum of squares) sqrt(t) / (0.5 sqrt(t)) = 6 sqrt(t - 2)
    inverse = 6 * np.sqrt(np.maximum(np.arange(1, T + 1) - 2.0, 0))
    assert sums.inverse == pytest.approx(inverse)
    assert sums.first.tolist() == [0.0] * T
    assert sums.rise == pytest.approx(
        np.diff(inverse, prepend=0) / np.where(inverse > 0, inverse, 1)
    )
    assert sums.zeta.tolist() == pytest.approx([0, 0, 0.5, 0.5, 0.5][:T])
    assert len(course.sums.t) == 1


def test_spread_of_the_first_step():
    opt = AdaBound.as_in_paper(bounds=(0.1, 0.4))
    assert spread(opt.hyper, [1, 2, 5]) == pytest.approx([10, 20 - 2.5, 50 - 10])
