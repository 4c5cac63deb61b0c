"""The command line, as a user meets it."""

import csv
import itertools
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from matplotlib import get_cachedir
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

from problems.cli import main
from problems.forms import in_paper
from problems.online import SEQUENCES, run, setting, summarize
from problems.optimizers import OPTIMIZERS, style
from problems.plots import apart, counterexample_figure

QUICK = ["--steps", "500"]
FEW = ("reddi-stochastic", "savarese")
#: Some of the problems; all with --slow.
few = pytest.mark.parametrize(
    "problem",
    [name if name in FEW else pytest.param(name, marks=pytest.mark.slow) for name in SEQUENCES],
)


def call(capsys, *args):
    code = main(list(args))
    captured = capsys.readouterr()
    assert code == 0
    return captured.out


@pytest.mark.usefixtures("undrawn")
def test_the_table(tmp_path, capsys):
    out = call(capsys, *QUICK, "--out", str(tmp_path))
    assert "best fixed point x* = -1; T = 500 steps" in out
    rows = [line for line in out.splitlines() if line.split()[:1] in [["adam"], ["adabound"]]]
    assert len(rows) == 2
    again = call(capsys, "counterexample", *QUICK, "--out", str(tmp_path))
    assert out == again


@few
def test_json_and_files_agree(problem, tmp_path, capsys):
    out = call(
        capsys,
        "--problem",
        problem,
        *QUICK,
        "--optimizers",
        "all",
        "--json",
        "--out",
        str(tmp_path),
    )
    record = json.loads(out)
    keys = ["problem", "parameters", "feasible", "optimum", "steps", "results", "manifest"]
    assert [key for key in record if key != "written"] == keys
    assert record["problem"] == problem
    assert record["steps"] == 500
    assert record["optimum"] in record["feasible"]
    assert [row["optimizer"] for row in record["results"]] == list(OPTIMIZERS)
    stem = tmp_path / f"counterexample-{problem}"
    with stem.with_suffix(".csv").open() as file:
        last = {row["optimizer"]: row for row in csv.DictReader(file)}
    for row in record["results"]:
        keys = [
            "optimizer",
            "hyperparameters",
            "x_final",
            "regret",
            "average_regret",
            "last_decade",
            "seconds",
        ]
        assert list(row) == keys
        assert record["feasible"][0] <= row["x_final"] <= record["feasible"][1]
        assert row["average_regret"] == row["regret"] / 500
        series = last[row["optimizer"]]
        assert int(series["t"]) == 500
        assert float(series["regret"]) == row["regret"]
        assert float(series["x"]) == row["x_final"]
        assert row["last_decade"]["x_min"] <= row["x_final"] <= row["last_decade"]["x_max"]
    with stem.with_suffix(".csv").open() as file:
        for row in csv.DictReader(file):
            if row["t"] == "1":
                assert float(row["x"]) == record["parameters"]["x1"]
            for name in ("x", "x_mean"):
                assert float(row["x_min"]) <= float(row[name]) <= float(row["x_max"])
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert ET.parse(stem.with_suffix(".svg")).getroot().tag.endswith("svg")
    endings = {path.suffix for path in tmp_path.iterdir()}
    assert endings == {".csv", ".html", ".png", ".svg"}
    assert len(list(tmp_path.iterdir())) == 4  # nothing temporary left


@pytest.mark.usefixtures("undrawn")
def test_options_reach_the_run(tmp_path, capsys):
    out = call(
        capsys,
        "--problem",
        "reddi-online",
        "--steps",
        "300",
        "--optimizers",
        "adabound,adam,adabound",
        "--lr",
        "0.25",
        "--beta1",
        "0.5",
        "--beta2",
        "0.9",
        "--final-lr",
        "0.2",
        "--gamma",
        "paper",
        "--schedule",
        "constant",
        "--cycle",
        "11",
        "--x1",
        "0.5",
        "--json",
        "--out",
        str(tmp_path),
    )
    record = json.loads(out)
    assert record["parameters"] == {
        "C": 11,
        "x1": 0.5,
        "lr": 0.25,
        "beta1": 0.5,
        "beta2": 0.9,
        "final_lr": 0.2,
        "gamma": pytest.approx(0.1),
        "schedule": "constant",
    }
    assert [row["optimizer"] for row in record["results"]] == ["adabound", "adam"]
    hyper = record["results"][0]["hyperparameters"]
    assert hyper["betas"] == [0.5, 0.9]
    assert (hyper["lr"], hyper["final_lr"], hyper["gamma"]) == (0.25, 0.2, None)
    assert (hyper["schedule"], hyper["eps"], hyper["bias_correction"]) == ("constant", 0.0, False)


