r"""Schedules: what a hyperparameter is at step t = 1, 2, ...

The step size of every optimizer is multiplied by a schedule s_t, and beta1 (in AdamNC also
beta2) may follow one. A schedule is called with t, an integer or an integer array, and returns
a number or an array of t's shape. ``product(t)`` is the product of its first t values, which
bias correction needs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from adabound_np.checks import Real, is_pair, known, positive_int, power, real, sqrt, within

__all__ = [
    "Constant",
    "FromCallable",
    "Geometric",
    "Harmonic",
    "InvSqrt",
    "InverseTime",
    "OneMinusInverse",
    "RunningProduct",
    "Scaled",
    "Schedule",
    "StepDecay",
    "as_schedule",
    "betas_of",
]


class Schedule(Protocol):
    """What a schedule can do; any object with these two methods is one."""

    def __call__(self, t: Any) -> Any:
        """Value at step t (1 is the first step)."""

    def product(self, t: Any) -> Any:
        """Product of the values at steps 1 to t."""


@dataclass(frozen=True)
class RunningProduct:
    """Base class of schedules whose products have no closed form.

    Products are made from the values themselves, and remembered: each step needs one more factor.

    The last few are kept, for optimizers at different steps that share a schedule.
    """

    _products: dict[int, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False, kw_only=True
    )

    def __call__(self, t: Any) -> Any:
        raise NotImplementedError

    def product(self, t: Any) -> Any:
        """Running product, from the values themselves."""
        if np.ndim(t):
            raise TypeError(f"{self!r} has no product over an array of steps in closed form")
        done, product = self._recalled(t)
        for i in range(done + 1, t + 1):
            # p_i = p_{i-1} s_i        [definition]
            product = product * self(i)
        self._remember(t, product)
        # p_t = \prod_{i \le t} s_i        [definition]
        return product

    def _recalled(self, t: int) -> tuple[int, Any]:
        """The last step up to t whose product is known, and that product."""
        known = self._products
        done = t - 1 if t - 1 in known else max((i for i in known if i <= t), default=0)
        return done, known.get(done, 1.0)

    def _remember(self, t: int, product: Any) -> None:
        while len(self._products) >= 32:
            del self._products[next(iter(self._products))]
        self._products[t] = product


@dataclass(frozen=True)
class Constant:
    """The same value at every step.

    Examples
    --------
    >>> Constant(0.9)(7), Constant(0.5).product(3)
    (0.9, 0.125)
    """

    value: Real

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", within("value", self.value, "[-inf, inf]"))

    def __call__(self, t: Any) -> Any:
        # s_t = c        [constant]
        return self.value

    def product(self, t: Any) -> Any:
        """Its power, in closed form."""
        # \prod_{i \le t} c = c^t        [algebra]
        return power(self.value, t)


@dataclass(frozen=True)
class InvSqrt:
    r"""s_t = 1/\sqrt{t}, the step-size schedule of the theory ([Luo19] Alg. 1 and 2).

    Examples
    --------
    >>> InvSqrt()(4)
    0.5
    """

    def __call__(self, t: Any) -> Any:
        # s_t = 1 / \sqrt{t}        [Luo19 Alg. 2]
        return 1 / sqrt(t)

    def product(self, t: Any) -> Any:
        """In closed form."""
        # \prod_{i \le t} 1 / \sqrt{i} = (1 / t!)^{1/2}        [algebra]
        return _inverse_factorial(t) ** 0.5


@dataclass(frozen=True)
class InverseTime(RunningProduct):
    r"""s_t = 1/(1 + (t - 1) d), the `lr_decay` of PyTorch's Adagrad.

    Parameters
    ----------
    decay : float
        d >= 0, per step.

    Examples
    --------
    >>> InverseTime(0.5)(3)
    0.5
    """

    decay: float

    def __post_init__(self) -> None:
        within("decay", self.decay, "[0, inf)")

    def __call__(self, t: Any) -> Any:
        # s_t = 1 / (1 + (t - 1) d)        [torch.optim.Adagrad]
        return 1 / (1 + (t - 1) * self.decay)


@dataclass(frozen=True)
class StepDecay:
    r"""s_t = factor^{k}, where k is the number of milestones passed before step t.

    Parameters
    ----------
    milestones : sequence of int
        Numbers of steps, increasing, after which the rate is multiplied by `factor`.
        [Luo19] divides by 10 after 150 of 200 epochs: one milestone, 150 * steps per epoch.
    factor : float
        In (0, 1].

    Examples
    --------
    >>> s = StepDecay([100, 150], factor=0.5)
    >>> s(100), s(101), s(151)
    (1.0, 0.5, 0.25)
    """

    milestones: tuple[int, ...]
    factor: float = 0.1

    def __post_init__(self) -> None:
        if not isinstance(self.milestones, Iterable):
            raise TypeError(f"milestones must be a sequence of integers, got {self.milestones!r}")
        marks = tuple(positive_int("milestones", mark) for mark in self.milestones)
        if list(marks) != sorted(set(marks)):
            raise ValueError(f"milestones must be increasing, got {self.milestones!r}")
        object.__setattr__(self, "milestones", marks)
        within("factor", self.factor, "(0, 1]")

    def __call__(self, t: Any) -> Any:
        # k = \sum_j [\theta_j < t]        [torch.optim.lr_scheduler.MultiStepLR]
        passed = np.searchsorted(self.milestones, t, side="left")
        # s_t = c^k        [Luo19 Sec. 5: the rate is divided by 10 late in training]
        return self.factor ** (passed if np.ndim(t) else int(passed))

    def product(self, t: Any) -> Any:
        """In closed form."""
        # K_t = \sum_j \max(t - \theta_j, 0)        [sum of k over the first t steps]
        K = sum(np.maximum(t - mark, 0) for mark in self.milestones)
        # p_t = c^{K_t}        [algebra]
        return self.factor ** (K if np.ndim(t) else int(K))


@dataclass(frozen=True)
class Geometric:
    r"""\beta_{1t} = \beta_1 \lambda^{t-1} ([Reddi18] Cor. 1, [Luo19] Sec. 4).

    Examples
    --------
    >>> Geometric(0.9, 0.5)(3)
    0.225
    """

    value: float
    ratio: float

    def __post_init__(self) -> None:
        within("value", self.value, "[0, 1)")
        within("ratio", self.ratio, "(0, 1)")

    def __call__(self, t: Any) -> Any:
        # \beta_{1t} = \beta_1 \lambda^{t-1}        [Reddi18 Cor. 1]
        return self.value * self.ratio ** (t - 1)

    def product(self, t: Any) -> Any:
        """In closed form."""
        # \prod_{i \le t} \beta_1 \lambda^{i-1} = \beta_1^t \lambda^{t (t - 1) / 2}        [algebra]
        return self.value**t * self.ratio ** (t * (t - 1) / 2)


@dataclass(frozen=True)
class Harmonic:
    r"""\beta_{1t} = \beta_1 / t ([Luo19] Sec. 4, [Sav19] Cor. 2).

    Examples
    --------
    >>> Harmonic(0.9)(3)
    0.3
    """

    value: float

    def __post_init__(self) -> None:
        within("value", self.value, "[0, 1)")

    def __call__(self, t: Any) -> Any:
        # \beta_{1t} = \beta_1 / t        [Luo19 Sec. 4]
        return self.value / t

    def product(self, t: Any) -> Any:
        """In closed form."""
        # \prod_{i \le t} \beta_1 / i = \beta_1^t / t!        [algebra]
        return self.value**t * _inverse_factorial(t)


@dataclass(frozen=True)
class OneMinusInverse:
    r"""\beta_{2t} = 1 - 1/t, which makes v_t the mean of the squared gradients ([Reddi18] Alg. 3).

    Examples
    --------
    >>> OneMinusInverse()(1), OneMinusInverse()(4)
    (0.0, 0.75)
    """

    def __call__(self, t: Any) -> Any:
        # \beta_{2t} = 1 - 1/t        [Reddi18 Cor. 2]
        return 1 - 1 / t

    def product(self, t: Any) -> Any:
        r"""Zero, since \beta_{21} = 0."""
        # \prod_{i \le t} (1 - 1/i) = 0        [algebra]
        return 0.0 * t


@dataclass(frozen=True)
class Scaled:
    """A schedule times a number: what a changed ``group["lr"]`` makes of s_t.

    Examples
    --------
    >>> Scaled(0.5, InvSqrt())(4)
    0.25
    """

    factor: Real
    schedule: Schedule

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", within("factor", self.factor, "[0, inf)"))
        object.__setattr__(self, "schedule", as_schedule("schedule", self.schedule, "[-inf, inf]"))

    def __call__(self, t: Any) -> Any:
        # s'_t = c s_t        [torch.optim.lr_scheduler.LRScheduler: c = lr / initial_lr]
        return self.factor * self.schedule(t)

    def product(self, t: Any) -> Any:
        """From the schedule's own product."""
        # \prod_{i \le t} c s_i = c^t \prod_{i \le t} s_i        [algebra]
        return self.factor**t * self.schedule.product(t)


