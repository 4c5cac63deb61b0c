"""What is right passes every check; what is wrong in one way fails in the check of that."""

import sys
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

from adabound_np import SGD, Adam, AMSGrad, Box, L2Ball, Optimizer, Unconstrained
from adabound_np.carries import Affine
from adabound_np.checks import within
from problems.conformance import Check, Report, check_optimizer, check_problem
from problems.forms import in_paper
from problems.online import SEQUENCES, LinearProblem, Setting, setting
from problems.online.losses import vector_problem
from problems.optimizers import OPTIMIZERS
from tests.roster import CASES

SET = ("lr", 0.5), ("beta1", 0.9), ("beta2", 0.99)


def failing(report):
    return [check.name for check in report.checks if check.passed is False]


def inapplicable(report):
    return [check.name for check in report.checks if check.passed is None]


# -- Optimizers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_passes(name):
    paper = in_paper(name, **dict(SET), schedule="inv-sqrt", feasible=Box(-1.0, 1.0))
    for subject in (OPTIMIZERS[name].cls, paper):
        report = check_optimizer(subject)
        assert report.passed, str(report)
        assert inapplicable(report) == []
        assert str(report).count("\n\u2713 ") == len(report.checks) == 15


@pytest.mark.parametrize("case", CASES)
def test_every_case_passes(case):
    cls, kw = CASES[case]
    report = check_optimizer(cls(**kw))
    assert report.passed, str(report)
    parallel = {"lanes of time are steps", "steps in parallel are single steps"}
    assert set(inapplicable(report)) == (parallel if case == "amsgrad" else set())


class BeliefState(NamedTuple):
    t: int
    m: Any
    v: Any


class AdaBelief(Optimizer):
    """As a newcomer writes it, with `carries` left out."""

    State = BeliefState

    def __init__(self, params=None, lr=1e-3, betas=(0.9, 0.999), eps=1e-16, **shared):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps}, shared)

    @staticmethod
    def symbols(group):
        """The hyperparameters, checked."""
        return {
            "rho": within("betas[0]", group["betas"][0], "[0, 1)"),
            "beta2": within("betas[1]", group["betas"][1], "[0, 1)"),
            "eps": within("eps", group["eps"], "[0, inf)"),
        }

    @staticmethod
    def moments(h, s, g, t):
        # m_t = \rho m_{t-1} + (1 - \rho) g_t        [Zhuang20 Alg. 2]
        m = h.rho * s.m + (1 - h.rho) * g
        # d_t = g_t - m_t        [Zhuang20 Alg. 2]
        d = g - m
        # v_t = \beta_2 v_{t-1} + (1 - \beta_2) d_t^2 + \epsilon        [Zhuang20 Alg. 2]
        v = h.beta2 * s.v + (1 - h.beta2) * d**2 + h.eps
        return m, BeliefState(t, m, v)

    @staticmethod
    def learning_rate(h, s, t):
        # \eta_t = s_t \alpha / (\sqrt{v_t} + \epsilon)        [Zhuang20 Alg. 2]
        eta = h.schedule(t) * h.alpha / (np.sqrt(s.v) + h.eps)
        return eta


def test_a_newcomers_optimizer_passes():
    report = check_optimizer(AdaBelief)
    assert report.passed, str(report)
    assert inapplicable(report) == ["steps in parallel are single steps"]
    assert report.checks[-1].detail == ""


class Contract:
    """Wrong in the first check."""


class NoMoments(Optimizer):
    State = BeliefState

    def __init__(self, params=None, lr=0.1, **shared):
        super().__init__(params, {"lr": lr}, shared)

    @staticmethod
    def symbols(group):
        return {}


class NoNamedTuple(Adam):
    State = tuple


class Method(Adam):
    def learning_rate(self, h, s, t):
        return h.alpha


class OtherArguments(Adam):
    @staticmethod
    def moments(h, s, grad, t):
        return Adam.moments(h, s, grad, t)