@pytest.mark.usefixtures("undrawn")
def test_seeds_matter_to_the_stochastic_problem(tmp_path, capsys):
    finals = set()
    for seed in ("0", "0", "1"):
        out = call(
            capsys,
            "--problem",
            "reddi-stochastic",
            *QUICK,
            "--seed",
            seed,
            "--optimizers",
            "adam",
            "--json",
            "--out",
            str(tmp_path),
        )
        finals.add(json.loads(out)["results"][0]["x_final"])
    assert len(finals) == 2


@few
@pytest.mark.usefixtures("undrawn")
def test_engines_agree(problem, tmp_path, capsys):
    records = []
    for engine in ("steps", "parallel"):
        out = call(
            capsys,
            "--problem",
            problem,
            "--steps",
            "700",
            "--optimizers",
            "all",
            "--engine",
            engine,
            "--json",
            "--out",
            str(tmp_path),
        )
        records.append(json.loads(out))
    one, two = records
    for a, b in zip(one.pop("results"), two.pop("results"), strict=True):
        assert a["x_final"] == pytest.approx(b["x_final"], abs=1e-12)
        assert a["regret"] == pytest.approx(b["regret"], abs=1e-9, rel=1e-11)
        assert a["hyperparameters"] == b["hyperparameters"]
    assert one == two


@pytest.mark.usefixtures("undrawn")
def test_constants_of_the_later_problems(tmp_path, capsys):
    for problem, args, expected in (
        ("reddi-theorem2", ["--beta1", "0.5", "--beta2", "0.9"], {"C": 202}),
        ("reddi-theorem3", ["--delta", "0.5"], {"delta": 0.5, "C": 27}),
        ("reddi-theorem6", ["--epsilon", "0.01"], {"epsilon": 0.01, "scale": 1.0}),
        (
            "savarese",
            ["--K", "1000"],
            {"bounds": "SavareseBounds(alpha=0.10511205190671433, C=64.0, beta2=0.5, K=1000)"},
        ),
    ):
        out = call(capsys, "--problem", problem, *args, *QUICK, "--json", "--out", str(tmp_path))
        parameters = json.loads(out)["parameters"]
        assert {key: parameters[key] for key in expected} == expected


@pytest.mark.usefixtures("undrawn")
def test_force_runs_and_says_so(tmp_path, capsys):
    args = ["--problem", "luo-theorem1", "--cycle", "10", *QUICK, "--out", str(tmp_path)]
    with pytest.raises(SystemExit) as stop:
        main(args)
    assert stop.value.code == 2
    assert "C >= 50 (C is 10); --force runs it anyway" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert "condition does not hold" in call(capsys, *args, "--force")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--problem", "redi-online"], "did you mean 'reddi-online'?"),
        (["--problem", "reddi"], "did you mean 'reddi-online'?"),
        (["--problem", "luo"], "did you mean 'luo-theorem1'?"),
        (["--optimizers", "adam,adambound"], "did you mean 'adabound'?"),
        (["--optimizers", ""], "unknown optimizer ''"),
        (["conterexample"], "unknown command 'conterexample'; did you mean 'counterexample'?"),
        (["--steps", "0"], "must be a whole number of at least 1 (to 10^15), got '0'"),
        (["--steps", "-5"], "must be a whole number of at least 1 (to 10^15), got '-5'"),
        (["--steps", "1.5"], "must be a whole number"),
        (["--steps", "1e30"], "must be a whole number"),
        (["--problem", "reddi-online", "--cycle", "1e30"], "C must be an integer"),
        (["--problem", "reddi-theorem1", "--cycle", "1e300", "--force"], "error"),
        (["--steps", "many"], "must be a whole number"),
        (["--steps", "inf"], "must be a whole number"),
        (["--schedule", "sqrt"], "did you mean 'inv-sqrt'?"),
        (["--lr", "0"], "lr must be in (0, inf), got 0"),
        (["--lr", "nan"], "lr must be in (0, inf), got nan"),
        (["--lr", "fast"], "invalid float value: 'fast'"),
        (["--beta1", "1"], "beta1 must be in [0, 1), got 1"),
        (["--final-lr", "-1"], "final_lr must be in (0, inf), got -1"),
        (["--gamma", "0"], "gamma must be in (0, inf], got 0"),
        (["--gamma", "-1", "--optimizers", "adam"], "gamma must be in (0, inf], got -1"),
        (["--final-lr", "nan", "--optimizers", "sgd"], "final_lr must be in (0, inf), got nan"),
        (["--x1", "7"], "x1 must be in [-1.0, 1.0], got 7"),
        (["--problem", "reddi-online", "--cycle", "2.5"], "C must be an integer"),
        (["--engine", "paralel"], "did you mean 'parallel'?"),
        (["--epsilon", "1"], "epsilon must not be given for reddi-theorem1"),
        (["--beta1", "0.9"], "reddi-theorem1 needs beta1 = 0 (it is 0.9); --force"),
        (
            ["--problem", "reddi-theorem2", "--beta1", "0.99", "--beta2", "0.9"],
            "beta1 must be below sqrt(beta2)",
        ),
        (
            ["--problem", "reddi-theorem2", "--cycle", "14", "--beta1", "0", "--beta2", "0.5"],
            "reddi-theorem2 needs beta2^(C/2) C^2 <= 1",
        ),
        (["--problem", "reddi-theorem3", "--cycle", "63"], "reddi-theorem3 needs C >= 64"),
        (["--problem", "savarese", "--bounds", "sav"], "unknown bounds 'sav'"),
        (["--problem", "savarese", "--K", "0"], "K must be an integer"),
        (["--seed", "-1", "--problem", "reddi-stochastic"], "seed must be"),
    ],
)
def test_bad_usage(args, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*args, *([] if args[0] == "conterexample" else ["--out", str(tmp_path / "out")])])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(SystemExit) as stop:
        main([*QUICK, "--out", str(tmp_path / "file")])
    assert stop.value.code == 2
    assert "--out must be a folder that can be written" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "kept"


