r"""[Luo19]: the regret bounds that are false (Theorems 4 and 5), and what of them is true."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adabound_np import (
    AdaBound,
    AMSBound,
    Constant,
    DynamicBounds,
    Geometric,
    Optimizer,
    PairOfBounds,
)
from problems.ledger.bounds import geometric_momentum, luo_bound, savarese_bound
from problems.ledger.dimensions import (
    Case,
    outcome_of,
    shared_assumptions,
    standard_cases,
    worst,
)
from problems.ledger.entry import Entry, Outcome, shown
from problems.ledger.rounds import Rounds, Sums, follow
from problems.online.comparators import LOSSES
from problems.online.problem import LinearProblem
from problems.online.sequences.savarese import savarese
from problems.online.setting import Condition

__all__ = ["ENTRIES", "LateBounds", "Ones", "admissible", "bounds_against"]

Predicate = Callable[[Rounds, Sums], Any]


def admissible(family: Any, alpha_star: float) -> tuple[dict[str, Predicate], Condition]:
    r"""What Theorems 4 and 5 assume of the bounds: at every t, and in the limit."""

    def lower(r: Rounds, s: Sums) -> Any:
        return family.eta_l(np.maximum(r.t - 1, 1)) <= family.eta_l(r.t)

    def upper(r: Rounds, s: Sums) -> Any:
        return family.eta_u(np.maximum(r.t - 1, 1)) >= family.eta_u(r.t)

    def ordered(r: Rounds, s: Sums) -> Any:
        return (family.eta_l(r.t) > 0) & (family.eta_l(r.t) <= family.eta_u(r.t))

    near = [
        math.isclose(float(end(1e30)), alpha_star, rel_tol=1e-9)
        for end in (family.eta_l, family.eta_u)
    ]
    return {
        "eta_l(t) >= eta_l(t-1), at every t": lower,
        "eta_u(t) <= eta_u(t-1), at every t": upper,
        "0 < eta_l(t) <= eta_u(t), at every t": ordered,
    }, Condition(f"eta_l and eta_u tend to alpha* = {alpha_star:.6g}", all(near))


def bounds_against(
    problem: LinearProblem,
    optimizer: Optimizer,
    family: Any,
    alpha_star: float,
    T: int,
    x1: float,
    steepest: float,
    beta1: float,
    parameters: dict[str, Any],
) -> Outcome:
    r"""Run a bounded optimizer against [Luo19]'s published bound, and [Sav19]'s on the same run."""
    D = float(problem.feasible.hi - problem.feasible.lo)
    R_inf = float(family.eta_u(1))
    predicates, limit = admissible(family, alpha_star)
    predicates["x_t lies in F, of diameter D_inf, at every t"] = lambda r, s: (
        (problem.feasible.lo <= r.x) & (r.x <= problem.feasible.hi)
    )
    predicates["|grad f_t|_2 <= G_2, at every t"] = lambda r, s: steepest >= s.G_2
    predicates["beta1_t <= beta1 and not increasing, at every t"] = lambda r, s: (
        (optimizer.hyper.beta1(r.t) <= beta1)
        & (optimizer.hyper.beta1(r.t + 1) <= optimizer.hyper.beta1(r.t))
    )
    # What the proof takes for granted, and no assumption gives
    proof = "proof"
    course = follow(
        problem,
        optimizer,
        T,
        x1,
        {
            "luo": lambda s: luo_bound(s, D, steepest, R_inf, beta1),
            "savarese": lambda s: savarese_bound(s, 1, D, steepest, R_inf, beta1),
        },
        {**predicates, proof: lambda r, s: s.rise >= -1e-12},
    )
    first, since = course.crossing["luo"]
    repaired = float(course.bounds["savarese"][-1])
    remarks = [
        "R_t never exceeds the bound"
        if first is None
        else f"R_t first exceeds the bound at t = {first:,}"
        + ("" if since is None else f", and stays above it from t = {since:,} on"),
        "[Sav19] Theorem 3 "
        + ("holds at every t" if course.crossing["savarese"][0] is None else "does not hold")
        + f" of the same run: R_T = {shown(course.regret[-1])} <= {shown(repaired)}",
        "the proof's inequality 1/eta_t >= 1/eta_{t-1} "
        + ("holds at every t" if course.kept[proof] else "fails on this run"),
    ]
    return Outcome(
        (*(Condition(text, course.kept[text]) for text in predicates), limit),
        {**parameters, "D_inf": D, "G_2": steepest, "R_inf": R_inf, "alpha*": alpha_star},
        T,
        "R_T",
        float(course.regret[-1]),
        float(course.bounds["luo"][-1]),
        "<=",
        (Condition("R_t is at most the bound at every t", first is None),),
        tuple(remarks),
        {
            "t": course.t,
            "regret": course.regret,
            "bound": course.bounds["luo"],
            "repaired": course.bounds["savarese"],
            "crossing": np.array([t for t in (first, since) if t is not None]),
        },
    )


def theorem_4(
    *,
    C: float = 64.0,
    beta1: float = 0.0,
    beta2: float = 0.5,
    delta: float = 1.0,
    K: int = 10_000_000,
    T: int = 10_000_000,
    seed: int = 0,
    sgd: bool = False,
) -> Outcome:
    r"""Run AdaBound on [Sav19]'s sequence and bounds, T <= K, against the published bound.

    With `sgd`, \eta_u(t) = \eta_l(t) = \alpha/C from the start, as K = 0 would have it.
    """
    setting = savarese(C=C, beta1=beta1, beta2=beta2, delta=delta, K=K, seed=seed, force=True)
    family: Any = setting.bounds
    if sgd:
        family = PairOfBounds(Constant(setting.lr / C), Constant(setting.lr / C))
    opt = AdaBound.as_in_paper(
        lr=setting.lr, betas=(beta1, beta2), bounds=family, feasible=setting.problem.feasible
    )
    parameters = {
        "C": C,
        "beta1": beta1,
        "beta2": beta2,
        "delta": delta,
        "alpha": setting.lr,
        "K": K,
        "seed": seed,
        "x1": setting.x1,
        "bounds": repr(family),
    }
    return bounds_against(
        setting.problem, opt, family, setting.lr / C, T, setting.x1, max(C, 1.0), beta1, parameters
    )


@dataclass(frozen=True)
class Ones(LinearProblem):
    """f_t(x) = G x on [-1, 1]: the simplest problem there is.

    Parameters
    ----------
    G : float
        The slope.
    """

    G: float = 1.0
    name = "ones"

    def slopes(self, start: int, stop: int) -> Any:
        """c_t for start <= t < stop."""
        return np.full(stop - start, self.G)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = {self.G:g}x"


@dataclass(frozen=True)
class LateBounds:
    r"""\eta_u = \alpha^*; \eta_l = `low` until K and \alpha^* after.

    Both are as [Luo19] Theorem 5 asks: \eta_l never falls, \eta_u never rises, both tend to
    \alpha^*.
    """

    low: float
    final_lr: float
    K: int

    def eta_l(self, t: Any) -> Any:
        """Lower bound at step t."""
        return (t <= self.K) * self.low + (t > self.K) * self.final_lr

    def eta_u(self, t: Any) -> Any:
        """Upper bound at step t."""
        return self.final_lr + 0.0 * t


def theorem_5(
    *,
    G: float = 1.0,
    alpha: float = 1e-6,
    alpha_star: float = 1.0,
    beta1: float = 0.0,
    beta2: float = 0.9,
    K: int = 10_000,
    T: int = 1_000_000,
    x1: float = 1.0,
    gamma: float = 1e-6,
    G_smooth: float = 0.1,
) -> Outcome:
    r"""Run AMSBound on f_t(x) = G x, with a lower bound that stays low for K steps.

    \hat v_t >= (1 - \beta_2) G^2, so that \alpha/\sqrt{\hat v_t} is at most the lower bound
    \ell = \alpha/(G \sqrt{1 - \beta_2}), which is therefore the rate until K: x hardly moves from
    x_1 = 1, and R_t is about 2 G t. After K the rate is \alpha^*, whose inverse is all that the
    published bound knows of the past.
    """
    low = min(alpha / (G * math.sqrt(1 - beta2)), alpha_star)

    def against(family: Any, slope: float, alpha: float, T: int, parameters: Any) -> Outcome:
        opt = AMSBound.as_in_paper(
            lr=alpha, betas=(beta1, beta2), bounds=family, feasible=Ones(slope).feasible
        )
        return bounds_against(Ones(slope), opt, family, alpha_star, T, x1, slope, beta1, parameters)

    late = LateBounds(low, alpha_star, K)
    outcome = against(
        late,
        G,
        alpha,
        T,
        {
            "G": G,
            "alpha": alpha,
            "beta1": beta1,
            "beta2": beta2,
            "K": K,
            "x1": x1,
            "bounds": repr(late),
        },
    )
    # the same with a smooth lower bound: the paper's own, while eta_u = alpha* from the start
    T_smooth = min(T, round(1 / gamma))
    eta_l: Any = DynamicBounds(alpha_star, gamma).eta_l
    half_open = PairOfBounds(eta_l, Constant(alpha_star))
    alpha_smooth = eta_l(1) * G_smooth * math.sqrt(1 - beta2)
    smooth = against(half_open, G_smooth, alpha_smooth, T_smooth, {})
    remark = (
        f"with the paper's own eta_l, gamma = {gamma:g}, and eta_u = alpha*, on {G_smooth:g}x: "
        f"R_T = {shown(smooth.measured)} against {shown(smooth.bound)} at T = {T_smooth:,}"
    )
    return Outcome(**{**vars(outcome), "remarks": (*outcome.remarks, remark)})


def corollary(
    *,
    optimizer: type[Optimizer] = AdaBound,
    alpha: float = 0.5,
    beta1: float = 0.5,
    lam: float | None = 0.9,
    beta2: float = 0.9,
    final_lr: float = 1.0,
    gamma: float = 1.0,
    T: int = 400,
    T_line: int = 1_000_000,
    d: int = 3,
    seed: int = 0,
    scale: float = 1.0,
    kinds: tuple[str, ...] = tuple(LOSSES),
) -> Outcome:
    r"""The step from Theorem 4 to its corollary, and the corollary on [Sav19]'s repair.

    With lam = None, \beta_{1t} = \beta_1 throughout: not what the corollary is about.
    """
    momentum: Any = beta1 if lam is None else Geometric(beta1, lam)
    ratio = 0.9 if lam is None else lam
    family = DynamicBounds(final_lr, gamma)
    L_inf, R_inf = float(family.eta_l(1)), float(family.eta_u(1))

    def make_it(case: Case) -> Optimizer:
        return optimizer.as_in_paper(
            lr=alpha, betas=(momentum, beta2), bounds=family, feasible=case.problem.feasible
        )

    def bound(case: Case, s: Sums) -> Any:
        worst_case = geometric_momentum(case.d, beta1, ratio, 1 / L_inf)
        with_it = s._replace(weighted=np.full(len(s.t), worst_case))
        return savarese_bound(with_it, case.d, case.D, case.G_2, R_inf, beta1)

    at_t = Constant(beta1) if lam is None else momentum
    found = worst(
        standard_cases(T, T_line, d, seed, scale, kinds),
        make_it,
        bound,
        shared_assumptions(at_t, beta1),
    )
    base = outcome_of(
        found,
        {
            "optimizer": optimizer.__name__,
            "alpha": alpha,
            "beta1": beta1,
            "lambda": lam,
            "beta2": beta2,
            "alpha*": final_lr,
            "gamma": gamma,
        },
    )
    # \sum_t \sum_i \beta_{1t} \eta_{t,i}^{-1} \le d \beta_1 / (L_\infty (1 - \lambda)^2)
    measured = float(found.course.sums.weighted[0])
    largest = geometric_momentum(found.case.d, beta1, ratio, 1 / L_inf)
    geometric = Condition("beta1_t = beta1 lambda^(t-1), 0 < lambda < 1", lam is not None)
    repaired = (
        f"with [Sav19] Theorem 3 in place of Theorem 4, on the worst case: R_T = "
        f"{shown(base.measured)} <= {shown(base.bound)}"
    )
    return Outcome(
        **{
            **vars(base),
            "assumptions": (geometric, *base.assumptions),
            "measured": measured,
            "bound": largest,
            "quantity": "sum of beta1_t/eta_{t,i} over t and i",
            "remarks": (*base.remarks, repaired),
        }
    )


_BOUND = ("problems/ledger/bounds.py", "problems/ledger/luo_regret.py")
_PUBLISHED = (
    r"R_T \le \frac{D_\infty^2 \sqrt{T}}{2(1-\beta_1)} \sum_i \hat\eta_{T,i}^{-1}"
    r" + \frac{D_\infty^2}{2(1-\beta_1)} \sum_t \sum_i \beta_{1t} \eta_{t,i}^{-1}"
    r" + (2\sqrt{T} - 1) \frac{R_\infty G_2^2}{1-\beta_1}"
)
_SLIP = ("The proof takes η_{t,i}⁻¹ ≥ η_{t−1,i}⁻¹ for granted; no assumption gives it.",)

#: The results that this module executes.
ENTRIES = (
    Entry(
        "luo-4",
        "AdaBound's published regret bound",
        "[Luo19] Theorem 4",
        "AdaBound's regret is at most a bound of order sqrt(T).",
        _PUBLISHED,
        theorem_4,
        {},
        {"T": 2_000_000},
        (*_BOUND, "adabound_np/adabound.py"),
        _SLIP,
        refuted=True,
    ),
    Entry(
        "luo-5",
        "AMSBound's published regret bound",
        "[Luo19] Theorem 5",
        "AMSBound's regret is at most a bound of order sqrt(T).",
        _PUBLISHED,
        theorem_5,
        {},
        {"T": 200_000},
        (*_BOUND, "adabound_np/amsbound.py"),
        (*_SLIP, "v̂_t never falls, but the lower bound may rise faster than √t."),
        refuted=True,
    ),
    Entry(
        "luo-corollary",
        "Momentum that dies out",
        "[Luo19] Corollary 4.1",
        "With beta1_t = beta1 lambda^(t-1) the bound's second term stays below a constant.",
        r"\beta_{1t} = \beta_1 \lambda^{t-1}: \quad \sum_t \sum_i \beta_{1t} \eta_{t,i}^{-1}"
        r" \le \frac{d \beta_1}{L_\infty (1 - \lambda)^2}, \qquad L_\infty = \eta_l(1)",
        corollary,
        {},
        {"T": 30, "T_line": 20_000},
        _BOUND,
        (
            "As a corollary of Theorem 4 it falls with it (β₁ = 0 is a case of both); what holds "
            "is this step, and the bound that it makes of [Sav19] Theorem 3.",
        ),
    ),
)