class ForgetsTime(Adam):
    @staticmethod
    def moments(h, s, g, t):
        m, new = Adam.moments(h, s, g, t)
        return m, new._replace(t=0)


class ConstructorIgnores(Adam):
    def __init__(self, params=None, lr=0.1, betas=(0.9, 0.99), **shared):
        super().__init__(params, 2 * lr, betas, **shared)


class Couples(Adam):
    """The rate of one entry depends on the others."""

    @staticmethod
    def learning_rate(h, s, t):
        return h.alpha / (np.sqrt(np.mean(s.v)) + 1e-8) * np.ones_like(s.v)


class OneRate(SGD):
    """Takes no arrays of hyperparameters."""

    @staticmethod
    def learning_rate(h, s, t):
        return h.schedule(t) * float(np.max(h.alpha))


class Blocks(SGD):
    """Numbers the entries of what it is given."""

    @staticmethod
    def moments(h, s, g, t):
        late = np.arange(np.size(g)).reshape(np.shape(g)) >= 1000
        return np.where(late, 2 * g, g), SGD.State(t, np.asarray(g) * 1)


class Widens(Adam):
    @staticmethod
    def learning_rate(h, s, t):
        return np.float64(1.0) * Adam.learning_rate(h, s, t)


class WritesState(Adam):
    @staticmethod
    def moments(h, s, g, t):
        m, new = Adam.moments(h, s, g, t)
        if np.ndim(s.v):
            s.v[...] = new.v
        return m, new


class WritesGradient(Adam):
    @staticmethod
    def moments(h, s, g, t):
        result = Adam.moments(h, s, g, t)
        if isinstance(g, np.ndarray) and g.flags.writeable and g.shape == (7,):
            g *= 2
        return result


class Draws(SGD):
    calls = 0

    @staticmethod
    def learning_rate(h, s, t):
        Draws.calls += 1
        return h.alpha * (1 + 1e-3 * (Draws.calls % 7) * (np.shape(s.b) == (7,)))


class SetsHyper(Adam):
    @staticmethod
    def moments(h, s, g, t):
        h.last = float(t) if np.ndim(t) == 0 else 0.0
        return Adam.moments(h, s, g, t)


class Branches(Adam):
    """Looks at t with `if`, which an array has no one answer to."""

    carries = None

    @staticmethod
    def learning_rate(h, s, t):
        return 0.5 * h.alpha if t == 1 else h.alpha


class WrongCarries(AdaBelief):
    carries: ClassVar = {"m": Affine("rho"), "v": Affine("beta2")}


class Escapes(SGD):
    carries = None

    @staticmethod
    def move(h, x, m, eta, t):
        return x - eta * m


class Nudges(SGD):
    @staticmethod
    def moments(h, s, g, t):
        return g + 1e-3, SGD.State(t, np.asarray(g) * 1.0)


class DividesByZero(SGD):
    @staticmethod
    def moments(h, s, g, t):
        return g / np.abs(g), SGD.State(t, np.asarray(g) * 1.0)


class LosesState(Adam):
    """Keeps a part of its state out of `State`."""

    def __init__(self, params=None, **given):
        super().__init__(params, **given)
        self.seen = 0

    def advance(self, h, x, g, s):
        self.seen += np.shape(x) == (2, 3)
        x, s = super().advance(h, x, g, s)
        return x * (1 + 1e-3 * (self.seen > 12)), s


class LosesPickle(Adam):
    def __getstate__(self):
        return {**super().__getstate__(), "hyper": None, "_slots": []}


class TakesAll(SGD):
    carries = None

    def __init__(self, params=None, lr=0.1, power=0.5, **shared):
        Optimizer.__init__(self, params, {"lr": lr, "power": power}, shared)

    @staticmethod
    def symbols(group):
        return {"p": group["power"]}

    @staticmethod
    def moments(h, s, g, t):
        return g, SGD.State(t, np.asarray(g) * 1.0)


