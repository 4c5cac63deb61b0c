"""Submissions graded line by line, each in a process of its own."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from problems.course.expected import expected, write
from problems.course.judge import Verdict, judged
from problems.course.process import USUAL, Limits, ask
from problems.course.tasks import TASKS, Task, task_of

__all__ = ["Graded", "grade", "submitted"]

#: The most that a submission's Python files may have together, in bytes, and their number.
_BYTES, _FILES = 2_000_000, 200


@dataclass(frozen=True)
class Graded:
    """A submission's results.

    Attributes
    ----------
    student : str
        Name of the folder or ZIP, without suffix.
    verdicts : dict of Task to list of Verdict
        A verdict for each assigned line, by task.
    error : str
        Why the submission could not be read, "" if it could.
    """

    student: str
    verdicts: dict[Task, list[Verdict]]
    error: str = ""

    def points(self, task: Task) -> tuple[int, int]:
        """Return points, one for each right line, and the most there are."""
        verdicts = self.verdicts.get(task, [])
        return sum(v.right for v in verdicts), len(verdicts)

    @property
    def total(self) -> tuple[int, int]:
        """Points of all tasks, and the most there are."""
        pairs = [self.points(task) for task in self.verdicts]
        return sum(p for p, _ in pairs), sum(m for _, m in pairs)


def grade(paths: list[Path], seed: int, limits: Limits = USUAL) -> list[Graded]:
    """Grade submissions; a task that some submission has counts for all.

    Parameters
    ----------
    paths : list of Path
        Folders or ZIPs, one for each student, with the folders of one or more tasks.
    seed : int
        Seed of the cohort.
    limits : Limits
        What a submission's process may use.

    Raises
    ------
    ValueError
        If two submissions have the same name, or none has a task.
    """
    names = [path.resolve().name.removesuffix(".zip") for path in paths]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"submissions must have different names, got {', '.join(twice)} twice")
    read = [_read(path) for path in paths]
    tasks = [task for task in TASKS if any(task in found for found, _ in read)]
    if not tasks:
        raise ValueError(
            "no submission has a task: each must hold a folder student beside task.txt"
        )
    return [
        Graded(name, {task: _of_task(task, found.get(task), seed, limits) for task in tasks}, error)
        for name, (found, error) in zip(names, read, strict=True)
    ]


def _read(path: Path) -> tuple[dict[Task, dict[str, str]], str]:
    try:
        return submitted(path), ""
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return {}, f"{type(error).__name__}: {error}"


def submitted(path: Path) -> dict[Task, dict[str, str]]:
    """Return, for each task that a folder or ZIP has, the files of its package ``student``.

    Nothing else of a submission is used: not its tests, nor any file that is not Python.

    Raises
    ------
    OSError, BadZipFile, ValueError
        If the submission cannot be read, or is too large.
    """
    found: dict[PurePosixPath, bytes] = {}
    size = 0
    for name, content in _files(path):
        size += len(content)
        if size > _BYTES or len(found) >= _FILES:
            raise ValueError(f"a submission may have {_FILES} files with {_BYTES:,} bytes")
        found[name] = content
    tasks: dict[Task, dict[str, str]] = {}
    for name, content in sorted(found.items()):
        at = (
            len(name.parts) - 1 - name.parts[::-1].index("student")
            if "student" in name.parts
            else 0
        )
        task = _task_at(PurePosixPath(*name.parts[:at]), found, path)
        if task and at + 1 < len(name.parts) and name.suffix == ".py":
            file = "/".join(name.parts[at:])
            tasks.setdefault(task, {})[file] = content.decode("utf-8", errors="replace")
    return tasks


def _files(path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """The Python files of a submission, and those that name its task."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            name = PurePosixPath(file.relative_to(path).as_posix())
            if _is_wanted(name) and file.is_file() and not file.is_symlink():
                if file.stat().st_size > _BYTES:
                    raise ValueError(f"{name} is too large")
                yield name, file.read_bytes()
        return
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        for info in archive.infolist():
            name = PurePosixPath(info.filename.replace("\\", "/"))
            if _is_wanted(name) and not info.is_dir() and ".." not in name.parts:
                if info.file_size > _BYTES:
                    raise ValueError(f"{name} is too large")
                yield name, archive.read(info)


def _is_wanted(name: PurePosixPath) -> bool:
    hidden = any(part.startswith(("__pycache__", "__MACOSX", ".")) for part in name.parts)
    return not hidden and (name.name == "task.txt" or "student" in name.parts[:-1])


def _task_at(folder: PurePosixPath, found: dict[PurePosixPath, bytes], path: Path) -> Task | None:
    """The task of a folder, by its file task.txt or its name."""
    number = found.get(folder / "task.txt", b"").decode("ascii", errors="replace").strip()
    for text in (number, folder.name, path.name.removesuffix(".zip")):
        try:
            return task_of(text)
        except ValueError:
            continue
    return None


def _of_task(task: Task, files: dict[str, str] | None, seed: int, limits: Limits) -> list[Verdict]:
    """The verdicts on a task's lines; without files, that it was not handed in."""
    known = expected(task, seed)
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
