r"""The problem of [Sav19] Theorem 2, on which AdaBound's bounds act too late."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adabound_np.bounds import Bounds, DynamicBounds, SavareseBounds
from adabound_np.checks import known, within
from problems.online.sequences.reddi_theorem3 import ReddiTheorem3, reddi_theorem3
from problems.online.setting import Setting, integer

__all__ = ["FAMILIES", "Savarese", "savarese"]

#: The bounds under which AdaBound is Adam for K steps: [Sav19]'s own, or the paper's.
FAMILIES = ("savarese", "paper")


@dataclass(frozen=True)
class Savarese(ReddiTheorem3):
    """Reddi's Theorem 3 sequence, under the name of the theorem it serves."""

    name = "savarese"


def savarese(
    *,
    C: float | None = None,
    beta1: float = 0.0,
    beta2: float = 0.5,
    lr: float | None = None,
    x1: float = 0.0,
    delta: float = 1.0,
    K: float = 5_000_000,
    bounds: str = "savarese",
    seed: int = 0,
    force: bool = False,
) -> Setting:
    r"""[Sav19] Thm. 2: Reddi's Theorem 3 sequence, and bounds that stay open for K steps.

    AdaBound is Adam for K steps, so that E f_t(x_t) - f(x*) >= \delta for all t <= K.

    Parameters
    ----------
    C, beta1, beta2, x1, delta, seed, force
        As for `reddi_theorem3`.
    lr : float, optional
        \alpha, by default \sqrt{\sqrt{1 - \beta_2}/C}: the middle, on a log scale, of the
        rates that are possible is then 1.
    K : int
        Steps for which the bounds let Adam's rate through.
    bounds : {"savarese", "paper"}
        \eta_l = \alpha/C, \eta_u = \alpha/\sqrt{1 - \beta_2} until K and \alpha/C after; or the
        paper's with \alpha^* = 1 and \gamma = \min(\alpha/(C - \alpha), \sqrt{1 - \beta_2} /
        \alpha)/K.

    Raises
    ------
    BrokenConditionError, TypeError, ValueError
        As `reddi_theorem3`; and if K or `bounds` is not of those.
    """
    K = integer("K", K, least=1)
    known("bounds", bounds, FAMILIES)
    base = reddi_theorem3(C=C, beta1=beta1, beta2=beta2, x1=x1, delta=delta, seed=seed, force=force)
    assert isinstance(base.problem, ReddiTheorem3)
    C = base.problem.C
    lr = math.sqrt(math.sqrt(1 - beta2) / C) if lr is None else lr
    within("lr", lr, f"(0, {C})")
    family: Bounds = SavareseBounds(lr, C, beta2, K)
    if bounds == "paper":
        family = DynamicBounds(1.0, min(lr / (C - lr), math.sqrt(1 - beta2) / lr) / K)
    return Setting(
        Savarese(seed, C, delta), beta1, beta2, lr, x1, base.conditions, force, bounds=family
    )
