"""Checks of arguments: a message names the argument, its value, and
what is allowed.
"""

from __future__ import annotations

import difflib
import functools
import math
import numbers
import operator
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Real",
    "array_of",
    "common_shape",
    "copied",
    "described",
    "flag",
    "is_pair",
    "known",
    "names_among",
    "nearest",
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
        If it is an integer too large for a float, or an empty array.

    Examples
    --------
    >>> real("lr", 1), real("lr", np.float32(0.5))
    (1.0, 0.5)
    """
    if type(value) is float:
        return value
    if isinstance(value, numbers.Real) and hasattr(value, "sqrt"):
        return cast(Real, value)
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            bits = value.bit_length()
            raise ValueError(f"{name} must fit a float, got an integer of {bits} bits") from None
    try:
        array = np.array(value)  # a copy: what the caller does to its own changes nothing here
    except ValueError:  # ragged
        array = np.array(None)
    if array.dtype.kind not in "iuf" or isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{name} must be a real number or an array of them, got {value!r}")
    if array.ndim == 0:
        return float(array)
    if not array.size:
        raise ValueError(f"{name} must have a number or more, got an empty array")
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


def positive_int(name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int if it is a whole number of at least `least`.

    Raises
    ------
    TypeError
        If `value` is not an integer (a bool is not).
    ValueError
        If it is smaller than `least`.

    Examples
    --------
    >>> positive_int("steps", np.int64(3))
    3
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer of at least {least}, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)


def nearest(name: str, choices: Iterable[str]) -> str:
    """Return a hint such as ``"; did you mean 'adam'?"``, empty if nothing is near.

    Examples
    --------
    >>> nearest("adma", ["adam", "sgd"]), nearest("x", ["adam", "sgd"])
    ("; did you mean 'adam'?", '')
    """
    by_lower = {choice.lower(): choice for choice in choices}
    close = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.4)
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


def is_pair(value: Any) -> bool:
    """Whether a value is a tuple, list or array of two.

    Examples
    --------
    >>> is_pair((0.9, 0.999)), is_pair([1]), is_pair(np.array(0.1))
    (True, False, False)
    """
    some = isinstance(value, (tuple, list, np.ndarray)) and getattr(value, "ndim", 1) > 0
    return some and len(value) == 2


def common_shape(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape to which hyperparameters broadcast.

    Examples
    --------
    >>> common_shape([(3, 1), (2,)])
    (3, 2)
    >>> common_shape([(3,), (2,)])
    Traceback (most recent call last):
    ValueError: hyperparameters must broadcast to one shape, got (3,), (2,)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        given = ", ".join(map(str, shapes))
        raise ValueError(f"hyperparameters must broadcast to one shape, got {given}") from None


def array_of(name: str, x: Any) -> Array:
    """Return x as an array or NumPy scalar of floating dtype, a Python number as float64.

    Raises
    ------
    TypeError
        If x is anything else. An integer array cannot hold an update. Nor can float16: there
        1e-8, the usual epsilon, is 0. A masked array or a matrix has its own arithmetic.
    """
    if type(x) is np.float64:
        return cast(Array, x)
    if isinstance(x, (int, float)) and not isinstance(x, (bool, np.floating)):
        return np.asarray(x, dtype=np.float64)
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise TypeError(f"{name} must be a plain array (np.asarray makes one), got {described(x)}")
    array = np.asarray(x)
    if array.dtype.kind != "f" or array.dtype == np.float16:
        raise TypeError(f"{name} must be of a floating dtype, float32 or wider, got {described(x)}")
    return array


def described(x: Any) -> str:
    """Return the type of what was given, with its dtype or value, for an error message."""
    dtype = getattr(x, "dtype", None)
    return f"{type(x).__name__}" + (f" of dtype {dtype}" if dtype is not None else f" {x!r}")
