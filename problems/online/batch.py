"""A batch of linear problems at once: trajectories along an axis, hyperparameters as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from problems.online.problem import LinearProblem

__all__ = ["Endpoints", "endpoints"]


@dataclass(frozen=True)
class Endpoints:
    """Where the trajectories of a batch end.

    Attributes
    ----------
    x : array of float, shape (n,)
        x_T of each.
    regret, average_regret : array of float, shape (n,)
        R_T and R_T/T of each.
    """

    x: NDArray[np.float64]
    regret: NDArray[np.float64]
    average_regret: NDArray[np.float64]


def endpoints(
    batch: Sequence[LinearProblem],
    optimizer: Optimizer,
    steps: int,
    x1: Any,
    tick: Callable[[int], Any] = lambda n: None,
    visit: Callable[[NDArray[np.float64]], Any] = lambda x: None,
) -> Endpoints:
    """Play `steps` rounds of each problem of a batch, side by side.

    Parameters
    ----------
    batch : sequence of LinearProblem, length n
        Their slopes may differ; F must be the same.
    optimizer : Optimizer
        One for all; its hyperparameters are numbers or arrays of shape (n,), one entry each.
    steps : int
        T >= 1.
    x1 : float or array of shape (n,)
        x_1 in F.
    tick : callable
        Called now and then with the number of steps done since.
    visit : callable
        Called after each step t with x_{t+1}, shape (n,).

    Raises
    ------
    TypeError, ValueError
        If `steps` is not a positive integer, the batch is empty or differs in F, or x_1 is not
        in F.

    Examples
    --------
    AMSGrad at three step sizes in one call:

    >>> from adabound_np import AMSGrad
    >>> from problems.online import reddi_online
    >>> problem = reddi_online().problem
    >>> lr = np.array([0.1, 0.5, 2.0])
    >>> opt = AMSGrad.as_in_paper(lr=lr, betas=(0.9, 0.99), feasible=problem.feasible)
    >>> endpoints([problem] * 3, opt, steps=10_000, x1=0.0).x.round(2)
    array([-0.35, -0.8 , -0.19])
    """
    T, n = positive_int("steps", steps), len(batch)
    if not n or any(problem.feasible != batch[0].feasible for problem in batch):
        raise ValueError("batch must hold at least one problem, all with the same F")
    x = np.array(np.broadcast_to(np.asarray(x1, dtype=np.float64), n))
    if not batch[0].feasible.contains(x):
        raise ValueError(f"x1 must be in F = {batch[0].feasible}, got {x1!r}")
    s = optimizer.init(x)
    different = dict.fromkeys(batch)
    number = {problem: i for i, problem in enumerate(different)}
    which = np.array([number[problem] for problem in batch])
    paid, slope, size = np.zeros(n), np.zeros(n), 1024
    for start in range(1, T + 1, size):
        stop = min(start + size, T + 1)
        slopes = np.stack([problem.slopes(start, stop) for problem in different], axis=1)
        for c in slopes[:, which]:
            paid += c * x
            slope += c
            played = x
            x, s = optimizer.update(x, c, s)
            visit(x)
        tick(stop - start)
    regret = paid - batch[0].least(slope)
    return Endpoints(played, regret, regret / T)
