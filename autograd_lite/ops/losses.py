r"""Losses. `reduction` is "mean" (over all elements, the default), "sum" or "none".

Except for `cross_entropy`, the target has the shape of x, or is one number; ValueError otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.engine import Array, primitive
from autograd_lite.ops.arguments import as_floats, number
from autograd_lite.ops.kinked import sigmoid


def _reduced(loss: Any, reduction: str) -> Any:
    if reduction == "none":
        return loss
    if reduction not in ("mean", "sum"):
        raise ValueError(f"reduction must be 'mean', 'sum' or 'none', got {reduction!r}")
    return np.mean(loss) if reduction == "mean" else np.sum(loss)


def _share(y_bar: Any, loss_shape: Any, reduction: str) -> Any:
    """Return the gradient of each element's loss."""
    return y_bar / np.prod(loss_shape, dtype=int).item() if reduction == "mean" else y_bar


def _alike(x: Any, target: Any) -> tuple[Array, Array]:
    """Return both in the dtype of the prediction x, or in float64 if x is not of floats."""
    x = as_floats(x)
    target = np.asarray(target, x.dtype)
    if target.ndim and target.shape != x.shape:
        raise ValueError(f"target must have the shape {x.shape} of x, got {target.shape}")
    return x, target


@primitive()
def mse_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Square error (x - target)^2.

    >>> mse_loss([1.0, 3.0], [0.0, 0.0])
    Tensor(5.)
    """
    return _reduced(np.square(np.subtract(*_alike(x, target))), reduction)


def _difference(
    y_bar: Any, x: Any, target: Any, reduction: str, slope: Callable[[Any], Any]
) -> Any:
    d = np.subtract(*_alike(x, target))
    return slope(d) * _share(y_bar, d.shape, reduction)


mse_loss.vjps = (
    # \bar{x} = 2 \bar{y} (x - t) / n        [calculus]
    lambda y_bar, y, x, target, reduction="mean": _difference(
        y_bar, x, target, reduction, lambda d: 2 * d
    ),
    # \bar{t} = -2 \bar{y} (x - t) / n        [calculus]
    lambda y_bar, y, x, target, reduction="mean": _difference(
        y_bar, x, target, reduction, lambda d: -2 * d
    ),
)


@primitive()
def l1_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Absolute error of x; gradient 0 where it equals the target.

    >>> l1_loss([1.0, 3.0], [0.0, 0.0])
    Tensor(2.)
    """
    return _reduced(np.abs(np.subtract(*_alike(x, target))), reduction)


l1_loss.vjps = (
    # \bar{x} = \bar{y} \mathrm{sign}(x - t) / n        [calculus]
    lambda y_bar, y, x, target, reduction="mean": _difference(y_bar, x, target, reduction, np.sign),
    # \bar{t} = -\bar{y} \mathrm{sign}(x - t) / n        [calculus]
    lambda y_bar, y, x, target, reduction="mean": _difference(
        y_bar, x, target, reduction, lambda d: -np.sign(d)
    ),
)


@primitive()
def hinge_loss(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Margin loss max(0, 1 - t x) for targets t of -1 or 1; gradient 0 at t x = 1.

    Raises
    ------
    ValueError
        If a target is neither -1 nor 1.

    >>> hinge_loss([0.5, -2.0], [1, -1])
    Tensor(0.25)
    """
    if not np.all(np.abs(target) == 1):
        raise ValueError(f"target must be -1 or 1 everywhere, got {np.unique(target)}")
    x, target = _alike(x, target)
    return _reduced(np.maximum(1 - x * target, 0), reduction)


def _hinge(y_bar: Any, x: Any, target: Any, reduction: str) -> Any:
    inside = np.multiply(x, target) < 1
    return -(inside * target) * _share(y_bar, inside.shape, reduction)


hinge_loss.vjps = (
    # \bar{x} = -\bar{y} t [t x < 1] / n        [calculus]
    lambda y_bar, y, x, target, reduction="mean": _hinge(y_bar, x, target, reduction),
)


@primitive()
def binary_cross_entropy_with_logits(x: Any, target: Any, reduction: str = "mean") -> Any:
    """Cross entropy of sigmoid(x) against targets in [0, 1], computed without overflow.

    >>> binary_cross_entropy_with_logits([0.0, 1000.0], [1.0, 1.0])
    Tensor(0.34657359)
    """
    x, target = _alike(x, target)
    loss = np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))
    return _reduced(loss, reduction)


def _binary(y_bar: Any, x: Any, target: Any, reduction: str) -> Any:
    slope = sigmoid.forward(x) - target
    return slope * _share(y_bar, slope.shape, reduction)


binary_cross_entropy_with_logits.vjps = (
    # \bar{x} = \bar{y} (\sigma(x) - t) / n        [calculus]
    lambda y_bar, y, x, target, reduction="mean": _binary(y_bar, x, target, reduction),
)


@primitive(saves=True)
def cross_entropy(
    logits: Any, labels: Any, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    r"""Cross entropy of softmax(logits) against labels.

    With smoothing s the target is (1 - s) on the label plus s/C on every class.

    Parameters
    ----------
    logits : array (N, C)
    labels : array of int (N,)
        Classes, in [0, C).
    label_smoothing : float
        s in [0, 1].
    reduction : str
        "mean" (over the N rows), "sum" or "none".

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If a shape does not fit, or a label, `label_smoothing` or `reduction` is not allowed.

    Examples
    --------
    >>> cross_entropy([[0.0, 0.0], [1000.0, 0.0]], [1, 0])
    Tensor(0.34657359)
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    label_smoothing = number("label_smoothing", label_smoothing, 0, 1, closed=True)
    n, c = _check_labels(logits, labels)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(n), labels]
    if label_smoothing:
        loss = (1 - label_smoothing) * loss - (label_smoothing / c) * log_p.sum(axis=1)
    return _reduced(loss, reduction), log_p


def _check_labels(logits: Array, labels: Array) -> tuple[int, int]:
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"logits (N, C) and labels (N,): got {logits.shape} and {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    if labels.size and not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        raise ValueError(
            f"labels must be in [0, {logits.shape[1]}), got {labels.min()} to {labels.max()}"
        )
    return logits.shape


def _cross_entropy(
    y_bar: Any, log_p: Array, labels: Any, label_smoothing: float, reduction: str
) -> Array:
    n, c = log_p.shape
    slope = np.exp(log_p)
    slope[np.arange(n), labels] -= 1 - label_smoothing
    if label_smoothing:
        slope -= label_smoothing / c
    share = _share(y_bar, n, reduction)
    slope *= share[:, None] if reduction == "none" else share
    return slope


cross_entropy.vjps = (
    # \bar{x}_{nc} = \bar{y}_n (p_{nc} - (1 - s) [c = t_n] - s / C) / N        [calculus]
    lambda y_bar, log_p, logits, labels, label_smoothing=0.0, reduction="mean": _cross_entropy(
        y_bar, log_p, labels, label_smoothing, reduction
    ),
)
