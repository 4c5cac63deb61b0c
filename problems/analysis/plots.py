"""Figures, drawn without a display; lines differ in dashes too, so that grey prints read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from problems.analysis.files import replacing
from problems.analysis.style import fixed_style
from problems.online.problem import LinearProblem
from problems.online.summary import Series

__all__ = ["STYLES", "counterexample_figure", "save"]

#: Colour (Okabe & Ito's, safe for colour-blind readers) and dashes of each optimizer.
STYLES: dict[str, dict[str, Any]] = {
    "adam": {"color": "#D55E00", "linestyle": "-"},
    "amsgrad": {"color": "#009E73", "linestyle": "--"},
    "adabound": {"color": "#0072B2", "linestyle": "-"},
    "amsbound": {"color": "#56B4E9", "linestyle": (0, (1, 1))},
    "sgd": {"color": "#000000", "linestyle": "-."},
    "sgdm": {"color": "#777777", "linestyle": "-."},
    "nesterov": {"color": "#777777", "linestyle": ":"},
    "adagrad": {"color": "#CC79A7", "linestyle": "--"},
    "rmsprop": {"color": "#E69F00", "linestyle": (0, (5, 1, 1, 1, 1, 1))},
    "adamnc": {"color": "#CC79A7", "linestyle": ":"},
    "csgd": {"color": "#000000", "linestyle": ":"},
    "sgdm-dampened": {"color": "#777777", "linestyle": "--"},
}


@fixed_style()
def counterexample_figure(
    problem: LinearProblem, optimum: float, series: Mapping[str, Series]
) -> Figure:
    """Draw x_t (with its range between two drawn steps) and R_t/t against t.

    Parameters
    ----------
    problem : LinearProblem
        For F and the title.
    optimum : float
        The best fixed point in hindsight.
    series : mapping of str to Series
        By optimizer name.
    """
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    lo, hi = problem.feasible.lo, problem.feasible.hi
    for name, s in series.items():
        style = {**STYLES[name], "label": name, "linewidth": 1.8}
        left.plot(s.t, s.x, **style)
        left.fill_between(s.t, s.x_min, s.x_max, color=style["color"], alpha=0.15, linewidth=0)
        positive = s.average_regret > 0
        right.plot(s.t[positive], s.average_regret[positive], **style)
        if positive.any():
            right.set_yscale("log")
    for end in (lo, hi):
        word = "best" if end == optimum else "worst"
        left.axhline(end, color="0.6", linewidth=0.8, zorder=0)
        left.annotate(
            f"{word} fixed point, x = {end:g}", (0.02, end), xycoords=("axes fraction", "data"),
            xytext=(0, 3 if end == hi else -3), textcoords="offset points", fontsize=8,
            color="0.35", va="bottom" if end == hi else "top",
        )  # fmt: skip
    margin = 0.12 * (hi - lo)
    left.set(xscale="log", xlabel="step $t$", ylabel="$x_t$", ylim=(lo - margin, hi + margin))
    right.set(xscale="log", xlabel="step $t$", ylabel="average regret $R_t / t$")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    right.legend(frameon=False, fontsize=9)
    figure.suptitle(f"{problem.name}:  {problem.formula()}", fontsize=11)
    return figure


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG, the same bytes for the same figure; return the paths."""
    paths = [stem.with_suffix(".png"), stem.with_suffix(".svg")]
    with fixed_style():
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else None
            with replacing(path) as temporary:
                figure.savefig(temporary, dpi=150, metadata=metadata)
    return paths
