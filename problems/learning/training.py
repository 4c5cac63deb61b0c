"""Training: a task, an optimizer and a seed make a history of epochs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from adabound_np import Optimizer
from adabound_np.checks import positive_int, within
from autograd_lite import nn
from problems.learning import checkpoints
from problems.learning.checkpoints import CheckpointError
from problems.learning.run import Epoch, History, Run
from problems.learning.tasks import Data, Task, task_named, with_validation
from problems.optimizers import Spec
from problems.sweeps.records import RecordsError, locked

__all__ = ["CheckpointError", "Epoch", "History", "Run", "prepare", "train"]


def prepare(
    task: str | Task,
    optimizer: Spec,
    seed: int = 0,
    *,
    epochs: int | None = None,
    batch_size: int | None = None,
    validate: bool = False,
    data: Data | str | Path = "data",
    verify: bool = True,
    name: str | None = None,
    **given: Any,
) -> Run:
    """Return a run before its first step; arguments and errors as for `train`."""
    if isinstance(task, str):
        task = task_named(task)
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"seed must be an integer of at least 0, got {seed!r}")
    number = positive_int("epochs", task.epochs if epochs is None else epochs)
    size = positive_int("batch_size", task.batch_size if batch_size is None else batch_size)
    hyperparameters = {**task.hyperparameters(optimizer), **given}
    if isinstance(data, (str, Path)):
        data = task.load(Path(data), verify)
    if validate:
        data = with_validation(data)
    part = "validation" if validate else "test"
    return Run(task, optimizer, seed, data, number, size, part, hyperparameters, name)


def train(
    task: str | Task,
    optimizer: Spec,
    seed: int = 0,
    *,
    observe: Callable[[int, nn.Module, Optimizer], Any] | None = None,
    explain: Callable[[Run], str] | None = None,
    progress: Callable[[int, int], Any] | None = None,
    checkpoint: str | Path | None = None,
    every: float = 10.0,
    resume: bool = False,
    **options: Any,
) -> History:
    """Train a network.

    Parameters
    ----------
    task : str or Task
        A task, its name, or ``module:Name``; see `problems.learning.tasks.task_named`.
    optimizer : str, class or Optimizer
        See `problems.optimizers.entry`. An instance keeps its hyperparameters.
    seed : int
        Decides the weights and all that is drawn. The weights are the same for all optimizers.
    observe : callable, optional
        Called after each step with its number from 1, the model and the optimizer.
    explain : callable, optional
        Called with the run if it diverged; what it returns is added to the reason.
    progress : callable, optional
        Called after each step with the numbers of steps taken and of all.
    checkpoint : str or Path, optional
        A file, ``*.npz``, to save the run in: after a step when `every` seconds have passed since
        the last time, and at the end.
    every : float
        Seconds; 0 for each step.
    resume : bool
        Whether to resume from `checkpoint` if that file is there. What is computed is the same,
        bit for bit, as without the interruption (`observe` sees the steps that were still to do).
    epochs, batch_size : int, optional
        Other than the task's.
    validate : bool
        Whether to keep a part of the training data and to test on that, in place of the test data.
    data : str, Path, Images, Corpus or None
        The folder of all data sets, for tasks whose data are files; or data for the task.
    verify : bool
        Whether such files must have the official checksums.
    name : str, optional
        The optimizer's name in the history, if not its label.
    **given
        Hyperparameters of the optimizer in place of the task's.

    Returns
    -------
    History
        Which says so if the run diverged, that is, if a loss or a gradient was not finite: it
        ends there.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or the optimizer lacks a hyperparameter.
    FileNotFoundError, DataError
        If the task's data are absent or wrong.
    CheckpointError
        If the checkpoint is there and `resume` is False, it is damaged or of another run, or
        another process writes to it. It is left as it was.

    Examples
    --------
    >>> history = train("digits-mlp", "adabound", seed=0, epochs=5)
    >>> [epoch.epoch for epoch in history.epochs], history.diverged
    ([1, 2, 3, 4, 5], None)
    >>> bool(history.column("test_metric")[-1] > 0.8)
    True
    """
    within("every", every, "[0, inf)")
    run = prepare(task, optimizer, seed, **options)
    path = None if checkpoint is None else Path(checkpoint)
    if path is not None and path.suffix != ".npz":
        raise ValueError(f"checkpoint must end with .npz, got {str(path)!r}")
    with nullcontext() if path is None else _alone(path):
        return _train(run, path, resume, every, observe, explain, progress)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock of a checkpoint."""
    try:
        with locked(path):
            yield
    except RecordsError as error:
        raise CheckpointError(str(error)) from error


def _train(
    run: Run,
    path: Path | None,
    resume: bool,
    every: float,
    observe: Callable[[int, nn.Module, Optimizer], Any] | None,
    explain: Callable[[Run], str] | None,
    progress: Callable[[int, int], Any] | None,
) -> History:
    """Take all steps of a run that are still to do, and save it."""
    if path is not None:
        _open(run, path, resume)
    saved, over = time.monotonic(), run.done
    for t in run:
        if observe is not None:
            observe(t, run.model, run.optimizer)
        if progress is not None:
            progress(t, run.total)
        if path is not None and time.monotonic() - saved >= every:
            checkpoints.write(path, *run.state())
            saved = time.monotonic()
    if explain is not None and run.history.diverged is not None and not over:
        run.history.diverged += explain(run)
    if path is not None:
        checkpoints.write(path, *run.state())
    return run.history


def _open(run: Run, path: Path, resume: bool) -> None:
    """Resume from an existing checkpoint, if allowed."""
    if path.exists():
        if not resume:
            raise CheckpointError(
                f"{path} must be a new file, but is there already; resume=True resumes it"
            )
        saved = checkpoints.read(path)
        try:
            run.restore(*saved)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error
