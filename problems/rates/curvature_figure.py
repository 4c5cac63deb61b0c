r"""The funnel above, the preconditioned sharpness against its threshold below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.lines import Line2D

from problems.optimizers import style
from problems.rates.figures import BANDS
from problems.rates.record import RateRecord
from problems.style import Picture, fixed_style

__all__ = ["curvature_figure"]


@fixed_style()
def curvature_figure(
    records: Mapping[str, RateRecord], runs: Mapping[str, Sequence[Mapping[str, Any]]], title: str
) -> Picture:
    r"""Draw, for each optimizer, rates within the bounds, and the curvature on the same axis of t.

    Parameters
    ----------
    records : mapping of str to RateRecord
        The rates of one run of each optimizer: bands of quantiles, the median, the bounds.
    runs : mapping of str to sequence of mapping
        Its runs, as in `problems.curvature`; a line each. What is far from
        the threshold, as of a run that diverges, is beyond the panel.
    title : str
        Above it.
    """
    number = len(records)
    figure = Picture(figsize=(max(6.0, 1.4 + 2.4 * number), 6.4), layout="constrained")
    panels = figure.subplots(2, number, sharex="col", sharey="row", squeeze=False)
    for column, (name, record) in enumerate(records.items()):
        upper, lower = panels[:, column]
        color = style(name.partition("(")[0])["color"]
        for (low, high), alpha in BANDS:
            ends = np.maximum(record.quantile(low), 1e-8), np.maximum(record.quantile(high), 1e-8)
            upper.fill_between(record.steps, *ends, color=color, alpha=alpha, linewidth=0)
        upper.plot(record.steps, np.maximum(record.quantile(50), 1e-8), color=color)
        for bound in record.bounds[:, -1].T:
            upper.plot(record.steps, bound, "k--" if record.bounded else "k:", linewidth=1)
        upper.set_title(name, fontsize=9)
        for run in runs[name]:
            lower.plot(run["step"], run["preconditioned"], color=color, linewidth=1)
            lower.plot(run["step"], run["sharpness"], color="0.6", linewidth=0.8, zorder=1)
        bound = runs[name][0]["threshold"]
        if bound is not None:
            lower.axhline(bound, color="k", linestyle="--", linewidth=1)
        lower.set(xscale="log", yscale="log", xlabel="step $t$")
    panels[0, 0].set(yscale="log", ylabel=r"effective learning rate $\eta_t$", ylim=_ends(records))
    bounds = [each[0]["threshold"] or 2.0 for each in runs.values()]
    panels[1, 0].set(ylabel="curvature", ylim=(min(bounds) / 50, max(bounds) * 20))
    handles = [
        Line2D([], [], color="C0", label="preconditioned sharpness"),
        Line2D([], [], color="k", linestyle="--", label="threshold; above, bounds"),
        Line2D([], [], color="0.6", label="sharpness (a line for each seed)"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=11)
    return figure


def _ends(records: Mapping[str, RateRecord]) -> tuple[float, float]:
    """Ends of the axis of rates: all medians, and most of the quantiles."""
    rates = np.concatenate([r.quantiles[:, -1, 1:-1].ravel() for r in records.values()])
    rates = rates[np.isfinite(rates) & (rates > 0)]
    low, high = np.percentile(rates, [1, 99]) if len(rates) else (1e-3, 1.0)
    return float(low) / 3, float(high) * 3
