"""Tasks for the tools that courses use: Gradescope, otter-grader, nbgrader.

All of them grade with the same copy of `problems.course.judge` and what it needs, the package
``grader``, which needs NumPy alone.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from problems.course.autograde import Bundle, packed
from problems.course.expected import expected
from problems.course.make import handout, visible
from problems.course.marking import write
from problems.course.tasks import Task

__all__ = ["export"]

#: Python versions of Gradescope's images, for which wheels are put in.
PYTHONS = ("3.10", "3.12")
_MODULES = ("judge", "runner", "guard", "process", "marking", "autograde")


def export(
    form: str, tasks: Sequence[Task], folder: Path, seed: int, *, wheels: bool = True
) -> list[Path]:
    """Write tasks for a tool; return the files and folders.

    Parameters
    ----------
    form : {"gradescope", "otter", "nbgrader"}
        Tool.
    tasks : sequence of Task
        Assignments: in one autograder for Gradescope, in a folder each for the others.
    folder : Path
        Folder to write to.
    seed : int
        Seed of the cohort.
    wheels : bool
        Whether Gradescope's zip holds NumPy's wheels, which pip downloads.

    Raises
    ------
    FileExistsError
        If something of that name is there.
    OSError
        If a wheel cannot be downloaded, or the folder not be written to.
    """
    if form == "gradescope":
        return [_gradescope(tasks, folder, seed, wheels)]
    if form == "nbgrader":
        return [_nbgrader(task, _new(folder / "source" / task.folder), seed) for task in tasks]
    return [_otter(task, _new(folder / task.folder), seed) for task in tasks]


def _new(path: Path) -> Path:
    if path.exists():
        raise FileExistsError(f"{path} exists; remove it, or choose another folder")
    return path


def bundle(task: Task, seed: int, *, hidden: bool) -> Bundle:
    """Return what a grader needs of a task: with all inputs, or with those of the visible tests."""
    known = expected(task, seed)
    return {
        "number": task.number,
        "files": task.files(seed, solution=False),
        "known": known if hidden else [visible(task, k) for k in known],
    }


def _grader(tasks: Sequence[Task], seed: int, *, hidden: bool) -> dict[str, str]:
    """The package ``grader``: path -> text."""
    course = files("problems.course")
    texts = {name: course.joinpath(f"{name}.py").read_text("utf-8") for name in _MODULES}
    bundles = {task.folder: bundle(task, seed, hidden=hidden) for task in tasks}
    return {
        **{f"grader/{name}.py": text for name, text in texts.items()},
        "grader/__init__.py": '"""Grades line by line."""\n\nfrom .autograde import check\n',
        "grader/__main__.py": "import sys\n\nfrom .autograde import main\n\n"
        "sys.exit(main(sys.argv[1:]))\n",
        "grader/tasks.json": json.dumps(bundles),
    }


def _gradescope(tasks: Sequence[Task], folder: Path, seed: int, wheels: bool) -> Path:
    """A zip with ``setup.sh``, ``run_autograder``, the grader and NumPy's wheels."""
    path = _new(folder / "gradescope-autograder.zip")
    scripts = files("problems.course").joinpath("gradescope")
    with tempfile.TemporaryDirectory() as name:
        below = Path(name)
        write(_grader(tasks, seed, hidden=True), below)
        for script in ("setup.sh", "run_autograder"):
            (below / script).write_text(scripts.joinpath(script).read_text("utf-8"), "utf-8")
            (below / script).chmod(0o755)
        (below / "wheels").mkdir()
        for version in PYTHONS if wheels else ():
            _download(below / "wheels", version)
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(below.rglob("*")):
                archive.write(file, file.relative_to(below))
    return path


def _download(folder: Path, version: str) -> None:
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), "numpy"),
        *("--only-binary", ":all:", "--python-version", version),
        *("--platform", "manylinux2014_x86_64", "--platform", "manylinux_2_28_x86_64"),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["pip failed"]
        raise OSError(
            f"NumPy's wheel for Python {version} cannot be had ({lines[-1]}); --no-wheels"
        )


def _otter(task: Task, folder: Path, seed: int) -> Path:
    """``handout`` for students, ``autograder`` for ``otter generate``, and the solution."""
    lines = _lines(task, seed)
    for part, solved in (("handout", False), ("solution", True)):
        book = _notebook(_cells(task, seed, solution=solved, otter=True))
        write({f"{part}/{task.folder}.ipynb": book}, folder)
        write(_supplies(task, seed), folder / part)
    for part, hidden in (("handout", False), ("autograder", True)):
        write(_grader([task], seed, hidden=hidden), folder / part)
        shown = lines if hidden else lines[: task.shown]
        tests = {f"tests/q{n}.py": _otter_test(task, n, line) for n, line in enumerate(shown)}
        write(tests, folder / part)
    write(_supplies(task, seed), folder / "autograder")
    return folder


def _nbgrader(task: Task, folder: Path, seed: int) -> Path:
    """The notebook with nbgrader's markers, and the files that it uses."""
    book = _notebook(_cells(task, seed, solution=True, otter=False))
    write({f"{task.folder}.ipynb": book, **_supplies(task, seed)}, folder)
    write(_grader([task], seed, hidden=False), folder)
    return folder


