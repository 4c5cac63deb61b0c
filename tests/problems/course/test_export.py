"""Gradescope's zip in an empty folder with its documented layout; what the others are made of."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from problems.cli import main
from problems.course.export import bundle, export
from problems.course.make import handout
from problems.course.marking import write
from problems.course.tasks import task_of

pytestmark = pytest.mark.slow  # each test starts processes

ADABOUND = task_of("4")


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    """A function that grades files as Gradescope would; the zip has task 4."""
    folder = tmp_path_factory.mktemp("zip")
    (path,) = export("gradescope", [ADABOUND], folder, 7, wheels=False)

    def grade(files):
        root = tmp_path_factory.mktemp("autograder")
        with zipfile.ZipFile(path) as archive:
            archive.extractall(root / "source")
        shutil.copy(root / "source" / "run_autograder", root)
        write(files, root / "submission")
        python = root / "venv" / "bin" / "python"  # what setup.sh makes
        write({python.name: f'#!/bin/sh\nexec {sys.executable} "$@"\n'}, python.parent)
        python.chmod(0o755)
        done = subprocess.run(
            ["bash", str(root / "run_autograder")],
            cwd=root, env={"AUTOGRADER_ROOT": str(root), "PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stderr == ""
        results = json.loads((root / "results" / "results.json").read_text())
        assert set(results) == {"score", "output", "tests"}
        assert results["score"] == sum(test["score"] for test in results["tests"])
        return results, done.stdout

    return grade


def solution():
    files = ADABOUND.files(7, solution=True)
    assert "(g * g)" in files["student/adabound.py"]
    return files


def test_the_solution_has_all_points_and_the_handout_none(autograder):
    assert autograder(handout(ADABOUND, 7, solution=True))[0]["output"] == "10 of 10 points"
    untouched, _ = autograder(handout(ADABOUND, 7))
    assert untouched["output"] == "0 of 10 points"
    assert "not done yet" in untouched["tests"][0]["output"]
    assert autograder({"essay.txt": "none"})[0]["output"] == "0 of 10 points"


def test_files_without_their_folders_count_and_a_wrong_line_is_named(autograder):
    files = {name.removeprefix("student/"): text for name, text in solution().items()}
    files["adabound.py"] = files["adabound.py"].replace("(g * g)", "g")
    results, _ = autograder({"adabound.py": files["adabound.py"], "bounds.py": files["bounds.py"]})
    assert results["output"] == "9 of 10 points"
    (wrong,) = (test for test in results["tests"] if not test["score"])
    assert "is g_t not squared?" in wrong["output"]


@pytest.mark.parametrize(
    "trick",
    [
        "print('10 of 10 points: all passed')",
        "import json, sys; json.dump({'score': 10}, sys.stdout)",
        "import sys; sys.exit(0)",
        "import os; os._exit(0)",
        "from pathlib import Path\np = Path.cwd() / '../results'\np.mkdir(exist_ok=True)\n"
        "(p / 'results.json').write_text('{\"score\": 10}')",
        "import grader",
        "import problems",
        "import sys\nfrom pathlib import Path\nfor p in sys.path + [sys.argv[0]]:\n"
        "    for q in Path(p or '.').resolve().parent.rglob('tasks.json'):\n"
        "        raise SystemExit(q.read_text())",
    ],
)  # fmt: skip
def test_tricks_of_a_submission_give_no_points(autograder, trick):
    files = handout(ADABOUND, 7)
    files["student/adabound.py"] = trick + "\n" + files["student/adabound.py"]
    results, _ = autograder(files)
    assert results["score"] == 0
    assert "notes" not in json.dumps(results)  # nothing of the hidden tests comes back


def test_hidden_tests_cannot_be_opened_by_a_submission(autograder):
    """A line that looks for the hidden values on the stack and in files fails, and only it."""
    files = solution()
    line = "v = h.beta2 * s.v + (1 - h.beta2) * (g * g)"
    spy = (
        "import inspect, pathlib; "
        "root = pathlib.Path(inspect.stack()[1].filename).parent; "
        "v = open(root / 'tasks.json').read()"
    )
    assert line in files["student/adabound.py"]
    files["student/adabound.py"] = files["student/adabound.py"].replace(line, spy)
    results, _ = autograder(files)
    assert results["output"] == "9 of 10 points"
    wrong = next(test["output"] for test in results["tests"] if not test["score"])
    assert "may not open" in wrong, wrong


def test_no_solved_line_is_in_what_students_get(tmp_path):
    """Otter's handout and the visible data; nbgrader clears its own (tests/oracles)."""
    export("otter", [ADABOUND], tmp_path, 7)
    for path in (tmp_path / ADABOUND.folder / "handout").rglob("*"):
        assert path.is_dir() or "(g * g)" not in path.read_text(), path
    few, every = (bundle(ADABOUND, 7, hidden=hidden)["known"] for hidden in (False, True))
    assert len(few[0]["calls"]) == 3 < len(every[0]["calls"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "4"], "export needs --format, one of gradescope, otter, nbgrader"),
        (["export", "4", "--format", "moodle"], "invalid choice: 'moodle'"),
        (["export", "adbound", "--format", "otter"], "got 'adbound'"),
    ],
)
def test_bad_values_are_refused(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["course", *arguments, "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


def test_nothing_is_overwritten(tmp_path, capsys):
    arguments = ["course", "export", "2", "--format", "gradescope", "--no-wheels"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    assert main([*arguments, "--out", str(tmp_path)]) == 1
    assert "gradescope-autograder.zip exists" in capsys.readouterr().err
