"""Phase diagrams: where an optimizer ends, over a plane of two constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from adabound_np import Bounds
from adabound_np.checks import known
from problems.forms import in_paper
from problems.online.batch import endpoints
from problems.online.sequences import CONSTANTS, setting
from problems.online.setting import Setting
from problems.style import fixed_style

__all__ = ["AXES", "Axis", "Phase", "phase", "phase_figure"]

#: Constants of the optimizers, beside those of the problem (`CONSTANTS`).
OPTIMIZERS_OWN = ("final_lr", "gamma")
#: Every constant that may be an axis.
AXES = ("beta1", "beta2", "lr", "x1", "C", "delta", "epsilon", "K", *OPTIMIZERS_OWN)


@dataclass(frozen=True)
class Axis:
    """A constant and the values it takes.

    Parameters
    ----------
    name : str
        One of `AXES`.
    values : array of float
        Increasing, at least two.
    log : bool
        Whether to draw them on a log scale.
    """

    name: str
    values: NDArray[np.float64]
    log: bool = False

    def __post_init__(self) -> None:
        known("constant", self.name, AXES)
        if len(self.values) < 2 or not np.all(np.diff(self.values) > 0):
            raise ValueError(f"{self.name} must take at least two increasing values")
        if self.log and self.values[0] <= 0:
            raise ValueError(f"{self.name} must take positive values on a log scale")

    def edges(self) -> NDArray[np.float64]:
        """Ends of the cells around the values, one more than these."""
        v = np.log(self.values) if self.log else self.values
        half = np.diff(v) / 2
        ends = np.hstack([v[0] - half[0], v[:-1] + half, v[-1] + half[-1]])
        return np.exp(ends) if self.log else ends


@dataclass(frozen=True)
class Phase:
    """Where an optimizer ends over a plane; arrays have shape (len(y), len(x)).

    Attributes
    ----------
    x, y : Axis
        The plane.
    x_final, average_regret : array of float
        x_T and R_T/T; NaN where the problem has no constants.
    C : array of float
        The problem's constant; NaN where there is none.
    holds : array of bool
        Whether the construction's conditions hold.
    """

    x: Axis
    y: Axis
    x_final: NDArray[np.float64]
    average_regret: NDArray[np.float64]
    C: NDArray[np.float64]
    holds: NDArray[np.bool_]


def phase(
    problem: str,
    optimizer: str,
    x: Axis,
    y: Axis,
    steps: int,
    options: Mapping[str, Any],
    tick: Callable[[int], Any] = lambda n: None,
) -> Phase:
    """Run an optimizer at every cell of a plane, all cells in one batch.

    Parameters
    ----------
    problem, optimizer : str
        Names on the command line.
    x, y : Axis
        Two different constants.
    steps : int
        T >= 1.
    options : mapping
        The other constants, those of the problem that are None chosen by its conditions, and
        schedule, final_lr, gamma (both without effect where the problem sets the bounds), seed.
    tick : callable
        Called now and then with the number of steps done since.

    Raises
    ------
    TypeError, ValueError
        If the axes are not two different constants of the problem or the optimizers, or no cell
        has constants.
    """
    takes = CONSTANTS[known("problem", problem, CONSTANTS)]
    if "bounds" not in takes:  # where the problem does not set the bounds, the optimizers do
        takes = (*takes, *OPTIMIZERS_OWN)
    for axis in (x, y):
        known(f"constant of {problem}", axis.name, [name for name in AXES if name in takes])
    if x.name == y.name:
        raise ValueError(f"the axes must be two different constants, got {x.name!r} twice")
    cells, settings, reasons = [], [], []
    for i, j in np.ndindex(len(y.values), len(x.values)):
        given = {**options, y.name: float(y.values[i]), x.name: float(x.values[j])}
        constants = {k: v for k, v in given.items() if k not in (*OPTIMIZERS_OWN, "schedule")}
        try:
            settings.append((setting(problem, force=True, **constants), given))
            cells.append((i, j))
        except ValueError as error:  # no constants here: the cell stays empty
            reasons.append(str(error))
    if not settings:
        raise ValueError(f"no cell of the plane has constants: {reasons[0]}")
    ends = endpoints(
        [s.problem for s, _ in settings],
        in_paper(optimizer, schedule=options["schedule"], **_arrays(settings)),
        steps, np.array([s.x1 for s, _ in settings]), tick,
    )  # fmt: skip
    shape = (len(y.values), len(x.values))
    x_final, average, C = (np.full(shape, np.nan) for _ in range(3))
    holds = np.zeros(shape, bool)
    index = tuple(np.transpose(cells))
    x_final[index], average[index] = ends.x, ends.average_regret
    C[index] = [getattr(s.problem, "C", np.nan) for s, _ in settings]
    holds[index] = [all(c.holds for c in s.conditions) for s, _ in settings]
    return Phase(x, y, x_final, average, C, holds)


def _arrays(settings: list[tuple[Setting, dict[str, Any]]]) -> dict[str, Any]:
    """The optimizer's hyperparameters, one entry a cell."""
    own: dict[str, Any] = {name: np.array([getattr(s, name) for s, _ in settings])
           for name in ("lr", "beta1", "beta2", "eps_root")}  # fmt: skip
    own["final_lr"] = np.array([given["final_lr"] for _, given in settings])
    gammas = [given["gamma"] for _, given in settings]
    own["gamma"] = 1 - own["beta2"] if gammas[0] is None else np.array(gammas)
    own["bounds"] = _stacked([s.bounds for s, _ in settings if s.bounds is not None])
    return {**own, "feasible": settings[0][0].problem.feasible}


def _stacked(bounds: Sequence[Bounds]) -> Bounds | None:
    """Bounds of one family as one, its constants as arrays; None for none."""
    if not bounds:
        return None
    names = [field.name for field in fields(bounds[0])]  # type: ignore[arg-type]
    return type(bounds[0])(**{name: np.array([getattr(b, name) for b in bounds]) for name in names})


@fixed_style()
def phase_figure(result: Phase, show: str, title: str) -> Figure:
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
    figure = Figure(figsize=(7.2, 5.6), layout="constrained")
    axes = figure.subplots()
    x, y = result.x.values, result.y.values
    values, norm = (result.x_final, None) if show == "x" else _logarithmic(result.average_regret)
    corners = result.x.edges(), result.y.edges()
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
        xscale="log" if result.x.log else "linear", yscale="log" if result.y.log else "linear",
        xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), title=title,
        xlabel=_label(result.x.name), ylabel=_label(result.y.name),
    )  # fmt: skip
    return figure


def _logarithmic(regret: NDArray[np.float64]) -> tuple[NDArray[np.float64], LogNorm | None]:
    """The map's values, and a log scale if they are positive over more than a decade.

    Where R_T = 0 (T is shorter than a cycle) the least positive value stands for it.
    """
    positive = regret[regret > 0]
    if not len(positive) or positive.max() < 10 * positive.min() or np.nanmin(regret) < 0:
        return regret, None
    return np.maximum(regret, positive.min()), LogNorm(positive.min(), positive.max())


def _label(name: str) -> str:
    greek = {
        "beta1": r"$\beta_1$", "beta2": r"$\beta_2$", "lr": r"step size $\alpha$",
        "x1": "$x_1$", "C": "$C$", "K": "$K$", "delta": r"$\delta$", "epsilon": r"$\epsilon$",
        "final_lr": r"final rate $\alpha^*$", "gamma": r"speed of the bounds $\gamma$",
    }  # fmt: skip
    return greek[name]
