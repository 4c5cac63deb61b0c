r"""Sharpness, preconditioned sharpness and threshold along a run.

A `Sharpness` is an observer of training, as `Recorder` is; the gradients that it takes are those
of all training data, in float64, whatever the run itself computes in.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn
from problems.rates.curvature import sharpness

__all__ = ["Point", "Sharpness", "columns", "full_gradient"]

Vector = NDArray[np.float64]


class Loss(Protocol):
    """What has a loss on all training data."""

    def full_loss(self, model: Any) -> Tensor:
        """The mean loss on all training data, in float64."""


class Point(NamedTuple):
    r"""What is known after a step.

    Attributes
    ----------
    step : int
        t.
    sharpness, preconditioned : float
        Largest eigenvalue of H at x_{t+1}, and of D^{1/2} H D^{1/2} with D = diag(\eta_t).
    """

    step: int
    sharpness: float
    preconditioned: float


def columns(points: Iterable[Point]) -> dict[str, list[Any]]:
    """Points as columns, for JSON.

    Examples
    --------
    >>> columns([Point(1, 2.0, 0.2), Point(3, 4.0, 0.4)])
    {'step': [1, 3], 'sharpness': [2.0, 4.0], 'preconditioned': [0.2, 0.4]}
    """
    points = list(points)
    return {name: [getattr(point, name) for point in points] for name in Point._fields}


def full_gradient(
    model: nn.Module, objective: Loss
) -> tuple[Callable[[Vector], Vector], Callable[[], Vector]]:
    """Return the gradient of the loss on all training data, in float64, and the point.

    Parameters
    ----------
    model : Module
        Its parameters are read by the second function, and not changed.
    objective : object
        Its ``full_loss(model)`` is the loss on all training data.

    Returns
    -------
    callable, callable
        The gradient at a point, and the point where the model is now: arrays of shape (d,).
    """
    twin = copy.deepcopy(model)
    for p in twin.parameters():
        p.data = p.data.astype(np.float64)
    parts, sizes = list(twin.parameters()), [p.data.size for p in model.parameters()]
    ends = np.cumsum(sizes)[:-1]

    def gradient(x: Vector) -> Vector:
        for p, part in zip(parts, np.split(x, ends), strict=True):
            p.data, p.grad = part.reshape(p.shape), None
        objective.full_loss(twin).backward()
        return np.concatenate([np.ravel(np.asarray(p.grad)) for p in parts])

    def point() -> Vector:
        return np.concatenate([np.ravel(p.data) for p in model.parameters()]).astype(np.float64)

    return gradient, point


class Sharpness:
    r"""An observer of the curvature: call it after each step.

    Parameters
    ----------
    steps : iterable of int
        Steps t >= 1 to look at.
    model, objective
        As for `full_gradient`.

    Attributes
    ----------
    points : list of Point
        What was found.
    gradient, point : callable
        Those of `full_gradient`.

    Raises
    ------
    TypeError, ValueError
        If a step is not a positive integer.
    """

    def __init__(self, steps: Iterable[int], model: nn.Module, objective: Loss) -> None:
        self.steps = frozenset(positive_int("steps", t) for t in steps)
        self.points: list[Point] = []
        self.gradient, self.point = full_gradient(model, objective)

    def __call__(self, t: int, model: nn.Module, optimizer: Optimizer) -> None:
        """Look at step t, right after it, if it is one of `steps`."""
        if t not in self.steps:
            return
        rates = np.concatenate(
            [
                np.broadcast_to(np.zeros(()) if eta is None else eta, p.data.shape).ravel()
                for eta, p in zip(optimizer.effective_lr(), model.parameters(), strict=True)
            ]
        ).astype(np.float64)
        x = self.point()
        found = sharpness(self.gradient, x), sharpness(self.gradient, x, rates)
        if all(map(math.isfinite, found)):
            self.points.append(Point(t, *found))
