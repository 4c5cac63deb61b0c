"""Conditions and remarks of the ledger on runs made by hand, at the edge of what they allow."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import AdaBound, Box
from problems.forms import in_paper
from problems.learning.wilson import Wilson
from problems.ledger import (
    LEDGER,
    amsgrad,
    first_step,
    luo_regret,
    reddi,
    savarese,
    stability,
    wilson,
)
from problems.ledger.dimensions import Case, Worst, many, standard_cases
from problems.ledger.reddi import interval
from problems.online.engines import run
from problems.online.sequences.luo_theorem1 import luo_theorem1
from problems.online.setting import Condition
from problems.rates.curvature import stability_threshold

SHORT = {"kinds": ("linear",), "T": 5, "T_line": 0, "d": 2}


def held(outcome):
    """Whether each condition held, by the beginning of its text."""
    return {c.text[:24]: c.holds for c in (*outcome.assumptions, *outcome.facts)}


def course(regret=(0.0, 1.0), bound=(3.0, 2.0)):
    return SimpleNamespace(
        t=np.array([1, 2]),
        regret=np.array(regret),
        bounds={"bound": np.array(bound)},
        sums=None,
    )


class Asked:
    """In place of `worst`: keeps the predicates, and returns courses that are given."""

    def __init__(self, *courses, assumptions=()):
        self.courses, self.predicates = list(courses) or [course()], {}
        self.assumptions = list(assumptions)

    def __call__(self, cases, optimizer, bound, predicates):
        self.predicates = predicates
        case = Case("a case", None, 3, 2.0, 5.0, 4.0, 0.0, 2)
        found = self.courses.pop(0) if len(self.courses) > 1 else self.courses[0]
        assumed = (self.assumptions.pop(0),) if self.assumptions else ()
        return Worst(case, found, (), assumed, (), ())

    def says(self, beginning, **values):
        """What the predicate with this text says of steps with these values."""
        (holds,) = (p for text, p in self.predicates.items() if text.startswith(beginning))
        values = {name: np.array([value]) for name, value in values.items()}
        return bool(np.all(holds(None, SimpleNamespace(**values), SimpleNamespace(**values))))


@pytest.fixture
def asked(monkeypatch):
    """A function that replaces a module's `worst`."""

    def put(module, *courses, **given):
        found = Asked(*courses, **given)
        monkeypatch.setattr(module, "worst", found)
        return found

    return put


# Cases


@pytest.mark.parametrize(("T_line", "more"), [(0, 0), (1, 2), (30, 2)])
def test_lines_are_run_where_their_steps_are_given(T_line, more):
    several = many(("linear",), T=5, d=2)
    found = standard_cases(5, T_line, 2, 0, 1.0, ("linear",))
    assert [case.name for case in found[: len(several)]] == [case.name for case in several]
    assert [case.T for case in found[len(several) :]] == [T_line] * more


# AMSGrad and AdamNC


def test_the_inverse_rate_of_amsgrad_may_stay_but_not_fall(asked):
    predicates = asked(amsgrad)
    LEDGER["reddi-4"].experiment(**SHORT)
    for rise, holds in ((0.0, True), (-amsgrad.ROUNDING, True), (-2 * amsgrad.ROUNDING, False)):
        assert predicates.says("v_hat_t >= v_hat_{t-1}", rise=rise) == holds


@pytest.mark.parametrize(
    ("beta1", "beta2", "below"), [(0.5, 0.26, True), (0.5, 0.25, False), (0.9, 0.5, False)]
)
def test_gamma_is_below_1(beta1, beta2, below, asked):
    asked(amsgrad)
    outcome = LEDGER["reddi-4"].experiment(beta1=beta1, beta2=beta2, **SHORT)
    assert held(outcome)["gamma = beta1/sqrt(beta2)"[:24]] == below