class WrongLine(AdaBelief):
    @staticmethod
    def moments(h, s, g, t):
        # m_t = \rho m_{t-1} + (1 - \rho) g_t        [Zhuang20 Alg. 2]
        m = h.rho * s.m + g
        return m, BeliefState(t, m, h.beta2 * s.v + (1 - h.beta2) * (g - m) ** 2 + h.eps)


class WrongReturn(AdaBelief):
    @staticmethod
    def learning_rate(h, s, t):
        # \eta_t = s_t \alpha / (\sqrt{v_t} + \epsilon)        [Zhuang20 Alg. 2]
        eta = h.schedule(t) * h.alpha / (np.sqrt(s.v) + h.eps)
        return 2 * eta


CONTRACT = "the class is as the contract says"
NUMBERS = "an array moves as its entries would alone"
BATCH = "hyperparameters as arrays run a batch"
STEPS = "steps in place and in blocks are updates"
FLOAT32 = "float32 stays float32"
PURE = "moments and learning_rate are pure"
LANES = "lanes of time are steps"
PARALLEL = "steps in parallel are single steps"
IN_F = "points stay in F"
ZERO = "a zero gradient moves nothing"
RESUMED = "a run resumed by {} continues"
REFUSED = "wrong hyperparameters are refused"
EQUATIONS = "lines compute the equations above them"

#: Mutant -> the check that must fail, and what it says.
MUTANTS = {
    Contract: (CONTRACT, "Contract must derive from adabound_np.Optimizer"),
    NoMoments: (CONTRACT, "the class must define moments(h, s, g, t)"),
    NoNamedTuple: (CONTRACT, "State must be a named tuple whose first field is t"),
    Method: (CONTRACT, "learning_rate must be a staticmethod"),
    OtherArguments: (CONTRACT, "moments must take (h, s, g, t), got (h, s, grad, t)"),
    ForgetsTime: (CONTRACT, "the state after the first step must have t = 1, got 0"),
    ConstructorIgnores: (CONTRACT, "the constructor makes ConstructorIgnores(lr=0.4"),
    Couples: (NUMBERS, "x in an array is "),
    OneRate: (BATCH, "x in a batch is "),
    Blocks: (STEPS, "x of `step` is "),
    Widens: (FLOAT32, "the rate is float64 at t = 1, expected float32"),
    WritesState: (PURE, "after moments, s v is "),
    WritesGradient: (PURE, "after moments, g is "),
    Draws: (PURE, "learning_rate, called twice, is "),
    SetsHyper: (PURE, "moments changes the hyperparameters at t = 1"),
    Branches: (LANES, "ValueError: The truth value of an array"),
    WrongCarries: (PARALLEL, "the carries of WrongCarries do not describe its moments: v after"),
    Escapes: (IN_F, "leaves Box(lo=-0.01, hi=0.01) at t = 1"),
    Nudges: (ZERO, "x is 0.499"),
    DividesByZero: (ZERO, "x = [nan"),
    LosesState: (RESUMED.format("state_dict"), "x of the resumed run is "),
    LosesPickle: (RESUMED.format("pickle"), ""),
    TakesAll: (REFUSED, "power = nan is taken"),
    WrongLine: (EQUATIONS, r"equation m_t = \rho m_{t-1} + (1 - \rho) g_t"),
    WrongReturn: (EQUATIONS, "returns another eta than it computed"),
}
#: Checks that a mutant fails beside its own, since one fault shows in both.
ALSO = {
    Couples: {BATCH, STEPS, LANES, PARALLEL},
    WritesState: {FLOAT32, PARALLEL},
    WritesGradient: {NUMBERS, PARALLEL},
    Draws: {NUMBERS, PARALLEL},
    DividesByZero: {PARALLEL, IN_F},
    LosesPickle: {RESUMED.format("deepcopy")},
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda cls: cls.__name__)
def test_a_wrong_optimizer_fails_in_the_right_check(mutant):
    check, detail = MUTANTS[mutant]
    report = check_optimizer(mutant)
    assert not report
    assert set(failing(report)) == {check, *ALSO.get(mutant, ())}, str(report)
    assert detail in next(c.detail for c in report.checks if c.name == check), str(report)


