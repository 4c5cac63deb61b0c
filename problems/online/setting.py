"""Settings: a problem, with the hyperparameters and conditions of the paper's construction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adabound_np.bounds import Bounds
from adabound_np.checks import positive_int, within
from problems.online.problem import LinearProblem, ends

__all__ = ["BrokenConditionError", "Condition", "Setting", "integer", "least"]


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
    problem : LinearProblem
        f_t and F. Any other `OnlineProblem` in one variable will do where steps can run it.
    beta1, beta2, lr, x1 : float
        What an optimizer should be run with; checked, x1 to lie in F.
    eps_root : float
        Epsilon under the root of the second moment, for the optimizers of [Reddi18].
    bounds : Bounds or None
        Bounds of the rate in place of those of final_lr and gamma.
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

    problem: LinearProblem
    beta1: float
    beta2: float
    lr: float
    x1: float
    conditions: tuple[Condition, ...] = ()
    force: bool = False
    eps_root: float = 0.0
    bounds: Bounds | None = None

    def __post_init__(self) -> None:
        lo, hi = ends(self.problem.feasible)
        within("beta1", self.beta1, "[0, 1)")
        within("beta2", self.beta2, "[0, 1)")
        within("lr", self.lr, "(0, inf)")
        within("x1", self.x1, f"[{lo}, {hi}]")
        broken = [condition.text for condition in self.conditions if not condition.holds]
        if broken and not self.force:
            name = getattr(self.problem, "name", type(self.problem).__name__)
            raise BrokenConditionError(f"{name} needs {'; '.join(broken)}")


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
