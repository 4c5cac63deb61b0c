"""Checkpoints of training: one file, written whole or not at all, read without pickle.

A NumPy ``.npz`` of arrays, one of which, ``header``, is JSON in UTF-8: what is not an array, and
a SHA-256 of all the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.files import arrays_of, replacing

__all__ = ["CheckpointError", "read", "write"]

FORMAT = 1
HEADER = "header"


class CheckpointError(ValueError):
    """A checkpoint cannot be used; it is left as it was."""


def write(path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a checkpoint in place of an old one, all at once.

    Parameters
    ----------
    path : Path
        Ends with ``.npz``; its folder exists.
    header : mapping
        Anything that JSON can say; NaN and infinities, too.
    arrays : mapping of str to array
        By name; none is called "header".

    Raises
    ------
    OSError
        If it cannot be written; the old one is as it was.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "run.npz")
    ...     write(path, {"epoch": 3}, {"w": np.zeros(2)})
    ...     read(path)
    ({'epoch': 3}, {'w': array([0., 0.])})
    """
    described = {"format": FORMAT, "content": header}
    described["sha256"] = _digest(described, arrays)
    text = np.frombuffer(json.dumps(described).encode(), np.uint8)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **{HEADER: text, **arrays})  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return a checkpoint's header and arrays.

    Raises
    ------
    CheckpointError
        If the file is no checkpoint, or is damaged.
    OSError
        If it cannot be read.
    """
    content = path.read_bytes()
    try:
        arrays = arrays_of(content)
        described = json.loads(arrays.pop(HEADER).tobytes())
        digest = described.pop("sha256")
        intact = digest == _digest(described, arrays) and described["format"] == FORMAT
        header: dict[str, Any] = described["content"]
    except Exception as error:  # what is in the arrays may raise nearly anything
        raise CheckpointError(
            f"{path} must be a whole checkpoint, got one that is damaged "
            f"({type(error).__name__}: {error}); delete it to start again"
        ) from error
    if not intact:
        raise CheckpointError(
            f"{path} must be a whole checkpoint, got one whose SHA-256 does not match its content; "
            "delete it to start again"
        )
    return header, arrays


def _digest(described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    """SHA-256 of the header, and of each array's name, dtype, shape and bytes."""
    whole = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        whole.update(f"{name} {array.dtype.str} {arrays[name].shape}".encode())
        whole.update(array.reshape(-1).view(np.uint8).data)
    return whole.hexdigest()
