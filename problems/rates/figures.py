r"""Figures of effective learning rates: [Luo19] Figure 1, histograms, the funnel, shares."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from problems.optimizers import style
from problems.rates.record import EDGES, RateRecord
from problems.style import Picture, fixed_style

__all__ = [
    "figure1_parameters",
    "funnel_figure",
    "heat_figure",
    "histogram_figure",
    "shares_figure",
]

#: Bands of the funnel, from the outermost: percentages, and how dark they are.
BANDS = (((0, 100), 0.12), ((1, 99), 0.2), ((5, 95), 0.3), ((25, 75), 0.5))
Records = Mapping[str, RateRecord]


def figure1_parameters(names: Sequence[str], dims: Sequence[int]) -> list[str]:
    """Nine convolution kernels, evenly over the network's depth, and the last bias.

    Fewer where the network has fewer; without convolutions, matrices stand for them.

    Parameters
    ----------
    names : sequence of str
        Names of the parameters, in the network's order.
    dims : sequence of int
        The number of axes of each.

    Examples
    --------
    >>> names = [f"conv{i}.weight" for i in range(20)] + ["linear.weight", "linear.bias"]
    >>> figure1_parameters(names, [4] * 20 + [2, 1])[::3]
    ['conv0.weight', 'conv7.weight', 'conv14.weight', 'linear.bias']
    """
    of = dict(zip(names, dims, strict=True))
    kernels = [name for name in names if of[name] == 4] or [n for n in names if of[n] == 2]
    places = np.linspace(0, len(kernels) - 1, min(9, len(kernels))).round().astype(int)
    biases = [name for name in names if name.endswith("bias") and of[name] == 1]
    return [kernels[i] for i in places] + biases[-1:]


@fixed_style()
def heat_figure(
    record: RateRecord, parameters: Sequence[str], title: str, rows: int = 5, place: int = -1
) -> Picture:
    r"""Draw log10 of \eta_t of sampled coordinates, one column per parameter ([Luo19] Fig. 1).

    Parameters
    ----------
    record : RateRecord
        Record of one run.
    parameters : sequence of str
        The columns, such as `figure1_parameters` chooses them.
    title : str
        Above it.
    rows : int
        Samples of one coordinate from each parameter; at most as many as were followed.
    place : int
        Which of the record's steps to draw; the last by default.

    Raises
    ------
    ValueError
        If the record has no such parameter.
    """
    missing = [name for name in parameters if name not in record.names[:-1]]
    if missing or not parameters:
        raise ValueError(f"parameters must be some of the record's, got {list(parameters)!r}")
    columns = [record.names.index(name) for name in parameters]
    values = record.samples[place, columns, :rows].T
    with np.errstate(divide="ignore"):
        logs = np.where(values > 0, np.log10(values), np.nan)
    figure = Picture(
        figsize=(1.4 + 0.85 * len(columns), 1.9 + 0.42 * len(logs)), layout="constrained"
    )
    axes = figure.subplots()
    finite = logs[np.isfinite(logs)]
    low, high = (finite.min(), finite.max()) if len(finite) else (0.0, 1.0)
    mesh = axes.imshow(logs, cmap="cividis", aspect="auto", vmin=low, vmax=max(high, low + 0.1))
    axes.set_facecolor("0.85")
    for (i, j), value in np.ndenumerate(logs):
        dark = not math.isfinite(value) or value > (low + high) / 2
        text = f"{value:.1f}" if math.isfinite(value) else "at rest"
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color="k" if dark else "w")
    axes.set_xticks(
        range(len(columns)),
        [_short(name) for name in parameters],
        rotation=30,
        ha="right",
        fontsize=8,
    )
    axes.set_yticks(range(len(logs)), [str(i + 1) for i in range(len(logs))])
    axes.set(ylabel="sample", title=f"{title}, step {record.steps[place]:,}")
    axes.title.set_fontsize(10)
    figure.colorbar(mesh, label=r"$\log_{10}\,\eta_t$")
    return figure


def _short(name: str) -> str:
    return name if len(name) <= 22 else "…" + name[-21:]


@fixed_style()
def funnel_figure(records: Records, title: str) -> Picture:
    r"""Draw bands of quantiles of \eta_t against the bounds, one panel per optimizer.

    The bounds are dashed where the optimizer clips to them, dotted where it is only compared
    with them.
    """
    figure, panels = _panels(records, title)
    low, high = _span(records)
    for axes, (name, record) in zip(panels, records.items(), strict=True):
        color = style(name)["color"]
        for (lower, upper), alpha in BANDS:
            axes.fill_between(
                record.steps,
                _shown(record.quantile(lower), low),
                record.quantile(upper),
                color=color,
                alpha=alpha,
                linewidth=0,
            )
        axes.plot(record.steps, record.quantile(50), color=color, linewidth=1.5)
        axes.set(yscale="log", ylim=(low, high), title=name)
        axes.minorticks_off()  # ten decades of them would be a grey bar
    panels[0].set_ylabel(r"effective learning rate $\eta_t$")
    bands = [
        Patch(facecolor="k", alpha=alpha, label=f"{lower} to {upper} %")
        for (lower, upper), alpha in BANDS
    ]
    _legend(figure, [*bands, Line2D([], [], color="k", label="median")], panels, records)
    return figure


@fixed_style()
def histogram_figure(records: Records, title: str, of: str = "coordinates") -> Picture:
    r"""Draw the share of coordinates (or what `of` says) in each tenth of a decade of \eta_t."""
    figure, panels = _panels(records, title)
    low, high = _span(records)
    norm = LogNorm(1e-4, 1.0)
    for axes, (name, record) in zip(panels, records.items(), strict=True):
        counts = record.histograms[:, -1, 1:-1]
        total = record.histograms[:, -1].sum(axis=1, keepdims=True)
        shares = np.maximum(counts / np.maximum(total, 1), norm.vmin or 0.0)
        axes.pcolormesh(
            _edges(record.steps), EDGES, shares.T, norm=norm, cmap="Greys", rasterized=True
        )
        axes.set(yscale="log", ylim=(low, high), title=name)
        axes.minorticks_off()  # ten decades of them would be a grey bar
    panels[0].set_ylabel(r"effective learning rate $\eta_t$")
    figure.colorbar(ScalarMappable(norm, "Greys"), ax=panels, label=f"share of {of}")
    _legend(figure, [], panels, records)
    return figure


@fixed_style()
def shares_figure(records: Records, title: str, of: str = "coordinates") -> Picture:
    """Draw the shares of coordinates at (or beyond) the lower bound, between, at the upper one.

    Raises
    ------
    ValueError
        If none of the records has bounds.
    """
    bounded = {name: r for name, r in records.items() if not np.isnan(r.shares[:, -1]).all()}
    if not bounded:
        raise ValueError(f"records must have one with bounds, got {', '.join(records)}")
    figure, panels = _panels(bounded, title)
    labels = ("at the lower bound or below it", "between", "at the upper bound or above it")
    for axes, (name, record) in zip(panels, bounded.items(), strict=True):
        axes.stackplot(
            record.steps,
            *record.shares[:, -1].T,
            labels=labels,
            edgecolor="k",
            linewidth=0.4,
            colors=("0.45", "0.95", "0.7"),
            hatch=("//", "", ".."),
        )
        whose = "its own bounds" if record.bounded else "against adabound's"
        axes.set(ylim=(0, 1), title=f"{name}, {whose}")
    panels[0].set_ylabel(f"share of {of}")
    handles, _ = panels[0].get_legend_handles_labels()
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def _legend(figure: Figure, handles: list[Any], panels: list[Axes], records: Records) -> None:
    """Draw the bounds that there are, and explain them and `handles` below all panels."""
    drawn = set()
    for axes, record in zip(panels, records.values(), strict=True):
        if np.isnan(record.bounds[:, -1]).all():
            continue
        dashes: Any = "--" if record.bounded else (0, (1, 2))
        for bound in record.bounds[:, -1].T:
            axes.plot(record.steps, bound, color="k", linestyle=dashes, linewidth=1)
        drawn.add((record.bounded, dashes))
    for bounded, dashes in sorted(drawn, key=lambda pair: not pair[0]):
        whose = "" if bounded else " of adabound, for comparison"
        label = r"$s_t\eta_l(t)$ and $s_t\eta_u(t)$" + whose
        handles.append(Line2D([], [], color="k", linestyle=dashes, linewidth=1, label=label))
    if handles:
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=len(handles),
            fontsize=8,
            frameon=False,
        )


def _panels(records: Records, title: str) -> tuple[Picture, list[Axes]]:
    if not records:
        raise ValueError("records must hold one record or more, got none")
    figure = Picture(figsize=(max(6.0, 1.2 + 2.9 * len(records)), 3.9), layout="constrained")
    axes = figure.subplots(1, len(records), sharey=True, squeeze=False)[0]
    for panel, record in zip(axes, records.values(), strict=True):
        panel.set_xscale("log")
        first, last = int(record.steps[0]), int(record.steps[-1])
        panel.set(xlim=(first, max(last, first + 1)), xlabel="step $t$")
    figure.suptitle(title, fontsize=11)
    panels: list[Axes] = list(axes)
    return figure, panels


def _span(records: Records) -> tuple[float, float]:
    """Ends of a log axis with all positive rates between them, and some room."""
    rates = np.concatenate([r.quantiles[:, -1].reshape(-1) for r in records.values()])
    rates = rates[np.isfinite(rates) & (rates > 0)]
    if not len(rates):
        return 1e-3, 1.0
    low, high = math.floor(np.log10(rates.min())), math.ceil(np.log10(rates.max()))
    low, high = min(max(low, -150), 149), max(min(high, 150), -149)  # ticks beyond are numbers
    return 10.0 ** (low - 0.5), 10.0 ** (high + 0.5)


def _shown(values: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Rates with those at rest, 0, at the foot of a log axis."""
    shown: NDArray[np.float64] = np.maximum(values, least)
    return shown


def _edges(steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """Edges of cells around steps, half way on a log scale."""
    logs = np.log(steps.astype(np.float64))
    middle = (logs[1:] + logs[:-1]) / 2 if len(logs) > 1 else logs + 0.05
    first, last = 2 * logs[0] - middle[0], 2 * logs[-1] - middle[-1]
    edges: NDArray[np.float64] = np.exp([first, *middle[: len(logs) - 1], last])
    return edges
