r"""The stochastic sequence of [Reddi18] Theorem 3, on which Adam fails in expectation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import within
from problems.online.sequences.reddi_stochastic import Stochastic
from problems.online.setting import Condition, Setting

__all__ = ["ReddiTheorem3", "reddi_theorem3", "theorem3_constant"]


@dataclass(frozen=True)
class ReddiTheorem3(Stochastic):
    r"""f_t(x) = C x with p = (1 + delta)/(C + 1), else -x, on [-1, 1] ([Reddi18] Thm. 3).

    The expected slope is delta, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Seed of the generator. Step t has its own draw, whatever range is asked for.
    C : float
        Greater than delta, so that p < 1.
    delta : float
        Positive.
    """

    C: float = 64.0
    delta: float = 1.0
    name = "reddi-theorem3"

    def __post_init__(self) -> None:
        super().__post_init__()
        within("delta", self.delta, "(0, inf)")
        within("C", self.C, f"({self.delta}, inf)")

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.draw(start, stop, (1 + self.delta) / (self.C + 1), self.C, -1.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        p = f"{1 + self.delta:g}/{self.C + 1:g}"
        return f"f_t(x) = {self.C:g}x with probability {p}, else -x (seed {self.seed})"


def reddi_theorem3(
    *,
    C: float | None = None,
    beta1: float = 0.0,
    beta2: float = 0.5,
    lr: float = 0.5,
    x1: float = 0.0,
    delta: float = 1.0,
    seed: int = 0,
    force: bool = False,
) -> Setting:
    r"""[Reddi18] Thm. 3: \beta_1 < \sqrt{\beta_2} and C at least `theorem3_constant`.

    Adam's expected step is not negative, though x* = -1 in expectation.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range, or C is not given and \beta_1 >= \sqrt{\beta_2}.
    """
    within("beta1", beta1, "[0, 1)")
    within("beta2", beta2, "(0, 1)")
    within("delta", delta, "(0, inf)")
    below = beta1 < math.sqrt(beta2)
    if C is None and not below:
        raise ValueError(
            f"beta1 must be below sqrt(beta2) = {math.sqrt(beta2):.6g} for C to exist, "
            f"got {beta1!r}"
        )
    wanted = theorem3_constant(beta1, beta2, delta) if below else math.inf
    C = float(math.ceil(wanted)) if C is None else C
    conditions = (
        Condition(f"beta1 < sqrt(beta2) = {math.sqrt(beta2):.6g} (beta1 is {beta1:g})", below),
        Condition(f"C >= {wanted:.6g} (C is {C:g})", wanted <= C),
    )
    return Setting(ReddiTheorem3(seed, C, delta), beta1, beta2, lr, x1, conditions, force)


def theorem3_constant(beta1: float, beta2: float, delta: float) -> float:
    r"""The least C of Theorem 3: \max(2 (1 + \delta), 4 (1 + \delta)^3 B^2 / (1 - \beta_1)^2).

    B = 1/\sqrt{1 - \beta_2} + \beta_1 K/(1 - \gamma), K = 2 (1 - \beta_1)/\sqrt{\beta_2 (1 -
    \beta_2)}, \gamma = \beta_1/\sqrt{\beta_2} < 1. The source displays
    \sqrt{\beta_2 (1 + \delta) C^2 + 1 - \beta_2} where its own estimate gives (1 + \delta) C.

    Examples
    --------
    >>> round(theorem3_constant(0.0, 0.5, 1.0), 9)
    64.0
    """
    K = 2 * (1 - beta1) / math.sqrt(beta2 * (1 - beta2))
    B = 1 / math.sqrt(1 - beta2) + beta1 * K / (1 - beta1 / math.sqrt(beta2))
    return max(2 * (1 + delta), round(4 * (1 + delta) ** 3 * B**2 / (1 - beta1) ** 2, 9))
