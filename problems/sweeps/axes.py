"""Axes: a constant and the values it takes, or a range that they are drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

__all__ = ["AXES", "MOST", "Axis", "Span", "axes_of", "axis_names", "axis_of", "spaced"]

#: What may be swept, by its name on the command line, and the constant's name in the code.
AXES = {
    "lr": "lr",
    "beta1": "beta1",
    "beta2": "beta2",
    "final_lr": "final_lr",
    "gamma": "gamma",
    "cycle": "C",
    "x1": "x1",
    "delta": "delta",
    "epsilon": "epsilon",
    "K": "K",
}
#: Largest number of values of an axis.
MOST = 1_000_000
#: How an axis is written: its values, and what they are drawn from.
VALUES, DRAWN = "a,b,c or lo:hi:count or log:lo:hi:count", "lo:hi or log:lo:hi or a,b,c"


class Span(NamedTuple):
    """An interval to draw from, evenly or evenly on a log scale.

    Examples
    --------
    >>> Span(0.01, 1.0, log=True).at(0.5)
    0.1
    """

    low: float
    high: float
    log: bool = False

    def at(self, share: float) -> float:
        """The value at a share of the way, to 12 digits, so that all platforms agree on it."""
        if self.log:
            value = math.exp(math.log(self.low) * (1 - share) + math.log(self.high) * share)
        else:
            value = self.low * (1 - share) + self.high * share
        return float(f"{value:.12g}")

    def checked(self, name: str) -> Span:
        """Return this span if it is one; `name` is for messages.

        Raises
        ------
        ValueError
            If it is empty, not finite, or on a log scale and not positive.
        """
        low, high, log = self
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError(
                f"{name} must go from a number to a greater one, got {low:g} to {high:g}"
            )
        if log and low <= 0:
            raise ValueError(f"{name} must be positive on a log scale, got {low:g} to {high:g}")
        return self


class Axis(NamedTuple):
    """A constant, and its values or what they are drawn from; `log` says how to draw it."""

    name: str
    values: tuple[float, ...] | Span
    log: bool = False


def spaced(name: str, span: Span, count: int) -> tuple[float, ...]:
    """`count` values from one end of a span to the other.

    Raises
    ------
    ValueError
        If the span is not one, or the count is not from 2 to `MOST`.

    Examples
    --------
    >>> spaced("lr", Span(1e-3, 1.0, log=True), 4)
    (0.001, 0.01, 0.1, 1.0)
    """
    span.checked(name)
    if not 2 <= count <= MOST:
        raise ValueError(f"{name} must take 2 to {MOST:,} values between its ends, got {count}")
    return tuple(span.at(k / (count - 1)) for k in range(count))


def axis_of(given: Any, drawn: bool = False) -> Axis:
    """Return an axis from text, or from a name and values.

    Parameters
    ----------
    given : str, Axis or pair
        ``NAME=a,b,c``, ``NAME=lo:hi:count`` or ``NAME=log:lo:hi:count``; with `drawn`
        ``NAME=lo:hi``, ``NAME=log:lo:hi`` or ``NAME=a,b,c``; or a name, and numbers, a `Span` or
        what would stand after ``=``.
    drawn : bool
        Whether values are drawn from it.

    Raises
    ------
    ValueError
        If it has none of the forms.

    Examples
    --------
    >>> axis_of("lr=log:0.01:1:3")
    Axis(name='lr', values=(0.01, 0.1, 1.0), log=True)
    >>> axis_of(("beta2", "0.9:0.99"), drawn=True).values
    Span(low=0.9, high=0.99, log=False)
    """
    if isinstance(given, Axis):
        return given
    name, values = given.partition("=")[::2] if isinstance(given, str) else given
    name = name.strip().replace("-", "_")
    name = "cycle" if name == "C" else name
    if isinstance(values, Span):
        return Axis(name, values.checked(name), values.log)
    if isinstance(values, str):
        return _read(name, values, drawn, given if isinstance(given, str) else f"{name}={values}")
    return Axis(name, tuple(values))


def _read(name: str, values: str, drawn: bool, shown: str) -> Axis:
    """An axis from what is written after its name."""
    parts = [part.strip() for part in values.split(":")]
    log, ranged = parts[0] == "log", len(parts) > 1
    try:
        if not ranged:
            return Axis(name, tuple(map(float, values.split(","))))
        low, high, *count = parts[log:]
        if len(count) != (0 if drawn else 1) or not all(map(str.isdecimal, count)):
            raise ValueError
        span = Span(float(low), float(high), log)
    except ValueError:
        forms = DRAWN if drawn else VALUES
        raise ValueError(f"an axis must be AXIS={forms}, with numbers, got {shown!r}") from None
    return Axis(name, span.checked(name) if drawn else spaced(name, span, int(count[0])), log)


def axes_of(
    what: str, given: Mapping[str, Any] | Iterable[Any], drawn: bool = False
) -> dict[str, tuple[float, ...] | Span]:
    """Return axes by name, from what `axis_of` takes or a mapping of names to values.

    Raises
    ------
    ValueError
        If one has none of the forms, or a name stands there twice.

    Examples
    --------
    >>> axes_of("grid", ["lr=0.1,1", "beta2=0.9:0.99:2"])
    {'lr': (0.1, 1.0), 'beta2': (0.9, 0.99)}
    """
    given = [given] if isinstance(given, str) else given
    axes = [axis_of(g, drawn) for g in (given.items() if isinstance(given, Mapping) else given)]
    for axis in axes:
        if sum(other.name == axis.name for other in axes) > 1:
            raise ValueError(f"{what} must have each axis once, got {axis.name!r} twice")
    return {axis.name: axis.values for axis in axes}


def axis_names(constants: Iterable[str]) -> list[str]:
    """The axes that constants may be, by their names on the command line: `AXES` in order first.

    Examples
    --------
    >>> axis_names(["C", "lr", "decay"])
    ['lr', 'cycle', 'decay']
    """
    constants = list(constants)
    own = [name for name in constants if name not in (*AXES.values(), "seed", "force", "bounds")]
    return [name for name, constant in AXES.items() if constant in constants] + own