def test_what_adamnc_assumes_of_its_averages(asked, monkeypatch):
    predicates = asked(amsgrad)
    monkeypatch.setattr(amsgrad, "adamnc_corollary_bound", lambda *a: np.array([7.0]))
    LEDGER["reddi-5"].experiment(alpha=0.5, **SHORT)
    for zeta, holds in ((0.5 * (1 + 1e-9), True), (0.5 * (1 + 2e-9), False), (2.0, False)):
        assert predicates.says("sqrt(v_t)/alpha_t >= |g", zeta=zeta) == holds
    for rise, holds in ((0.0, True), (-1e-9, True), (-2e-9, False), (-1.0, False)):
        assert predicates.says("sqrt(v_t)/alpha_t >= sqrt", rise=rise) == holds


@pytest.mark.parametrize(
    ("regret", "holds"), [((9.0, 7.0), True), ((0.0, 7.1), False), ((7.1, 0.0), True)]
)
def test_corollary_2_is_about_the_last_step(regret, holds, asked, monkeypatch):
    asked(amsgrad, course(regret))
    given = []

    def bound(sums, *rest):
        given.extend(rest)
        return np.array([7.0])

    monkeypatch.setattr(amsgrad, "adamnc_corollary_bound", bound)
    assert held(LEDGER["reddi-5"].experiment(**SHORT))["Corollary 2 on the worst"] == holds
    assert given == [3, 2.0, 0.5, 0.5, 0.9, 4.0]  # d, D_inf, alpha, beta1, lambda, G_inf


def test_the_gradients_of_gamma():
    g = amsgrad.gradients(1000, 3, 0)
    spikes = np.flatnonzero(g[:, -1] == 1000)
    assert spikes.tolist() == list(range(0, 1000, 50))
    assert np.all(np.delete(g[:, -1], spikes) == 1)
    zeros = np.mean(g[:, :2] == 0)
    assert 0.07 < zeros < 0.13
    sizes = np.abs(g[:, :2][g[:, :2] != 0])
    assert sizes.min() < 1e-3
    assert sizes.max() > 1e3


class Rates:
    """Has no state but t, and rates that are given for each step."""

    hyper = None

    def __init__(self, inverse):
        self.inverse = inverse

    def init(self, x):
        return SimpleNamespace(t=0)

    def update(self, x, g, s):
        return x, SimpleNamespace(t=s.t + 1)

    def learning_rate(self, h, s, t):
        return 1 / self.inverse[t - 1]


@pytest.mark.parametrize(
    ("inverse", "both"),
    [
        ([1000.0, 999.0, 1009.0], True),
        ([1000.0, 999.5, 1009.0], False),  # falls by less than a thousandth
        ([1001.0, 1000.0, 1009.0], False),  # by exactly one
        ([1002.0, 1001.0, 1001.5], False),  # rises by less
        ([999.0, 997.0, 998.0, 999.0, 1000.0], True),
        ([991.0, 989.0, 989.0], False),
        ([1002.0, 999.0, 1000.0], False),  # rises by exactly one
        ([1.0, 2.0, 3.0], False),
        ([3.0, 2.0, 1.0], False),
        ([1e-9, 1.0, 2.0, 1.0, 1.5], True),
    ],
)
def test_gamma_of_adam_and_rmsprop_takes_both_signs(inverse, both, monkeypatch):
    rising = [1.0 + t for t in range(len(inverse))]

    def made(name, **options):
        return Rates(inverse if name in ("adam", "rmsprop") else rising)

    monkeypatch.setattr(amsgrad, "in_paper", made)
    outcome = amsgrad.gamma(T=len(inverse), d=2)
    assert [fact.holds for fact in outcome.facts] == [both, both]
    assert outcome.measured == 1 / len(inverse)  # 1 + t, from 2 on, rises by its inverse at most


# [Luo19]


def test_theorem_1_runs_whole_cycles_twice():
    given = {"C": 5, "beta1": 0.5, "lr": 0.1, "x1": 0.0}
    outcome = LEDGER["luo-1"].experiment(**given, T=29)
    assert outcome.steps == 20
    setting = luo_theorem1(**given, force=True)
    x, opt = setting.x1, reddi.adam(setting)
    s, late = opt.init(x), 0.0
    for t in range(1, 21):
        before = float(x)
        c = {1: -1.0, 2: 2.0}.get(t % 5, 0.0)
        late += c * (before + 2) * (t > 10)
        x, s = opt.update(x, c, s)
    assert outcome.measured == pytest.approx(late / 10)
    assert outcome.remarks[0].startswith(f"x_T = {before:.4g}, from x_1 = 0;")


