"""The figure of a phase diagram."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LogNorm
from numpy.typing import NDArray

from problems.style import Picture, fixed_style
from problems.sweeps.axes import Axis
from problems.sweeps.phase import Phase

__all__ = ["edges", "phase_figure"]

#: Constants as they are drawn.
GREEK = {
    "beta1": r"$\beta_1$",
    "beta2": r"$\beta_2$",
    "lr": r"step size $\alpha$",
    "x1": "$x_1$",
    "C": "$C$",
    "K": "$K$",
    "delta": r"$\delta$",
    "epsilon": r"$\epsilon$",
    "final_lr": r"final rate $\alpha^*$",
    "gamma": r"speed of the bounds $\gamma$",
}


def edges(axis: Axis) -> NDArray[np.float64]:
    """Ends of the cells around an axis's values, one more than these.

    Examples
    --------
    >>> edges(Axis("beta2", (0.5, 0.75))).tolist()
    [0.375, 0.625, 0.875]
    """
    v = np.log(axis.values) if axis.log else np.asarray(axis.values)
    half = np.diff(v) / 2
    ends = np.hstack([v[0] - half[0], v[:-1] + half, v[-1] + half[-1]])
    return np.exp(ends) if axis.log else ends


@fixed_style()
def phase_figure(result: Phase, show: str, title: str) -> Picture:
    r"""Draw the map, with the theory's boundaries.

    Parameters
    ----------
    result : Phase
        To draw.
    show : {"x", "regret"}
        x_T or R_T/T.
    title : str
        Above the map.
    """
    figure = Picture(figsize=(7.2, 5.6), layout="constrained")
    axes = figure.subplots()
    x, y = np.asarray(result.x.values), np.asarray(result.y.values)
    values, norm = (result.x_final, None) if show == "x" else _logarithmic(result.average_regret)
    corners = edges(result.x), edges(result.y)
    mesh = axes.pcolormesh(*corners, values, cmap="cividis", norm=norm)
    figure.colorbar(mesh, label="$x_T$" if show == "x" else "average regret $R_T / T$")
    axes.set_facecolor("0.85")  # cells without constants
    if result.holds.any() and not result.holds.all():
        axes.contour(x, y, result.holds.astype(float), levels=[0.5], colors="white", linewidths=2)
    C, decades = result.C[np.isfinite(result.C)], 10.0 ** np.arange(1, 8)
    inside = [d for d in decades if len(C) and C.min() < d < C.max()]
    if inside:
        lines = axes.contour(
            x, y, result.C, levels=inside, colors="white", linewidths=0.8, linestyles=":"
        )
        axes.clabel(lines, fmt=lambda C: f"C = {C:g}", fontsize=8)
    if {result.x.name, result.y.name} == {"beta1", "beta2"}:
        beta2 = np.linspace(0, 1, 400)
        curve = (np.sqrt(beta2), beta2) if result.x.name == "beta1" else (beta2, np.sqrt(beta2))
        axes.plot(*curve, color="#D55E00", linestyle="--", label=r"$\beta_1 = \sqrt{\beta_2}$")
        axes.legend(loc="lower right", fontsize=9)
    axes.set(
        xscale="log" if result.x.log else "linear",
        yscale="log" if result.y.log else "linear",
        xlim=(x[0], x[-1]),
        ylim=(y[0], y[-1]),
        title=title,
        xlabel=GREEK.get(result.x.name, result.x.name),
        ylabel=GREEK.get(result.y.name, result.y.name),
    )
    return figure


def _logarithmic(regret: NDArray[np.float64]) -> tuple[NDArray[np.float64], LogNorm | None]:
    """The map's values, and a log scale if they are positive over more than a decade.

    Where R_T = 0 (T is shorter than a cycle) the least positive value stands for it.
    """
    positive = regret[regret > 0]
    if not len(positive) or positive.max() < 10 * positive.min() or np.nanmin(regret) < 0:
        return regret, None
    return np.maximum(regret, positive.min()), LogNorm(positive.min(), positive.max())
