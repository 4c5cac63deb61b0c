"""Figures of the theorem ledger: a claim, and what was measured of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from problems.ledger.entry import Outcome, Result, shown
from problems.optimizers import style
from problems.style import Picture, fixed_style

__all__ = ["FIGURES", "overview_figure", "theorem_figure"]

MEASURED: dict[str, Any] = {**style("adam"), "linewidth": 2.0}
BOUND: dict[str, Any] = {"color": "#000000", "linestyle": "--", "linewidth": 1.4}
BAND: dict[str, Any] = {"color": style("adam")["color"], "alpha": 0.2, "linewidth": 0}


def _axes(
    xlabel: str, ylabel: str, xscale: str = "log", yscale: str = "log"
) -> tuple[Picture, Axes]:
    figure = Picture(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    axes.grid(alpha=0.25)
    return figure, axes


def _regret(outcome: Outcome, bound: str) -> tuple[Picture, Axes]:
    c = outcome.curves
    figure, axes = _axes("step $t$", "regret $R_t$")
    marker = "o" if len(c["t"]) < 20 else ""
    up, some = c["regret"] > 0, c["bound"] > 0
    dots: Any = {"marker": marker, "markersize": 4}
    axes.plot(c["t"][some], c["bound"][some], **BOUND, **dots, label=bound)
    axes.plot(c["t"][up], c["regret"][up], **MEASURED, **dots, label="$R_t$, measured")
    return figure, axes


def _linear(outcome: Outcome) -> Picture:
    """Regret above a bound from below that grows with t."""
    figure, axes = _regret(outcome, "the bound from below")
    axes.legend(frameon=False)
    return figure


def _late(outcome: Outcome) -> Picture:
    """Regret that grows faster than a line in the end."""
    figure, axes = _regret(outcome, "$2t/C$, which late regret grows faster than")
    axes.legend(frameon=False)
    return figure


def _sublinear(outcome: Outcome) -> Picture:
    """Regret below a bound."""
    figure, axes = _regret(outcome, "the bound")
    t = outcome.curves["t"]
    if len(t) < 20:
        axes.set_xticks(t, [str(step) for step in t])
        axes.set_xticks([], minor=True)
    axes.legend(frameon=False)
    return figure


def _crossing(outcome: Outcome) -> Picture:
    """Regret through its published bound."""
    c = outcome.curves
    figure, axes = _regret(outcome, "the published bound")
    above = (c["regret"] > c["bound"]) & (c["t"] >= c["crossing"][-1])
    axes.fill_between(
        c["t"], c["bound"], c["regret"], where=above, color="#D55E00", alpha=0.15, linewidth=0
    )
    first = int(c["crossing"][0])
    height = float(np.interp(first, c["t"], c["regret"]))
    axes.plot([first], [height], "ko", markersize=6, fillstyle="none")
    axes.annotate(
        f"$t$ = {first:,}",
        (first, height),
        xytext=(-14, 16),
        textcoords="offset points",
        ha="right",
        fontsize=10,
    )
    top = float(max(c["regret"].max(), np.median(c["bound"])))
    axes.set_ylim(max(float(c["regret"][c["regret"] > 0].min()), top * 1e-5), top * 8)
    repaired = float(c["repaired"][-1])
    axes.plot([], [], " ", label=f"[Sav19] Theorem 3 at T: {shown(repaired)}, off the scale")
    _legend_below(axes)
    return figure


def _legend_below(axes: Axes) -> None:
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13), ncol=2, fontsize=9)


def _drift(outcome: Outcome) -> Picture:
    """Mean drift of Adam against C."""
    c = outcome.curves
    figure, axes = _axes("$C$", r"mean of $(x_{t+1} - x_t)/\alpha_t$", yscale="linear")
    axes.fill_between(c["C"], c["low"], c["high"], **BAND)
    axes.plot(
        c["C"],
        c["mean"],
        **MEASURED,
        marker="o",
        markersize=4,
        label="mean over seeds, 99 % interval shaded",
    )
    axes.axhline(0, color="0.3", linewidth=1)
    axes.axvline(c["least"][0], **BOUND, label=f"the theorem's $C$ = {c['least'][0]:g}")
    axes.annotate(
        "upwards, away from $x^* = -1$", (0.02, 0.94), xycoords="axes fraction", fontsize=9
    )
    axes.annotate("downwards", (0.02, 0.04), xycoords="axes fraction", fontsize=9)
    ticks = [1.5, 2, 3, 5, 8, 16, 32, 64]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_ylim(float(c["low"].min()) - 0.2, float(c["high"].max()) + 0.2)
    _legend_below(axes)
    return figure


def _mean_loss(outcome: Outcome) -> Picture:
    """Mean excess loss of AdaBound against t."""
    c = outcome.curves
    figure, axes = _axes("step $t$", r"mean of $f(x_t) - f(x^*)$", yscale="linear")
    axes.fill_between(c["t"], c["low"], c["high"], **BAND)
    axes.plot(c["t"], c["mean"], **MEASURED, label="mean over seeds, 99 % interval shaded")
    axes.plot(c["t"], c["bound"], **BOUND, label=r"the bound from below, $\delta$")
    axes.set_ylim(0, 2.15)
    axes.legend(frameon=False, loc="lower right")
    return figure


def _spread(outcome: Outcome) -> Picture:
    """The largest t/eta_l - (t-1)/eta_u against gamma."""
    c = outcome.curves
    figure, axes = _axes(r"$\gamma$", r"$\max_t \; t/\eta_l(t) - (t-1)/\eta_u(t-1)$")
    axes.plot(c["gamma"], c["bound"], **BOUND, label=r"$M = 3 + 2/\gamma$")
    axes.plot(
        c["gamma"],
        c["measured"],
        **MEASURED,
        marker="o",
        markersize=5,
        label=f"measured, $t$ up to {outcome.steps:,}",
    )
    axes.legend(frameon=False)
    return figure


def _first_step(outcome: Outcome) -> Picture:
    """What the first step makes of f, against the size of x_1."""
    c = outcome.curves
    figure, axes = _axes(r"$|x_1|$", r"$f(x_2)/f(x_1)$", yscale="log")
    shown_ratio = np.where(c["ratio"] > 0, c["ratio"], np.nan)
    axes.plot(c["x1"], shown_ratio, **MEASURED, label=f"measured, h = {outcome.parameters['h']:g}")
    axes.axhline(1, color="0.3", linewidth=1)
    axes.axvline(
        c["reach"][0], **BOUND, label=rf"the rate leaves $\eta_u(1)$ at {c['reach'][0]:.3g}"
    )
    axes.set_ylim(1e-3, 10 * float(np.nanmax(c["ratio"])))
    axes.set_xlim(1e-8, 1e4)
    axes.legend(frameon=False)
    return figure


#: id -> the figure of an outcome; not every entry has one.
FIGURES: dict[str, Callable[[Outcome], Picture]] = {
    "reddi-1": _linear,
    "reddi-3": _drift,
    "reddi-4": _sublinear,
    "luo-1": _late,
    "luo-4": _crossing,
    "luo-5": _crossing,
    "savarese-2": _mean_loss,
    "savarese-3": _sublinear,
    "savarese-prop-1": _spread,
    "first-step-safety": _first_step,
}


#: Colour and mark of each verdict in the overview.
VERDICTS: dict[str, dict[str, Any]] = {
    "holds": {"color": "#0072B2", "marker": "o"},
    "refuted": {"color": "#D55E00", "marker": "X"},
    "not-applicable": {"color": "#777777", "marker": "s"},
}
#: Ends of the overview's axis, in decades.
REACH = 3.0
#: Values below it are rounding errors.
ROUNDING = 1e-9


def margin(outcome: Outcome) -> float:
    """Decades that a measured value is on its claim's side of the bound; below 0 beyond it.

    NaN where a ratio says nothing: for claims of equality and of signs, and for rounding errors.

    Examples
    --------
    >>> margin(Outcome((), {}, 1, "R_T", measured=10.0, bound=1000.0))
    2.0
    """
    if outcome.relation not in ("<=", ">=") or min(outcome.measured, outcome.bound) < ROUNDING:
        return float("nan")
    decades = float(np.log10(outcome.bound / outcome.measured))
    return decades if outcome.relation == "<=" else -decades


@fixed_style()
def overview_figure(results: Sequence[Result]) -> Picture:
    """Draw all claims with their verdicts, and how far the measured value is from the bound."""
    figure = Picture(figsize=(8, 1.4 + 0.27 * len(results)), layout="constrained")
    axes = figure.subplots()
    for place, result in enumerate(results):
        outcome = result.outcome
        decades, look = margin(outcome), VERDICTS[outcome.verdict]
        known = np.isfinite(decades)
        at = float(np.clip(decades, -REACH, REACH)) if known else 0.0
        axes.plot([0, at], [place, place], color=look["color"], linewidth=1.5)
        filled = look["color"] if known else "white"
        axes.plot(at, place, linestyle="", **look, markerfacecolor=filled, markersize=7)
        beyond = "" if abs(decades) <= REACH or not known else f" ({10**decades:.0e} times)"
        axes.annotate(
            f"{outcome.verdict}{beyond}",
            (1.01, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=9,
            color=look["color"],
        )
    axes.axvline(0, color="0.3", linewidth=1)
    axes.set_yticks(range(len(results)), [result.entry.id for result in results], fontsize=9)
    axes.set(ylim=(len(results) - 0.5, -0.5), xlim=(-REACH - 0.3, REACH + 0.3))
    ticks = range(-int(REACH), int(REACH) + 1)
    axes.set_xticks(ticks, ["1" if k == 0 else f"$10^{{{abs(k)}}}$" for k in ticks])
    axes.set_xlabel(
        "against the claim      factor between measured value and bound      within the claim\n"
        "(hollow: the claim is an equality, a sign, or up to rounding)"
    )
    axes.grid(alpha=0.25, axis="x")
    figure.suptitle("The theorems of the papers, executed", fontsize=11)
    return figure


@fixed_style()
def theorem_figure(result: Result) -> Picture | None:
    """Draw an entry's figure; None where the ledger has none, or the run nothing to show."""
    draw = FIGURES.get(result.entry.id)
    if draw is None or not result.outcome.curves:
        return None
    figure = draw(result.outcome)
    figure.suptitle(
        f"{result.entry.source}: {result.entry.title} ({result.outcome.verdict})", fontsize=11
    )
    return figure
