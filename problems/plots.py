"""Figures, drawn without a display; lines differ in dashes too, so that grey prints read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from adabound_np import __version__
from problems.digest import KEY, digest
from problems.files import replacing
from problems.online.problem import OnlineProblem, ends
from problems.online.setting import formula_of, name_of
from problems.online.summary import Summary
from problems.online.verdict import arrival, place, trend
from problems.optimizers import style, title
from problems.style import Picture, Powers, fixed_style

__all__ = ["HIDDEN", "apart", "counterexample_figure", "in_groups", "label_ends", "save"]

Floats = NDArray[np.float64]

#: Share of an axis that two lines may differ by, and at which share of the drawn steps they must,
#: for one to hide the other.
HIDDEN, MOST = 0.01, 0.95
#: Largest number of lines of a panel.
LINES = 5


def in_groups(names: Iterable[str]) -> list[list[str]]:
    """Names in as few groups as have at most five each, of about the same size.

    Examples
    --------
    >>> in_groups("abcdefg")
    [['a', 'b', 'c', 'd'], ['e', 'f', 'g']]
    """
    names = list(names)
    number = max(1, -(-len(names) // LINES))
    size = -(-len(names) // number)
    return [names[k : k + size] for k in range(0, max(1, len(names)), size)]


@fixed_style()
def counterexample_figure(
    problem: OnlineProblem, runs: Mapping[str, Summary], marks: Mapping[str, float] | None = None
) -> Picture:
    """Draw x_t (with its range between two drawn steps) and R_t/t against t, each line labelled.

    More than five optimizers are drawn in several rows of panels.

    Parameters
    ----------
    problem : OnlineProblem
        For F and the title.
    runs : mapping of str to Summary
        By optimizer name, all of the same length.
    marks : mapping of str to float, optional
        Steps to mark, by their labels.
    """
    inside = ConstrainedLayoutEngine(rect=(0, 0, 0.985, 1))  # the longest labels end there
    groups = in_groups(runs)
    figure = Picture(figsize=(13, 5.0 * len(groups)), layout=inside)
    panels = figure.subplots(len(groups), 2, squeeze=False, sharey="col")
    for (left, right), names in zip(panels, groups, strict=True):
        _panels(left, right, problem, {name: runs[name] for name in names}, marks or {})
    band = Patch(
        color="0.5", alpha=0.3, linewidth=0, label="shaded: range of xₜ between two drawn steps"
    )
    figure.legend(handles=[band], frameon=False, fontsize=9, loc="outside lower left")
    figure.suptitle(f"{name_of(problem)}:  {formula_of(problem)}", fontsize=11)
    return figure


def _panels(
    left: Axes,
    right: Axes,
    problem: OnlineProblem,
    runs: Mapping[str, Summary],
    marks: Mapping[str, float],
) -> None:
    """Draw the iterates and the average regret of a few optimizers."""
    lo, hi = ends(problem.feasible)
    optimum = next(iter(runs.values())).optimum
    for name, run in runs.items():
        s, look = run.series, {**style(name), "linewidth": 2.0}
        left.plot(s.t, s.x, **look)
        left.fill_between(s.t, s.x_min, s.x_max, color=look["color"], alpha=0.15, linewidth=0)
        right.plot(s.t, np.where(s.average_regret > 0, s.average_regret, np.nan), **look)
        if (s.average_regret > 0).any():
            right.set_yscale("log")
    for end in (lo, hi):
        word = "best" if end == optimum else "worst"
        left.axhline(end, color="0.6", linewidth=0.8, zorder=0)
        left.annotate(
            f"{word} fixed point, x = {end:g}",
            (0.02, end),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3 if end == hi else -3),
            textcoords="offset points",
            fontsize=9,
            color="0.35",
            va="bottom" if end == hi else "top",
        )
    for label, t in marks.items():
        if 1 < t < max(run.steps for run in runs.values()):
            left.axvline(t, color="0.4", linewidth=0.8, linestyle=":", zorder=0)
            left.annotate(
                label,
                (t, 0.75),
                xycoords=("data", "axes fraction"),
                xytext=(-3, 0),
                textcoords="offset points",
                ha="right",
                color="0.35",
            )
    margin = 0.12 * (hi - lo)
    left.set(xscale="log", xlabel="step t", ylabel="xₜ", ylim=(lo - margin, hi + margin))
    right.set(xscale="log", xlabel="step t", ylabel="average regret Rₜ / t")
    for axes in (left, right):
        axes.xaxis.set(major_formatter=Powers(), minor_locator=NullLocator())
        if axes.get_yscale() == "log":
            axes.yaxis.set(
                major_formatter=Powers(), minor_formatter=Powers(minor_thresholds=(1, 0.4))
            )
        axes.grid(alpha=0.25)
        axes.margins(x=0)
    steps = next(iter(runs.values())).series.t
    label_ends(left, list(runs), steps, [_whereabouts(problem, run) for run in runs.values()])
    label_ends(right, list(runs), steps, [trend(run) for run in runs.values()])


def _whereabouts(problem: OnlineProblem, run: Summary) -> str:
    since = arrival(problem, run.optimum, run.series)
    if since is not None and since > 1:
        return f"at the best point from {_about(since)}"
    return place(problem, run)


def _about(t: int) -> str:
    return f"t ≈ {float(f'{t:.2g}'):,.0f}"


def label_ends(
    axes: Axes, names: Sequence[str], steps: Any, words: Sequence[str] | None = None
) -> None:
    """Write each line's optimizer beside its end, and which line hides it, or it hides.

    Parameters
    ----------
    axes : Axes
        Its first lines are those of the optimizers, drawn with `problems.optimizers.style`.
    names : sequence of str
        The optimizers.
    steps : array
        The steps of the lines.
    words : sequence of str, optional
        What became of each.
    """
    axes.autoscale_view()
    to_axes = axes.transData + axes.transAxes.inverted()
    paths = [
        to_axes.transform(np.column_stack(line.get_data()))[:, 1]
        for line in axes.lines[: len(names)]
    ]
    drawn = [i for i, y in enumerate(paths) if np.isfinite(y).any()]
    ends = [float(paths[i][np.isfinite(paths[i])][-1]) for i in drawn]
    heights = apart(ends, min(0.13, 1.1 / len(names)))
    for i, end, height in zip(drawn, ends, heights, strict=True):
        shared: Any = {"transform": axes.transAxes, "clip_on": False}
        look = style(names[i])
        axes.add_artist(Line2D([1, 1.04], [end, height], color="0.6", linewidth=0.8, **shared))
        axes.add_artist(Line2D([1.04, 1.18], [height] * 2, linewidth=2.0, **look, **shared))
        axes.text(
            1.2,
            height,
            f"{title(names[i])}{_overlap(i, paths, names, steps)}"
            + (f":\n{words[i]}" if words else ""),
            transform=axes.transAxes,
            va="center",
            fontsize=9.5,
            linespacing=1.05,
        )


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Heights in the same order, moved until they lie `gap` apart, around where they were."""
    if not heights:
        return []
    order = np.argsort(heights, kind="stable")
    steps = gap * np.arange(len(heights))
    # Without the steps they must only rise. The least squares that do are means of neighbours, by
    # the max-min formula; `scipy.optimize.isotonic_regression` would take longer to import than
    # all else takes to draw.
    sums = np.cumsum([0.0, *(np.asarray(heights)[order] - steps)])
    n = len(heights)
    means = [[(sums[k] - sums[j]) / (k - j) for k in range(j + 1, n + 1)] for j in range(n)]
    rising = [max(min(means[j][i - j :]) for j in range(i + 1)) for i in range(n)]
    moved = np.empty(n)
    moved[order] = rising + steps
    return list(moved)


