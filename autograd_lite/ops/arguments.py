"""Checks of arguments that several operations and layers have."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd_lite.engine import Array

__all__ = ["as_floats", "images", "number", "weak", "whole"]


def weak(value: Any) -> Any:
    """Return a NumPy float as Python's, which leaves the dtype of arrays alone, all else as is.

    >>> weak(np.float64(0.5)), weak(None)
    (0.5, None)
    """
    of_floats = np.ndim(value) == 0 and np.asarray(value).dtype.kind == "f"
    return float(value) if of_floats else value


def number(
    name: str, value: Any, low: float = -math.inf, high: float = math.inf, closed: bool = False
) -> float:
    """Return a number in [low, high), or [low, high] if `closed`, as Python's float.

    Raises
    ------
    TypeError
        If `value` is not a real number.
    ValueError
        If it is not in the interval.

    >>> number("p", np.float64(0.5), 0, 1)
    0.5
    """
    try:
        x = float(value + 0)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    if not (low <= x < high or (closed and x == high)):
        raise ValueError(f"{name} must be in [{low}, {high}{']' if closed else ')'}, got {value!r}")
    return x


def whole(name: str, value: Any, least: int) -> int:
    """Return an integer, at least `least`, as Python's.

    Raises
    ------
    TypeError
        If `value` is not an integer.
    ValueError
        If it is too small.

    >>> whole("stride", 2, 1)
    2
    """
    try:
        n = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be one int, got {value!r}") from None
    if n < least:
        raise ValueError(f"{name} must be at least {least}, got {value!r}")
    return n


def images(name: str, x: Any) -> None:
    """Raise ValueError if x, an array or a tensor, has not the axes (N, C, H, W).

    >>> images("conv2d", np.ones((2, 3)))
    Traceback (most recent call last):
        ...
    ValueError: conv2d: x must be images (N, C, H, W), got shape (2, 3)
    """
    if np.ndim(x) != 4:
        raise ValueError(f"{name}: x must be images (N, C, H, W), got shape {np.shape(x)}")


def as_floats(x: Any) -> Array:
    """Return x as an array, of float64 if it is not of floats.

    >>> as_floats([1, 2])
    array([1., 2.])
    """
    array: Array = np.asarray(x)
    return array if array.dtype.kind == "f" else array.astype(np.float64)
