r"""The bounds \eta_l(t) and \eta_u(t) between which AdaBound and AMSBound keep the rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from adabound_np.checks import Array, Real, copied, is_pair, positive_int, sqrt, within
from adabound_np.schedules import Schedule, as_schedule

__all__ = ["Bounds", "DynamicBounds", "PairOfBounds", "SavareseBounds", "as_bounds"]


class Bounds(Protocol):
    """What a pair of bounds can do; any object with these two methods is one."""

    def eta_l(self, t: Any) -> Any:
        """Lower bound at step t."""

    def eta_u(self, t: Any) -> Any:
        """Upper bound at step t."""


@dataclass(frozen=True)
class DynamicBounds:
    r"""The paper's and the released code's bounds, which close on `final_lr` from both sides.

    They are one family: the paper's have \gamma = 1 - \beta_2 ([Luo19] Sec. 4), the released
    code's a \gamma of their own (1e-3, equal to the paper's at \beta_2 = 0.999).

    Parameters
    ----------
    final_lr : float or array
        \alpha^* > 0, the rate of SGD on which the bounds close.
    gamma : float or array
        \gamma > 0, the speed at which the bounds close, per step; infinity makes SGD of it.

    Examples
    --------
    >>> bounds = DynamicBounds(final_lr=0.1, gamma=1e-3)
    >>> round(bounds.eta_l(1000), 12), round(bounds.eta_u(1000), 12)
    (0.05, 0.2)
    """

    final_lr: Real
    gamma: Real

    def __post_init__(self) -> None:
        object.__setattr__(self, "final_lr", within("final_lr", self.final_lr, "(0, inf)"))
        object.__setattr__(self, "gamma", within("gamma", self.gamma, "(0, inf]"))

    def eta_l(self, t: Any) -> Any:
        """Lower bound at step t: 0 before the first step, `final_lr` in the limit."""
        # \eta_l(t) = \alpha^* (1 - 1 / (\gamma t + 1))        [Luo19 Sec. 4, released code]
        return self.final_lr * (1 - 1 / (self.gamma * t + 1))

    def eta_u(self, t: Any) -> Any:
        """Upper bound at step t: infinite before the first step, `final_lr` in the limit."""
        # \eta_u(t) = \alpha^* (1 + 1 / (\gamma t))        [Luo19 Sec. 4, released code]
        return self.final_lr * (1 + 1 / (self.gamma * t))


@dataclass(frozen=True)
class SavareseBounds:
    r"""Bounds that make AdaBound equal to Adam for K steps ([Sav19] Thm. 2).

    Parameters
    ----------
    alpha : float or array
        \alpha > 0, the initial step size.
    C : float or array
        The constant of Reddi's Theorem 3 sequence; C > \sqrt{1 - \beta_2}, so that the lower
        bound lies below the upper one.
    beta2 : float or array
        \beta_2 in [0, 1).
    K : int or array
        The number of steps, at least 1, for which the upper bound stays open.

    Examples
    --------
    >>> bounds = SavareseBounds(alpha=0.5, C=10.0, beta2=0.75, K=3)
    >>> bounds.eta_l(1), bounds.eta_u(3), bounds.eta_u(4)
    (0.05, 1.0, 0.05)
    """

    alpha: Real
    C: Real
    beta2: Real
    K: int | Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", within("alpha", self.alpha, "(0, inf)"))
        object.__setattr__(self, "beta2", within("beta2", self.beta2, "[0, 1)"))
        object.__setattr__(self, "C", within("C", self.C, "(0, inf)"))
        object.__setattr__(self, "K", copied(self.K))
        least = sqrt(1 - self.beta2)
        if not np.all(least < self.C):
            raise ValueError(f"C must be in ({least}, inf), got {self.C!r}")
        for K in np.ravel(self.K) if isinstance(self.K, np.ndarray) else [self.K]:
            positive_int("K", K)

    def eta_l(self, t: Any) -> Any:
        """Lower bound, the same at every step."""
        # \eta_l(t) = \alpha / C        [Sav19 Thm. 2]
        return self.alpha / self.C

    def eta_u(self, t: Any) -> Any:
        """Upper bound at step t."""
        # \eta_u(t) = [t \le K] \alpha / \sqrt{1 - \beta_2} + [t > K] \alpha / C
        #                                                                 [Sav19 Thm. 2]
        return (t <= self.K) * (self.alpha / sqrt(1 - self.beta2)) + (t > self.K) * (
            self.alpha / self.C
        )


@dataclass(frozen=True)
class PairOfBounds:
    """Any two bounds; that the lower is not above the upper is checked at each step.

    Two equal constants make AdaBound SGD, the constants 0 and infinity make it Adam.

    Parameters
    ----------
    lower, upper : float, Schedule or callable
        The bounds as functions of t.

    Examples
    --------
    >>> sgd = PairOfBounds(0.1, 0.1)
    >>> sgd.eta_l(1), sgd.eta_u(1)
    (0.1, 0.1)
    """

    lower: Schedule
    upper: Schedule

    def __post_init__(self) -> None:
        lower = as_schedule("bounds[0] (eta_l)", self.lower, "[0, inf)")
        upper = as_schedule("bounds[1] (eta_u)", self.upper, "(0, inf]")
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)
        self.eta_u(1)

    def eta_l(self, t: Any) -> Any:
        """Lower bound at step t."""
        # \eta_l(t) = l(t)        [given]
        return self.lower(t)

    def eta_u(self, t: Any) -> Any:
        """Upper bound at step t; raises ValueError where the lower bound exceeds it."""
        lower, upper = self.lower(t), self.upper(t)
        if not np.all(lower <= upper):
            raise ValueError(
                f"bounds must have eta_l(t) <= eta_u(t), got {lower!r} > {upper!r} at t = {t}"
            )
        # \eta_u(t) = u(t)        [given]
        return upper


def as_bounds(value: Any, final_lr: Any, gamma: Any) -> Bounds:
    r"""Make bounds of what the user gave.

    Parameters
    ----------
    value : None, pair or Bounds
        None for ``DynamicBounds(final_lr, gamma)``; a pair (\eta_l, \eta_u) of numbers or
        functions of t; or any object with methods ``eta_l`` and ``eta_u``.
    final_lr, gamma : float or array
        Checked in every case, used if `value` is None.

    Raises
    ------
    TypeError, ValueError
        If `value` is none of these, or \eta_l(1) > \eta_u(1); a later crossing is refused by
        the step that meets it.

    Examples
    --------
    >>> adam = as_bounds((0.0, float("inf")), final_lr=0.1, gamma=1e-3)
    >>> adam.eta_l(1), adam.eta_u(1)
    (0.0, inf)
    """
    dynamic = DynamicBounds(final_lr, gamma)
    if value is None:
        return dynamic
    if isinstance(value, (DynamicBounds, SavareseBounds, PairOfBounds)):
        return value
    if hasattr(value, "eta_l") and hasattr(value, "eta_u"):
        return PairOfBounds(value.eta_l, value.eta_u)
    if not is_pair(value):
        raise TypeError(
            "bounds must be None, a pair (eta_l, eta_u) of numbers or functions of t, "
            f"or an object with methods eta_l and eta_u, got {value!r}"
        )
    return PairOfBounds(value[0], value[1])
