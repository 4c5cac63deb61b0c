"""Submissions that are late, odd or hostile: each costs what it should and fakes no pass."""

import csv
import json
import shutil
import zipfile
from pathlib import Path

import pytest

import adabound_np
from problems.course.expected import expected
from problems.course.grade import grade, submitted
from problems.course.process import Limits
from problems.course.report import save, table
from problems.course.tasks import task_of
from tests.problems.course.helpers import submit, verdicts

pytestmark = pytest.mark.slow  # each test starts processes

ADABOUND = task_of("adabound")
IMPORT = "import numpy as np\n"
SOLVED = Path(adabound_np.__file__).with_name("adabound.py")
#: Much for what ends, little for what does not.
LIMITS = Limits(call=1.0, seconds=6)

#: What a student's file adabound.py may do when it is imported. It costs its eight lines.
AT_IMPORT = {
    "exit": "import sys; sys.exit(0)",
    "hard exit": "import os; os._exit(0)",
    "syntax error": "def (",
    "crash": "1 / 0",
    "endless loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "memory": "x = bytearray(1 << 40)",
    "growing memory": "x = []\nwhile True: x.append(bytearray(1 << 26))",
    "import of the solution": "import adabound_np",
    "import of its module": "from adabound_np.adabound import AdaBound",
    "import of the engine": "import autograd_lite.engine",
    "import of the tests": "from problems.course.expected import expected",
    "import by another name": "import importlib; importlib.import_module('adabound_np.adam')",
    "reading the solution": f"open({str(SOLVED)!r}).read()",
    "reading it by number": f"import os; os.open({str(SOLVED)!r}, os.O_RDONLY)",
    "another process": "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
    "a shell": "import os; os.system('true')",
    "reading it by its path": f"import io, pathlib as p; io.FileIO(p.Path({str(SOLVED)!r}))",
    "a socket": "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "a name's address": "import socket; socket.getaddrinfo('localhost', 1)",
    "a false answer": "import os\nfor k in range(3, 20):\n    try: os.write(k, b'[{}]')\n"
                      "    except OSError: pass\nos._exit(0)",
    "a malformed answer": "import os\nfor k in range(3, 20):\n    try:\n        os.write(k, b"
                          "'[{\"error\": \"\", \"lines\": [], \"calls\": 3}]')\n"
                          "    except OSError: pass\nos._exit(0)",
}  # fmt: skip


@pytest.mark.parametrize("how", AT_IMPORT)
def test_a_file_that_cannot_be_imported_costs_its_lines(how, tmp_path):
    folder = submit(ADABOUND, tmp_path)
    path = folder / "student" / "adabound.py"
    path.write_text(path.read_text().replace(IMPORT, f"{IMPORT}{AT_IMPORT[how]}\n"))
    found = verdicts(ADABOUND, folder, limits=LIMITS)
    assert [v.right for v in found if v.place.startswith("adabound.")] == [False] * 8
    assert [v.right for v in found if v.place.startswith("bounds.")] == [True] * 2
    assert all(v.why for v in found if not v.right)


#: What a line of eta_u may do. It costs this line.
IN_A_LINE = {
    "endless loop": "[0 for _ in iter(int, 1)]",
    "exit": "__import__('sys').exit(0)",
    "hard exit": "__import__('os')._exit(0)",
    "memory": "bytearray(1 << 40)",
    "recursion": "(lambda f: f(f))(lambda f: f(f))",
    "an object equal to all": "type('A', (), {'__eq__': lambda *_: True})()",
    "text": "'0.1'",
    "nothing": "None",
    "not a number": "float('nan')",
    "an empty array": "__import__('numpy').zeros(0)",
    "the solution": "__import__('adabound_np').DynamicBounds(self.final_lr, self.gamma).eta_u(t)",
}


@pytest.mark.parametrize("how", IN_A_LINE)
def test_a_line_that_fails_costs_itself(how, tmp_path):
    right = "self.final_lr * (1 + 1 / (self.gamma * t))"
    folder = submit(ADABOUND, tmp_path, [(right, IN_A_LINE[how])])
    found = verdicts(ADABOUND, folder, limits=LIMITS)
    assert [v.place for v in found if not v.right] == ["bounds.DynamicBounds.eta_u"]


