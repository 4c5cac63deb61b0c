"""What became of a run, in words: where its last decade of steps lies, and where R_t/t goes."""

from __future__ import annotations

import math

from problems.online.problem import OnlineProblem, ends
from problems.online.summary import Series, Summary

__all__ = ["arrival", "place", "trend"]

#: Share of F that counts as near; on an infinite F, of the range of the points played.
NEAR = 0.02
#: Slope of R_t/t (`Decade.slope`) below which in absolute value it is called flat.
FLAT = 0.1


def place(problem: OnlineProblem, summary: Summary) -> str:
    """Where the points of the last decade of steps lie.

    Examples
    --------
    >>> from adabound_np import Adam, AMSGrad
    >>> from problems.online import reddi_theorem1, summarize
    >>> setting = reddi_theorem1()
    >>> for cls in (Adam, AMSGrad):
    ...     opt = cls.as_in_paper(lr=0.5, betas=(0.0, 0.1), feasible=setting.problem.feasible)
    ...     summary = summarize(setting.problem, opt, 10_000, setting.x1)
    ...     print(f"{place(setting.problem, summary)}, regret per step {trend(summary)}")
    stuck at the worst point, regret per step flat at 0.672
    at the best point, regret per step still falling
    """
    decade, best = summary.series.last_decade(), summary.optimum
    width = _width(problem, summary.series)
    distances = sorted([abs(decade.x_min - best), abs(decade.x_max - best)])
    if distances[1] <= NEAR * width:
        return "at the best point"
    # what leaves the worst point slowly is near it, too, but does not come back
    lo, hi = ends(problem.feasible)
    if distances[0] >= (1 - NEAR) * width and distances[1] == hi - lo:
        return "stuck at the worst point"
    return f"x from {decade.x_min:.3g} to {decade.x_max:.3g} (mean {decade.x_mean:.3g})"


def trend(summary: Summary) -> str:
    """Where R_t/t went over the last decade of steps."""
    slope = summary.series.last_decade().slope
    if math.isnan(slope):
        return "over too few steps to judge"
    if abs(slope) <= FLAT:
        return f"flat at {summary.average_regret:.3g}"
    return "still falling" if slope < 0 else "rising"


def arrival(problem: OnlineProblem, optimum: float, series: Series) -> int | None:
    """The step from which on all points lie at the best one; None if they do not in the end."""
    reach = NEAR * _width(problem, series)
    away = (series.x_max > optimum + reach) | (series.x_min < optimum - reach)
    if away[-1]:
        return None
    outside = away.nonzero()[0]
    return int(series.t[outside[-1]]) + 1 if len(outside) else 1


def _width(problem: OnlineProblem, series: Series) -> float:
    """The length of F; if it is infinite, the length of the range of the points played."""
    lo, hi = ends(problem.feasible)
    width = hi - lo
    return width if math.isfinite(width) else float(series.x_max.max() - series.x_min.min())
