r"""Schedules of a training run of known length, and one that watches its progress.

The names are Optax's, `ReduceLROnPlateau` is PyTorch's. As every schedule, these are factors s_t of
the whole rate, bounds included, at step t = 1, 2, ...: ``JoinedSchedules([LinearSchedule(0, 1,
100), CosineDecaySchedule(900)], [100])`` warms up for 100 steps and then falls to 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adabound_np.checks import positive_int, within
from adabound_np.optimizer import Optimizer
from adabound_np.schedules import RunningProduct, Schedule, as_schedule

__all__ = ["CosineDecaySchedule", "JoinedSchedules", "LinearSchedule", "ReduceLROnPlateau"]


@dataclass(frozen=True)
class LinearSchedule(RunningProduct):
    """A line from one factor to another, which then stays: linear warm-up or decay.

    Parameters
    ----------
    init_value, end_value : float
        Factor of the first step, and factor after `transition_steps` steps; at least 0.
    transition_steps : int
        Number of steps between them.

    Examples
    --------
    >>> warm_up = LinearSchedule(0.0, 1.0, transition_steps=4)
    >>> [warm_up(t) for t in (1, 2, 5, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """

    init_value: float
    end_value: float
    transition_steps: int

    def __post_init__(self) -> None:
        within("init_value", self.init_value, "[0, inf)")
        within("end_value", self.end_value, "[0, inf)")
        positive_int("transition_steps", self.transition_steps)

    def __call__(self, t: Any) -> Any:
        # u = \min((t - 1) / n, 1)        [optax.linear_schedule, after t - 1 steps]
        u = np.minimum((t - 1) / self.transition_steps, 1.0)
        # s_t = a + (b - a) u        [optax.linear_schedule]
        return _number(self.init_value + (self.end_value - self.init_value) * u)


@dataclass(frozen=True)
class CosineDecaySchedule(RunningProduct):
    """Half a period of a cosine from 1 down to `alpha`, which then stays.

    Parameters
    ----------
    decay_steps : int
        Number of steps until `alpha`.
    alpha : float, default 0
        Final factor, in [0, 1].

    Examples
    --------
    >>> decay = CosineDecaySchedule(4)
    >>> [round(decay(t), 12) for t in (1, 3, 5, 9)]
    [1.0, 0.5, 0.0, 0.0]
    """

    decay_steps: int
    alpha: float = 0.0

    def __post_init__(self) -> None:
        positive_int("decay_steps", self.decay_steps)
        within("alpha", self.alpha, "[0, 1]")

    def __call__(self, t: Any) -> Any:
        # u = \min((t - 1) / n, 1)        [optax.cosine_decay_schedule, after t - 1 steps]
        u = np.minimum((t - 1) / self.decay_steps, 1.0)
        # c = (1 + \cos(\pi u)) / 2        [optax.cosine_decay_schedule]
        c = (1 + np.cos(np.pi * u)) / 2
        # s_t = (1 - a) c + a        [optax.cosine_decay_schedule]
        return _number((1 - self.alpha) * c + self.alpha)


def _number(s: Any) -> Any:
    """A scalar as a Python float, which leaves float32 arrays as they are; an array as it is."""
    return s if np.ndim(s) else float(s)


@dataclass(frozen=True)
class JoinedSchedules(RunningProduct):
    """One schedule after the other, each counting its steps from 1.

    Parameters
    ----------
    schedules : sequence of float, Schedule or callable
        At least two.
    boundaries : sequence of int
        Numbers of steps, increasing, after which the next schedule takes over.

    Examples
    --------
    >>> warm_up, decay = LinearSchedule(0.0, 1.0, 2), CosineDecaySchedule(2)
    >>> joined = JoinedSchedules([warm_up, decay], [2])
    >>> [round(joined(t), 12) for t in range(1, 6)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    schedules: tuple[Schedule, ...]
    boundaries: tuple[int, ...]

    def __post_init__(self) -> None:
        marks = tuple(positive_int("boundaries", mark) for mark in self.boundaries)
        if list(marks) != sorted(set(marks)) or len(marks) + 1 != len(self.schedules) or not marks:
            raise ValueError(
                "boundaries must be increasing, one fewer than the schedules, got "
                f"{self.boundaries!r} for {len(self.schedules)} schedules"
            )
        made = (as_schedule("schedules", schedule, "[0, inf)") for schedule in self.schedules)
        object.__setattr__(self, "schedules", tuple(made))
        object.__setattr__(self, "boundaries", marks)

    def __call__(self, t: Any) -> Any:
        # s_t = g(t)        [optax.join_schedules, before the first boundary]
        s = self.schedules[0](t)
        for schedule, start in zip(self.schedules[1:], self.boundaries, strict=True):
            # h_t = h(\max(t - b, 1))        [optax.join_schedules]
            later = schedule(np.maximum(t - start, 1))
            # s_t \leftarrow [t > b] h_t + [t \le b] s_t        [optax.join_schedules]
            s = np.where(t > start, later, s)
        return _number(s)


class ReduceLROnPlateau:
    r"""Multiplies ``group["lr"]`` by a factor when a metric has stopped improving.

    As PyTorch's of this name. The ratio of lr to initial_lr multiplies the whole rate, AdaBound's
    bounds included.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups are changed.
    mode : {"min", "max"}
        Whether a better metric is smaller or larger.
    factor : float
        In (0, 1).
    patience : int
        Number of calls without improvement that are let pass.
    threshold : float
        Improvement that counts, as a share of the best value if `threshold_mode` is "rel".
    threshold_mode : {"rel", "abs"}
        Meaning of `threshold`.
    cooldown : int
        Number of calls after a reduction in which nothing is counted.
    min_lr : float
        Least lr.
    eps : float
        Least change of lr that is made.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or a metric is NaN.

    Examples
    --------
    >>> from adabound_np import SGD
    >>> opt = SGD([np.ones(1)], lr=0.1)
    >>> scheduler = ReduceLROnPlateau(opt, factor=0.5, patience=1)
    >>> for loss in (1.0, 0.9, 0.9, 0.9):
    ...     scheduler.step(loss)
    >>> opt.param_groups[0]["lr"]
    0.05
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"optimizer must be an Optimizer, got {optimizer!r}")
        _among("mode", mode, ("min", "max"))
        _among("threshold_mode", threshold_mode, ("rel", "abs"))
        within("factor", factor, "(0, 1)")
        for name, number in (("patience", patience), ("cooldown", cooldown)):
            positive_int(name, number, least=0)
        for name, real in (("threshold", threshold), ("min_lr", min_lr), ("eps", eps)):
            within(name, real, "[0, inf)")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown = threshold, threshold_mode, cooldown
        self.min_lr, self.eps = min_lr, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0

    def step(self, metrics: float) -> None:
        """Take note of a metric, once an epoch or so; reduce lr if it is time."""
        metric = float(within("metrics", metrics, "[-inf, inf]"))
        if self._better(metric):
            self.best, self.num_bad_epochs = metric, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        if self.num_bad_epochs > self.patience:
            for group in self.optimizer.param_groups:
                new: Any = np.maximum(group["lr"] * self.factor, self.min_lr)
                if np.any(group["lr"] - new > self.eps):
                    group["lr"] = new if np.ndim(new) else float(new)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0

    def _better(self, metric: float) -> bool:
        sign = 1 if self.mode == "min" else -1
        if self.threshold_mode == "abs":
            return sign * metric < sign * self.best - self.threshold
        if math.isinf(self.best):
            return sign * metric < sign * self.best
        return sign * metric < sign * self.best * (1 - sign * self.threshold)

    def state_dict(self) -> dict[str, Any]:
        """All but the optimizer, as plain values."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a `state_dict`; raise ValueError, and change nothing, if names differ."""
        if set(state_dict) != set(self.state_dict()):
            raise ValueError(
                f"state_dict must have {sorted(self.state_dict())}, got {sorted(state_dict)}"
            )
        vars(self).update(state_dict)


def _among(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
