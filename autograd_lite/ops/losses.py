r"""Losses. `reduction` is "mean" (over all elements, the default), "sum" or "none".

Except for `cross_entropy`, the target has the shape of x, or is one number; ValueError otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.engine import Array, primitive
from autograd_lite.ops.arguments import as_floats, number, whole
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
    logits: Any,
    labels: Any,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    *,
    weight: Any = None,
    ignore_index: int = -100,
) -> Any:
    r"""Cross entropy of softmax(logits) against labels.

    With smoothing s the target is (1 - s) on the label plus s/C on every class. The mean is
    weighted, as PyTorch's: the sum over the cases divided by the sum of their labels' weights.
    If all labels are ignored it is NaN, and its gradient 0.

    Parameters
    ----------
    logits : array (N, C)
    labels : array of int (N,)
        Classes, in [0, C), or `ignore_index`.
    label_smoothing : float
        s in [0, 1].
    reduction : str
        "mean" (over the cases that are not ignored), "sum" or "none".
    weight : array_like (C,), optional
        Weights of the classes, at least 0; 1 by default.
    ignore_index : int
        Label of the cases whose loss and gradient are 0.

    Raises
    ------
    TypeError
        If the labels or `ignore_index` are not integers, or `weight` is not numeric.
    ValueError
        If a shape does not fit, or a label, a weight, `label_smoothing` or `reduction` is not
        allowed.

    Examples
    --------
    >>> cross_entropy([[0.0, 0.0], [1000.0, 0.0]], [1, 0])
    Tensor(0.34657359)
    >>> cross_entropy([[0.0, 0.0], [1000.0, 0.0]], [1, -100])
    Tensor(0.69314718)
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    label_smoothing = number("label_smoothing", label_smoothing, 0, 1, closed=True)
    _check_labels(logits, labels, whole("ignore_index", ignore_index, -(2**63)))
    if weight is not None:
        _check_weight(weight, logits.shape[1])
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    used, t, w = _cases(log_p, labels, weight, ignore_index)
    loss = -w[t] * log_p[np.arange(len(t)), t]
    if label_smoothing:
        loss = (1 - label_smoothing) * loss - (label_smoothing / len(w)) * (log_p @ w)
    loss = np.where(used, loss, 0)
    if reduction == "mean":
        with np.errstate(invalid="ignore"):  # 0 / 0
            return np.sum(loss) / np.sum(w[t] * used), log_p
    return _reduced(loss, reduction), log_p


def _check_labels(logits: Array, labels: Array, ignore_index: int) -> None:
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(f"logits (N, C) and labels (N,): got {logits.shape} and {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    used = labels[labels != ignore_index]
    if used.size and not 0 <= used.min() <= used.max() < logits.shape[1]:
        raise ValueError(
            f"labels must be in [0, {logits.shape[1]}), got {used.min()} to {used.max()}"
        )


def _check_weight(weight: Any, classes: int) -> None:
    w = np.asarray(weight)
    if w.dtype.kind not in "fiu":
        raise TypeError(f"weight must be an array of real numbers, got {weight!r}")
    if w.shape != (classes,) or not np.all(w >= 0):
        raise ValueError(f"weight must be {classes} numbers of at least 0, got {weight!r}")


def _cases(log_p: Array, labels: Any, weight: Any, ignore_index: int) -> tuple[Array, Array, Array]:
    """Return which cases count, a class for each (0 for the others), the classes' weights."""
    used = np.not_equal(labels, ignore_index)
    w = np.ones(log_p.shape[1]) if weight is None else np.asarray(weight)
    return used, np.where(used, labels, 0), w.astype(log_p.dtype)


def _cross_entropy(
    y_bar: Any,
    log_p: Array,
    labels: Any,
    label_smoothing: float,
    reduction: str,
    weight: Any = None,
    ignore_index: int = -100,
) -> Array:
    used, t, w = _cases(log_p, labels, weight, ignore_index)
    slope, on_label = np.exp(log_p), (1 - label_smoothing) * w[t]
    if weight is not None:  # else the target adds up to 1
        slope *= (on_label + label_smoothing * np.mean(w))[:, None]
    slope[np.arange(len(t)), t] -= on_label
    if label_smoothing:
        slope -= (label_smoothing / len(w)) * w
    total = np.sum(w[t] * used) if reduction == "mean" else 1
    slope *= np.divide(y_bar, total, out=np.zeros_like(on_label), where=used)[:, None]
    return slope


cross_entropy.vjps = (
    # \bar{x}_{nc} = \bar{y}_n u_n ((1-s) w_{t_n} (p_{nc}-[c=t_n]) + s (p_{nc} \sum_j w_j-w_c)/C)/N
    #     [calculus, u: 0 for what is ignored]
    lambda y_bar, log_p, logits, labels, label_smoothing=0.0, reduction="mean", **of_classes: (
        _cross_entropy(y_bar, log_p, labels, label_smoothing, reduction, **of_classes)
    ),
)
