"""Submissions graded line by line, each in its own process."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from problems.course.expected import expected
from problems.course.judge import Verdict
from problems.course.marking import marked, read
from problems.course.process import USUAL, Limits
from problems.course.tasks import TASKS, Task, task_of

__all__ = ["Graded", "grade", "submitted"]


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
    handed_in = [_read(path) for path in paths]
    tasks = [task for task in TASKS if any(task in found for found, _ in handed_in)]
    if not tasks:
        raise ValueError(
            "no submission has a task: each must hold a folder student beside task.txt"
        )
    return [
        Graded(
            name,
            {task: marked(expected(task, seed), found.get(task), limits) for task in tasks},
            error,
        )
        for name, (found, error) in zip(names, handed_in, strict=True)
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
    found = read(path)
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


def _task_at(folder: PurePosixPath, found: dict[PurePosixPath, bytes], path: Path) -> Task | None:
    """The task of a folder, by its file task.txt or its name."""
    number = found.get(folder / "task.txt", b"").decode("ascii", errors="replace").strip()
    for text in (number, folder.name, path.name.removesuffix(".zip")):
        try:
            return task_of(text)
        except ValueError:
            continue
    return None
