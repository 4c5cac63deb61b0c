"""Learning curves as in [Luo19] Figures 2 to 4, and its sensitivity figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, NullLocator

from problems.experiments.results import rate_records
from problems.experiments.runs import Record
from problems.optimizers import style
from problems.plots import in_groups, label_ends
from problems.rates.figures import (
    figure1_parameters,
    funnel_figure,
    heat_figure,
    histogram_figure,
    shares_figure,
)
from problems.style import Picture, fixed_style
from problems.text import counted

__all__ = ["MARKERS", "curves_figure", "draw", "sensitivity_figure"]

#: Marks that tell lines apart in grey.
MARKERS = {
    "sgd": "o",
    "sgdm": "s",
    "sgdm-dampened": "D",
    "csgd": "x",
    "adagrad": "^",
    "adam": "v",
    "amsgrad": "<",
    "adabound": "*",
    "amsbound": "P",
}


@fixed_style()
def curves_figure(task: Mapping[str, Any]) -> Picture:
    """Draw train and test metric over epochs: mean, and a band of one standard deviation.

    More than five optimizers are drawn in several rows of panels, on the same scale.

    Parameters
    ----------
    task : mapping
        Entry of the tasks that `problems.experiments.results.conclude` returns.
    """
    accuracy = task["metric"] == "accuracy"
    scale = 100.0 if accuracy else 1.0
    drawn = [name for name, row in task["optimizers"].items() if "test" in row]
    groups = in_groups(drawn)
    inside = ConstrainedLayoutEngine(rect=(0, 0, 0.985, 1))  # the longest labels end there
    figure = Picture(figsize=(12, 3.6 * len(groups) + 0.6), layout=inside)
    panels = figure.subplots(len(groups), 2, squeeze=False)
    for column, part in zip(panels.T, ("train", "test"), strict=True):
        curves = {
            name: [
                scale * np.array(task["optimizers"][name][part][key], np.float64)
                for key in ("mean", "std")
            ]
            for name in drawn
        }
        window = _window([mean for mean, _ in curves.values()], accuracy)
        for axes, names in zip(column, groups, strict=True):
            for number, name in enumerate(names):
                _curve(axes, name, number, *curves[name])
            axes.set(
                xlabel="epoch",
                ylabel=f"{part} {task['metric']}" + (" (%)" if accuracy else ""),
                ylim=window,
            )
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.25)
            axes.margins(x=0)
            if part == "test" and names:
                label_ends(axes, names, np.arange(1, len(curves[names[0]][0]) + 1))
    figure.suptitle(
        f"{task['title']}: mean over {counted(task['seeds'], 'seed')}, "
        "band of one standard deviation",
        fontsize=11,
    )
    return figure


def _curve(axes: Axes, name: str, number: int, mean: Any, std: Any) -> None:
    epochs, look = np.arange(1, len(mean) + 1), style(name)
    every = max(1, len(mean) // 5)
    axes.plot(
        epochs,
        mean,
        **look,
        label=name,
        linewidth=1.5,
        marker=MARKERS.get(name, ""),
        markersize=5,
        markevery=(number % every, every),
        markerfacecolor="w",
    )
    axes.fill_between(epochs, mean - std, mean + std, color=look["color"], alpha=0.12, linewidth=0)


def _window(curves: Sequence[Any], accuracy: bool) -> tuple[float, float]:
    """Ends of the y axis: where all curves end, and most of how they got there."""
    if not curves:
        return 0.0, 1.0
    later = np.concatenate([curve[len(curve) // 4 :] for curve in curves])
    ends = np.array([curve[-1] for curve in curves])
    if accuracy:
        low = min(np.nanpercentile(later, 15), np.nanmin(ends))
        high = np.nanmax(later)
        low = min(low, high - 2)
    else:
        low, high = np.nanmin(later), max(np.nanpercentile(later, 85), np.nanmax(ends))
    margin = 0.06 * (high - low) + 1e-6
    return float(low - margin), float(high + margin)


@fixed_style()
def sensitivity_figure(each: Mapping[str, Any], title: str) -> Picture:
    r"""Draw the last test metric over \alpha and \alpha^*, and over the bounds' speed if it varies.

    Where all runs of a point diverged, the line has a gap.

    Parameters
    ----------
    each : mapping
        A task's part of `problems.experiments.results.conclude`'s sensitivity.
    title : str
        Above it.
    """
    points, accuracy = each["points"], each["metric"] == "accuracy"
    speeds = any(point["axis"] == "gamma" for point in points)
    figure = Picture(figsize=(9 if speeds else 5.5, 4), layout="constrained")
    panels = figure.subplots(1, 2 if speeds else 1, sharey=True, squeeze=False)[0]
    lines = (
        (panels[0], "sgdm", "lr", r"SGDM over $\alpha$"),
        (panels[0], "csgd", "lr", r"CSGD over $\alpha$"),
        (panels[0], "adabound", "final_lr", r"AdaBound over $\alpha^*$"),
        (panels[-1], "adabound", "gamma", r"AdaBound over $\gamma$"),
    )
    for axes, optimizer, axis, label in lines[: 4 if speeds else 3]:
        own = sorted(
            (point["value"], [end for end in point["last"] if end is not None])
            for point in points
            if (point["optimizer"], point["axis"]) == (optimizer, axis)
        )
        x = [value for value, _ in own]
        mean, low, high = (
            (100 if accuracy else 1)
            * np.array([f(ends) if ends else np.nan for _, ends in own], np.float64)
            for f in (np.mean, min, max)
        )
        bars = np.maximum((mean - low, high - mean), 0)  # the mean of equal values may be rounded
        axes.errorbar(
            x,
            mean,
            yerr=bars,
            **style(optimizer),
            label=label,
            capsize=3,
            linewidth=1.5,
            marker=MARKERS[optimizer],
            markersize=6,
        )
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.grid(alpha=0.25)
        axes.legend(frameon=False, fontsize=9)
    panels[0].set(
        xlabel=r"step size $\alpha$ or $\alpha^*$",
        ylabel=f"test {each['metric']}" + (" (%)" if accuracy else ""),
    )
    if not accuracy:
        panels[0].set_yscale("log")
    if speeds:
        panels[1].set_xlabel(r"speed of the bounds $\gamma = 1 - \beta$, per step")
    seeds = each["seeds"]
    bars = f"mean over {seeds} seeds, bars from least to greatest" if seeds > 1 else "1 seed"
    figure.suptitle(f"{title}: {bars}", fontsize=11)
    return figure


def draw(
    results: Mapping[str, Any], records: Sequence[Record], figures: Sequence[str]
) -> dict[str, Picture]:
    """Draw some figures, by name, as far as there are results."""
    drawn = {}
    for name, task in results["tasks"].items():
        if f"curves-{name}" in figures:
            equal = ", 20 points each" if task["search"] == "equal" else ""
            drawn[f"curves-{name}"] = curves_figure({**task, "title": task["title"] + equal})
    for name, each in results["sensitivity"].items():
        if f"sensitivity-{name}" in figures:
            drawn[f"sensitivity-{name}"] = sensitivity_figure(each, name)
    rates = rate_records(records) if "rates" in figures else {}
    if rates:
        title = results["settings"]["rates"]
        drawn["rates-funnel"] = funnel_figure(rates, title)
        drawn["rates-histogram"] = histogram_figure(rates, title)
        drawn["rates-shares"] = shares_figure(rates, title)
        adam = rates["adam"]
        chosen = figure1_parameters(adam.names[:-1], adam.dims.tolist())
        drawn["rates-kernels"] = heat_figure(adam, chosen, f"adam on {title}")
    return drawn
