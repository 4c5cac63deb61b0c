"""A network trained with several optimizers and seeds; it can be resumed."""

from __future__ import annotations

import functools
import math
import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from adabound_np.checks import positive_int
from problems.learning.run import History
from problems.learning.tasks import Task, task_named
from problems.learning.trials import Trial, run_trial, run_trials, write_metrics
from problems.limits import held_notes
from problems.optimizers import STORY, Spec, labelled, takes
from problems.rates.curvature_run import Snapshots
from problems.results.processes import one_thread_each, workers_for
from problems.results.result import Result, file_name
from problems.sweeps.plan import listed
from problems.sweeps.runner import Inline, pool
from problems.text import counted

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["Train", "train"]


@dataclass(frozen=True)
class Train(Result):
    """Runs of training: optimizers times seeds.

    Attributes
    ----------
    task : Task
        What was learned.
    histories : dict of str to list of History
        By the optimizer's label, one for each seed.
    seeds : list of int
        Seeds of weights and batches.
    computed : int
        Number of runs that this call ran; the others were finished before.
    file : Path or None
        The CSV that was kept up to date meanwhile.
    """

    task: Task
    histories: dict[str, list[History]]
    seeds: list[int]
    computed: int
    file: Path | None
    command = "train"

    @property
    def stem(self) -> str:
        """Name of the files."""
        return f"train-{self.task.name}"

    @property
    def seed(self) -> int | None:
        """The seed, if there is one alone."""
        return self.seeds[0] if len(self.seeds) == 1 else None

    @property
    def identity(self) -> dict[str, Any]:
        """What all runs have in common."""
        return next(iter(self.histories.values()))[0].identity

    def table(self) -> list[dict[str, Any]]:
        """One row per optimizer: the last epoch, mean over seeds; times in seconds."""
        part, metric = self.identity["part"], self.task.metric
        rows = []
        for row in self.summaries():
            loss = row["test_loss"]["mean"]
            bits = {"bits/token": None if loss is None else loss / math.log(2)}
            rows.append(
                {
                    "optimizer": row["optimizer"],
                    f"{part} {metric}": row["test_metric"]["mean"],
                    "std": row["test_metric"]["std"],
                    **(bits if metric == "perplexity" else {}),
                    f"train {metric}": row["train_metric"]["mean"],
                    f"{part} loss": loss,
                    "seconds": row["seconds"]["mean"],
                    "diverged": len(row["diverged"]),
                }
            )
        return rows

    def summaries(self) -> list[dict[str, Any]]:
        """Each optimizer's results over seeds, of the runs that reached the last epoch."""
        return [_summary(name, histories) for name, histories in self.histories.items()]

    def record(self) -> dict[str, Any]:
        """The results over seeds, and what was run."""
        return {
            "task": self.task.name,
            "metric": self.task.metric,
            "part": self.identity["part"],
            "epochs": self.identity["epochs"],
            "batch_size": self.identity["batch_size"],
            "file": None if self.file is None else str(self.file),
            "runs": len(self.histories) * len(self.seeds),
            "computed": self.computed,
            "results": self.summaries(),
        }

    def text(self) -> str:
        """The table, under what was run."""
        rows, run = self.table(), self.identity
        heads = [head for head in rows[0] if head not in ("optimizer", "diverged")]
        widths = [max(len(head), 7) + 2 for head in heads]
        first = max(14, *(len(name) + 2 for name in self.histories))
        lines = [
            f"{self.task.name}: {self.task.title}; {counted(run['epochs'], 'epoch')}, "
            f"batches of {run['batch_size']}",
            f"after the last epoch, mean over {counted(len(self.seeds), 'seed')}",
            "",
            f"{'optimizer':<{first}}"
            + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)),
        ]
        for row in rows:
            cells = "".join(
                f"{_cell(row[head], 1 if head == 'seconds' else 4):>{width}}"
                for head, width in zip(heads, widths, strict=True)
            )
            lost = f"  {row['diverged']} diverged" if row["diverged"] else ""
            lines.append(f"{row['optimizer']:<{first}}{cells}{lost}")
        lines += held_notes({row["optimizer"]: row["held"] for row in self.summaries()})
        return "\n".join(lines)

    def figures(self) -> dict[str, Picture]:
        """Learning curves: mean over seeds, and a band of one standard deviation."""
        from problems.experiments.drawing import curves_figure

        rows = {name: _curves(histories) for name, histories in self.histories.items()}
        if not any(rows.values()):
            return {}
        described = {"title": self.task.title, "metric": self.task.metric}
        return {"": curves_figure({**described, "seeds": len(self.seeds), "optimizers": rows})}

    def write(self, stem: Path) -> list[Path]:
        """The epochs of all runs, as CSV."""
        path = stem.with_name(stem.name + ".csv")
        columns = zip(*self.histories.values(), strict=True)  # seeds outermost
        write_metrics(path, (history for seed in columns for history in seed))
        return [path]


