"""Sweeps: the cells of a plan, on any executor, into a file that can be resumed.

What a cell gives depends on the cell alone, so that the executor, the order in which cells end,
and how often a sweep was killed and resumed leave no trace in the finished file.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import Any, Protocol, TypeVar

from adabound_np.checks import positive_int
from problems.errors import RunError
from problems.manifest import manifest
from problems.sweeps.cells import RESULTS, run_cell
from problems.sweeps.plan import Plan
from problems.sweeps.records import Records, recording

__all__ = [
    "Dask",
    "Inline",
    "SchedulerError",
    "SweepError",
    "append",
    "connect",
    "pool",
    "processors",
    "sort",
    "spread",
    "sweep",
]


class Numbered(Protocol):
    """A cell of any kind."""

    @property
    def number(self) -> int:
        """Its place, from 0."""


C = TypeVar("C", bound=Numbered)
R = TypeVar("R")


class SweepError(RunError):
    """A sweep ended early. Its file has what was done, and can be resumed."""


class SchedulerError(ValueError):
    """No Dask scheduler can be reached at an address."""


def sweep(
    plan: Plan,
    executor: Executor,
    path: str | os.PathLike[str],
    resume: bool = False,
    progress: Callable[[int, int], Any] = lambda done, total: None,
    window: int = 1024,
) -> int:
    """Run what a file misses of a plan; return the number of cells run.

    Parameters
    ----------
    plan : Plan
        The cells.
    executor : concurrent.futures.Executor
        What runs them: `pool`, threads, `Dask`, mpi4py's, ...
    path : str or path
        The file of results (see `problems.sweeps.records`): new or, with `resume`, one of the
        same plan. Records are appended as they come; when all are there, the file is put into
        the order of cells.
    resume : bool
        Whether to finish a file that has records already. They are not run again.
    progress : callable
        Called with the numbers of cells done and of all, at first and as records come.
    window : int
        Largest number of cells given to the executor at a time: a few for each worker.

    Raises
    ------
    BrokenConditionError, ValueError
        If cells break the paper's conditions or are out of range; nothing is run.
    RecordsError
        If the file cannot be used, or another sweep writes to it; it is left as it was.
    SweepError
        If a worker dies, a cell fails, or records cannot be written. The file can be resumed.

    Examples
    --------
    >>> import tempfile
    >>> from problems.sweeps.records import read
    >>> plan = Plan("reddi-online", ["adam"], 20_000, grid={"lr": [0.1, 1.0]})
    >>> with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as executor:
    ...     ran = sweep(plan, executor, f"{folder}/sweep.jsonl")
    ...     header, records = read(f"{folder}/sweep.jsonl")
    >>> ran, [(r["parameters"], round(r["x_final"], 3)) for r in records]
    (2, [({'lr': 0.1}, 0.176), ({'lr': 1.0}, 0.995)])
    """
    positive_int("window", window)
    plan.check()
    total = len(plan)
    seed = plan.seeds[0] if len(plan.seeds) == 1 else None
    header = {**plan.header(), "manifest": manifest("sweep", seed)}
    with recording(path, header, lambda i: plan.cell(i).identity(), RESULTS, resume) as records:
        before = len(records.places)
        progress(before, total)
        missing = (i for i in range(total) if i not in records.places)
        with closing(spread(run_cell, map(plan.cell, missing), executor, window)) as batches:
            for batch in batches:
                append(records, ({**cell.identity(), **results} for cell, results in batch))
                progress(len(records.places), total)
        sort(records)
        return total - before


def append(records: Records, entries: Iterable[Mapping[str, Any]]) -> None:
    """Append to a file of records.

    Raises
    ------
    SweepError
        If they cannot be written.
    """
    try:
        records.append(entries)
    except OSError as error:
        raise SweepError(f"records cannot be written to {records.path}: {error}") from error


def sort(records: Records) -> None:
    """Put a complete file of records into order.

    Raises
    ------
    SweepError
        If it cannot be written, or is gone.
    """
    try:
        if not records.path.exists():
            raise FileNotFoundError(f"{records.path} was removed while the runs were made")
        records.sort()
    except FileNotFoundError as error:
        raise SweepError(f"{error}; run them again", resumable=False) from error
    except OSError as error:
        raise SweepError(f"{records.path} is complete, but cannot be sorted: {error}") from error


def spread(
    function: Callable[[C], R], cells: Iterator[C], executor: Executor, window: int
) -> Generator[list[tuple[C, R]], None, None]:
    """Run cells, at most `window` at a time; yield those that have ended since, with results.

    Parameters
    ----------
    function : callable
        What is called with each cell, on a worker.
    cells : iterator
        Cells to run; anything with a ``number``, for messages.
    executor, window
        As for `sweep`.

    Raises
    ------
    SweepError
        If a worker dies or a cell fails, after what has ended was yielded.
    """
    running: dict[Future[Any], C] = {}
    ended: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
    failure: SweepError | None = None
    try:
        while True:
            try:
                for cell in islice(cells, window - len(running)):
                    future = executor.submit(function, cell)
                    running[future] = cell
                    future.add_done_callback(ended.put)
            except RuntimeError as error:  # broken, or shut down
                failure = SweepError(f"the executor takes no more cells: {error}")
                failure.__cause__ = error
            if not running and failure is None:
                return
            good = []
            done = [] if failure else [ended.get()]
            for future in done + [ended.get() for _ in range(ended.qsize())]:
                cell = running.pop(future)
                reason = CancelledError() if future.cancelled() else future.exception()
                if reason is None:
                    good.append((cell, future.result()))
                else:
                    failure = failure or _failed(cell, reason)
            yield good
            if failure:
                raise failure
    finally:
        # A process pool cancels by itself when it is shut down. If its workers end in between, its
        # thread stumbles over futures that others cancelled, up to Python 3.11, and prints that.
        for future in () if isinstance(executor, ProcessPoolExecutor) else running:
            future.cancel()


def _failed(cell: Numbered, reason: BaseException) -> SweepError:
    if isinstance(reason, BrokenExecutor):  # whichever cell it ran
        failure = SweepError(f"a worker died: {reason}")
    elif isinstance(reason, CancelledError):  # not by `spread`, which has not ended
        failure = SweepError("the executor gave its cells up, as Dask does without its scheduler")
    else:
        text = f"cell {cell.number} failed: {type(reason).__name__}: {reason}"
        failure = SweepError(text.rstrip(": "))
    failure.__cause__ = reason
    return failure


def processors() -> int:
    """The number of processors that this process may use."""
    own = getattr(os, "sched_getaffinity", None)
    return len(own(0)) if own else os.cpu_count() or 1


class Inline(Executor):
    """Runs what it is given at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Call a function; return what it gave or raised, but let an interrupt through."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **options))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def pool(workers: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Worker processes on this machine, for `sweep`, which end with this one however it ends.

    They are spawned, not forked: that works on every system, next to threads too, and leaves
    them without a copy of the file's lock. NumPy's import, 0.2 s, is what a worker's start takes.

    Parameters
    ----------
    workers : int, optional
        How many; by default one for each processor.
    """
    context = multiprocessing.get_context("spawn")
    leash, hand = context.Pipe(duplex=False)  # only this process holds the writing end
    executor = ProcessPoolExecutor(
        workers or processors(), mp_context=context, initializer=_obey, initargs=(leash,)
    )
    try:
        yield executor
    except BaseException:
        hand.close()  # cells that still run are given up
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        hand.close()
        leash.close()


def _obey(leash: Any) -> None:
    """Leave Ctrl-C to the process that started this worker, and end when it lets go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def follow() -> None:
        with suppress(OSError, EOFError):
            leash.poll(None)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class Dask(Executor):
    """Runs what it is given on a Dask cluster.

    ``Client.get_executor()`` never ends a call whose result is lost with the scheduler, and prints
    why; here such a call ends in a ``CancelledError``.

    Parameters
    ----------
    client : distributed.Client
        What `connect` returns.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, fn: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Call a function on one of the workers."""
        here: Future[Any] = Future()
        there = self._client.submit(fn, *args, pure=False, **options)

        def receive(there: Any) -> None:
            if not here.set_running_or_notify_cancel():
                return
            try:
                here.set_result(there.result())
            except Exception as error:
                own = there.status == "error"  # the function's
                here.set_exception(error if own else CancelledError())

        here.add_done_callback(lambda here: there.cancel() if here.cancelled() else None)
        there.add_done_callback(receive)
        return here