class Followed:
    """In place of `follow`: keeps the predicates, and returns what is given."""

    def __init__(self, luo=(None, None), savarese=(None, None), proof=True):
        self.crossing, self.proof = {"luo": luo, "savarese": savarese}, proof

    def __call__(self, problem, optimizer, T, x1, bounds, predicates):
        self.predicates = predicates
        values = np.array([1.0, 2.0])
        return SimpleNamespace(
            t=np.array([1, T]),
            regret=values,
            bounds={"luo": values + 1, "savarese": values + 2},
            crossing=self.crossing,
            kept={**dict.fromkeys(predicates, True), "proof": self.proof},
        )


def against(monkeypatch, followed, eta_l=lambda t: 0.1, eta_u=lambda t: 0.1, beta1=0.0):
    monkeypatch.setattr(luo_regret, "follow", followed)
    family = SimpleNamespace(eta_l=eta_l, eta_u=eta_u)
    optimizer = AdaBound.as_in_paper(betas=(beta1, 0.9))
    return luo_regret.bounds_against(
        luo_regret.Ones(), optimizer, family, 0.1, 100, 1.0, 1.0, 0.9, {}
    )


@pytest.mark.parametrize(
    ("luo", "text", "steps"),
    [
        ((None, None), "R_t never exceeds the bound", []),
        ((5, None), "R_t first exceeds the bound at t = 5", [5]),
        (
            (5, 7000),
            "R_t first exceeds the bound at t = 5, and stays above it from t = 7,000 on",
            [5, 7000],
        ),
    ],
)
def test_where_the_regret_crosses_the_published_bound(luo, text, steps, monkeypatch):
    outcome = against(monkeypatch, Followed(luo))
    assert outcome.remarks[0] == text
    assert outcome.curves["crossing"].tolist() == steps
    assert outcome.facts[0].holds == (not steps)


def test_what_is_said_of_the_repaired_bound_and_of_the_proof(monkeypatch):
    every = "[Sav19] Theorem 3 holds at every t of the same run: R_T = 2.000 <= 4.000"
    proof = "the proof's inequality 1/eta_t >= 1/eta_{t-1} "
    outcome = against(monkeypatch, Followed())
    assert outcome.remarks[1:] == (every, f"{proof}holds at every t")
    for crossing in ((3, None), (3, 3)):
        outcome = against(monkeypatch, Followed(savarese=crossing, proof=False))
        assert outcome.remarks[1:] == (
            every.replace("holds at every t", "does not hold"),
            f"{proof}fails on this run",
        )


def at(followed, beginning, t, **values):
    (holds,) = (p for text, p in followed.predicates.items() if text.startswith(beginning))
    r = SimpleNamespace(t=np.array([float(t)]), **values)
    return bool(np.all(holds(r, SimpleNamespace(**values))))


def test_each_step_is_compared_with_the_one_before(monkeypatch):
    """A step that alone is above or below both of its neighbours."""

    def peak(t):
        return 0.1 + 0.05 * (np.asarray(t) == 6)

    def valley(t):
        return 0.1 - 0.05 * (np.asarray(t) == 6)

    followed = Followed()
    outcome = against(monkeypatch, followed, peak, valley, beta1=lambda t: 0.5 * peak(t))
    texts = ("eta_l(t) >= eta_l(t-1)", "eta_u(t) <= eta_u(t-1)", "beta1_t <= beta1")
    seen = {text: [t for t in range(1, 10) if not at(followed, text, t)] for text in texts}
    assert seen == {texts[0]: [7], texts[1]: [7], texts[2]: [5]}
    assert outcome.parameters["R_inf"] == 0.1


