"""Commands that are interrupted, run out of disk, lose their folder or a worker; then resumed."""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from problems.learning import checkpoints
from problems.sweeps.records import read
from tests.faults import child, cluster
from tests.faults.table import Tally

__all__ = ["COMMANDS", "tallies"]


class Command(NamedTuple):
    """A command, and how its results are read.

    Attributes
    ----------
    name : str
        For the table.
    args : list of str
        Without the folder.
    results : callable
        From the folder to the results, without times.
    resumes : bool
        Whether it has --resume; else it is run again.
    share : int
        One in how many trials it gets: more if it takes long.
    """

    name: str
    args: list[str]
    results: Callable[[Path], Any]
    resumes: bool = True
    share: int = 1

    def line(self, folder: Path, resume: bool = False) -> list[str]:
        """The whole command line."""
        out = folder / "a.jsonl" if self.name.startswith("sweep") else folder
        return [*self.args, "--out", str(out), *(["--resume"] if resume and self.resumes else [])]


def _records(folder: Path) -> Any:
    """All records of the folder's JSON Lines, without times."""
    (path,) = folder.glob("[!.]*.jsonl")
    return json.dumps([_untimed(entry) for entry in read(path)[1]])


def _untimed(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "seconds"}


def _checkpoints(folder: Path) -> Any:
    """Parameters, states and results of all checkpoints, without times."""
    found = []
    for path in sorted(folder.glob("*/[!.]*.npz")):
        header, arrays = checkpoints.read(path)
        epochs = [epoch[:-1] for epoch in header["epochs"]]
        values = {name: array.tobytes().hex() for name, array in sorted(arrays.items())}
        found.append((path.name, epochs, header["diverged"], header["held"], values))
    return json.dumps(found)


def _rates(folder: Path) -> Any:
    """The records of effective rates."""
    found = {}
    for path in sorted(folder.glob("[!.]*.npz")):
        with np.load(path) as file:
            found[path.name] = {n: file[n].tobytes().hex() for n in file.files if n != "manifest"}
    return json.dumps(found)


COMMANDS = (
    Command(
        "sweep",
        ["sweep", "--grid", "lr=0.01,0.1,1", "--steps", "300", "--workers", "1"],
        _records,
    ),
    Command(
        "train",
        [
            *["train", "--task", "digits-mlp", "--optimizers", "adam,adabound", "--epochs", "2"],
            *["--workers", "1", "--checkpoint-seconds", "0"],
        ],
        _checkpoints,
    ),
    Command(
        "experiments",
        ["figures", "--quick", "--only", "curves-digits-mlp", "--workers", "1"],
        _records,
        share=7,
    ),
    Command(
        "curvature",
        [
            *["effective-lr", "--curvature", "--problem", "problems.online.functions:Quadratic2D"],
            *["--steps", "20", "--optimizers", "sgd,adabound", "--workers", "1"],
        ],
        _records,
    ),
    Command(
        "effective-lr",
        ["effective-lr", "--problem", "reddi-online", "--steps", "300"],
        _rates,
        resumes=False,
    ),
)


def tallies(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Try each fault at random events of each command; of one trial, each fault on one command."""
    chosen = [c for c in COMMANDS if trials > 1 or c.name != "experiments"]  # a minute
    for number, command in enumerate(chosen):
        home = root / command.name
        folder = home / "results"
        home.mkdir()
        events = child.events_of(command.line(folder), folder)
        whole = command.results(folder)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        faults: dict[str, Callable[[int], Callable[[int, str], Any]]] = {
            "SIGKILL": lambda at: child.signalled(signal.SIGKILL, at),
            "SIGTERM": lambda at: child.signalled(signal.SIGTERM, at),
            "SIGINT": lambda at: child.signalled(signal.SIGINT, at),
            "disk full": child.full,
            "folder made read-only": child.forbidden,
            "folder removed": lambda at, folder=folder: child.removed(at, folder),
            "`ulimit -f`": lambda at, sizes=sizes: child.limited(rng.randrange(max(sizes))),
        }
        for name, fault in (
            list(faults.items())[number :: len(chosen)] if trials == 1 else faults.items()
        ):
            tally = Tally(f"{name}, {command.name}")
            for _ in range(-(-trials // command.share)):
                shutil.rmtree(folder, ignore_errors=True)
                at = rng.randint(1, events)
                ended = child.run(command.line(folder), folder, fault(at))
                outcome, why = _outcome(
                    command, folder, ended, whole, name != "folder made read-only"
                )
                tally.note(outcome, f"{tally.fault} at event {at} of {events}: {why}")
            yield tally


def _outcome(
    command: Command, folder: Path, ended: child.Ended, whole: Any, tidy: bool = True
) -> tuple[str, str]:
    """Resume what a fault ended, and compare the results; `tidy`: it leaves no temporary files."""
    if not ended.quiet:
        return "lost", f"a traceback: {ended.err[-400:]}"
    again = child.run(command.line(folder, resume=True), folder)
    if again.code != 0:
        return "lost", f"not resumed: {again.err[-400:]}"
    if command.results(folder) != whole:
        return "lost", "other results"
    left = [path.name for path in folder.rglob(".*")]
    untidy = tidy and left and ended.code > 0  # a process that is killed cannot tidy up
    return ("lost", f"left behind: {left}") if untidy else ("recovered", "")


def dask(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Kill a worker of a sweep on Dask, or its scheduler, without which the sweep is resumed."""
    if not trials or importlib.util.find_spec("distributed") is None:
        return
    sweep = COMMANDS[0]._replace(
        name="sweep on Dask", args=["sweep", "--grid", "lr=log:0.01:1:16", "--steps", "300000"]
    )
    home = root / "dask"
    folder = home / "results"
    home.mkdir()
    events = child.events_of(sweep.line(folder), folder)
    whole = sweep.results(folder)
    for place, name in ((1, "a Dask worker killed, sweep"), (0, "the Dask scheduler lost, sweep")):
        tally = Tally(name)
        for _ in range(trials):
            shutil.rmtree(folder)
            with (
                cluster.scheduler(home) as (address, scheduler),
                cluster.workers(address, home) as pair,
            ):
                at, victim = rng.randint(1, events), [scheduler, *pair][place].pid
                line = [*sweep.line(folder), "--scheduler", address, "--scheduler-timeout", "600"]
                ended = child.run(line, folder, child.signalled(signal.SIGKILL, at, victim))
            outcome, why = _outcome(sweep, folder, ended, whole)
            if place == 1 and ended.code != 0:  # the other worker is still there
                outcome, why = "lost", ended.err
            tally.note(outcome, f"{name} at event {at} of {events}: {why}")
        yield tally


def workers(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Kill a worker of a sweep's pool."""
    sweep = COMMANDS[0]._replace(
        name="sweep on two workers",
        args=["sweep", "--grid", "lr=log:0.01:1:8", "--steps", "300000", "--workers", "2"],
    )
    folder = root / "pool" / "results"
    folder.parent.mkdir()
    child.run(sweep.line(folder), folder)
    whole, tally = sweep.results(folder), Tally("a worker killed, sweep on two workers")
    for _ in range(trials):
        shutil.rmtree(folder)
        ended = child.run(sweep.line(folder), folder, child.worker_killed(rng.randint(4, 20)))
        tally.note(*_outcome(sweep, folder, ended, whole))
    yield tally
