"""What the figures are drawn from: tasks, epochs, seeds, grids."""

from __future__ import annotations

import itertools
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
#: Rates of SGD in [Luo19], over which alpha* is searched too.
_SGD_RATES = [point["lr"] for point in grid("sgdm")]
#: Rates of Adam in [Luo19], but the smallest.
_ADAM_RATES = sorted({point["lr"] for point in grid("adam")})[1:]
#: Five rates a decade: 1, 1.6, 2.5, 4, 6.3.
_FIVE = [float(f"{10 ** (k / 5):.2g}") for k in range(-17, 11)]
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
    search : str
        "paper" for the grids of [Luo19], of 5 to 20 points; "equal" for 20 points for each
        optimizer, alpha* of the bounds among them.
    """

    name: str
    epochs: int
    search_epochs: int
    seeds: int = 5
    search: str = "paper"

    @property
    def key(self) -> str:
        """Its name among the results, such as "text-lstm1" and "text-lstm1-equal"."""
        return self.name if self.search == "paper" else f"{self.name}-{self.search}"


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

    def points(self, optimizer: str, search: str = "paper") -> list[dict[str, float]]:
        """The points of an optimizer's search.

        Examples
        --------
        >>> [len(FULL.points(name)) for name in ("sgdm", "adabound")]
        [5, 20]
        >>> [len(FULL.points(name, "equal")) for name in ("sgdm", "adabound")]
        [20, 20]
        """
        if search == "equal":
            return _equal(optimizer)
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

    def search(self, task: TaskSettings, optimizer: str) -> str:
        """Whose runs count for an optimizer: the paper's, if an equal search has its points."""
        same = self.points(optimizer, task.search) == self.points(optimizer)
        return "paper" if same else task.search

    def task(self, name: str) -> TaskSettings:
        """A task's settings, of its first entry."""
        return next(task for task in self.tasks if task.name == name)

    def figures(self) -> list[str]:
        """The figures that can be drawn from it, out of `FIGURES`."""
        return [
            *(f"curves-{task.key}" for task in self.tasks),
            *(f"sensitivity-{each.task}" for each in self.sensitivity),
            "rates",
        ]

    def plain(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


def _equal(optimizer: str) -> list[dict[str, float]]:
    """Twenty points of an optimizer: as many for all."""
    if "final_lr" in takes(optimizer):
        return [
            {**BOUNDS, "lr": lr, "final_lr": final_lr}
            for lr, final_lr in itertools.product(_ADAM_RATES, _SGD_RATES)
        ]
    if "beta2" in takes(optimizer):
        return grid(optimizer)
    rates = _FIVE[:20] if optimizer == "adagrad" else _FIVE[-20:]
    return [{"lr": rate} for rate in rates]


FULL = Settings(
    (
        TaskSettings("digits-mlp", 60, 20, seeds=10),
        TaskSettings("digits-resnet", 24, 8, seeds=10),
        TaskSettings("digits-densenet", 18, 6),
        TaskSettings("text-lstm1", 16, 4),
        TaskSettings("text-lstm1", 16, 4, search="equal"),
        TaskSettings("text-lstm2", 12, 4),
        TaskSettings("text-lstm2", 12, 4, search="equal"),
        TaskSettings("text-lstm3", 12, 4),
        TaskSettings("text-lstm3", 12, 4, search="equal"),
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
