"""The train command, as a user meets it."""

import csv
import json
import statistics
from argparse import ArgumentTypeError
from pathlib import Path

import numpy as np
import pytest

import problems
from adabound_np import AdaBound, Adam
from problems.cli import main
from problems.commands.options import seed_list
from problems.learning import checkpoints
from problems.learning.run import LOOKS
from problems.learning.tasks import TASKS
from problems.learning.training import train
from problems.learning.trials import COLUMNS
from tests.problems.learning.kills import interrupted

FAST = ("--task", "digits-mlp", "--epochs", "2")


def call(capsys, *args):
    code = main(["train", *args])
    captured = capsys.readouterr()
    assert code == 0, captured.err
    return captured.out


def refused(capsys, *args):
    with pytest.raises(SystemExit) as stop:
        main(["train", *args])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("undrawn")
def test_metrics_are_those_of_train(tmp_path, capsys):
    args = (*FAST, "--optimizers", "adam,sgdm", "--seeds", "0:2", "--lr", "0.01", "--beta2", "0.9")
    record = json.loads(call(capsys, *args, "--workers", "1", "--out", str(tmp_path), "--json"))
    rows = rows_of(tmp_path / "train-digits-mlp.csv")
    assert (
        tuple(rows[0])
        == COLUMNS
        == (
            "task",
            "optimizer",
            "seed",
            "epoch",
            "train_loss",
            "train_metric",
            "test_loss",
            "test_metric",
            "lr",
            "seconds",
        )
    )
    assert [(r["optimizer"], r["seed"], r["epoch"]) for r in rows] == [
        (name, seed, epoch) for seed in "01" for name in ("adam", "sgdm") for epoch in "12"
    ]
    finals = {}
    for name, given in (("adam", {"lr": 0.01, "beta2": 0.9}), ("sgdm", {"lr": 0.01})):
        for seed in (0, 1):
            history = train("digits-mlp", name, seed, epochs=2, **given)
            own = [r for r in rows if (r["optimizer"], r["seed"]) == (name, str(seed))]
            for epoch, row in zip(history.epochs, own, strict=True):
                for column in COLUMNS[3:-1]:
                    assert float(row[column]) == getattr(epoch, column)
            finals.setdefault(name, []).append(history.epochs[-1].test_metric)
    assert (record["runs"], record["computed"], record["epochs"]) == (4, 4, 2)
    for result in record["results"]:
        values = finals[result["optimizer"]]
        assert result["test_metric"] == {
            "mean": pytest.approx(statistics.fmean(values)),
            "std": pytest.approx(statistics.stdev(values)),
        }
        assert (result["seeds"], result["diverged"]) == ([0, 1], [])


def test_workers_change_nothing(tmp_path, capsys):
    files = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        call(capsys, *FAST, "--optimizers", "adam,sgd", "--workers", workers, "--out", str(out))
        rows = rows_of(out / "train-digits-mlp.csv")
        files.append([{**row, "seconds": None} for row in rows])
    assert files[0] == files[1]
    assert len(files[0]) == 4


@pytest.mark.usefixtures("undrawn")
def test_resuming(tmp_path, capsys):
    """What is at its end is kept, what is not is gone on with, what is missing is run."""
    args = (*FAST, "--optimizers", "adam,sgd,sgdm", "--workers", "1", "--out", str(tmp_path))
    folder = tmp_path / "train-digits-mlp"

    train("digits-mlp", "adam", 0, epochs=2, checkpoint=folder / "adam-seed0.npz")
    interrupted(folder / "sgd-seed0.npz", 15, "digits-mlp", "sgd", 0, epochs=2)
    before = (folder / "adam-seed0.npz").read_bytes()
    err = refused(capsys, *args)
    assert "adam-seed0.npz must be a new file, but is there already; --resume resumes" in err
    record = json.loads(call(capsys, *args, "--resume", "--json"))
    assert (record["runs"], record["computed"]) == (3, 2)
    assert (folder / "adam-seed0.npz").read_bytes() == before
    whole = tmp_path / "whole.npz"
    train("digits-mlp", "sgd", 0, epochs=2, checkpoint=whole)
    (_, one), (_, two) = (checkpoints.read(p) for p in (folder / "sgd-seed0.npz", whole))
    assert all(np.array_equal(one[name], two[name]) for name in two)
    rows = rows_of(tmp_path / "train-digits-mlp.csv")
    assert [r["optimizer"] for r in rows] == ["adam"] * 2 + ["sgd"] * 2 + ["sgdm"] * 2
    assert json.loads(call(capsys, *args, "--resume", "--json"))["computed"] == 0


@pytest.mark.usefixtures("undrawn")
def test_a_checkpoint_of_another_run_and_a_damaged_one(tmp_path, capsys):
    args = (*FAST, "--optimizers", "sgd", "--workers", "1", "--out", str(tmp_path))
    call(capsys, *args)
    path = tmp_path / "train-digits-mlp" / "sgd-seed0.npz"
    assert "its hyperparameters is" in refused(capsys, *args, "--lr", "0.3", "--resume")
    assert "its epochs is 2, not 3" in refused(capsys, *args, "--epochs", "3", "--resume")
    path.write_bytes(path.read_bytes()[:-20])
    err = refused(capsys, *args, "--resume")
    assert "sgd-seed0.npz must be a whole checkpoint" in err


