"""Gradients by central differences, to check the engine's against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.engine import Array, Tensor

__all__ = ["GradcheckReport", "gradcheck"]


@dataclass(frozen=True)
class GradcheckReport:
    """The worst entry of a gradient check.

    Attributes
    ----------
    error : float
        |analytic - numeric| / (1 + |numeric|), the largest over all entries.
    argument, index : int, tuple of int
        Where: which argument of the function, and which entry of it.
    analytic, numeric : float
        The two derivatives there.
    entries : int
        How many derivatives were compared.
    """

    error: float
    argument: int
    index: tuple[int, ...]
    analytic: float
    numeric: float
    entries: int

    def __str__(self) -> str:
        return (
            f"worst of {self.entries} derivatives: argument {self.argument} at {self.index}, "
            f"backward gives {self.analytic:.12g}, central differences {self.numeric:.12g}, "
            f"error {self.error:.2g}"
        )


def gradcheck(
    function: Callable[..., Any],
    *arrays: Any,
    step: float = 1e-6,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> GradcheckReport:
    r"""Compare the gradients of a function with central differences.

    The function's result is multiplied by fixed random weights and summed to L; every entry of
    every argument is checked against (L(x + h) - L(x - h)) / 2h.

    Parameters
    ----------
    function : callable
        Takes as many tensors as there are arrays, returns a tensor; the same at every call.
    *arrays : array_like
        Where to check, away from kinks; computed with in float64.
    step : float
        h, relative to max(1, |x|).
    tolerance : float
        Allowed |analytic - numeric| / (1 + |numeric|).
    seed : int
        Seed of the random weights.

    Returns
    -------
    GradcheckReport
        The worst entry.

    Raises
    ------
    AssertionError
        If it exceeds the tolerance or is NaN; the message is the report.

    Examples
    --------
    >>> gradcheck(lambda x, y: np.sin(x) * y, [0.5, 1.0], [2.0, 3.0]).entries
    4
    """
    points = [np.array(array, dtype=np.float64) for array in arrays]
    tensors = [Tensor(point.copy(), requires_grad=True) for point in points]
    y = function(*tensors)
    weights = np.random.default_rng(seed).uniform(0.5, 1.5, y.shape)
    y.backward(weights)

    def loss() -> float:
        return float(np.sum(weights * function(*[Tensor(point) for point in points]).data))

    worst, entries = None, sum(point.size for point in points)
    for k, (point, tensor) in enumerate(zip(points, tensors, strict=True)):
        analytic = np.zeros_like(point) if tensor.grad is None else tensor.grad
        for index in np.ndindex(point.shape):
            numeric = _central_difference(loss, point, index, step)
            error = float(abs(analytic[index] - numeric) / (1 + abs(numeric)))
            if worst is None or not error <= worst.error:
                found = float(analytic[index])
                worst = GradcheckReport(error, k, index, found, numeric, entries)
    if worst is None:
        raise ValueError("arrays must have an entry to check, got none")
    if not worst.error <= tolerance:  # an assert would pass under python -O
        raise AssertionError(f"gradients differ; {worst}")
    return worst


def _central_difference(
    loss: Callable[[], float], point: Array, index: tuple[int, ...], step: float
) -> float:
    x = float(point[index])
    point[index] = high = x + step * max(1.0, abs(x))
    above = loss()
    point[index] = low = x - step * max(1.0, abs(x))
    below = loss()
    point[index] = x
    return (above - below) / (high - low)
