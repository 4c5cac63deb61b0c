r"""[Sav19]: AdaBound's counterexample, and the regret bound that is true."""

from __future__ import annotations

from typing import Any

import numpy as np

from adabound_np import AdaBound, AMSBound, DynamicBounds, Geometric, Harmonic, Optimizer
from adabound_np.algorithm import Hyperparameters
from problems.forms import in_paper
from problems.ledger.bounds import savarese_bound, savarese_corollary_bound
from problems.ledger.dimensions import (
    Case,
    outcome_of,
    shared_assumptions,
    standard_cases,
    worst,
)
from problems.ledger.entry import Entry, Outcome, shown
from problems.ledger.reddi import interval
from problems.ledger.rounds import Sums, spread
from problems.online.batch import endpoints
from problems.online.comparators import LOSSES
from problems.online.sequences.savarese import Savarese, savarese
from problems.online.setting import Condition

__all__ = ["ENTRIES"]


def theorem_2(
    *,
    family: str = "savarese",
    C: float | None = None,
    beta1: float = 0.0,
    beta2: float = 0.5,
    delta: float = 1.0,
    lr: float | None = None,
    K: int = 10_000,
    T: int = 10_000,
    seeds: int = 1000,
    x1: float = 0.0,
) -> Outcome:
    r"""Run AdaBound beside Adam on many seeds of Reddi's Theorem 3 sequence, in one batch.

    E f_t(x) = \delta x, and \min E f_t is at -1: E f_t(x_t) - f(x^*) = \delta (E x_t + 1).
    """
    setting = savarese(
        C=C, beta1=beta1, beta2=beta2, delta=delta, lr=lr, K=K, x1=x1, bounds=family, force=True
    )
    C = setting.problem.C
    batch = [Savarese(seed, C, delta) for seed in range(seeds)]
    options = {
        "lr": setting.lr,
        "beta1": beta1,
        "beta2": beta2,
        "schedule": "inv-sqrt",
        "bounds": setting.bounds,
        "feasible": setting.problem.feasible,
    }
    paths: dict[str, Any] = {}
    for name in ("adabound", "adam"):
        path = paths[name] = [np.full(seeds, float(x1))]
        opt = in_paper(name, **options)
        endpoints(batch, opt, T - 1, x1, visit=path.append) if T > 1 else None
    x = np.array(paths["adabound"])  # x_1, ..., x_T, one row per step
    mean, low, high = (delta * (end + 1) for end in interval(x))
    apart = float(np.max(np.abs(x - np.array(paths["adam"]))))
    worst_t = int(np.argmin(mean))
    kept = np.unique(np.geomspace(1, T, 200).astype(int)) - 1
    return Outcome(
        (
            *setting.conditions,
            Condition(f"t <= K = {K:,} (T is {T:,})", T <= K),
            Condition(f"x_1 >= 0 (it is {x1:g})", x1 >= 0),
        ),
        {
            "C": C,
            "beta1": beta1,
            "beta2": beta2,
            "delta": delta,
            "alpha": setting.lr,
            "K": K,
            "x1": x1,
            "seeds": seeds,
            "bounds": repr(setting.bounds),
        },
        T,
        "least mean over seeds of f(x_t) - f(x*), over t",
        float(mean[worst_t]),
        delta,
        ">=",
        (
            Condition(
                "the 99 % interval lies at or above delta at every t", bool(np.all(low >= delta))
            ),
            Condition("AdaBound's iterates are Adam's, to rounding", apart <= 1e-12),
        ),
        (
            f"the mean is least at t = {worst_t + 1:,}; at t = {T:,} it is {mean[-1]:.4g} "
            f"(99 %: {low[-1]:.4g} to {high[-1]:.4g})",
        ),
        {
            "t": kept + 1,
            "mean": mean[kept],
            "low": low[kept],
            "high": high[kept],
            "bound": np.full(len(kept), delta),
        },
        (
            f"largest difference between AdaBound and Adam, over {seeds:,} seeds and all t: "
            f"{apart:.2g}",
        ),
    )


def claim_1(**given: Any) -> Outcome:
    r"""Theorem 2 with the paper's own bounds, \gamma = \min(\alpha/(C-\alpha), ...)/K."""
    return theorem_2(**{"family": "paper", **given})


