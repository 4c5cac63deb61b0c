r"""[Reddi18]: what AMSGrad and AdamNC guarantee (Theorems 4 and 5), and why (\Gamma_t)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import AdamNC, Geometric, OneMinusInverse, Optimizer
from problems.forms import in_paper
from problems.ledger.bounds import adamnc_bound, adamnc_corollary_bound, amsgrad_bound
from problems.ledger.dimensions import (
    Case,
    outcome_of,
    shared_assumptions,
    standard_cases,
    worst,
)
from problems.ledger.entry import Entry, Outcome, shown
from problems.ledger.rounds import Sums
from problems.online.comparators import LOSSES
from problems.online.setting import Condition

__all__ = ["ENTRIES"]

#: What rounding may take from a quantity that is not negative, as a share of it.
ROUNDING = 8 * float(np.finfo(float).eps)


def theorem_4(
    *,
    optimizer: str = "amsgrad",
    alpha: float = 0.5,
    beta1: float = 0.5,
    lam: float = 0.9,
    beta2: float = 0.9,
    T: int = 400,
    T_line: int = 1_000_000,
    d: int = 3,
    seed: int = 0,
    scale: float = 1.0,
    kinds: tuple[str, ...] = tuple(LOSSES),
) -> Outcome:
    r"""Run AMSGrad, \beta_{1t} = \beta_1 \lambda^{t-1}, against Theorem 4."""
    momentum, gamma = Geometric(beta1, lam), beta1 / math.sqrt(beta2)

    def make_it(case: Case) -> Optimizer:
        return in_paper(
            optimizer,
            lr=alpha,
            beta1=momentum,
            beta2=beta2,
            schedule="inv-sqrt",
            feasible=case.problem.feasible,
        )

    def bound(case: Case, s: Sums) -> Any:
        return amsgrad_bound(s, case.D, alpha, beta1, beta2)

    predicates = {
        **shared_assumptions(momentum, beta1),
        "v_hat_t >= v_hat_{t-1}, so that the inverse rate never falls, at every t": (
            lambda case, r, s: s.rise >= -ROUNDING
        ),
    }
    found = worst(standard_cases(T, T_line, d, seed, scale, kinds), make_it, bound, predicates)
    return outcome_of(
        found,
        {"optimizer": optimizer, "alpha": alpha, "beta1": beta1, "lambda": lam, "beta2": beta2},
        [Condition(f"gamma = beta1/sqrt(beta2) < 1 (it is {gamma:.4g})", gamma < 1)],
    )


def theorem_5(
    *,
    alpha: float = 0.5,
    beta1: float = 0.5,
    lam: float = 0.9,
    beta2: float | None = None,
    T: int = 400,
    T_line: int = 1_000_000,
    d: int = 3,
    seed: int = 0,
    scale: float = 1.0,
    kinds: tuple[str, ...] = tuple(LOSSES),
) -> Outcome:
    r"""Run AdamNC with \beta_{2t} = 1 - 1/t, \zeta = \alpha, against Theorem 5 and Corollary 2."""
    momentum = Geometric(beta1, lam)
    averaging = OneMinusInverse() if beta2 is None else beta2

    def make_it(case: Case) -> Optimizer:
        return AdamNC.as_in_paper(
            lr=alpha, betas=(momentum, averaging), feasible=case.problem.feasible
        )

    def bound(case: Case, s: Sums) -> Any:
        return adamnc_bound(s, case.D, beta1, alpha)

    predicates = {
        **shared_assumptions(momentum, beta1),
        "sqrt(v_t)/alpha_t >= |g_{1:t}|_2/zeta with zeta = alpha, at every t and i": (
            lambda case, r, s: s.zeta <= alpha * (1 + 1e-9)
        ),
        "sqrt(v_t)/alpha_t >= sqrt(v_{t-1})/alpha_{t-1}, at every t and i": (
            lambda case, r, s: s.rise >= -1e-9
        ),
    }
    found = worst(standard_cases(T, T_line, d, seed, scale, kinds), make_it, bound, predicates)
    case, last = found.case, found.course.sums
    second = float(adamnc_corollary_bound(last, case.d, case.D, alpha, beta1, lam, case.G_inf)[0])
    return outcome_of(
        found,
        {"alpha": alpha, "beta1": beta1, "lambda": lam, "beta2_t": repr(averaging), "zeta": alpha},
        facts=[
            Condition(
                f"Corollary 2 on the worst case: R_T <= {shown(second)}",
                bool(found.course.regret[-1] <= second),
            )
        ],
    )


def gradients(T: int, d: int, seed: int) -> NDArray[np.float64]:
    """Gradients that a theorem on all sequences should survive, shape (T, d).

    Random ones whose sizes change by powers of ten, one in ten exactly 0; in the last coordinate
    a spike of 1000 every 50 steps among ones.
    """
    rng = np.random.default_rng(seed)
    g = rng.standard_normal((T, d)) * 10.0 ** rng.integers(-3, 4, (T, d))
    g *= rng.random((T, d)) > 0.1
    g[:, -1] = np.where(np.arange(T) % 50 == 0, 1000.0, 1.0)
    return g


def gamma(
    *,
    alpha: float = 0.5,
    beta1: float = 0.9,
    beta2: float = 0.9,
    T: int = 5000,
    d: int = 8,
    seed: int = 0,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Follow \Gamma_t, the growth of \sqrt{V_t}/\alpha_t = \eta_t^{-1}, along one sequence.

    Reported as a share of the inverse rate itself, since both grow without bound.
    """
    least, most = {}, {}
    for name in ("sgd", "adagrad", "amsgrad", "adam", "rmsprop"):
        opt = in_paper(name, lr=alpha, beta1=beta1, beta2=beta2, schedule=schedule, feasible=None)
        x = np.zeros(d)
        s, before = opt.init(x), np.zeros(d)
        least[name], most[name] = np.inf, -np.inf
        for g in gradients(T, d, seed):
            x, s = opt.update(x, g, s)
            with np.errstate(divide="ignore"):
                inverse = 1 / np.broadcast_to(opt.learning_rate(opt.hyper, s, s.t), d)
            # \Gamma_{t+1} = \sqrt{V_{t+1}} / \alpha_{t+1} - \sqrt{V_t} / \alpha_t
            #                                                                 [Reddi18 Sec. 3]
            Gamma = (inverse - before) / np.where(inverse > 0, inverse, 1)
            if s.t > 1:
                least[name] = min(least[name], float(np.min(Gamma)))
                most[name] = max(most[name], float(np.max(Gamma)))
            before = inverse
    sound, unsound = ("sgd", "adagrad", "amsgrad"), ("adam", "rmsprop")
    return Outcome(
        (
            Condition(
                f"alpha_t = alpha/sqrt(t) (the schedule is {schedule})", schedule == "inv-sqrt"
            ),
        ),
        {
            "alpha": alpha,
            "beta1": beta1,
            "beta2": beta2,
            "d": d,
            "seed": seed,
            "schedule": schedule,
        },
        T,
        "least Gamma_t of SGD, AdaGrad and AMSGrad, as a share of sqrt(V_t)/alpha_t",
        min(least[name] for name in sound),
        -ROUNDING,
        ">=",
        tuple(
            Condition(
                f"Gamma_t of {name} takes both signs", least[name] < -1e-3 and most[name] > 1e-3
            )
            for name in unsound
        ),
        tuple(f"{name}: from {shown(least[name], 3)} to {shown(most[name], 3)}" for name in least),
    )


