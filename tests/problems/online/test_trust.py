"""What a class from elsewhere states in `carries` is compared with single steps."""

import re
import warnings
from typing import ClassVar

import numpy as np
import pytest

from adabound_np import SGD, Adam, AMSGrad, Box, Unconstrained
from adabound_np.adam import AdamState
from adabound_np.carries import Affine, Sum
from problems.online import LinearProblem, engines, reddi_online, run, setting, summarize
from problems.online.sequences import SEQUENCES
from problems.online.side_by_side import summarize_all
from problems.online.trust import STEPS, doubt, is_known, noise
from tests.roster import CASES

PROBLEM = reddi_online().problem


class AdaBelief(Adam):
    """v is driven by g - m, so that its u_t is not free of the state."""

    @staticmethod
    def moments(h, s, g, t):
        m = h.beta1(t) * s.m + (1 - h.beta1(t)) * g
        v = h.beta2 * s.v + (1 - h.beta2) * (g - m) ** 2 + h.eps
        return m, AdamState(t, m, v)


class Honest(AdaBelief):
    carries = None


class Lion(Adam):
    """The sign of a mean; correct carries."""

    @staticmethod
    def moments(h, s, g, t):
        c = h.beta1(t) * s.m + (1 - h.beta1(t)) * g
        return np.sign(c), AdamState(t, h.beta2 * s.m + (1 - h.beta2) * g, 0 * s.v)

    @staticmethod
    def learning_rate(h, s, t):
        return h.schedule(t) * h.alpha

    carries: ClassVar = {"m": Affine("beta2"), "v": Affine("beta2")}


class WrongFactor(Adam):
    carries: ClassVar = {"m": Affine("beta2"), "v": Affine("beta2")}


class Forgets(Adam):
    carries: ClassVar = {"m": Affine("beta1")}


class Unknown(Adam):
    carries: ClassVar = {"m": Affine("beta1"), "v": Affine("beta3")}


class NoMaximum(AMSGrad):
    carries: ClassVar = {"m": Affine("beta1"), "v": Affine("beta2"), "v_hat": Sum()}


class Late(Adam):
    """Another recurrence after 5000 steps."""

    @staticmethod
    def moments(h, s, g, t):
        m, new = Adam.moments(h, s, g, t)
        return m, new._replace(v=np.where(np.asarray(t) > 5000, np.maximum(s.v, g * g), new.v))


class Moves(Adam):
    """Its own step, which lanes do not take."""

    def advance(self, h, x, g, s):
        x, s = super().advance(h, x, g, s)
        return 0.5 * x, s


WRONG = {
    AdaBelief: r"do not describe its moments: v after step \d+ is \S+ by single steps",
    WrongFactor: r"do not describe its moments: m after step \d+ is",
    Forgets: r"do not describe its moments: v after step \d+ is",
    NoMaximum: r"do not describe its moments: v_hat after step \d+ is",
    Unknown: "Unknown raises AttributeError in lanes of steps: .*beta3",
    Late: r"do not describe its moments: v after step 10\d\d\d is",
    Moves: r"Moves moves otherwise in lanes of steps: x after step 1 is",
}


def paper(cls):
    return cls.as_in_paper(lr=0.5, betas=(0.9, 0.99), feasible=PROBLEM.feasible)


@pytest.mark.parametrize("cls", WRONG, ids=lambda cls: cls.__name__)
def test_wrong_carries_are_not_trusted(cls):
    opt = paper(cls)
    expected = run(PROBLEM, opt, 3000, 0.0, engine="steps")
    with pytest.warns(UserWarning, match=f"step by step: .*{WRONG[cls]}") as warned:
        got = run(PROBLEM, opt, 3000, 0.0)
    assert {warning.filename for warning in warned} == {__file__}  # where it was called
    np.testing.assert_array_equal(got.x, expected.x)
    with pytest.warns(UserWarning, match=WRONG[cls]):
        summary = summarize(PROBLEM, opt, 3000, 0.0)
    assert summary.engine == "steps"
    assert summary.regret == pytest.approx(expected.regret[-1])
    for play in (run, summarize):
        with pytest.raises(ValueError, match=f"engine must be 'steps' or 'auto'.*{WRONG[cls]}"):
            play(PROBLEM, opt, 3000, 0.0, engine="parallel")


def test_the_warning_of_several_processes_reaches_the_caller():
    optimizers = {"belief": paper(AdaBelief), "adam": paper(Adam)}
    with pytest.warns(UserWarning, match=WRONG[AdaBelief]):
        both = summarize_all(PROBLEM, optimizers, 3000, 0.0, workers=2)
    assert [summary.engine for summary in both.values()] == ["steps", "parallel"]


def test_the_reason_is_always_the_same():
    reasons = {doubt(PROBLEM, paper(AdaBelief), 0.0, 10_000) for _ in range(2)}
    assert len(reasons) == 1


@pytest.mark.parametrize("cls", [Honest, Lion, Adam])
def test_right_carries_raise_no_warning(cls):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = summarize(PROBLEM, paper(cls), 20_000, 0.0)
    assert summary.engine == ("steps" if cls is Honest else "parallel")


