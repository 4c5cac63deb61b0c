"""Sweeps that are killed at random moments, and resumed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from problems.sweeps.records import read

pytestmark = pytest.mark.slow  # each test starts processes

ROOT = Path(__file__).parents[3]
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
FEW = ("--grid", "lr=0.01,0.1,1", "--grid", "beta2=0.9,0.99,0.999", "--steps", "500000")
MANY = (
    "--problem",
    "reddi-stochastic",
    "--grid",
    "lr=log:0.01:1:3",
    "--grid",
    "beta2=0.9:0.999:4",
    "--seeds",
    "0:5",
    "--steps",
    "500000",
)


def start(path, *args, output=subprocess.PIPE):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # else a child of nohup ignores it
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "problems",
            "sweep",
            *args,
            "--json",
            "--workers",
            "2",
            "--out",
            str(path),
        ],
        env=ENV,
        stdout=output,
        stderr=output,
        text=True,
        start_new_session=True,
    )


def finish(path, *args):
    process = start(path, *args)
    out, err = process.communicate()
    assert process.returncode == 0, err
    return json.loads(out)


def records_in(path):
    return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0


def living(group):
    """The processes of a group that are not dead, as Linux lists them."""
    alive = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, member = stat.read_text().rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(member) == group and state != "Z":
            alive.append(stat.parent.name)
    return alive


def wait_for(condition, seconds=1200):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def kill(path, args, rng, records):
    """Kill a sweep after some more records and a random time; return its exit code."""
    target = records_in(path) + records
    process = start(path, *args, "--resume", output=subprocess.DEVNULL)
    wait_for(lambda: records_in(path) >= target or process.poll() is not None)
    time.sleep(rng.uniform(0, 0.03 if records else 0.5))
    process.kill()
    process.wait()
    assert process.returncode in (-signal.SIGKILL, 0)
    wait_for(lambda: not living(process.pid))  # its workers end with it
    return process.returncode


def kill_and_resume(path, args, kills, rng, most):
    """Kill at random moments: before it starts, between records, while it writes one."""
    whole_lines = b""
    for k in range(kills):
        before = path.read_bytes() if path.exists() else None
        while kill(path, args, rng, 0 if k % 4 == 0 else rng.randint(1, most)) == 0:
            if before is None:  # it had ended before: once more
                path.unlink()
            else:
                path.write_bytes(before)
        if path.exists():
            content = path.read_bytes()
            assert content.startswith(whole_lines)  # nothing is lost, nothing run again
            whole_lines = content[: content.rfind(b"\n") + 1]
    return records_in(path)


def check(tmp_path, args, cells, kills, most):
    reference = finish(tmp_path / "a.jsonl", *args)
    assert (reference["cells"], reference["computed"]) == (cells, cells)
    done = kill_and_resume(tmp_path / "b.jsonl", args, kills, random.Random(2), most)
    assert 0 < done < cells
    summary = finish(tmp_path / "b.jsonl", *args, "--resume")
    assert summary["computed"] == cells - done
    assert summary["best"] == reference["best"]
    header, records = read(tmp_path / "b.jsonl")
    assert (header, records) == read(tmp_path / "a.jsonl")
    assert [record["cell"] for record in records] == list(range(cells))
    assert (tmp_path / "b.jsonl").read_bytes() == (tmp_path / "a.jsonl").read_bytes()
    print(f"{cells} cells, {kills} kills with {done} records done by the last: files are equal")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_killed_and_resumed(tmp_path):
    check(tmp_path, FEW, cells=36, kills=3, most=8)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_killed_twenty_times_and_resumed(tmp_path):
    check(tmp_path, MANY, cells=240, kills=20, most=12)


@pytest.mark.parametrize("whom", ["the group", "the sweep alone"])
def test_ctrl_c(whom, tmp_path):
    path = tmp_path / "a.jsonl"
    process = start(path, *FEW, "--steps", "20000000")
    wait_for(lambda: records_in(path) >= 2)
    (os.killpg if whom == "the group" else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=1200)
    assert process.returncode == 130
    assert out == ""
    assert err.splitlines()[-1].endswith("interrupted; resume it with --resume")
    assert "Traceback" not in err
    assert 2 <= len(read(path)[1]) < 36
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]
