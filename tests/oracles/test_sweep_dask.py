"""Sweeps on Dask: a scheduler and two worker processes, one of which may be killed."""

import json
import signal
import socket
import subprocess
import sys

import pytest

from problems.sweeps.records import read
from tests.faults import cluster as faults
from tests.faults.cluster import ENV, running, wait_for, worker
from tests.oracles.peers import peer

ARGS = (
    "--problem",
    "reddi-stochastic",
    "--grid",
    "lr=log:0.01:1:5",
    "--grid",
    "beta2=0.9:0.999:4",
    "--seeds",
    "0:5",
    "--optimizers",
    "adam,adabound",
    "--steps",
    "100000",
)
CELLS = 200


def sweep_command(path, *args):
    return ("problems", "sweep", *ARGS, *args, "--json", "--out", str(path))


def finish(path, *args):
    with running(*sweep_command(path, *args)) as process:
        out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    return json.loads(out)


def records_in(path):
    return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler's address, and its process."""
    peer("distributed")
    with faults.scheduler(tmp_path) as found:
        yield found


@pytest.fixture
def cluster(scheduler, tmp_path):
    """A scheduler's address, and its two workers."""
    with faults.workers(scheduler[0], tmp_path) as pair:
        yield scheduler[0], pair


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    peer("distributed")
    path = tmp_path_factory.mktemp("reference") / "a.jsonl"
    assert finish(path)["computed"] == CELLS
    return path


def test_the_same_records(cluster, reference, tmp_path):
    path = tmp_path / "a.jsonl"
    summary = finish(path, "--scheduler", cluster[0])
    assert (summary["cells"], summary["computed"]) == (CELLS, CELLS)
    assert read(path) == read(reference)
    assert path.read_bytes() == reference.read_bytes()


def test_a_worker_killed_half_way(cluster, reference, tmp_path):
    address, workers = cluster
    path = tmp_path / "a.jsonl"
    with running(*sweep_command(path, "--scheduler", address)) as process:
        wait_for(lambda: records_in(path) >= CELLS // 2)
        workers[0].send_signal(signal.SIGKILL)
        killed_at = records_in(path)
        out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    assert killed_at < CELLS
    assert [worker.poll() for worker in workers] == [-signal.SIGKILL, None]
    assert json.loads(out)["computed"] == CELLS
    assert path.read_bytes() == reference.read_bytes()
    print(f"worker killed after {killed_at} of {CELLS} records: files are equal")


def test_a_sweep_killed_on_one_executor_and_resumed_on_another(cluster, reference, tmp_path):
    path = tmp_path / "a.jsonl"
    with running(*sweep_command(path, "--scheduler", cluster[0])) as process:
        wait_for(lambda: records_in(path) >= CELLS // 4)
        process.kill()
        process.wait()
    done = records_in(path)
    assert finish(path, "--resume")["computed"] == CELLS - done
    assert path.read_bytes() == reference.read_bytes()


def test_a_scheduler_that_goes_away(scheduler, cluster, reference, tmp_path):
    """An error, and a file that can be resumed."""
    path = tmp_path / "a.jsonl"
    with running(*sweep_command(path, "--scheduler", cluster[0])) as process:
        wait_for(lambda: records_in(path) >= 10)
        scheduler[1].kill()
        out, err = process.communicate(timeout=1200)
    assert process.returncode == 1
    assert out == ""
    last = err.splitlines()[-1]
    assert last == (
        "python -m problems sweep: the executor gave its cells up, as Dask does without its "
        "scheduler; resume it with --resume"
    )
    assert "Traceback" not in err
    assert 10 <= len(read(path)[1]) < CELLS
    assert finish(path, "--resume")["cells"] == CELLS
    assert path.read_bytes() == reference.read_bytes()


def refusal(address, path, *args):
    with running(*sweep_command(path, "--scheduler", address, *args)) as process:
        out, err = process.communicate(timeout=1200)
    assert process.returncode == 2
    assert out == ""
    assert f"scheduler must be the address of a Dask scheduler, got {address!r}: " in err
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://127.0.0.1:1", "1 s\n"),
        ("nonsense", "missing port number in address 'nonsense'"),
        ("http://127.0.0.1:1", "unknown address scheme 'http'"),
        ("", "missing port number in address ''"),
    ],
)
def test_addresses_that_nobody_answers(address, reason, tmp_path):
    peer("distributed")
    path = tmp_path / "a.jsonl"
    path.write_text("kept")
    err = refusal(address, path, "--scheduler-timeout", "1", "--resume")
    assert reason in err
    assert path.read_text() == "kept"
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_a_server_that_says_nothing(tmp_path):
    """Dask's Client would wait for ever."""
    peer("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        err = refusal(address, tmp_path / "a.jsonl", "--scheduler-timeout", "1")
    assert "no answer within 1 s" in err
    assert not list(tmp_path.iterdir())


def test_a_worker_is_no_scheduler(cluster, tmp_path):
    distributed = peer("distributed")
    with distributed.Client(cluster[0], timeout=1200, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=1200)
        address = next(iter(client.nthreads()))
    err = refusal(address, tmp_path / "a.jsonl")
    assert "a Worker answers" in err


def test_a_cluster_without_workers_yet(scheduler, reference, tmp_path):
    """The sweep says that it waits, and goes on once a worker is there."""
    path = tmp_path / "a.jsonl"
    with running(*sweep_command(path, "--scheduler", scheduler[0])) as process:
        said = process.stderr.readline()
        assert said == "note: the cluster has no workers yet; cells wait for one\n"
        assert records_in(path) == 0
        with worker(scheduler[0], tmp_path / "1"):
            _, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    assert path.read_bytes() == reference.read_bytes()


OWN = """
from adabound_np import Adam
from problems.online import reddi_online

class Mine(Adam):
    pass

def mine(cycle=101.0):
    return reddi_online(C=cycle)
"""


def test_a_module_of_the_users_reaches_the_workers(scheduler, tmp_path):
    """Also one that joins after the module was sent; the workers' folders do not have it."""
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "dask_own.py").write_text(OWN, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "problems",
        "sweep",
        "--problem",
        "dask_own:mine",
        "--optimizers",
        "dask_own:Mine,adam",
        "--grid",
        "lr=0.1:1:10",
        "--steps",
        "100",
        "--scheduler",
        scheduler[0],
        "--json",
    ]
    process = subprocess.Popen(
        command,
        cwd=tmp_path / "user",
        env=ENV,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr.readline().startswith("note: the cluster has no workers yet")
    with worker(scheduler[0], tmp_path / "1"), worker(scheduler[0], tmp_path / "2"):
        out, err = process.communicate(timeout=1200)
    assert process.returncode == 0, err
    record = json.loads(out)
    assert (record["cells"], record["computed"]) == (20, 20)
    _, records = read(tmp_path / "user" / record["file"])
    for one, other in zip(records[::2], records[1::2], strict=True):
        assert one["regret"] == other["regret"]
