"""Many runs of training: optimizers times seeds, on any executor, each with its checkpoint."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from problems.files import write_csv
from problems.learning import checkpoints
from problems.learning.checkpoints import CheckpointError
from problems.learning.run import Epoch, History
from problems.learning.tasks import Data, Task, task_named
from problems.learning.training import prepare, train
from problems.optimizers import Spec, label
from problems.sweeps.records import locked
from problems.sweeps.runner import Inline, spread

__all__ = ["COLUMNS", "Trial", "run_trial", "run_trials", "write_metrics"]

#: Of the CSV: which run, then an epoch's results.
COLUMNS = ("task", "optimizer", "seed", *Epoch._fields)


class Trial(NamedTuple):
    """One run; small, since it is what travels to a worker.

    Attributes
    ----------
    number : int
        Its place, from 0.
    task, optimizer, seed
        As for `problems.learning.training.train`.
    options : dict
        epochs, batch_size, validate and hyperparameters for it.
    data, verify
        The folder of all data sets, and whether files there must be the official ones.
    checkpoint : str or None
        The file of the run, if it has one.
    every : float
        Seconds between two savings.
    name : str or None
        The optimizer's name in the history, if not its label.
    """

    number: int
    task: str | Task
    optimizer: Spec
    seed: int
    options: dict[str, Any]
    data: str
    verify: bool
    checkpoint: str | None
    every: float = 10.0
    name: str | None = None

    @property
    def title(self) -> str:
        """The optimizer and the seed, for messages."""
        return f"{self.name or label(self.optimizer)}, seed {self.seed}"

    def arguments(self) -> tuple[str | Task, Spec, int]:
        """Task, optimizer and seed."""
        return self.task, self.optimizer, self.seed

    def loaded(self) -> dict[str, Any]:
        """The options, with the data; these are read once in a process."""
        data = _load(self.task, self.data, self.verify)
        return {**self.options, "name": self.name, "data": data}


@functools.lru_cache(maxsize=1)
def _load(task: str | Task, folder: str, verify: bool) -> Data:
    task = task_named(task) if isinstance(task, str) else task
    return task.load(Path(folder), verify)


def run_trial(trial: Trial, **hooks: Callable[..., Any] | None) -> History:
    """Run a trial from where its checkpoint is; hooks are `observe`, `explain` and `progress`."""
    return train(
        *trial.arguments(),
        **{**trial.loaded(), **hooks},
        checkpoint=trial.checkpoint,
        every=trial.every,
        resume=True,
    )


def finished(trial: Trial, resume: bool) -> History | None:
    """Check a trial, and return its history if its checkpoint is of a finished run.

    Raises
    ------
    CheckpointError
        If there is a checkpoint and `resume` is False, or it is damaged or of another run.
    TypeError, ValueError, FileNotFoundError, DataError
        If the run cannot be: unknown names, values out of range, absent data.
    """
    run = prepare(*trial.arguments(), **trial.loaded())
    path = None if trial.checkpoint is None else Path(trial.checkpoint)
    if path is None or not path.exists():
        return None
    if not resume:
        raise CheckpointError(
            f"{path} must be a new file, but is there already; --resume resumes it, and "
            "another --out leaves it alone"
        )
    saved = checkpoints.read(path)
    try:
        run.restore(*saved)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}") from error
    return run.history if run.done else None


def run_trials(
    trials: Sequence[Trial],
    executor: Executor,
    metrics: Path | None,
    resume: bool = False,
    function: Callable[[Trial], History] = run_trial,
    ended: Callable[[Trial, History], Any] = lambda trial, history: None,
) -> tuple[list[History], int]:
    """Run trials, and write their epochs to one CSV, again whenever a trial ends.

    Parameters
    ----------
    trials : sequence of Trial
        All are checked before one is run.
    executor : concurrent.futures.Executor
        What runs them: `problems.sweeps.runner.pool`, `Inline`, ...
    metrics : Path or None
        The CSV, if there is to be one; its lock is held meanwhile.
    resume : bool
        Whether trials may have checkpoints; those at their end are not run again.
    function : callable
        `run_trial`, or one that calls it; it travels to workers.
    ended : callable
        Called with each trial that has a history, and the history.

    Returns
    -------
    list of History, int
        One for each trial, in order; and how many were run now.

    Raises
    ------
    CheckpointError, TypeError, ValueError, FileNotFoundError
        If a trial cannot be run; nothing is then.
    RecordsError
        If another process writes to the same file.
    SweepError
        If a worker dies or a trial fails. What was done can be resumed.
    """
    done: dict[int, History] = {}

    def note() -> None:
        if metrics is not None:
            write_metrics(metrics, (done[n] for n in sorted(done)))

    with nullcontext() if metrics is None else locked(metrics):
        for trial in trials:
            history = finished(trial, resume)
            if history is not None:
                done[trial.number] = history
                ended(trial, history)
        missing = [trial for trial in trials if trial.number not in done]
        note()
        window = 1 if isinstance(executor, Inline) else len(trials)
        with closing(spread(function, iter(missing), executor, window)) as batches:
            for batch in batches:
                for trial, history in batch:
                    done[trial.number] = history
                    ended(trial, history)
                note()
        return [done[trial.number] for trial in trials], len(missing)


def write_metrics(path: Path, histories: Iterable[History]) -> None:
    """Write the epochs of runs as CSV, one row each, under `COLUMNS`; losses in nats."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for history in histories:
            run = [history.identity[name] for name in COLUMNS[:3]]
            for epoch in history.epochs:
                yield (*run, *epoch)

    write_csv(path, COLUMNS, rows())