def test_all_wrong_lines_are_found_and_shown_as_they_stand(tmp_path):
    changes = [
        ("(g * g)", "g"),
        ("1 - power(h.beta2, t)", "1 - h.beta2"),
        ("np.clip(alpha_tilde / (np.sqrt(s.v) + h.eps), h.eta_l(t), h.eta_u(t))",
         "np.minimum(alpha_tilde / (np.sqrt(s.v) + h.eps), h.eta_u(t))"),
    ]  # fmt: skip
    found = [v for v in verdicts(ADABOUND, submit(ADABOUND, tmp_path, changes)) if not v.right]
    assert [v.latex.split("=")[0].strip() for v in found] == ["v_t", "c_2", r"\hat{\eta}_t"]
    causes = ("g_t not squared", "beta_2 without its power", "the lower bound missing")
    text = (tmp_path / ADABOUND.folder / "student" / "adabound.py").read_text().splitlines()
    for verdict, cause, (_, new) in zip(found, causes, changes, strict=True):
        assert cause in verdict.why
        assert new in verdict.code
        assert verdict.code.splitlines()[0] == text[verdict.line - 1].strip()
        assert "(g * g)" not in str(verdict) and "np.clip" not in str(verdict)


def from_the_end(text):
    return reversed(text.splitlines())


def test_a_wrong_line_among_lines_to_be_done_has_no_point(tmp_path):
    folder = submit(ADABOUND, tmp_path, [('m = TODO("m_t")', "m = g")], solution=False)
    found = {v.latex.split("=")[0].strip(): v for v in verdicts(ADABOUND, folder)}
    assert not any(v.right for v in found.values())
    assert "your line gives" in found["m_t"].why
    assert found["v_t"].why == "not done yet"


def test_one_line_of_an_untouched_handout_has_one_point(tmp_path):
    known = {line["latex"]: k["spec"]["place"] for k in expected(ADABOUND, 0)
             for line in k["spec"]["lines"]}  # fmt: skip
    solved = ADABOUND.files(0, solution=True)
    rows = [
        (name, todo, right)
        for name, text in ADABOUND.files(0, solution=False).items()
        for todo, right in zip(*map(from_the_end, (text, solved[name])), strict=False)
        if "= TODO(" in todo or "return TODO(" in todo
    ]
    assert len(rows) == len(known) == 10
    paths = []
    for k, (name, todo, right) in enumerate(rows):
        paths.append(submit(ADABOUND, tmp_path / str(k), solution=False))
        file = paths[-1] / name
        file.write_text(file.read_text().replace(todo, right))
        paths[-1] = paths[-1].parent
    assert [graded.total for graded in grade(paths, 0)] == [(1, 10)] * 10


def test_a_line_that_is_right_on_wrong_inputs_alone_has_no_points(tmp_path):
    changes = [("beta1 = h.beta1(t)", "beta1 = 0.0"), ("beta1 * s.m + (1 - beta1) * g", "g")]
    found = verdicts(ADABOUND, submit(ADABOUND, tmp_path, changes))
    assert [v.latex.split("=")[0].strip() for v in found if not v.right] == [r"\beta_{1t}", "m_t"]


def test_other_names_have_points_by_what_the_function_returns(tmp_path):
    changes = [
        ("v = h.beta2 * s.v + (1 - h.beta2) * (g * g)",
         "square = g**2\n        second = square + h.beta2 * (s.v - square)"),
        ("AdaBoundState(t, m, v)", "AdaBoundState(t, m, second)"),
        ("# v_t", "# my own:"),
    ]  # fmt: skip
    assert all(v.right for v in verdicts(ADABOUND, submit(ADABOUND, tmp_path, changes)))


def test_right_lines_that_are_not_returned_cost_the_last_one(tmp_path):
    folder = submit(ADABOUND, tmp_path, [("return m, AdaBoundState", "return s.m, AdaBoundState")])
    (wrong,) = (v for v in verdicts(ADABOUND, folder) if not v.right)
    assert "returns something else" in wrong.why


def test_a_line_in_two_statements_is_one(tmp_path):
    right, parted = (
        "m = beta1 * s.m + (1 - beta1) * g",
        "m = beta1 * s.m\n        m += (1 - beta1) * g",
    )
    changes = [(right, parted), ("(g * g)", "g")]
    found = verdicts(ADABOUND, submit(ADABOUND, tmp_path, changes))
    assert [v.latex.split("=")[0].strip() for v in found if not v.right] == ["v_t"]


