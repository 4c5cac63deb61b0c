"""Settings: a problem, with the hyperparameters and conditions of the paper's construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adabound_np.bounds import Bounds
from adabound_np.checks import positive_int, within
from problems.online.problem import ends

__all__ = [
    "HYPERPARAMETERS",
    "BrokenConditionError",
    "Condition",
    "Setting",
    "around",
    "formula_of",
    "integer",
    "least",
    "name_of",
    "title_of",
]


class BrokenConditionError(ValueError):
    """Given constants break a condition of the paper's construction."""


@dataclass(frozen=True)
class Condition:
    """An assumption of a construction, as text and as its truth."""

    text: str
    holds: bool


@dataclass(frozen=True)
class Setting:
    """A problem with the hyperparameters its construction asks for.

    Attributes
    ----------
    problem : OnlineProblem
        f_t and F.
    beta1, beta2, lr : float
        Hyperparameters that an optimizer should be run with.
    x1 : float or array
        First point, in F.
    eps_root : float
        Epsilon under the root of the second moment, for the optimizers of [Reddi18].
    bounds : Bounds or None
        Bounds of the rate instead of final_lr and gamma.
    conditions : tuple of Condition
        The construction's assumptions on all of these.
    force : bool
        Whether to let broken conditions pass.

    Raises
    ------
    BrokenConditionError
        Naming each condition that does not hold, unless `force`.
    TypeError, ValueError
        If a hyperparameter is out of range.
    """

    problem: Any
    beta1: float
    beta2: float
    lr: float
    x1: Any
    conditions: tuple[Condition, ...] = ()
    force: bool = False
    eps_root: float = 0.0
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        feasible = self.problem.feasible
        within("beta1", self.beta1, "[0, 1)")
        within("beta2", self.beta2, "[0, 1)")
        within("lr", self.lr, "(0, inf)")
        if np.ndim(self.x1) == 0:
            lo, hi = ends(feasible)
            within("x1", self.x1, f"[{lo}, {hi}]")
        elif not feasible.contains(self.x1):
            raise ValueError(f"x1 must be in F = {feasible}, got {self.x1!r}")
        broken = [condition.text for condition in self.conditions if not condition.holds]
        if broken and not self.force:
            raise BrokenConditionError(f"{name_of(self.problem)} needs {'; '.join(broken)}")


#: Hyperparameters of a setting, which a caller may change.
HYPERPARAMETERS = ("beta1", "beta2", "lr", "x1")


def around(problem: Any, **given: Any) -> Setting:
    """Return a setting for a problem that comes without one.

    Parameters
    ----------
    problem : OnlineProblem
        f_t and F.
    **given
        beta1, beta2, lr or x1; by default 0.9, 0.99, 0.5 and the problem's ``start``, or 0
        projected onto F.

    Raises
    ------
    TypeError, ValueError
        As `Setting`.

    Examples
    --------
    >>> from problems.online import ReddiOnline
    >>> around(ReddiOnline(), lr=1.0).x1
    0.0
    """
    start = getattr(problem, "start", None)
    if start is None:
        shape = np.shape(problem.feasible.argmin_linear(0.0))
        x1 = problem.feasible.project(np.zeros(shape), np.ones(shape))
    else:
        x1 = np.array(start if len(start) > 1 else start[0])
        shape = x1.shape
    defaults = {"beta1": 0.9, "beta2": 0.99, "lr": 0.5, "x1": x1 if shape else float(x1)}
    return Setting(problem, **{**defaults, **given})


def name_of(problem: Any) -> str:
    """Name of a problem: its attribute ``name``, or its class's."""
    return str(getattr(problem, "name", type(problem).__name__))


def title_of(spec: Any) -> str:
    """Name of what stands for a problem: text as it is; of a setting, its problem's.

    Examples
    --------
    >>> title_of("reddi-online(C=5)"), title_of(around)
    ('reddi-online(C=5)', 'around')
    """
    if isinstance(spec, Setting):
        spec = spec.problem
    return spec if isinstance(spec, str) else getattr(spec, "__name__", "") or name_of(spec)


def formula_of(problem: Any) -> str:
    """A problem in words of mathematics, or its representation."""
    return str(problem.formula()) if hasattr(problem, "formula") else repr(problem)


def integer(name: str, value: Any, least: int) -> int:
    """Return `value` as an int, whole floats included, if it is at least `least`.

    Raises
    ------
    TypeError, ValueError
        If it is not.
    """
    whole = isinstance(value, float) and value.is_integer()
    number = positive_int(name, int(value) if whole else value)
    if number < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    if number > 2**53:
        raise ValueError(f"{name} must be an integer of at most 2^53, got {value!r}")
    return number


def least(holds: Callable[[int], bool], start: int) -> int:
    """The least integer from `start` on for which a condition that stays true holds."""
    high = start
    while not holds(high):
        high *= 2
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