def test_the_rest_of_a_broken_contract_is_not_checked():
    report = check_optimizer(Method)
    assert failing(report) == [CONTRACT]
    assert {check.detail for check in report.checks[1:]} == {f"needs {CONTRACT!r}"}


def test_a_local_class_has_no_pickle():
    class Local(AMSGrad):
        pass

    report = check_optimizer(Local)
    assert report.passed, str(report)
    assert inapplicable(report) == [RESUMED.format("pickle")]


def test_an_equation_that_cannot_be_read_is_named():
    class Odd(AdaBelief):
        @staticmethod
        def learning_rate(h, s, t):
            # \eta_t = \xi_{17} / v_t        [nowhere]
            eta = h.alpha / (np.sqrt(s.v) + h.eps)
            return eta

    check = check_optimizer(Odd(eps=0.1)).checks[-1]
    assert check.passed
    assert check.detail.startswith(r"cannot read \eta_t = \xi_{17} / v_t")


def test_without_sympy_equations_are_not_checked(monkeypatch):
    monkeypatch.setitem(sys.modules, "problems.reading.checker", None)
    check = check_optimizer(Adam).checks[-1]
    assert check.passed is None
    assert check.detail.startswith("reading equations needs the extra 'test'")


def test_arrays_of_hyperparameters_are_refused():
    report = check_optimizer(Adam(lr=np.array([0.1, 0.2])))
    assert "hyperparameters must be numbers here" in report.checks[0].detail


def test_the_report_prints_lines():
    checks = Check("one", True), Check("two", None, "why"), Check("three", False, "t = 1")
    report = Report("Mine", checks)
    assert str(report) == "Mine\n\u2713 one\n- two: why\n\u2717 three: t = 1"
    assert not report
    assert Report("Mine", checks[:2])


# -- Problems ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Late(LinearProblem):
    """Slopes 20, 10, -1, -1, -1, then the last three again and again."""

    name = "late"
    period = 3
    warm_up = 2

    def slopes(self, start, stop):
        t = np.arange(start, stop)
        return np.where(t <= 2, 30.0 - 10 * t, np.where(t % 3 == 0, 4.0, -1.0))


@dataclass(frozen=True)
class Square:
    a: float

    def __call__(self, x):
        return (x - self.a) ** 2 / 2

    def gradient(self, x):
        return x - self.a


class Squares:
    """f_t(x) = (x - a_t)^2/2 with a_t in turn 0, 1, 3."""

    feasible = Box(-2.0, 2.0)

    def targets(self, T):
        return np.array([0.0, 1.0, 3.0])[np.arange(T) % 3]

    def reveal(self, T):
        for t, a in enumerate(self.targets(T).tolist(), 1):
            yield t, Square(a)

    def comparator(self, T):
        return float(np.clip(self.targets(T).mean(), *self.clip))

    clip = (-2.0, 2.0)

    def best_losses(self, T):
        best = [self.comparator(t) for t in range(1, T + 1)]
        return np.array([np.sum((x - self.targets(t)) ** 2) / 2 for t, x in enumerate(best, 1)])


class Anywhere(Squares):
    feasible = Unconstrained()
    clip = (-np.inf, np.inf)


class Aside(Squares):
    """F is far from 0, and the best point an end of it."""

    feasible = Box(100.0, 101.0)
    clip = (100.0, 101.0)


class HalfLine(Squares):
    feasible = Box(0.5, np.inf)
    clip = (0.5, np.inf)


@pytest.mark.parametrize("name", SEQUENCES)
def test_every_sequence_passes(name):
    s = setting(name)
    for subject in (s, s.problem):
        report = check_problem(subject)
        assert report.passed, str(report)
    periodic = s.problem.period > 1
    assert ("slopes repeat after a period" in inapplicable(report)) != periodic


