"""CIFAR-10's Python batches, read without executing anything.

A pickle is a program: loading it calls whatever it names. Here it may name three things, NumPy's
``_reconstruct``, ``ndarray`` and ``dtype``, and even these are not called: in their place stands
a ``Piece``, which keeps what it is given. What was built of dicts, lists, strings, numbers and
pieces is looked at afterwards, and the array made from its bytes.

Before it is loaded, the program is read step by step (`check_program`): its length, its numbers of
steps, keys and calls, and how deep it nests are limited, since a short pickle can ask for
gigabytes, for keys that take forever to hash, or for a structure so deep that the interpreter
crashes.
"""

from __future__ import annotations

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.learning.sources import DataError

__all__ = ["read_batch"]

#: What a pickle of an array names, under NumPy 1 and 2.
ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


#: Limits of a batch: bytes (the official ones have 31 MB), steps (some 50,000), containers within
#: each other (four), and keys and calls (some ten).
BYTES, STEPS, DEPTH, KEYS_AND_CALLS = 2**26, 2**18, 16, 64
#: Steps that put things into a container on the stack.
FILLING = ("APPEND", "APPENDS", "SETITEM", "SETITEMS", "BUILD")
#: Steps that hash every second of the things that they take, that call, and that make sets.
KEYED = ("SETITEM", "SETITEMS", "DICT")
CALLING = ("REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ", "BUILD")
SETS = ("EMPTY_SET", "ADDITEMS", "FROZENSET")


def check_program(data: bytes) -> None:
    """Follow a pickle's steps without doing any of them.

    Raises
    ------
    DataError
        If it is longer, has more steps, keys or calls or nests deeper than a batch, its numbers of
        the memo are not in order, or it has a set or a container as a key: what is hashed may take
        forever.
    ValueError, IndexError, KeyError
        If it is corrupt.
    """
    if len(data) > BYTES:
        raise DataError(f"has more than {BYTES:,} bytes")
    stack: list[Any] = []  # depth of each object when it was put there, None for a mark
    memo: dict[Any, int] = {}
    keys_and_calls = 0
    for step, (op, arg, _) in enumerate(pickletools.genops(data), 1):
        if step > STEPS:
            raise DataError(f"has more than {STEPS:,} steps")
        if op.name.endswith("PUT") or op.name == "MEMOIZE":
            place = len(memo) if arg is None else arg
            if place > step:
                raise DataError("has a memo with gaps")
            memo[place] = stack[-1]
            continue
        if op.name.endswith("GET"):
            stack.append(memo[arg])
            continue
        if op.name in SETS:
            raise DataError("has a set")
        taken = taken_by(op, stack)
        filled = [taken.pop()] if op.name in FILLING else []
        keys = taken[1::2] if op.name in KEYED else []
        if any(keys):
            raise DataError("has a container as a key")
        keys_and_calls += len(keys) + (op.name in CALLING)
        if keys_and_calls > KEYS_AND_CALLS:
            raise DataError(f"has more than {KEYS_AND_CALLS} keys and calls")
        deepest = max([*filled, *(depth + 1 for depth in taken)], default=0)
        if deepest > DEPTH and op.stack_after:
            raise DataError(f"nests deeper than {DEPTH} containers")
        for made in op.stack_after:
            stack.append(None if made is pickletools.markobject else deepest)


def taken_by(op: pickletools.OpcodeInfo, stack: list[Any]) -> list[int]:
    """Take off the stack what a step takes, the last first."""
    before = op.stack_before
    if pickletools.markobject not in before:
        return [stack.pop() for _ in before]
    above = list(iter(stack.pop, None))
    return above + [stack.pop() for _ in range(before.index(pickletools.markobject))]


class Piece:
    """Stands for something of NumPy in a pickle; keeps arguments and state, and does nothing."""

    __slots__ = ("args", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...] = ()) -> None:
        self.name, self.args = name, args
        self.state: Any = None

    def __call__(self, *args: Any) -> Piece:
        """The piece that calling the original would have made."""
        return Piece(self.name, args)

    def __setstate__(self, state: Any) -> None:
        self.state = state


class Reader(pickle.Unpickler):
    """Builds plain containers and pieces; refuses any other name, before importing it."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise DataError("names something else")
        return Piece(name)


def read_batch(data: bytes, path: Path, width: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images and labels of a Python batch.

    The official files were pickled by Python 2; protocols 3 and 4 of Python 3 can be read, too.

    Parameters
    ----------
    data : bytes
        The pickle of a dict with ``data``, an array of bytes, and ``labels``, a list of integers.
        The keys may be str or bytes.
    path : Path
        Where it is from, for messages.
    width : int
        The bytes of an image.

    Returns
    -------
    images : array of uint8, shape (n, width)
    labels : array of int64, shape (n,)

    Raises
    ------
    DataError
        If it is not such a pickle, or names anything but an array's parts.
    """
    try:
        check_program(data)
        batch = Reader(io.BytesIO(data), encoding="latin1").load()
    except DataError as error:
        raise DataError(
            f"{path} must be a pickle of nothing but arrays and plain containers, got one that "
            f"{error}; it was not executed"
        ) from None
    except Exception as error:  # a corrupt pickle may raise nearly anything
        raise DataError(
            f"{path} must be a pickled CIFAR-10 batch, got one that is cut short or corrupt "
            f"({type(error).__name__})"
        ) from None
    if not isinstance(batch, dict):
        raise DataError(f"{path} must be a pickled dict, got {type(batch).__name__}")
    entries = {k.decode("latin1") if isinstance(k, bytes) else k: v for k, v in batch.items()}
    for key in ("data", "labels"):
        if key not in entries:
            raise DataError(f"{path} must have the keys 'data' and 'labels', but lacks {key!r}")
    images = array(entries["data"], path, width)
    labels = entries["labels"]
    if not isinstance(labels, list) or not all(
        type(label) is int and abs(label) < 2**63 for label in labels
    ):
        raise DataError(f"{path}: labels must be a list of integers")
    if len(labels) != len(images):
        raise DataError(
            f"{path} has {len(images)} images and {len(labels)} labels; there must be as many"
        )
    return images, np.array(labels, np.int64)


def array(piece: Any, path: Path, width: int) -> NDArray[np.uint8]:
    """The array of bytes that a piece describes: (version, shape, dtype, is Fortran, bytes)."""
    problem = f"{path}: data must be a pickled array of unsigned bytes of shape (n, {width})"
    state = piece.state if isinstance(piece, Piece) and piece.name == "_reconstruct" else None
    if not isinstance(state, tuple) or len(state) != 5:
        raise DataError(f"{problem}, got {type(piece).__name__}")
    _, shape, dtype, fortran, content = state
    kind = dtype.args[:1] if isinstance(dtype, Piece) and dtype.name == "dtype" else None
    if kind not in (("u1",), (b"u1",)):
        raise DataError(f"{problem}, got another dtype")
    if (
        not isinstance(shape, tuple)
        or [type(n) for n in shape] != [int, int]
        or max(map(abs, shape)) >= 2**63
    ):
        raise DataError(f"{problem}, got another shape")
    if shape[0] < 1 or shape[1] != width:
        raise DataError(f"{problem}, got shape {shape}")
    if isinstance(content, str):  # a string of Python 2, decoded as Latin-1: a character a byte
        content = content.encode("latin1", errors="ignore")  # what it has besides is missing then
    if not isinstance(content, bytes) or len(content) != shape[0] * width:
        raise DataError(f"{problem}, got shape {shape} with other than {shape[0] * width} bytes")
    return np.frombuffer(content, np.uint8).reshape(shape, order="F" if fortran else "C")
