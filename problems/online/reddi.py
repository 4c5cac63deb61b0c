r"""The sequences of [Reddi18] on which Adam fails; their constants are in `reddi_settings`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import within
from problems.online.problem import LinearProblem
from problems.online.setting import integer

__all__ = [
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem1",
    "ReddiTheorem2",
    "ReddiTheorem3",
    "ReddiTheorem6",
]


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


@dataclass(frozen=True)
class _Stochastic(LinearProblem):
    """c_t = `high` with probability `p`, else `low`: one draw of the seed's generator a step."""

    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {self.seed!r}")

    def draw(self, start: int, stop: int, p: float, high: float, low: float) -> NDArray[np.float64]:
        bits = np.random.PCG64(self.seed)
        bits.advance(start - 1)  # so that no cut into ranges changes a step's draw
        return np.where(np.random.Generator(bits).random(stop - start) < p, high, low)


@dataclass(frozen=True)
class ReddiStochastic(_Stochastic):
    r"""f_t(x) = 1010 x with probability 0.01, else -10 x, on [-1, 1] ([Reddi18] Sec. 6).

    The expected slope is 0.2, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Of the generator that draws. Step t has its own draw, whatever range is asked for.
    """

    name = "reddi-stochastic"

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.draw(start, stop, 0.01, 1010.0, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = 1010x with probability 0.01, else -10x (seed {self.seed})"


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


@dataclass(frozen=True)
class ReddiTheorem6(ReddiTheorem1):
    r"""Theorem 1's sequence, scaled to an \epsilon in Adam's denominator ([Reddi18] Thm. 6)."""

    name = "reddi-theorem6"


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


@dataclass(frozen=True)
class ReddiTheorem3(_Stochastic):
    r"""f_t(x) = C x with p = (1 + delta)/(C + 1), else -x, on [-1, 1] ([Reddi18] Thm. 3).

    The expected slope is delta, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Of the generator that draws. Step t has its own draw, whatever range is asked for.
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
