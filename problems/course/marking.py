"""Marks the files of one task, given what its lines should compute.

This file and those that it imports need NumPy alone. Exported autograders have copies of them.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from .judge import Verdict, judged
from .process import USUAL, Limits, ask

__all__ = ["gradescope", "marked", "read", "write"]

#: The most that a submission's Python files may have together, in bytes, and their number.
_BYTES, _FILES = 2_000_000, 200


def read(path: Path, names: Collection[str] = ()) -> dict[PurePosixPath, bytes]:
    """Return the files of the package ``student`` in a folder or ZIP, and those naming its task.

    Files of these names count wherever they are.

    Raises
    ------
    OSError, BadZipFile, ValueError
        If it cannot be read, or is too large.
    """
    found: dict[PurePosixPath, bytes] = {}
    size = 0
    for name, content in _files(path, names):
        size += len(content)
        if size > _BYTES or len(found) >= _FILES:
            raise ValueError(f"a submission may have {_FILES} files with {_BYTES:,} bytes")
        found[name] = content
    return found


def _files(path: Path, names: Collection[str]) -> Iterator[tuple[PurePosixPath, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = PurePosixPath(file.relative_to(path).as_posix())
            if _is_wanted(name, names) and file.is_file() and not file.is_symlink():
                if file.stat().st_size > _BYTES:
                    raise ValueError(f"{name} is too large")
                yield name, file.read_bytes()
        return
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        for info in archive.infolist():
            name = PurePosixPath(info.filename.replace("\\", "/"))
            if _is_wanted(name, names) and not info.is_dir() and ".." not in name.parts:
                if info.file_size > _BYTES:
                    raise ValueError(f"{name} is too large")
                yield name, archive.read(info)


def _is_wanted(name: PurePosixPath, names: Collection[str]) -> bool:
    hidden = any(part.startswith(("__pycache__", "__MACOSX", ".")) for part in name.parts)
    wanted = name.name in ("task.txt", *names) or "student" in name.parts[:-1]
    return not hidden and wanted


def write(files: Mapping[str, str], folder: Path) -> None:
    """Write files below a folder: path -> text."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def marked(
    known: list[dict[str, Any]], files: Mapping[str, str] | None, limits: Limits = USUAL
) -> list[Verdict]:
    """Return the verdicts on a task's lines.

    Parameters
    ----------
    known : list of dict
        What `judged` needs of each function.
    files : mapping of str to str, or None
        The package ``student``, path -> text; None if it was not handed in.
    limits : Limits
        What the process that runs them may use.
    """
    if files is None:
        return [v for k in known for v in judged(k, lambda given: _failed("not handed in"))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(files, folder)
        together = ask(folder, [{"spec": k["spec"]} for k in known], limits)
        # one that ends the process must not cost the others
        first = [None] * len(known) if isinstance(together, str) else together
        return [
            v
            for k, answer in zip(known, first, strict=True)
            for v in _of_function(k, folder, limits, answer)
        ]


def _of_function(known: dict[str, Any], folder: Path, limits: Limits, first: Any) -> list[Verdict]:
    """The verdicts on a function's lines, whatever its process answers."""

    def run(given: dict[str, Any]) -> Any:
        if first is not None and not given:
            return first
        answer = ask(folder, [{"spec": known["spec"], "given": given}], limits)
        return _failed(answer) if isinstance(answer, str) else answer[0]

    try:
        return judged(known, run)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        why = f"the process answered something else: {type(error).__name__}"
        return judged(known, lambda given: _failed(why))


def _failed(why: str) -> dict[str, Any]:
    return {"lines": {}, "calls": [], "error": why}


def gradescope(verdicts: Iterable[tuple[str, Verdict]], error: str = "") -> dict[str, Any]:
    """Return results in the documented form of Gradescope's autograder: a test for each line.

    Parameters
    ----------
    verdicts : iterable of (str, Verdict)
        Task and verdict of each line.
    error : str
        Why the submission could not be read, "" if it could.
    """
    tests = [
        {
            "name": f"{task}: {v.place}: {v.latex}",
            "score": int(v.right),
            "max_score": 1,
            "status": "passed" if v.right else "failed",
            "output": str(v),
        }
        for task, v in verdicts
    ]
    points = sum(int(v["score"]) for v in tests)
    output = error or f"{points} of {len(tests)} points"
    return {"score": points, "output": output, "tests": tests}