def test_the_proof_wants_an_inverse_rate_that_does_not_fall(monkeypatch):
    followed = Followed()
    against(monkeypatch, followed)
    for rise, holds in ((0.0, True), (-1e-12, True), (-2e-12, False), (-1.0, False)):
        assert at(followed, "proof", 1, rise=np.array([rise])) == holds
    for G_2, holds in ((1.0, True), (1.0 + 1e-9, False)):
        assert at(followed, "|grad f_t|", 1, G_2=np.array([G_2])) == holds


def test_the_largest_upper_bound_is_the_first(monkeypatch):
    outcome = against(monkeypatch, Followed(), eta_u=lambda t: 0.1 + 0.1 / t)
    assert outcome.parameters["R_inf"] == 0.2


@pytest.mark.parametrize(("C", "G"), [(0.5, 1.0), (3.0, 3.0)])
def test_the_steepest_slope_of_savareses_sequence(C, G):
    outcome = LEDGER["luo-4"].experiment(C=C, delta=0.1, beta2=0.99, T=50, K=50)
    assert outcome.parameters["G_2"] == G


def test_sgds_bounds_do_not_move():
    outcome = LEDGER["luo-4"].experiment(C=4.0, T=50, K=50, sgd=True)
    rate = outcome.parameters["alpha"] / 4
    assert outcome.parameters["R_inf"] == outcome.parameters["alpha*"] == rate


def test_the_smooth_lower_bound_of_theorem_5(monkeypatch):
    """Until T = 1/gamma alpha is at most what eta_l(1) lets through, so that eta_l is the rate."""
    seen = []

    def against(problem, opt, family, alpha_star, T, *rest):
        seen.append((problem, opt, family, T))
        return luo_against(problem, opt, family, alpha_star, T, *rest)

    luo_against = luo_regret.bounds_against
    monkeypatch.setattr(luo_regret, "bounds_against", against)
    LEDGER["luo-5"].experiment(K=10, T=1000, gamma=1e-2, beta2=0.75, alpha_star=2.0, G_smooth=0.5)
    (_, _, _, T), (problem, opt, family, T_smooth) = seen
    assert (T, T_smooth) == (1000, 100)
    assert problem.G == 0.5
    assert family.eta_u(1) == family.eta_u(50) == 2.0
    assert family.eta_l(9) == pytest.approx(2 * (1 - 1 / 1.09))
    x = np.ones(1)
    s, rates = opt.init(x), []
    for _ in range(3):
        x, s = opt.update(x, np.array([0.5]), s)
        rates.append(float(opt.rate(opt.hyper, s)[0]) * math.sqrt(s.t))
    assert rates == pytest.approx([float(family.eta_l(t)) for t in (1, 2, 3)])
    # alpha/sqrt(v_hat_1) is eta_l(1) itself
    assert opt.defaults["lr"] / math.sqrt(0.25 * 0.25) == pytest.approx(float(family.eta_l(1)))


@pytest.mark.parametrize(("lam", "ratio"), [(0.5, 0.5), (None, 0.9)])
def test_the_corollary_sums_momentum_up_at_its_own_ratio(lam, ratio, asked, monkeypatch):
    seen = []
    monkeypatch.setattr(
        luo_regret, "geometric_momentum", lambda d, beta1, lam, most: seen.append(lam) or 1.0
    )
    LEDGER["luo-corollary"].experiment(lam=lam, **SHORT)
    assert set(seen) == {ratio}


# [Reddi18], Theorems 2 and 3


def test_a_cycle_that_does_not_come_back_is_noticed(monkeypatch):
    """At the first step size or at the last."""
    for away in (0, 1):
        runs = iter(range(2))

        def moved(problem, *rest, runs=runs, away=away):
            trajectory = run(problem, *rest)
            n = problem.C
            if next(runs) == away:
                trajectory.x[n] = 0.5
            return trajectory

        monkeypatch.setattr(reddi, "run", moved)
        outcome = LEDGER["luo-2"].experiment(beta1=0.5, beta2=0.5, count=2, lrs=(0.1, 1.0))
        assert [c.holds for c in outcome.facts] == [False]


