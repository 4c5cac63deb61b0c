"""A file of results that grows record by record, and survives the end of its writer.

JSON Lines: a header that says which sweep this is, then a record a line. Each line ends with a
CRC-32 of what stands before it. A record is on disk before the next is waited for; a line that a
kill cut short is the last one, is noticed, and is cut off when the sweep is resumed.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from problems.files import leftovers, replacing

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["Records", "RecordsError", "locked", "read", "recording"]

FORMAT = 1
KIND = "adabound-np sweep"


class RecordsError(ValueError):
    """A file of results cannot be used; it is left as it was."""


def encode(entry: Mapping[str, Any]) -> bytes:
    r"""Return an entry as a line with its checksum.

    Examples
    --------
    >>> encode({"cell": 0, "regret": 1.5})
    b'{"cell": 0, "regret": 1.5, "crc32": "db2206da"}\n'
    """
    text = json.dumps(entry, allow_nan=False)
    return f'{text[:-1]}, "crc32": "{zlib.crc32(text.encode()):08x}"}}\n'.encode()


def decode(line: bytes) -> dict[str, Any] | None:
    """Return a line's entry, without the checksum; None if the line is damaged."""
    try:
        entry = json.loads(line)
        del entry["crc32"]
        return entry if encode(entry) == line else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a file's header and its records, without a last one that is damaged.

    Parameters
    ----------
    path : str or path
        File that `problems.sweeps.runner.sweep` wrote or is writing.

    Raises
    ------
    RecordsError
        If it is not such a file, or is damaged before its last line.
    OSError
        If it cannot be read.
    """
    path = Path(path)
    with path.open("rb") as file:
        entries = [entry for _, entry in _entries(file, path)]
    if not entries:
        raise RecordsError(f"{path} must be a file of a sweep's results, but is empty")
    return entries[0], entries[1:]


def _entries(file: BinaryIO, path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each entry, with the offset of the line's end, up to a last one that is damaged."""
    end = 0
    for number, line in enumerate(file, 1):
        entry = decode(line)
        if number == 1 and (entry is None or entry.get("kind") != KIND):
            raise RecordsError(f"{path} must be a file of a sweep's results, but is not")
        if entry is None:
            if file.read(1):
                raise RecordsError(
                    f"{path} must have no damaged line but the last; line {number} is"
                )
            return
        end += len(line)
        yield end, entry


