r"""How a state crosses many steps at once, when the gradients are known beforehand.

An optimizer declares, beside its recurrence, what kind it is. A run that is parallel in time
(`problems.online.parallel_in_time`) relies on it; an optimizer without it is run step by step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Affine", "Carry", "RunningMax", "Sum"]


@dataclass(frozen=True)
class Affine:
    r"""s_t = \beta_t s_{t-1} + u_t, with u_t free of s.

    Over steps a to b: s_b = (\prod \beta_t) s_{a-1} + (s_b from s_{a-1} = 0).

    Parameters
    ----------
    symbol : str
        \beta_t among the hyperparameters: a number or a schedule.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> Affine("beta2").factor(SimpleNamespace(beta2=0.99), 1)
    0.99
    """

    symbol: str

    def factor(self, h: Any, t: Any) -> Any:
        r"""\beta_t."""
        beta = getattr(h, self.symbol)
        return beta(t) if callable(beta) else beta


@dataclass(frozen=True)
class Sum:
    """s_t = s_{t-1} + u_t, with u_t free of s: affine with the factor 1.

    Examples
    --------
    >>> Sum().factor(None, 1)
    1.0
    """

    def factor(self, h: Any, t: Any) -> Any:
        """1."""
        return 1.0


@dataclass(frozen=True)
class RunningMax:
    r"""s_t = \max(s_{t-1}, w_t), with w_t a function of the affine part of the state."""


Carry: TypeAlias = Affine | Sum | RunningMax