def test_as_a_module(tmp_path):
    """Only JSON on stdout, from any folder; --version and --help."""
    root = Path(__file__).parents[3]
    env = {"PYTHONPATH": str(root), "MPLCONFIGDIR": get_cachedir(), "PATH": ""}

    def python(*args):
        return subprocess.run(
            [sys.executable, "-m", "problems", *args],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert json.loads(python(*QUICK, "--json"))["steps"] == 500
    assert (tmp_path / "results" / "counterexample-reddi-theorem1.svg").exists()
    assert python("--version").startswith("adabound-np ")
    assert "counterexample" in python("--help")
    assert "--optimizers" in python("counterexample", "--help")


def test_figures_are_reproducible(tmp_path, capsys):
    for folder in ("a", "b"):
        call(capsys, *QUICK, "--out", str(tmp_path / folder))
    for path in (tmp_path / "a").glob("counter*"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def drawn(name, T, optimizers, **constants):
    """The figure of a run, its summaries, and the trajectories, step by step."""
    s = setting(name, **constants)
    runs, paths = {}, {}
    for optimizer in optimizers:
        opt = in_paper(
            optimizer,
            lr=s.lr,
            beta1=s.beta1,
            beta2=s.beta2,
            final_lr=0.1,
            gamma=1e-3,
            schedule="inv-sqrt",
            feasible=s.problem.feasible,
        )
        runs[optimizer] = summarize(s.problem, opt, T, s.x1)
        paths[optimizer] = run(s.problem, opt, T, s.x1, engine="steps")
    return counterexample_figure(s.problem, runs, {"mark": 1000.0}), runs, paths


def test_the_drawn_lines_are_the_data():
    figure, _, paths = drawn("reddi-online", 3000, ["adam"])
    left, right = figure.axes
    t, x = left.lines[0].get_data()
    assert (t[0], x[0]) == (1, 0.0)  # x_1
    assert t[-1] == 3000
    np.testing.assert_allclose(x, paths["adam"].x[np.asarray(t, int) - 1], rtol=1e-12)
    t, average = right.lines[0].get_data()
    expected = paths["adam"].average_regret[np.asarray(t, int) - 1]
    np.testing.assert_allclose(average, expected, rtol=1e-12)
    assert left.get_xlabel()
    assert right.get_ylabel()


def labels(axes):
    return [text.get_text().replace("\n", " ") for text in axes.texts]


def test_the_first_picture_tells_its_story():
    names = ["adam", "amsgrad", "adabound", "amsbound"]
    figure, _, paths = drawn("reddi-theorem1", 30_000, names)
    left, right = (labels(axes) for axes in figure.axes)
    assert "Adam: stuck at the worst point" in left
    assert any(text.startswith("Adam: flat at 0.66") for text in right)
    found = next(text for text in left if text.startswith("AdaBound"))
    together, since = (
        int(number.replace(",", "")) for number in re.findall("t ≈ ([0-9,]+)", found)
    )
    adam, adabound = paths["adam"].x[:-1], paths["adabound"].x[:-1]
    assert "over Adam until" in found
    # 1/gamma is 1000: AdaBound is Adam before, and at the best point soon after
    assert np.abs(adam - adabound)[: together - 10].max() < 0.05
    assert 500 <= together <= 1000 <= since <= 3000
    assert np.all(adabound[int(1.1 * since) :] < -0.96)
    assert np.any(adabound[int(0.9 * since) : since] > -0.96)
    assert any(text.startswith("AMSGrad (under AMSBound): at the best point") for text in left)
    assert not any("under" in text for text in right)
    assert "mark" in left
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["shaded: range of xₜ between two drawn steps"]


def test_labels_lie_apart():
    figure, _, _ = drawn("luo-theorem1", 500, list(OPTIMIZERS))
    assert len(figure.axes) == 6
    for axes in figure.axes:
        named = [text for text in axes.texts if text.get_position()[0] > 1]
        assert 3 <= len(named) <= 5
        heights = np.sort([text.get_position()[1] for text in named])
        assert np.diff(heights).min() * axes.bbox.height / figure.dpi > 0.35  # inches: two lines


@pytest.mark.parametrize("seed", range(20))
def test_labels_move_as_little_as_they_can(seed):
    heights = np.random.default_rng(seed).uniform(0, 1, seed)
    order, steps = np.argsort(heights, kind="stable"), 0.1 * np.arange(seed)
    moved = np.array(apart(list(heights), 0.1))
    least = isotonic_regression(heights[order] - steps).x if seed else []
    np.testing.assert_allclose(moved[order] - steps, least, rtol=0, atol=1e-14)


def test_a_run_without_regret_is_drawn(tmp_path, capsys):
    """It starts at the best point, where no average regret is positive."""
    out = call(
        capsys, "--problem", "luo-theorem1", "--x1", "2", "--steps", "1", "--out", str(tmp_path)
    )
    assert out.splitlines()[5].split()[:4] == ["adam", "2.0000", "0.0", "0"]
    assert "at the best point, regret per step over too few steps to judge" in out
    figure, _, _ = drawn("luo-theorem1", 1, ["adam"], x1=2.0)
    assert labels(figure.axes[0])[-1] == "Adam: at the best point"
    assert labels(figure.axes[1]) == []


def test_no_two_styles_are_alike_in_grey():
    """Each optimizer has dashes of its own, so that lines differ without colours."""
    dashes = [Line2D([], [], **style(name))._dash_pattern for name in OPTIMIZERS]
    for one, other in itertools.combinations(dashes, 2):
        assert one != other


@pytest.mark.parametrize(
    ("name", "T", "expected"),
    [
        (
            "reddi-theorem1",
            5_000_000,
            {
                "adam": ("0.667", "stuck at the worst point", "flat at 0.667"),
                "amsgrad": ("0.00027", "at the best point", "still falling"),
                "adabound": ("0.00035", "at the best point", "still falling"),
            },
        ),
        (
            "reddi-theorem2",
            5_000_000,
            {
                "adam": ("0.05", "stuck at the worst point", "flat at 0.0501"),
                "amsgrad": ("0.016", "x from -1 to 0.32", "still falling"),
                "adabound": ("0.0055", "x from -1 to -0.39", "still falling"),
            },
        ),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_where_it_went(name, T, expected, tmp_path, capsys):
    out = call(capsys, "--problem", name, "--steps", str(T), "--out", str(tmp_path))
    rows = {line.split()[0]: line for line in out.splitlines() if line.split()}
    for optimizer, (average, where, trend) in expected.items():
        digits = len(average.lstrip("0."))
        assert f"{float(rows[optimizer].split()[3]):.{digits}g}" == average
        assert where in rows[optimizer]
        assert rows[optimizer].endswith(f"regret per step {trend}")


@pytest.mark.usefixtures("undrawn")
def test_an_oscillation_is_not_judged_by_its_last_point(tmp_path, capsys):
    """AMSGrad leaves x = 1 slowly: not "to the worst point", wherever it is at T."""
    out = call(
        capsys,
        "--problem",
        "reddi-theorem2",
        "--beta1",
        "0.9",
        "--beta2",
        "0.99",
        "--optimizers",
        "amsgrad",
        "--out",
        str(tmp_path),
    )
    row = out.splitlines()[5]
    assert row.split()[:2] == ["amsgrad", "0.9508"]
    assert "x from 0.948 to 0.955 (mean 0.951)" in row
    assert "worst" not in row
    assert row.endswith("regret per step still falling")


@pytest.mark.parametrize(("T", "words"), [(1, "too few steps"), (2, "too few steps")])
@pytest.mark.usefixtures("undrawn")
def test_few_steps_are_not_judged(T, words, tmp_path, capsys):
    assert words in call(capsys, "--steps", str(T), "--out", str(tmp_path)).splitlines()[5]