@pytest.mark.parametrize(
    "problem", [Late(), Squares(), Anywhere(), Aside(), HalfLine()], ids=lambda p: type(p).__name__
)
def test_other_right_problems_pass(problem):
    report = check_problem(problem)
    assert report.passed, str(report)
    lines = [check for check in report.checks if check.passed]
    assert len(lines) == (10 if isinstance(problem, Late) else 7)


@pytest.mark.parametrize("kind", ["linear", "quadratic", "absolute", "logistic"])
@pytest.mark.parametrize("feasible", [Box(-1.0, 1.0), L2Ball(1.5, center=0.5)])
def test_problems_in_more_dimensions_pass(kind, feasible):
    report = check_problem(vector_problem(kind, feasible, d=3), steps=12)
    assert report.passed, str(report)


class NoBestLosses:
    feasible = Box(-1.0, 1.0)
    reveal = comparator = Squares.reveal


class Column(Squares):
    """The gradient is an array of one entry."""

    def reveal(self, T):
        for t, f in super().reveal(T):
            yield t, Changed(f, lambda x, g: np.array([g]))


@dataclass(frozen=True)
class Changed:
    f: Any
    change: Any

    def __call__(self, x):
        return self.f(x)

    def gradient(self, x):
        return self.change(x, self.f.gradient(x))


class Sign(Squares):
    def reveal(self, T):
        for t, f in super().reveal(T):
            yield t, Changed(f, lambda x, g, t=t: -g if t == 17 else g)


class Concave(Squares):
    def reveal(self, T):
        for t, f in super().reveal(T):
            yield t, (Bump() if t == 5 else f)

    def best_losses(self, T):
        return np.array(
            [sum(f(self.comparator(n)) for _, f in self.reveal(n)) for n in range(1, T + 1)]
        )


class Bump:
    def __call__(self, x):
        return -0.01 * x**2

    def gradient(self, x):
        return -0.02 * x


class OffByOne(Squares):
    def reveal(self, T):
        for t, f in super().reveal(T):
            yield t - 1, f


class TooFew(Squares):
    def reveal(self, T):
        return list(super().reveal(T))[:-1]


class Fickle(Squares):
    """Other functions each time."""

    def __init__(self):
        self.rng = np.random.default_rng(0)

    def targets(self, T):
        return self.rng.standard_normal(T)


class Foresees(Squares):
    """f_t depends on T."""

    def targets(self, T):
        return super().targets(T) + 0.01 * T


class NotBest(Squares):
    def comparator(self, T):
        return super().comparator(T) * 0.9


class Outside(Squares):
    clip = (-np.inf, np.inf)

    def targets(self, T):
        return super().targets(T) + 3


class OneTooMuch(Squares):
    def best_losses(self, T):
        return super().best_losses(T) + (np.arange(T) == T - 1)


class Shifted(Squares):
    def best_losses(self, T):
        return np.append(0.0, super().best_losses(T))[:T]


class Short(Squares):
    def best_losses(self, T):
        return super().best_losses(T)[1:]


@dataclass(frozen=True)
class Ring:
    """No convex set: |x| >= 1."""

    elementwise = True

    def contains(self, x):
        return bool(np.all(np.abs(x) >= 1))

    def project(self, y, eta):
        return np.where(np.abs(y) >= 1, y, np.where(np.asarray(y) < 0, -1.0, 1.0))

    def argmin_linear(self, g):
        raise ValueError("unbounded")


class OnARing(Anywhere):
    feasible = Ring()


class Overshoots(Box):
    """Projects onto less than F."""

    def project(self, y, eta):
        return np.clip(0.5 * y, self.lo, self.hi)


class OnHalf(Squares):
    feasible = Overshoots(-2.0, 2.0)


class WrongEnd(Box):
    def argmin_linear(self, g):
        return super().argmin_linear(-np.asarray(g))


