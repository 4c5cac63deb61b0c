"""Parameters and gradients: what the optimizers accept, and how they are checked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from adabound_np.checks import Array

__all__ = ["array_of", "check_gradient", "check_shape", "data_of", "gradient_of", "groups_of"]


def array_of(name: str, x: Any) -> Array:
    """Return x as an array of floating dtype, a Python number as float64.

    Raises
    ------
    TypeError
        If x is anything else, integer arrays included: they cannot hold an update.
    """
    if isinstance(x, (int, float)) and not isinstance(x, bool):
        return np.asarray(x, dtype=np.float64)
    array = np.asarray(x)
    if array.dtype.kind != "f":
        raise TypeError(f"{name} must be of a floating dtype, got {_described(x)}")
    return array


def data_of(p: Any, name: str = "the parameter") -> Array:
    """Return the float array of a parameter: the array itself, or its ``.data``.

    Raises
    ------
    TypeError
        If there is none.
    """
    data = p if isinstance(p, np.ndarray) else getattr(p, "data", None)
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        raise TypeError(
            f"{name} must be a float array, or have one as .data and its gradient as .grad, "
            f"got {_described(p if data is None else data)}"
        )
    return data


def gradient_of(p: Any, name: str = "the parameter") -> Any:
    """Return ``p.grad`` as an array (or None); it may itself be wrapped in ``.data``.

    Raises
    ------
    TypeError
        If p is a bare array or has no ``.grad``.
    """
    if isinstance(p, np.ndarray):
        raise TypeError(f"{name} is a bare array without .grad; pass gradients: step(grads=[...])")
    if not hasattr(p, "grad"):
        raise TypeError(f"{name} must have an attribute .grad, got {_described(p)}")
    grad = p.grad
    return grad if grad is None or isinstance(grad, np.ndarray) else getattr(grad, "data", grad)


def check_gradient(name: str, g: Any, x: Array) -> Any:
    """Return g as an array if it fits x; a Python number takes x's dtype.

    Raises
    ------
    TypeError
        If its dtype is not x's.
    ValueError
        If its shape is not x's, or it holds NaN or infinity.
    """
    g = np.asarray(g, dtype=x.dtype if isinstance(g, (int, float)) else None)
    if g.dtype != x.dtype:
        raise TypeError(f"{name} must have the parameter's dtype {x.dtype}, got {g.dtype}")
    if g.shape != x.shape:
        raise ValueError(f"{name} must have the parameter's shape {x.shape}, got {g.shape}")
    if not _finite(g):
        bad = np.argwhere(~np.isfinite(g))
        raise ValueError(
            f"{name} must be finite, got {g[tuple(bad[0])]} at index {tuple(map(int, bad[0]))} "
            f"({len(bad)} of {g.size} entries); the step is refused"
        )
    return g


def check_shape(name: str, x: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless hyperparameters of `shape` broadcast to x's shape."""
    fits = len(shape) <= x.ndim and all(
        n in (1, m) for n, m in zip(shape[::-1], x.shape[::-1], strict=False)
    )
    if not fits:
        raise ValueError(
            f"{name} must have a shape to which the hyperparameters' {shape} broadcasts, "
            f"got {x.shape}"
        )


def groups_of(params: Iterable[Any] | None) -> list[dict[str, Any]]:
    """Return `params` as a list of parameter groups.

    Raises
    ------
    TypeError
        If it is not iterable, or a bare array or tensor.
    ValueError
        If it is empty, or mixes groups with parameters.
    """
    if params is None:
        return []
    if (
        isinstance(params, np.ndarray)
        or hasattr(params, "grad")
        or not isinstance(params, Iterable)
    ):
        raise TypeError(
            f"params must be a list of parameters or of groups, got {_described(params)}"
        )
    items = list(params)
    if not items:
        raise ValueError("params must hold at least one parameter, got none")
    dicts = [isinstance(item, dict) for item in items]
    if not any(dicts):
        return [{"params": items}]
    if not all(dicts) or not all("params" in item for item in items):
        raise ValueError('params must be parameters only, or only dicts with a key "params"')
    return items


def _finite(g: Array) -> bool:
    """Whether all of g is finite; one pass of BLAS decides it unless the squares overflow."""
    if g.size == 1:
        return math.isfinite(g.item())
    flat = g.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(np.dot(flat, flat)) or bool(np.isfinite(g).all())


def _described(x: Any) -> str:
    dtype = getattr(x, "dtype", None)
    return f"{type(x).__name__}" + (f" of dtype {dtype}" if dtype is not None else f" {x!r}")
