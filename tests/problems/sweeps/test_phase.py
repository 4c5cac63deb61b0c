"""Batches of problems against single runs; phase diagrams and their command."""

import csv
import json
import re

import numpy as np
import pytest

import problems
from adabound_np import SGD, AdaBound, Adam, Box
from problems.cli import main
from problems.forms import in_paper
from problems.online import (
    LinearProblem,
    LuoTheorem1,
    ReddiOnline,
    ReddiStochastic,
    ReddiTheorem2,
    endpoints,
    reddi_online,
    run,
    setting,
)
from problems.optimizers import OPTIMIZERS
from problems.sweeps.axes import Axis, axis_of
from problems.sweeps.phase import phase
from problems.sweeps.phase_figure import edges, phase_figure


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_batch_is_its_runs(name):
    """Different problems, hyperparameters and starting points, side by side."""
    problems = [ReddiOnline(11), ReddiStochastic(3), ReddiTheorem2(16), ReddiOnline(11)]
    beta1, beta2 = np.array([0.0, 0.5, 0.9, 0.9]), np.array([0.9, 0.99, 0.99, 0.5])
    lr, x1 = np.array([0.1, 0.5, 1.0, 2.0]), np.array([0.0, -1.0, 1.0, 0.5])
    gamma, final_lr = np.array([0.1, 0.01, 1.0, 1e-3]), np.array([0.1, 0.2, 0.3, 0.4])
    shared = {"schedule": "inv-sqrt", "feasible": problems[0].feasible}
    batch = in_paper(
        name, lr=lr, beta1=beta1, beta2=beta2, gamma=gamma, final_lr=final_lr, **shared
    )
    ticks = []
    ends = endpoints(problems, batch, 1500, x1, tick=ticks.append)
    assert sum(ticks) == 1500
    for i, problem in enumerate(problems):
        one = in_paper(
            name,
            lr=lr[i],
            beta1=beta1[i],
            beta2=beta2[i],
            gamma=gamma[i],
            final_lr=final_lr[i],
            **shared,
        )
        trajectory = run(problem, one, 1500, x1[i])
        assert ends.x[i] == pytest.approx(trajectory.x[-2], abs=1e-12)
        assert ends.regret[i] == pytest.approx(trajectory.regret[-1], rel=1e-10, abs=1e-9)
        assert ends.average_regret[i] == ends.regret[i] / 1500


class Slope(LinearProblem):
    """The same slope at every step, on an F that is not symmetric."""

    name, feasible = "slope", Box(-0.5, 2.0)

    def __init__(self, c):
        self.c = c

    def slopes(self, start, stop):
        return np.full(stop - start, self.c)


def test_the_comparator_of_a_batch():
    ends = endpoints([Slope(1.0), Slope(-1.0)], SGD(lr=1e-9), 100, 0.0)
    np.testing.assert_allclose(ends.regret, [50.0, 200.0], rtol=1e-6)


def test_trajectories_along_an_axis_of_run():
    problem = ReddiOnline(7)
    opt = AdaBound.as_in_paper(lr=np.array([0.1, 1.0]), feasible=problem.feasible)
    both = run(problem, opt, 200, np.array([0.0, 0.5]))
    assert both.x.shape == (201, 2)
    one = AdaBound.as_in_paper(lr=1.0, feasible=problem.feasible)
    alone = run(problem, one, 200, 0.5)
    np.testing.assert_allclose(both.x[:, 1], alone.x, atol=1e-12)
    np.testing.assert_allclose(both.average_regret[:, 1], alone.average_regret, rtol=1e-9)


@pytest.mark.parametrize(
    ("batch", "x1", "message"),
    [
        ([], 0.0, "batch must hold at least one problem"),
        ([ReddiOnline(), LuoTheorem1()], 0.0, "all with the same F"),
        ([ReddiOnline()], 2.0, "x1 must be in F"),
    ],
)
def test_batches_refused(batch, x1, message):
    with pytest.raises(ValueError, match=message):
        endpoints(batch, SGD(lr=0.1), 10, x1)


OPTIONS = {"schedule": "inv-sqrt", "final_lr": 0.1, "gamma": 1e-3, "seed": 0}