def test_divergence_is_said_and_nothing_else_is_lost(tmp_path, capsys):
    args = (
        *FAST,
        "--optimizers",
        "sgd,adam",
        "--lr",
        "1e25",
        "--workers",
        "1",
        "--out",
        str(tmp_path),
    )
    assert main(["train", *args, "--json"]) == 0
    captured = capsys.readouterr()
    assert "note: sgd, seed 0, diverged in epoch 1, after " in captured.err
    results = {r["optimizer"]: r for r in json.loads(captured.out)["results"]}
    assert results["sgd"]["test_metric"] == {"mean": None, "std": None}
    assert "the loss is " in results["sgd"]["diverged"][0]["reason"]
    out = call(capsys, *args, "--resume")
    assert "1 diverged" in next(line for line in out.splitlines() if line.startswith("sgd "))


@pytest.mark.usefixtures("undrawn")
def test_table(tmp_path, capsys):
    out = call(
        capsys,
        "--task",
        "gan",
        "--epochs",
        "1",
        "--optimizers",
        "adam",
        "--workers",
        "1",
        "--out",
        str(tmp_path),
    )
    assert "gan: GAN on a ring of eight Gaussians; 1 epoch, batches of 128" in out
    assert "test energy distance" in out
    assert str(tmp_path / "train-gan.csv") in out


def test_the_function(tmp_path):
    """The same in Python, with a task, classes and instances; without files unless asked."""
    specs = {"mine": Adam, "slow": AdaBound(lr=1e-4, final_lr=0.3)}
    result = problems.train(TASKS["digits-mlp"], specs, epochs=2, seeds=[0, 1], gamma=0.01)
    expected = train("digits-mlp", "adam", 1, epochs=2, lr=1e-3)
    assert result.histories["mine"][1].epochs[-1].test_loss == expected.epochs[-1].test_loss
    mine, slow = result.summaries()
    assert mine["hyperparameters"] == {"weight_decay": 0.0}
    assert (slow["hyperparameters"]["final_lr"], slow["hyperparameters"]["lr"]) == (0.3, 1e-4)
    assert slow["hyperparameters"]["gamma"] == 1e-3  # an instance keeps its own
    assert result.table()[0]["test accuracy"] == mine["test_metric"]["mean"]
    assert f"{mine['test_metric']['mean']:.4f}" in str(result)
    assert result.to_dict()["file"] is None
    assert result.to_dict()["manifest"]["command"] == "train"
    test = result.plot().axes[1]
    curve = [h.column("test_metric") for h in result.histories["mine"]]
    np.testing.assert_allclose(test.lines[0].get_ydata(), 100 * np.mean(curve, axis=0))
    assert "<td>mine</td>" in result._repr_html_()
    assert not list(tmp_path.iterdir())
    names = [path.name for path in result.save(tmp_path)]
    assert names == [f"train-digits-mlp.{ending}" for ending in ("png", "svg", "csv")]
    assert len(rows_of(tmp_path / "train-digits-mlp.csv")) == 2 * 2 * 2
    with pytest.raises(ValueError, match="workers must be 1 here, got 2: task digits-mlp cannot"):
        problems.train(TASKS["digits-mlp"], "adam", epochs=1, workers=2)
    with pytest.raises(ValueError, match="workers must be an integer of at least 1, got 0"):
        problems.train("digits-mlp", "adam", epochs=1, workers=0)
    with pytest.raises(ValueError, match="momentum must be of an optimizer that has it"):
        problems.train("digits-mlp", "sgdm", momentum=0.9)


def test_without_a_run_that_ends_there_is_no_figure():
    result = problems.train("digits-mlp", "sgd", epochs=1, lr=1e30)
    with pytest.raises(ValueError, match="train has nothing to draw"):
        result.plot()
    assert "1 diverged" in str(result)


@pytest.mark.usefixtures("undrawn")
def test_what_is_the_users_own(mymodule, capsys):
    """Optimizers and tasks by module:Name, in worker processes, and resumed."""
    args = (
        "--epochs",
        "2",
        "--optimizers",
        "mymodule:AdaBelief(eps=1e-6),adam",
        "--out",
        "out",
        "--task",
        "mymodule:task",
        "--workers",
        "2",
        "--json",
    )
    record = json.loads(call(capsys, *args))
    assert [r["optimizer"] for r in record["results"]] == ["AdaBelief(eps=1e-6)", "adam"]
    assert record["results"][0]["hyperparameters"]["eps"] == 1e-6
    same = problems.train(mymodule.task, mymodule.AdaBelief, epochs=2, eps=1e-6)
    assert record["results"][0]["test_loss"]["mean"] == pytest.approx(
        same.summaries()[0]["test_loss"]["mean"], rel=1e-3
    )  # the number of threads decides the last digits
    assert record["results"][0]["test_loss"] != record["results"][1]["test_loss"]
    assert json.loads(call(capsys, *args, "--resume"))["computed"] == 0
    names = {path.name for path in mymodule_path(record).iterdir()}
    assert names == {"AdaBelief-eps-1e-6--seed0.npz", "adam-seed0.npz"}
    header, _ = checkpoints.read(next(mymodule_path(record).glob("AdaBelief*.npz")))
    assert header["manifest"]["command"] == "train"
    assert header["identity"]["class"] == "mymodule:AdaBelief"
    for option, message in (
        ("--task=mymodule:problem", "task mymodule:problem must be a problems.learning.tasks.Task"),
        ("--optimizers=mymodule:Nothing", "module mymodule has no 'Nothing'"),
        ("--optimizers=mymodule:Shapeless", "must be a class derived from adabound_np.Optimizer"),
    ):
        assert message in refused(capsys, option).splitlines()[-1]


