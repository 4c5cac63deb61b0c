"""Where cells run: this process, workers that obey, a scheduler's answer."""

import importlib
import os
from concurrent.futures import CancelledError, ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from problems.sweeps import runner
from problems.sweeps.records import read
from problems.sweeps.runner import (
    Dask,
    Inline,
    SchedulerError,
    SweepError,
    connect,
    pool,
    spread,
    sweep,
)
from tests.problems.sweeps.test_sweep import PLAN, Late, Now


def test_processors(monkeypatch):
    allowed = {0: {1, 5, 6}, 1: {1}}
    monkeypatch.setattr(os, "sched_getaffinity", allowed.__getitem__, raising=False)
    assert runner.processors() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    for count, found in ((7, 7), (None, 1)):
        monkeypatch.setattr(os, "cpu_count", lambda count=count: count)
        assert runner.processors() == found


def test_inline_keeps_errors_and_lets_interrupts_through():
    error = ValueError("bad")

    def fails(error):
        raise error

    assert Inline().submit(max, 2, 3).result() == 3
    assert Inline().submit(fails, error).exception() is error
    with pytest.raises(KeyboardInterrupt):
        Inline().submit(fails, KeyboardInterrupt())


class Pool:
    """In place of a pool of processes: notes what becomes of it."""

    def __init__(self, events, workers, mp_context, initializer, initargs):
        self.events, self.workers = events, workers
        self.starts = (initializer, *initargs)

    def shutdown(self, cancel_futures):
        self.events.append(f"shutdown, cancel={cancel_futures}")


@pytest.fixture
def events(monkeypatch):
    """What happens to the pool and to the two ends of its pipe, in order."""
    found = []

    def context(kind):
        assert kind == "spawn"
        ends = {n: SimpleNamespace(close=lambda n=n: found.append(n)) for n in ("leash", "hand")}
        return SimpleNamespace(Pipe=lambda duplex: (ends["leash"], ends["hand"]), ends=ends)

    monkeypatch.setattr(runner.multiprocessing, "get_context", context)
    monkeypatch.setattr(runner, "ProcessPoolExecutor", lambda *a, **k: Pool(found, *a, **k))
    monkeypatch.setattr(runner, "processors", lambda: 5)
    return found


def test_a_pool_is_closed(events):
    with pool(3) as executor:
        assert executor.workers == 3
        assert executor.starts[0] is runner._obey
        assert not events
    assert events == ["shutdown, cancel=True", "hand", "leash"]
    with pool() as executor:
        assert executor.workers == 5


def test_a_pool_that_is_left_early_lets_go_of_its_workers_first(events):
    with pytest.raises(KeyboardInterrupt), pool(1):
        raise KeyboardInterrupt
    assert events == ["hand", "shutdown, cancel=True", "hand", "leash"]


@pytest.mark.parametrize("error", [EOFError, OSError, None])
def test_a_worker_ends_when_it_is_let_go(error, monkeypatch):
    events = []

    def poll(timeout):
        events.append(("poll", timeout))
        if error:
            raise error

    def thread(target, daemon):
        assert daemon
        return SimpleNamespace(start=target)

    monkeypatch.setattr(runner.threading, "Thread", thread)
    monkeypatch.setattr(runner.signal, "signal", lambda *args: events.append(args))
    monkeypatch.setattr(runner.os, "_exit", lambda code: events.append(("exit", code)))
    runner._obey(SimpleNamespace(poll=poll))
    ignored = (runner.signal.SIGINT, runner.signal.SIG_IGN)
    assert events == [ignored, ("poll", None), ("exit", 1)]


def test_batches_are_not_empty():
    """It waits until something has ended."""
    cells = [SimpleNamespace(number=n) for n in range(6)]

    def work(cell):
        return sum(range(200_000)) + cell.number

    with ThreadPoolExecutor(2) as executor:
        batches = list(spread(work, iter(cells), executor, 2))
    assert all(batches)
    found = sorted(cell.number for batch in batches for cell, _ in batch)
    assert found == list(range(6))


def test_why_a_sweep_failed_is_its_cause():
    cells = [SimpleNamespace(number=n) for n in range(2)]
    error = ValueError("bad")

    def fails(cell):
        raise error

    with ThreadPoolExecutor(1) as executor, pytest.raises(SweepError, match="bad") as caught:
        list(spread(fails, iter(cells), executor, 1))
    assert caught.value.__cause__ is error
    with pytest.raises(SweepError, match="takes no more cells") as caught:
        list(spread(fails, iter(cells), Now(broken=0), 1))
    assert str(caught.value.__cause__) == "a worker died"