def drifts(monkeypatch, values):
    """`drift` returns constant samples: values of (lr, C), over two decades and two seeds."""

    def drift(C, *, lr, **given):
        return [1, 4], np.repeat(np.array(values(lr, C))[:, None], 2, axis=1)

    monkeypatch.setattr(reddi, "drift", drift)


@pytest.mark.parametrize(
    ("first", "second", "pooled", "holds"),
    [
        ([1.0, 2.0], [3.0, 4.0], 1.5, True),
        ([3.0, 4.0], [1.0, 2.0], 1.5, True),
        ([0.0, 0.0], [1.0, 2.0], 0.0, True),
        ([5.0, 1.0], [1.0, 4.0], 2.5, True),
        ([1.0, 2.0], [3.0, -1e-9], 1.5 - 5e-10, False),
        ([-1.0, 2.0], [3.0, 4.0], 0.5, False),
        ([1.0, 9.0], [3.0, 4.0], 3.5, True),
    ],
)
def test_the_worst_step_size_is_reported(first, second, pooled, holds, monkeypatch):
    """The worst has the least drift over all steps, decades weighted as sqrt(t) grows."""
    drifts(monkeypatch, lambda lr, C: first if lr == 0.1 else second)
    outcome = LEDGER["luo-3"].experiment(lrs=(0.1, 1.0), seeds=2, T=4)
    assert outcome.measured == pytest.approx(pooled)
    assert outcome.remarks[0].endswith(f"[{outcome.measured:.4g}, {outcome.measured:.4g}]")
    assert [c.holds for c in outcome.facts] == [holds]


@pytest.mark.parametrize(
    ("signs", "text"),
    [
        ([-1, -1, 0, 1, 2], "up to C = 3 and positive from C = 6 on"),
        ([-1, 0, 1, 1, 1], "up to C = 2 and positive from C = 4 on"),
        ([-2, -1, -1, -1, -1], "up to C = 6 and positive from C = inf on"),
        ([0, 0, 1, 1, 1], None),
        ([0, 1, 1, 1, 1], None),
    ],
)
def test_how_the_drift_changes_with_the_constant(signs, text, monkeypatch):
    along = (2.0, 3.0, 4.0, 6.0, 6.0) if text and "6 on" not in text else (2.0, 3.0, 4.0, 6.0, 8.0)
    drifts(monkeypatch, lambda lr, C: [9.0, float(dict(zip(along, signs, strict=True)).get(C, 1))])
    outcome = LEDGER["reddi-3"].experiment(seeds=2, T=4, along=along, along_T=4)
    assert (len(outcome.remarks) == 1) if text is None else (text in outcome.remarks[1])


def test_a_drift_that_is_not_certain_has_no_sign(monkeypatch):
    """Where the 99 % interval contains 0, C is neither negative nor positive."""

    def drift(C, **given):
        samples = {2.0: [-1.0, -1.1], 3.0: [-1.0, 1.5], 4.0: [2.0, 2.1]}.get(C, [1.0, 1.0])
        return [1, 4], np.array([samples, samples])

    monkeypatch.setattr(reddi, "drift", drift)
    outcome = LEDGER["reddi-3"].experiment(seeds=2, T=4, along=(2.0, 3.0, 4.0), along_T=4)
    assert "up to C = 2 and positive from C = 4 on" in outcome.remarks[1]
    assert interval(np.array([-1.0, 1.5]))[1] < 0 < interval(np.array([-1.0, 1.5]))[2]


# [Sav19]


def test_theorem_2_runs_one_step_or_two():
    for T in (1, 2):
        outcome = LEDGER["savarese-2"].experiment(K=5, T=T, seeds=3)
        assert outcome.curves["t"].tolist() == list(range(1, T + 1))
        assert outcome.curves["mean"][0] == 1.0  # delta (x_1 + 1)