def test_a_phase_diagram_is_its_cells():
    x, y = Axis("beta1", (0.0, 0.5, 0.8)), Axis("beta2", (0.5, 0.9))
    result = phase("reddi-theorem2", "adam", x, y, 800, OPTIONS)
    for i, beta2 in enumerate(y.values):
        for j, beta1 in enumerate(x.values):
            if beta1 >= np.sqrt(beta2):
                assert np.isnan([result.x_final[i, j], result.C[i, j]]).all()
                assert not result.holds[i, j]
                continue
            s = setting("reddi-theorem2", beta1=beta1, beta2=beta2)
            opt = in_paper(
                "adam",
                lr=s.lr,
                beta1=beta1,
                beta2=beta2,
                schedule="inv-sqrt",
                feasible=s.problem.feasible,
            )
            expected = run(s.problem, opt, 800, s.x1)
            assert result.C[i, j] == s.problem.C
            assert result.holds[i, j]
            assert result.x_final[i, j] == pytest.approx(expected.x[-2], abs=1e-12)
            assert result.average_regret[i, j] == pytest.approx(expected.average_regret[-1])
    assert np.isnan(result.x_final).sum() == 1


def test_conditions_and_optimizers_constants_as_axes():
    x, y = Axis("cycle", (20.0, 50.0, 80.0)), Axis("gamma", (1e-3, 1.0))
    result = phase("luo-theorem1", "adabound", x, y, 200, OPTIONS)
    np.testing.assert_array_equal(result.holds, [[False, True, True]] * 2)
    assert np.all(result.x_final[0] != result.x_final[1])


@pytest.mark.parametrize("family", ["savarese", "paper"])
@pytest.mark.parametrize("optimizer", ["adam", "adabound"])
def test_bounds_that_the_problem_sets(family, optimizer):
    x, y = Axis("K", (100.0, 300.0)), Axis("cycle", (64.0, 80.0, 100.0))
    result = phase("savarese", optimizer, x, y, 400, {**OPTIONS, "bounds": family})
    for i, j in np.ndindex(3, 2):
        s = setting("savarese", K=x.values[j], C=y.values[i], bounds=family)
        opt = in_paper(
            optimizer,
            lr=s.lr,
            beta1=s.beta1,
            beta2=s.beta2,
            bounds=s.bounds,
            schedule="inv-sqrt",
            feasible=s.problem.feasible,
        )
        expected = run(s.problem, opt, 400, s.x1)
        assert result.x_final[i, j] == pytest.approx(expected.x[-2], abs=1e-12)
        assert result.average_regret[i, j] == pytest.approx(expected.average_regret[-1])
    assert np.array_equal(*result.average_regret.T) == (optimizer == "adam")


