"""The protocol of online convex optimization, step by step ([Luo19] Sec. 2 and Alg. 1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from problems.online.problem import OnlineProblem

__all__ = ["Trajectory", "run"]


@dataclass(frozen=True)
class Trajectory:
    """What an optimizer did on a problem.

    Attributes
    ----------
    x : array of float, shape (T + 1, ...)
        x_1, ..., x_{T+1}: the points played, and the one after the last step.
    losses : array of float, shape (T,)
        f_1(x_1), ..., f_T(x_T).
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
        regret: NDArray[np.float64] = np.cumsum(self.losses) - self.best_losses
        return regret

    @cached_property
    def average_regret(self) -> NDArray[np.float64]:
        r"""R_t / t for t = 1, ..., T; an algorithm works on a problem if it tends to 0."""
        average: NDArray[np.float64] = self.regret / np.arange(1, self.steps + 1)
        return average


def run(
    problem: OnlineProblem,
    optimizer: Optimizer,
    steps: int,
    x1: Any,
    progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
) -> Trajectory:
    r"""Play `steps` rounds of a problem, one at a time.

    Parameters
    ----------
    problem : OnlineProblem
        Gives f_t and F.
    optimizer : Optimizer
        Its pure layer is used. Its own `feasible` set should be the problem's F.
    steps : int
        T >= 1.
    x1 : float or array
        x_1 in F.
    progress : callable, optional
        Wraps the iterable of rounds, as `tqdm` does.

    Raises
    ------
    TypeError, ValueError
        If `steps` is not a positive integer, or x_1 is not in F.

    Examples
    --------
    >>> from adabound_np import AMSGrad
    >>> from problems.online import reddi_online
    >>> problem = reddi_online().problem
    >>> opt = AMSGrad.as_in_paper(lr=0.5, betas=(0.9, 0.99), feasible=problem.feasible)
    >>> trajectory = run(problem, opt, steps=1000, x1=0.0)
    >>> bool(trajectory.average_regret[-1] < trajectory.average_regret[99])
    True
    """
    T = positive_int("steps", steps)
    if not problem.feasible.contains(x1):
        raise ValueError(f"x1 must be in F = {problem.feasible}, got {x1!r}")
    x = np.asarray(x1, dtype=np.float64)
    xs = np.empty((T + 1, *x.shape))
    xs[0] = x
    losses = np.empty(T)
    s = optimizer.init(x)
    begin = time.perf_counter()
    for t, f_t in progress(problem.reveal(T)):
        losses[t - 1] = f_t(x)
        g_t = f_t.gradient(x)
        x, s = optimizer.update(x, g_t, s)
        xs[t] = x
    return Trajectory(xs, losses, problem.best_losses(T), time.perf_counter() - begin)
