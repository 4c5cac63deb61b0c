"""Handouts: a folder for each assignment, and another with its solution."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from problems.course.expected import expected
from problems.course.marking import write
from problems.course.tasks import Task
from problems.reading.cases import CASES, cases, projection
from problems.reading.checker import check
from problems.reading.lines import Traced

__all__ = ["handout", "make", "visible"]

#: How many calls of a function the visible tests have.
_SHOWN = 3
#: Seconds that a picture may take.
_PATIENCE = 120


def make(task: Task, folder: Path, seed: int, *, solution: bool = False) -> list[Path]:
    """Write a handout, and its solution if asked; return the folders.

    Parameters
    ----------
    task : Task
        Assignment.
    folder : Path
        Folder to write them into.
    seed : int
        Seed of the cohort, which sets the constants.
    solution : bool
        Whether to write the solution, too.

    Raises
    ------
    FileExistsError
        If a folder of that name has other files, which may be a student's.
    RuntimeError
        If a line of the source does not compute its equation, or the solution, or its picture,
        does not run.
    """
    _check(task, seed)
    picture = _picture(task, seed)
    written = []
    for solved in (False, True)[: 1 + solution]:
        target = folder / (f"{task.folder}-solution" if solved else task.folder)
        if target.exists() and any(target.iterdir()):
            raise FileExistsError(f"{target} is not empty; remove it, or choose another folder")
        write(handout(task, seed, solution=solved), target)
        (target / "expected.png").write_bytes(picture)
        written.append(target)
    return written


def handout(task: Task, seed: int, *, solution: bool = False) -> dict[str, str]:
    """Return the text files of a handout: path -> text."""
    course = files("problems.course")
    copied = {f"tests/{name}.py": f"{name}.py" for name in ("runner", "judge")}
    copied["tests/test_task.py"] = "handout/test_task.py.txt"
    return {
        **task.files(seed, solution=solution),
        **{to: course.joinpath(name).read_text(encoding="utf-8") for to, name in copied.items()},
        "tests/expected.json": json.dumps([visible(task, known) for known in expected(task, seed)]),
        "pytest.ini": "[pytest]\ntestpaths = tests\n",
        "ASSIGNMENT.md": task.text(seed),
        "README.md": _README.format(task=task),
        "picture.py": task.picture,
        "task.txt": f"{task.number}\n",
    }


def _check(task: Task, seed: int) -> None:
    """Compare the source's lines with their equations, so that no wrong line is handed out."""
    for place in CASES.keys() & set(task.places):
        for result in check(Traced(place), cases(place, seed), projection):
            if result.error:
                raise RuntimeError(str(result.error))


def visible(task: Task, known: dict[str, Any]) -> dict[str, Any]:
    """Return what the visible tests of a function need: some of its calls, and of its lines."""
    spec, calls = known["spec"], known["calls"]
    few = sorted({round(k) for k in np.linspace(0, len(calls) - 1, _SHOWN)})
    lines = spec["lines"][: task.shown]
    keys = {line["key"] for line in lines}
    chosen = [
        {
            **calls[k],
            "notes": {key: v for key, v in calls[k]["notes"].items() if key in keys},
            "returned": None if task.shown else calls[k]["returned"],
        }
        for k in few
    ]
    wrong = {
        key: [[cause, [notes[k] for k in few]] for cause, notes in causes]
        for key, causes in known["wrong"].items()
        if key in keys
    }
    shown = {**spec, "lines": lines, "calls": [spec["calls"][k] for k in few]}
    return {"spec": shown, "calls": chosen, "wrong": wrong, "rtol": known["rtol"]}


def _picture(task: Task, seed: int) -> bytes:
    """The picture that the solution draws."""
    with tempfile.TemporaryDirectory() as name:
        write({**task.files(seed, solution=True), "picture.py": task.picture}, Path(name))
        done = subprocess.run(
            [sys.executable, "picture.py"], cwd=name, capture_output=True, text=True, check=False,
            timeout=_PATIENCE, env={**os.environ, "MPLBACKEND": "agg"},
        )  # fmt: skip
        path = Path(name) / "picture.png"
        if done.returncode or not path.exists():
            raise RuntimeError(f"the picture of task {task.number} fails: {done.stderr[-500:]}")
        return path.read_bytes()


_README = """# {task.title}

The assignment is in `ASSIGNMENT.md`. Write your lines into the files in `student/`, in place of
every `TODO(...)`; the equation above each says what it computes.

You need Python 3.10 or later with NumPy, Matplotlib and pytest. In this folder,

    python -m pytest -q

says of each line whether it is right, and what differs if it is not. When all are,
`python picture.py` draws `picture.png`; it should look like `expected.png`.

Hand in this folder, or a ZIP of it.
"""
