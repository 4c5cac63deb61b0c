"""Long trajectories, thinned to what a figure can show and a table can hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from problems.online.protocol import Trajectory

__all__ = ["Series", "log_grid", "thin"]


class Series(NamedTuple):
    """A trajectory at some steps t; `x_min` and `x_max` are over the steps since the last one.

    Attributes
    ----------
    t : array of int, shape (n,)
        Steps, increasing, from 1 to T.
    x, x_min, x_max : array of float, shape (n,)
        x_t, and its range.
    regret, average_regret : array of float, shape (n,)
        R_t and R_t/t.
    """

    t: NDArray[np.int64]
    x: NDArray[np.float64]
    x_min: NDArray[np.float64]
    x_max: NDArray[np.float64]
    regret: NDArray[np.float64]
    average_regret: NDArray[np.float64]


def log_grid(T: int, points: int = 500, period: int = 1) -> NDArray[np.int64]:
    """At most `points` steps from 1 to T, evenly spaced on a log scale, ends included.

    Steps beyond ten periods lie at the ends of whole periods: a line through them shows the
    trend, not the phase.

    Examples
    --------
    >>> log_grid(1000, points=4).tolist()
    [1, 10, 100, 1000]
    >>> log_grid(1000, points=4, period=9).tolist()
    [1, 10, 99, 1000]
    """
    grid = np.geomspace(1, T, points).round().astype(np.int64)
    inner = (grid > 10 * period) & (grid < T)
    grid[inner] -= grid[inner] % period
    return np.unique(grid)


def thin(trajectory: Trajectory, points: int = 500, period: int = 1) -> Series:
    """Thin a one-dimensional trajectory to the steps of `log_grid`."""
    t = log_grid(trajectory.steps, points, period)
    x = trajectory.x[:-1]
    starts = np.concatenate([[0], t[:-1]])  # x[starts[i]:t[i]] are the steps since the last one
    return Series(
        t,
        x[t - 1],
        np.minimum.reduceat(x, starts),
        np.maximum.reduceat(x, starts),
        trajectory.regret[t - 1],
        trajectory.average_regret[t - 1],
    )