@dataclass(frozen=True)
class FromCallable(RunningProduct):
    """A schedule from any function of t; each value is checked when it is used.

    Parameters
    ----------
    function : callable
        Takes an integer t >= 1 and returns a number. To run with arrays of t (parallel in
        time) it must accept those too. If it has a method ``product``, that is used.
    name : str
        Name of the argument in error messages.
    interval : str
        Where its values must lie, such as ``"[0, 1)"``.

    Examples
    --------
    >>> FromCallable(lambda t: 1 / t)(4), FromCallable(lambda t: 1 / t).product(2)
    (0.25, 0.5)
    """

    function: Callable[[Any], Any]
    name: str = "schedule"
    interval: str = "[0, inf)"

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"function must be callable, got {self.function!r}")

    def __call__(self, t: Any) -> Any:
        # s_t = f(t)        [given]
        return within(f"{self.name} at t = {t}", self.function(t), self.interval)

    def product(self, t: Any) -> Any:
        """The function's own product, or a running one."""
        own = getattr(self.function, "product", None)
        # p_t = \prod_{i \le t} s_i        [definition]
        return own(t) if own is not None else RunningProduct.product(self, t)

    def same_as(self, other: Any) -> bool:
        """Whether `other` is made from the same function, for the same argument."""
        return (
            isinstance(other, FromCallable)
            and other.function is self.function
            and (other.name, other.interval) == (self.name, self.interval)
        )


