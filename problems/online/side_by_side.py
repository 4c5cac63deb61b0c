"""Several optimizers on one problem, on as many processes as asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adabound_np import Optimizer
from problems.online.engines import choose, summarize
from problems.online.problem import OnlineProblem
from problems.online.protocol import check
from problems.online.summary import Summary

__all__ = ["summarize_all"]

_done: Any = None  # in a worker process: the shared counters of steps


def summarize_all(
    problem: OnlineProblem,
    optimizers: Mapping[str, Optimizer],
    steps: int,
    x1: float,
    engine: str = "auto",
    workers: int = 1,
    tick: Callable[[int], Any] = lambda n: None,
) -> dict[str, Summary]:
    """Summarize a run of each optimizer, by name, in the given order.

    Parameters
    ----------
    problem, steps, x1, engine
        As for `problems.online.summarize`.
    optimizers : mapping of str to Optimizer
        All are run on the same problem; with several workers they must be picklable.
    workers : int
        Processes to use. More than one starts new interpreters (the method that works on every
        platform), so that a script needs its ``if __name__ == "__main__":``.
    tick : callable
        Called now and then with the number of steps done since, of all optimizers together.
    """
    if workers <= 1:
        return {
            name: summarize(problem, optimizer, steps, x1, engine, tick=tick)
            for name, optimizer in optimizers.items()
        }
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, wait

    T = check(problem, steps, x1)
    chosen = [choose(engine, problem, optimizer, x1, T) for optimizer in optimizers.values()]
    context = multiprocessing.get_context("spawn")
    done = context.Array("q", len(optimizers))
    with ProcessPoolExecutor(workers, context, _start, (done,)) as pool:
        futures = {
            name: pool.submit(_work, i, problem, optimizer, T, x1, chosen[i])
            for i, (name, optimizer) in enumerate(optimizers.items())
        }
        seen, running = 0, set(futures.values())
        while running:
            _, running = wait(running, timeout=0.2)
            now = sum(done[:])
            tick(now - seen)
            seen = now
        return {name: future.result() for name, future in futures.items()}


def _start(done: Any) -> None:
    global _done  # noqa: PLW0603 (a worker process has nowhere else to keep it)
    _done = done


def _work(
    i: int, problem: OnlineProblem, optimizer: Optimizer, steps: int, x1: float, engine: str
) -> Summary:
    def tick(n: int) -> None:
        _done[i] += n

    return summarize(problem, optimizer, steps, x1, engine, tick=tick)
