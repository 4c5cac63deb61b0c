"""The figure of a trace."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.ticker import MaxNLocator

from problems.style import Picture, fixed_style

__all__ = ["trace_figure"]

#: Rates by key: Matplotlib's keywords for their lines.
RATES = {
    "alpha/sqrt(V_t)": {"color": "#D55E00", "marker": "o"},
    "eta_l(t)": {"color": "0.4", "linestyle": ":"},
    "eta_u(t)": {"color": "0.4", "linestyle": "--"},
    "eta_hat_t": {"color": "#0072B2", "marker": "s"},
    "eta_t": {"color": "#009E73", "linestyle": "-.", "marker": "."},
}


@fixed_style()
def trace_figure(
    columns: Mapping[str, Sequence[float]], latex: Mapping[str, str], x1: float, title: str
) -> Picture:
    """Draw x_t, and the rates with the bounds that clip them, against t.

    Parameters
    ----------
    columns : mapping of str to sequence of float
        Quantities by key, one number for each step.
    latex : mapping of str to str
        Their names.
    x1 : float
        First point.
    title : str
        Above the figure.
    """
    figure = Picture(figsize=(9, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    x = [x1, *columns["x_{t+1}"]]
    left.plot(range(1, len(x) + 1), x, marker=".", color="#0072B2")
    left.set(xlabel="step $t$", ylabel="$x_t$")
    for key, look in RATES.items():
        if key in columns:
            drawn = [y if 0 < y < math.inf else math.nan for y in columns[key]]
            right.plot(columns["t"], drawn, label=f"${latex[key]}$", **look)
            if not all(map(math.isnan, drawn)):
                right.set_yscale("log")
    right.set(xlabel="step $t$", ylabel="rates")
    right.legend()
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.suptitle(title)
    return figure
