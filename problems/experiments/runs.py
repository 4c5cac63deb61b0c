"""The runs behind the figures: a search, runs at the best points, sensitivity; in one file.

All runs are numbered beforehand. Those that count wait for the search, whose best points they
take; so a file of results says of each run which it is, and can be resumed after a kill.
"""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from adabound_np import __version__
from adabound_np.bounds import DynamicBounds
from problems.experiments.settings import OPTIMIZERS, RATES, Settings, TaskSettings
from problems.learning.tasks import TASKS
from problems.learning.training import prepare, train
from problems.manifest import manifest
from problems.optimizers import BOUNDS
from problems.rates.recorder import Recorder, mixed_grid
from problems.sweeps.records import read, recording
from problems.sweeps.runner import append, sort, spread

__all__ = [
    "Experiment",
    "Record",
    "Run",
    "badness",
    "last",
    "plain_numbers",
    "seconds_an_epoch",
    "work",
]

Record = dict[str, Any]
#: What every record has of a run; a run of rates has "rates" besides.
RESULTS = ("train", "test", "loss", "diverged", "seconds")


class Run(NamedTuple):
    """One training run.

    Attributes
    ----------
    number : int
        Its place among all, from 0.
    stage : str
        "search" or "final" and the kind of search ("search paper"), "sensitivity" and its axis,
        or "rates".
    task, optimizer : str
        Keys of `TASKS` and of the roster.
    seed, epochs : int
        Seed and number of epochs of the run.
    given : dict of str to float or None
        Hyperparameters other than the task's own; None if the search will say.
    """

    number: int
    stage: str
    task: str
    optimizer: str
    seed: int
    epochs: int
    given: dict[str, float] | None

    def identity(self) -> Record:
        """What its record says beside the results."""
        said = {"cell": self.number, **self._asdict()}
        del said["number"]
        if self.given is None:
            del said["given"]
        return said


def badness(record: Record) -> tuple[float, float]:
    """What a search makes small: the last metric, turned if more is better; of a tie, the loss."""
    value = last(record)
    if value is None:
        return math.inf, math.inf
    sign = -1 if TASKS[record["task"]].metric == "accuracy" else 1
    loss = record["loss"][-1]
    return sign * value, math.inf if loss is None else loss


def work(run: Run) -> Record:
    """Train once: the function that workers call. A result that is not finite is None."""
    assert run.given is not None
    given: dict[str, Any] = {**run.given, "epochs": run.epochs}
    recorder: Recorder | None = None
    if run.stage == "rates":
        steps = prepare(run.task, run.optimizer, run.seed, **given).total
        recorder = Recorder(mixed_grid(steps), seed=run.seed, reference=DynamicBounds(**BOUNDS))
    history = train(
        run.task,
        run.optimizer,
        run.seed,
        validate=run.stage.startswith("search"),
        observe=recorder,
        **given,
    )
    record: Record = {
        "train": plain_numbers(history.column("train_metric")),
        "test": plain_numbers(history.column("test_metric")),
        "loss": plain_numbers(history.column("test_loss")[-1:]),
        "diverged": history.diverged,
        "seconds": round(float(sum(history.column("seconds"))), 3),
    }
    if recorder is not None:
        record["rates"] = base64.b64encode(recorder.record().to_bytes()).decode()
    return record


def seconds_an_epoch(task: str) -> float:
    """How long an epoch of training and testing takes here and now: one is run with Adam."""
    data = prepare(task, "adam").data
    begin = time.perf_counter()
    train(task, "adam", 0, epochs=1, data=data)
    return time.perf_counter() - begin


def plain_numbers(values: Iterable[float]) -> list[float | None]:
    """Numbers to seven digits, as JSON has them: None for what is not finite.

    Examples
    --------
    >>> plain_numbers([1 / 3, math.inf])
    [0.3333333, None]
    """
    return [float(f"{v:.7g}") if math.isfinite(v) else None for v in map(float, values)]


def last(record: Record) -> float | None:
    """The last epoch's test metric; None of a run that diverged."""
    return None if record["diverged"] or not record["test"] else record["test"][-1]


