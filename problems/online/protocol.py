"""The protocol of online convex optimization, step by step ([Luo19] Sec. 2 and Alg. 1)."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from problems.online.problem import OnlineProblem, RoundFunction

__all__ = ["Trajectory", "check", "constrained", "play", "revealed", "run"]


@dataclass(frozen=True)
class Trajectory:
    """What an optimizer did on a problem.

    Attributes
    ----------
    x : array of float, shape (T + 1, ...)
        x_1, ..., x_{T+1}: the points played, and the one after the last step.
    losses : array of float, shape (T,)
        f_1(x_1), ..., f_T(x_T); of a batch of trajectories, shape (T, ...).
    best_losses : array of float, shape (T,)
        The least total loss of a fixed point, after each step.
    seconds : float
        Wall time of the run.
    """

    x: NDArray[Any]
    losses: NDArray[np.float64]
    best_losses: NDArray[np.float64]
    seconds: float

    @property
    def steps(self) -> int:
        """T."""
        return len(self.losses)

    @cached_property
    def regret(self) -> NDArray[np.float64]:
        r"""R_t = \sum_{i \le t} f_i(x_i) - \min_{x \in F} \sum_{i \le t} f_i(x), t = 1, ..., T."""
        paid: NDArray[np.float64] = np.cumsum(self.losses, axis=0)
        return (paid.T - self.best_losses.T).T

    @cached_property
    def average_regret(self) -> NDArray[np.float64]:
        r"""R_t / t for t = 1, ..., T; an algorithm works on a problem if it tends to 0."""
        average: NDArray[np.float64] = (self.regret.T / np.arange(1, self.steps + 1)).T
        return average


def check(problem: OnlineProblem, steps: Any, x1: Any) -> int:
    """Return T.

    Raises
    ------
    TypeError, ValueError
        If `steps` is not a positive integer, or x_1 is not in F.
    """
    T = positive_int("steps", steps)
    if not problem.feasible.contains(x1):
        raise ValueError(f"x1 must be in F = {problem.feasible}, got {x1!r}")
    return T


def constrained(problem: OnlineProblem, optimizer: Optimizer) -> Optimizer:
    """Return an optimizer that projects onto the problem's F, unless told otherwise.

    An optimizer with its own feasible set is returned unchanged; with
    ``feasible=Unconstrained()`` it does not project.

    Examples
    --------
    >>> from adabound_np import SGD, Unconstrained
    >>> from problems.online import reddi_online
    >>> problem, free = reddi_online().problem, SGD(lr=0.1, feasible=Unconstrained())
    >>> constrained(problem, SGD(lr=0.1)).hyper.feasible
    Box(lo=-1.0, hi=1.0)
    >>> constrained(problem, free) is free
    True
    """
    if optimizer.defaults["feasible"] is not None:
        return optimizer
    other = copy.copy(optimizer)
    other.defaults = {**optimizer.defaults, "feasible": problem.feasible}
    other.hyper = other.check_group(other.defaults)
    return other


def revealed(problem: OnlineProblem, T: int) -> Iterator[tuple[int, RoundFunction]]:
    """(1, f_1), ..., (T, f_T); raise ValueError if the problem does not reveal them."""
    rounds = iter(problem.reveal(T))
    for t in range(1, T + 1):
        number, f_t = next(rounds, (None, None))
        if f_t is None or number != t:
            raise ValueError(f"the problem must reveal f_1 to f_{T}, got {number} in place of {t}")
        yield t, f_t


def play(
    problem: OnlineProblem, optimizer: Optimizer, T: int, x1: Any
) -> Iterator[tuple[int, RoundFunction, Any, Any, Any]]:
    r"""The protocol: play x_t, see f_t, pay f_t(x_t), update with \nabla f_t(x_t).

    Yields
    ------
    t, f_t, x_t, x_{t+1}, s_t
        After each round; s_t is the optimizer's state after it.

    Raises
    ------
    ValueError
        If the problem does not reveal f_1, ..., f_T.
    """
    optimizer = constrained(problem, optimizer)
    x = np.asarray(x1, dtype=np.float64)
    s = optimizer.init(x)
    for t, f_t in revealed(problem, T):
        g_t = f_t.gradient(x)
        x_next, s = optimizer.update(x, g_t, s)
        yield t, f_t, x, x_next, s
        x = x_next


def run(problem: OnlineProblem, optimizer: Optimizer, steps: int, x1: Any) -> Trajectory:
    """Play `steps` rounds one after the other and keep every iterate; see `problems.online.run`."""
    begin, T = time.perf_counter(), check(problem, steps, x1)
    xs = np.empty((T + 1, *np.shape(x1)))
    xs[0] = x1
    losses = list[Any]()
    for t, f_t, x, x_next, _ in play(problem, optimizer, T, x1):
        losses.append(f_t(x))
        xs[t] = x_next
    paid = np.array(losses, dtype=np.float64)
    return Trajectory(xs, paid, problem.best_losses(T), time.perf_counter() - begin)
