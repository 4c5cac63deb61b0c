r"""The sequence of [Reddi18] Theorem 2, on which Adam fails for every beta1 < sqrt(beta2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import within
from problems.online.problem import LinearProblem
from problems.online.setting import Condition, Setting, integer, least

__all__ = ["ReddiTheorem2", "reddi_theorem2", "theorem2_cycle"]


@dataclass(frozen=True)
class ReddiTheorem2(LinearProblem):
    r"""f_t(x) = 0 for C steps, then C x if t mod C = 1, else -x, on [-1, 1] ([Reddi18] Thm. 2).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 3. Its sum is x, so that x* = -1.
    """

    C: int = 16
    name = "reddi-theorem2"

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", integer("C", self.C, least=3))
        object.__setattr__(self, "period", self.C)
        object.__setattr__(self, "warm_up", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        t = np.arange(start, stop)
        return np.where(t <= self.C, 0.0, np.where(t % self.C == 1, float(self.C), -1.0))

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = 0 for {self.C} steps, then {self.C}x if t mod {self.C} = 1, else -x"


def reddi_theorem2(
    *,
    C: float | None = None,
    beta1: float = 0.5,
    beta2: float = 0.5,
    lr: float = 0.5,
    x1: float = 1.0,
    force: bool = False,
) -> Setting:
    r"""[Reddi18] Thm. 2: every \beta_1 < \sqrt{\beta_2}, every \alpha; C by `theorem2_cycle`.

    After a warm-up of C steps Adam is at x = 1 at the start of every cycle, each of which costs
    at least 2 more than x* = -1. The default betas make a cycle of 40 steps; C grows with both,
    and with it the time that the other optimizers take to leave x = 1.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range, or C is not given and \beta_1 >= \sqrt{\beta_2}.
    """
    within("beta1", beta1, "[0, 1)")
    within("beta2", beta2, "[0, 1)")
    below = beta1 < math.sqrt(beta2)
    conditions = [
        Condition(f"beta1 < sqrt(beta2) = {math.sqrt(beta2):.6g} (beta1 is {beta1:g})", below),
        Condition(f"x1 = 1 (it is {x1:g})", x1 == 1),
    ]
    if C is None:
        if not below:
            raise ValueError(
                f"beta1 must be below sqrt(beta2) = {math.sqrt(beta2):.6g} for C to exist, "
                f"got {beta1!r}"
            )
        C = theorem2_cycle(beta1, beta2)
    elif below:
        N, gamma = C / 2, beta1 / math.sqrt(beta2)
        conditions += [
            Condition(f"C even (it is {C:g})", C % 2 == 0),
            Condition(f"beta2^(C/2) C^2 <= 1 (it is {beta2**N * C**2:.4g})", beta2**N * C**2 <= 1),
            Condition(
                "C/2 sqrt(1 - beta2) (1 - beta1/sqrt(beta2)) >= 4 "
                f"(it is {N * math.sqrt(1 - beta2) * (1 - gamma):.4g})",
                N * math.sqrt(1 - beta2) * (1 - gamma) >= 4,
            ),
        ]
    return Setting(
        ReddiTheorem2(C),  # type: ignore[arg-type]
        beta1,
        beta2,
        lr,
        x1,
        tuple(conditions),
        force,
    )


def theorem2_cycle(beta1: float, beta2: float) -> int:
    r"""The least C = 2N with \beta_2^N C^2 <= 1 and N \sqrt{1 - \beta_2} (1 - \gamma) >= 4.

    Here \beta_2 > 0 and \gamma = \beta_1/\sqrt{\beta_2} < 1.

    Examples
    --------
    >>> [theorem2_cycle(*betas) for betas in ((0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.9, 0.999))]
    [16, 202, 3214, 42620]
    """
    gamma = beta1 / math.sqrt(beta2)
    N = math.ceil(4 / (math.sqrt(1 - beta2) * (1 - gamma)))
    # from N = 2 on, where the first condition holds its left side falls: it stays true
    return 2 * least(lambda N: beta2**N * (2 * N) ** 2 <= 1, N)