@pytest.mark.parametrize(("seeds", "seed"), [((7,), 7), ((0, 7), None)])
def test_a_sweep_returns_how_many_it_ran_and_is_in_order(seeds, seed, tmp_path):
    plan = type(PLAN)("reddi-stochastic", ("adam", "adabound"), 20, seeds=seeds)
    path, total = tmp_path / "a.jsonl", 2 * len(seeds)
    with pytest.raises(SweepError):
        sweep(plan, Now(broken=1), path, window=1)
    assert sweep(plan, Late(total - 1), path, resume=True, window=4) == total - 1
    header, records = read(path)
    assert header["manifest"]["seed"] == seed
    assert [record["cell"] for record in records] == list(range(total))


class Cluster:
    """In place of Dask's client and its futures: whatever is submitted ends as told."""

    def __init__(self, status, outcome):
        self.status, self.outcome, self.events = status, outcome, []

    def submit(self, function, *args, pure, **options):
        self.events.append((function, args, pure, options))
        return self

    def add_done_callback(self, callback):
        self.done = lambda: callback(self)

    def result(self):
        self.events.append("result")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def cancel(self):
        self.events.append("cancel")


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        ("error", ValueError("the cell's own"), ValueError),
        ("error", OSError("the cell's own"), OSError),
        ("finished", OSError("the scheduler is gone, with the result"), CancelledError),
        ("cancelled", CancelledError(), CancelledError),
    ],
)
def test_how_calls_on_a_cluster_fail(status, outcome, expected):
    """One whose result cannot be had was given up: it ends all the same."""
    cluster = Cluster(status, outcome)
    future = Dask(cluster).submit(max, 1)
    assert not future.done()
    cluster.done()
    assert type(future.exception(timeout=0)) is expected
    assert expected is CancelledError or future.exception() is outcome


def test_calls_on_a_cluster_that_end_or_are_cancelled():
    cluster = Cluster("finished", 3)
    future = Dask(cluster).submit(max, 1, key=abs)
    cluster.done()
    assert future.result(timeout=0) == 3
    assert cluster.events == [(max, (1,), False, {"key": abs}), "result"]
    future = Dask(cluster).submit(max, 1)
    assert future.cancel()
    cluster.done()  # too late: nobody asks for the result
    assert cluster.events[2:] == [(max, (1,), False, {}), "cancel"]


class Remote:
    """In place of Dask's: answers as a kind of server, or with an error."""

    def __init__(self, kind):
        self.kind, self.events = kind, []

    def Security(self):  # noqa: N802
        return SimpleNamespace(get_connection_args=lambda role: {"for": role})

    def rpc(self, address, **options):
        self.events.append((address, options))
        return self

    async def identity(self):
        if isinstance(self.kind, Exception):
            raise self.kind
        return {"type": self.kind}

    async def close_rpc(self):
        self.events.append("closed")

    def Client(self, address, **options):  # noqa: N802
        self.events.append((address, options))
        return "a client"


def answering(monkeypatch, kind):
    remote = Remote(kind)
    monkeypatch.setattr(importlib, "import_module", lambda name: remote)
    return remote


def test_a_scheduler_that_answers(monkeypatch):
    remote = answering(monkeypatch, "Scheduler")
    assert connect("tcp://here:1", timeout=3.0) == "a client"
    asked = ("tcp://here:1", {"timeout": 3.0, "connection_args": {"for": "client"}})
    assert remote.events == [
        asked,
        "closed",
        ("tcp://here:1", {"timeout": 3.0, "set_as_default": False}),
    ]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Worker", "a Worker answers"),
        (OSError("refused"), "refused"),
        (TimeoutError(), "no answer within 3 s"),
    ],
)
def test_what_is_no_scheduler(kind, reason, monkeypatch):
    remote = answering(monkeypatch, kind)
    with pytest.raises(SchedulerError) as caught:
        connect("tcp://here:1", timeout=3.0)
    assert str(caught.value) == (
        f"scheduler must be the address of a Dask scheduler, got 'tcp://here:1': {reason}"
    )
    assert remote.events[-1] == "closed"
