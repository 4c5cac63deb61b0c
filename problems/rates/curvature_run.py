r"""Sharpness, preconditioned sharpness and threshold along a run.

A `Sharpness` is an observer of training, as `Recorder` is; the gradients that it takes are those
of all training data, in float64, whatever the run itself computes in. `Snapshots` costs almost
nothing along the run, and looks at the curvature only if the run diverges.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn
from problems.rates.curvature import sharpness, threshold

__all__ = ["Point", "Sharpness", "Snapshots", "columns", "full_gradient", "weights_of"]

Vector = NDArray[np.float64]
#: Images on which the curvature of a run that diverged is measured.
IMAGES = 512


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


def full_gradient(model: nn.Module, loss: Callable[[Any], Tensor]) -> Callable[[Vector], Vector]:
    """Return the gradient of a loss on training data as a function of all weights, in float64.

    Parameters
    ----------
    model : Module
        A copy of it is used.
    loss : callable
        The loss of a model, such as the method ``full_loss`` of a task's objective.

    Returns
    -------
    callable
        From an array of shape (d,) to one of the same shape.
    """
    twin = copy.deepcopy(model)
    parts, sizes = list(twin.parameters()), [p.data.size for p in model.parameters()]
    ends = np.cumsum(sizes)[:-1]

    def gradient(x: Vector) -> Vector:
        for p, part in zip(parts, np.split(x, ends), strict=True):
            p.data, p.grad = part.reshape(p.shape), None
        loss(twin).backward()
        return np.concatenate([np.ravel(np.asarray(p.grad)) for p in parts])

    return gradient


def weights_of(model: nn.Module) -> Vector:
    """All parameters, shape (d,)."""
    return np.concatenate([np.ravel(p.data) for p in model.parameters()]).astype(np.float64)


def _rates_of(model: nn.Module, optimizer: Optimizer) -> Vector:
    r"""\eta_t of all coordinates, shape (d,); 0 for a parameter that has made no step."""
    parts = [
        np.broadcast_to(np.zeros(()) if eta is None else eta, p.data.shape).ravel()
        for eta, p in zip(optimizer.effective_lr(), model.parameters(), strict=True)
    ]
    return np.concatenate(parts).astype(np.float64)


class Sharpness:
    r"""An observer of the curvature: call it after each step.

    Parameters
    ----------
    steps : iterable of int
        Steps t >= 1 to look at.
    model, loss
        As for `full_gradient`.

    Attributes
    ----------
    points : list of Point
        What was found.
    gradient : callable
        As of `full_gradient`.
    start : float
        Sharpness at the weights that the model had at first.

    Raises
    ------
    TypeError, ValueError
        If a step is not a positive integer.
    """

    def __init__(
        self, steps: Iterable[int], model: nn.Module, loss: Callable[[Any], Tensor]
    ) -> None:
        self.steps = frozenset(positive_int("steps", t) for t in steps)
        self.points: list[Point] = []
        self.gradient = full_gradient(model, loss)
        self.start = sharpness(self.gradient, weights_of(model))

    def __call__(self, t: int, model: nn.Module, optimizer: Optimizer) -> None:
        """Look at step t, right after it, if it is one of `steps`."""
        if t not in self.steps:
            return
        x = weights_of(model)
        found = (
            sharpness(self.gradient, x),
            sharpness(self.gradient, x, _rates_of(model, optimizer)),
        )
        if all(map(math.isfinite, found)):
            self.points.append(Point(t, *found))


class Snapshots:
    """An observer that keeps weights and rates after steps 1, 2, 4, 8, ..., the latest three.

    Attributes
    ----------
    kept : list of (int, array, array)
        Step, weights and rates.
    """

    def __init__(self) -> None:
        self.kept: list[tuple[int, Vector, Vector]] = []

    def __call__(self, t: int, model: nn.Module, optimizer: Optimizer) -> None:
        """Look at step t, right after it, if it is a power of two."""
        if t & (t - 1) == 0:
            self.kept = [*self.kept[-2:], (t, weights_of(model), _rates_of(model, optimizer))]

    def explain(self, run: Any) -> str:
        """Return whether a run's rates were above the threshold, to add to why it diverged.

        Parameters
        ----------
        run : problems.learning.run.Run
            Run of this observer, at its end.

        Returns
        -------
        str
            Empty if they were not, or if that is not known: for tasks without labelled images,
            and optimizers whose threshold is not known.
        """
        limit, loss = threshold(run.optimizer), getattr(run.objective, "full_loss", None)
        if limit is None or loss is None:
            return ""
        gradient = full_gradient(run.model, functools.partial(loss, most=IMAGES))
        with np.errstate(all="ignore"):
            for t, weights, rates in self.kept:
                found = sharpness(gradient, weights, rates)
                if found > limit:
                    return (
                        f"; after step {t:,} its rates were above the stability threshold of "
                        f"{limit:.3g}: preconditioned sharpness {found:.3g} on training images"
                    )
        return ""