@pytest.mark.parametrize("step", [0, 1, 2])
@pytest.mark.parametrize(("apart", "same"), [(1e-12, True), (2e-12, False)])
def test_adabounds_iterates_are_adams(apart, same, step, monkeypatch):
    """At every step, for every seed."""

    def endpoints(batch, opt, T, x1, visit):
        for t in range(T):
            x = np.zeros(len(batch))
            x[t] = apart * (t == step and isinstance(opt, AdaBound))
            visit(x)

    monkeypatch.setattr(savarese, "endpoints", endpoints)
    outcome = LEDGER["savarese-2"].experiment(K=9, T=4, seeds=4)
    assert held(outcome)["AdaBound's iterates are "] == same


def test_what_theorem_3_assumes_of_the_bounds(asked):
    predicates = asked(savarese)
    outcome = LEDGER["savarese-3"].experiment(M=5.0, gamma=1.0, final_lr=1.0, **SHORT)
    assert outcome.parameters["M"] == 5.0
    for M, holds in ((5.0, True), (5.0 + 1e-9, False), (-np.inf, False)):
        assert predicates.says("t/eta_l(t)", M=M) == holds
    family = SimpleNamespace(eta_u=lambda t: 1.0 + (np.asarray(t) == 3), eta_l=lambda t: 1.0)
    outcome = LEDGER["savarese-3"].experiment(family=family, **SHORT)
    assert "M" not in outcome.parameters
    assert [t for t in range(1, 6) if not predicates.says("eta_u(t) <= R_inf", t=t)] == [3]
    for M, holds in ((1e300, True), (np.inf, False)):
        assert predicates.says("t/eta_l(t)", M=M) == holds


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_theorem_3_reports_the_optimizer_nearest_to_its_bound(order, asked):
    """A regret of 1 of 2, and one of 5 of 50."""
    courses = [course((0, 1.0), (9.0, 2.0)), course((0, 5.0), (9.0, 50.0))]
    asked(savarese, *(courses[i] for i in order), None)
    outcome = LEDGER["savarese-3"].experiment(**SHORT)
    assert outcome.measured == 1.0
    assert outcome.parameters["optimizer"] == ("AdaBound", "AMSBound")[order[0]]


@pytest.mark.parametrize("wrong", [0, 1, None])
def test_theorem_3_assumes_the_same_of_both_optimizers(wrong, asked):
    asked(savarese, assumptions=[Condition("assumed", i != wrong) for i in range(2)])
    outcome = LEDGER["savarese-3"].experiment(**SHORT)
    assert outcome.applies == (wrong is None)


@pytest.mark.parametrize(
    ("above", "holds"), [((0.0, 0.0), True), ((1e-9, -1.0), False), ((-1.0, 1e-9), False)]
)
def test_proposition_1_is_about_every_gamma(above, holds, monkeypatch):
    """The largest value is exactly 3 + 2/gamma, or a little more at one gamma."""
    gammas = (0.5, 2.0)
    values = iter([(3 + 2 / g) * (1 + a) for g, a in zip(gammas, above, strict=True)])
    monkeypatch.setattr(savarese, "spread", lambda h, t: np.array([next(values)]))
    outcome = LEDGER["savarese-prop-1"].experiment(gammas=gammas, T=2000)
    assert [c.holds for c in outcome.facts] == [holds]
    worst = gammas[int(np.argmax(above))]
    assert outcome.bound == 3 + 2 / worst
    assert outcome.quantity.endswith(f"gamma = {worst:g}")


# The first step, and scaled bounds


def growing(monkeypatch, ratio):
    """f(x_2)/f(x_1) as a function of h and x_1."""
    monkeypatch.setattr(first_step, "_growth", lambda h, x, opt, step: ratio(h, np.asarray(x)))


