r"""Convolution and pooling of images, shaped (N, C, H, W) as in PyTorch.

In memory they lie as (H, N, W, C), see `layout`. A window's row is then k C consecutive numbers,
and an image row's windows make one matrix, which is gathered once at the speed of copying and
multiplied by the k rows of the kernel while it is in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd_lite.engine import Array, Tensor, composed, primitive
from autograd_lite.ops.arguments import as_floats, images, whole
from autograd_lite.ops.layout import channels_first, channels_last, cropped, padded, padded_shape
from autograd_lite.ops.reduce import mean


def _out_size(name: str, n: int, size: int, stride: int, padding: int) -> int:
    if not 1 <= size <= n + 2 * padding:
        raise ValueError(
            f"{name}: 1 <= window <= {n + 2 * padding} (the padded length) is needed, got "
            f"window {size}"
        )
    return (n + 2 * padding - size) // stride + 1


def _window_rows(
    x: Array, kh: int, kw: int, stride: int, padding: int
) -> Iterator[tuple[int, int, Array]]:
    """Yield r, i and, as a matrix with kw C columns, row i of the windows of output row r.

    Each row of the images (H, N, W, C) is gathered once, into a buffer that stays in the cache
    while the kh (or fewer) output rows that it belongs to are served. Rows of the margin are all
    zero, and left out.
    """
    h, n, w, c = x.shape
    wide = w + 2 * padding
    ho, wo = (h + 2 * padding - kh) // stride + 1, (wide - kw) // stride + 1
    line = np.zeros((n, wide, c), x.dtype)
    pixel = c * line.itemsize  # line.strides say nothing where an axis has length 1
    shape, strides = (n, wo, kw * c), (wide * pixel, stride * pixel, line.itemsize)
    windows = as_strided(line, shape, strides, writeable=False)
    matrix = np.empty((n * wo, kw * c), line.dtype)
    for p in range(h):
        line[:, padding : padding + w] = x[p]
        np.copyto(matrix.reshape(shape), windows)
        for i in range((p + padding) % stride, min(kh, p + padding + 1), stride):
            if (p + padding - i) // stride < ho:
                yield (p + padding - i) // stride, i, matrix


def _correlate(x: Array, weight: Array, stride: int, padding: int) -> Array:
    """Correlate images (H, N, W, C) with weight (K, C, kh, kw): (Ho, N, Wo, K)."""
    h, n, w, _ = x.shape
    k, _, kh, kw = weight.shape
    kernels = weight.transpose(2, 3, 1, 0).reshape(kh, -1, k)
    ho, wo = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    y = np.zeros((ho, n * wo, k), np.result_type(x, weight))
    term = np.empty_like(y[0])
    for r, i, matrix in _window_rows(x, kh, kw, stride, padding):
        y[r] += np.matmul(matrix, kernels[i], out=term)
    return y.reshape(ho, n, wo, k)


@primitive()
def conv2d(x: Any, weight: Any, bias: Any = None, stride: int = 1, padding: int = 0) -> Any:
    """Correlate images (N, C, H, W) with weight (K, C, kh, kw), and add bias (K,).

    The result has shape (N, K, (H + 2 padding - kh) // stride + 1, likewise for W).

    Raises
    ------
    TypeError
        If `stride` or `padding` is not an int.
    ValueError
        If the shapes do not fit together, or the kernel is larger than the padded image.

    >>> conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), None, 2, 1).data[0, 0]
    array([[4., 4.],
           [4., 4.]])
    """
    x, weight = np.asarray(x), np.asarray(weight)
    if x.ndim != 4 or weight.ndim != 4 or x.shape[1] != weight.shape[1]:
        raise ValueError(f"x (N, C, H, W) and weight (K, C, kh, kw): got {x.shape}, {weight.shape}")
    if bias is not None and np.shape(bias) != weight.shape[:1]:
        raise ValueError(f"bias must have shape {weight.shape[:1]}, got {np.shape(bias)}")
    stride, padding = whole("stride", stride, 1), whole("padding", padding, 0)
    for n, size in zip(x.shape[2:], weight.shape[2:], strict=True):
        _out_size("conv2d", n, size, stride, padding)
    y = _correlate(channels_last(x), weight, stride, padding)
    if bias is not None:
        y += bias
    return channels_first(y)


def _conv_x(y_bar: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    kh, kw = weight.shape[2:]
    if stride == 1 and kh == kw and padding < kh:
        flipped = weight[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        return channels_first(_correlate(channels_last(y_bar), flipped, 1, kh - 1 - padding))
    rows = channels_last(y_bar)
    kernels = np.ascontiguousarray(weight.transpose(2, 3, 0, 1))
    x_bar = np.zeros(padded_shape(x, padding), y_bar.dtype)
    for i, j, place in _shifts(rows.shape, (kh, kw), stride):
        term = rows.reshape(-1, len(weight)) @ kernels[i, j]
        x_bar[place] += term.reshape(*rows.shape[:3], -1)
    return cropped(x_bar, padding)


def _conv_weight(y_bar: Array, x: Array, weight: Array, stride: int, padding: int) -> Array:
    k, c, kh, kw = weight.shape
    y_rows = channels_last(y_bar)
    w_bar = np.zeros((kh, kw * c, k), y_bar.dtype)
    for r, i, matrix in _window_rows(channels_last(x), kh, kw, stride, padding):
        w_bar[i] += matrix.T @ y_rows[r].reshape(-1, k)
    return w_bar.reshape(kh, kw, c, k).transpose(3, 2, 0, 1)


def _shifts(out: Any, window: Any, stride: int) -> Iterator[tuple[int, int, Any]]:
    """Yield i, j and the index of those pixels (H, N, W, C) that are at (i, j) of a window.

    `out` is the shape (Ho, N, Wo, ...) of the windows.
    """
    for i, j in np.ndindex(*window):
        rows = slice(i, i + stride * (out[0] - 1) + 1, stride)
        yield i, j, (rows, slice(None), slice(j, j + stride * (out[2] - 1) + 1, stride))


conv2d.vjps = (
    # \bar{x}_{ncpq} = \sum_{kij} \bar{y}_{nk,(p+P-i)/s,(q+P-j)/s} w_{kcij}        [adjoint]
    lambda y_bar, y, x, weight, bias=None, stride=1, padding=0: _conv_x(
        y_bar, np.asarray(x), np.asarray(weight), stride, padding
    ),
    # \bar{w}_{kcij} = \sum_{npq} \bar{y}_{nkpq} x_{nc,sp+i-P,sq+j-P}        [adjoint]
    lambda y_bar, y, x, weight, bias=None, stride=1, padding=0: _conv_weight(
        y_bar, np.asarray(x), np.asarray(weight), stride, padding
    ),
    # \bar{b}_k = \sum_{npq} \bar{y}_{nkpq}        [calculus]
    lambda y_bar, y, x, weight, bias=None, stride=1, padding=0: y_bar.sum(axis=(0, 2, 3)),
)


@primitive(saves=True)
def max_pool2d(x: Any, size: int, stride: int | None = None, padding: int = 0) -> Any:
    """Maximum over windows of size x size of images (N, C, H, W); `stride` is `size` by default.

    Where elements tie, the first in row-major order takes the whole gradient, as in PyTorch.

    Raises
    ------
    TypeError
        If `size`, `stride` or `padding` is not an int.
    ValueError
        If x are not images, the window is larger than the padded image, or `padding` exceeds half
        of the window.

    >>> max_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2).data[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    pixels, y = _pooling("max_pool2d", x, size, stride, padding, -np.inf)
    if 2 * padding > size:
        raise ValueError(f"padding must be at most half of size={size}, got {padding}")
    winner = np.empty(y.shape, np.int32)
    up, left = (_first_inside(n, stride or size, padding) for n in (len(y), y.shape[2]))
    winner[...] = up[:, None, None, None] * size + left[:, None]  # also where all are -inf
    for i, j, place in _shifts(y.shape, (size, size), stride or size):
        winner[pixels[place] > y] = i * size + j
        np.maximum(y, pixels[place], out=y)
    return channels_first(y), winner


def _first_inside(windows: int, stride: int, padding: int) -> Array:
    """Return which row of each window is the first that is not of the margin."""
    return np.maximum(padding - stride * np.arange(windows), 0)


def _pooling(
    name: str, x: Any, size: int, stride: int | None, padding: int, start: float
) -> tuple[Array, Array]:
    """Return the padded images, (H, N, W, C), and the result to fill, (Ho, N, Wo, C)."""
    images(name, x)
    x, size, padding = as_floats(x), whole("size", size, 1), whole("padding", padding, 0)
    stride = size if stride is None else whole("stride", stride, 1)
    n, c, h, w = x.shape
    ho, wo = (_out_size(name, m, size, stride, padding) for m in (h, w))
    return padded(x, padding, start), np.full((ho, n, wo, c), start, x.dtype)


def _pool_back(x: Array, size: int, stride: int, padding: int, rows: Array, share: Any) -> Array:
    """Add share(i, j) of each window's gradient to the pixel that is at (i, j) of the window."""
    x_bar = np.zeros(padded_shape(x, padding), x.dtype)
    for i, j, place in _shifts(rows.shape, (size, size), stride):
        x_bar[place] += share(i, j)
    return cropped(x_bar, padding)


def _max_pool(
    y_bar: Array, winner: Array, x: Array, size: int, stride: int | None, padding: int
) -> Array:
    rows = channels_last(y_bar)
    return _pool_back(
        x, size, stride or size, padding, rows, lambda i, j: rows * (winner == i * size + j)
    )


max_pool2d.vjps = (
    # \bar{x}_{ncpq} = \sum_{uvij} [su+i = p+P] [sv+j = q+P] [a_{ncuv} = ki+j] \bar{y}_{ncuv}
    #                                     [calculus, a: where the maximum is in the window]
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
    TypeError
        If `size`, `stride` or `padding` is not an int.
    ValueError
        If x are not images, or the window is larger than the padded image.

    >>> avg_pool2d(np.arange(16.0).reshape(1, 1, 4, 4), 2).data[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    pixels, y = _pooling("avg_pool2d", x, size, stride, padding, 0.0)
    for _, _, place in _shifts(y.shape, (size, size), stride or size):
        y += pixels[place]
    y /= size * size
    return channels_first(y)


def _avg_pool(y_bar: Array, x: Array, size: int, stride: int | None, padding: int) -> Array:
    rows = channels_last(y_bar) / (size * size)
    return _pool_back(x, size, stride or size, padding, rows, lambda i, j: rows)


avg_pool2d.vjps = (
    # \bar{x}_{ncpq} = \sum_{ij} \bar{y}_{nc,(p+P-i)/s,(q+P-j)/s} / k^2        [calculus]
    lambda y_bar, y, x, size, stride=None, padding=0: _avg_pool(y_bar, x, size, stride, padding),
)


@composed()
def global_avg_pool2d(x: Any) -> Tensor:
    """Mean over all pixels of images (N, C, H, W); the result has shape (N, C).

    Raises
    ------
    ValueError
        If x are not images.

    >>> global_avg_pool2d(np.ones((2, 3, 4, 4))).shape
    (2, 3)
    """
    images("global_avg_pool2d", x)
    return mean(x, (2, 3))
