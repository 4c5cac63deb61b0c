"""Initial weights. Each function draws from a Generator (or a seed) and returns an array.

Shapes are PyTorch's: (out, in) or (out, in, kh, kw). fan_in is the number of inputs that one
output sums over, fan_out the number of outputs that one input goes to.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.engine import Array

__all__ = [
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "orthogonal",
    "uniform",
    "xavier_normal",
    "xavier_uniform",
]

Seed: TypeAlias = np.random.Generator | int
Shape: TypeAlias = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """Return (fan_in, fan_out) of a weight's shape.

    Raises
    ------
    ValueError
        If the shape has fewer than two axes.

    >>> fans((16, 3, 5, 5))
    (75, 400)
    """
    if len(shape) < 2:
        raise ValueError(f"shape must have two axes or more, got {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def uniform(shape: Shape, bound: float, rng: Seed, dtype: DTypeLike = np.float32) -> Array:
    """Draw from the uniform distribution on (-bound, bound).

    >>> bool(np.abs(uniform((100,), 0.5, rng=0)).max() < 0.5)
    True
    """
    return np.random.default_rng(rng).uniform(-bound, bound, shape).astype(dtype)


def normal(shape: Shape, std: float, rng: Seed, dtype: DTypeLike = np.float32) -> Array:
    """Draw from the normal distribution with mean 0.

    >>> normal((2, 3), 0.1, rng=0).shape
    (2, 3)
    """
    return np.random.default_rng(rng).normal(0, std, shape).astype(dtype)


def kaiming_uniform(
    shape: Shape, rng: Seed, gain: float = math.sqrt(2), dtype: DTypeLike = np.float32
) -> Array:
    """Uniform with variance gain^2 / fan_in [He15]; the default gain suits relu.

    >>> kaiming_uniform((8, 4), rng=0).shape
    (8, 4)
    """
    return uniform(shape, gain * math.sqrt(3 / fans(shape)[0]), rng, dtype)


def kaiming_normal(
    shape: Shape, rng: Seed, gain: float = math.sqrt(2), dtype: DTypeLike = np.float32
) -> Array:
    """Normal with variance gain^2 / fan_in [He15]; the default gain suits relu.

    >>> kaiming_normal((8, 4), rng=0).shape
    (8, 4)
    """
    return normal(shape, gain / math.sqrt(fans(shape)[0]), rng, dtype)


def xavier_uniform(
    shape: Shape, rng: Seed, gain: float = 1.0, dtype: DTypeLike = np.float32
) -> Array:
    """Uniform with variance 2 gain^2 / (fan_in + fan_out) [Glorot10].

    >>> xavier_uniform((8, 4), rng=0).shape
    (8, 4)
    """
    return uniform(shape, gain * math.sqrt(6 / sum(fans(shape))), rng, dtype)


def xavier_normal(
    shape: Shape, rng: Seed, gain: float = 1.0, dtype: DTypeLike = np.float32
) -> Array:
    """Normal with variance 2 gain^2 / (fan_in + fan_out) [Glorot10].

    >>> xavier_normal((8, 4), rng=0).shape
    (8, 4)
    """
    return normal(shape, gain * math.sqrt(2 / sum(fans(shape))), rng, dtype)


def orthogonal(shape: Shape, rng: Seed, gain: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
    """Gain times a random matrix (out, rest) with orthonormal rows or columns [Saxe14].

    >>> w = orthogonal((3, 5), rng=0, dtype=np.float64)
    >>> bool(np.allclose(w @ w.T, np.eye(3)))
    True
    """
    rows, columns = shape[0], fans(shape)[0]
    tall = np.random.default_rng(rng).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))  # makes the distribution uniform
    square: Any = q if rows >= columns else q.T
    return np.asarray(gain * square, dtype).reshape(shape)