def _cell(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _summary(name: str, histories: list[History]) -> dict[str, Any]:
    whole = [h for h in histories if h.diverged is None]
    last = [h.epochs[-1] for h in whole]
    held = [h.held for h in histories if h.held is not None]
    return {
        "optimizer": name,
        "hyperparameters": histories[0].identity["hyperparameters"],
        "seeds": [h.identity["seed"] for h in histories],
        **{
            key: _spread([getattr(epoch, key) for epoch in last])
            for key in ("train_loss", "train_metric", "test_loss", "test_metric")
        },
        "seconds": _spread([float(h.column("seconds").sum()) for h in whole]),
        "held": max(held) if len(held) == len(histories) else None,
        "diverged": [
            {"seed": h.identity["seed"], "reason": h.diverged} for h in histories if h.diverged
        ],
    }


def _spread(values: list[float]) -> dict[str, float | None]:
    """Mean and sample standard deviation, None where there are too few values."""
    finite = all(map(math.isfinite, values))
    return {
        "mean": statistics.fmean(values) if values else None,
        "std": statistics.stdev(values) if len(values) > 1 and finite else None,
    }


def _curves(histories: list[History]) -> dict[str, Any]:
    """Mean and standard deviation of the metrics at each epoch, of runs that did not diverge."""
    whole = [h for h in histories if h.diverged is None]
    curves = {
        part: np.array([h.column(f"{part}_metric") for h in whole]) for part in ("train", "test")
    }
    ddof = min(1, len(whole) - 1)
    return {
        part: {"mean": values.mean(axis=0), "std": values.std(axis=0, ddof=ddof)}
        for part, values in curves.items()
        if len(values)
    }


def train(
    task: str | Task = "digits-mlp",
    optimizers: Iterable[Spec] | Mapping[str, Spec] = ("sgdm", *STORY),
    *,
    seeds: int | Iterable[int] = 0,
    epochs: int | None = None,
    batch_size: int | None = None,
    validate: bool = False,
    data: str | Path = "data",
    verify: bool = True,
    workers: int | None = 1,
    folder: str | Path | None = None,
    every: float = 10.0,
    resume: bool = False,
    **given: Any,
) -> Train:
    """Train a network with several optimizers and seeds.

    Parameters
    ----------
    task : str or Task
        The name of a task (``python -m problems train --help`` lists them), ``module:Name`` or a
        `problems.learning.tasks.Task`.
    optimizers : list or dict
        As for `counterexample`, in the form of the released code.
    seeds : int or list of int
        Seeds of weights and batches.
    epochs, batch_size : int, optional
        Default the task's.
    validate : bool
        Whether to test on a part of the training data.
    data : path
        Folder of all data sets.
    verify : bool
        Whether its files must be the official ones.
    workers : int or None
        Number of processes: 1 is this process, None is one per core.
    folder : path, optional
        Folder for checkpoints and a CSV (default none).
    every : float
        Seconds between two checkpoints of a run.
    resume : bool
        Whether to resume from the checkpoints in `folder`.
    **given
        lr, beta1, beta2, final_lr, gamma, eps, weight_decay, for those optimizers that have them
        (default the task's).

    Returns
    -------
    Train
        With ``histories``, a list of `problems.learning.run.History` for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a value out of range, or a checkpoint there is not of the same run.
    OSError
        If a task's data cannot be read.
    problems.sweeps.runner.SweepError
        If a run fails.

    Examples
    --------
    >>> result = train("digits-mlp", ["adam", "adabound"], epochs=5)
    >>> [row["test accuracy"] > 0.8 for row in result.table()]
    [True, True]
    """
    specs = labelled(optimizers)
    for name, value in given.items():
        if not any(name in takes(spec) for spec in specs.values()):
            raise ValueError(
                f"{name} must be of an optimizer that has it, got {value!r} for {', '.join(specs)}"
            )
    seeds = listed("seeds", [seeds] if isinstance(seeds, int) else list(seeds))
    what = task_named(task) if isinstance(task, str) else task
    place = None if folder is None else Path(folder)
    stem = f"train-{what.name}"
    metrics = None if place is None else place / f"{stem}.csv"
    shared = {"epochs": epochs, "batch_size": batch_size, "validate": validate}
    trials = [
        Trial(
            number,
            task,
            spec,
            seed,
            {**shared, **{key: given[key] for key in takes(spec) if key in given}},
            str(data),
            verify,
            None if place is None else str(place / stem / f"{file_name(name)}-seed{seed}.npz"),
            every,
            name,
        )
        for number, (seed, name, spec) in enumerate(
            (seed, name, spec) for seed in seeds for name, spec in specs.items()
        )
    ]
    if workers is not None:
        positive_int("workers", workers)
    travels = {**specs, f"task {what.name}": task}
    number = workers_for(workers, len(trials), travels)
    histories, computed = _carried_out(trials, number, metrics, resume)
    by = {name: histories[k :: len(specs)] for k, name in enumerate(specs)}
    return Train(what, by, list(seeds), computed, metrics)


def _carried_out(
    trials: list[Trial], workers: int, metrics: Path | None, resume: bool
) -> tuple[list[History], int]:
    """Run trials here, with a bar over steps, or on workers, with a bar over runs."""

    def ended(trial: Trial, history: History) -> None:
        if history.diverged:
            bar.write(f"note: {trial.title}, diverged {history.diverged}", file=sys.stderr)
        bar.update() if workers > 1 else bar.refresh()

    if workers > 1:
        bar = tqdm(desc="train", total=len(trials), unit="run", delay=1, leave=False, disable=None)
        with bar, one_thread_each(), pool(workers) as processes:
            return run_trials(trials, processes, metrics, resume, _watched, ended)
    bar = tqdm(desc="train", unit="step", delay=1, leave=False, disable=None)

    def here(trial: Trial) -> History:
        bar.set_description(f"{trial.title} ({trial.number + 1} of {len(trials)})")
        return _watched(trial, progress=functools.partial(_show, bar))

    with bar, Inline() as here_at_once:
        return run_trials(trials, here_at_once, metrics, resume, here, ended)


def _watched(trial: Trial, **hooks: Any) -> History:
    """Run a trial, and say of one that diverges whether its rates were above the threshold."""
    watch = Snapshots()
    return run_trial(trial, observe=watch, explain=watch.explain, **hooks)


def _show(bar: Any, done: int, total: int) -> None:
    """Say how far a run is."""
    if done < bar.n or bar.total != total:
        bar.reset(total)
    bar.update(done - bar.n)