def test_the_command(tmp_path, capsys):
    args = [
        "phase",
        "--problem",
        "reddi-theorem2",
        "--x",
        "beta1=0:0.8:3",
        "--y",
        "beta2=0.5:0.9:2",
        "--steps",
        "300",
        "--out",
        str(tmp_path),
    ]
    assert main([*args, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["x"] == {"name": "beta1", "values": [0.0, 0.4, 0.8]}
    assert np.shape(record["average_regret"]) == (2, 3)
    assert record["x_final"][0][2] is None
    (stem,) = (path.with_suffix("") for path in tmp_path.glob("*.csv"))
    assert re.fullmatch("phase-reddi-theorem2-adam-[0-9a-f]{6}", stem.name)
    assert record["manifest"]["command"] == "phase"
    with stem.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert float(rows[1]["average_regret"]) == record["average_regret"][0][1]
    assert stem.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert stem.with_suffix(".svg").exists()
    for show in ("x", "regret"):
        assert main([*args, "--show", show, "--x", "lr=log:0.01:1:3"]) == 0
        assert "2 of 6 have no constants" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--x", "beta1"], "an axis must be AXIS=a,b,c or lo:hi:count or log:lo:hi:count, with"),
        (["--x", "beta1=0:0.9"], "an axis must be AXIS=a,b,c or"),
        (["--x", "beta1=0:0.9:2.5"], "an axis must be AXIS=a,b,c or"),
        (["--x", "beta1=0:0.9:1e9"], "an axis must be AXIS=a,b,c or"),
        (["--x", "beta1=0.9:0.1:5"], "beta1 must go from a number to a greater one"),
        (["--x", "beta1=0.1:0.1:5"], "beta1 must go from a number to a greater one"),
        (["--x", "beta1=nan:0.9:2"], "beta1 must go from a number to a greater one"),
        (["--x", "beta1=0:0.9:1"], "beta1 must take 2 to 1,000,000 values"),
        (["--x", "beta1=0:0.9:1001"], "beta1 must take 2 to 1,000 increasing values"),
        (["--x", "beta1=0.5,0.4"], "beta1 must take 2 to 1,000 increasing values"),
        (["--x", "beta1=0.5"], "beta1 must take 2 to 1,000 increasing values"),
        (["--x", "lr=log:0:1:3"], "lr must be positive on a log scale"),
        (["--optimizer", "adam(beta1=0.5)"], "beta1 must be no axis for adam(beta1=0.5)"),
        (["--problem", "reddi-theorem2(beta1=0.5)"], "beta1 must be given once"),
        (["--optimizer", "nowhere:Mine"], "module nowhere of 'nowhere:Mine' cannot be imported"),
        (["--x", "beta=0:0.9:3"], "did you mean 'beta2'?"),
        (["--x", "beta2=0.5:0.9:3"], "two different constants, got 'beta2' twice"),
        (["--x", "delta=0.5:0.9:3"], "unknown constant of reddi-theorem2 'delta'"),
        (["--x", "beta1=0.9:0.99:3", "--y", "beta2=0.5:0.6:3"], "no cell of the plane has"),
        (["--problem", "savarese", "--x", "gamma=1:2:2"], "unknown constant of savarese 'gamma'"),
        (["--K", "5"], "K must not be given for reddi-theorem2"),
        (["--lr", "-1"], "lr must be in (0, inf), got -1"),
        (["--final-lr", "-1"], "final_lr must be in (0, inf), got -1"),
        (["--gamma", "nan"], "gamma must be in (0, inf], got nan"),
        (["--optimizer", "adamm"], "did you mean 'adam'?"),
    ],
)
def test_bad_usage(args, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["phase", *args, "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("undrawn")
def test_results_that_cannot_be_written(tmp_path, capsys):
    axes = {"x": "lr=0.1:1:2", "y": "beta2=0.5:0.9:2"}
    stem = problems.phase("reddi-online", **axes, steps=10).stem
    (tmp_path / f"{stem}.csv" / "full").mkdir(parents=True)
    args = ["--problem", "reddi-online", "--x", axes["x"], "--y", axes["y"]]
    assert main(["phase", *args, "--steps", "10", "--out", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "the results cannot be written" in captured.err
    assert captured.out == ""


def test_a_log_axis_is_drawn_as_one():
    x, y = axis_of("lr=log:0.01:1:3"), Axis("beta2", (0.5, 0.9))
    np.testing.assert_allclose(edges(x), 10.0 ** np.array([-2.5, -1.5, -0.5, 0.5]))
    np.testing.assert_allclose(edges(y), [0.3, 0.7, 1.1])
    axes = phase_figure(phase("reddi-online", "adam", x, y, 50, OPTIONS), "x", "").axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    with pytest.raises(ValueError, match="lr must be positive on a log scale, got 0"):
        phase("reddi-online", "adam", Axis("lr", (0.0, 1.0), log=True), y, 50, OPTIONS)


# The function


AXES = {"x": "lr=0.1,0.5,1", "y": ("beta2", [0.9, 0.99]), "steps": 200}


@pytest.mark.parametrize("optimizer", ["adam", Adam, "adam(eps=0.0)"])
@pytest.mark.parametrize("kind", ["name", "function", "setting", "problem"])
def test_what_it_takes(optimizer, kind):
    """The same map, however the problem and the optimizer are named."""
    expected = problems.phase("reddi-online", "adam", **AXES)
    s = setting("reddi-online")
    given = {"name": "reddi-online", "function": reddi_online, "setting": s, "problem": s.problem}
    result = problems.phase(given[kind], optimizer, **AXES)
    np.testing.assert_array_equal(result.x_final, expected.x_final)
    np.testing.assert_array_equal(result.average_regret, expected.average_regret)


def test_an_instance_keeps_its_hyperparameters():
    opt = AdaBound.as_in_paper(lr=0.2, betas=(0.8, 0.9), final_lr=0.1, gamma=1e-3)
    axes = {"x": "cycle=11,21", "y": "x1=0,0.5", "steps": 200}
    result = problems.phase("reddi-online", opt, **axes)
    same = problems.phase("reddi-online", "adabound", **axes, lr=0.2, beta1=0.8, beta2=0.9)
    np.testing.assert_array_equal(result.x_final, same.x_final)
    with pytest.raises(ValueError, match="lr must be no axis for AdaBound"):
        problems.phase("reddi-online", opt, **{**axes, "x": "lr=0.1,0.2"})


def test_the_result(tmp_path):
    result = problems.phase("reddi-online", **AXES)
    rows = result.table()
    assert list(rows[0]) == ["lr", "beta2", "C", "holds", "x_final", "average_regret"]
    assert [row["lr"] for row in rows] == [0.1, 0.5, 1.0] * 2
    np.testing.assert_array_equal([row["x_final"] for row in rows], result.x_final.ravel())
    record = result.to_dict()
    assert record["average_regret"] == result.average_regret.tolist()
    assert record["manifest"]["seed"] == 0
    assert "<table>" in result._repr_html_()
    assert str(result).startswith("adam on reddi-online, T = 200 steps a cell\n3 x 2 cells")
    names = [path.name for path in result.save(tmp_path)]
    assert names == [f"{result.stem}{ending}" for ending in (".png", ".svg", ".csv")]
    first = (tmp_path / names[2]).read_bytes()
    assert [path.name for path in result.save(tmp_path)] == names  # replaces its own files
    assert (tmp_path / names[2]).read_bytes() == first


def test_names_of_files():
    """The defaults have a plain name; each other map has its own."""
    usual = problems.phase(steps=1)
    assert usual.stem == "phase-reddi-theorem2-adam"
    others = [
        problems.phase(**{**AXES, **given}).stem
        for given in (
            {},
            {"lr": 0.25, "x": "beta1=0,0.5"},
            {"show": "x"},
            {"schedule": "constant"},
            {"optimizer": "adam(eps=0.1)"},
            {"y": "beta2=0.5,0.9"},
        )
    ]
    assert len({usual.stem, *others}) == 7


OWN = '''
import numpy as np
from adabound_np import Box, Adam
from problems.online import LinearProblem

class Mine(Adam):
    """Adam, by another name."""

class Steps(LinearProblem):
    name, feasible = "steps", Box(-1.0, 1.0)
    def __init__(self, height):
        self.height = height
    def slopes(self, start, stop):
        return np.full(stop - start, self.height)

def steps(height=1.0):
    return Steps(height)
'''


@pytest.mark.usefixtures("undrawn")
def test_your_own_by_name(tmp_path, monkeypatch, capsys):
    """A module in the current folder; a constant of the user's problem is an axis."""
    (tmp_path / "phase_own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    args = [
        "phase",
        "--problem",
        "phase_own:steps",
        "--optimizer",
        "phase_own:Mine",
        "--x",
        "height=-1,1",
        "--y",
        "lr=0.1,0.2",
        "--steps",
        "50",
        "--json",
    ]
    assert main(args) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["problem"], record["optimizer"]) == ("phase_own:steps", "Mine")
    assert record["x"]["name"] == "height"
    assert np.array(record["x_final"])[:, 0] == pytest.approx(-np.array(record["x_final"])[:, 1])
    names = [path.name for path in (tmp_path / "results").iterdir() if path.suffix != ".html"]
    assert all(name.startswith("phase-phase_own-steps-Mine-") for name in names)
    required = {"problem": "phase_own:Steps(height=1.0)", "steps": 20}
    assert problems.phase(**required, x="lr=0.1,0.2", y="beta2=0.5,0.9").holds.all()
    assert problems.counterexample(**required).stem.startswith("counterexample-steps-")
    with pytest.raises(SystemExit) as stop:
        main([*args[:4], "phase_own:Steps", *args[5:]])
    assert stop.value.code == 2
    assert "must be a class derived from adabound_np.Optimizer" in capsys.readouterr().err
