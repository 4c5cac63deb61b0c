"""How images lie in memory.

To their users images are (N, C, H, W), as in PyTorch. Results of the operations on images lie in
memory as (H, N, W, C), seen through a transpose. With the channels last, a row of a window is
consecutive; with H first, so are all images' rows at one height.
Elementwise operations keep whatever layout they meet.
"""

from __future__ import annotations

import numpy as np

from autograd_lite.engine import Array

__all__ = ["channels_first", "channels_last", "cropped", "padded", "padded_shape"]


def channels_last(x: Array) -> Array:
    """Return x (N, C, ...) as a contiguous array with C last: images as (H, N, W, C)."""
    last = x.transpose(2, 0, 3, 1) if x.ndim == 4 else np.moveaxis(x, 1, -1)
    return np.ascontiguousarray(last)


def channels_first(x: Array) -> Array:
    """Return a view that undoes `channels_last`."""
    return x.transpose(1, 3, 0, 2) if x.ndim == 4 else np.moveaxis(x, -1, 1)


def padded_shape(x: Array, padding: int) -> tuple[int, int, int, int]:
    """Return the shape (H, N, W, C) of images (N, C, H, W) with a margin."""
    n, c, h, w = x.shape
    return h + 2 * padding, n, w + 2 * padding, c


def padded(x: Array, padding: int, value: float = 0.0) -> Array:
    """Return images (N, C, H, W) as a contiguous (H, N, W, C) array with a margin."""
    if not padding:
        return channels_last(x)
    h, w = x.shape[2:]
    out = np.full(padded_shape(x, padding), value, x.dtype)
    out[padding : padding + h, :, padding : padding + w] = x.transpose(2, 0, 3, 1)
    return out


def cropped(x: Array, padding: int) -> Array:
    """Undo `padded`: cut the margin of (H, N, W, C) and return (N, C, H, W)."""
    h, _, w, _ = x.shape
    return channels_first(x[padding : h - padding, :, padding : w - padding])
