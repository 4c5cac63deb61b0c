"""Effective rates against curvature: the preconditioned sharpness along runs, over seeds."""

from __future__ import annotations

import base64
import json
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from adabound_np.checks import positive_int, within
from problems.experiments.curvature import RESULTS, Cell, prepared, work
from problems.files import write_text
from problems.learning.tasks import TASKS, Task
from problems.loading import described
from problems.manifest import manifest, suffix
from problems.online.functions import Fixed
from problems.online.sequences import setting as setting_of
from problems.online.setting import name_of
from problems.optimizers import STORY, Spec, labelled, takes
from problems.rates.record import RateRecord
from problems.results.processes import one_thread_each, workers_for
from problems.results.result import Result, read_result
from problems.sweeps.plan import listed
from problems.sweeps.records import read, recording
from problems.sweeps.runner import Inline, append, pool, sort, spread
from problems.text import counted

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["STEPS", "TASK", "Curvature", "curvature"]

TASK, STEPS = "digits-tanh", 3000
#: The share of the steps, at the end, that the table is about.
LAST = 1 / 3


@dataclass(frozen=True)
class Curvature(Result):
    """The curvature along runs of several optimizers and seeds.

    Attributes
    ----------
    title : str
        What ran.
    name : str
        Name of the task or problem.
    steps : int
        Number of steps of each run.
    runs : list of dict
        A run each: optimizer, seed, ``step``, ``sharpness`` and ``preconditioned`` (lists),
        ``threshold``, ``start`` (the sharpness of the first weights), ``loss``, ``rises`` (share
        of steps on which the loss rose), ``final`` (loss), ``diverged``.
    seed : int or None
        The seed, if there is one only.
    """

    title: str
    name: str
    steps: int
    runs: list[dict[str, Any]]
    seed: int | None
    added: str = ""
    command = "curvature"

    @property
    def stem(self) -> str:
        """Name of the files."""
        return f"curvature-{self.name}{self.added}"

    def of(self, optimizer: str) -> list[dict[str, Any]]:
        """The runs of an optimizer."""
        return [run for run in self.runs if run["optimizer"] == optimizer]

    def table(self) -> list[dict[str, Any]]:
        """One row per optimizer: mean and standard deviation over seeds, of runs to the end."""
        rows = []
        for name in dict.fromkeys(run["optimizer"] for run in self.runs):
            runs = self.of(name)
            good = [run for run in runs if run["diverged"] is None]
            row: dict[str, Any] = {"optimizer": name, "seeds": len(runs)}
            columns = {
                "sharpness at first": [run["start"] for run in runs],
                "sharpness": [_late(run, "sharpness") for run in good],
                "preconditioned": [_late(run, "preconditioned") for run in good],
            }
            for title, values in columns.items():
                row[title], row[f"{title} std"] = _mean(values)
            row["threshold"] = runs[0]["threshold"]
            row.update(_above(runs))
            row["loss rises"], _ = _mean([run["rises"] for run in good])
            row["loss"], row["loss std"] = _mean([run["final"] for run in good])
            row["diverged"] = [run["diverged"] for run in runs if run["diverged"] is not None]
            rows.append(row)
        return rows

    def record(self) -> dict[str, Any]:
        """Return the runs."""
        return {"title": self.title, "name": self.name, "steps": self.steps, "runs": self.runs}

    def text(self) -> str:
        """The table, under what ran."""
        rows = self.table()
        width = max(len(row["optimizer"]) for row in rows)
        seeds = counted(rows[0]["seeds"], "seed")
        lines = [
            f"{self.title}, {counted(self.steps, 'step')}, {seeds}",
            "sharpness: largest eigenvalue of the Hessian H; preconditioned: of",
            "diag(eta)^1/2 H diag(eta)^1/2; both at the first weights or over the last third of",
            "the steps, mean and standard deviation over seeds; loss rises: share of steps",
            "",
            f"{'optimizer':<{width}} {'at first':>8} {'sharpness':>16} {'preconditioned':>16} "
            f"{'threshold':>9} {'rises':>6} {'loss':>17}",
        ]
        for row in rows:
            bound = f"{row['threshold']:.4g}" if row["threshold"] is not None else "-"
            rises = "-" if row["loss rises"] is None else f"{100 * row['loss rises']:.1f} %"
            lines.append(
                f"{row['optimizer']:<{width}} {_cell(row['sharpness at first']):>8} "
                f"{_pair(row, 'sharpness'):>16} {_pair(row, 'preconditioned'):>16} {bound:>9} "
                f"{rises:>6} {_pair(row, 'loss'):>17}"
            )
            if row["above"]:
                lines.append(
                    f"  above the threshold at {100 * row['above']:.0f} % of the steps measured, "
                    f"at most {row['highest']:.3g} times it, first after step {row['first']:,}"
                )
            if row["diverged"]:
                lost = "; ".join(dict.fromkeys(row["diverged"]))
                lines.append(f"  {len(row['diverged'])} of {row['seeds']} diverged: {lost}")
        return "\n".join(lines)

    def figures(self) -> dict[str, Picture]:
        """The funnel of the first seed above, the preconditioned sharpness of all below."""
        from problems.rates.curvature_figure import curvature_figure

        records = {
            run["optimizer"]: RateRecord.from_bytes(base64.b64decode(run["rates"]))
            for run in self.runs
            if run["rates"]
        }
        runs = {name: self.of(name) for name in records}
        return {"": curvature_figure(records, runs, self.title)} if records else {}

    def write(self, stem: Path) -> list[Path]:
        """All of it as JSON, which ``--show`` reads."""
        path = stem.with_suffix(".json")
        text = json.dumps(
            {**self.record(), "manifest": manifest(self.command, self.seed)}, indent=1
        )
        write_text(path, text + "\n")
        return [path]


