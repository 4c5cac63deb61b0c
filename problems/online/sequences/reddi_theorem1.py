r"""The sequence of [Reddi18] Theorem 1, on which Adam without momentum fails."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import within
from problems.online.problem import LinearProblem
from problems.online.setting import Condition, Setting

__all__ = ["ReddiTheorem1", "reddi_theorem1", "theorem1_conditions"]


@dataclass(frozen=True)
class ReddiTheorem1(LinearProblem):
    r"""f_t(x) = scale * C x if t mod 3 = 1, else -scale * x, on [-1, 1] ([Reddi18] Thm. 1).

    Parameters
    ----------
    C : float
        Greater than 2 in the theorem, so that x* = -1.
    scale : float
        1 in Theorem 1.
    """

    C: float = 3.0
    scale: float = 1.0
    name = "reddi-theorem1"
    period = 3

    def __post_init__(self) -> None:
        within("C", self.C, "(0, inf)")
        within("scale", self.scale, "(0, inf)")

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.scale * np.where(np.arange(start, stop) % 3 == 1, self.C, -1.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        scale = "" if self.scale == 1 else f"{self.scale:g} * "
        return f"f_t(x) = {scale}{self.C:g}x if t mod 3 = 1, else -{scale}x"


def reddi_theorem1(
    *,
    C: float = 3.0,
    beta1: float = 0.0,
    beta2: float | None = None,
    lr: float = 0.5,
    x1: float = 1.0,
    force: bool = False,
) -> Setting:
    r"""[Reddi18] Thm. 1: C > 2, \beta_1 = 0, \beta_2 = 1/(1 + C^2), \alpha < \sqrt{1 - \beta_2}.

    Adam is at x = 1 at the start of every block of three steps, and R_T >= (2C - 4) T/3.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range.
    """
    problem = ReddiTheorem1(C)
    beta2 = 1 / (1 + C**2) if beta2 is None else beta2
    conditions = theorem1_conditions(C, beta1, beta2, lr, x1)
    return Setting(problem, beta1, beta2, lr, x1, conditions, force)


def theorem1_conditions(
    C: float, beta1: float, beta2: float, lr: float, x1: float
) -> tuple[Condition, ...]:
    """The assumptions of Theorem 1 on these constants."""
    within("beta2", beta2, "[0, 1)")
    wanted, limit = 1 / (1 + C**2), math.sqrt(1 - beta2)
    return (
        Condition(f"C > 2 (C is {C:g})", C > 2),
        Condition(f"beta1 = 0 (it is {beta1:g})", beta1 == 0),
        Condition(
            f"beta2 = 1/(1 + C^2) = {wanted:.6g} (it is {beta2:g})",
            math.isclose(beta2, wanted, rel_tol=1e-12),
        ),
        Condition(f"lr < sqrt(1 - beta2) = {limit:.6g} (it is {lr:g})", lr < limit),
        Condition(f"x1 = 1 (it is {x1:g})", x1 == 1),
    )
