"""Two writers of one file, and of files with similar names; links where temporary files go."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from problems.files import write_text
from problems.learning import checkpoints
from problems.learning.training import train
from problems.sweeps.records import locked, read
from tests.faults import child
from tests.faults.commands import COMMANDS
from tests.faults.table import Tally

__all__ = ["tallies"]


def tallies(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Try each."""
    yield _same_file(root / "same", trials)
    yield _neighbour(root / "neighbour", trials)
    yield _links(root / "links", trials)


def _same_file(root: Path, trials: int) -> Tally:
    """A command whose file another process holds."""
    tally = Tally("a second writer, sweep")
    folder, sweep = root / "results", COMMANDS[0]
    root.mkdir()
    child.run(sweep.line(folder), folder)
    before = (folder / "a.jsonl").read_bytes()
    for _ in range(trials):
        with locked(folder / "a.jsonl"):
            ended = child.run(sweep.line(folder, resume=True), folder)
        same = (folder / "a.jsonl").read_bytes() == before
        clear = ended.code == 2 and "must have one writer" in ended.err and ended.quiet
        tally.note("refused" if same and clear else "lost", ended.err)
    assert read(folder / "a.jsonl")
    return tally


def _neighbour(root: Path, trials: int) -> Tally:
    """A run that starts beside a live one whose name begins alike."""
    tally = Tally("a run beside a live one, train")
    root.mkdir()
    for k in range(trials):
        live = root / f"run{k}.b.npz"
        writing = root / f".{live.stem}.{'0' * 16}.npz"  # as the live one writes it at the moment
        writing.write_bytes(b"half")
        train("digits-mlp", "adam", 0, epochs=1, checkpoint=root / f"run{k}.npz")
        tally.note("recovered" if writing.exists() else "lost", "a live run's file is gone")
        with locked(live):
            try:
                train("digits-mlp", "adam", 0, epochs=1, checkpoint=live)
                tally.note("lost", "two runs write one checkpoint")
            except checkpoints.CheckpointError as error:
                tally.note("refused" if "one writer" in str(error) else "lost", str(error))
    return tally


def _links(root: Path, trials: int) -> Tally:
    """Links under names that temporary files and locks may get."""
    tally = Tally("links planted, all files")
    root.mkdir()
    for k in range(trials):
        victim, path = root / f"victim{k}", root / f"a{k}.txt"
        victim.write_text("mine")
        (root / f".{path.stem}.1{path.suffix}").symlink_to(victim)
        (root / f"{path.name}.lock").symlink_to(victim)
        write_text(path, "text")
        checkpoints.write(root / f"a{k}.npz", {}, {"w": np.zeros(1)})
        try:
            with locked(path):
                pass
        except ValueError:
            pass
        whole = victim.read_text() == "mine" and path.read_text() == "text"
        tally.note("recovered" if whole else "lost", "a link was followed")
    return tally