def _late(run: Mapping[str, Any], key: str) -> float:
    """Mean over the last third of the steps that were looked at."""
    values = run[key]
    return statistics.fmean(values[-max(1, round(LAST * len(values))) :])


def _above(runs: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """Share of the steps measured at which rates were above the threshold; how far; since when."""
    looked = [
        (value / run["threshold"], step)
        for run in runs
        if run["threshold"] is not None
        for step, value in zip(run["step"], run["preconditioned"], strict=True)
    ]
    over = [(ratio, step) for ratio, step in looked if ratio > 1]
    return {
        "above": len(over) / len(looked) if looked else None,
        "highest": max((ratio for ratio, _ in over), default=None),
        "first": min((step for _, step in over), default=None),
    }


def _mean(values: Sequence[float]) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _pair(row: Mapping[str, Any], title: str) -> str:
    deviation = row[f"{title} std"]
    return _cell(row[title]) + ("" if deviation is None else f" ± {deviation:.2g}")


def curvature(
    task_or_problem: Any = TASK,
    optimizers: Iterable[Spec] | Mapping[str, Spec] = STORY,
    *,
    steps: int = STEPS,
    seeds: int | Iterable[int] = 0,
    batch_size: int | None = None,
    init_scale: float = 1.0,
    lr: float | None = None,
    beta2: float | None = None,
    final_lr: float | None = None,
    gamma: float | None = None,
    data: str | Path = "data",
    workers: int | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    show: str | Path | None = None,
) -> Curvature:
    """Measure sharpness and preconditioned sharpness along runs, beside the threshold.

    Parameters
    ----------
    task_or_problem : str, Task, problem or callable
        A task of labelled images, or a function of `problems.online.functions`.
    optimizers : list or dict
        As for `counterexample`, in the released code's form, with constant rates.
    steps : int
        Number of steps.
    seeds : int or list of int
        Seeds of the weights.
    batch_size : int, optional
        Size of a batch (default all training images).
    init_scale : float
        What the first weights of a network are multiplied by.
    lr, beta2, final_lr, gamma : float, optional
        Hyperparameters of all optimizers that have them (default the task's and their own).
    data : path
        Folder of all data sets.
    workers : int, optional
        Number of processes (default one per core).
    folder : path, optional
        Folder for the records of the runs, from which ``resume=True`` resumes.
    resume : bool
        Whether to run only what is missing from `folder`.
    show : path, optional
        A file of an earlier result, to read in place of running anything.

    Returns
    -------
    Curvature
        With ``runs``.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a value out of range, or the problem has no curvature.
    problems.errors.RunError
        If a run fails.

    Examples
    --------
    >>> from problems.online.functions import Quadratic2D
    >>> result = curvature(Quadratic2D(condition=10.0), ["sgd"], lr=0.1, steps=50)
    >>> [round(value, 6) for value in result.runs[0]["preconditioned"][:2]]
    [1.0, 1.0]
    """
    if show is not None:
        keys = ("title", "name", "steps", "runs")
        return read_result(
            Path(show),
            "curvature-*.json",
            lambda said: Curvature(**{key: said[key] for key in keys}, seed=None),
        )
    chosen = listed("seeds", [seeds] if isinstance(seeds, int) else list(seeds))
    positive_int("steps", steps)
    within("init_scale", init_scale, "(0, inf)")
    given = {"lr": lr, "beta2": beta2, "final_lr": final_lr, "gamma": gamma}
    values = {key: value for key, value in given.items() if value is not None}
    what, title, name = _loaded(task_or_problem)
    specs = labelled(optimizers)
    cells = [
        Cell(
            number,
            what,
            label,
            spec,
            seed,
            steps,
            batch_size,
            init_scale,
            {key: values[key] for key in takes(spec) if key in values},
            str(data),
        )
        for number, (seed, (label, spec)) in enumerate(
            (s, i) for s in chosen for i in specs.items()
        )
    ]
    for cell in cells[: len(specs)]:
        prepared(cell)  # what is wrong is wrong before the first run
    header = {
        "experiment": "curvature",
        "what": described(task_or_problem),
        "optimizers": {label: described(spec) for label, spec in specs.items()},
        "steps": steps,
        "batch_size": batch_size,
        "init_scale": init_scale,
        "given": values,
        "seeds": list(chosen),
        "cells": len(cells),
    }
    usual = {"what": described(task_or_problem), "optimizers": list(STORY), "steps": STEPS}
    own = {key: header[key] for key in ("what", "steps", "batch_size", "init_scale")}
    added = suffix(
        {**own, "optimizers": list(specs), **values},
        {**usual, "batch_size": None, "init_scale": 1.0},
    )
    number = workers_for(workers, len(cells), {"task": what, "optimizers": specs})
    place = tempfile.TemporaryDirectory() if folder is None else nullcontext(str(folder))
    with place as where, _executor(number) as executor:
        path = Path(where) / f"curvature-{name}{added}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        runs = _performed(cells, path, header, executor, resume)
    return Curvature(title, name, steps, runs, chosen[0] if len(chosen) == 1 else None, added)


@contextmanager
def _executor(workers: int) -> Iterator[Any]:
    if workers == 1:
        yield Inline()
        return
    with one_thread_each(), pool(workers) as executor:
        yield executor


def _performed(
    cells: list[Cell], path: Path, header: dict[str, Any], executor: Any, resume: bool
) -> list[dict[str, Any]]:
    """Run what the file misses; return all its records, in order."""
    identities = [cell.identity() for cell in cells]
    whole = {**header, "manifest": manifest("curvature")}
    bar = tqdm(total=len(cells), unit="run", delay=1, leave=False, disable=None)
    with bar, recording(path, whole, identities.__getitem__, RESULTS, resume) as records:
        missing = [cell for cell in cells if cell.number not in records.places]
        bar.update(len(cells) - len(missing))
        with closing(spread(work, iter(missing), executor, 4)) as batches:
            for batch in batches:
                append(records, ({**cell.identity(), **result} for cell, result in batch))
                bar.update(len(batch))
        sort(records)
    first = cells[0].seed  # whose rates are drawn; those of the others stay in the records
    runs = [{key: value for key, value in run.items() if key != "cell"} for run in read(path)[1]]
    return [{**run, "rates": run["rates"] if run["seed"] == first else None} for run in runs]


def _loaded(spec: Any) -> tuple[Any, str, str]:
    """A task or a function, its title and its name."""
    if isinstance(spec, Task) or (isinstance(spec, str) and spec in TASKS):
        task = TASKS[spec] if isinstance(spec, str) else spec
        return spec, f"{task.name}: {task.title}", task.name
    problem = spec if isinstance(spec, Fixed) else setting_of(spec).problem
    if not isinstance(problem, Fixed):
        raise ValueError(
            f"task_or_problem must be a task or a problems.online.functions.Fixed, got "
            f"{name_of(problem)}, whose losses have no curvature to measure"
        )
    return problem, f"{problem.name}: {problem.formula()}", problem.name