class AtTheWrongEnd(Squares):
    feasible = WrongEnd(-2.0, 2.0)


class Cut(Late):
    """Slopes that count from the start of the range."""

    def slopes(self, start, stop):
        return np.where(np.arange(stop - start) % 3 == 0, 4.0, -1.0)


class Period(Late):
    period = 4


class WarmUp(Late):
    warm_up = 1


class RevealsOther(Late):
    def reveal(self, T, chunk=0):
        for t, f in super().reveal(T):
            yield t, f._replace(c=2 * f.c)

    def comparator(self, T):
        return super().comparator(T)

    def best_losses(self, T):
        return 2 * super().best_losses(T)


P_CONTRACT = "the problem is as the contract says"
F_CONVEX = "F is convex, and its projection goes onto it"
REVEAL = "f_1 to f_T are revealed, the same each time"
GRADIENTS = "gradients are the losses' differences"
CONVEX = "losses are convex along chords"
COMPARATOR = "no point of F has less total loss than the comparator"
BEST = "best_losses are the comparators' losses"
CUTS = "slopes do not depend on the cut into ranges"
PERIOD = "slopes repeat after a period"
LINEAR = "a linear problem reveals its slopes"

#: Mutant -> the check that must fail, what it says, and checks in which the same fault shows.
WRONG = {
    NoBestLosses: (P_CONTRACT, "the problem must have best_losses", ()),
    Column: (P_CONTRACT, "the gradient of f_1 has shape (1,), expected x's, ()", ()),
    Sign: (GRADIENTS, " at t = 17, x = ", ()),
    Concave: (CONVEX, "f_5 is ", (COMPARATOR,)),
    OffByOne: (REVEAL, "reveal(60) numbers f_1 with 0", ()),
    TooFew: (REVEAL, "reveal(60) gives 59 functions", (COMPARATOR, BEST)),
    Fickle: (REVEAL, "revealed again with T = 60, is ", (COMPARATOR, BEST)),
    Foresees: (REVEAL, "revealed again with T = 30, is ", (COMPARATOR, BEST)),
    NotBest: (COMPARATOR, "comparator(2) = 0.45 has the total loss", ()),
    Outside: (COMPARATOR, "comparator(1) = 3.0 is no point of F", ()),
    OneTooMuch: (BEST, "best_losses(1) gives 1 after step 1, comparator(1) has 0", ()),
    Shifted: (BEST, "best_losses(60) gives 0 after step 2", ()),
    Short: (BEST, "best_losses(60) has shape (59,), expected (60,)", ()),
    OnARing: (F_CONVEX, "between them", (COMPARATOR,)),
    OnHalf: (F_CONVEX, "a projected point of F is ", ()),
    AtTheWrongEnd: (F_CONVEX, "argmin_linear(", ()),
    Cut: (CUTS, "slopes(", ()),
    Period: (PERIOD, "the slope 4 steps after t is ", ()),
    WarmUp: (PERIOD, "the slope 3 steps after t is -1.0, expected 10.0 at t = 2", ()),
    RevealsOther: (LINEAR, "f_1(x) is ", ()),
}


@pytest.mark.parametrize("mutant", WRONG, ids=lambda cls: cls.__name__)
def test_a_wrong_problem_fails_in_the_right_check(mutant):
    check, detail, also = WRONG[mutant]
    report = check_problem(mutant())
    assert not report
    assert set(failing(report)) == {check, *also}, str(report)
    assert detail in next(c.detail for c in report.checks if c.name == check), str(report)


def test_a_setting_that_starts_outside():
    s = setting("reddi-online")
    object.__setattr__(s, "x1", 2.0)
    assert failing(check_problem(s)) == ["x_1 lies in F"]
    assert check_problem(Setting(Squares(), 0.9, 0.99, 0.5, 0.0))


def test_steps_that_are_none():
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        check_problem(Squares(), steps=0)
    assert check_problem(Squares(), steps=1)
