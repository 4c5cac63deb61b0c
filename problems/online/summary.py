"""Runs of any length in constant memory: x_T, R_T, and their course on a log grid of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from problems.online.parallel_in_time import Chunk, Visit
from problems.online.problem import LinearProblem

__all__ = ["Series", "Summary", "Tally", "log_grid"]


class Series(NamedTuple):
    """A run at some steps t; `x_min`, `x_max` and `pinned` are of the steps since the last one.

    Attributes
    ----------
    t : array of int, shape (n,)
        Steps, increasing, the last one T.
    x : array of float, shape (n,)
        x_{t+1}, the point after step t.
    x_min, x_max : array of float, shape (n,)
        Range of the points played.
    pinned : array of float, shape (n,)
        Share of the points played that lie at an end of F.
    regret, average_regret : array of float, shape (n,)
        R_t and R_t/t.
    """

    t: NDArray[np.int64]
    x: NDArray[np.float64]
    x_min: NDArray[np.float64]
    x_max: NDArray[np.float64]
    pinned: NDArray[np.float64]
    regret: NDArray[np.float64]
    average_regret: NDArray[np.float64]


@dataclass(frozen=True)
class Summary:
    """What is kept of a run.

    Attributes
    ----------
    steps : int
        T.
    x : float
        x_{T+1}, the point after the last step.
    regret, average_regret : float
        R_T and R_T/T.
    optimum : float
        A best fixed point in hindsight.
    series : Series
        Their course.
    engine : str
        What ran it: "steps" or "parallel".
    seconds : float
        Wall time.
    """

    steps: int
    x: float
    regret: float
    average_regret: float
    optimum: float
    series: Series
    engine: str
    seconds: float


def log_grid(T: int, points: int = 500) -> NDArray[np.int64]:
    """At most `points` steps from 1 to T, evenly spaced on a log scale, ends included.

    One point is T.

    Examples
    --------
    >>> log_grid(1000, points=4).tolist()
    [1, 10, 100, 1000]
    """
    grid: NDArray[np.int64] = np.unique(np.geomspace(T, 1, points).round().astype(np.int64))
    return grid


class Tally:
    """Adds up a run while it is played, lane by lane; memory is free of T.

    Parameters
    ----------
    problem : LinearProblem
        For F.
    grid : array of int
        Steps to keep, increasing; each is met by the end of the lane that holds it.

    Notes
    -----
    Its instance is the `visit` of `problems.online.parallel_in_time.play`; `close` takes each
    chunk that it yields.
    """

    def __init__(self, problem: LinearProblem, grid: NDArray[np.int64]) -> None:
        self.problem, self.grid = problem, grid
        self.parts: list[NDArray[np.float64]] = []
        self.paid = self.slope = 0.0  # sums of f_i(x_i) and of c_i so far
        self.open: list[Any] = [np.inf, -np.inf, 0.0]  # min, max, pinned since the last kept step

    def __call__(self, c: NDArray[np.float64], lanes: int) -> Visit:
        """Begin a chunk."""
        lo, hi = self.problem.feasible.lo, self.problem.feasible.hi
        paid, low, high = np.zeros(lanes), np.full(lanes, np.inf), np.full(lanes, -np.inf)
        pinned = np.zeros(lanes, np.uint16)  # a lane has far fewer steps than that holds
        self.now = paid, np.broadcast_to(c.sum(axis=0), lanes), low, high, pinned
        at_end, cost = np.empty(lanes, bool), np.empty(lanes)

        def row(c_t: Any, x: NDArray[np.float64]) -> None:
            np.multiply(c_t, x, out=cost)
            np.add(paid, cost, out=paid)
            np.minimum(low, x, out=low)
            np.maximum(high, x, out=high)
            np.logical_or(x <= lo, x >= hi, out=at_end)
            np.add(pinned, at_end, out=pinned)

        return row

    def close(self, chunk: Chunk) -> None:
        """End a chunk, and keep the lanes that hold a step of the grid."""
        paid, slope, low, high, pinned = self.now
        paid, slope = self.paid + np.cumsum(paid), self.slope + np.cumsum(slope)
        held = self.grid[self.grid <= chunk.last[-1]]
        self.grid = self.grid[len(held) :]
        kept = np.unique(np.searchsorted(chunk.last, held))
        # segments of lanes: those that end with a kept one, then the rest, which stays open
        ends = np.append(kept, len(low) - 1) if not len(kept) or kept[-1] < len(low) - 1 else kept
        starts = np.concatenate([[0], ends[:-1] + 1])
        merged = []
        for ufunc, values, before in zip(
            (np.minimum, np.maximum, np.add),
            (low, high, pinned.astype(float)),
            self.open,
            strict=True,
        ):
            segments = ufunc.reduceat(values, starts)
            segments[0] = ufunc(segments[0], before)
            merged.append(segments)
        rest = len(ends) > len(kept)
        self.open = [m[-1] for m in merged] if rest else [np.inf, -np.inf, 0.0]
        low, high, pinned = (m[: len(kept)] for m in merged)
        self.parts.append(
            np.array([chunk.last[kept], chunk.x[kept], low, high, pinned, paid[kept], slope[kept]])
        )
        self.paid, self.slope = paid[-1], slope[-1]

    def series(self) -> Series:
        """The course of the run so far."""
        t, x, low, high, pinned, paid, slope = np.concatenate(self.parts, axis=1)
        regret = paid - self.problem.least(slope)
        share = pinned / np.diff(t, prepend=0)
        return Series(t.astype(np.int64), x, low, high, share, regret, regret / t)