@dataclass(frozen=True)
class Experiment:
    """All runs of some settings, and the file of their results.

    Parameters
    ----------
    settings : Settings
        What to run.
    path : Path
        The file: see `problems.sweeps.records`.
    """

    settings: Settings
    path: Path

    @cached_property
    def runs(self) -> list[Run]:
        """All runs, by number."""
        s = self.settings
        planned: list[tuple[Any, ...]] = []
        for task in s.tasks:
            planned += [
                (f"search {task.search}", task.name, name, 0, task.search_epochs, point)
                for name in self._own(task)
                for point in s.points(name, task.search)
            ]
        planned += [
            (f"sensitivity {axis}", each.task, name, seed, s.task(each.task).epochs, point)
            for each in s.sensitivity
            for seed in range(1, each.seeds + 1)
            for name, axis, point in each.points()
        ]
        for task in s.tasks:
            planned += [
                (f"final {task.search}", task.name, name, seed, task.epochs, None)
                for seed in range(1, task.seeds + 1)
                for name in self._own(task)
            ]
        planned += [("rates", s.rates, name, 1, s.rates_epochs, None) for name in RATES]
        return [Run(number, *fields) for number, fields in enumerate(planned)]

    def _own(self, task: TaskSettings) -> list[str]:
        """The optimizers that a task's search has runs of its own for."""
        return [name for name in OPTIMIZERS if self.settings.search(task, name) == task.search]

    def needed(self, figures: Sequence[str]) -> list[Run]:
        """The runs that some figures are drawn from."""
        s = self.settings
        curves = {
            (task.name, name, s.search(task, name))
            for task in s.tasks
            if f"curves-{task.key}" in figures
            for name in OPTIMIZERS
        }

        def is_needed(run: Run) -> bool:
            kind, _, which = run.stage.partition(" ")
            if kind == "sensitivity":
                return f"sensitivity-{run.task}" in figures
            of_rates = run.task == s.rates and run.optimizer in RATES and which != "equal"
            if of_rates and kind != "final" and "rates" in figures:
                return True
            return (run.task, run.optimizer, which) in curves

        return [run for run in self.runs if is_needed(run)]

    def header(self) -> Record:
        """What tells these runs from others."""
        return {
            "experiment": "figures",
            "version": __version__,
            "settings": self.settings.plain(),
            "optimizers": list(OPTIMIZERS),
            "cells": len(self.runs),
        }

    def perform(
        self,
        figures: Sequence[str],
        executor: Executor,
        resume: bool = False,
        begin: Callable[[list[Run]], Any] = lambda runs: None,
        tick: Callable[[int], Any] = lambda n: None,
        window: int = 8,
    ) -> list[Record]:
        """Run what the file misses of what some figures need; return all its records.

        Parameters
        ----------
        figures : sequence of str
            Some of `problems.experiments.settings.FIGURES`.
        executor, resume, window
            As for `problems.sweeps.runner.sweep`.
        begin : callable
            Called first, with the runs to do.
        tick : callable
            Called now and then with the number of runs done since.

        Raises
        ------
        RecordsError, SweepError
            As `problems.sweeps.runner.sweep`.
        """
        expected = [run.identity() for run in self.runs]
        header = {**self.header(), "manifest": manifest("figures")}
        with recording(self.path, header, expected.__getitem__, RESULTS, resume) as records:
            missing = [run for run in self.needed(figures) if run.number not in records.places]
            begin(missing)
            for late in (False, True):  # what waits for the search comes after it
                part = [run for run in missing if (run.given is None) == late]
                if late and part:
                    found = self.found(read(self.path)[1])
                    part = [run._replace(given=found[_search_of(run)]) for run in part]
                with closing(spread(work, iter(part), executor, window)) as batches:
                    for batch in batches:
                        entries = (
                            {**self.runs[run.number].identity(), "given": run.given, **result}
                            for run, result in batch
                        )
                        append(records, entries)
                        tick(len(batch))
            sort(records)
        return read(self.path)[1]

    def found(self, records: Iterable[Record]) -> Mapping[tuple[str, str, str], dict[str, float]]:
        """The best point of each search, by task, optimizer and kind of search.

        A search whose runs all diverged leaves the task's own hyperparameters.
        """
        searches: dict[tuple[str, str, str], list[Record]] = {}
        for record in records:
            kind, _, search = record["stage"].partition(" ")
            if kind == "search":
                key = record["task"], record["optimizer"], search
                searches.setdefault(key, []).append(record)
        best = {key: min(tried, key=badness) for key, tried in searches.items()}
        return {
            key: {} if last(record) is None else record["given"] for key, record in best.items()
        }


def _search_of(run: Run) -> tuple[str, str, str]:
    """The search whose best point a run takes."""
    return run.task, run.optimizer, run.stage.partition(" ")[2] or "paper"
