"""Optimizers and problems of the user's own, from a module in the current folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from problems.cli import main

ROOT = Path(__file__).parents[2]
MINE = '''
import numpy as np
from typing import Any, NamedTuple

from adabound_np import Adam, Box, Optimizer
from adabound_np.adam import AdamState
from adabound_np.carries import Affine
from adabound_np.schedules import as_schedule, betas_of


class AdaBelief(Adam):
    carries = None

    @staticmethod
    def moments(h, s, g, t):
        beta1 = h.beta1(t)
        m = beta1 * s.m + (1 - beta1) * g
        v = h.beta2 * s.v + (1 - h.beta2) * (g - m) ** 2 + 1e-16
        return m, AdamState(t, m, v)


class Wrong(AdaBelief):
    carries = {"m": Affine("beta1"), "v": Affine("beta2")}


class LionState(NamedTuple):
    t: int
    m: Any


class Lion(Optimizer):
    State = LionState

    def __init__(self, params=None, lr=1e-3, betas=(0.9, 0.99), **shared):
        super().__init__(params, {"lr": lr, "betas": betas}, shared)

    @staticmethod
    def symbols(group):
        beta1, beta2 = betas_of(group)
        return {
            "beta1": as_schedule("betas[0]", beta1, "[0, 1)"),
            "beta2": as_schedule("betas[1]", beta2, "[0, 1)"),
        }

    @staticmethod
    def moments(h, s, g, t):
        u = np.sign(h.beta1(t) * s.m + (1 - h.beta1(t)) * g)
        m = h.beta2(t) * s.m + (1 - h.beta2(t)) * g
        return u, LionState(t, m)

    @staticmethod
    def learning_rate(h, s, t):
        return h.schedule(t) * h.alpha


class NoMoments(Optimizer):
    pass


class Round:
    def __init__(self, a):
        self.a = a

    def __call__(self, x):
        return (x - self.a) ** 2 / 2

    def gradient(self, x):
        return x - self.a


class Targets:
    """f_t(x) = (x - a_t)^2/2 with a_t = 0, 1, 0, 1, ... on [-2, 2]."""

    feasible = Box(-2.0, 2.0)

    def targets(self, T):
        return np.arange(T) % 2.0

    def reveal(self, T):
        for t, a in enumerate(self.targets(T), 1):
            yield t, Round(a)

    def comparator(self, T):
        return self.targets(T).mean()

    def best_losses(self, T):
        a, t = self.targets(T), np.arange(1, T + 1)
        return (np.cumsum(a**2) - np.cumsum(a) ** 2 / t) / 2


class BadShape(Targets):
    def reveal(self, T):
        for t, f in super().reveal(T):
            f.gradient = lambda x: np.zeros(2)
            yield t, f


def bursts():
    return Targets()
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine_own.py").write_text(MINE, encoding="utf-8")
    (tmp_path / "broken_own.py").write_text("x = 1\n1 / 0\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("mine_own", "broken_own"):
        sys.modules.pop(name, None)


def results(capsys, *args):
    assert main([*args, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("undrawn")
def test_counterexample(folder, capsys):
    own = "adam,mine_own:AdaBelief,mine_own:Lion,mine_own:AdaBelief(lr=0.1)"
    found = results(capsys, "counterexample", "--steps", "300", "--optimizers", own)
    names = [row["optimizer"] for row in found["results"]]
    assert names == ["adam", "AdaBelief", "Lion", "AdaBelief(lr=0.1)"]
    assert found["results"][3]["hyperparameters"]["lr"] == 0.1
    assert found["manifest"]["command"] == "counterexample"
    assert (folder / "results/counterexample-reddi-theorem1.png").exists()


@pytest.mark.usefixtures("undrawn")
def test_a_problem_that_is_not_linear(folder, capsys):
    found = results(
        capsys,
        "counterexample",
        "--problem",
        "mine_own:bursts",
        "--steps",
        "2000",
        "--optimizers",
        "adam,mine_own:Lion",
    )
    assert found["optimum"] == 0.5
    assert [found["parameters"][name] for name in ("x1", "lr", "beta1", "beta2")] == [
        0.0,
        0.5,
        0.9,
        0.99,
    ]
    for row in found["results"]:
        assert abs(row["x_final"] - 0.5) < 0.05
        assert row["average_regret"] < 0.01


@pytest.mark.usefixtures("undrawn")
def test_wrong_carries_are_not_trusted(folder, capsys):
    """As they would be silently, R_T/T is 0.53622 in place of 0.53103."""
    own = "mine_own:Wrong,mine_own:AdaBelief"
    with pytest.warns(UserWarning, match="carries of Wrong do not describe its moments: v"):
        found = results(
            capsys,
            "counterexample",
            "--problem",
            "reddi-online",
            "--steps",
            "20000",
            "--optimizers",
            own,
        )
    regrets = [row["average_regret"] for row in found["results"]]
    assert regrets[0] == regrets[1] == pytest.approx(0.53103, abs=5e-6)


def test_a_sweep_over_processes(folder):
    """In processes of its own, as a newcomer would start it."""
    command = [
        sys.executable,
        "-m",
        "problems",
        "sweep",
        "--problem",
        "reddi-online",
        "--steps",
        "200",
        "--optimizers",
        "mine_own:AdaBelief,mine_own:Lion",
        "--grid",
        "lr=log:0.01:1:50",
        "--workers",
        "2",
        "--out",
        "out/lr.jsonl",
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    lines = [
        json.loads(line)
        for path in (folder / "out").glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert len(lines) == 101
    assert {line["optimizer"] for line in lines[1:]} == {"AdaBelief", "Lion"}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mine_own:AdaBelief", 0),
        ("mine_own:Lion", 0),
        ("mine_own:Wrong", 1),
        ("mine_own:bursts", 0),
        ("mine_own:Targets", 0),
        ("reddi-theorem1", 0),
    ],
)
def test_check(folder, name, code, capsys):
    assert main(["check", name]) == code
    assert ("✗" in capsys.readouterr().out) == bool(code)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--optimizers", "mine_own:Nothing"], "module mine_own has no 'Nothing'"),
        (
            ["--optimizers", "broken_own:X"],
            "ZeroDivisionError: division by zero (broken_own.py, line 2)",
        ),
        (["--optimizers", "absent_own:X"], "ModuleNotFoundError: No module named 'absent_own'"),
        (["--optimizers", "mine_own:NoMoments"], "mine_own:NoMoments must define moments"),
        (["--optimizers", "mine_own:bursts"], "must be a class derived from adabound_np.Optimizer"),
        (["--optimizers", "adam(epz=1)"], "Adam has no hyperparameter 'epz'; did you mean 'eps'?"),
        (["--optimizers", "adam(1)"], "must be a name, or a name with values"),
        (["--optimizers", "adam(lr=1, lr=2)"], "a name with values, each key once: adam(key=value"),
        (["--problem", "mine_own:BadShape"], "gradients of x's shape (), got (2,)"),
        (["--problem", "mine_own:Nothing"], "module mine_own has no 'Nothing'"),
        (["--problem", "mine_own:bursts", "--cycle", "3"], "C must not be given for"),
        (["--problem", "reddi-online(D=3)"], "D must not be given for reddi-online"),
    ],
)
def test_bad_input_is_one_line_and_code_2(folder, args, message, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["counterexample", "--steps", "20", *args])
    error = capsys.readouterr().err.splitlines()
    assert stop.value.code == 2
    assert message in error[-1]
    assert sum(": error: " in line for line in error) == 1
