r"""Convolution and pooling of images, shaped (N, C, H, W) as in PyTorch.

In memory the channels come last: a result is an (N, H, W, C) array seen through a transpose.
There a window's row is k C consecutive numbers, so the windows are gathered at the speed of
copying, and the convolution is one matrix product with as many rows as there are windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd_lite.operators import Array
from autograd_lite.ops.reduce import mean
from autograd_lite.table import composed, primitive
from autograd_lite.tensor import Tensor

_BLOCK = 1 << 20  # elements of the windows gathered at a time: they stay in the cache


def _out_size(name: str, n: int, size: int, stride: int, padding: int) -> int:
    if stride < 1 or padding < 0 or size < 1 or n + 2 * padding < size:
        raise ValueError(
            f"{name}: stride >= 1, padding >= 0 and 1 <= window <= {n + 2 * padding} (the padded "
            f"length) are needed, got stride={stride}, padding={padding}, window {size}"
        )
    return (n + 2 * padding - size) // stride + 1


def _padded(x: Array, padding: int, value: float = 0.0) -> Array:
    """Return images (N, C, H, W) as a contiguous (N, H, W, C) array with a margin."""
    n, c, h, w = x.shape
    if not padding:
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1))
    out = np.full((n, h + 2 * padding, w + 2 * padding, c), value, x.dtype)
    out[:, padding : padding + h, padding : padding + w] = x.transpose(0, 2, 3, 1)
    return out


def _blocks(x: Array, kh: int, kw: int, stride: int) -> Iterator[tuple[slice, Array]]:
    """Yield the windows of padded images (N, H, W, C), some images at a time, as matrices.

    Each row is one window, kh kw C numbers; with them comes the slice of rows.
    """
    n, h, w, c = x.shape
    ho, wo = (h - kh) // stride + 1, (w - kw) // stride + 1
    sn, sh, sw, sc = x.strides
    shape, strides = (n, ho, wo, kh, kw * c), (sn, stride * sh, stride * sw, sh, sc)
    windows = as_strided(x, shape, strides, writeable=False)
    step = max(1, _BLOCK // (ho * wo * kh * kw * c))
    for first in range(0, n, step):
        block = windows[first : first + step]
        rows = slice(first * ho * wo, (first + len(block)) * ho * wo)
        yield rows, block.reshape(-1, kh * kw * c)


def _correlate(x: Array, weight: Array, stride: int) -> Array:
    """Correlate padded images (N, H, W, C) with weight (K, C, kh, kw); (N, Ho, Wo, K)."""
    k, _, kh, kw = weight.shape
    n, h, w, _ = x.shape
    shape = (n, (h - kh) // stride + 1, (w - kw) // stride + 1, k)
    out = np.empty(shape, np.result_type(x, weight))
    matrix, rows_out = weight.transpose(2, 3, 1, 0).reshape(-1, k), out.reshape(-1, k)
    for rows, windows in _blocks(x, kh, kw, stride):
        np.matmul(windows, matrix, out=rows_out[rows])
    return out


@primitive()
def conv2d(x: Any, weight: Any, bias: Any = None, stride: int = 1, padding: int = 0) -> Any:
    """Correlate images (N, C, H, W) with weight (K, C, kh, kw), and add bias (K,).

    The result has shape (N, K, (H + 2 padding - kh) // stride + 1, likewise for W).

    Raises
    ------
    ValueError
        If the numbers of channels differ, or the kernel does not fit into the padded image.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), None, 2, 1).data[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    if x.ndim != 4 or weight.ndim != 4 or x.shape[1] != weight.shape[1]:
        raise ValueError(f"x (N, C, H, W) and weight (K, C, kh, kw): got {x.shape}, {weight.shape}")
    for n, size in zip(x.shape[2:], weight.shape[2:], strict=True):
        _out_size("conv2d", n, size, stride, padding)
    y = _correlate(_padded(x, padding), weight, stride)
    if bias is not None:
        y += bias
    return y.transpose(0, 3, 1, 2)


def _conv_x(y_bar: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    kh, kw = weight.shape[2:]
    n, c, h, w = x.shape
    if stride == 1 and kh == kw and padding < kh:
        flipped = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        return _correlate(_padded(y_bar, kh - 1 - padding), flipped, 1).transpose(0, 3, 1, 2)
    rows = _padded(y_bar, 0)
    x_bar = np.zeros((n, h + 2 * padding, w + 2 * padding, c), y_bar.dtype)
    for i, j, place in _shifts(rows.shape[1:3], (kh, kw), stride):
        x_bar[place] += rows @ weight[:, :, i, j]
    return x_bar[:, padding : padding + h, padding : padding + w].transpose(0, 3, 1, 2)


def _conv_weight(y_bar: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    k, c, kh, kw = weight.shape
    y_rows = _padded(y_bar, 0).reshape(-1, k)
    matrix = np.zeros((kh * kw * c, k), y_bar.dtype)
    for rows, windows in _blocks(_padded(x, padding), kh, kw, stride):
        matrix += windows.T @ y_rows[rows]
    return matrix.reshape(kh, kw, c, k).transpose(3, 2, 0, 1)


def _shifts(out: Any, window: Any, stride: int) -> Iterator[tuple[int, int, Any]]:
    """Yield i, j and the index of those pixels (N, H, W, C) that are at (i, j) of a window."""
    for i, j in np.ndindex(*window):
        rows = slice(i, i + stride * (out[0] - 1) + 1, stride)
        yield i, j, (slice(None), rows, slice(j, j + stride * (out[1] - 1) + 1, stride))


conv2d.vjps = (
    # \bar{x}_{n c p q} = \sum_{k i j} \bar{y}_{n k (p - i)/s (q - j)/s} w_{kcij}        [adjoint]
    lambda y_bar, y, x, weight, bias=None, stride=1, padding=0: _conv_x(
        y_bar, x, weight, stride, padding
    ),
    # \bar{w}_{k c i j} = \sum_{n p q} \bar{y}_{n k p q} x_{nc(sp+i)(sq+j)}        [adjoint]
    lambda y_bar, y, x, weight, bias=None, stride=1, padding=0: _conv_weight(
        y_bar, x, weight, stride, padding
    ),
    # \bar{b}_k = \sum_{n p q} \bar{y}_{n k p q}        [calculus]
    lambda y_bar, y, x, weight, bias=None, stride=1, padding=0: y_bar.sum(axis=(0, 2, 3)),
)


@primitive(saves=True)
def max_pool2d(x: Any, size: int, stride: int | None = None, padding: int = 0) -> Any:
    """Maximum over windows of size x size of images (N, C, H, W); `stride` is `size` by default.

    Of elements that tie, the first in row-major order takes the whole gradient, as in PyTorch.

    Raises
    ------
    ValueError
        If the window does not fit into the padded image, or `padding` exceeds half of it.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2).data[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    if 2 * padding > size:
        raise ValueError(f"padding must be at most half of size={size}, got {padding}")
    stride = stride or size
    out = [_out_size("max_pool2d", n, size, stride, padding) for n in x.shape[2:]]
    padded = _padded(x, padding, -np.inf)
    y = np.full((len(x), *out, x.shape[1]), -np.inf, x.dtype)
    winner = np.zeros(y.shape, np.int32)
    for i, j, place in _shifts(out, (size, size), stride):
        winner[padded[place] > y] = i * size + j
        np.maximum(y, padded[place], out=y)
    return y.transpose(0, 3, 1, 2), winner


def _pool_back(x: Array, size: int, stride: int | None, padding: int, share: Any) -> Array:
    """Add share(k, l) of each window's gradient to the pixels at place (k, l) of the window."""
    n, c, h, w = x.shape
    stride = stride or size
    out = [_out_size("pooling", m, size, stride, padding) for m in (h, w)]
    x_bar = np.zeros((n, h + 2 * padding, w + 2 * padding, c), x.dtype)
    for i, j, place in _shifts(out, (size, size), stride):
        x_bar[place] += share(i, j)
    return x_bar[:, padding : padding + h, padding : padding + w].transpose(0, 3, 1, 2)


def _max_pool(
    y_bar: Array, winner: Array, x: Array, size: int, stride: int | None, padding: int
) -> Array:
    rows = _padded(y_bar, 0)
    return _pool_back(x, size, stride, padding, lambda i, j: rows * (winner == i * size + j))


max_pool2d.vjps = (
    # \bar{x}_i = \sum_{\text{windows}} \bar{y} [i = \arg\max x]        [calculus]
    lambda y_bar, winner, x, size, stride=None, padding=0: _max_pool(
        y_bar, winner, x, size, stride, padding
    ),
)


@primitive()
def avg_pool2d(x: Any, size: int, stride: int | None = None, padding: int = 0) -> Any:
    """Mean over windows of size x size of images (N, C, H, W); `stride` is `size` by default.

    Zeros of the margin count, as in PyTorch.

    Raises
    ------
    ValueError
        If the window does not fit into the padded image.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2).data[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    stride = stride or size
    out = [_out_size("avg_pool2d", n, size, stride, padding) for n in x.shape[2:]]
    padded = _padded(x, padding)
    y = np.zeros((len(x), *out, x.shape[1]), x.dtype)
    for _, _, place in _shifts(out, (size, size), stride):
        y += padded[place]
    y /= size * size
    return y.transpose(0, 3, 1, 2)


def _avg_pool(y_bar: Array, x: Array, size: int, stride: int | None, padding: int) -> Array:
    rows = _padded(y_bar, 0) / (size * size)
    return _pool_back(x, size, stride, padding, lambda i, j: rows)


avg_pool2d.vjps = (
    # \bar{x}_i = \sum_{\text{windows} \ni i} \bar{y} / k^2        [calculus]
    lambda y_bar, y, x, size, stride=None, padding=0: _avg_pool(y_bar, x, size, stride, padding),
)


@composed()
def global_avg_pool2d(x: Any) -> Tensor:
    """Mean over all pixels of images (N, C, H, W); the result has shape (N, C).

    >>> global_avg_pool2d(np.ones((2, 3, 4, 4))).shape
    (2, 3)
    """
    return mean(x, (2, 3))