def connect(address: str, timeout: float = 10.0) -> Any:
    """Return a ``distributed.Client`` of a Dask scheduler, for `Dask`.

    Parameters
    ----------
    address : str
        Such as ``tcp://127.0.0.1:8786``.
    timeout : float
        Seconds to wait for an answer.

    Raises
    ------
    SchedulerError
        If `distributed` is not installed, or no scheduler answers at the address.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise SchedulerError(
            "a scheduler needs the package distributed, which is not installed: "
            "python -m pip install 'adabound-np[distributed]'"
        ) from error

    async def ask() -> Any:
        secrets = distributed.Security().get_connection_args("client")
        remote = distributed.rpc(address, timeout=timeout, connection_args=secrets)
        try:
            return await asyncio.wait_for(remote.identity(), timeout)
        finally:
            await remote.close_rpc()

    # Client itself waits forever for a server that takes the connection and says nothing.
    try:
        with ThreadPoolExecutor(1) as thread:  # where no event loop runs, as one does in Jupyter
            kind = thread.submit(lambda: asyncio.run(ask())).result()["type"]
        if kind != "Scheduler":
            raise ValueError(f"a {kind} answers")
        return distributed.Client(address, timeout=timeout, set_as_default=False)
    except Exception as error:  # what a stranger's answer is taken for knows no bounds
        reason = str(error) or f"no answer within {timeout:g} s"
        raise SchedulerError(
            f"scheduler must be the address of a Dask scheduler, got {address!r}: {reason}"
        ) from error
