"""The figure of Wilson's construction: what each optimizer found, over the speed of the bounds."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from problems.optimizers import style, title
from problems.plots import HIDDEN, apart
from problems.style import Picture, fixed_style

__all__ = ["wilson_figure"]

#: What the panels show of a result, and the axis' name.
PANELS = {
    "test_accuracy": "accuracy on new points",
    "from_minimum_norm": "distance to the solution of least norm",
    "from_adaptive": r"distance to $\mathrm{sign}(X^\top y)/c$",
}


@fixed_style()
def wilson_figure(results: Sequence[dict[str, Any]], majority: float, title: str) -> Picture:
    r"""Draw accuracy and distances to both solutions, over \gamma where an optimizer has it.

    Parameters
    ----------
    results : sequence of dict
        Each with "optimizer", "gamma" (or None) and the keys of ``PANELS``, None where a run
        diverged; those of one optimizer follow each other.
    majority : float
        Share of the majority among the new points, which is marked.
    title : str
        Above the panels.
    """
    figure = Picture(figsize=(13, 4.2), layout="constrained")
    found: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        found.setdefault(result["optimizer"], []).append(result)
    panels = figure.subplots(1, len(PANELS))
    for axes, (key, label) in zip(panels, PANELS.items(), strict=True):
        axes.set(ylabel=label, ylim=(-0.05, 1.05))
        _draw(axes, found, key)
        axes.grid(alpha=0.25)
    panels[0].axhline(majority, color="0.6", linewidth=0.8, zorder=0)
    panels[0].annotate(
        f"the majority's share, {majority:.3f}",
        (0.02, majority),
        xycoords=("axes fraction", "data"),
        xytext=(0, -3),
        textcoords="offset points",
        fontsize=9,
        color="0.35",
        va="top",
    )
    figure.suptitle(title, fontsize=11)
    return figure


def _draw(axes: Axes, found: dict[str, list[dict[str, Any]]], key: str) -> None:
    """One panel: a line over gamma, or across, and names beside its end; one for equal lines."""
    groups: list[tuple[list[float], list[str]]] = []  # values, and the optimizers that have them
    bounded = False
    for name, rows in found.items():
        kept = sorted((r for r in rows if math.isfinite(_value(r, key))), key=_gamma)
        if not kept:
            continue
        gammas, values = [_gamma(row) for row in kept], [row[key] for row in kept]
        look = {**style(name), "linewidth": 2.0}
        if kept[0]["gamma"] is None:
            axes.axhline(values[0], **look)
        else:
            bounded = True
            axes.plot(gammas, values, **look, marker="o", markersize=4)
        for other, names in groups:
            if len(other) == len(values) and np.allclose(other, values, rtol=0, atol=HIDDEN):
                names.append(name)
                break
        else:
            groups.append((values, [name]))
    axes.set_xscale("log" if bounded else "linear")
    axes.set_xlabel(r"speed of the bounds $\gamma$" if bounded else r"no optimizer has a $\gamma$")
    if not bounded:
        axes.set_xticks([])
    low, high = axes.get_ylim()
    ends = [(values[-1] - low) / (high - low) for values, _ in groups]
    heights = apart([min(max(end, 0.0), 1.0) for end in ends], 0.14)  # beside the axes
    for height, (_, names) in zip(heights, groups, strict=True):
        text = textwrap.fill(", ".join(title(name) for name in names), 20)
        axes.text(1.03, height, text, transform=axes.transAxes, va="center", fontsize=9)


def _value(result: dict[str, Any], key: str) -> float:
    value = result.get(key)
    return math.nan if value is None else float(value)


def _gamma(result: dict[str, Any]) -> float:
    return float(result["gamma"] or 0.0)
