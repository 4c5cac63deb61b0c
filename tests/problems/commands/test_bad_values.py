"""Every option of every command is given bad values: refused in one line, or run."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from problems.cli import main
from problems.commands import COMMANDS, module_of
from problems.results import sweep

ROOT = Path(__file__).parents[3]
#: Every second one takes --slow.
VALUES = ("nan", "0", "-1", "1.5", "1e308", "1e-320", "", "é", "inf", "-inf", "adm", "²")
#: Short runs, whose options the test's own come after.
RUNS = {
    "counterexample": ["--steps", "20", "--optimizers", "adam,adabound"],
    "phase": ["--steps", "20", "--x", "beta1=0:0.9:2", "--y", "beta2=0.5:0.9:2"],
    "sweep": ["--steps", "20", "--optimizers", "adam,adabound"],
    "theorems": ["--quick", "--id", "luo-1"],
    "effective-lr": ["--problem", "reddi-online", "--steps", "20", "--optimizers", "adabound"],
    "figures": ["--show", str(ROOT / "docs" / "results" / "figures.json")],
    "train": ["--epochs", "1", "--workers", "1", "--optimizers", "adabound"],
    "wilson": ["--points", "12", "--new", "12", "--steps", "20", "--gammas", "1"],
    "equations": ["--only", "sgd.SGD"],
    "explore": ["--no-open", "--optimizers", "adam"],
    "trace": [],
    "export": ["SGD"],
    "course": ["list"],
    "fetch": ["cifar100"],  # with its bad values only
}


def options(command):
    """The options of a command that take a value."""
    parser = argparse.ArgumentParser()
    module_of(command).add_options(parser)
    return [a.option_strings[0] for a in parser._actions if a.option_strings and a.nargs != 0]


CASES = [(command, option) for command in COMMANDS for option in options(command)]


def values_of(command, option):
    """Bad values, and what they come after."""
    if option in ("--out", "--data"):
        short = ["--quick"] if command == "figures" else RUNS[command]
        return ("file",) if command == "sweep" else ("file", "file/folder"), short
    if option == "--scheduler":
        return ("", "nan"), [*RUNS[command], "--scheduler-timeout", "1"]
    return VALUES, RUNS[command]


@pytest.mark.parametrize("every", [2, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("command", "option"), CASES)
def test_bad_values(command, option, every, tmp_path, capsys, monkeypatch, request):
    """Either code 2 and one line after the usage, or a run with a result; never a traceback."""
    if every > 1:
        request.getfixturevalue("undrawn")
    monkeypatch.setattr(sweep, "pool", ThreadPoolExecutor)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("kept")
    values, short = values_of(command, option)
    for value in values[::every]:
        code = called([command, *short, f"{option}={value}"])
        captured = capsys.readouterr()
        if code == 2:
            errors = [line for line in captured.err.splitlines() if ": error: " in line]
            assert errors == captured.err.splitlines()[-1:], value
            assert captured.out == ""
        else:
            assert code == 0, (value, captured.err)
            assert captured.out
    assert (tmp_path / "file").read_text() == "kept"


def called(args):
    try:
        return main(args)
    except SystemExit as stop:
        return stop.code
