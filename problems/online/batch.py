"""A batch of problems at once: trajectories along an axis, hyperparameters as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from problems.online.problem import Linear, LinearProblem, OnlineProblem
from problems.online.protocol import constrained, revealed

__all__ = ["Endpoints", "endpoints"]

#: Steps between two ticks, and of a chunk of slopes.
SIZE = 1024


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
    batch: Sequence[OnlineProblem],
    optimizer: Optimizer,
    steps: int,
    x1: Any,
    tick: Callable[[int], Any] = lambda n: None,
    visit: Callable[[NDArray[np.float64]], Any] = lambda x: None,
) -> Endpoints:
    """Play `steps` rounds of each problem of a batch, side by side.

    Parameters
    ----------
    batch : sequence of OnlineProblem, length n
        Problems in one variable. Their functions may differ; F must be the same. Linear ones are
        the faster: any other function is called for each trajectory in turn.
    optimizer : Optimizer
        One for all; it projects onto F unless it has its own feasible set. Its
        hyperparameters are numbers or arrays of shape (n,), one entry each.
    steps : int
        Number of rounds, T >= 1.
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
    optimizer = constrained(batch[0], optimizer)
    s = optimizer.init(x)
    linear = [problem for problem in batch if isinstance(problem, LinearProblem)]
    side_by_side: Iterator[Any] = _linear(linear, T) if len(linear) == n else _any(batch, T)
    paid, slope = np.zeros(n), np.zeros(n)
    for t, f_t in enumerate(side_by_side, 1):
        paid += f_t(x)
        if isinstance(f_t, Linear):
            slope += f_t.c
        played = x
        x, s = optimizer.update(x, f_t.gradient(x), s)
        visit(x)
        if t % SIZE == 0 or t == T:
            tick(SIZE if t % SIZE == 0 else t % SIZE)
    if len(linear) == n:
        regret = paid - linear[0].least(slope)
    else:
        regret = paid - [problem.best_losses(T)[-1] for problem in batch]
    return Endpoints(played, regret, regret / T)


def _linear(batch: Sequence[LinearProblem], T: int) -> Iterator[Linear]:
    """Each step's slopes, of equal problems computed once."""
    different = dict(zip(map(_key, batch), batch, strict=True))
    number = {key: i for i, key in enumerate(different)}
    which = np.array([number[_key(problem)] for problem in batch])
    for start in range(1, T + 1, SIZE):
        stop = min(start + SIZE, T + 1)
        slopes = np.stack([problem.slopes(start, stop) for problem in different.values()], axis=1)
        if len(slopes) != stop - start:
            raise ValueError(f"slopes({start}, {stop}) must be {stop - start}, got {len(slopes)}")
        yield from map(Linear, slopes[:, which])


def _key(problem: Any) -> Any:
    """What equal problems share; of a problem that cannot be hashed, its identity."""
    try:
        hash(problem)
    except TypeError:
        return id(problem)
    return problem


class _Each:
    """Functions of one variable, one for each entry of x."""

    def __init__(self, functions: list[Any]) -> None:
        self.functions = functions

    def __call__(self, x: Any) -> Any:
        return np.array([f(y) for f, y in zip(self.functions, x, strict=True)], dtype=np.float64)

    def gradient(self, x: Any) -> Any:
        """The slopes."""
        each = (f.gradient(y) for f, y in zip(self.functions, x, strict=True))
        return np.array(list(each), dtype=np.float64)


def _any(batch: Sequence[Any], T: int) -> Iterator[_Each]:
    """Each step's functions."""
    for rounds in zip(*(revealed(problem, T) for problem in batch), strict=True):
        yield _Each([f_t for _, f_t in rounds])
