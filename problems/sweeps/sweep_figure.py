"""The figure of a sweep."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from problems.optimizers import style, title
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
    figure = Picture(figsize=(1 + 4 * len(axes), 4), layout="constrained")
    names = list(dict.fromkeys(record["optimizer"] for record in records))
    for panel, axis in zip(figure.subplots(1, len(axes), squeeze=False)[0], axes, strict=True):
        for name in names:
            values, regrets = least(records, name, axis)
            panel.plot(values, regrets, marker=".", label=title(name), **style(name))
        x = [line.get_xdata() for line in panel.lines]
        low = min((min(values) for values in x if len(values)), default=0.0)
        high = max((max(values) for values in x if len(values)), default=0.0)
        if 0 < 20 * low < high:
            panel.set_xscale("log")
        constant = AXES.get(axis, axis)
        panel.set(xlabel=GREEK.get(constant, constant), ylabel="least $R_T / T$")
        panel.grid(alpha=0.25)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right upper")
    figure.suptitle(problem)
    return figure
