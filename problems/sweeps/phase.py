"""Phase diagrams: where an optimizer ends, over a plane of two constants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import known
from problems.forms import on, settled
from problems.loading import described
from problems.online.batch import endpoints
from problems.online.sequences import setting, takes
from problems.online.setting import Setting
from problems.optimizers import Spec, label
from problems.sweeps.axes import AXES, Axis, axis_names

__all__ = ["Phase", "phase"]

#: Constants of the optimizers, beside those of the problem.
OPTIMIZERS_OWN = ("final_lr", "gamma")
#: Largest number of values on an axis.
MOST = 1000


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
    problem: Any,
    optimizer: Spec,
    x: Axis,
    y: Axis,
    steps: int,
    options: Mapping[str, Any],
    tick: Callable[[int], Any] = lambda n: None,
) -> Phase:
    """Run an optimizer at every cell of a plane, all cells in one batch.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `problems.online.setting`.
    optimizer : str, class or Optimizer
        As for `problems.optimizers.entry`.
    x, y : Axis
        Two different constants.
    steps : int
        Number of steps, T >= 1.
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
    constants = takes(problem)
    if "bounds" not in constants:  # where the problem does not set the bounds, the optimizers do
        constants = (*constants, *OPTIMIZERS_OWN)
    x, y = (_checked(axis, described(problem), axis_names(constants), optimizer) for axis in (x, y))
    if x.name == y.name:
        raise ValueError(f"the axes must be two different constants, got {x.name!r} twice")
    cells, settings, reasons = [], [], []
    for i, j in np.ndindex(len(y.values), len(x.values)):
        given = {**options, y.name: float(y.values[i]), x.name: float(x.values[j])}
        own = {k: v for k, v in given.items() if k not in (*OPTIMIZERS_OWN, "schedule")}
        try:
            settings.append((setting(problem, force=True, **own), given))
            cells.append((i, j))
        except ValueError as error:  # no constants here: the cell stays empty
            reasons.append(str(error))
    if not settings:
        raise ValueError(f"no cell of the plane has constants: {reasons[0]}")
    stacked, bounds = _stacked(settings)
    ends = endpoints(
        [s.problem for s, _ in settings],
        on(stacked, optimizer, schedule=options["schedule"], **bounds),
        steps,
        np.array([s.x1 for s, _ in settings]),
        tick,
    )
    shape = (len(y.values), len(x.values))
    x_final, average, C = (np.full(shape, np.nan) for _ in range(3))
    holds = np.zeros(shape, bool)
    index = tuple(np.transpose(cells))
    x_final[index], average[index] = ends.x, ends.average_regret
    C[index] = [getattr(s.problem, "C", np.nan) for s, _ in settings]
    holds[index] = [all(c.holds for c in s.conditions) for s, _ in settings]
    return Phase(x, y, x_final, average, C, holds)


def _checked(axis: Axis, problem: str, allowed: Sequence[str], optimizer: Spec) -> Axis:
    """An axis, with its constant's name in the code."""
    name = AXES.get(known(f"constant of {problem}", axis.name, allowed), axis.name)
    values = np.asarray(axis.values)
    if not 2 <= len(values) <= MOST or not np.all(np.diff(values) > 0):
        raise ValueError(f"{name} must take 2 to {MOST:,} increasing values, got {axis.values}")
    if axis.log and values[0] <= 0:
        raise ValueError(f"{name} must be positive on a log scale, got {values[0]:g}")
    if name in settled(optimizer):
        raise ValueError(f"{name} must be no axis for {label(optimizer)}, which has its own")
    return axis._replace(name=name)


def _stacked(settings: list[tuple[Setting, dict[str, Any]]]) -> tuple[Any, dict[str, Any]]:
    """The settings as one, its hyperparameters as arrays, and the optimizers' bounds."""
    names = ("lr", "beta1", "beta2", "eps_root")
    one: Any = SimpleNamespace(**{k: np.array([getattr(s, k) for s, _ in settings]) for k in names})
    one.problem, one.bounds = settings[0][0].problem, None
    families = [s.bounds for s, _ in settings if s.bounds is not None]
    if families:
        own = [field.name for field in fields(families[0])]  # type: ignore[arg-type]
        arrays = {k: np.array([getattr(bounds, k) for bounds in families]) for k in own}
        one.bounds = type(families[0])(**arrays)
    gammas = [given["gamma"] for _, given in settings]
    return one, {
        "final_lr": np.array([given["final_lr"] for _, given in settings]),
        "gamma": None if gammas[0] is None else np.array(gammas),
    }
