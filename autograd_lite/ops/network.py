r"""Normalisation, embedding, dropout and softmax."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.engine import Array, primitive
from autograd_lite.ops.arguments import as_floats, number
from autograd_lite.ops.layout import channels_first, channels_last


def _channel_sum(x: Array) -> Array:
    """Sum over all axes but the last, by matrix products, which is the fastest way.

    The sum over the first axis is NumPy's: the shorter the sums, the smaller their rounding.
    """
    rows = x.reshape(len(x), -1, x.shape[-1])
    return np.asarray(
        (np.ones(rows.shape[1], x.dtype) @ rows).sum(axis=0, dtype=np.float64), x.dtype
    )


def _per_channel(operation: np.ufunc, x: Array, numbers: Array, out: Array | None = None) -> Array:
    """Return the operation on x (..., C) and one number per channel, in place if `out` is x.

    NumPy's inner loop runs along rows; C alone may be few.
    """
    length = x.shape[-2] * x.shape[-1]
    into = None if out is None else out.reshape(-1, length)
    y: Array = operation(x.reshape(-1, length), np.tile(numbers, x.shape[-2]), out=into)
    return y.reshape(x.shape)


@primitive(saves=True)
def batch_norm(
    x: Any,
    weight: Any,
    bias: Any,
    eps: float = 1e-5,
    *,
    running: tuple[Array, Array] | None = None,
    momentum: float = 0.1,
) -> Any:
    r"""Normalise each channel of x (N, C, ...) by the batch's own mean and variance.

    y = (x - \mu) / \sqrt{\sigma^2 + \epsilon} w + b, with \sigma^2 the biased variance. The
    arrays of `running`, if given, are moved in place towards \mu and the unbiased variance by
    the share `momentum`, as PyTorch does.

    Raises
    ------
    TypeError
        If `eps` or `momentum` is not a number.
    ValueError
        If the shapes do not fit together, or there is only one value per channel.

    >>> batch_norm([[1.0], [3.0]], [1.0], [0.0], 0.0)
    Tensor([[-1.],
            [ 1.]])
    """
    x, eps, momentum = as_floats(x), number("eps", eps, 0), number("momentum", momentum)
    weight, bias = np.asarray(weight, x.dtype), np.asarray(bias, x.dtype)
    if x.ndim < 2 or any(p.shape != x.shape[1:2] for p in (weight, bias, *(running or ()))):
        raise ValueError(
            f"x (N, C, ...), weight (C,), bias (C,) and both of running (C,): got {x.shape}, "
            f"{', '.join(str(p.shape) for p in (weight, bias, *(running or ())))}"
        )
    n = x.size // x.shape[1] if x.size else 0
    if n < 2:
        raise ValueError(f"x needs two values per channel or more, got shape {x.shape}")
    rows = channels_last(x)
    mu = _channel_sum(rows) / n
    x_hat = _per_channel(np.subtract, rows, mu)
    rest = _channel_sum(x_hat) / n  # what rounding left of a mean far from 0
    _per_channel(np.subtract, x_hat, rest, out=x_hat)
    mu += rest
    variance = _channel_sum(x_hat * x_hat) / n
    if running is not None:
        running[0][...] += momentum * (mu - running[0])
        running[1][...] += momentum * (variance * (n / (n - 1)) - running[1])
    inv_std = 1 / np.sqrt(variance + eps)
    _per_channel(np.multiply, x_hat, inv_std, out=x_hat)
    y = _per_channel(np.multiply, x_hat, weight)
    _per_channel(np.add, y, bias, out=y)
    return channels_first(y), (x_hat, inv_std)


def _batch_norm(y_bar: Array, kept: Any, x: Any, weight: Any, *_: Any, **__: Any) -> Any:
    x_hat, inv_std = kept
    y_rows = channels_last(y_bar)
    n = x_hat.size // x_hat.shape[-1]
    # \bar{w} = \sum_n \bar{y}_n \hat{x}_n        [Ioffe15 Sec. 3]
    w_bar = _channel_sum(y_rows * x_hat)
    # \bar{b} = \sum_n \bar{y}_n        [Ioffe15 Sec. 3]
    b_bar = _channel_sum(y_rows)
    # \bar{x} = (w / \sigma) (\bar{y} - \bar{b} / N - \hat{x} \bar{w} / N)        [Ioffe15 Sec. 3]
    x_bar = _per_channel(np.multiply, x_hat, -w_bar / n)
    x_bar += y_rows
    _per_channel(np.subtract, x_bar, b_bar / n, out=x_bar)
    _per_channel(np.multiply, x_bar, weight * inv_std, out=x_bar)
    return channels_first(x_bar), w_bar, b_bar


batch_norm.joint_vjp = _batch_norm


@primitive(saves=True)
def layer_norm(x: Any, weight: Any, bias: Any, eps: float = 1e-5) -> Any:
    """Normalise over the last axes, those of `weight`'s shape, then scale and shift.

    Raises
    ------
    TypeError
        If `eps` is not a number.
    ValueError
        If the last axes of x, or those of bias, have other lengths than those of weight.

    >>> layer_norm([[1.0, 3.0]], [1.0, 1.0], [0.0, 0.0], 0.0)
    Tensor([[-1.,  1.]])
    """
    x, shape, eps = np.asarray(x), np.shape(weight), number("eps", eps, 0)
    if x.shape[x.ndim - len(shape) :] != shape or np.shape(bias) != shape:
        raise ValueError(
            f"weight, bias and the last axes of x: got {shape}, {np.shape(bias)} and {x.shape}"
        )
    axes = tuple(range(-len(shape), 0))
    centred = x - np.mean(x, axis=axes, keepdims=True)
    centred -= np.mean(centred, axis=axes, keepdims=True)  # what rounding left of a large mean
    inv_std = 1 / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)
    x_hat = centred * inv_std
    return x_hat * weight + bias, (x_hat, inv_std)


def _layer_norm(y_bar: Array, kept: Any, x: Any, weight: Any, bias: Any, eps: Any = 0) -> Any:
    x_hat, inv_std = kept
    axes = tuple(range(-np.ndim(weight), 0))
    # \bar{u} = \bar{y} w        [Ba16 Sec. 3, u = \hat{x}]
    x_hat_bar = y_bar * weight
    # \bar{w} = \bar{y} \hat{x}        [Ba16 Sec. 3, summed over the rows by `pull`]
    w_bar = y_bar * x_hat
    # \bar{b} = \bar{y}        [Ba16 Sec. 3, summed over the rows by `pull`]
    b_bar = y_bar
    # a = \mathrm{mean}(\bar{u})        [Ba16 Sec. 3]
    a = np.mean(x_hat_bar, axis=axes, keepdims=True)
    # b = \mathrm{mean}(\bar{u} \hat{x})        [Ba16 Sec. 3]
    b = np.mean(x_hat_bar * x_hat, axis=axes, keepdims=True)
    # \bar{x} = (\bar{u} - a - b \hat{x}) / \sigma        [Ba16 Sec. 3]
    x_bar = (x_hat_bar - a - b * x_hat) * inv_std
    return x_bar, w_bar, b_bar


layer_norm.joint_vjp = _layer_norm


@primitive()
def embedding(weight: Any, indices: Any) -> Any:
    """Return the rows of weight (V, D) that `indices` (integers in [0, V), any shape) name.

    Raises
    ------
    TypeError
        If the indices are not integers.
    IndexError
        If one of them is not in [0, V).
    ValueError
        If the weight is not a matrix.

    >>> embedding([[1.0, 2.0], [3.0, 4.0]], [1, 1])
    Tensor([[3., 4.],
            [3., 4.]])
    """
    weight, indices = np.asarray(weight), np.asarray(indices)
    if weight.ndim != 2:
        raise ValueError(f"weight must have shape (V, D), got {weight.shape}")
    if indices.dtype.kind not in "iu":
        raise TypeError(f"indices must be integers, got dtype {indices.dtype}")
    if indices.size and not 0 <= indices.min() <= indices.max() < len(weight):
        raise IndexError(
            f"indices must be in [0, {len(weight)}), got {indices.min()} to {indices.max()}"
        )
    return weight[indices]


def _embedding(y_bar: Array, weight: Array, indices: Any) -> Array:
    x_bar, flat = np.zeros(weight.shape, y_bar.dtype), np.ravel(indices)
    order = np.argsort(flat, kind="stable")
    rows, starts = np.unique(flat[order], return_index=True)
    if flat.size:
        x_bar[rows] = np.add.reduceat(y_bar.reshape(flat.size, weight.shape[1])[order], starts)
    return x_bar


embedding.vjps = (
    # \bar{w}_{jd} = \sum_i [k_i = j] \bar{y}_{id}        [adjoint]
    lambda y_bar, y, weight, indices: _embedding(y_bar, weight, indices),
)


@primitive(saves=True)
def dropout(x: Any, p: float, rng: np.random.Generator | int) -> Any:
    """Set each element to 0 with probability p and divide the others by 1 - p.

    Raises
    ------
    TypeError
        If `p` is not a number.
    ValueError
        If it is not in [0, 1).

    >>> dropout([1.0, 1.0, 1.0, 1.0], 0.5, rng=0)
    Tensor([2., 2., 2., 0.])
    """
    x, p = np.asarray(x), number("p", p, 0, 1)
    draws = np.random.default_rng(rng).random(x.shape, np.float32)
    mask = (draws >= p).astype(x.dtype) / (1 - p)
    return x * mask, mask


dropout.vjps = (
    # \bar{x} = \bar{y} m        [Srivastava14 Sec. 4, m = 0 or 1/(1 - p)]
    lambda y_bar, mask, x, p, rng: y_bar * mask,
)


@primitive()
def softmax(x: Any, axis: int = -1) -> Any:
    """Return e^x / sum(e^x) along `axis`.

    >>> softmax([0.0, 0.0])
    Tensor([0.5, 0.5])
    """
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


softmax.vjps = (
    # \bar{x}_i = y_i (\bar{y}_i - \sum_j \bar{y}_j y_j)        [calculus]
    lambda y_bar, y, x, axis=-1: y * (y_bar - np.sum(y_bar * y, axis=axis, keepdims=True)),
)


@primitive()
def log_softmax(x: Any, axis: int = -1) -> Any:
    """Return x - log sum(e^x) along `axis`, computed without overflow.

    >>> log_softmax([0.0, 0.0])
    Tensor([-0.69314718, -0.69314718])
    """
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


log_softmax.vjps = (
    # \bar{x}_i = \bar{y}_i - e^{y_i} \sum_j \bar{y}_j        [calculus]
    lambda y_bar, y, x, axis=-1: y_bar - np.exp(y) * np.sum(y_bar, axis=axis, keepdims=True),
)