#: eta_u(1) = 2 and, without momentum, a threshold of h = 1; |x_1| = 1 is in the middle.
FIRST = {"beta1": 0.0, "beta2": 0.75, "final_lr": 1.0, "gamma": 1.0, "points": 3}


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("h", "worst", "fact", "word"),
    [
        (0.5, 1.0, True, "cannot"),
        (0.5, 1 + 1e-12, True, "cannot"),
        (0.5, 1 + 3e-12, False, "can"),
        (1.0, 1.0, True, "cannot"),
        (1 + 1e-12, 1.0, True, "cannot"),
        (1.0, 2.0, False, "can"),
        (1 + 1e-9, 1.0, False, "cannot"),
        (1 + 1e-9, 2.0, True, "can"),
    ],
)
def test_f_increases_above_the_threshold_alone(h, worst, fact, word, side, monkeypatch):
    """`worst` is the ratio at the largest x_1 of one sign; NaN, at 0, says nothing."""
    growing(
        monkeypatch,
        lambda h, x: np.where(x == side * 1e12, worst, np.where(x == -side, np.nan, 0.1)),
    )
    outcome = first_step.first_step_safety(h=h, alpha=1e-3, **FIRST)
    assert outcome.facts[0].holds == fact
    assert f"f {word} increase, as (1 - beta1) h eta_u(1) = {2 * h:.6g}" in outcome.facts[0].text


def test_momentum_raises_the_threshold(monkeypatch):
    growing(monkeypatch, lambda h, x: np.full_like(x, 0.5))
    for h, holds in ((1.9, True), (2.1, False)):
        outcome = first_step.first_step_safety(h=h, **{**FIRST, "beta1": 0.5})
        assert outcome.facts[0].holds == holds


@pytest.mark.parametrize(
    ("alpha", "inside", "at_1", "holds"),
    [
        (10.0, 9.0, 9.0, True),
        (10.0, 9.0, 5.0, False),
        (10.0, 9.0 * (1 + 4e-9), 9.0, False),
        (10.0, 9.0 * (1 + 1e-10), 9.0, True),
        (1.0, 9.0, 5.0, True),  # 1 is at the reach, where rounding decides
        (1 / (1 - 1e-12), 9.0, 5.0, False),
        (0.1, 9.0, 5.0, True),
        (0.1, 5.0, 9.0, False),
    ],
)
def test_small_iterates_multiply_f(alpha, inside, at_1, holds, monkeypatch):
    """At h = 2 every |x_1| <= alpha / 2 ... multiplies f by (2 * 2 - 1)^2."""
    growing(
        monkeypatch,
        lambda h, x: np.where(np.abs(x) < 0.5, inside, np.where(np.abs(x) == 1, at_1, 5.0)),
    )
    outcome = first_step.first_step_safety(h=2.0, alpha=2 * alpha, **FIRST)
    assert outcome.facts[1].holds == holds
    assert outcome.curves["reach"][0] == pytest.approx(alpha)
    assert outcome.parameters["gamma"] == 1.0


def test_gamma_is_by_default_one_minus_beta2():
    outcome = first_step.first_step_safety(beta2=0.75, points=3)
    assert outcome.parameters["gamma"] == 0.25
    assert first_step.first_step_safety(step=2, points=3).facts[1].holds


@pytest.mark.parametrize(
    "changed", [{"bias_correction": True}, {"eps": 1e-8}, {"feasible": Box(-1.0, 1.0)}]
)
def test_the_first_step_is_that_of_the_paper(changed, monkeypatch):
    class Other(AdaBound):
        @classmethod
        def as_in_paper(cls, **given):
            return AdaBound.as_in_paper(**{**given, **changed})

    monkeypatch.setattr(first_step, "AdaBound", Other)
    outcome = first_step.first_step_safety(points=3)
    assert not held(outcome)["no bias correction, epsilon"[:24]]
    assert outcome.verdict == "not-applicable"


def test_scaling_alpha_alone_is_seen_in_the_rates_that_are_clipped():
    """The worst of 64 rates counts; with wide bounds most of them are not clipped."""
    outcome = LEDGER["clip-homogeneity"].experiment(
        T=2, milestones=(1,), gamma=1e-3, alpha=1.0, final_lr=1e-3, scale_bounds=False
    )
    assert 0 < outcome.curves["clipped"].sum() < 128
    assert outcome.measured > 0.5
    assert outcome.bound == 4 * np.finfo(float).eps