def theorem_3(
    *,
    optimizers: tuple[type[Optimizer], ...] = (AdaBound, AMSBound),
    alpha: float = 0.5,
    beta1: float = 0.5,
    lam: float = 0.9,
    beta2: float = 0.9,
    final_lr: float = 1.0,
    gamma: float = 1.0,
    M: float | None = None,
    T: int = 400,
    T_line: int = 1_000_000,
    d: int = 3,
    seed: int = 0,
    scale: float = 1.0,
    kinds: tuple[str, ...] = tuple(LOSSES),
    family: Any = None,
) -> Outcome:
    r"""Run AdaBound and AMSBound against the repaired bound.

    M is (3 + 2/\gamma)/\alpha^*, as [Sav19] Prop. 1 has it for \alpha^* = 1, unless given; for a
    `family` of bounds it is \max_t (t/\eta_l(t) - (t-1)/\eta_u(t-1)) over the steps of the run.
    """
    momentum = Geometric(beta1, lam)
    if family is None:
        family = DynamicBounds(final_lr, gamma)
        M = (3 + 2 / gamma) / final_lr if M is None else M
    R_inf = float(family.eta_u(1))

    def bound(case: Case, s: Sums) -> Any:
        if M is not None:
            s = s._replace(M=np.full(len(s.t), float(M)))
        return savarese_bound(s, case.d, case.D, case.G_2, R_inf, beta1)

    predicates = {
        **shared_assumptions(momentum, beta1),
        "eta_u(t) <= R_inf, at every t": lambda case, r, s: family.eta_u(r.t) <= R_inf,
        "t/eta_l(t) - (t-1)/eta_u(t-1) <= M, at every t": lambda case, r, s: (
            ((np.inf if M is None else M) >= s.M) & np.isfinite(s.M)
        ),
    }
    cases, found = standard_cases(T, T_line, d, seed, scale, kinds), []
    for cls in optimizers:

        def make_it(case: Case, cls: type[Optimizer] = cls) -> Optimizer:
            return cls.as_in_paper(
                lr=alpha, betas=(momentum, beta2), bounds=family, feasible=case.problem.feasible
            )

        found.append(
            outcome_of(
                worst(cases, make_it, bound, predicates),
                {
                    "optimizer": cls.__name__,
                    "alpha": alpha,
                    "beta1": beta1,
                    "lambda": lam,
                    "beta2": beta2,
                    "bounds": repr(family),
                    **({} if M is None else {"M": M}),
                },
            )
        )
    # the optimizer with the larger share of its bound; the claim must hold of both
    base = max(found, key=lambda outcome: outcome.measured / outcome.bound)
    return Outcome(
        **{
            **vars(base),
            "facts": tuple(fact for outcome in found for fact in outcome.facts),
            "assumptions": tuple(
                dict.fromkeys(a for outcome in found for a in outcome.assumptions)
            ),
            "remarks": tuple(
                f"{outcome.parameters['optimizer']}: {text}"
                for outcome in found
                for text in outcome.remarks
            ),
            "rounding": tuple(dict.fromkeys(t for outcome in found for t in outcome.rounding)),
        }
    )


def proposition_1(
    *,
    gammas: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3),
    final_lr: float = 1.0,
    T: int = 1_000_000,
) -> Outcome:
    r"""Evaluate t/\eta_l(t) - (t-1)/\eta_u(t-1) at t = 1, ..., T for the paper's bounds."""
    t = np.arange(1.0, T + 1)
    largest, share = [], []
    for gamma in gammas:
        family = DynamicBounds(final_lr, gamma)
        largest.append(
            float(np.max(spread(Hyperparameters(eta_l=family.eta_l, eta_u=family.eta_u), t)))
        )
        # M = 3 + 2/\gamma        [Sav19 Prop. 1]
        share.append(largest[-1] / (3 + 2 / gamma))
    worst_one = int(np.argmax(share))
    sharp = max(
        abs(value - (1 + 2 / gamma)) / (1 + 2 / gamma)
        for value, gamma in zip(largest, gammas, strict=True)
        if gamma * T >= 1000
    )
    return Outcome(
        (Condition(f"alpha* = 1 (it is {final_lr:g})", final_lr == 1),),
        {"gamma": list(gammas), "alpha*": final_lr},
        T,
        f"largest t/eta_l(t) - (t-1)/eta_u(t-1), at gamma = {gammas[worst_one]:g}",
        largest[worst_one],
        3 + 2 / gammas[worst_one],
        "<=",
        (Condition("it is at most 3 + 2/gamma at every gamma", max(share) <= 1),),
        (
            f"the largest value tends to 1 + 2/gamma: within {sharp:.2g} of it at every gamma >= "
            "1000/T; 3 + 2/gamma is not sharp",
        ),
        {
            "gamma": np.array(gammas),
            "measured": np.array(largest),
            "bound": 3 + 2 / np.array(gammas),
        },
    )