def _inverse_factorial(t: Any) -> Any:
    """1/t!, zero where t! overflows."""
    if np.ndim(t):
        # 1 / t! = e^{-\log \Gamma(t + 1)}        [definition of \Gamma]
        return np.exp(-np.vectorize(math.lgamma, otypes=[float])(np.asarray(t) + 1.0))
    # 1 / t! = e^{-\log \Gamma(t + 1)}        [definition of \Gamma]
    return math.exp(-math.lgamma(t + 1.0))


_NAMED: dict[str, Callable[[], Schedule]] = {
    "constant": lambda: Constant(1.0),
    "inv-sqrt": InvSqrt,
}


def as_schedule(name: str, value: Any, interval: str) -> Schedule:
    """Make a schedule of what the user gave.

    Parameters
    ----------
    name : str
        The argument's name, for error messages.
    value : float, array, str, Schedule or callable
        A number (constant), ``"constant"``, ``"inv-sqrt"``, a schedule of this module, or any
        function of t.
    interval : str
        Where its values must lie.

    Raises
    ------
    TypeError, ValueError
        If `value` is none of these, or a number outside `interval`.

    Examples
    --------
    >>> as_schedule("schedule", "inv-sqrt", "[0, inf)")(4)
    0.5
    >>> as_schedule("schedule", lambda t: 1 / t, "[0, inf)")(4)
    0.25
    """
    if isinstance(value, str):
        value = _NAMED[known(name, value, _NAMED)]()
    if isinstance(value, FromCallable):  # never shared: it remembers
        value = value.function
    if isinstance(value, Constant):
        return Constant(within(name, value.value, interval))
    if not callable(value):
        return Constant(within(name, real(name, value), interval))
    own = isinstance(value, _OWN)
    schedule: Schedule = value if own else FromCallable(value, name, interval)
    within(f"{name} at t = 1", schedule(1), interval)
    return schedule


#: Schedules of this module, whose values stay within their interval if the first does.
_OWN = (InvSqrt, InverseTime, StepDecay, Geometric, Harmonic, OneMinusInverse)


def betas_of(group: dict[str, Any]) -> tuple[Any, Any]:
    """Return a group's `betas`, unchecked except for being a pair; raise TypeError if it is not.

    Examples
    --------
    >>> betas_of({"betas": (0.9, 0.999)})
    (0.9, 0.999)
    """
    betas = group["betas"]
    if not is_pair(betas):
        raise TypeError(f"betas must be a pair (beta1, beta2), got {betas!r}")
    return betas[0], betas[1]