def mymodule_path(record):
    """The folder of a record's checkpoints."""
    return Path(record["file"]).with_suffix("")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--task", "digit-mlp"], "did you mean 'digits-mlp'"),
        (["--optimizers", "adm"], "did you mean 'adam'"),
        (["--optimizers", "sgd", "--beta2", "0.9"], "beta2 must be of an optimizer that has it"),
        (["--optimizers", "adam", "--lr", "-1"], "lr must be in (0, inf), got -1.0"),
        (["--epochs", "0"], "must be a whole number of at least 1"),
        (["--seeds", "3,3"], "seeds must have each value once, got 3 twice"),
        (["--seeds", "a"], "must be whole numbers a,b,c or first:end, got 'a'"),
        (["--seeds=-1"], "seed must be an integer of at least 0, got -1"),
        (["--checkpoint-seconds", "nan"], "must be in [0, inf)"),
        (["--task", "mnist-mlp", "--data", "nowhere"], "python -m problems fetch mnist"),
        (["--task", "cifar-resnet34", "--data", "nowhere"], "python -m problems fetch cifar10"),
    ],
)
def test_refusals(args, message, tmp_path, capsys):
    err = refused(capsys, *args, "--workers", "1", "--out", str(tmp_path / "out"))
    assert message in err
    assert not list(tmp_path.rglob("*.npz"))


def test_an_output_folder_that_cannot_be(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert "file" in refused(capsys, *FAST, "--out", str(tmp_path / "file" / "out"))


def test_seeds():
    assert seed_list("3") == [3]
    assert seed_list("4,7") == [4, 7]
    assert seed_list("5:8") == [5, 6, 7]
    for text in ("", "3:3", "a", "1:", "0:99999999999"):
        with pytest.raises(ArgumentTypeError, match="must "):
            seed_list(text)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_run_above_the_threshold_says_so_once(workers, tmp_path):
    asked = {"epochs": 8, "batch_size": 128, "folder": tmp_path, "workers": workers}
    specs = ["adabound(final_lr=100)", "adabound"]
    first = problems.train("digits-tanh", specs, **asked)
    (lost,) = first.summaries()[0]["diverged"]
    said = "its rates were above the stability threshold of 38: preconditioned sharpness "
    assert lost["reason"].count(said) == 1
    again = problems.train("digits-tanh", specs, **asked, resume=True)
    assert again.computed == 0
    assert again.summaries() == first.summaries()


def test_bounds_that_hold_most_rates_early_are_told(tmp_path):
    """From the steps that were looked at, the same after a kill; bounds that do not are not."""
    specs = {"fast": "adabound(gamma=1)", "slow": "adabound(gamma=1e-6)", "adam": "adam"}
    result = problems.train("digits-mlp", specs, seeds=[0, 1], epochs=10)
    fast, slow, adam = result.summaries()
    looks = set(LOOKS) | {12 * epoch for epoch in range(1, 11)}
    observed = {}

    def observe(t, model, optimizer):
        (group,) = optimizer.param_groups
        scale = group["lr"] / group["initial_lr"]  # a decay of lr scales the bounds
        low, high = scale * optimizer.hyper.eta_l(t), scale * optimizer.hyper.eta_u(t)
        rates = np.concatenate([eta.ravel() for eta in optimizer.effective_lr()])
        ends = np.isclose(rates, low, rtol=1e-6) | np.isclose(rates, high, rtol=1e-6)
        observed[t] = float(np.mean(ends))

    history = train("digits-mlp", "adabound", 0, epochs=10, gamma=1.0, observe=observe)
    free = max((t for t in looks if observed[t] <= 0.5), default=0)
    assert history.held == min(t for t in looks if t > free)
    assert fast["held"] == max(h.held for h in result.histories["fast"]) <= 100
    assert slow["held"] is adam["held"] is None
    notes = [line for line in str(result).splitlines() if line.startswith("note: ")]
    assert notes == [
        f"note: fast: from step {fast['held']} on, more than half of the rates are at a bound"
    ]
    path = tmp_path / "run.npz"
    asked = ("digits-mlp", "adabound", 0)
    given = {"epochs": 10, "gamma": 1.0}
    interrupted(path, 60, *asked, **given)
    assert train(*asked, **given, checkpoint=path, resume=True).held == history.held
