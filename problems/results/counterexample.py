"""Optimizers side by side on a convex problem that Adam fails."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from adabound_np import DynamicBounds, Optimizer
from problems.files import write_csv
from problems.forms import hyperparameters, on
from problems.loading import call
from problems.manifest import suffix
from problems.online.engines import choose
from problems.online.problem import ends
from problems.online.sequences import setting as setting_of
from problems.online.setting import Setting, formula_of, name_of
from problems.online.side_by_side import summarize_all
from problems.online.summary import Series, Summary
from problems.online.verdict import place, trend
from problems.optimizers import BOUNDS, STORY, Spec, labelled
from problems.results.result import Result

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["Counterexample", "constants_of", "counterexample", "in_a_line"]


@dataclass(frozen=True)
class Counterexample(Result):
    """Runs of several optimizers on one online problem.

    Attributes
    ----------
    setting : Setting
        Problem, first point, and the hyperparameters of the construction.
    optimizers : dict of str to Optimizer
        By label.
    runs : dict of str to Summary
        x_T, R_T, and their course, by label.
    steps : int
        T.
    constants : dict of str to object
        What defines a run beside the optimizer.
    """

    setting: Setting
    optimizers: dict[str, Optimizer]
    runs: dict[str, Summary]
    steps: int
    constants: dict[str, Any]
    seed: int | None
    added: str
    command = "counterexample"

    @property
    def stem(self) -> str:
        """Name of the files."""
        return f"counterexample-{name_of(self.setting.problem)}{self.added}"

    @property
    def optimum(self) -> float:
        """A best fixed point."""
        return next(iter(self.runs.values())).optimum

    def table(self) -> list[dict[str, Any]]:
        """One row per optimizer: x_T, R_T, R_T/T, where it went, and how its regret goes."""
        problem = self.setting.problem
        return [
            {
                "optimizer": name,
                "x_T": run.x,
                "R_T": run.regret,
                "R_T/T": run.average_regret,
                "where it went": place(problem, run),
                "regret per step": trend(run),
            }
            for name, run in self.runs.items()
        ]

    def record(self) -> dict[str, Any]:
        """All but the course, as plain values."""
        return {
            "problem": name_of(self.setting.problem),
            "parameters": self.constants,
            "feasible": list(ends(self.setting.problem.feasible)),
            "optimum": self.optimum,
            "steps": self.steps,
            "results": [
                {
                    "optimizer": name,
                    "hyperparameters": hyperparameters(self.optimizers[name]),
                    "x_final": run.x,
                    "regret": run.regret,
                    "average_regret": run.average_regret,
                    "last_decade": run.series.last_decade()._asdict(),
                    "seconds": run.seconds,
                }
                for name, run in self.runs.items()
            ],
        }

    def text(self) -> str:
        """The table, under the problem and its constants."""
        problem, (lo, hi) = self.setting.problem, ends(self.setting.problem.feasible)
        width = max(9, *map(len, self.runs))
        lines = [
            f"{name_of(problem)}: {formula_of(problem)}, on [{lo:g}, {hi:g}]",
            f"best fixed point x* = {self.optimum:g}; T = {self.steps:,} steps",
            in_a_line(self.constants),
            *notes(self.setting),
            "",
            f"{'optimizer':<{width}} {'x_T':>8} {'R_T':>14} {'R_T/T':>11}  where it went",
        ]
        for row in self.table():
            lines.append(
                f"{row['optimizer']:<{width}} {row['x_T']:>8.4f} {row['R_T']:>14,.1f} "
                f"{row['R_T/T']:>11.5g}  {row['where it went']}, "
                f"regret per step {row['regret per step']}"
            )
        return "\n".join(lines)

    def figures(self) -> dict[str, Picture]:
        """x_t and R_t/t."""
        from problems.plots import counterexample_figure

        bounded = any(hasattr(optimizer.hyper, "eta_l") for optimizer in self.optimizers.values())
        marks = {}
        if bounded and "gamma" in self.constants:
            marks["1/γ"] = 1 / self.constants["gamma"]
        return {"": counterexample_figure(self.setting.problem, self.runs, marks)}

    def write(self, stem: Path) -> list[Path]:
        """The course of each run as CSV."""
        rows = (
            (name, *(value.item() for value in row))
            for name, run in self.runs.items()
            for row in zip(*run.series, strict=True)
        )
        path = stem.with_name(stem.name + ".csv")
        write_csv(path, ["optimizer", *Series._fields], rows)
        return [path]


def counterexample(
    problem: Any = "reddi-theorem1",
    optimizers: Iterable[Spec] | Mapping[str, Spec] = STORY,
    *,
    steps: int = 5_000_000,
    engine: str = "auto",
    schedule: str = "inv-sqrt",
    final_lr: float | None = None,
    gamma: float | str | None = None,
    seed: int = 0,
    force: bool = False,
    **constants: Any,
) -> Counterexample:
    """Run optimizers side by side on a convex problem that Adam fails.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        A name (``python -m problems counterexample --help`` lists them), your own problem or
        setting, a function that returns one, or ``module:Name``; constants may follow the
        name, as in ``"reddi-online(C=5)"``.
    optimizers : list or dict
        Names, classes, instances, or ``module:Name``; hyperparameters may follow a name, as in
        ``"adabound(gamma=0.1)"``. The keys of a dict are the labels.
    steps : int
        T.
    engine : {"auto", "steps", "parallel"}
        One step after the other, or parallel in time; "auto" prefers the latter.
    schedule : {"inv-sqrt", "constant"}
        s_t, which multiplies every step size: 1/sqrt(t) or 1.
    final_lr, gamma : float, optional
        Constants of the bounds of AdaBound and AMSBound; ``gamma="paper"`` is 1 - beta2.
    seed : int
        Seed of a random problem.
    force : bool
        Whether to run even if constants break the paper's conditions.
    **constants
        The problem's: lr, beta1, beta2, x1, C, delta, epsilon, K, bounds, whichever it has.

    Returns
    -------
    Counterexample
        With ``runs``, a `problems.online.Summary` for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a constant is out of range or breaks the paper's conditions.
    """
    bounds = bounds_of(final_lr, gamma)
    s = setting_of(problem, seed=seed, force=force or None, **constants)
    if s.bounds is not None:
        refuse_bounds(name_of(s.problem), final_lr=final_lr, gamma=gamma)
    made = {
        name: on(s, spec, schedule=schedule, **bounds)
        for name, spec in labelled(optimizers).items()
    }
    with warnings.catch_warnings():  # the run itself warns
        warnings.simplefilter("ignore")
        for optimizer in made.values():
            choose(engine, s.problem, optimizer, s.x1, steps)
    total = steps * len(made)
    # new processes take half a second to start
    workers = min(os.cpu_count() or 1, len(made)) if total >= 100_000_000 else 1
    with tqdm(total=total, unit="step", unit_scale=True, delay=1, leave=False, disable=None) as bar:
        runs = summarize_all(s.problem, made, steps, s.x1, engine, workers, bar.update)
    used = constants_of(s, bounds, schedule)
    name = call(problem)[0] if isinstance(problem, str) else problem
    return Counterexample(s, made, runs, steps, used, seed, suffix(used, _usual(name)))


def _usual(problem: Any) -> dict[str, Any]:
    """The constants of a problem where none are given; none if it needs some."""
    try:
        return constants_of(setting_of(problem), BOUNDS, "inv-sqrt")
    except (TypeError, ValueError):
        return {}


def bounds_of(final_lr: float | None, gamma: float | str | None) -> dict[str, Any]:
    """The bounds' constants, given or not; gamma "paper" is None, which stands for 1 - beta2.

    Raises
    ------
    TypeError, ValueError
        If one is out of range, even if no run uses it.
    """
    bounds: dict[str, Any] = {
        "final_lr": BOUNDS["final_lr"] if final_lr is None else final_lr,
        "gamma": BOUNDS["gamma"] if gamma is None else None if gamma == "paper" else gamma,
    }
    DynamicBounds(bounds["final_lr"], 1.0 if bounds["gamma"] is None else bounds["gamma"])
    return bounds


def refuse_bounds(problem: str, **given: Any) -> None:
    """Raise ValueError if a constant of the bounds is given for a problem that sets the bounds."""
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{name} must not be given for {problem}, which sets the bounds, got {value!r}"
            )


def constants_of(setting: Setting, bounds: Mapping[str, Any], schedule: str) -> dict[str, Any]:
    """What defines a run beside the optimizer: the problem's constants and the protocol's."""
    problem = setting.problem
    own = {
        field.name: getattr(problem, field.name)
        for field in (fields(problem) if is_dataclass(problem) else ())
        if field.init
    }
    if setting.eps_root:
        own["epsilon"] = setting.eps_root
    own |= {name: getattr(setting, name) for name in ("x1", "lr", "beta1", "beta2")}
    if setting.bounds:
        own["bounds"] = repr(setting.bounds)
    else:
        gamma = 1 - setting.beta2 if bounds["gamma"] is None else bounds["gamma"]
        own |= {"final_lr": bounds["final_lr"], "gamma": gamma}
    return {**own, "schedule": schedule}


def in_a_line(constants: Mapping[str, Any]) -> str:
    """Constants in a line."""
    return ", ".join(
        f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in constants.items()
    )


def notes(setting: Setting) -> list[str]:
    """What to say of conditions that do not hold."""
    return [
        f"note: the paper's condition does not hold: {condition.text}"
        for condition in setting.conditions
        if not condition.holds
    ]
