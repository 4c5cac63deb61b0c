"""How operations enter the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from autograd_lite.operators import NUMPY, TABLE
from autograd_lite.tensor import Primitive

__all__ = ["composed", "primitive"]

P = ParamSpec("P")
T = TypeVar("T")


def primitive(*numpy: Any, saves: bool = False) -> Callable[[Callable[P, Any]], Primitive[P]]:
    """Enter a function on arrays into the table, and under the NumPy functions it stands for."""

    def enter(forward: Callable[P, Any]) -> Primitive[P]:
        row = Primitive(forward, saves)
        TABLE[row.name] = row
        NUMPY.update(dict.fromkeys(numpy, row))
        return row

    return enter


def composed(*numpy: Any) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Enter a function made of rows of the table into the table, as `primitive` does."""

    def enter(function: Callable[P, T]) -> Callable[P, T]:
        TABLE[function.__name__] = cast(Any, function)
        NUMPY.update(dict.fromkeys(numpy, function))
        return function

    return enter
