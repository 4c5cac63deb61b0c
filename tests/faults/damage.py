"""Damaged files: every byte region changed, cut off, written twice, out of order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import problems
from problems.learning import checkpoints
from problems.learning.checkpoints import CheckpointError
from problems.learning.training import train
from problems.rates.record import RateRecord, RateRecordError
from problems.sweeps.records import RecordsError, read
from tests.faults.table import Tally
from tests.problems.learning.kills import interrupted

__all__ = ["DAMAGES", "tallies"]


def _flip(data: bytes, rng: random.Random, share: float) -> bytes:
    at = min(int(share * len(data)), len(data) - 1)
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def _truncate(data: bytes, rng: random.Random, share: float) -> bytes:
    return data[: int(share * len(data))]


def _twice(data: bytes, rng: random.Random, share: float) -> bytes:
    at = int(share * len(data))
    end = min(len(data), at + rng.randint(1, 400))
    return data[:end] + data[at:]


def _blocks(data: bytes, rng: random.Random, share: float) -> bytes:
    """Two blocks, or lines, in each other's place."""
    size = rng.choice((16, 64, 256))
    at, other = int(share * len(data)), rng.randrange(len(data))
    at, other = sorted((at, other))
    if other < at + size:
        return data[:at] + data[at + size :] + data[at : at + size]
    return (
        data[:at]
        + data[other : other + size]
        + data[at + size : other]
        + data[at : at + size]
        + data[other + size :]
    )


def _zeros(data: bytes, rng: random.Random, share: float) -> bytes:
    at = int(share * len(data))
    size = min(rng.randint(1, 512), len(data) - at)
    return data[:at] + bytes(size) + data[at + size :]


DAMAGES: dict[str, Callable[[bytes, random.Random, float], bytes]] = {
    "a bit changed": _flip,
    "cut off": _truncate,
    "a part twice": _twice,
    "blocks exchanged": _blocks,
    "zeros": _zeros,
}


def tallies(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Damage files of records, checkpoints and effective rates, at all their regions."""
    for kind, (whole, use) in _kinds(root).items():
        for name, damage in DAMAGES.items():
            tally = Tally(f"{name}, {kind}")
            for k in range(trials):
                share = (k + rng.random()) / trials  # every region of the file
                content = damage(whole, rng, share)
                if content == whole:
                    continue
                try:
                    tally.note(*use(content))
                except Exception as error:  # not the documented one
                    tally.note("lost", f"{type(error).__name__}: {error}")
            yield tally


def _kinds(root: Path) -> dict[str, tuple[bytes, Callable[[bytes], tuple[str, str]]]]:
    """Content of each kind of file, and what uses a damaged one."""
    asked: dict[str, Any] = {"grid": {"lr": [0.01, 0.1, 1.0]}, "steps": 50, "workers": 1}
    path = root / "a.jsonl"
    problems.sweep(**asked, file=path)
    records, header = path.read_bytes(), read(path)

    def of_records(content: bytes) -> tuple[str, str]:
        path.write_bytes(content)
        try:
            problems.sweep(**asked, file=path, resume=True)
        except RecordsError as error:
            return _refused(path, content, str(error))
        return ("recovered", "") if read(path) == header else ("lost", "other records")

    saved = root / "run.npz"
    given: dict[str, Any] = {"epochs": 2, "checkpoint": saved}
    train("digits-mlp", "adabound", 0, **given)
    finished = checkpoints.read(saved)[1]
    saved.unlink()
    interrupted(saved, 15, "digits-mlp", "adabound", 0, epochs=2)

    def of_checkpoint(content: bytes) -> tuple[str, str]:
        saved.write_bytes(content)
        try:
            train("digits-mlp", "adabound", 0, **given, resume=True)
        except CheckpointError as error:
            return _refused(saved, content, str(error))
        arrays = checkpoints.read(saved)[1]
        same = all(np.array_equal(finished[name], arrays[name]) for name in finished)
        return ("recovered", "") if same else ("lost", "other parameters")

    result = problems.effective_lr("reddi-online", ["adam"], steps=50)
    rates, kept = result.records["adam"].to_bytes(), root / "rates.npz"

    def of_rates(content: bytes) -> tuple[str, str]:
        kept.write_bytes(content)
        try:
            again = RateRecord.load(kept)
        except RateRecordError as error:
            return _refused(kept, content, str(error))
        return ("recovered", "") if again.to_bytes() == rates else ("lost", "other rates")

    return {
        "records of a sweep": (records, of_records),
        "a checkpoint": (saved.read_bytes(), of_checkpoint),
        "effective rates": (rates, of_rates),
    }


def _refused(path: Path, content: bytes, message: str) -> tuple[str, str]:
    """A refusal names the file and leaves it as it was."""
    if path.read_bytes() != content:
        return "lost", f"changed: {message}"
    return ("refused", "") if path.name in message else ("lost", f"unclear: {message}")