def _overlap(i: int, paths: Sequence[Floats], names: Sequence[str], steps: Any) -> str:
    """Which later line is drawn over all of line i, or which earlier one it follows at first."""
    together = [np.isclose(paths[i], y, rtol=0, atol=HIDDEN, equal_nan=True) for y in paths]
    for other in range(len(paths) - 1, i, -1):
        if together[other].mean() >= MOST:
            return f" (under {title(names[other])})"
    for other in range(i):
        shared = int(np.argmin(together[other]))  # where they part; 0 if they do not
        if together[other].mean() < MOST and shared and steps[shared - 1] >= 100:
            return f" (over {title(names[other])} until {_about(steps[shared - 1])})"
    return ""


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG, the same bytes for the same figure; return the paths.

    The metadata name this package's version; a PNG's hold the figure's digest, too
    (`problems.digest`).
    """
    paths = [stem.with_suffix(".png"), stem.with_suffix(".svg")]
    layout = figure.get_layout_engine()
    with fixed_style():
        for path in paths:
            made = f"adabound-np {__version__}"
            svg = {"Date": None, "Creator": made}
            metadata = svg if path.suffix == ".svg" else {"Software": made, KEY: digest(figure)}
            with replacing(path) as temporary:
                figure.savefig(temporary, dpi=150, metadata=metadata)
            figure.set_layout_engine("none")  # the PNG's layout serves the SVG
    figure.set_layout_engine(layout)
    return paths
