r"""The synthetic online problem of [Reddi18] Sec. 6 (their Figure 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.online.problem import LinearProblem
from problems.online.setting import Setting, integer

__all__ = ["ReddiOnline", "reddi_online"]


@dataclass(frozen=True)
class ReddiOnline(LinearProblem):
    r"""f_t(x) = 10 C x if t mod C = 1, else -10 x, on [-1, 1] ([Reddi18] Sec. 6, with C = 101).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 2. Its sum is 10 x, so that x* = -1.
    """

    C: int = 101
    name = "reddi-online"

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", integer("C", self.C, least=2))
        object.__setattr__(self, "period", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return np.where(np.arange(start, stop) % self.C == 1, 10.0 * self.C, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = {10 * self.C}x if t mod {self.C} = 1, else -10x"


def reddi_online(
    *,
    C: float = 101,
    beta1: float = 0.9,
    beta2: float = 0.99,
    lr: float = 0.5,
    x1: float = 0.0,
    force: bool = False,
) -> Setting:
    """[Reddi18] Sec. 6; any constants are allowed.

    Raises
    ------
    TypeError, ValueError
        If a constant is out of range.
    """
    return Setting(ReddiOnline(C), beta1, beta2, lr, x1, force=force)  # type: ignore[arg-type]
