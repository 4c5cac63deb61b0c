"""Runs of any length in constant memory: x_T, R_T, and their course on a log grid of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from problems.online.parallel_in_time import Chunk, Visit
from problems.online.problem import LinearProblem, OnlineProblem, ends

__all__ = ["Decade", "Series", "Summary", "Tally", "log_grid"]


class Decade(NamedTuple):
    """A run over its last decade of steps, from about T/10 to T.

    Attributes
    ----------
    since : int
        First step of it: the one after the last kept step that is at most T/10.
    x_mean, x_min, x_max : float
        Mean and range of the points played.
    slope : float
        Slope of R_t/t against log t by least squares, as a share of the mean of its absolute
        value: 0 where R_t grows as t, about -1/2 where it grows as the root of t. NaN where less
        than three steps are kept, 0 where R_t is 0 throughout.
    """

    since: int
    x_mean: float
    x_min: float
    x_max: float
    slope: float


class Series(NamedTuple):
    """A run at some steps t.

    `x_min`, `x_max`, `x_mean` and `pinned` are of the points played at t and at the steps between
    it and the kept step before.

    Attributes
    ----------
    t : array of int, shape (n,)
        Steps, increasing, the last one T.
    x : array of float, shape (n,)
        x_t, the point played at step t.
    x_min, x_max, x_mean : array of float, shape (n,)
        Range and mean of the points played.
    pinned : array of float, shape (n,)
        Share of the points played that lie at an end of F.
    regret, average_regret : array of float, shape (n,)
        R_t and R_t/t.
    """

    t: NDArray[np.int64]
    x: NDArray[np.float64]
    x_min: NDArray[np.float64]
    x_max: NDArray[np.float64]
    x_mean: NDArray[np.float64]
    pinned: NDArray[np.float64]
    regret: NDArray[np.float64]
    average_regret: NDArray[np.float64]

    def last_decade(self) -> Decade:
        """The last decade of steps.

        Examples
        --------
        A run that plays x_t = 1 and has R_t = 2 t:

        >>> t = np.array([1, 10, 30, 100])
        >>> one = np.ones(4)
        >>> Series(t, one, one, one, one, one, 2.0 * t, 2 * one).last_decade()
        Decade(since=11, x_mean=1.0, x_min=1.0, x_max=1.0, slope=0.0)
        """
        first = int(np.searchsorted(self.t, self.t[-1] / 10, side="right"))
        before = max(first - 1, 0)  # R_t/t is known there, too
        steps = np.diff(self.t, prepend=0)[first:]
        return Decade(
            int(self.t[-1] - steps.sum() + 1),
            float(np.average(self.x_mean[first:], weights=steps)),
            float(self.x_min[first:].min()),
            float(self.x_max[first:].max()),
            _slope(np.log(self.t[before:]), self.average_regret[before:]),
        )


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Slope of y by least squares, as a share of the mean of |y|."""
    level, away = float(np.abs(y).mean()), x - x.mean()
    if len(x) < 3:
        return float("nan")
    return float(away @ (y - y.mean()) / (away @ away)) / level if level else 0.0


