"""Wilson's construction, fitted by several optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from problems.learning.wilson import Fit, fit
from problems.learning.wilson import Wilson as Construction
from problems.learning.wilson import wilson as construction
from problems.manifest import suffix
from problems.optimizers import STORY, Spec, entry, labelled, takes
from problems.results.result import Result
from problems.text import counted

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["GAMMAS", "OPTIMIZERS", "Wilson", "wilson"]

OPTIMIZERS = ("sgd", "sgdm", "adagrad", "rmsprop", *STORY)
#: Speeds of the bounds.
GAMMAS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
#: Constants whose files have no hash in their names, however many steps there are.
_USUAL = {
    **{"points": 100, "new": 1000, "p": 0.7, "seed": 0, "steps": None},
    "gammas": list(GAMMAS),
}


@dataclass(frozen=True)
class Wilson(Result):
    """What optimizers made of Wilson's construction.

    Attributes
    ----------
    problem : problems.learning.wilson.Wilson
        The points, and what theory says of them.
    fits : list of (str, problems.learning.wilson.Fit)
        Label and last iterate of each run.
    constants : dict of str to object
        points, new, p, seed, steps.
    """

    problem: Construction
    fits: list[tuple[str, Fit]]
    constants: dict[str, Any]
    added: str = ""
    command = "wilson"

    @property
    def stem(self) -> str:
        """Name of the files."""
        return f"wilson{self.added}"

    @property
    def seed(self) -> int:
        """Seed of the labels."""
        return int(self.constants["seed"])

    def table(self) -> list[dict[str, Any]]:
        """One row per run; distances as shares of that between the two solutions."""
        problem = self.problem
        scale = float(np.linalg.norm(problem.adaptive - problem.minimum_norm))
        return [
            {
                "optimizer": name,
                "lr": found.lr,
                "gamma": found.gamma,
                "diverged": found.diverged,
                "loss": found.loss,
                "training_error": found.training_error,
                "test_accuracy": found.test_accuracy,
                "from_minimum_norm": float(np.linalg.norm(found.w - problem.minimum_norm)) / scale,
                "from_adaptive": float(np.linalg.norm(found.w - problem.adaptive)) / scale,
            }
            for name, found in self.fits
        ]

    def record(self) -> dict[str, Any]:
        """The table, with the constants and what theory says."""
        theory = {"c": self.problem.c, "majority_rate": self.problem.majority_rate}
        return {**self.constants, **theory, "results": self.table()}

    def text(self) -> str:
        """The table, under the constants."""
        problem, given = self.problem, self.constants
        width = max(14, *(len(name) + 2 for name, _ in self.fits))
        lines = [
            f"{given['points']} points to fit in {problem.X.shape[1]} dimensions, "
            f"{counted(given['new'], 'new point')}; P(y = 1) = {given['p']:g}",
            f"X sign(X^T y) = c y holds with c = {problem.c:g}; "
            f"the majority's share of the new points is {problem.majority_rate:.3f}",
            f"{counted(given['steps'], 'step')} with full gradients; "
            "distances as shares of that between the two solutions",
            "",
            f"{'optimizer':<{width}}{'lr':>7}{'gamma':>8}{'training error':>16}"
            f"{'test accuracy':>15}{'to min. norm':>14}{'to sign(X^T y)/c':>18}",
        ]
        for row in self.table():
            gamma = "" if row["gamma"] is None else f"{row['gamma']:g}"
            head = f"{row['optimizer']:<{width}}{row['lr']:>7g}{gamma:>8}"
            if row["diverged"] is not None:
                lines.append(f"{head}  diverged at step {row['diverged']:,}")
                continue
            lines.append(
                f"{head}{row['training_error']:>16.3f}"
                f"{row['test_accuracy']:>15.3f}{row['from_minimum_norm']:>14.3f}"
                f"{row['from_adaptive']:>18.3f}"
            )
        return "\n".join(lines)

    def figures(self) -> dict[str, Picture]:
        """Accuracy and distances, over the speed of the bounds."""
        from problems.learning.wilson_figure import wilson_figure

        given = self.constants
        title = f"Wilson's construction: {given['points']} points to fit, {given['steps']} steps"
        return {"": wilson_figure(self.table(), self.problem.majority_rate, title)}


def wilson(
    optimizers: Iterable[Spec] | Mapping[str, Spec] = OPTIMIZERS,
    *,
    points: int = 100,
    new: int = 1000,
    p: float = 0.7,
    steps: int = 3000,
    seed: int = 0,
    lr: float | None = None,
    gammas: Iterable[float] = GAMMAS,
) -> Wilson:
    """Fit Wilson's construction with full gradients, and see what becomes of new points.

    Parameters
    ----------
    optimizers : list or dict
        As for `counterexample`. One that has a gamma is run with each of `gammas`, unless its
        own is given.
    points, new : int
        Number of points to fit, and of new points.
    p : float
        P(y = 1), in (0.5, 1).
    steps : int
        Number of steps.
    seed : int
        Seed of the points.
    lr : float, optional
        Step size of all optimizers (default one that suits each).
    gammas : list of float
        Values of gamma for AdaBound and AMSBound.

    Returns
    -------
    Wilson
        With ``problem`` and ``fits``.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a value out of range.

    Examples
    --------
    >>> for row in wilson(["sgd", "adam"], points=20, steps=1000).table():
    ...     print(row["optimizer"], row["test_accuracy"])
    sgd 1.0
    adam 0.682
    """
    given = {} if lr is None else {"lr": lr}
    speeds = [{"gamma": gamma} for gamma in gammas]
    todo = [
        (name, spec, extra)
        for name, spec in labelled(optimizers).items()
        for extra in (speeds if _is_bounded(spec) else [{}])
    ]
    problem = construction(points, new, p, seed)
    constants = {"points": points, "new": new, "p": p, "seed": seed, "steps": steps}
    total = len(todo) * steps
    with tqdm(total=total, unit="step", unit_scale=True, delay=1, leave=False, disable=None) as bar:
        fits = [
            (name, fit(problem, spec, steps, bar.update, **given, **extra))
            for name, spec, extra in todo
        ]
    used = {**constants, **given, "steps": None, "gammas": [each["gamma"] for each in speeds]}
    return Wilson(problem, fits, constants, suffix(used, _USUAL))


def _is_bounded(spec: Spec) -> bool:
    """Whether an optimizer is run at several speeds of its bounds."""
    return "gamma" in takes(spec) and "gamma" not in entry(spec).given