def corollary_2(
    *,
    optimizer: type[Optimizer] = AdaBound,
    alpha: float = 0.5,
    beta1: float = 0.5,
    beta2: float = 0.9,
    gammas: tuple[float, ...] = (1e-3, 0.1, 10.0),
    final_lr: float = 1.0,
    T: int = 400,
    T_line: int = 1_000_000,
    d: int = 3,
    seed: int = 0,
    scale: float = 1.0,
    kinds: tuple[str, ...] = tuple(LOSSES),
) -> Outcome:
    r"""Run AdaBound, \beta_{1t} = \beta_1/t, with the paper's bounds, at several \gamma."""
    momentum, found = Harmonic(beta1), {}
    cases = standard_cases(T, T_line, d, seed, scale, kinds)
    for gamma in gammas:

        def make_it(case: Case, gamma: float = gamma) -> Optimizer:
            return optimizer.as_in_paper(
                lr=alpha,
                betas=(momentum, beta2),
                final_lr=final_lr,
                gamma=gamma,
                feasible=case.problem.feasible,
            )

        def bound(case: Case, s: Sums, gamma: float = gamma) -> Any:
            return savarese_corollary_bound(s, case.d, case.D, case.G_2, beta1, gamma)

        found[gamma] = outcome_of(
            worst(cases, make_it, bound, shared_assumptions(momentum, beta1)),
            {
                "optimizer": optimizer.__name__,
                "alpha": alpha,
                "beta1": beta1,
                "beta2": beta2,
                "alpha*": final_lr,
                "gamma": gamma,
            },
            [Condition(f"alpha* = 1 (it is {final_lr:g})", final_lr == 1)],
        )
    base = max(found.values(), key=lambda outcome: outcome.measured / outcome.bound)
    return Outcome(
        **{
            **vars(base),
            "facts": tuple(fact for outcome in found.values() for fact in outcome.facts),
            "remarks": tuple(
                f"gamma = {gamma:g}: {outcome.remarks[0]}, {shown(outcome.measured)} against "
                f"{shown(outcome.bound)}"
                for gamma, outcome in found.items()
            ),
        }
    )


_CODE = ("problems/ledger/bounds.py", "problems/ledger/savarese.py", "adabound_np/bounds.py")
_FAILS = (
    "problems/online/sequences/savarese.py",
    "adabound_np/bounds.py",
    "adabound_np/adabound.py",
)
_QUICK = {"T": 30, "T_line": 20_000}

#: The results that this module executes.
ENTRIES = (
    Entry(
        "savarese-2",
        "AdaBound may be Adam for any number of steps",
        "[Sav19] Theorem 2",
        "With bounds that stay open for K steps AdaBound is no better than x = 0 until then.",
        r"\mathbb{E}[f(x_t)] - f(x^*) \ge \delta \quad (1 \le t \le K)",
        theorem_2,
        {},
        {"K": 1000, "T": 1000},
        _FAILS,
    ),
    Entry(
        "savarese-claim-1",
        "AdaBound may be Adam, with the paper's own bounds",
        "[Sav19] Claim 1",
        "The same for the bounds of [Luo19], alpha* = 1, if gamma is small enough for K.",
        r"\gamma = \frac{1}{K} \min\left( \frac{\alpha}{C - \alpha},"
        r" \frac{\sqrt{1 - \beta_2}}{\alpha} \right): \quad \mathbb{E}[f(x_t)] - f(x^*) \ge \delta"
        r" \quad (1 \le t \le K)",
        claim_1,
        {},
        {"K": 1000, "T": 1000},
        _FAILS,
    ),
    Entry(
        "savarese-3",
        "The repaired regret bound",
        "[Sav19] Theorem 3",
        "With M above t/eta_l(t) - (t-1)/eta_u(t-1) AdaBound's and AMSBound's regret is bounded.",
        r"R_T \le \frac{D_\infty^2}{2(1-\beta_1)} \left[ 2dM(\sqrt{T} - 1) + \sum_i \left("
        r" \eta_{1,i}^{-1} + \sum_t \beta_{1t} \eta_{t,i}^{-1} \right) \right]"
        r" + (2\sqrt{T} - 1) \frac{R_\infty G_2^2}{1-\beta_1}",
        theorem_3,
        {},
        _QUICK,
        _CODE,
        ("The statement says β_{1t} ≤ β₁ alone; its proof needs β_{1t} non-increasing.",),
    ),
    Entry(
        "savarese-prop-1",
        "The paper's bounds meet its condition",
        "[Sav19] Proposition 1",
        "For the bounds of [Luo19] with alpha* = 1, M = 3 + 2/gamma will do.",
        r"\frac{t}{\eta_l(t)} - \frac{t-1}{\eta_u(t-1)} \le 3 + \frac{2}{\gamma}",
        proposition_1,
        {},
        {"T": 100_000},
        _CODE,
    ),
    Entry(
        "savarese-cor-2",
        "AdaBound's regret with the paper's bounds",
        "[Sav19] Corollary 2",
        "With beta1_t = beta1/t and alpha* = 1 the regret is of order sqrt(T) (1 + 1/gamma).",
        r"R_T \le \frac{5\sqrt{T}}{1-\beta_1} \left( 1 + \frac{1}{\gamma} \right)"
        r" (d D_\infty^2 + G_2^2)",
        corollary_2,
        {},
        {**_QUICK, "gammas": (1e-3, 10.0)},
        _CODE,
    ),
)
