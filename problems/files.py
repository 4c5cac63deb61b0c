"""Files that are written whole or not at all."""

from __future__ import annotations

import csv
import glob
import io
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["arrays_of", "leftovers", "replacing", "write_csv", "write_text"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a new, empty file beside `path`; on success it takes `path`'s place at once.

    Its name is ``.STEM.TOKEN.SUFFIX``, with a random token. It is created exclusively, so that a
    link that somebody has put there is not followed.
    """
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{path.suffix}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def leftovers(path: Path) -> list[Path]:
    """Temporary files of `replacing` beside a path, as a kill leaves them."""
    token = "[0-9a-f]" * 16
    return list(path.parent.glob(f".{glob.escape(path.stem)}.{token}{path.suffix}"))


def arrays_of(content: bytes) -> dict[str, NDArray[Any]]:
    """Arrays of an .npz file, by name.

    Raises
    ------
    ValueError
        If it is none, is damaged or has Python objects; in one line.
    """
    if not content.startswith(b"PK\x03\x04"):  # else NumPy recommends to load it as a pickle
        raise ValueError("it is no .npz file")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except Exception as error:  # a damaged archive may raise nearly anything
        raise ValueError(str(error).partition("\n")[0]) from error


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows under a header, numbers in full precision."""
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_text(path: Path, text: str) -> None:
    """Write text in UTF-8, with the line ends it has."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())
