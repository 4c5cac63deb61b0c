"""Grades by the tasks in ``tasks.json`` beside this file, in an exported grader.

Needs NumPy alone. ``python -m grader SUBMISSION RESULTS`` grades a folder and writes Gradescope's
``results.json``; `check` is for notebooks.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile

from .judge import Verdict
from .marking import gradescope, marked, read

__all__ = ["check", "graded", "main", "packed"]

HERE = Path(__file__).parent

#: A task: "number"; "files", the package that is handed out; "known", what its lines should give.
Bundle = dict[str, Any]


def packed(bundle: Bundle) -> str:
    """Return a task as letters and digits, to stand in a cell of a notebook."""
    return base64.b85encode(zlib.compress(json.dumps(bundle).encode(), 9)).decode()


def bundles() -> dict[str, Bundle]:
    """Return the tasks beside this file, by the names of their folders."""
    found: dict[str, Bundle] = json.loads((HERE / "tasks.json").read_text(encoding="utf-8"))
    return found


def check(task: str, number: int, data: str = "") -> str:
    """Return "right", or what is wrong with a line of the package ``student`` in this folder.

    Parameters
    ----------
    task : str
        Name of the task's folder.
    number : int
        Number of the line, from 0.
    data : str
        The task, `packed`; that beside this file without it.
    """
    files = {
        f"student/{path.name}": path.read_text(encoding="utf-8")
        for path in sorted(Path("student").glob("*.py"))
    }
    verdict = _all(task, data, tuple(files.items()))[number]
    return "right" if verdict.right else str(verdict)


@lru_cache(maxsize=4)
def _all(task: str, data: str, files: tuple[tuple[str, str], ...]) -> list[Verdict]:
    bundle = json.loads(zlib.decompress(base64.b85decode(data))) if data else bundles()[task]
    return marked(bundle["known"], {**bundle["files"], **dict(files)})


def graded(submission: Path, tasks: Mapping[str, Bundle]) -> dict[str, Any]:
    """Return the results of a folder or ZIP in Gradescope's form.

    With one task, files may also be uploaded without their folders.
    """
    names = {PurePosixPath(name).name for task in tasks.values() for name in task["files"]}
    try:
        found, error = read(submission, names if len(tasks) == 1 else set()), ""
    except (OSError, ValueError, BadZipFile) as problem:
        found, error = {}, f"{type(problem).__name__}: {problem}"
    lines = [
        (name, verdict)
        for name, task in tasks.items()
        for verdict in marked(task["known"], _own(name, task, found, alone=len(tasks) == 1))
    ]
    return gradescope(lines, error)


def _own(
    name: str, task: Bundle, found: Mapping[PurePosixPath, bytes], *, alone: bool
) -> dict[str, str] | None:
    """The package ``student`` that was handed in for a task, over the one handed out."""
    number = str(task["number"]).encode()
    roots = {path.parent for path, text in found.items() if text.strip() == number}
    roots = {root for root in roots if root / "task.txt" in found}
    files = dict[str, str]()
    for path, content in sorted(found.items()):
        mine = alone or name in path.parts or roots & set(path.parents)
        if mine and path.suffix == ".py":
            file = f"student/{path.name}"
            if file in task["files"] or "student" in path.parts:
                files[file] = content.decode("utf-8", errors="replace")
    return {**task["files"], **files} if files else None


def main(arguments: list[str]) -> int:
    """Grade a submission and write the results; return the exit code."""
    submission, results = map(Path, arguments)
    record = graded(submission, bundles())
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(record["output"])
    return 0
