"""One run of a sweep: what travels to a worker, and what the worker does with it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from adabound_np import DynamicBounds, Optimizer
from problems.forms import on
from problems.online.engines import choose, summarize
from problems.online.sequences import setting
from problems.online.setting import Setting, name_of
from problems.optimizers import BOUNDS, Spec
from problems.sweeps.axes import AXES

__all__ = ["RESULTS", "Cell", "prepare", "run_cell"]

#: What a run is reduced to.
RESULTS = ("x_final", "regret", "average_regret")


class Cell(NamedTuple):
    """One run of a sweep; small, since it is what travels to a worker.

    Attributes
    ----------
    number : int
        Its place in the sweep, from 0.
    label : str
        The optimizer's name in records.
    problem, optimizer, steps, seed, schedule, engine, force
        As in `Plan`.
    parameters : dict of str to float
        The value on each axis.
    """

    number: int
    problem: Any
    label: str
    optimizer: Spec
    steps: int
    seed: int
    parameters: dict[str, float]
    schedule: str
    engine: str
    force: bool

    def identity(self) -> dict[str, Any]:
        """What its record says beside the results."""
        return {
            "cell": self.number,
            "optimizer": self.label,
            "seed": self.seed,
            "parameters": self.parameters,
        }


def prepare(cell: Cell) -> tuple[Setting, Optimizer]:
    """Return a cell's setting and optimizer.

    Raises
    ------
    BrokenConditionError, TypeError, ValueError
        If its constants break the paper's conditions, or are out of range.
    """
    given = {AXES.get(name, name): value for name, value in cell.parameters.items()}
    bounds: dict[str, Any] = {name: given.pop(name, default) for name, default in BOUNDS.items()}
    DynamicBounds(**bounds)  # refuses what is out of range, even for optimizers without bounds
    s = setting(cell.problem, seed=cell.seed, force=cell.force, **given)
    if s.bounds is not None:
        for name in BOUNDS:
            if name in cell.parameters:
                raise ValueError(
                    f"{name} must not be swept on {name_of(s.problem)}, which sets the bounds"
                )
    optimizer = on(s, cell.optimizer, schedule=cell.schedule, **bounds)
    if cell.engine == "parallel":
        choose(cell.engine, s.problem, optimizer, s.x1)
    return s, optimizer


def run_cell(cell: Cell) -> dict[str, float | None]:
    """Run a cell: the function that workers call. A result that is not finite is None.

    Raises
    ------
    BrokenConditionError, TypeError, ValueError
        As `prepare`.
    """
    s, optimizer = prepare(cell)
    run = summarize(s.problem, optimizer, cell.steps, s.x1, cell.engine, points=2)
    results = dict(zip(RESULTS, (run.x, run.regret, run.average_regret), strict=True))
    return {name: value if math.isfinite(value) else None for name, value in results.items()}
