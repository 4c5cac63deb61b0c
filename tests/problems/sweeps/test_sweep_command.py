"""The sweep command, as a user meets it."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

import problems
from adabound_np import AdaBound, Adam
from problems.cli import main
from problems.online import reddi_online, setting
from problems.optimizers import OPTIMIZERS
from problems.sweeps.axes import axis_of
from problems.sweeps.cells import run_cell
from problems.sweeps.records import read

ROOT = Path(__file__).parents[3]


def call(capsys, *args):
    code = main(["sweep", *args])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


@pytest.mark.usefixtures("undrawn")
def test_a_search_over_seeds(tmp_path, capsys):
    path = tmp_path / "folder" / "a.jsonl"
    args = (
        "--problem",
        "reddi-stochastic",
        "--grid",
        "beta2=0.9,0.99",
        "--random",
        "lr=log:0.01:1",
        "--random",
        "final-lr=0.01:0.1",
        "--samples",
        "3",
        "--search-seed",
        "5",
        "--seeds",
        "2:6",
        "--steps",
        "400",
        "--optimizers",
        "adabound,adam",
        "--workers",
        "2",
        "--out",
        str(path),
    )
    record = json.loads(call(capsys, *args, "--json"))
    header, records = read(path)
    assert {name: header[name] for name in ("seeds", "samples", "search_seed", "grid")} == {
        "seeds": [2, 3, 4, 5],
        "samples": 3,
        "search_seed": 5,
        "grid": {"beta2": [0.9, 0.99]},
    }
    assert header["random"] == {
        "lr": {"low": 0.01, "high": 1.0, "log": True},
        "final_lr": {"low": 0.01, "high": 0.1, "log": False},
    }
    assert (record["cells"], record["computed"], len(records)) == (48, 48, 48)
    assert (record["file"], record["steps"]) == (str(path), 400)
    assert [row["optimizer"] for row in record["best"]] == ["adabound", "adam"]
    for row in record["best"]:
        by_point = {}
        for r in records:
            if r["optimizer"] == row["optimizer"]:
                by_point.setdefault(tuple(r["parameters"].items()), []).append(r)
        assert len(by_point) == 6
        runs = min(
            by_point.values(), key=lambda rs: statistics.fmean(r["average_regret"] for r in rs)
        )
        assert row["parameters"] == runs[0]["parameters"]
        assert row["seeds"] == 4
        for name in ("average_regret", "x_final"):
            values = [r[name] for r in runs]
            assert row[name]["mean"] == pytest.approx(statistics.fmean(values), rel=1e-12)
            assert row[name]["std"] == pytest.approx(statistics.stdev(values), rel=1e-12)
    before = path.read_bytes()
    out = call(capsys, *args, "--resume")
    assert "48 cells of 400 steps, 0 of them run now" in out
    assert "mean and standard deviation over 4 seeds" in out
    table = {line.split()[0]: line.split() for line in out.splitlines() if line}
    best = record["best"][1]
    numbers = [
        *(best["parameters"][n] for n in ("lr", "beta2", "final_lr")),
        best["average_regret"]["mean"],
        best["average_regret"]["std"],
        best["x_final"]["mean"],
        best["x_final"]["std"],
    ]
    assert table["optimizer"] == [
        "optimizer",
        "lr",
        "beta2",
        "final_lr",
        "R_T/T",
        "std",
        "x_T",
        "std",
    ]
    assert table["adam"] == ["adam", *(f"{number:.5g}" for number in numbers)]
    assert path.read_bytes() == before


def test_defaults(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = call(capsys, "--steps", "50", "--optimizers", "all")
    assert f"{len(OPTIMIZERS)} cells of 50 steps" in out
    assert "wrote results/sweep-reddi-online.jsonl" in out
    rows = [line.split() for line in out.splitlines()]
    assert all(row[2] == row[4] == "-" for row in rows if row and row[0] in OPTIMIZERS)
    _, records = read("results/sweep-reddi-online.jsonl")
    assert [record["optimizer"] for record in records] == list(OPTIMIZERS)
    names = {"sweep-reddi-online.jsonl", "index.html"}
    assert {p.name for p in (tmp_path / "results").iterdir()} == names


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("lr=0.1,0.5, 1", [0.1, 0.5, 1.0]),
        ("lr=2", [2.0]),
        ("lr=0.1:0.5:3", [0.1, 0.3, 0.5]),
        ("lr=log:1e-3:1:4", [0.001, 0.01, 0.1, 1.0]),
        ("lr=0.1:0.9:9", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
    ],
)
def test_values_of_a_grid(text, values):
    assert axis_of(text)[:2] == ("lr", tuple(values))


@pytest.mark.usefixtures("undrawn")
def test_broken_conditions_are_refused_before_anything_runs(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    args = [
        "--problem",
        "luo-theorem1",
        "--grid",
        "cycle=10,50,60",
        "--grid",
        "lr=0.1,1",
        "--optimizers",
        "adam,sgd",
        "--steps",
        "100",
        "--out",
        str(path),
    ]
    with pytest.raises(SystemExit) as stop:
        main(["sweep", *args])
    assert stop.value.code == 2
    err = capsys.readouterr().err
    assert "4 of 12 cells cannot be run; the first is cell 0 (adam, lr = 0.1, cycle = 10)" in err
    assert "C >= 50 (C is 10); --force runs it anyway" in err
    assert not list(tmp_path.iterdir())
    assert "12 cells" in call(capsys, *args, "--force")
    call(capsys, *args, "--force", "--resume")


STOCHASTIC = ("--problem", "reddi-stochastic")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--grid", "lr"], "must be AXIS=a,b,c or lo:hi:count or log:lo:hi:count, with numbers"),
        (["--grid", "lr="], "must be AXIS=a,b,c or"),
        (["--grid", "lr=0.1,,1"], "got 'lr=0.1,,1'"),
        (["--grid", "lr=fast"], "got 'lr=fast'"),
        (["--grid", "lr=0.1:1"], "got 'lr=0.1:1'"),
        (["--grid", "lr=0.1:1:x"], "got 'lr=0.1:1:x'"),
        (["--grid", "lr=0.1:1:2.5"], "got 'lr=0.1:1:2.5'"),
        (["--grid", "lr=0.1:1:-3"], "got 'lr=0.1:1:-3'"),
        (["--grid", "lr=0.1:1:3:4"], "got 'lr=0.1:1:3:4'"),
        (["--grid", "lr=lin:0.1:1:3"], "got 'lr=lin:0.1:1:3'"),
        (["--grid", "lr=log:0.1:1"], "got 'lr=log:0.1:1'"),
        (["--grid", "lr=log:0:1:3"], "lr must be positive on a log scale, got 0 to 1"),
        (["--grid", "lr=1:0.1:3"], "lr must go from a number to a greater one, got 1 to 0.1"),
        (["--grid", "lr=1:1:3"], "lr must go from a number to a greater one, got 1 to 1"),
        (["--grid", "lr=1:nan:3"], "lr must go from a number to a greater one, got 1 to nan"),
        (["--grid", "lr=0:1:0"], "lr must take 2 to 1,000,000 values between its ends, got 0"),
        (["--grid", "lr=0:1:1"], "lr must take 2 to 1,000,000 values between its ends, got 1"),
        (["--grid", "lr=1:2:10000000000"], "lr must take 2 to 1,000,000 values"),
        (["--grid", "lr=1:2:600000", "--grid", "beta2=0.8,0.9"], "at most 1,000,000 cells"),
        (["--grid", "lr=1,2,1"], "lr must have each value once, got 1.0 twice"),
        (["--grid", "lr=1,inf"], "lr must be in (-inf, inf), got inf"),
        (["--grid", "lr=0.5,0"], "4 of 8 cells cannot be run; the first is cell 4 (adam, lr = 0)"),
        (["--grid", "lr=-1,0.5"], "lr must be in (0, inf), got -1"),
        (["--grid", "beta1=1"], "beta1 must be in [0, 1), got 1"),
        (["--grid", "gamma=-1", "--optimizers", "adabound"], "gamma must be in (0, inf]"),
        (["--grid", "gamma=-1", "--optimizers", "adam"], "gamma must be in (0, inf]"),
        (["--grid", "x1=7"], "x1 must be in [-1.0, 1.0], got 7"),
        (["--grid", "cycle=2.5"], "C must be an integer"),
        (["--grid", "delta=1"], "delta must not be given for reddi-online"),
        (["--problem", "savarese", "--grid", "gamma=1"], "gamma must not be swept on savarese"),
        (["--grid", "beta3=1"], "unknown axis 'beta3'; did you mean 'beta"),
        (["--grid", "lr=1", "--grid", "lr=2"], "grid must have each axis once, got 'lr' twice"),
        (["--random", "lr=0:1"], "samples must say how many draws random takes, got none"),
        (["--random", "lr=1:0", "--samples", "2"], "lr must go from a number to a greater one"),
        (["--random", "lr=0.1:1:3", "--samples", "2"], "must be AXIS=lo:hi or log:lo:hi or a,b,c"),
        (["--random", "lr=log:1", "--samples", "2"], "must be AXIS=lo:hi or log:lo:hi or a,b,c"),
        (["--random", "lr=a:b", "--samples", "2"], "must be AXIS=lo:hi or log:lo:hi or a,b,c"),
        (["--random", "lr", "--samples", "2"], "must be AXIS=lo:hi or log:lo:hi or a,b,c"),
        (["--random", "lr=log:0:1", "--samples", "2"], "lr must be positive on a log scale"),
        (
            ["--random", "lr=1:2", "--random", "lr=1:3", "--samples", "2"],
            "random must have each axis once, got 'lr' twice",
        ),
        (
            ["--grid", "lr=1", "--random", "lr=1:2", "--samples", "2"],
            "axis 'lr' must be of the grid or of the search, got both",
        ),
        (["--samples", "3"], "samples must be 1 without axes to draw, got 3"),
        (["--samples", "0"], "must be a whole number of at least 1 (to 10^15), got '0'"),
        (["--random", "lr=1:2", "--samples", "2", "--search-seed", "-1"], "search_seed must be"),
        ([*STOCHASTIC, "--seeds", "5:5"], "must go from a number to a greater one"),
        ([*STOCHASTIC, "--seeds", "0:99999999999"], "at most 1,000,000 on"),
        ([*STOCHASTIC, "--seeds", ""], "must be whole numbers a,b,c or first:end, got ''"),
        ([*STOCHASTIC, "--seeds", "0:2:4"], "must be whole numbers"),
        ([*STOCHASTIC, "--seeds", "a"], "must be whole numbers"),
        ([*STOCHASTIC, "--seeds", "1,1"], "seeds must have each value once, got 1 twice"),
        ([*STOCHASTIC, "--seeds=-1,1"], "seeds must be integers of at least 0, got -1"),
        (["--seeds", "0:5"], "seeds must be one seed for reddi-online, which draws nothing, got 5"),
        (["--optimizers", "adm"], "did you mean 'adam'?"),
        (["--problem", "redi-online"], "did you mean 'reddi-online'?"),
        (["--schedule", "sqrt"], "did you mean 'inv-sqrt'?"),
        (["--engine", "paralel"], "did you mean 'parallel'?"),
        (["--steps", "0"], "must be a whole number of at least 1"),
        (["--workers", "0"], "must be a whole number of at least 1"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "workers must not be given"),
        (["--scheduler-timeout", "0"], "scheduler_timeout must be in (0, inf), got 0.0"),
        (["--scheduler-timeout", "nan"], "must be in [0, inf), got 'nan'"),
    ],
)
def test_bad_usage(args, message, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("problems.sweeps.runner.run_cell", None)  # nothing is run
    with pytest.raises(SystemExit) as stop:
        main(["sweep", *args, "--out", str(tmp_path / "out" / "a.jsonl")])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not list(tmp_path.iterdir())


def test_files_that_are_refused(tmp_path, capsys):
    path = tmp_path / "a.jsonl"
    args = ["sweep", "--steps", "50", "--optimizers", "adam", "--out", str(path)]
    assert main(args) == 0
    content = path.read_bytes()
    capsys.readouterr()
    for more, message in (
        (
            [],
            "must be a new file, but has content already; a sweep that has begun is continued with",
        ),
        (["--resume", "--steps", "60"], "must be of the same sweep: steps is 50 there, 60 here"),
    ):
        with pytest.raises(SystemExit) as stop:
            main([*args, *more])
        assert stop.value.code == 2
        assert message in capsys.readouterr().err
        assert path.read_bytes() == content


def test_a_sweep_that_ends_early(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("problems.sweeps.runner.run_cell", exit)
    path = tmp_path / "a.jsonl"
    args = ["sweep", "--steps", "50", "--optimizers", "adam", "--workers", "2", "--out", str(path)]
    assert main(args) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "python -m problems sweep: " in captured.err
    assert "; resume it with --resume" in captured.err
    monkeypatch.undo()
    assert "1 of them run now" in call(capsys, *args[1:], "--resume")


def test_results_without_a_finite_one(tmp_path, capsys, monkeypatch):
    path = tmp_path / "a.jsonl"
    args = ["--steps", "50", "--optimizers", "adam", "--out", str(path)]
    call(capsys, *args)
    header, (record,) = read(path)
    monkeypatch.setattr(
        "problems.results.sweep.read",
        lambda path: (header, [{**record, "regret": None, "average_regret": None}]),
    )
    assert "adam       no finite result" in call(capsys, *args, "--resume")
    assert json.loads(call(capsys, *args, "--resume", "--json"))["best"] == [None]


def test_distributed_is_not_installed(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SystemExit) as stop:
        main(["sweep", "--scheduler", "tcp://127.0.0.1:1", "--out", str(tmp_path / "a.jsonl")])
    assert stop.value.code == 2
    assert "python -m pip install 'adabound-np[distributed]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


# The function

GRID = {"lr": [0.1, 1.0], "beta2": "0.9:0.99:2"}


@pytest.mark.parametrize("kind", ["name", "function", "setting", "problem"])
def test_what_it_takes(kind):
    """The same records, however problem and optimizers are named."""
    s = setting("reddi-online")
    given = {"name": "reddi-online", "function": reddi_online, "setting": s, "problem": s.problem}
    result = problems.sweep(given[kind], ["adam", Adam, "adam(eps=0.0)"], grid=GRID, steps=100)
    assert [record["optimizer"] for record in result.records[:3]] == [
        "adam",
        "Adam",
        "adam(eps=0.0)",
    ]
    plain = problems.sweep(grid=["lr=0.1,1", "beta2=0.9,0.99"], optimizers=["adam"], steps=100)
    for name in plain.header["optimizers"]:
        ours = [r["regret"] for r in result.records if r["optimizer"] == name]
        assert ours == [r["regret"] for r in plain.records]
    for first in range(0, 12, 3):
        assert len({record["regret"] for record in result.records[first : first + 3]}) == 1
    specs = {"Adam": "adabound_np.adam:Adam"}
    assert result.header["specs"] == specs


def test_the_result(tmp_path):
    result = problems.sweep(optimizers=["adam", "adabound"], grid=GRID, steps=100)
    assert (result.file, result.computed) == (None, 8)
    assert result.header["manifest"]["command"] == "sweep"
    rows = result.table()
    least = min(
        (r for r in result.records if r["optimizer"] == "adam"), key=lambda r: r["average_regret"]
    )
    assert rows[0] == {
        "optimizer": "adam",
        **least["parameters"],
        "R_T/T": least["average_regret"],
        "std of R_T/T": None,
        "x_T": least["x_final"],
        "std of x_T": None,
    }
    record = result.to_dict()
    assert record["best"] == result.best
    assert record["manifest"]["command"] == "sweep"
    assert "<img" in result._repr_html_()
    left, right = result.plot().axes
    for panel, axis in ((left, "lr"), (right, "beta2")):
        x, y = panel.lines[0].get_data()
        for value, regret in zip(x, y, strict=True):
            own = [
                r["average_regret"]
                for r in result.records
                if r["optimizer"] == "adam" and r["parameters"][axis] == value
            ]
            assert regret == min(own)
    written = result.save(tmp_path)
    assert read(written[-1]) == (result.header, result.records)
    with pytest.raises(ValueError, match="nothing to draw"):
        problems.sweep(optimizers=["adam"], steps=10).plot()


def test_names_of_files():
    def stem(problem="reddi-stochastic", **given):
        return problems.sweep(problem, ["adam"], steps=5, **given).stem

    assert stem() == "sweep-reddi-stochastic"
    others = [
        stem(grid={"lr": [0.1]}),
        stem(grid={"lr": [0.2]}),
        stem(seeds=[1]),
        stem("reddi-stochastic(lr=0.25)"),
        stem(schedule="constant"),
    ]
    assert all(re.fullmatch("sweep-reddi-stochastic-[0-9a-f]{6}", name) for name in others)
    assert len(set(others)) == 5


def test_constants_that_are_settled_are_no_axes():
    for optimizers, axis in ((["adam(beta2=0.9)"], "beta2"), ([AdaBound.as_in_paper()], "lr")):
        with pytest.raises(ValueError, match=f"{axis} must be no axis for"):
            problems.sweep(optimizers=optimizers, grid={axis: [0.1, 0.2]}, steps=5)
    with pytest.raises(ValueError, match="C must be given once"):
        problems.sweep("reddi-online(C=5)", grid={"cycle": [5, 11]}, steps=5)


OWN = '''
import numpy as np
from adabound_np import Adam, Box
from problems.online import LinearProblem

class Mine(Adam):
    """Adam, by another name."""

class Bursts(LinearProblem):
    name, feasible, period = "bursts", Box(-1.0, 1.0), 4

    def __init__(self, height):
        self.height = height

    def slopes(self, start, stop):
        return np.where(np.arange(start, stop) % 4 == 0, self.height, -1.0)

def bursts(height=2.0):
    return Bursts(height)
'''
SPLIT = (
    "--problem",
    "sweep_own:bursts",
    "--optimizers",
    "adam,sweep_own:Mine",
    "--grid",
    "lr=0.01:1:5",
    "--grid",
    "height=1:9:5",
    "--steps",
    "200",
)


def sweep_in(folder, *args):
    """The command in a folder, from its own Python."""
    done = subprocess.run(
        [sys.executable, "-m", "problems", "sweep", *args],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_your_own_in_two_processes_and_resumed(tmp_path):
    """A module in the current folder reaches the workers; a cut file is resumed."""
    (tmp_path / "sweep_own.py").write_text(OWN, encoding="utf-8")
    code, out, err = sweep_in(tmp_path, *SPLIT, "--workers", "2", "--json")
    assert code == 0, err
    record = json.loads(out)
    assert (record["problem"], record["cells"]) == ("sweep_own:bursts", 50)
    path = tmp_path / record["file"]
    assert re.fullmatch(r"sweep-sweep_own-bursts-[0-9a-f]{6}\.jsonl", path.name)
    header, records = read(path)
    assert header["optimizers"] == ["adam", "Mine"]
    assert header["specs"] == {"Mine": "sweep_own:Mine"}
    for one, other in zip(records[::2], records[1::2], strict=True):
        assert (one["optimizer"], other["optimizer"]) == ("adam", "Mine")
        assert one["regret"] == other["regret"]
    assert len({r["regret"] for r in records}) > 20
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:31]))
    code, out, err = sweep_in(tmp_path, *SPLIT, "--resume")
    assert code == 0, err
    assert "20 of them run now" in out
    assert path.read_bytes() == whole
    code, _, err = sweep_in(tmp_path, *SPLIT[:2], "--optimizers", "sweep_own:Nothing")
    assert code == 2
    assert err.splitlines()[-1].endswith("module sweep_own has no 'Nothing'")


def test_what_other_processes_cannot_import(tmp_path):
    """A class at a prompt runs in this process; with workers it is refused in one line."""
    code = (
        "import problems\n"
        "from adabound_np import Adam\n"
        "class Mine(Adam): pass\n"
        "print(len(problems.sweep(optimizers=[Mine], steps=20).records))\n"
        "problems.sweep(optimizers=[Mine], steps=20, workers=2)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "1\n"
    assert done.stderr.splitlines()[-1] == (
        "ValueError: workers must be 1 here, got 2: Mine is defined in a notebook, which other "
        "processes cannot import"
    )

    class Local(Adam):
        pass

    with pytest.raises(ValueError, match="Local cannot be pickled"):
        problems.sweep(optimizers=[Local], steps=20, workers=2)
    assert len(problems.sweep(optimizers=[Local], steps=20).records) == 1


def test_a_folder_that_is_gone_is_not_called_resumable(tmp_path, capsys, monkeypatch):
    folder = tmp_path / "results"

    def remove(cell):
        shutil.rmtree(folder, ignore_errors=True)
        return run_cell(cell)

    monkeypatch.setattr("problems.sweeps.runner.run_cell", remove)
    args = ["sweep", "--grid", "lr=0.1,0.2", "--steps", "50", "--workers", "1"]
    assert main([*args, "--out", str(folder / "a.jsonl")]) == 1
    err = capsys.readouterr().err
    assert "a.jsonl was removed while the runs were made; run them again" in err
    assert "--resume" not in err
