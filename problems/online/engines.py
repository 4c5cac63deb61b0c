"""One way to run an optimizer on a problem, whatever drives its lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from adabound_np import Optimizer
from adabound_np.checks import known, positive_int
from problems.online.parallel_in_time import Chunk, Visit, even, growing, obstacle
from problems.online.parallel_in_time import play as play_parallel
from problems.online.problem import LinearProblem, OnlineProblem
from problems.online.protocol import Trajectory, check, play
from problems.online.protocol import run as run_steps
from problems.online.summary import Summary, Tally, log_grid

__all__ = ["ENGINES", "choose", "run", "summarize"]

#: What drives the lines: one step after the other, many steps at once, or what applies.
ENGINES = ("auto", "steps", "parallel")


def choose(engine: str, problem: OnlineProblem, optimizer: Optimizer, x1: Any) -> str:
    """Return "steps" or "parallel".

    Raises
    ------
    ValueError
        If the engine is unknown, or "parallel" is asked for where it cannot run.
    """
    known("engine", engine, ENGINES)
    if engine == "steps":
        return engine
    reason = obstacle(problem, optimizer, x1)
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
        Its own `feasible` set should be the problem's F.
    steps : int
        T >= 1.
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
    if choose(engine, problem, optimizer, x1) == "steps":
        return run_steps(problem, optimizer, steps, x1)
    begin, T = time.perf_counter(), check(problem, steps, x1)
    assert isinstance(problem, LinearProblem)
    played: list[tuple[Any, Any]] = []
    xs, losses = [np.array([x1], dtype=np.float64)], []

    def visit(c: Any, lanes: int) -> Visit:
        played.clear()
        return lambda c, x: played.append((c * x, x))

    shapes = even(T)
    for chunk in play_parallel(problem, optimizer, x1, shapes, visit):
        after = [x for _, x in played[1:]] + [chunk.x]
        xs.append(np.transpose(after).reshape(-1))
        losses.append(np.transpose([loss for loss, _ in played]).reshape(-1))
    seconds = time.perf_counter() - begin
    return Trajectory(np.concatenate(xs), np.concatenate(losses), problem.best_losses(T), seconds)


def summarize(
    problem: LinearProblem,
    optimizer: Optimizer,
    steps: int,
    x1: float,
    engine: str = "auto",
    points: int = 500,
    tick: Callable[[int], Any] = lambda n: None,
) -> Summary:
    r"""Play `steps` rounds of a linear problem and keep their course, in memory free of T.

    Parameters
    ----------
    problem, optimizer, steps, x1, engine
        As for `run`.
    points : int
        How many steps, at the most, the course is kept at: a log grid. The parallel engine meets
        each by the end of the lane that holds it, at most 0.2 % later.
    tick : callable
        Called now and then with the number of steps done since.

    Raises
    ------
    TypeError, ValueError
        As `run`.

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
    T = check(problem, steps, x1)
    chosen = choose(engine, problem, optimizer, x1)
    tally = Tally(problem, log_grid(T, positive_int("points", points)))
    begin = time.perf_counter()
    if chosen == "parallel":
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
        T, float(series.x[-1]), float(series.regret[-1]), float(series.average_regret[-1]),
        float(problem.feasible.argmin_linear(tally.slope)), series, chosen,
        time.perf_counter() - begin,
    )  # fmt: skip


def _one_by_one(
    problem: LinearProblem, optimizer: Optimizer, T: int, x1: float, tally: Tally
) -> Iterator[Chunk]:
    """The protocol, handed to a tally in chunks: every lane is one step."""
    size = 1 << 14
    rounds = play(problem, optimizer, T, x1)
    for start in range(1, T + 1, size):
        n = min(size, T + 1 - start)
        c, x, after = (np.array(part) for part in zip(*_take(rounds, n), strict=True))
        tally(c.reshape(1, n), n)(c, x)
        yield Chunk(np.arange(start, start + n), after)


def _take(
    rounds: Iterator[tuple[int, Any, Any, Any, Any]], n: int
) -> Iterator[tuple[float, float, float]]:
    for _ in range(n):
        _, f_t, x, after, _ = next(rounds)
        yield f_t.c, x, after
