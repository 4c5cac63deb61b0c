r"""Online problems: convex f_1, f_2, ... on a convex set F, revealed one a step.

The regret of x_1, ..., x_T is R_T = \sum_{t \le T} f_t(x_t) - \min_{x \in F} \sum_{t \le T} f_t(x).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box, FeasibleSet

__all__ = ["Linear", "LinearProblem", "OnlineProblem", "RoundFunction", "ends"]


def ends(feasible: FeasibleSet) -> tuple[float, float]:
    """Return the ends of F on the line; infinite where F has none.

    Examples
    --------
    >>> from adabound_np import L2Ball, Unconstrained
    >>> ends(Box(-1.0, 1.0)), ends(L2Ball(2.0, center=1.0)), ends(Unconstrained())
    ((-1.0, 1.0), (-1.0, 3.0), (-inf, inf))
    """
    if hasattr(feasible, "lo") and hasattr(feasible, "hi"):
        return feasible.lo, feasible.hi

    def end(slope: float) -> float:
        try:
            return float(feasible.argmin_linear(slope))
        except ValueError:  # a linear function has no minimum there
            return -slope * np.inf

    return end(1.0), end(-1.0)


class RoundFunction(Protocol):
    """f_t: called with x it gives f_t(x); `gradient` gives a (sub)gradient at x."""

    def __call__(self, x: Any) -> Any:
        """f_t(x)."""

    def gradient(self, x: Any) -> Any:
        r"""\nabla f_t(x), of x's shape."""


class OnlineProblem(Protocol):
    """What the runner needs of an online problem."""

    @property
    def feasible(self) -> FeasibleSet:
        """F."""

    def reveal(self, T: int) -> Iterator[tuple[int, RoundFunction]]:
        """(1, f_1), ..., (T, f_T)."""

    def comparator(self, T: int) -> Any:
        r"""A best fixed point in hindsight, of \arg\min_{x \in F} \sum_{t \le T} f_t(x)."""

    def best_losses(self, T: int) -> NDArray[np.float64]:
        r"""\min_{x \in F} \sum_{i \le t} f_i(x) for t = 1, ..., T; shape (T,)."""


class Linear(NamedTuple):
    """f_t(x) = c x.

    Examples
    --------
    >>> f = Linear(-10.0)
    >>> f(0.5), f.gradient(0.5)
    (-5.0, -10.0)
    """

    c: float

    def __call__(self, x: Any) -> Any:
        """Return c x."""
        return self.c * x

    def gradient(self, x: Any) -> Any:
        """The slope c at every x, of x's shape."""
        return np.full(np.shape(x), self.c) if np.ndim(x) else self.c


class LinearProblem:
    r"""f_t(x) = c_t x on an interval F = [lo, hi].

    A problem states its slopes c_t, in `slopes`, and F; the rest follows. Since the gradient
    does not depend on x, all of it is known before the first step.
    """

    #: Name on the command line.
    name: str
    feasible: Box = Box(-1.0, 1.0)
    #: Steps after which the slopes repeat, once `warm_up` steps are over; 1 if they do not.
    period: int = 1
    warm_up: int = 0

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop, with t = 1 the first step; shape (stop - start,).

        However 1, ..., T is cut into such ranges, the slopes are the same.
        """
        raise NotImplementedError

    def formula(self) -> str:
        """f_t in words of mathematics, for tables and titles."""
        raise NotImplementedError

    def reveal(self, T: int, chunk: int = 1 << 16) -> Iterator[tuple[int, Linear]]:
        """(1, f_1), ..., (T, f_T)."""
        for start in range(1, T + 1, chunk):
            for t, c in enumerate(self.slopes(start, min(start + chunk, T + 1)).tolist(), start):
                yield t, Linear(c)

    def comparator(self, T: int) -> float:
        """A best fixed point in hindsight: an end of F; the lower one if all are equal."""
        chunk = 1 << 20
        total = sum(
            self.slopes(t, min(t + chunk, T + 1)).sum(axis=0) for t in range(1, T + 1, chunk)
        )
        return self.best(total)

    def best_losses(self, T: int) -> NDArray[np.float64]:
        r"""\min_{x \in F} \sum_{i \le t} c_i x for t = 1, ..., T."""
        return self.least(np.cumsum(self.slopes(1, T + 1), axis=0))

    def best(self, slope: float) -> float:
        r"""\arg\min_{x \in F} slope * x: an end of F; the lower one for slope 0."""
        lo, hi = ends(self.feasible)
        return float(hi if slope < 0 else lo)

    def least(self, slope: NDArray[np.float64]) -> NDArray[np.float64]:
        r"""\min_{x \in F} slope * x: at an end of F; 0 for slope 0, also if F is the whole line."""
        lo, hi = ends(self.feasible)
        end = np.where(slope < 0, hi, lo)
        least: NDArray[np.float64] = slope * np.where(slope == 0, 0.0, end)
        return least
