r"""The papers' linear sequences on which adaptive methods fail, with the constants they need.

Each function returns a `Setting`: the problem, the hyperparameters the construction asks for,
and its conditions. Constants that are not given are chosen by the paper's conditions; given
ones that break them raise `BrokenConditionError`, unless ``force=True``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box
from adabound_np.checks import positive_int, within
from problems.online.problem import LinearProblem

__all__ = [
    "SEQUENCES",
    "BrokenConditionError",
    "Condition",
    "LuoTheorem1",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem1",
    "Setting",
    "luo_theorem1",
    "reddi_online",
    "reddi_stochastic",
    "reddi_theorem1",
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
    problem : LinearProblem
        f_t and F.
    beta1, beta2, lr, x1 : float
        What an optimizer should be run with.
    conditions : tuple of Condition
        The construction's assumptions on all of these.
    """

    problem: LinearProblem
    beta1: float
    beta2: float
    lr: float
    x1: float
    conditions: tuple[Condition, ...] = ()

    def checked(self, force: bool) -> Setting:
        """Return this setting if its conditions hold or `force` is True.

        Raises
        ------
        BrokenConditionError
            Naming each condition that does not hold.
        """
        broken = [condition.text for condition in self.conditions if not condition.holds]
        if broken and not force:
            raise BrokenConditionError(f"{self.problem.name} needs {'; '.join(broken)}")
        return self


