"""The figure of a sweep."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from problems.optimizers import style, title
from problems.plots import in_groups
from problems.style import Picture, fixed_style
from problems.sweeps.axes import AXES
from problems.sweeps.phase_figure import GREEK

__all__ = ["least", "sweep_figure"]


def least(
    records: Sequence[dict[str, Any]], optimizer: str, axis: str
) -> tuple[list[float], list[float]]:
    """An optimizer's least average regret, by its mean over seeds, at each value of an axis.

    Parameters
    ----------
    records : sequence of dict
        As in the file of a sweep; those that are not finite are left out.
    optimizer, axis : str
        Names in the records.

    Returns
    -------
    values, regrets : list of float
        The axis's values in order, and the least mean over the points that have it.
    """
    seeds: dict[tuple[float, ...], list[float]] = {}
    for record in records:
        if record["optimizer"] == optimizer and record["average_regret"] is not None:
            parameters = record["parameters"]
            point = (parameters[axis], *parameters.values())
            seeds.setdefault(point, []).append(record["average_regret"])
    found: dict[float, float] = {}
    for (value, *_), regrets in seeds.items():
        found[value] = min(found.get(value, float("inf")), statistics.fmean(regrets))
    values = sorted(found)
    return values, [found[value] for value in values]


def _panel(panel: Axes, axis: str, found: Mapping[str, tuple[list[float], list[float]]]) -> None:
    """Draw a few optimizers over one axis."""
    for name, (values, regrets) in found.items():
        panel.plot(values, regrets, marker=".", label=title(name), **style(name))
    x = [value for values, _ in found.values() for value in values]
    if x and 0 < 20 * min(x) < max(x):
        panel.set_xscale("log")
    constant = AXES.get(axis, axis)
    panel.set(xlabel=GREEK.get(constant, constant), ylabel="least $R_T / T$")
    panel.grid(alpha=0.25)


@fixed_style()
def sweep_figure(problem: str, axes: Sequence[str], records: Sequence[dict[str, Any]]) -> Picture:
    """Draw the least average regret against each axis, over all values of the others.

    Parameters
    ----------
    problem : str
        Its name, for the title.
    axes : sequence of str
        Axes with more than one value.
    records : sequence of dict
        As in the file of a sweep.
    """
    groups = in_groups(dict.fromkeys(record["optimizer"] for record in records))
    rows, columns = len(groups), len(axes)
    figure = Picture(figsize=(1.5 + 4 * columns, 4 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for row, names in zip(panels, groups, strict=True):
        for panel, axis in zip(row, axes, strict=True):
            _panel(panel, axis, {name: least(records, name, axis) for name in names})
        row[-1].legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    figure.suptitle(problem)
    return figure
