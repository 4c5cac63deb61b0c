"""Checks of arguments, parameters and gradients: a message names the argument, its value, and
what is allowed.
"""

from __future__ import annotations

import difflib
import functools
import math
import numbers
import operator
from collections.abc import Callable, Iterable, Set
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Real",
    "array_of",
    "check_gradient",
    "check_overlap",
    "check_shape",
    "copied",
    "data_of",
    "flag",
    "gradient_of",
    "groups_of",
    "is_moderate",
    "known",
    "names_among",
    "nearest",
    "params_of",
    "positive_int",
    "power",
    "real",
    "sqrt",
    "within",
]

#: A NumPy array of any dtype.
Array: TypeAlias = NDArray[Any]
#: A hyperparameter: one number, or an array with one number for each trajectory of a batch.
Real: TypeAlias = float | Array

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "[": operator.ge,
    "(": operator.gt,
    "]": operator.le,
    ")": operator.lt,
}


def sqrt(x: Any) -> Any:
    """Square root that keeps a Python number a Python float.

    Under NumPy 2 an ``np.float64`` scalar promotes float32 arrays to float64; a Python float
    does not. Hyperparameter arithmetic therefore stays in Python floats.

    Examples
    --------
    >>> sqrt(4), sqrt(np.array([4.0, 9.0]))
    (2.0, array([2., 3.]))
    """
    return math.sqrt(x) if isinstance(x, (int, float)) else np.sqrt(x)


def power(beta: Any, t: Any) -> Any:
    r"""\beta^t for bias correction; steps that are an array must ascend.

    Powers are the slowest operation of an update. They are left out (0) over steps so late that
    1 - \beta^t is 1 in any case.

    Examples
    --------
    >>> power(0.5, 3), power(0.5, np.array([1, 2]))
    (0.125, array([0.5 , 0.25]))
    """
    if isinstance(t, np.ndarray) and isinstance(beta, float) and beta ** t.item(0) < 1e-17:
        return 0.0
    return beta**t


def real(name: str, value: Any) -> Real:
    """Return `value` as a Python float, or as a new float array if it has one axis or more.

    A real number of another kind on which NumPy's functions work (`np.sqrt` calls its method
    ``sqrt``) is kept: the update lines can run on numbers that do not round.

    Raises
    ------
    TypeError
        If `value` is not a real number or an array of real numbers (a bool is not).
    ValueError
        If it is an integer too large for a float.

    Examples
    --------
    >>> real("lr", 1), real("lr", np.float32(0.5))
    (1.0, 0.5)
    """
    if type(value) is float:
        return value
    if isinstance(value, numbers.Real) and hasattr(value, "sqrt"):
        return cast(Real, value)
    if isinstance(value, int) and value.bit_length() > 1024:
        raise ValueError(f"{name} must fit a float, got an integer of {value.bit_length()} bits")
    try:
        array = np.array(value)  # a copy: what the caller does to its own changes nothing here
    except ValueError:  # ragged
        array = np.array(None)
    if array.dtype.kind not in "iuf" or isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a real number or an array of them, got {value!r}")
    if array.ndim == 0:
        return float(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def within(name: str, value: Any, interval: str) -> Real:
    """Return `value` as by `real` if all of it lies in `interval`, such as ``"[0, 1)"``.

    Raises
    ------
    TypeError
        If `value` is not real.
    ValueError
        If any of it lies outside the interval; NaN lies outside every interval.

    Examples
    --------
    >>> within("lr", 0.1, "(0, inf)")
    0.1
    >>> within("lr", -0.1, "(0, inf)")
    Traceback (most recent call last):
    ValueError: lr must be in (0, inf), got -0.1
    """
    number = real(name, value)
    above, low, below, high = _ends(interval)
    inside = above(number, low) & below(number, high)
    if inside is not True and not np.all(inside):
        raise ValueError(f"{name} must be in {interval}, got {value!r}")
    return number


@functools.lru_cache
def _ends(
    interval: str,
) -> tuple[Callable[[Any, Any], Any], float, Callable[[Any, Any], Any], float]:
    low, high = (float(end) for end in interval[1:-1].split(","))
    return _COMPARE[interval[0]], low, _COMPARE[interval[-1]], high


def copied(value: Any) -> Any:
    """Return `value`, or a copy of it if it is an array, or a list or tuple of such values.

    Examples
    --------
    >>> betas = [0.9, 0.999]
    >>> copied(betas) == betas, copied(betas) is betas
    (True, False)
    """
    if isinstance(value, np.ndarray):
        return value.copy()
    return type(value)(map(copied, value)) if type(value) in (list, tuple) else value


def flag(name: str, value: Any) -> bool:
    """Return `value` if it is a bool; raise TypeError if not.

    Examples
    --------
    >>> flag("nesterov", True)
    True
    """
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def positive_int(name: str, value: Any) -> int:
    """Return `value` as an int if it is a whole number of at least 1.

    Raises
    ------
    TypeError
        If `value` is not an integer (a bool is not).
    ValueError
        If it is smaller than 1.

    Examples
    --------
    >>> positive_int("steps", np.int64(3))
    3
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer of at least 1, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")
    return int(value)


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return a hint such as ``"; did you mean 'adam'?"``, empty if nothing is near.

    Examples
    --------
    >>> nearest("adma", ["adam", "sgd"]), nearest("x", ["adam", "sgd"])
    ("; did you mean 'adam'?", '')
    """
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.4)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