_CODE = ("adabound_np/amsgrad.py", "problems/ledger/bounds.py", "problems/ledger/amsgrad.py")

#: The results that this module executes.
ENTRIES = (
    Entry(
        "reddi-4",
        "AMSGrad's regret",
        "[Reddi18] Theorem 4, revised version",
        "AMSGrad's regret is at most a bound of order sqrt(T log T) (momentum that dies out).",
        r"R_T \le \frac{D_\infty^2 \sqrt{T}}{\alpha(1-\beta_1)} \sum_i \hat v_{T,i}^{1/2}"
        r" + \frac{D_\infty^2}{(1-\beta_1)^2} \sum_t \sum_i \frac{\beta_{1t} \hat v_{t,i}^{1/2}}"
        r"{\alpha_t} + \frac{\alpha \sqrt{1 + \log T}}{(1-\beta_1)^2 (1-\gamma) \sqrt{1-\beta_2}}"
        r" \sum_i \|g_{1:T,i}\|_2",
        theorem_4,
        {},
        {"T": 30, "T_line": 20_000},
        _CODE,
        (
            "The ICLR version lacks the 1/α of the first term, and its second term, with "
            "D_∞²/(2(1 − β₁)) in front, is too small by 2/(1 − β₁) in general.",
            "Corollary 1 lacks the factor d/α of its second term.",
        ),
    ),
    Entry(
        "reddi-5",
        "AdamNC's regret",
        "[Reddi18] Theorem 5 and Corollary 2",
        "With beta2_t = 1 - 1/t AdamNC's regret is at most a bound of order sqrt(T).",
        r"R_T \le \frac{D_\infty^2}{2\alpha(1-\beta_1)} \sum_i \sqrt{T} \sqrt{v_{T,i}}"
        r" + \frac{D_\infty^2}{(1-\beta_1)^2} \sum_t \sum_i \frac{\beta_{1t} \sqrt{v_{t,i}}}"
        r"{\alpha_t} + \frac{2\zeta}{(1-\beta_1)^3} \sum_i \|g_{1:T,i}\|_2",
        theorem_5,
        {},
        {"T": 30, "T_line": 20_000},
        ("adabound_np/adamnc.py", *_CODE[1:]),
        (
            "The first condition has α_T in the source; its proof needs α_t.",
            'Corollary 2 lacks "R_T ≤" and the factor d/α of its last term.',
        ),
    ),
    Entry(
        "reddi-gamma",
        "Γ_t, where Adam's proof breaks",
        "[Reddi18] Section 3",
        "sqrt(V_t)/alpha_t never falls for SGD, AdaGrad and AMSGrad; for Adam and RMSprop it does.",
        r"\Gamma_{t+1} = \frac{\sqrt{V_{t+1}}}{\alpha_{t+1}} - \frac{\sqrt{V_t}}{\alpha_t}"
        r" \succeq 0 \ \text{(SGD, AdaGrad, AMSGrad)}",
        gamma,
        {},
        {"T": 1000},
        ("adabound_np/sgd.py", "adabound_np/adagrad.py", "adabound_np/amsgrad.py"),
    ),
)
