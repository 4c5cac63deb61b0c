"""What the figures are drawn from: tasks, epochs, seeds, grids."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from problems.optimizers import BOUNDS, STORY, grid, takes

__all__ = [
    "BASELINE",
    "FIGURES",
    "FULL",
    "OPTIMIZERS",
    "QUICK",
    "RATES",
    "SPEEDS",
    "Sensitivity",
    "Settings",
    "TaskSettings",
]

#: What is compared: the paper's six, plain SGD, and [Sav19]'s SGD with dampened momentum.
OPTIMIZERS = (
    "sgd",
    "sgdm",
    "sgdm-dampened",
    "csgd",
    "adagrad",
    "adam",
    "amsgrad",
    "adabound",
    "amsbound",
)
#: What the others are tested against: the paper's SGD, which has momentum.
BASELINE = "sgdm"
#: Whose effective rates are recorded.
RATES = STORY
#: gamma = 1 - beta of the bounds in [Luo19] App. F.
SPEEDS = (1 / 10, 1 / 50, 1 / 100, 1 / 500, 1 / 1000)


@dataclass(frozen=True)
class TaskSettings:
    """How a task is searched and run.

    Attributes
    ----------
    name : str
        A key of `problems.learning.tasks.TASKS`.
    epochs : int
        Number of epochs of the final runs.
    search_epochs : int
        Number of epochs of each run of the search (seed 0, on the validation part).
    seeds : int
        Runs of each optimizer at its best hyperparameters: seeds 1, 2, ...
    searched : str or None
        The task whose best hyperparameters it takes over, instead of a search of its own.
    """

    name: str
    epochs: int
    search_epochs: int
    seeds: int = 5
    searched: str | None = None


@dataclass(frozen=True)
class Sensitivity:
    """Points of the sensitivity figures on a task.

    Attributes
    ----------
    task : str
        The task.
    rates : tuple of float
        alpha of SGDM and of CSGD, alpha* of AdaBound.
    lr : float
        alpha of AdaBound.
    seeds : int
        Runs of each point: seeds 1, 2, ...
    speeds : tuple of float
        gamma of AdaBound's bounds; alpha* is 0.1.
    """

    task: str
    rates: tuple[float, ...]
    lr: float
    seeds: int
    speeds: tuple[float, ...] = ()

    def points(self) -> list[tuple[str, str, dict[str, float]]]:
        """(optimizer, axis, hyperparameters) of each point."""
        of_bounds = {"lr": self.lr, **BOUNDS}
        return [
            *((name, "lr", {"lr": rate}) for name in ("sgdm", "csgd") for rate in self.rates),
            *(("adabound", "final_lr", {**of_bounds, "final_lr": rate}) for rate in self.rates),
            *(("adabound", "gamma", {**of_bounds, "gamma": speed}) for speed in self.speeds),
        ]


@dataclass(frozen=True)
class Settings:
    """One set of figures.

    Attributes
    ----------
    tasks : tuple of TaskSettings
        In the order of the figures.
    sensitivity : tuple of Sensitivity
        The sensitivity figures.
    rates : str
        The task on which effective rates are recorded.
    rates_epochs : int
        Number of epochs of these runs: enough to be near convergence.
    thin : bool
        Whether the search leaves out all beta1 and beta2 but 0.9 and 0.999, and three of five
        rates: for a quick look.
    """

    tasks: tuple[TaskSettings, ...]
    sensitivity: tuple[Sensitivity, ...]
    rates: str = "digits-resnet"
    rates_epochs: int = 200
    thin: bool = False

    def points(self, optimizer: str) -> list[dict[str, float]]:
        """The points of an optimizer's search.

        Examples
        --------
        >>> [len(FULL.points(name)) for name in ("sgdm", "adabound")]
        [5, 20]
        """
        bounds = BOUNDS if "final_lr" in takes(optimizer) else {}
        points = [{**point, **bounds} for point in grid(optimizer)]
        if not self.thin:
            return points
        rates = sorted({point["lr"] for point in points}, reverse=True)
        return [
            point
            for point in points
            if point["lr"] in rates[1::2]
            and point.get("beta1", 0.9) == 0.9
            and point.get("beta2", 0.999) == 0.999
        ]

    def task(self, name: str) -> TaskSettings:
        """A task's settings."""
        return next(task for task in self.tasks if task.name == name)

    def figures(self) -> list[str]:
        """The figures that can be drawn from it, out of `FIGURES`."""
        return [
            *(f"curves-{task.name}" for task in self.tasks),
            *(f"sensitivity-{each.task}" for each in self.sensitivity),
            "rates",
        ]

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


FULL = Settings(
    (
        TaskSettings("digits-mlp", 60, 20, seeds=10),
        TaskSettings("digits-resnet", 24, 8, seeds=10),
        TaskSettings("digits-densenet", 18, 6),
        TaskSettings("text-lstm1", 16, 4),
        TaskSettings("text-lstm2", 12, 4, searched="text-lstm1"),
        TaskSettings("text-lstm3", 12, 4, searched="text-lstm1"),
    ),
    (
        # over the range of [Luo19] Sec. 5 and App. G
        Sensitivity("digits-resnet", (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001), 1e-3, 3, SPEEDS),
        Sensitivity("text-lstm1", (30.0, 10.0, 3.0, 1.0, 0.3, 0.1), 1e-3, 2),
    ),
)
#: The figures by name: learning curves of each task, sensitivity, effective rates.
FIGURES = FULL.figures()
QUICK = Settings(
    (
        TaskSettings("digits-mlp", 10, 3, seeds=2),
        TaskSettings("digits-resnet", 4, 1, seeds=2),
        TaskSettings("text-lstm1", 2, 1, seeds=2),
    ),
    (Sensitivity("digits-resnet", (1.0, 0.1, 0.01, 0.001), 1e-3, 1, SPEEDS),),
    rates_epochs=8,
    thin=True,
)
