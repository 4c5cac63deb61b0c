r"""The sequence of [Luo19] Theorem 1, on which extreme rates fail."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box
from adabound_np.checks import within
from problems.online.problem import LinearProblem
from problems.online.setting import Condition, Setting, integer, least

__all__ = ["LuoTheorem1", "luo_theorem1"]


@dataclass(frozen=True)
class LuoTheorem1(LinearProblem):
    r"""f_t(x) = -x if t mod C = 1, 2x if t mod C = 2, else 0, on [-2, 2] ([Luo19] Thm. 1).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 3. Its sum is x, so that x* = -2.
    """

    C: int = 50
    name = "luo-theorem1"
    feasible: Box = field(default=Box(-2.0, 2.0), init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", integer("C", self.C, least=3))
        object.__setattr__(self, "period", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        phase = np.arange(start, stop) % self.C
        return np.select([phase == 1, phase == 2], [-1.0, 2.0], 0.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = -x if t mod {self.C} = 1, 2x if t mod {self.C} = 2, else 0"


def luo_theorem1(
    *,
    C: float | None = None,
    beta1: float = 0.0,
    beta2: float = 0.9,
    lr: float = 0.5,
    x1: float = 0.0,
    force: bool = False,
) -> Setting:
    r"""[Luo19] Thm. 1: \beta_1 = 0 and the least C with 5 \beta_2^{C-2} <= (1-\beta_2)/(4-\beta_2).

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range.
    """
    within("beta2", beta2, "[0, 1)")

    def rate_shrinks(C: int) -> bool:
        return 5 * beta2 ** (C - 2) <= (1 - beta2) / (4 - beta2)

    shortest = least(rate_shrinks, 3)
    problem = LuoTheorem1(shortest if C is None else C)  # type: ignore[arg-type]
    conditions = (
        Condition(f"beta1 = 0 (it is {beta1:g})", beta1 == 0),
        Condition(
            "5 beta2^(C-2) <= (1 - beta2)/(4 - beta2), that is, at beta2 = "
            f"{beta2:g}, C >= {shortest} (C is {problem.C})",
            rate_shrinks(problem.C),
        ),
    )
    return Setting(problem, beta1, beta2, lr, x1, conditions, force)