# Stability


class Growing:
    """An optimizer under which the iterates grow where it is said."""

    hyper = None

    def __init__(self, grows):
        self.factor = np.where(grows, 2.0, 0.5)

    def init(self, x):
        return None

    def advance(self, h, x, g, s):
        return x * self.factor, s


def edge(first):
    """For each gamma, iterates that grow from the rate with this number on."""
    return np.concatenate([np.arange(17) >= n for n in first])


@pytest.mark.parametrize(
    ("grows", "apart"),
    [
        (edge([8, 9]), 0.5),
        (edge([9, 11]), 2.5),
        (edge([11, 9]), 2.5),
        (edge([1, 9]), 7.5),
        (edge([16, 9]), 7.5),
        (edge([0, 9]), np.inf),
        (edge([9, 0]), np.inf),
        (edge([17, 9]), np.inf),
        (edge([9, 17]), np.inf),
        (edge([9, 9]) & (np.arange(34) != 30), np.inf),  # not in order
    ],
)
def test_the_edge_is_the_farthest_over_all_momenta(grows, apart, monkeypatch):
    """Rates are 0.25 % apart, eight on each side of the threshold."""
    monkeypatch.setattr(
        stability, "_forms", lambda *a: {"one": (Growing(grows), stability_threshold)}
    )
    outcome = stability.stability(gammas=(0.0, 0.5), T=2)
    assert outcome.measured == pytest.approx(apart * 0.0025)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_edge_is_the_farthest_over_all_forms(order, monkeypatch):
    forms = [Growing(edge([9])), Growing(edge([11]))]
    named = {f"form {i}": (forms[i], stability_threshold) for i in order}
    monkeypatch.setattr(stability, "_forms", lambda *a: named)
    assert stability.stability(gammas=(0.5,), T=2).measured == pytest.approx(2.5 * 0.0025)


@pytest.mark.parametrize(
    ("off", "found"), [(1 / 1.019, True), (1 / 1.021, False), (1 / 0.981, True), (1 / 0.979, False)]
)
def test_an_edge_is_found_among_the_rates_that_are_tried(off, found):
    outcome = stability.stability(gammas=(0.5,), T=500, off=off)
    assert np.isfinite(outcome.measured) == found


# [Wilson17]


def test_a_run_ends_once_it_has_no_loss(monkeypatch):
    monkeypatch.setattr(wilson, "DONE", np.inf)
    outcome = LEDGER["wilson-lemma"].experiment(n=30, T=5)
    assert outcome.measured == 0.0  # no step was taken
    assert outcome.remarks[0].startswith("test accuracy: adagrad 0, rmsprop 0, adam 0, sgd")
    assert outcome.rounding == ("loss after the last step: adagrad 0.5, rmsprop 0.5, adam 0.5",)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_epsilon_is_0_for_all_methods_of_the_lemma(name, monkeypatch):
    def made(spec, **options):
        return in_paper(f"{spec}(eps=1e-8)" if spec == name else spec, **options)

    monkeypatch.setattr(wilson, "in_paper", made)
    outcome = LEDGER["wilson-lemma"].experiment(n=30, T=1)
    assert held(outcome)["epsilon = 0"] is False


@pytest.mark.parametrize("wrong", range(5))
def test_each_solution_is_tried_on_new_points(wrong, monkeypatch):
    """In order: AdaGrad, RMSprop and Adam, the minimum-norm solution, SGD."""
    problem = wilson.construction(30, 0.7, 0, False)
    rate, calls = problem.majority_rate, iter(range(9))
    assert rate < 1

    def accuracy(self, w):
        n = next(calls)
        return 0.25 if n == wrong else (rate if n < 3 else 1.0)

    monkeypatch.setattr(Wilson, "test_accuracy", accuracy)
    outcome = LEDGER["wilson-lemma"].experiment(n=30, T=1)
    assert [c.holds for c in outcome.facts] == [wrong > 2, wrong != 3, wrong != 4]
