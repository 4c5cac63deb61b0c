"""One way to run an optimizer on a problem, whatever drives its lines."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.checks import known, positive_int
from problems.online.parallel_in_time import Chunk, even, growing, obstacle, path
from problems.online.parallel_in_time import play as play_parallel
from problems.online.problem import LinearProblem, OnlineProblem
from problems.online.protocol import Trajectory, check, constrained, play
from problems.online.protocol import run as run_steps
from problems.online.summary import Summary, Tally, log_grid
from problems.online.trust import STEPS, doubt, is_known

__all__ = ["ENGINES", "choose", "run", "summarize"]

#: What drives the lines: one step after the other, many steps at once, or what applies.
ENGINES = ("auto", "steps", "parallel")


def choose(
    engine: str, problem: OnlineProblem, optimizer: Optimizer, x1: Any, steps: int = STEPS
) -> str:
    """Return "steps" or "parallel".

    What a class that is not one of `adabound_np` states in `carries` is compared with single
    steps before it is trusted (`problems.online.trust`).

    Raises
    ------
    ValueError
        If the engine is unknown, or "parallel" is asked for where it cannot run.

    Warns
    -----
    UserWarning
        If "auto" goes step by step because `carries` are wrong.
    """
    known("engine", engine, ENGINES)
    if engine == "steps":
        return engine
    optimizer = constrained(problem, optimizer)
    reason = obstacle(problem, optimizer, x1)
    if reason is None and not is_known(optimizer):
        assert isinstance(problem, LinearProblem)
        reason = doubt(problem, optimizer, x1, steps)
        if reason and engine == "auto":
            warnings.warn(f"the run goes step by step: {reason}", UserWarning, stacklevel=3)
    if reason and engine == "parallel":
        raise ValueError(f"engine must be 'steps' or 'auto' here, got 'parallel': {reason}")
    return "steps" if reason else "parallel"


def run(
    problem: OnlineProblem, optimizer: Optimizer, steps: int, x1: Any, engine: str = "auto"
) -> Trajectory:
    r"""Play `steps` rounds of a problem and keep every iterate.

    Parameters
    ----------
    problem : OnlineProblem
        Gives f_t and F.
    optimizer : Optimizer
        Projects onto the problem's F, unless it has its own feasible set;
        ``feasible=Unconstrained()`` for none.
    steps : int
        Number of rounds, T >= 1.
    x1 : float or array
        x_1 in F.
    engine : {"auto", "steps", "parallel"}
        "parallel" runs a linear problem many steps at once, "steps" one after the other, "auto"
        the former where it can. Results differ by rounding alone.

    Raises
    ------
    TypeError, ValueError
        If `steps` is not a positive integer, x_1 is not in F, or `engine` cannot run this.

    Examples
    --------
    >>> from adabound_np import AMSGrad
    >>> from problems.online import reddi_online
    >>> problem = reddi_online().problem
    >>> opt = AMSGrad.as_in_paper(lr=0.5, betas=(0.9, 0.99), feasible=problem.feasible)
    >>> trajectory = run(problem, opt, steps=100_000, x1=0.0)
    >>> trajectory.x[-1].round(4), trajectory.average_regret[-1].round(5)
    (np.float64(-0.9842), np.float64(0.12199))
    """
    T, optimizer = check(problem, steps, x1), constrained(problem, optimizer)
    if choose(engine, problem, optimizer, x1, T) == "steps":
        return run_steps(problem, optimizer, T, x1)
    begin = time.perf_counter()
    assert isinstance(problem, LinearProblem)
    losses, points = zip(*path(problem, optimizer, x1, even(T)), strict=True)
    x = np.concatenate([[x1], *points])
    seconds = time.perf_counter() - begin
    return Trajectory(x, np.concatenate(losses), problem.best_losses(T), seconds)


def summarize(
    problem: OnlineProblem,
    optimizer: Optimizer,
    steps: int,
    x1: float,
    engine: str = "auto",
    points: int = 500,
    tick: Callable[[int], Any] = lambda n: None,
) -> Summary:
    r"""Play `steps` rounds of a problem in one variable and keep their course.

    Memory does not grow with T if the problem is linear. Of any other problem the least total
    losses, ``problem.best_losses(T)``, are held in full: 8 bytes per step.

    Parameters
    ----------
    problem, optimizer, steps, engine
        As for `run`.
    x1 : float
        x_1 in F. The course of an array is not kept; `run` keeps every iterate.
    points : int
        Largest number of steps kept of the course: a log grid. The parallel engine meets
        each by the end of the lane that holds it, at most 0.2 % later.
    tick : callable
        Called now and then with the number of steps done since.

    Raises
    ------
    TypeError, ValueError
        As `run`; and if x_1 is not one number, or ``best_losses(T)`` not of shape (T,).

    Examples
    --------
    >>> from adabound_np import Adam
    >>> from problems.online import reddi_online
    >>> problem = reddi_online().problem
    >>> opt = Adam.as_in_paper(lr=0.5, betas=(0.9, 0.99), feasible=problem.feasible)
    >>> summary = summarize(problem, opt, steps=2_000_000, x1=0.0)
    >>> print(f"{summary.x:.4f} {summary.average_regret:.5f} {summary.engine}")
    1.0000 0.21925 parallel
    """
    if np.ndim(x1):
        raise ValueError(f"x1 must be one number, got shape {np.shape(x1)}; `run` takes arrays")
    T, optimizer = check(problem, steps, x1), constrained(problem, optimizer)
    grid = log_grid(T, positive_int("points", points))
    chosen = choose(engine, problem, optimizer, x1, T)
    tally = Tally(problem, grid, _best_losses(problem, T))
    begin = time.perf_counter()
    if chosen == "parallel":
        assert isinstance(problem, LinearProblem)
        shapes = growing(T, problem.period)
        chunks = play_parallel(problem, optimizer, x1, shapes, tally)
    else:
        chunks = _one_by_one(problem, optimizer, T, x1, tally)
    done = 0
    for chunk in chunks:
        tally.close(chunk)
        tick(int(chunk.last[-1]) - done)
        done = int(chunk.last[-1])
    series = tally.series()
    return Summary(
        T,
        float(series.x[-1]),
        float(series.regret[-1]),
        float(series.average_regret[-1]),
        tally.optimum(),
        series,
        chosen,
        time.perf_counter() - begin,
    )


def _best_losses(problem: OnlineProblem, T: int) -> NDArray[np.float64] | None:
    """The least total losses of a problem that is not linear."""
    if isinstance(problem, LinearProblem):
        return None
    best = np.asarray(problem.best_losses(T), dtype=np.float64)
    if best.shape != (T,):
        raise ValueError(f"best_losses({T}) must have shape ({T},), got {best.shape}")
    return best


def _one_by_one(
    problem: OnlineProblem, optimizer: Optimizer, T: int, x1: float, tally: Tally
) -> Iterator[Chunk]:
    """The protocol, handed to a tally in chunks: every lane is one step."""
    linear = isinstance(problem, LinearProblem)
    played: Iterator[Any] = play(problem, optimizer, T, x1)
    rounds = ((t, f_t.c if linear else f_t(x), x, after) for t, f_t, x, after, _ in played)
    while chunk := list(itertools.islice(rounds, 1 << 14)):
        t, c, x, after = (np.array(part) for part in zip(*chunk, strict=True))
        tally(c[np.newaxis], len(c))(c, x)
        yield Chunk(t, after)
