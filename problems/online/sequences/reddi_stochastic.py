r"""The synthetic stochastic problem of [Reddi18] Sec. 6 (their Figure 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.online.problem import LinearProblem
from problems.online.setting import Setting

__all__ = ["ReddiStochastic", "Stochastic", "reddi_stochastic"]


@dataclass(frozen=True)
class Stochastic(LinearProblem):
    """c_t = `high` with probability `p`, else `low`: one draw of the seed's generator a step."""

    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {self.seed!r}")

    def draw(self, start: int, stop: int, p: float, high: float, low: float) -> NDArray[np.float64]:
        """Draws for start <= t < stop."""
        bits = np.random.PCG64(self.seed)
        bits.advance(start - 1)  # so that no cut into ranges changes a step's draw
        return np.where(np.random.Generator(bits).random(stop - start) < p, high, low)


@dataclass(frozen=True)
class ReddiStochastic(Stochastic):
    r"""f_t(x) = 1010 x with probability 0.01, else -10 x, on [-1, 1] ([Reddi18] Sec. 6).

    The expected slope is 0.2, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Seed of the generator. Step t has its own draw, whatever range is asked for.
    """

    name = "reddi-stochastic"

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.draw(start, stop, 0.01, 1010.0, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = 1010x with probability 0.01, else -10x (seed {self.seed})"


def reddi_stochastic(
    *,
    beta1: float = 0.9,
    beta2: float = 0.99,
    lr: float = 0.5,
    x1: float = 0.0,
    seed: int = 0,
    force: bool = False,
) -> Setting:
    """[Reddi18] Sec. 6; any constants are allowed.

    Raises
    ------
    TypeError, ValueError
        If a constant is out of range.
    """
    return Setting(ReddiStochastic(seed), beta1, beta2, lr, x1, force=force)
