"""Pickles made to do harm, for the reader of CIFAR-10's Python batches."""

from __future__ import annotations

import os
import pickle
import random
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from problems.learning.batch_pickle import read_batch
from problems.learning.sources import DataError
from tests.faults.table import Tally

__all__ = ["HOSTILE", "tallies"]

#: Bytes of memory, and seconds, that the reader may take.
MEMORY, SECONDS = 2**30, 10


class Command:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch executed",)


def _shared(levels: int) -> bytes:
    """A tuple of the same tuple twice, and so on: 2^levels to walk."""
    return b"\x80\x02)" + b"2\x86" * levels + b"."


def _wide(levels: int) -> bytes:
    """The same with a hundred times in place of twice: not deep, but 100^levels to walk."""
    return b")" + (b"q\x000(" + b"h\x00" * 100 + b"t") * levels


def _huge(number: bytes) -> bytes:
    """An integer of these bytes."""
    return pickle.LONG4 + len(number).to_bytes(4, "little") + number


def _colliding(count: int, after: bytes = b"") -> bytes:
    """Different integers with the same hash, each followed by `after`."""
    numbers = ((k * (2**61 - 1)).to_bytes(10, "little") for k in range(count))
    return b"".join(pickle.LONG1 + bytes([10]) + number + after for number in numbers)


#: What each tries.
HOSTILE: dict[str, bytes] = {
    "a command": pickle.dumps(Command()),
    "a command in a list": pickle.dumps([1, Command()]),
    "a builtin": b"cbuiltins\neval\n(S'1'\ntR.",
    "a module with an effect": b"cantigravity\nfly_fast\n.",
    "a persistent id": b"Pid\n.",
    "an instance": b"(iproblems.errors\nRunError\n.",
    "an extension code": b"\x80\x02\x82\x01.",
    "a deep tuple": b"\x80\x02)" + b"\x85" * 200_000 + b".",
    "a deep list": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "a memo index of 2^28": b"\x80\x02]r\x00\x00\x00\x10.",
    "a memo index of 2^31": b"]p2147483648\n.",
    "shared tuples": _shared(60),
    "many steps": b"\x80\x02" + b"N0" * 300_000 + b"N.",
    "a length that is a lie": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "an array of objects": pickle.dumps({"data": np.array([Command()]), "labels": [0]}),
    "a hash that hangs": b"\x80\x02}(" + b")" + b"2\x86" * 30 + b"Nu.",
    "a wide key": b"\x80\x02}" + _wide(10) + b"Ns.",
    "a wide key of many": b"\x80\x02}(NN" + _wide(10) + b"NNNu.",
    "a wide key of a new dict": b"\x80\x02(" + _wide(10) + b"N" + b"d.",
    "a huge key, over and over": b"\x80\x04}"
    + _huge(b"\x7f" * 20_000_000)
    + b"q\x00("
    + b"h\x00h\x00" * 100_000
    + b"u.",
    "keys that collide": b"\x80\x04}(" + _colliding(100_000, b"N") + b"u.",
    "a frozen set that collides": b"\x80\x04(" + _colliding(200_000) + b"\x91.",
    "calls with many arguments": b"\x80\x04cnumpy\nndarray\n\x940("
    + b"N" * 100_000
    + b"t\x940("
    + b"h\x00h\x01R" * 40_000
    + b"t.",
    "a wide element of a set": b"\x80\x04\x8f(" + _wide(10) + b"N\x90.",
    "a wide element of a frozen set": b"\x80\x04(N" + _wide(10) + b"\x91.",
}


def tallies(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Read each in a process with limits, and damaged batches with it."""
    tally = Tally("hostile pickles, CIFAR-10's reader")
    for name, content in HOSTILE.items():
        tally.note(*_read(content, root, name))
    yield tally
    batch = {"data": np.zeros((5, 12), np.uint8), "labels": [1, 2, 3, 4, 5]}
    whole = pickle.dumps(batch, protocol=4)
    tally = Tally("damaged pickles, CIFAR-10's reader")
    for k in range(trials):
        at = int(len(whole) * (k + rng.random()) / trials)
        content = bytearray(whole)
        content[at : at + rng.randint(0, 3)] = rng.randbytes(rng.randint(0, 4))
        tally.note(*_read(bytes(content), root, f"{content!r}"))
    yield tally


def _read(content: bytes, root: Path, name: str) -> tuple[str, str]:
    """Read a batch in a child; what it gives is an array of bytes, or a refusal."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            os.chdir(root)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            resource.setrlimit(resource.RLIMIT_AS, (_used() + MEMORY,) * 2)
            images, labels = read_batch(content, Path("batch"), 12)
            code = 0 if images.dtype == np.uint8 and images.shape == (len(labels), 12) else 3
        except DataError as error:
            code = 1 if "batch" in str(error) and len(str(error)) < 250 else 3
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if (root / "executed").exists():
        return "lost", f"{name} was executed"
    return {0: ("recovered", ""), 1: ("refused", "")}.get(code, ("lost", f"{name}: exit {code}"))


def _used() -> int:
    """Bytes of address space of this process."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