@dataclass(frozen=True)
class Summary:
    """What is kept of a run.

    Attributes
    ----------
    steps : int
        T.
    x : float
        x_T, the point played at the last step.
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


#: Minimum, maximum, sum and number at an end of F, of no points.
_NOTHING = (np.inf, -np.inf, 0.0, 0.0)


class Tally:
    """Adds up a run while it is played, lane by lane; memory is free of T.

    Parameters
    ----------
    problem : OnlineProblem
        For F and the best fixed points; of a linear one, given by the sum of the slopes.
    grid : array of int
        Steps to keep, increasing; each is met by the end of the lane that holds it.
    best_losses : array of float, shape (T,), optional
        The least total losses of a problem that is not linear.

    Notes
    -----
    Its instance is the `visit` of `problems.online.parallel_in_time.play`; `close` takes each
    chunk that it yields.
    """

    def __init__(
        self,
        problem: OnlineProblem,
        grid: NDArray[np.int64],
        best_losses: NDArray[np.float64] | None = None,
    ) -> None:
        self.problem, self.grid, self.best_losses = problem, grid, best_losses
        self.parts: list[NDArray[np.float64]] = []
        self.paid = self.slope = 0.0  # sums of f_i(x_i) and of c_i so far
        self.open: list[Any] = list(_NOTHING)  # since the last kept step

    def __call__(self, c: NDArray[np.float64], lanes: int) -> Visit:
        """Begin a chunk of slopes; of losses f_t(x_t), if the problem is not linear."""
        linear, (lo, hi) = self.best_losses is None, ends(self.problem.feasible)
        paid, low, high = np.zeros(lanes), np.full(lanes, np.inf), np.full(lanes, -np.inf)
        pinned = np.zeros(lanes, np.uint16)  # a lane has far fewer steps than that holds
        total = np.zeros(lanes)
        self.now = paid, np.broadcast_to(c.sum(axis=0), lanes), low, high, total, pinned
        at_end, cost = np.empty(lanes, bool), np.empty(lanes)

        def row(c_t: Any, x: NDArray[np.float64]) -> None:
            np.add(paid, np.multiply(c_t, x, out=cost) if linear else c_t, out=paid)
            np.minimum(low, x, out=low)
            np.maximum(high, x, out=high)
            np.add(total, x, out=total)
            np.logical_or(x <= lo, x >= hi, out=at_end)
            np.add(pinned, at_end, out=pinned)
            self.x = x  # in the end, the points that the lanes' last steps play

        return row

    def close(self, chunk: Chunk) -> None:
        """End a chunk, and keep the lanes that hold a step of the grid."""
        paid, slope, low, high, total, pinned = self.now
        paid, slope = self.paid + np.cumsum(paid), self.slope + np.cumsum(slope)
        held = self.grid[self.grid <= chunk.last[-1]]
        self.grid = self.grid[len(held) :]
        kept = np.unique(np.searchsorted(chunk.last, held))
        # segments of lanes: each ends with a kept one; the rest, of no lane or some, stays open
        starts, merged = np.append(0, kept + 1), []
        for ufunc, values, nothing, before in zip(
            (np.minimum, np.maximum, np.add, np.add),
            (low, high, total, pinned.astype(float)),
            _NOTHING,
            self.open,
            strict=True,
        ):
            segments = ufunc.reduceat(np.append(values, nothing), starts)
            segments[0] = ufunc(segments[0], before)
            merged.append(segments)
        self.open = [segments[-1] for segments in merged]
        merged = [segments[:-1] for segments in merged]
        self.parts.append(
            np.array([chunk.last[kept], self.x[kept], *merged, paid[kept], slope[kept]])
        )
        self.paid, self.slope = paid[-1], slope[-1]

    def series(self) -> Series:
        """The course of the run so far."""
        t, x, low, high, total, pinned, paid, slope = np.concatenate(self.parts, axis=1)
        regret, steps = paid - self._least(t, slope), np.diff(t, prepend=0)
        mean = np.clip(total / steps, low, high)  # the mean of equal points may be rounded
        return Series(t.astype(np.int64), x, low, high, mean, pinned / steps, regret, regret / t)

    def optimum(self) -> float:
        """A best fixed point of the rounds so far."""
        if isinstance(self.problem, LinearProblem):
            return self.problem.best(self.slope)
        assert self.best_losses is not None
        return float(self.problem.comparator(len(self.best_losses)))

    def _least(self, t: NDArray[np.float64], slope: NDArray[np.float64]) -> NDArray[np.float64]:
        """The least total losses after steps t."""
        if isinstance(self.problem, LinearProblem):
            return self.problem.least(slope)
        assert self.best_losses is not None
        return self.best_losses[t.astype(np.int64) - 1]