def _lines(task: Task, seed: int) -> list[str]:
    """Each line that has a point: its function and equation."""
    specs = task.specs(seed)
    return [f"{spec['place']}: {line['latex']}" for spec in specs for line in spec["lines"]]


def _assigned(task: Task, seed: int) -> list[str]:
    """The files that have something to be written."""
    texts = task.files(seed, solution=False)
    return [k for k, text in texts.items() if " TODO(" in text and k != "student/todo.py"]


def _supplies(task: Task, seed: int) -> dict[str, str]:
    """The files of a handout that are not in the notebook."""
    given = handout(task, seed)
    own = [*_assigned(task, seed), "README.md", "pytest.ini"]
    return {k: v for k, v in given.items() if k not in own and not k.startswith("tests/")}


def _cells(task: Task, seed: int, *, solution: bool, otter: bool) -> list[dict[str, Any]]:
    """The cells of a task's notebook."""
    texts, lines = task.files(seed, solution=solution), _lines(task, seed)
    todo = task.files(seed, solution=False)
    start = "import os\n\nfrom grader import check\n\nos.makedirs('student', exist_ok=True)"
    if otter:
        start = f"import otter\n\n{start}\n\ngrader = otter.Notebook()"
    cells = [_cell("markdown", task.text(seed)), _cell("code", start)]
    for name in _assigned(task, seed):
        text = texts[name] if otter else _marked_solution(texts[name], todo[name])
        stem = Path(name).stem
        cells.append(_cell("code", f"%%writefile {name}\n{text}", _graded(stem, solution=True)))
    data = packed(bundle(task, seed, hidden=True))
    for n, line in enumerate(lines):
        words = f"# {line}\n"
        shown = task.shown is None or n < task.shown
        if otter and shown:
            cells.append(_cell("code", f'{words}grader.check("q{n}")'))
        if otter:
            continue
        call = f'check("{task.folder}", {n}'
        visible_test = f"found = {call})\nassert found == 'right', found\n" if shown else ""
        code = (
            f"{words}{visible_test}"
            f"### BEGIN HIDDEN TESTS\nfound = {call}, {data!r})\n"
            "assert found == 'right', found\n### END HIDDEN TESTS"
        )
        cells.append(_cell("code", code, _graded(f"q{n}", solution=False)))
    return cells


def _graded(name: str, *, solution: bool) -> dict[str, Any]:
    """Nbgrader's metadata of a cell to be written, or of one with a point."""
    points = {} if solution else {"points": 1}
    return {
        "nbgrader": {
            "grade": not solution, "solution": solution, "locked": not solution, "task": False,
            "grade_id": name, "schema_version": 3, **points,
        }
    }  # fmt: skip


def _marked_solution(solved: str, todo: str) -> str:
    """A file with nbgrader's markers around the statements that differ from those handed out."""
    lines = solved.splitlines()
    edges = list[tuple[int, int]]()
    pairs = zip(_statements(solved), _statements(todo), strict=True)
    for node, blank in pairs:
        if "TODO(" in ast.unparse(blank) and ast.unparse(node) != ast.unparse(blank):
            edges.append((node.lineno, node.end_lineno or node.lineno))
    for first, last in sorted(edges, reverse=True):
        lines[first - 1 : last] = _region(lines[first - 1 : last])
    return "\n".join(line for line in lines if "import TODO" not in line) + "\n"


def _region(lines: list[str]) -> list[str]:
    """A statement between nbgrader's markers, which puts a raise in its place.

    Outside of functions that is caught, so that the rest of the file can be imported.
    """
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
    if indent:
        return [f"{indent}### BEGIN SOLUTION", *lines, f"{indent}### END SOLUTION"]
    equations = [line.strip() for line in lines if line.lstrip().startswith("#")]
    inner = _region([f"    {line}" for line in lines])
    return [*equations, "try:", *inner, "except NotImplementedError:", "    pass"]


def _statements(text: str) -> list[Any]:
    """The statements without others inside, in their order."""
    simple = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)
    found = [n for n in ast.walk(ast.parse(text)) if isinstance(n, simple)]
    return sorted(found, key=lambda n: n.lineno)


def _cell(kind: str, source: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    code: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "metadata": metadata or {}, "source": source, **code}


def _notebook(cells: list[dict[str, Any]]) -> str:
    for n, cell in enumerate(cells):
        cell["id"] = f"cell-{n}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(book, indent=1) + "\n"


def _otter_test(task: Task, number: int, line: str) -> str:
    """A test of a line in otter's form: a doctest that prints what is wrong."""
    code = f'>>> from grader import check\n>>> print(check("{task.folder}", {number}))\nright'
    test = {
        "name": f"q{number}",
        "points": 1,
        "suites": [
            {
                "cases": [{"code": code, "hidden": False, "locked": False}],
                "scored": True, "setup": "", "teardown": "", "type": "doctest",
            }
        ],
    }  # fmt: skip
    return f"# {line}\nOK_FORMAT = True\n\ntest = {test!r}\n"
