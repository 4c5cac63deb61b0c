r"""Exact statements on AdaBound's line 4: its first step, and the clip's homogeneity."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from adabound_np import AdaBound, DynamicBounds, StepDecay
from problems.ledger.entry import Entry, Outcome
from problems.online.setting import Condition

__all__ = ["ENTRIES"]


def _growth(h: Any, x1: Any, opt: AdaBound, step: int) -> Any:
    r"""f(x_{step+1})/f(x_step) on f(x) = (h/2) x^2, elementwise, NaN where x_step = 0."""
    x = np.asarray(x1, dtype=np.float64)
    s = opt.init(x)
    for _ in range(step):
        before = x
        x, s = opt.update(x, h * x, s)
    with np.errstate(invalid="ignore"):
        return (x / before) ** 2


def first_step_safety(
    *,
    h: float = 1.0,
    alpha: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    final_lr: float = 0.1,
    gamma: float | None = None,
    step: int = 1,
    points: int = 2001,
) -> Outcome:
    r"""Find by bisection the curvature from which a step of Algorithm 2 can increase f.

    f(x) = (h/2) x^2 in floating point, at |x_1| from 1e-12 to 1e12, both signs.
    """
    opt = AdaBound.as_in_paper(lr=alpha, betas=(beta1, beta2), final_lr=final_lr, gamma=gamma)
    eta_u = float(opt.hyper.eta_u(1))
    # (1 - \beta_1) h \eta_u(1) \le 2        [first step of Luo19 Alg. 2 on (h/2) x^2]
    limit = 2 / ((1 - beta1) * eta_u)
    size = np.geomspace(1e-12, 1e12, points)
    x1 = np.concatenate([-size, size])

    def grows(curvature: float) -> bool:
        return bool(np.nanmax(_growth(curvature, x1, opt, step)) > 1 + 1e-12)

    low, high = limit * 1e-3, limit * 1e3
    if grows(low):
        high = low
    while high > low * (1 + 1e-13):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if grows(middle) else (middle, high)
        if middle in (low, high) and low * (1 + 4e-16) >= high:
            break
    ratio, increased, product = _growth(h, x1, opt, step), grows(h), (1 - beta1) * h * eta_u
    allowed = product <= 2 * (1 + 1e-12)
    # the rate is \eta_u(1) where \alpha/\sqrt{v_1} is not below it, that is,
    # |x_1| \le \alpha / (h \sqrt{1 - \beta_2} \eta_u(1))
    reach = alpha / (h * math.sqrt(1 - beta2) * eta_u)
    factor = (product - 1) ** 2
    inside = ratio[np.abs(x1) <= reach * (1 - 1e-12)]
    exact = bool(np.allclose(inside, factor, rtol=1e-9)) if step == 1 else True
    return Outcome(
        (
            Condition(f"the first step (it is step {step})", step == 1),
            Condition(
                "no bias correction, epsilon = 0, F = R",
                not opt.hyper.bias_correction
                and opt.hyper.eps == 0
                and opt.defaults["feasible"] is None,
            ),
        ),
        {
            "h": h,
            "alpha": alpha,
            "beta1": beta1,
            "beta2": beta2,
            "alpha*": final_lr,
            "gamma": 1 - beta2 if gamma is None else gamma,
            "eta_u(1)": eta_u,
        },
        step,
        "largest h at which no x_1 is worse after the step",
        low,
        limit,
        "=",
        (
            Condition(
                f"at h = {h:g} f {'can' if increased else 'cannot'} increase, as "
                f"(1 - beta1) h eta_u(1) = {product:.6g} says",
                increased == (not allowed),
            ),
            Condition(f"every |x_1| <= {reach:.4g} multiplies f by {factor:.4g}", exact),
        ),
        (
            f"at h = {h:g} every |x_1| <= {reach:.4g} multiplies f by {factor:.4g}",
            f"eta_u(1) = {eta_u:.6g}: safe up to h = {limit:.4g}",
        ),
        {"x1": size, "ratio": ratio[points:], "reach": np.array([reach])},
    )


def clip_homogeneity(
    *,
    alpha: float = 1e-3,
    final_lr: float = 0.1,
    gamma: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.99,
    milestones: tuple[int, ...] = (300, 600),
    factor: float = 0.1,
    T: int = 1000,
    seed: int = 0,
    scale_bounds: bool = True,
) -> Outcome:
    r"""Compare \eta_t under a schedule s_t with \eta_t at s_t \alpha and s_t \alpha^*.

    The second is what the released code's scheduler does: it lowers lr, and final_lr with it.
    Without `scale_bounds` only \alpha is scaled.
    """
    s_t = StepDecay(milestones, factor)
    shared = {"betas": (beta1, beta2), "gamma": gamma}
    scheduled = AdaBound(lr=alpha, final_lr=final_lr, schedule=s_t, **shared)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(64)
    s, apart = scheduled.init(x), 0.0
    clipped = [0, 0]
    for t in range(1, T + 1):
        g = rng.standard_normal(64) * 10.0 ** rng.integers(-4, 3, 64)
        x, s = scheduled.update(x, g, s)
        c = s_t(t)
        scaled = AdaBound(lr=c * alpha, final_lr=(c if scale_bounds else 1.0) * final_lr, **shared)  # type: ignore[arg-type]
        one, other = scheduled.rate(scheduled.hyper, s), scaled.rate(scaled.hyper, s)
        apart = max(apart, float(np.max(np.abs(one - other) / one)))
        family = DynamicBounds(final_lr, gamma)
        clipped[0] += int(np.sum(one == c * family.eta_l(t)))
        clipped[1] += int(np.sum(one == c * family.eta_u(t)))
    rounding = 4 * float(np.finfo(float).eps)
    return Outcome(
        (Condition("the bounds are scaled by s_t as alpha is", scale_bounds),),
        {
            "alpha": alpha,
            "alpha*": final_lr,
            "gamma": gamma,
            "beta1": beta1,
            "beta2": beta2,
            "s_t": repr(s_t),
            "seed": seed,
        },
        T,
        "largest relative difference of the rates",
        apart,
        rounding,
        "<=",
        (),
        (
            f"of {64 * T:,} rates {clipped[0]:,} were at the lower bound, {clipped[1]:,} at the "
            "upper",
        ),
        {"clipped": np.array(clipped)},
    )


#: The results that this module executes.
ENTRIES = (
    Entry(
        "first-step-safety",
        "AdaBound's first step",
        "[Luo19] Algorithm 2, exact",
        "On (h/2)x^2 the first step never increases f if and only if (1-beta1) h eta_u(1) <= 2.",
        r"f(x_2) \le f(x_1)\ \forall x_1 \iff (1 - \beta_1)\, h\, \eta_u(1) \le 2, \qquad"
        r" f(x) = \tfrac{h}{2} x^2",
        first_step_safety,
        {},
        {},
        ("adabound_np/adabound.py", "adabound_np/bounds.py"),
    ),
    Entry(
        "clip-homogeneity",
        "One formula for paper and code",
        "[Luo19] Algorithm 2, exact",
        "Scaling alpha and alpha* by s_t is the same as multiplying the clipped rate by s_t.",
        r"\mathrm{Clip}(s a, s \eta_l, s \eta_u) = s\, \mathrm{Clip}(a, \eta_l, \eta_u)"
        r" \quad (s > 0)",
        clip_homogeneity,
        {},
        {},
        ("adabound_np/adabound.py", "adabound_np/schedules.py"),
    ),
)
