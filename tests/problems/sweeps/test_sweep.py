"""Sweeps: what they compute, and that neither kills nor damage nor rivals change it."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path

import pytest

from problems.forms import in_paper
from problems.online import BrokenConditionError, run, setting
from problems.sweeps import cells as cells_module
from problems.sweeps import records as records_module
from problems.sweeps import runner as sweep_module
from problems.sweeps.axes import AXES, Span
from problems.sweeps.cells import run_cell
from problems.sweeps.plan import Plan
from problems.sweeps.records import RecordsError, encode, read
from problems.sweeps.runner import SweepError, pool, spread, sweep

ROOT = Path(__file__).parents[3]
PLAN = Plan(
    "reddi-stochastic",
    ("adam", "adabound"),
    300,
    grid={"lr": [0.1, 1.0], "beta2": [0.9, 0.99]},
    seeds=(0, 7),
)


class Now(Executor):
    """Runs at once, in this thread; keeps what it ran; `broken` after a number of cells."""

    def __init__(self, broken=None):
        self.ran, self.broken = [], broken

    def submit(self, function, cell):
        if self.broken is not None and len(self.ran) >= self.broken:
            raise BrokenExecutor("a worker died")
        self.ran.append(cell.number)
        future = Future()
        future.set_result(function(cell))
        return future


class Late(Executor):
    """Runs what it was given in reversed order, four cells at a time; of `total` in all."""

    def __init__(self, total):
        self.given, self.total = [], total

    def submit(self, function, cell):
        future = Future()
        self.given.append((future, cell))
        self.total -= 1
        if self.total == 0 or len(self.given) == 4:
            for late, one in reversed(self.given):
                late.set_result(function(one))
            self.given.clear()
        return future


@pytest.fixture
def whole(tmp_path):
    """A finished file of PLAN."""
    path = tmp_path / "whole.jsonl"
    assert sweep(PLAN, Now(), path) == len(PLAN) == 16
    return path


def lines_of(path):
    return path.read_bytes().splitlines(keepends=True)


# What it computes


def test_records_are_those_of_single_runs(whole):
    header, records = read(whole)
    assert header["problem"] == "reddi-stochastic"
    expected = itertools.product([0.1, 1.0], [0.9, 0.99], [0, 7], ["adam", "adabound"])
    for number, (record, (lr, beta2, seed, name)) in enumerate(zip(records, expected, strict=True)):
        s = setting("reddi-stochastic", seed=seed, lr=lr, beta2=beta2)
        optimizer = in_paper(
            name,
            lr=lr,
            beta1=0.9,
            beta2=beta2,
            final_lr=0.1,
            gamma=1e-3,
            schedule="inv-sqrt",
            feasible=s.problem.feasible,
        )
        trajectory = run(s.problem, optimizer, 300, 0.0, engine="steps")
        regret = trajectory.regret[-1]
        assert record == {
            "cell": number,
            "optimizer": name,
            "seed": seed,
            "parameters": {"lr": lr, "beta2": beta2},
            "x_final": pytest.approx(trajectory.x[-2], abs=1e-12),
            "regret": pytest.approx(regret, abs=1e-9),
            "average_regret": pytest.approx(regret / 300, abs=1e-11),
        }


@pytest.mark.parametrize(
    ("axis", "problem", "values"),
    [
        ("lr", "reddi-online", [0.3, 0.4]),
        ("beta1", "reddi-online", [0.5, 0.6]),
        ("beta2", "reddi-online", [0.8, 0.9]),
        ("final_lr", "reddi-online", [0.05, 0.1]),
        ("gamma", "reddi-online", [0.01, 0.1]),
        ("cycle", "reddi-online", [11, 12]),
        ("x1", "reddi-online", [0.25, 0.5]),
        ("delta", "reddi-theorem3", [0.5, 0.75]),
        ("epsilon", "reddi-theorem6", [0.5, 0.75]),
        ("K", "savarese", [20, 60]),
    ],
)
def test_every_axis_reaches_the_run(axis, problem, values):
    plan = Plan(problem, ["adabound", "adam"], 200, grid={axis: values})
    plan.check()
    one, two = (run_cell(plan.cell(n)) for n in ((1, 3) if axis == "epsilon" else (0, 2)))
    assert one["regret"] != two["regret"]


def test_every_axis_is_tested():
    marks = test_every_axis_reaches_the_run.pytestmark[0].args[1]
    assert [axis for axis, _, _ in marks] == list(AXES)


def test_the_schedule_and_engine_reach_the_run(monkeypatch):
    used = []

    def summarize(*args, **options):
        used.append(summary := really(*args, **options))
        return summary

    really = cells_module.summarize
    monkeypatch.setattr(cells_module, "summarize", summarize)
    plans = [
        Plan("reddi-online", ["adam"], 500, schedule=schedule, engine=engine)
        for schedule in ("inv-sqrt", "constant")
        for engine in ("steps", "parallel")
    ]
    one, same, two, _ = (run_cell(plan.cell(0))["regret"] for plan in plans)
    assert [summary.engine for summary in used] == ["steps", "parallel"] * 2
    assert one == pytest.approx(same)
    assert one != pytest.approx(two)


def test_random_search_draws_within_and_from_its_seed():
    ranges = {"lr": Span(1e-3, 1.0, log=True), "beta2": Span(0.9, 0.99), "cycle": [11, 101]}

    def points(seed, axes=ranges):
        plan = Plan("reddi-online", ["adam"], 10, {"x1": [0, 1]}, axes, 50, seed)
        assert len(plan) == 100
        return [plan.cell(i).parameters for i in range(100)]

    drawn = points(0)
    assert drawn == points(0, dict(reversed(ranges.items())))
    assert drawn != points(1)
    assert [p["x1"] for p in drawn] == [0.0] * 50 + [1.0] * 50
    assert [{**p, "x1": 1.0} for p in drawn[:50]] == drawn[50:]
    assert all(0.9 < p["beta2"] < 0.99 and p["cycle"] in (11, 101) for p in drawn)
    assert 15 < sum(p["lr"] < 10**-1.5 for p in drawn[:50]) < 35  # evenly on a log scale
    assert all(1e-3 < p["lr"] < 1 for p in drawn)
    assert len({p["cycle"] for p in drawn}) == 2
    # these very numbers, on every platform and with every NumPy
    assert drawn[0] == {"lr": 0.0814488697308, "beta2": 0.924280804239, "cycle": 11.0, "x1": 0.0}


def test_no_executor_leaves_a_trace(whole, tmp_path):
    assert sweep(PLAN, Late(16), tmp_path / "late.jsonl", window=5) == 16
    with ThreadPoolExecutor(3) as threads:
        sweep(PLAN, threads, tmp_path / "threads.jsonl", window=2)
    with pool(2) as processes:
        sweep(PLAN, processes, tmp_path / "processes.jsonl")
    for name in ("late", "threads", "processes"):
        assert (tmp_path / f"{name}.jsonl").read_bytes() == whole.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.endswith(".jsonl")) == []


def test_cells_are_given_out_a_few_at_a_time(tmp_path):
    class Counting(ThreadPoolExecutor):
        open = most = 0

        def submit(self, function, cell):
            future = super().submit(function, cell)
            self.open += 1
            self.most = max(self.most, self.open)
            future.add_done_callback(self.ended)
            return future

        def ended(self, future):
            self.open -= 1

    with Counting(1) as executor:
        sweep(PLAN, executor, tmp_path / "a.jsonl", window=3)
        assert 1 <= executor.most <= 3
        with pytest.raises(ValueError, match="window must be an integer of at least 1, got 0"):
            sweep(PLAN, executor, tmp_path / "b.jsonl", window=0)


def test_progress(tmp_path):
    told = []
    path = tmp_path / "a.jsonl"
    sweep(PLAN, Now(), path, progress=lambda done, total: told.append((done, total)), window=4)
    assert told == [(0, 16), (4, 16), (8, 16), (12, 16), (16, 16)]
    told.clear()
    sweep(PLAN, Now(), path, resume=True, progress=lambda done, total: told.append((done, total)))
    assert told == [(16, 16)]


def test_results_that_are_not_finite(tmp_path, monkeypatch):
    def summarize(problem, optimizer, steps, x1, engine, points):
        class Nowhere:
            x = regret = average_regret = float("nan")

        return Nowhere

    monkeypatch.setattr("problems.sweeps.cells.summarize", summarize)
    sweep(PLAN, Now(), tmp_path / "a.jsonl")
    _, records = read(tmp_path / "a.jsonl")
    assert {record["regret"] for record in records} == {None}


# Resuming


def test_resuming_runs_what_is_missing_and_nothing_else(whole, tmp_path):
    lines = lines_of(whole)
    path = tmp_path / "part.jsonl"
    kept = [3, 0, 11]
    path.write_bytes(b"".join([lines[0], *(lines[1 + cell] for cell in kept)]))
    executor = Now()
    assert sweep(PLAN, executor, path, resume=True) == 13
    assert executor.ran == [cell for cell in range(16) if cell not in kept]
    assert path.read_bytes() == whole.read_bytes()
    again = Now()
    before = path.stat().st_mtime_ns
    assert sweep(PLAN, again, path, resume=True) == 0
    assert again.ran == []
    assert path.stat().st_mtime_ns == before


def test_resuming_nothing_begins(whole, tmp_path):
    (tmp_path / "empty.jsonl").touch()
    for name in ("new/folder/file.jsonl", "empty.jsonl"):
        assert sweep(PLAN, Now(), tmp_path / name, resume=True) == 16
        assert (tmp_path / name).read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_a_last_record_cut_anywhere_is_redone(whole, every, tmp_path):
    content, last = whole.read_bytes(), len(lines_of(whole)[-1])
    path = tmp_path / "cut.jsonl"
    for cut in range(1, last, every):
        path.write_bytes(content[:-cut])
        assert len(read(path)[1]) == 15
        executor = Now()
        assert sweep(PLAN, executor, path, resume=True) == 1
        assert executor.ran == [15]
        assert path.read_bytes() == content


def test_a_damaged_last_record_is_redone(whole, tmp_path):
    lines = lines_of(whole)
    path = tmp_path / "damaged.jsonl"
    digit = re.sub(rb'("regret": -?)(\d)', lambda m: m[1] + b"%d" % (9 - int(m[2])), lines[-1])
    assert digit != lines[-1]
    for damaged in (
        digit,
        lines[-1].replace(b'"x_final"', b'"x"'),
        b"\0" * 300,
        b"\xff\xfe\n",
        b"[1]\n",
        b'{"cell": 15}\n',
        b"\n",
        b"[" * 100_000,
        lines[-1][:-1] + b" \n",
    ):
        path.write_bytes(b"".join([*lines[:-1], damaged]))
        executor = Now()
        sweep(PLAN, executor, path, resume=True)
        assert executor.ran == [15]
        assert path.read_bytes() == whole.read_bytes()


def test_a_record_that_a_kill_cut_is_cut_off_before_the_next(whole, tmp_path):
    """Else the next record would end up on the same line."""
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(lines_of(whole)[:5]) + b'{"cell": 4, "opt')
    with pytest.raises(SweepError):
        sweep(PLAN, Now(broken=2), path, resume=True)
    assert path.read_bytes() == b"".join(lines_of(whole)[:7])


# Refusals leave the file as it is


def refused(path, plan=PLAN, resume=True):
    before = path.read_bytes()
    executor = Now()
    with pytest.raises(RecordsError) as error:
        sweep(plan, executor, path, resume=resume)
    assert executor.ran == []
    assert path.read_bytes() == before
    assert not path.with_name(path.name + ".lock").exists()
    return str(error.value)


def test_an_existing_file_without_resume(whole):
    assert "must be a new file" in refused(whole, resume=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"problem": "reddi-online", "seeds": (0,)},
            'problem is "reddi-stochastic" there, "reddi-o',
        ),
        ({"steps": 301}, "steps is 300 there, 301 here"),
        ({"grid": {"lr": [0.1, 1.0], "beta2": [0.9, 0.999]}}, "grid is"),
        ({"random": {"x1": Span(0.0, 0.5)}}, "random is {} there"),
        ({"search_seed": 1}, "search_seed is 0 there, 1 here"),
        ({"seeds": (0, 8)}, "seeds is [0, 7] there, [0, 8] here"),
        ({"optimizers": ("adabound", "adam")}, "optimizers is"),
        ({"schedule": "constant"}, "schedule is"),
        ({"engine": "steps"}, "engine is"),
    ],
)
def test_a_file_of_another_sweep(whole, change, message):
    fields = {name: getattr(PLAN, name) for name in PLAN.__dataclass_fields__}
    assert message in refused(whole, Plan(**{**fields, **change}))


def test_files_that_are_not_this_sweeps(whole, tmp_path):
    lines, path = lines_of(whole), tmp_path / "other.jsonl"
    future = json.loads(lines[0])
    del future["crc32"]
    other = encode({**future, "kind": "others' sweep"})
    for content in (
        b"my notes",
        b"my notes\nof this year\n",
        b"\0",
        b"{}\n",
        other,
        lines[0][:-1],
        b"".join([lines[0].replace(b"300", b"301"), *lines[1:]]),
    ):
        path.write_bytes(content)
        assert "must be a file of a sweep's results, but is not" in refused(path)
        with pytest.raises(RecordsError):
            read(path)
    path.write_bytes(encode({**future, "format": 2}))
    assert "format is 2 there, 1 here" in refused(path)
    path.write_bytes(encode({**future, "version": "0.0.1"}))
    assert 'version is "0.0.1" there' in refused(path)


def test_damage_before_the_last_line(whole):
    lines = lines_of(whole)
    whole.write_bytes(b"".join([*lines[:5], b"damage\n", *lines[6:]]))
    assert "must have no damaged line but the last; line 6 is" in refused(whole)
    with pytest.raises(RecordsError, match="line 6 is"):
        read(whole)


def test_records_that_do_not_fit(whole):
    lines = lines_of(whole)
    record = json.loads(lines[5])
    del record["crc32"]
    for name in ("x_final", "regret", "average_regret"):
        rest = {key: value for key, value in record.items() if key != name}
        whole.write_bytes(b"".join([*lines[:5], encode(rest), *lines[6:]]))
        assert f"must have the results of each cell; line 6 has no {name}" in refused(whole)
    for wrong, message in (
        ({"cell": 3}, "must have each cell once; line 6 has 3"),
        ({"cell": 16}, "must have each cell once; line 6 has 16"),
        ({"cell": -1}, "line 6 has -1"),
        ({"cell": 4.0}, "line 6 has 4.0"),
        ({"cell": None}, "line 6 has None"),
        ({"parameters": {"lr": 0.1, "beta2": 0.5}}, "parameters of cell 4, line 6, is"),
        ({"optimizer": "sgd"}, 'optimizer of cell 4, line 6, is "sgd" there, "adam" here'),
        ({"seed": 1}, "seed of cell 4, line 6, is 1 there, 0 here"),
    ):
        whole.write_bytes(b"".join([*lines[:5], encode({**record, **wrong}), *lines[6:]]))
        assert message in refused(whole)


def test_reading_an_empty_file(tmp_path):
    (tmp_path / "a.jsonl").touch()
    with pytest.raises(RecordsError, match="but is empty"):
        read(tmp_path / "a.jsonl")


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    for path, message in (
        (tmp_path / "file" / "a.jsonl", "must be a file that can be written, got"),
        (tmp_path / "folder", "must be a file, but is not"),
    ):
        with pytest.raises(RecordsError, match=message):
            sweep(PLAN, Now(), path, resume=True)
    assert (tmp_path / "file").read_text() == "kept"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_two_sweeps_on_one_file(whole, tmp_path):
    """Within a process and between two; through a link too; not once the first has ended."""
    path = tmp_path / "shared.jsonl"
    (tmp_path / "link.jsonl").symlink_to(path)
    message = "must have one writer, but another process writes to it"

    class Rival(Now):
        def submit(self, function, cell):
            if not self.ran:
                for name in ("shared.jsonl", "link.jsonl"):
                    before = path.read_bytes()
                    with pytest.raises(RecordsError, match=message):
                        sweep(PLAN, Now(), tmp_path / name, resume=True)
                    assert path.read_bytes() == before
                code = (
                    "import sys; sys.path.insert(0, sys.argv[1])\n"
                    "from problems.sweeps.records import recording\n"
                    "with recording(sys.argv[2], {'cells': 0}, None, (), True): pass"
                )
                rival = subprocess.run(
                    [sys.executable, "-c", code, str(ROOT), str(path)],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert message in rival.stderr
            return super().submit(function, cell)

    assert sweep(PLAN, Rival(), path) == 16
    assert path.read_bytes() == whole.read_bytes()
    assert sweep(PLAN, Now(), tmp_path / "link.jsonl", resume=True) == 0
    assert (tmp_path / "link.jsonl").is_symlink()


def test_a_lock_file_left_over_is_no_lock(whole, tmp_path):
    (tmp_path / "a.jsonl.lock").touch()
    assert sweep(PLAN, Now(), tmp_path / "a.jsonl") == 16
    assert not (tmp_path / "a.jsonl.lock").exists()


def test_a_lock_that_its_holder_removes_meanwhile(tmp_path, monkeypatch):
    """Who opened the file just before must not hold a lock that nobody else sees."""
    lock = tmp_path / "a.jsonl.lock"
    really, tries = records_module._try_lock, []

    def try_lock(descriptor):
        tries.append(descriptor)
        if len(tries) == 1:
            lock.unlink()
        return really(descriptor)

    monkeypatch.setattr(records_module, "_try_lock", try_lock)
    with records_module.recording(tmp_path / "a.jsonl", {"cells": 0}, dict, ()):
        assert len(tries) == 2
        assert lock.exists()
        with (
            pytest.raises(RecordsError, match="another process"),
            records_module.recording(tmp_path / "a.jsonl", {"cells": 0}, dict, (), True),
        ):
            raise AssertionError("not reached")


def test_plans_that_cannot_run_leave_no_file(tmp_path):
    """Force helps against broken conditions, not against numbers out of range."""
    grid = {"cycle": [10, 50], "lr": [0.1, 1]}
    for force in (False, True):
        plan = Plan("luo-theorem1", ["adam"], 10, {**grid, "beta1": [0, 2]}, force=force)
        with pytest.raises(ValueError, match=r"^4 of 8 .* cell 2 .*beta1 must be in") as error:
            sweep(plan, Now(), tmp_path / "a.jsonl")
        assert not isinstance(error.value, BrokenConditionError)
    with pytest.raises(BrokenConditionError, match=r"^2 of 4 cells cannot be run; the first is"):
        sweep(Plan("luo-theorem1", ["adam"], 10, grid), Now(), tmp_path / "a.jsonl")
    assert not list(tmp_path.iterdir())


# Failures leave a file that can be resumed


def test_an_executor_that_breaks(whole, tmp_path):
    path = tmp_path / "a.jsonl"
    with pytest.raises(SweepError, match="the executor takes no more cells: a worker died"):
        sweep(PLAN, Now(broken=5), path, window=3)
    assert len(read(path)[1]) == 5  # what was done is kept
    sweep(PLAN, Now(), path, resume=True)
    assert path.read_bytes() == whole.read_bytes()


def test_a_cell_that_fails(whole, tmp_path):
    class Failing(Now):
        def submit(self, function, cell):
            if cell.number != 6:
                return super().submit(function, cell)
            future = Future()
            future.set_exception(MemoryError("no room"))
            return future

    path = tmp_path / "a.jsonl"
    with pytest.raises(SweepError, match="cell 6 failed: MemoryError: no room"):
        sweep(PLAN, Failing(), path, window=8)
    assert [record["cell"] for record in read(path)[1]] == [0, 1, 2, 3, 4, 5, 7]
    assert sweep(PLAN, Now(), path, resume=True) == 9
    assert path.read_bytes() == whole.read_bytes()


def test_a_cancelled_cell_and_what_waits(tmp_path):
    """As when a cluster goes away: an error, and what still waits is cancelled."""

    class Gone(Executor):
        futures = ()

        def submit(self, function, cell):
            future = Future()
            self.futures = [*self.futures, future]
            if cell.number == 2:
                future.cancel()
            return future

    executor = Gone()
    with pytest.raises(SweepError, match="the executor gave its cells up"):
        sweep(PLAN, executor, tmp_path / "a.jsonl")
    assert all(future.cancelled() for future in executor.futures)
    assert len(executor.futures) == 16


def test_a_full_disk(whole, tmp_path, monkeypatch):
    really, calls = os.fsync, []

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        really(descriptor)

    monkeypatch.setattr(records_module.os, "fsync", fsync)
    path = tmp_path / "a.jsonl"
    with pytest.raises(SweepError, match=r"records cannot be written to .*No space left"):
        sweep(PLAN, Now(), path, window=2)
    monkeypatch.undo()
    assert 4 <= len(read(path)[1]) < 16
    sweep(PLAN, Now(), path, resume=True)
    assert path.read_bytes() == whole.read_bytes()


def test_a_finished_file_that_cannot_be_sorted(whole, tmp_path, monkeypatch):
    def replacing(path):
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(records_module, "_begin", lambda path, h: path.write_bytes(encode(h)))
        patch.setattr(records_module, "replacing", replacing)
        with pytest.raises(SweepError, match="is complete, but cannot be sorted"):
            sweep(PLAN, Late(16), path, window=4)
    assert sweep(PLAN, Now(), path, resume=True) == 0
    assert path.read_bytes() == whole.read_bytes()


def test_a_worker_process_that_dies(whole, tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    with (
        pytest.raises(SweepError, match=r"a worker died|takes no more cells"),
        pool(1) as p,
    ):
        monkeypatch.setattr(sweep_module, "run_cell", deadly)
        sweep(PLAN, p, path)
    monkeypatch.undo()
    assert len(read(path)[1]) < 16
    sweep(PLAN, Now(), path, resume=True)
    assert path.read_bytes() == whole.read_bytes()


def test_a_pool_that_is_left_early_ends_at_once():
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt), pool(1) as executor:
        running = executor.submit(time.sleep, 3600)
        while not running.running():
            time.sleep(0.01)
        raise KeyboardInterrupt
    assert time.monotonic() - begin < 3000


def test_ctrl_c_is_not_for_the_workers(capfd):
    """The terminal sends it to them too."""
    with pool(1) as executor:
        worker = executor.submit(os.getpid).result()
        os.kill(worker, signal.SIGINT)
        assert executor.submit(os.getpid).result() == worker
    assert "KeyboardInterrupt" not in capfd.readouterr().err


def deadly(cell):
    if cell.number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return run_cell(cell)


@pytest.mark.parametrize(("kind", "cancelled"), [(ProcessPoolExecutor, False), (Executor, True)])
def test_a_process_pool_cancels_by_itself(kind, cancelled):
    """Its thread prints a traceback if workers end while futures are cancelled from outside."""
    futures = []

    class Pool(kind):
        def __init__(self):
            """Start nothing."""

        def submit(self, function, cell):
            futures.append(Future())
            if len(futures) == 1:
                futures[0].set_result(cell)
            return futures[-1]

    batches = spread(str, iter([1, 2, 3]), Pool(), 3)
    assert next(batches) == [(1, 1)]
    batches.close()  # as an interrupt does
    assert [future.cancelled() for future in futures[1:]] == [cancelled] * 2