def test_tests_of_a_submission_do_not_count(tmp_path):
    solved, untouched = (
        submit(ADABOUND, tmp_path / "s"),
        submit(ADABOUND, tmp_path / "u", solution=False),
    )
    shutil.rmtree(solved / "tests")
    (untouched / "tests" / "test_task.py").write_text("def test_all(): pass\n")
    (untouched / "tests" / "judge.py").write_text("judged = lambda *_: []\n")
    patch = (
        "import numpy, sys\nnumpy.allclose = lambda *_, **__: True\nsys.modules['pytest'] = None\n"
    )
    for name in ("conftest.py", "pytest.py", "judge.py", "json.py", "sitecustomize.py"):
        (untouched / name).write_text(patch)
        (untouched / "student" / name).write_text(patch)
    bounds = untouched / "student" / "bounds.py"
    bounds.write_text(bounds.read_text() + patch)
    assert all(v.right for v in verdicts(ADABOUND, solved))
    assert not any(v.right for v in verdicts(ADABOUND, untouched))


def test_a_zip_of_several_tasks_and_a_folder_without_a_number(tmp_path):
    regret = task_of("regret")
    for task in (ADABOUND, regret):
        submit(task, tmp_path / "ada")
    (tmp_path / "ada" / regret.folder / "task.txt").unlink()  # the folder's name says it
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        for path in (tmp_path / "ada").rglob("*"):
            archive.write(path, path.relative_to(tmp_path))
        archive.writestr("../outside/student/x.py", "1")
    shutil.rmtree(tmp_path / "ada")
    submit(ADABOUND, tmp_path / "bob")
    ada, bob = grade([tmp_path / "ada.zip", tmp_path / "bob"], 0)
    assert (ada.student, ada.total, bob.total) == ("ada", (15, 15), (10, 15))
    assert {v.why for v in bob.verdicts[regret]} == {"not handed in"}


def test_what_cannot_be_read_has_no_points_and_says_why(tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"no zip")
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("task4-adabound/student/adabound.py", b"#" * 3_000_000)
    good = submit(ADABOUND, tmp_path)
    broken, bomb, other = grade([tmp_path / "broken.zip", tmp_path / "bomb.zip", good], 0)
    assert (broken.total, bomb.total, other.total) == ((0, 10), (0, 10), (10, 10))
    assert "BadZipFile" in broken.error
    assert "too large" in bomb.error
    with pytest.raises(ValueError, match=r"task\.txt"):
        grade([tmp_path / "broken.zip"], 0)
    with pytest.raises(ValueError, match="different names"):
        grade([good, good], 0)


def test_links_out_of_a_submission_are_not_followed(tmp_path):
    folder = submit(ADABOUND, tmp_path)
    (folder / "student" / "adabound.py").unlink()
    (folder / "student" / "adabound.py").symlink_to(SOLVED)
    (files,) = submitted(folder).values()
    assert "student/adabound.py" not in files


def test_reports(tmp_path):
    folder = submit(ADABOUND, tmp_path / "=ada", [("(g * g)", "g * (1 if '<b>' else 0)")])
    graded = grade([folder.parent], 0)
    written = save(graded, tmp_path / "out")
    assert [path.name for path in written] == ["class.csv", "results.json", "report.html"]
    results = json.loads(written[1].read_text(encoding="utf-8"))
    assert len(results["tests"]) == 10
    assert results["score"] == sum(test["score"] for test in results["tests"]) == 9
    for test in results["tests"]:
        assert set(test) == {"name", "score", "max_score", "status", "output"}
    rows = list(csv.reader(written[0].read_text(encoding="utf-8").splitlines()))
    assert rows == [["student", ADABOUND.folder, "points", "of"], ["'=ada", "9", "9", "10"]]
    page = written[2].read_text(encoding="utf-8")
    assert page.count('<article class="right">') == 9
    assert page.count('<article class="wrong">') == 1
    assert page.count("<math") == 11 and "\\hat" not in page  # the equations, and what is wrong
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert table(graded).splitlines()[1].split() == ["=ada", "9", "9", "10"]