@pytest.mark.parametrize("steps", [1, 2, 40])
def test_a_problem_with_few_steps(steps):
    class Few(LinearProblem):
        def slopes(self, start, stop):
            assert stop <= steps + 1
            return np.full(stop - start, 1.0)

    assert doubt(Few(), paper(Lion), 0.0, steps) is None
    assert "v after step" in doubt(Few(), paper(AdaBelief), 0.0, steps)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", SEQUENCES)
def test_no_doubt_about_the_packages_own(case, name):
    cls, kw = CASES[case]
    s = setting(name)
    for feasible in (s.problem.feasible, Unconstrained()):
        opt = cls(**{**kw, "feasible": feasible})
        if engines.obstacle(s.problem, opt, s.x1) is None:
            assert doubt(s.problem, opt, s.x1, 10**6) is None


def test_only_other_classes_are_compared():
    assert is_known(Adam())
    assert not is_known(paper(Lion))


def test_any_random_sequence_agrees_for_right_carries():
    class Given(LinearProblem):
        def slopes(self, start, stop):
            return np.random.default_rng(3).standard_normal(300)[start - 1 : stop - 1]

    for opt in (SGD(lr=0.1, momentum=0.99, feasible=Box(-1.0, 1.0)), paper(AMSGrad)):
        assert doubt(Given(), opt, 0.0, 300) is None


# -- How it is compared --------------------------------------------------------------------------


class Still(LinearProblem):
    """Slopes of 0: nothing but the random gradients tells classes apart."""

    def slopes(self, start, stop):
        return np.zeros(stop - start)


@pytest.mark.parametrize("cls", [WrongFactor, Forgets, Moves])
def test_a_reason_says_what_is_wrong(cls):
    assert re.search(WRONG[cls], doubt(PROBLEM, paper(cls), 0.0, 40))


def test_no_engine_is_chosen_before_carries_are_compared():
    with pytest.raises(ValueError, match="got 'parallel': the carries of Forgets do not describe"):
        engines.choose("parallel", PROBLEM, paper(Forgets), 0.0, 40)
    assert engines.choose("parallel", PROBLEM, paper(Lion), 0.0, 40) == "parallel"


def test_a_reason_gives_the_state_of_single_steps():
    opt = paper(Forgets)
    reason = re.search(r"(\w) after step (\d+) is (\S+) by", doubt(Still(), opt, 0.0, 10))
    x, s = 0.0, opt.init(0.0)
    for c in noise()[: int(reason[2])]:
        x, s = opt.update(x, c, s)
    assert getattr(s, reason[1]) == pytest.approx(float(reason[3]), rel=1e-4)


def test_random_gradients_are_normal_numbers_times_powers_of_ten():
    c, normal = noise(), np.random.default_rng(0).standard_normal(STEPS)
    powers = np.log10(c[c != 0] / normal[c != 0])
    assert set(powers.round(9)) == {-3, -2, -1, 0, 1, 2}
    assert 0.05 < np.mean(c == 0) < 0.15


def test_states_are_compared_by_their_own_size():
    class Tiny(WrongFactor):
        @staticmethod
        def moments(h, s, g, t):
            return Adam.moments(h, s, 1e-20 * g, t)

    assert "m after step" in doubt(PROBLEM, paper(Tiny), 0.0, 100)


def test_rounding_of_a_sum_that_cancels_is_no_reason():
    """What is left of a sum is compared with the largest one before."""

    class Dual(Adam):
        carries: ClassVar = {"m": Sum(), "v": Sum()}

        @staticmethod
        def moments(h, s, g, t):
            return s.m + g, AdamState(t, s.m + g, s.v + g * g)

    class Back(LinearProblem):
        def slopes(self, start, stop):
            there = np.random.default_rng(0).standard_normal(117)
            return np.concatenate([there, -there[::-1], 0 * there])[start - 1 : stop - 1]

    assert doubt(Back(), paper(Dual), 0.0, 300) is None


@pytest.mark.parametrize(
    ("x1", "nudge", "agrees"),
    [(0.0, 1e-9, True), (0.0, 1.001e-9, False), (4.0, 3e-9, True), (4.0, 5e-9, False)],
)
def test_points_may_differ_by_a_billionth_of_the_largest(x1, nudge, agrees):
    class Nudged(SGD):
        def advance(self, h, x, g, s):
            x, s = super().advance(h, x, g, s)
            return (x + nudge if s.t == 1 else x), s

    opt = Nudged(lr=1e-30, feasible=Unconstrained())
    reason = doubt(Still(), opt, x1, 40)
    assert (reason is None) == agrees
    # as many digits as it takes to tell them apart
    assert agrees or not x1 or "is 4.00000001 by single steps, 4 by lanes" in reason


def test_points_are_compared_on_random_gradients_too():
    """Where the problem's own say nothing."""
    assert re.search("moves otherwise in lanes of steps", doubt(Still(), paper(Moves), 0.0, 40))
