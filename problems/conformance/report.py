"""What a series of checks found, as data and as lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Check", "CounterexampleError", "NotApplicableError", "Report", "agree", "carry_out"]

_MARKS = {True: "\u2713", False: "\u2717", None: "-"}


class CounterexampleError(AssertionError):
    """A case in which a check fails."""


class NotApplicableError(Exception):
    """Why a check has nothing to look at."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    name : str
        What should hold.
    passed : bool or None
        Whether it does; None if there was nothing to check.
    detail : str
        The first counterexample, or why there was nothing to check; else empty or a remark.
    """

    name: str
    passed: bool | None
    detail: str = ""

    def __str__(self) -> str:
        line = f"{_MARKS[self.passed]} {self.name}"
        return f"{line}: {self.detail}" if self.detail else line


@dataclass(frozen=True)
class Report:
    """All checks of an optimizer or a problem; true if none fails.

    Attributes
    ----------
    subject : str
        What was checked.
    checks : tuple of Check
        In the order they were made.

    Examples
    --------
    >>> checks = Check("is fast", True), Check("is small", False, "it has 9 lines")
    >>> report = Report("Mine", checks)
    >>> print(report)
    Mine
    \u2713 is fast
    \u2717 is small: it has 9 lines
    >>> bool(report)
    False
    """

    subject: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether no check fails."""
        return all(check.passed is not False for check in self.checks)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        return "\n".join([self.subject, *map(str, self.checks)])


def carry_out(subject: str, checks: Mapping[str, Callable[[], str | None]]) -> Report:
    """Make checks one after the other; where the first fails, the others have nothing to go on.

    A check returns (None, or a remark), raises `NotApplicableError`, or fails by any other error.
    """
    done: list[Check] = []
    for name, check in checks.items():
        if done and done[0].passed is False:
            done.append(Check(name, None, f"needs {done[0].name!r}"))
            continue
        try:
            with np.errstate(all="ignore"):
                done.append(Check(name, True, check() or ""))
        except NotApplicableError as reason:
            done.append(Check(name, None, str(reason)))
        except CounterexampleError as found:
            done.append(Check(name, False, str(found)))
        except Exception as error:  # what a stranger's lines raise knows no bounds
            done.append(Check(name, False, f"{type(error).__name__}: {error}"))
    return Report(subject, tuple(done))


def agree(what: str, got: Any, expected: Any, rtol: float = 0.0, **where: Any) -> None:
    """Raise CounterexampleError unless two arrays agree, up to `rtol` of the largest entry.

    Parameters
    ----------
    what : str
        Name of the quantity.
    got, expected : array
        The same quantity by two ways; NaN agrees with NaN.
    rtol : float
        Difference allowed, 0 for none.
    **where
        The case, by the names of its parts: ``t=3, g=0.5``.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        raise CounterexampleError(
            f"{what} has shape {got.shape}, expected {expected.shape}{_at(where, None)}"
        )
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    if rtol:
        finite = np.abs(expected[np.isfinite(expected)])
        same |= np.abs(got - expected) <= rtol * np.max(finite, initial=0.0)
    if not np.all(same):
        first = tuple(int(i) for i in np.argwhere(~np.atleast_1d(same))[0]) if same.ndim else ()
        raise CounterexampleError(
            f"{what} is {got[first]!s}, expected {expected[first]!s}{_at(where, first)}"
        )


def _at(where: Mapping[str, Any], index: tuple[int, ...] | None) -> str:
    """The case, each array at the entry where it went wrong."""
    parts = []
    for name, value in where.items():
        inside = index is not None and len(index) == np.ndim(value)
        parts.append(f"{name} = {np.asarray(value)[index] if inside else np.asarray(value)}")
    return f" at {', '.join(parts)}" if parts else ""