def known(what: str, name: Any, choices: Iterable[str]) -> str:
    """Return `name` if it is one of `choices`; raise ValueError with the nearest one if not.

    Examples
    --------
    >>> known("optimizer", "sgd", ["adam", "sgd"])
    'sgd'
    """
    choices = list(choices)
    if not isinstance(name, str) or name not in choices:
        hint = nearest(str(name), choices)
        raise ValueError(f"unknown {what} {name!r}{hint} (allowed: {', '.join(choices)})")
    return name


def names_among(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise TypeError, with the nearest valid name, if a name of `given` is not in `allowed`.

    Examples
    --------
    >>> names_among("SGD", ["momentun"], ["momentum"])
    Traceback (most recent call last):
    TypeError: SGD has no hyperparameter 'momentun'; did you mean 'momentum'? (allowed: momentum)
    """
    allowed = list(allowed)
    for name in given:
        if name not in allowed:
            raise TypeError(
                f"{what} has no hyperparameter {name!r}{nearest(name, allowed)} "
                f"(allowed: {', '.join(allowed)})"
            )


def array_of(name: str, x: Any) -> Array:
    """Return x as an array of floating dtype, a Python number as float64.

    Raises
    ------
    TypeError
        If x is anything else. An integer array cannot hold an update. Nor can float16: there
        1e-8, the usual epsilon, is 0. A masked array or a matrix has its own arithmetic.
    """
    if isinstance(x, (int, float)) and not isinstance(x, (bool, np.floating)):
        return np.asarray(x, dtype=np.float64)
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(f"{name} must be a plain array (np.asarray makes one), got {_described(x)}")
    array = np.asarray(x)
    if array.dtype.kind != "f" or array.dtype == np.float16:
        raise TypeError(
            f"{name} must be of a floating dtype, float32 or wider, got {_described(x)}"
        )
    return array


def data_of(p: Any, name: str = "the parameter") -> Array:
    """Return the float array of a parameter: the array itself, or its ``.data``.

    Raises
    ------
    TypeError
        If there is none, or not of a dtype that `array_of` accepts.
    """
    data = p if isinstance(p, np.ndarray) else getattr(p, "data", None)
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        raise TypeError(
            f"{name} must be a float array, or have one as .data and its gradient as .grad, "
            f"got {_described(p if data is None else data)}"
        )
    return array_of(name, data)


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
        If its dtype is not x's, or it is a masked array.
    ValueError
        If its shape is not x's, or it holds NaN or infinity.
    """
    if type(g) is not np.ndarray:
        if isinstance(g, np.ma.MaskedArray):
            raise TypeError(f"{name} must be a plain array (filled), got {_described(g)}")
        g = np.asarray(g, dtype=x.dtype if isinstance(g, (int, float)) else None)
    if g.dtype != x.dtype:
        raise TypeError(f"{name} must have the parameter's dtype {x.dtype}, got {g.dtype}")
    if g.shape != x.shape:
        raise ValueError(f"{name} must have the parameter's shape {x.shape}, got {g.shape}")
    if not is_moderate(g) and not np.isfinite(g).all():
        bad = np.argwhere(~np.isfinite(g))
        raise ValueError(
            f"{name} must be finite, got {g[tuple(bad[0])]} at index {tuple(map(int, bad[0]))} "
            f"({len(bad)} of {g.size} entries); the step is refused"
        )
    return g


def is_moderate(x: Array) -> bool:
    """Whether x is finite, with a sum of squares 2^40 times below the largest number of its dtype.

    One pass of BLAS decides it. No moment of fewer than 2^40 such gradients overflows.

    Examples
    --------
    >>> is_moderate(np.array([1.0, 1e140])), is_moderate(np.array([1.0, np.inf]))
    (True, False)
    """
    flat = x.reshape(-1)
    return bool(flat.dot(flat) < _moderate(x.dtype))


@functools.cache
def _moderate(dtype: Any) -> Any:
    return np.finfo(dtype).max * dtype.type(2.0**-40)


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


def check_overlap(params: list[Array]) -> None:
    """Raise ValueError if two parameters share memory, or entries of one do.

    Disjoint views of one array pass.
    """
    spans = [np.lib.array_utils.byte_bounds(x) for x in params]
    reaching: list[int] = []  # numbers of those that end behind the next one's start
    for i in sorted(range(len(params)), key=spans.__getitem__):
        low, high = spans[i]
        if params[i].nbytes > high - low:
            raise ValueError(f"params[{i}] must not have entries that share memory")
        reaching = [j for j in reaching if spans[j][1] > low]
        for j in reaching:
            if np.shares_memory(params[i], params[j]):
                raise ValueError(f"params[{max(i, j)}] must not share memory with another of them")
        reaching.append(i)


def groups_of(params: Iterable[Any] | None) -> list[dict[str, Any]]:
    """Return `params` as a list of parameter groups.

    Raises
    ------
    TypeError
        If it is not iterable, has no order (a set), or is a bare array, tensor, dict or string.
    ValueError
        If it is empty, or mixes groups with parameters.
    """
    if params is None:
        return []
    items = params_of("params", params, "a list of parameters or of groups")
    if not items:
        raise ValueError("params must hold at least one parameter, got none")
    dicts = [isinstance(item, dict) for item in items]
    if not any(dicts):
        return [{"params": items}]
    if not all(dicts) or not all("params" in item for item in items):
        raise ValueError('params must be parameters only, or only dicts with a key "params"')
    return items


def params_of(name: str, params: Any, allowed: str) -> list[Any]:
    """Return `params` as a list if it is an ordered iterable of parameters or groups.

    Raises
    ------
    TypeError
        If it is not: the state and ``grads`` belong to parameters in order.
    """
    if (
        isinstance(params, (np.ndarray, dict, str, bytes, Set))
        or hasattr(params, "grad")
        or not isinstance(params, Iterable)
    ):
        raise TypeError(f"{name} must be {allowed}, got {_described(params)}")
    return list(params)


def _described(x: Any) -> str:
    dtype = getattr(x, "dtype", None)
    return f"{type(x).__name__}" + (f" of dtype {dtype}" if dtype is not None else f" {x!r}")