@dataclass(frozen=True)
class ReddiOnline(LinearProblem):
    r"""f_t(x) = 10 C x if t mod C = 1, else -10 x, on [-1, 1] ([Reddi18] Sec. 6, with C = 101).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 2. Its sum is 10 x, so that x* = -1.
    """

    C: int = 101
    name = "reddi-online"

    def __post_init__(self) -> None:
        if positive_int("C", self.C) < 2:
            raise ValueError(f"C must be an integer of at least 2, got {self.C!r}")
        object.__setattr__(self, "period", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        t = np.arange(start, stop)
        return np.where(t % self.C == 1 % self.C, 10.0 * self.C, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = {10 * self.C}x if t mod {self.C} = 1, else -10x"


@dataclass(frozen=True)
class ReddiStochastic(LinearProblem):
    r"""f_t(x) = 1010 x with probability 0.01, else -10 x, on [-1, 1] ([Reddi18] Sec. 6).

    The expected slope is 0.2, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Of the generator that draws. Step t has its own draw, whatever range is asked for.
    """

    seed: int = 0
    name = "reddi-stochastic"

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {self.seed!r}")

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        bits = np.random.PCG64(self.seed)
        bits.advance(start - 1)  # one draw a step
        draws = np.random.Generator(bits).random(stop - start)
        return np.where(draws < 0.01, 1010.0, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = 1010x with probability 0.01, else -10x (seed {self.seed})"


@dataclass(frozen=True)
class ReddiTheorem1(LinearProblem):
    r"""f_t(x) = C x if t mod 3 = 1, else -x, on [-1, 1] ([Reddi18] Thm. 1).

    Parameters
    ----------
    C : float
        Greater than 2 in the theorem, so that x* = -1.
    """

    C: float = 3.0
    name = "reddi-theorem1"
    period = 3

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return np.where(np.arange(start, stop) % 3 == 1, self.C, -1.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = {self.C:g}x if t mod 3 = 1, else -x"


@dataclass(frozen=True)
class LuoTheorem1(LinearProblem):
    r"""f_t(x) = -x if t mod C = 1, 2x if t mod C = 2, else 0, on [-2, 2] ([Luo19] Thm. 1).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 3. Its sum is x, so that x* = -2.
    """

    C: int = 50
    name = "luo-theorem1"
    feasible: Box = field(default=Box(-2.0, 2.0), init=False)

    def __post_init__(self) -> None:
        if positive_int("C", self.C) < 3:
            raise ValueError(f"C must be an integer of at least 3, got {self.C!r}")
        object.__setattr__(self, "period", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        phase = np.arange(start, stop) % self.C
        return np.select([phase == 1, phase == 2], [-1.0, 2.0], 0.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = -x if t mod {self.C} = 1, 2x if t mod {self.C} = 2, else 0"


def reddi_online(
    C: float | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    lr: float | None = None,
    x1: float | None = None,
    seed: int = 0,
    force: bool = False,
) -> Setting:
    """[Reddi18] Sec. 6: C = 101, beta1 = 0.9, beta2 = 0.99; any constants are allowed.

    Raises
    ------
    TypeError, ValueError
        If a constant is out of range.
    """
    problem = ReddiOnline(_whole("C", _or(C, 101)))
    return _setting(problem, _or(beta1, 0.9), _or(beta2, 0.99), lr, x1).checked(force)


def reddi_stochastic(
    C: float | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    lr: float | None = None,
    x1: float | None = None,
    seed: int = 0,
    force: bool = False,
) -> Setting:
    """[Reddi18] Sec. 6: beta1 = 0.9, beta2 = 0.99, and draws from `seed`.

    Raises
    ------
    TypeError, ValueError
        If a constant is out of range, or C is given: this problem has no cycle.
    """
    if C is not None:
        raise ValueError(f"C must not be given for reddi-stochastic, which has no cycle, got {C!r}")
    problem = ReddiStochastic(seed)
    return _setting(problem, _or(beta1, 0.9), _or(beta2, 0.99), lr, x1).checked(force)


def reddi_theorem1(
    C: float | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    lr: float | None = None,
    x1: float | None = None,
    seed: int = 0,
    force: bool = False,
) -> Setting:
    r"""[Reddi18] Thm. 1: C > 2 (3), \beta_1 = 0, \beta_2 = 1/(1 + C^2), \alpha < \sqrt{1-\beta_2}.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range.
    """
    problem = ReddiTheorem1(float(within("C", _or(C, 3.0), "(0, inf)")))
    wanted = 1 / (1 + problem.C**2)
    setting = _setting(problem, _or(beta1, 0.0), _or(beta2, wanted), lr, _or(x1, 1.0))
    return _with_conditions(
        setting,
        Condition(f"C > 2 (C is {problem.C:g})", problem.C > 2),
        Condition(f"beta1 = 0 (it is {setting.beta1:g})", setting.beta1 == 0),
        Condition(
            f"beta2 = 1/(1 + C^2) = {wanted:.6g} (it is {setting.beta2:g})",
            math.isclose(setting.beta2, wanted, rel_tol=1e-12),
        ),
        Condition(
            f"lr < sqrt(1 - beta2) = {math.sqrt(1 - setting.beta2):.6g} (it is {setting.lr:g})",
            setting.lr < math.sqrt(1 - setting.beta2),
        ),
        Condition(f"x1 = 1 (it is {setting.x1:g})", setting.x1 == 1),
    ).checked(force)


def luo_theorem1(
    C: float | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    lr: float | None = None,
    x1: float | None = None,
    seed: int = 0,
    force: bool = False,
) -> Setting:
    r"""[Luo19] Thm. 1: \beta_1 = 0 and the least C with 5 \beta_2^{C-2} <= (1-\beta_2)/(4-\beta_2).

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range.
    """
    beta2 = float(within("beta2", _or(beta2, 0.9), "[0, 1)"))

    def rate_shrinks(C: int) -> bool:
        return 5 * beta2 ** (C - 2) <= (1 - beta2) / (4 - beta2)

    problem = LuoTheorem1(_whole("C", _or(C, _least(rate_shrinks, 3))))
    setting = _setting(problem, _or(beta1, 0.0), beta2, lr, x1)
    return _with_conditions(
        setting,
        Condition(f"beta1 = 0 (it is {setting.beta1:g})", setting.beta1 == 0),
        Condition(
            "5 beta2^(C-2) <= (1 - beta2)/(4 - beta2), that is, at beta2 = "
            f"{beta2:g}, C >= {_least(rate_shrinks, 3)} (C is {problem.C})",
            rate_shrinks(problem.C),
        ),
    ).checked(force)


#: The sequences by their name on the command line.
SEQUENCES: dict[str, Callable[..., Setting]] = {
    ReddiOnline.name: reddi_online,
    ReddiStochastic.name: reddi_stochastic,
    ReddiTheorem1.name: reddi_theorem1,
    LuoTheorem1.name: luo_theorem1,
}


def _setting(
    problem: LinearProblem, beta1: float, beta2: float, lr: float | None, x1: float | None
) -> Setting:
    """A setting with its hyperparameters in range: lr = 0.5 and x1 = 0 if not given."""
    lo, hi = problem.feasible.lo, problem.feasible.hi
    return Setting(
        problem,
        float(within("beta1", beta1, "[0, 1)")),
        float(within("beta2", beta2, "[0, 1)")),
        float(within("lr", _or(lr, 0.5), "(0, inf)")),
        float(within("x1", _or(x1, 0.0), f"[{lo}, {hi}]")),
    )


def _with_conditions(setting: Setting, *conditions: Condition) -> Setting:
    return Setting(
        setting.problem, setting.beta1, setting.beta2, setting.lr, setting.x1, conditions
    )


def _or(value: float | None, default: float) -> float:
    return default if value is None else value


def _whole(name: str, value: float) -> int:
    return positive_int(name, int(value) if float(value).is_integer() else value)


def _least(holds: Callable[[int], bool], start: int) -> int:
    """The least integer from `start` on for which a condition that stays true holds."""
    high = start
    while not holds(high):
        high *= 2
    low = max(start, high // 2)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
