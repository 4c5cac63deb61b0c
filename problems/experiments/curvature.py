"""Runs along which the curvature is measured: of a network, or on a function."""

from __future__ import annotations

import base64
import math
import time
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from adabound_np.bounds import DynamicBounds
from problems.experiments.runs import plain_numbers
from problems.forms import released
from problems.learning.objectives import Classification
from problems.learning.tasks import Task
from problems.learning.training import prepare
from problems.limits import limits_of
from problems.online.functions import Fixed
from problems.online.protocol import constrained, play
from problems.optimizers import BOUNDS, Spec
from problems.rates.curvature import sharpness, threshold
from problems.rates.curvature_run import Point, Sharpness, columns
from problems.rates.recorder import Recorder, mixed_grid

__all__ = ["RESULTS", "Cell", "prepared", "work"]

#: Steps whose curvature is taken.
POINTS = 30
#: What every record has of a run.
RESULTS = (*Point._fields, "loss", "rises", "final", "diverged", "rates", "seconds")


class Cell(NamedTuple):
    """One run; small, since it is what travels to a worker."""

    number: int
    what: Any
    label: str
    optimizer: Spec
    seed: int
    steps: int
    batch_size: int | None
    init_scale: float
    given: dict[str, Any]
    data: str

    def identity(self) -> dict[str, Any]:
        """What its record says beside the results."""
        return {"cell": self.number, "optimizer": self.label, "seed": self.seed}


def prepared(cell: Cell) -> Any:
    """The run of a task before its first step, or an optimizer for a function."""
    if isinstance(cell.what, Fixed):
        return released(cell.optimizer, **{"lr": 0.1, **cell.given})
    run = prepare(cell.what, cell.optimizer, cell.seed, data=cell.data, **cell.given)
    if not isinstance(run.objective, Classification):
        raise ValueError(
            "task_or_problem must be a task of labelled images, got "
            f"{cell.what.name if isinstance(cell.what, Task) else cell.what}"
        )
    n = len(run.objective.data.train_labels)
    size = cell.batch_size or n
    run = prepare(
        cell.what,
        cell.optimizer,
        cell.seed,
        epochs=2 * (-(-cell.steps // -(-n // size)) + 1),  # it ends before the task's decay of lr
        batch_size=size,
        data=run.data,
        **cell.given,
    )
    for p in run.model.parameters():
        p.data = p.data * p.dtype.type(cell.init_scale)
    return run


def work(cell: Cell) -> dict[str, Any]:
    """Run once: the function that workers call."""
    begin, made = time.perf_counter(), prepared(cell)
    steps = mixed_grid(cell.steps, POINTS).tolist()
    reference = DynamicBounds(
        cell.given.get("final_lr", BOUNDS["final_lr"]), cell.given.get("gamma", BOUNDS["gamma"])
    )
    recorder = Recorder(mixed_grid(cell.steps).tolist(), seed=cell.seed, reference=reference)
    if isinstance(cell.what, Fixed):
        found, losses = _on_function(cell, made, steps, recorder)
        result: dict[str, Any] = {"diverged": None if len(losses) == cell.steps else "overflow"}
    else:
        found, losses, result = _on_task(cell, made, steps, recorder)
    rises = float(np.mean(np.diff(losses) > 0)) if len(losses) > 1 else 0.0
    return {
        **found,
        "loss": plain_numbers(losses[t - 1] for t in found["step"] if t <= len(losses)),
        "rises": rises,
        "final": plain_numbers(losses[-1:])[0] if losses else None,
        **result,
        "rates": base64.b64encode(recorder.record().to_bytes()).decode() if recorder.rows else None,
        "seconds": round(time.perf_counter() - begin, 2),
    }


def _on_task(
    cell: Cell, run: Any, steps: list[int], recorder: Recorder
) -> tuple[dict[str, Any], list[float], dict[str, Any]]:
    """Train a network, by default on all training images at once, with a rate that stays."""
    observer = Sharpness(steps, run.model, run.objective.full_loss)
    for t in run:
        if t > cell.steps:
            break
        recorder(t, run.model, run.optimizer)
        observer(t, run.model, run.optimizer)
    found = {**columns(observer.points), "threshold": threshold(run.optimizer)}
    found["start"] = observer.start
    losses = list(map(float, run.history.column("train_loss")))
    return found, losses, {"diverged": run.history.diverged}


def _on_function(
    cell: Cell, optimizer: Any, steps: list[int], recorder: Recorder
) -> tuple[dict[str, Any], list[float]]:
    """Run on a function."""
    f, points, losses = cell.what, list[Point](), list[float]()
    optimizer = constrained(f, optimizer)
    start = np.array(f.start) if len(f.start) > 1 else f.start[0]

    def gradient(x: Any) -> Any:
        return np.ravel(f.gradient(x if len(f.start) > 1 else x[0]))

    def look(t: int, after: Any, s: Any) -> None:
        eta = np.ravel(np.broadcast_to(optimizer.rate(optimizer.hyper, s), np.shape(start)))
        if t in recorder.steps:
            limits = limits_of(optimizer, optimizer.defaults, t, recorder.reference)
            recorder.take(t, ["x"], [eta], [limits])
        if t in steps:
            at = np.ravel(after)
            points.append(Point(t, sharpness(gradient, at), sharpness(gradient, at, eta)))

    with np.errstate(all="ignore"), suppress(ValueError):  # where a step overflows, it is refused
        for t, _, x, after, s in play(f, optimizer, cell.steps, start):
            if not math.isfinite(f(x)):
                break
            losses.append(float(f(x)))
            if t in recorder.steps or t in steps:
                look(t, after, s)
    of_start = sharpness(gradient, np.ravel(start))
    return {**columns(points), "threshold": threshold(optimizer), "start": of_start}, losses
