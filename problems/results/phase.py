"""A map of where an optimizer ends, over a plane of two constants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from adabound_np.checks import known
from problems.files import write_csv
from problems.loading import described
from problems.manifest import suffix
from problems.online.sequences import takes
from problems.online.setting import title_of
from problems.optimizers import BOUNDS, Spec, label
from problems.results.counterexample import bounds_of, refuse_bounds
from problems.results.result import Result
from problems.sweeps import phase as room
from problems.sweeps.axes import axis_of

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["SHOWN", "PhaseMap", "X", "Y", "phase"]

#: What a map may show.
SHOWN = ("regret", "x")
#: The axes, where none are given.
X, Y = "beta1=0:0.99:60", "beta2=0.5:0.999:60"


@dataclass(frozen=True)
class PhaseMap(room.Phase, Result):
    """Where an optimizer ends over a plane; arrays have shape (len(y.values), len(x.values)).

    Attributes
    ----------
    problem, optimizer : str
        What was run.
    steps : int
        T.
    shown : {"regret", "x"}
        What the figure shows, R_T/T or x_T.
    seed : int
        Seed of a stochastic problem.
    """

    problem: str
    optimizer: str
    steps: int
    shown: str
    seed: int
    added: str
    command = "phase"

    @property
    def stem(self) -> str:
        """Name of the files."""
        names = (name.partition("(")[0] for name in (self.problem, self.optimizer))
        return f"phase-{'-'.join(names)}{self.added}"

    def table(self) -> list[dict[str, Any]]:
        """One row per cell."""
        names = ("C", "holds", "x_final", "average_regret")
        columns = [getattr(self, name).ravel().tolist() for name in names]
        places = [(x, y) for y in self.y.values for x in self.x.values]
        return [
            {self.x.name: x, self.y.name: y, **dict(zip(names, row, strict=True))}
            for (x, y), row in zip(places, zip(*columns, strict=True), strict=True)
        ]

    def record(self) -> dict[str, Any]:
        """All of it as plain values; None where the problem has no constants."""

        def plain(values: Any) -> Any:
            return [[None if math.isnan(v) else v for v in row] for row in values.tolist()]

        return {
            "problem": self.problem,
            "optimizer": self.optimizer,
            "steps": self.steps,
            "x": {"name": self.x.name, "values": list(self.x.values)},
            "y": {"name": self.y.name, "values": list(self.y.values)},
            "C": plain(self.C),
            "holds": self.holds.tolist(),
            "x_final": plain(self.x_final),
            "average_regret": plain(self.average_regret),
        }

    def text(self) -> str:
        """The map in a few lines."""
        cells, empty = self.x_final.size, int(np.isnan(self.x_final).sum())
        regret = self.average_regret[~np.isnan(self.average_regret)]
        least, most, middle = np.min(regret), np.max(regret), np.median(regret)
        return (
            f"{self.optimizer} on {self.problem}, T = {self.steps:,} steps a cell\n"
            f"{len(self.x.values)} x {len(self.y.values)} cells of {self.x.name} and "
            f"{self.y.name}: {int(self.holds.sum())} meet the construction's conditions, "
            f"{empty} of {cells} have no constants\n"
            f"R_T/T from {least:.4g} to {most:.4g}, median {middle:.4g}"
        )

    def figures(self) -> dict[str, Picture]:
        """The map, with the theory's boundaries."""
        from problems.sweeps.phase_figure import phase_figure

        title = f"{self.optimizer} on {self.problem}, T = {self.steps:,}"
        return {"": phase_figure(self, self.shown, title)}

    def write(self, stem: Path) -> list[Path]:
        """The cells as CSV."""
        rows, path = self.table(), stem.with_name(stem.name + ".csv")
        write_csv(path, list(rows[0]), (list(row.values()) for row in rows))
        return [path]


def phase(
    problem: Any = "reddi-theorem2",
    optimizer: Spec = "adam",
    *,
    x: Any = X,
    y: Any = Y,
    steps: int = 50_000,
    show: str = "regret",
    schedule: str = "inv-sqrt",
    final_lr: float | None = None,
    gamma: float | str | None = None,
    seed: int = 0,
    **constants: Any,
) -> PhaseMap:
    """Map where an optimizer ends over a plane of two constants.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `counterexample`.
    optimizer : str, class or Optimizer
        A name, a class, or ``module:Name``, with or without hyperparameters; an instance, whose
        hyperparameters can be no axis.
    x, y : str or tuple
        Axes, such as ``"beta1=0:0.99:60"``, ``"lr=log:0.01:1:40"`` or ``("lr", [0.1, 0.5])``.
    steps : int
        T.
    show : {"regret", "x"}
        What the map shows: R_T/T, or x_T.
    schedule : {"inv-sqrt", "constant"}
        s_t, which multiplies every step size: 1/sqrt(t) or 1.
    final_lr, gamma : float, optional
        Constants of the bounds of AdaBound and AMSBound; ``gamma="paper"`` is 1 - beta2.
    seed : int
        Seed of a random problem.
    **constants
        The problem's: lr, beta1, beta2, x1, C, delta, epsilon, K, bounds, whichever it has.

    Returns
    -------
    PhaseMap
        With ``x_final``, ``average_regret``, ``C`` and ``holds``, arrays of shape
        (len(y.values), len(x.values)).

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a constant is out of range, or no cell has constants.

    Examples
    --------
    >>> import problems
    >>> result = problems.phase("reddi-online", x="lr=0.1:1:2", y="beta2=0.9,0.99", steps=100)
    >>> result.x_final.shape, result.x.values
    ((2, 2), (0.1, 1.0))
    """
    known("value", show, SHOWN)
    bounds = bounds_of(final_lr, gamma)
    if "bounds" in takes(problem):
        refuse_bounds(described(problem), final_lr=final_lr, gamma=gamma)
    own = {name: value for name, value in constants.items() if value is not None}
    options = {**own, **bounds, "schedule": schedule, "seed": seed}
    with tqdm(total=steps, unit="step", delay=1, leave=False, disable=None) as bar:
        plane = room.phase(
            problem, optimizer, axis_of(x), axis_of(y), steps, options, tick=bar.update
        )
    names: dict[str, Any] = {"problem": title_of(problem), "optimizer": label(optimizer)}
    used = {**options, "problem": described(problem), "optimizer": described(optimizer)}
    used |= {"x": plane.x, "y": plane.y, "show": show}
    usual = {**BOUNDS, "schedule": "inv-sqrt", "seed": 0, "x": axis_of(X), "y": axis_of(Y)}
    usual |= {what: name.partition("(")[0] for what, name in names.items()} | {"show": "regret"}
    added = suffix(used, usual)
    return PhaseMap(**vars(plane), **names, steps=steps, shown=show, seed=seed, added=added)
