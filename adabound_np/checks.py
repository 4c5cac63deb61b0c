"""Checks of arguments: every message names the argument, its value, and what is allowed."""

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
    "flag",
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
    """Return `value` as a Python float, or as a float array if it has one axis or more.

    A real number of another kind on which NumPy's functions work (`np.sqrt` calls its method
    ``sqrt``) is kept: the update lines can run on numbers that do not round.

    Raises
    ------
    TypeError
        If `value` is not a real number or an array of real numbers (a bool is not).

    Examples
    --------
    >>> real("lr", 1), real("lr", np.float32(0.5))
    (1.0, 0.5)
    """
    if type(value) is float:
        return value
    if isinstance(value, numbers.Real) and hasattr(value, "sqrt"):
        return cast(Real, value)
    kind = "O" if value is None else np.asarray(value).dtype.kind
    if kind not in "iuf":
        raise TypeError(f"{name} must be a real number or an array of them, got {value!r}")
    array = np.asarray(value)
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
