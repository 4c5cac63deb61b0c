"""The course's exports in the tools themselves: otter-grader and nbgrader."""

import csv
import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from problems.course.export import export
from problems.course.tasks import task_of
from tests.oracles.peers import peer

#: AdaBound, whose lines are in functions, and reverse mode, whose rules are not.
TASKS = [task_of("4"), pytest.param(task_of("7"), marks=pytest.mark.slow)]
both = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.folder)
ENV = {
    **os.environ,
    "OPENBLAS_NUM_THREADS": "1",
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}
#: A right side of each task, and a wrong one.
WRONG = {4: ("(g * g)", "g"), 7: ("y_bar * b", "y_bar + b")}


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, env=ENV, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def changed(path, right, wrong):
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))


@both
def test_otter_grader(task, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer("otter")
    (folder,) = export("otter", [task], tmp_path, 7)
    otter = (sys.executable, "-m", "otter")
    archive = str(tmp_path / "autograder.zip")
    files = ("grader", "student", "task.txt")
    run(
        *(*otter, "generate", "-t", "tests", "-o", archive, "--no-environment", *files),
        cwd=folder / "autograder",
    )
    shutil.copytree(folder / "solution", folder / "wrong")
    changed(folder / "wrong" / f"{task.folder}.ipynb", *WRONG[task.number])
    scores = {}
    for name in ("solution", "handout", "wrong"):
        book = str(folder / name / f"{task.folder}.ipynb")
        out = tmp_path / name
        out.mkdir()
        run(*otter, "run", "-a", archive, "-o", str(out), book, cwd=out)
        results = json.loads((out / "results.json").read_text())
        scores[name] = [test for test in results["tests"] if test["name"].startswith("q")]
    assert [test["score"] for test in scores["solution"]] == [1] * len(scores["solution"])
    assert sum(test["score"] for test in scores["handout"]) == 0
    bad = [test for test in scores["wrong"] if not test["score"]]
    assert len(bad) == 1
    assert "your line gives" in bad[0]["output"]


@both
def test_nbgrader(task, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer("nbgrader")
    (source,) = export("nbgrader", [task], tmp_path, 7)
    (tmp_path / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "adabound"\n'
    )
    nbgrader = (sys.executable, "-m", "nbgrader")
    run(*nbgrader, "generate_assignment", task.folder, "--create", cwd=tmp_path)
    release = tmp_path / "release" / task.folder
    book = f"{task.folder}.ipynb"
    text = (release / book).read_text()
    assert WRONG[task.number][0] not in text
    assert "HIDDEN" not in text
    assert "SOLUTION" not in text
    for name in ("handout", "solution", "wrong", "deleted"):
        shutil.copytree(release, tmp_path / "submitted" / name / task.folder)
    cells = json.loads((source / book).read_text())["cells"]
    for name in ("solution", "wrong", "deleted"):
        path = tmp_path / "submitted" / name / task.folder / book
        notebook = json.loads(path.read_text())
        for own, solved in zip(notebook["cells"], cells, strict=True):
            if solved["metadata"].get("nbgrader", {}).get("solution"):
                own["source"] = solved["source"]
        if name == "deleted":  # the cells with points, markers and all
            notebook["cells"] = [c for c in notebook["cells"] if "check(" not in str(c["source"])]
        path.write_text(json.dumps(notebook))
    changed(tmp_path / "submitted" / "wrong" / task.folder / book, *WRONG[task.number])
    run(*nbgrader, "autograde", task.folder, cwd=tmp_path)
    run(*nbgrader, "export", cwd=tmp_path)
    with (tmp_path / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    most = float(rows["solution"]["max_score"])
    assert most == sum(len(spec["lines"]) for spec in task.specs(7))
    points = {name: float(row["score"]) for name, row in rows.items()}
    assert points["solution"] == most
    assert points["handout"] == 0
    assert points["wrong"] == most - 1
    assert points["deleted"] == 0  # a cell with points that is not there has none