class Records:
    """An open file of results; made by `recording`, which holds its lock.

    Attributes
    ----------
    path : Path
        Where it is.
    places : dict of int to tuple of int
        For each cell that it has, where its line begins and ends.
    """

    def __init__(self, path: Path, file: BinaryIO, places: dict[int, tuple[int, int]]) -> None:
        self.path, self.file, self.places = path, file, places
        self.end = file.seek(0, os.SEEK_END)

    def append(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Write records, and return once they are on disk.

        Raises
        ------
        OSError
            If they cannot be written; the file can still be resumed.
        """
        end, places, lines = self.end, {}, []
        for record in records:
            lines.append(encode(record))
            places[record["cell"]] = (end, end + len(lines[-1]))
            end += len(lines[-1])
        _write(self.file, b"".join(lines))
        _to_disk(self.file)
        self.end = end
        self.places.update(places)

    def sort(self) -> None:
        """Put the lines into the order of cells, all at once: the same file for the same sweep."""
        order = sorted(self.places)
        if list(self.places) == order:
            return
        with replacing(self.path) as temporary:
            with temporary.open("wb") as file:
                self.file.seek(0)
                file.write(self.file.readline())
                for cell in order:
                    begin, end = self.places[cell]
                    self.file.seek(begin)
                    file.write(self.file.read(end - begin))
                _to_disk(file)
            self.file.close()  # Windows replaces no open file


@contextmanager
def recording(
    path: str | os.PathLike[str],
    header: Mapping[str, Any],
    expected: Callable[[int], Mapping[str, Any]],
    results: Collection[str],
    resume: bool = False,
) -> Iterator[Records]:
    """Open a file of results for one writer at a time: a new one, or, to resume, an old one.

    Parameters
    ----------
    path : str or path
        A new or empty file, or, with `resume`, one that was written under the same header. Its
        folder is made if need be.
    header : mapping
        What tells this sweep from another, as JSON has it; its "cells" is their number. Its
        "manifest" says what the file was begun with, and may differ when it is resumed.
    expected : callable
        What the record of a cell says beside its results.
    results : collection of str
        Names of results that each record has.
    resume : bool
        Whether the file may have records already.

    Raises
    ------
    RecordsError
        If the file cannot be used; it is left as it was.
    """
    path = Path(path).resolve()
    first = json.loads(json.dumps({"kind": KIND, "format": FORMAT, **header}))
    with locked(path):
        places: dict[int, tuple[int, int]] = {}
        good = len(encode(first))
        try:
            if path.exists() and not path.is_file():
                raise RecordsError(f"{path} must be a file, but is not")
            if not path.exists() or path.stat().st_size == 0:
                _begin(path, first)
            elif not resume:
                raise RecordsError(
                    f"{path} must be a new file, but has content already; a sweep that has begun "
                    "is continued with --resume (resume=True)"
                )
            else:
                good, places = _resumed(path, first, expected, results)
            file = path.open("r+b", buffering=0)
        except OSError as error:
            raise RecordsError(f"{path} must be a file that can be written, got {error}") from error
        with file:
            if file.seek(0, os.SEEK_END) > good:  # a line that a kill cut short
                file.truncate(good)
            yield Records(path, file, places)


def _begin(path: Path, header: Mapping[str, Any]) -> None:
    """Make a file of a header, whole or not at all."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(encode(header))
        _to_disk(file)


def _resumed(
    path: Path,
    header: Mapping[str, Any],
    expected: Callable[[int], Mapping[str, Any]],
    results: Collection[str],
) -> tuple[int, dict[int, tuple[int, int]]]:
    """Return where a file's good lines end and its records are, if all are this sweep's."""
    places: dict[int, tuple[int, int]] = {}
    with path.open("rb") as file:
        entries = _entries(file, path)
        begin, found = next(entries)
        for name in {**header, **found}:
            here, there = (json.dumps(h.get(name)) for h in (header, found))
            if here != there and name != "manifest":
                raise RecordsError(
                    f"{path} must be of the same sweep: {name} is {_short(there)} there, "
                    f"{_short(here)} here"
                )
        for number, (end, record) in enumerate(entries, 2):
            cell = record.get("cell")
            if type(cell) is not int or not 0 <= cell < header["cells"] or cell in places:
                raise RecordsError(f"{path} must have each cell once; line {number} has {cell!r}")
            for name, value in expected(cell).items():
                if record.get(name) != value:
                    raise RecordsError(
                        f"{path} must be of the same sweep: {name} of cell {cell}, line {number}, "
                        f"is {_short(json.dumps(record.get(name)))} there, "
                        f"{_short(json.dumps(value))} here"
                    )
            for name in results:
                if name not in record:
                    raise RecordsError(
                        f"{path} must have the results of each cell; line {number} has no {name}"
                    )
            places[cell] = (begin, end)
            begin = end
    return begin, places


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _write(file: BinaryIO, data: bytes) -> None:
    """Write all of it to a file without a buffer, which would be written once more when closed."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file: the system's, on a file beside it, so that it ends with us.

    The temporary files of a writer that was killed are removed.

    Raises
    ------
    RecordsError
        If another process holds it, or no file can be made there.
    """
    beside = path.with_name(f"{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            lock = os.open(beside, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                if not _try_lock(lock):
                    raise RecordsError(
                        f"{path} must have one writer, but another process writes to it"
                    )
                if _is(lock, beside):
                    break
            except BaseException:
                os.close(lock)
                raise
            os.close(lock)  # the one who held it removed it just now
    except OSError as error:
        raise RecordsError(f"{path} must be a file that can be written, got {error}") from error
    try:
        for left in leftovers(path):
            left.unlink()
        yield
    finally:
        if sys.platform != "win32":  # there, what is open stays
            with suppress(OSError):  # a lock that is left over is no lock
                beside.unlink()
        os.close(lock)
        if sys.platform == "win32":
            with suppress(OSError):
                beside.unlink()


def _try_lock(lock: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is(lock: int, path: Path) -> bool:
    """Whether an open file is still the one at `path`."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False
