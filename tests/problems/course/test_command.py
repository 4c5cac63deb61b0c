"""The command: list, make, grade."""

import argparse

import pytest

from problems.commands import course
from problems.course.tasks import TASKS


def run(*arguments):
    parser = argparse.ArgumentParser()
    course.add_options(parser)
    parser.set_defaults(parser=parser)
    return course.run(parser.parse_args([str(a) for a in arguments]))


def test_list_has_every_task(capsys):
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[str(t.number), t.name] for t in TASKS]


def test_make_and_grade_for_a_cohort(tmp_path, capsys):
    assert run("make", "1", "new-bounds", "--solution", "--cohort", 3, "--out", tmp_path / "h") == 0
    assert capsys.readouterr().out.count("wrote ") == 4
    one = tmp_path / "h" / "task1-by-hand-solution"
    assert run("grade", one, "--cohort", 3, "--out", tmp_path / "g") == 0
    assert "10  10" in capsys.readouterr().out
    assert (tmp_path / "g" / one.name / "report.html").exists()
    assert run("grade", one, "--cohort", 4, "--out", tmp_path / "g") == 0
    assert "10  10" not in capsys.readouterr().out
    assert run("make", "1", "--out", tmp_path / "h") == 1
    assert "is not empty" in capsys.readouterr().err
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit) as ended:
        run("make", "1", "--out", tmp_path / "file" / "h")
    assert ended.value.code == 2
    assert "--out must be a folder that can be written, got" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["make", "adbound"], "got 'adbound'"),
        (["grade"], "needs submissions"),
        (["make", "--cohort", "-1"], "--cohort must be 0 or more"),
        (["grade", "nowhere"], "task.txt"),
    ],
)
def test_bad_values_are_refused(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*arguments, "--out", tmp_path)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
