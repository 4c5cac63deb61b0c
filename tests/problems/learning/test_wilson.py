"""Wilson's construction: its assumption, both solutions in closed form, and who finds which."""

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tqdm import tqdm

import problems
from adabound_np import SGD
from problems.cli import main
from problems.forms import released
from problems.learning.wilson import RATES, Wilson, features, fit, loss_and_gradient, wilson
from problems.learning.wilson_figure import wilson_figure
from problems.optimizers import HYPERPARAMETERS, OPTIMIZERS, grid, takes
from problems.results.wilson import Wilson as Result

ADAPTIVE = ("adagrad", "rmsprop", "adam", "amsgrad")
GRADIENT = ("sgd", "sgdm", "sgdm-dampened", "csgd", "nesterov")


@st.composite
def constructions(draw):
    minus = draw(st.integers(1, 8))
    plus = draw(st.integers(minus + 1, 20))
    y = np.array(draw(st.permutations([1] * plus + [-1] * minus)))
    new = np.array(draw(st.lists(st.sampled_from([1, -1]), min_size=1, max_size=9)))
    return Wilson(y, new)


@given(constructions())
@settings(max_examples=50, deadline=None)
def test_closed_forms(problem):
    X, y = problem.X, problem.y
    assert np.array_equal(X @ np.sign(X.T @ y), problem.c * y)
    assert problem.c == 4
    np.testing.assert_allclose(problem.minimum_norm, np.linalg.lstsq(X, y)[0], atol=1e-12)
    np.testing.assert_allclose(X @ problem.adaptive, y, atol=1e-12)
    assert problem.training_error(problem.minimum_norm) == 0
    assert problem.training_error(problem.adaptive) == 0
    assert problem.test_accuracy(problem.minimum_norm) == 1
    assert problem.test_accuracy(problem.adaptive) == np.mean(problem.y_new > 0)


@pytest.mark.parametrize(("label", "c"), [(1, 4), (-1, 8)])
def test_a_single_point(label, c):
    """The assumption holds for it: its label, two ones, and one slot or five, have one sign."""
    assert Wilson(np.array([label]), np.array([1])).c == c


def test_the_assumption_needs_a_majority():
    for y, counts in (([1, -1], "1 and 1"), ([-1, 1, -1], "1 and 2"), ([1, 1, -1, -1], "2 and 2")):
        with pytest.raises(ValueError, match=f"more labels of 1 than of -1, got {counts}$"):
            Wilson(np.array(y), np.array([1])).c  # noqa: B018 - it is computed when it is asked for


def test_shares_of_points():
    """The label alone is always right, its opposite never; a one alone says 1."""
    problem = Wilson(np.array([1, 1, -1, 1, -1]), np.array([1, -1, -1, -1]))
    label, one, *_ = np.eye(problem.X.shape[1])
    assert [problem.training_error(w) for w in (label, -label, one, 0 * one)] == [0, 1, 0.4, 1]
    assert [problem.test_accuracy(w) for w in (label, -label, one)] == [1, 0, 0.25]
    assert problem.majority_rate == 0.25


def test_which_draws_are_admitted():
    """Those of both labels with more of 1."""
    admitted = []
    for seed in range(40):
        draws = np.random.default_rng(seed).random(4) < 0.7
        plus, minus = int(draws.sum()), int((~draws).sum())
        if 0 < minus < plus:
            assert np.array_equal(wilson(4, p=0.7, seed=seed).y, 2 * draws - 1)
        else:
            message = f"n = 4 with p = 0.7, of which seed {seed} makes {plus} and {minus}$"
            with pytest.raises(ValueError, match=message):
                wilson(4, p=0.7, seed=seed)
        admitted.append((plus, minus))
    assert {(4, 0), (3, 1), (2, 2), (1, 3)} <= set(admitted)


def test_how_many_points_fit(monkeypatch):
    problem = wilson(n=20, new=7)
    size = problem.X.nbytes + problem.X_new.nbytes
    monkeypatch.setattr("problems.learning.wilson.MOST", size)
    wilson(n=20, new=7)
    monkeypatch.setattr("problems.learning.wilson.MOST", size - 1)
    with pytest.raises(ValueError, match=f"at most {size - 1:,} bytes.* got n = 20, new = 7"):
        wilson(n=20, new=7)


def test_points_are_those_of_the_paper():
    labels = np.array([1, -1, 1])
    X = features(labels)
    for i, y in enumerate(labels):
        for j in range(1, X.shape[1] + 1):  # the paper's indices
            own = 4 + 5 * i
            expected = y if j == 1 else 1 if j <= 3 or own <= j <= own + 2 * (1 - y) else 0
            assert X[i, j - 1] == expected


def test_new_points_on_all_features():
    """A new point's own slots may be left out: what is learned with them gives them 0."""
    problem, d = wilson(n=20, new=7), 103
    X = features(np.concatenate([problem.y, problem.y_new]))
    assert np.array_equal(X[:20, :d], problem.X)
    assert np.array_equal(X[20:, :d], problem.X_new)
    assert not X[:20, d:].any()
    for name in ("sgdm", "adam", "adabound"):
        w = np.zeros(X.shape[1])
        opt = released(name, [w], lr=1e-2)
        for _ in range(50):
            opt.step(grads=[X[:20].T @ (X[:20] @ w - problem.y) / 20])
        assert not w[d:].any()
        np.testing.assert_allclose(X[20:] @ w, problem.X_new @ w[:d], atol=1e-15)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam", "amsgrad"])
def test_adaptive_methods_stay_on_the_line_of_the_sign(name):
    """[Wilson17] Lemma 3.1: from 0 and with epsilon = 0, w_t is a multiple of sign(X^T y)."""
    problem = wilson(n=40)
    for steps in (1, 2, 30, 400):
        w = fit(problem, name, steps=steps, eps=0.0).w
        used = problem.sign != 0
        assert not w[~used].any()
        factors = w[used] / problem.sign[used]
        np.testing.assert_allclose(factors, factors[0], rtol=1e-8)
        assert factors[0] > 0


@pytest.mark.parametrize("name", GRADIENT)
def test_gradient_methods_find_the_solution_of_least_norm(name):
    problem = wilson()
    found = fit(problem, name, steps=3000)
    np.testing.assert_allclose(found.w, problem.minimum_norm, atol=1e-4)
    assert (found.training_error, found.test_accuracy) == (0, 1)


@pytest.mark.parametrize("name", ADAPTIVE)
def test_adaptive_methods_predict_the_majority(name):
    problem = wilson()
    found = fit(problem, name, steps=3000)
    assert (found.training_error, found.test_accuracy) == (0, problem.majority_rate)
    np.testing.assert_allclose(found.w, problem.adaptive, atol=1e-4)


def test_adabound_lies_between():
    """The slower its bounds close, the nearer it ends to the adaptive methods' solution."""
    problem = wilson()
    distances = [
        np.linalg.norm(fit(problem, "adabound", gamma=gamma).w - problem.minimum_norm)
        for gamma in (10.0, 1e-1, 1e-3)
    ]
    assert distances == sorted(distances)
    assert distances[0] < 0.02
    assert fit(problem, "adabound", gamma=1e-4).test_accuracy == problem.majority_rate


def test_gradient():
    problem = wilson(n=6, seed=1)
    w = np.random.default_rng(0).normal(size=problem.X.shape[1])
    loss, gradient = loss_and_gradient(problem, w)
    assert loss == pytest.approx(np.mean((problem.X @ w - problem.y) ** 2) / 2)
    step = 1e-6
    for i in (0, 1, 4):
        e = np.eye(len(w))[i] * step
        slope = loss_and_gradient(problem, w + e)[0] - loss_and_gradient(problem, w - e)[0]
        assert slope / (2 * step) == pytest.approx(gradient[i], abs=1e-8)


def test_steps_of_a_fit():
    """Two of gradient descent by hand, at the rate of the table or the one given."""
    problem, ticks = wilson(n=20), []
    for options in ({}, {"lr": 0.25}):
        w = np.zeros(103)
        for _ in range(2):
            w -= options.get("lr", RATES["sgd"]) * problem.X.T @ (problem.X @ w - problem.y) / 20
        found = fit(problem, "sgd", 2, lambda: ticks.append(1), **options)
        np.testing.assert_allclose(found.w, w, rtol=1e-12, atol=1e-15)
        assert found.loss == pytest.approx(loss_and_gradient(problem, w)[0])
        assert found.diverged is None
    assert len(ticks) == 4
    assert fit(problem, SGD, 2, lr=RATES["sgd"]).loss == fit(problem, "sgd", 2).loss


def test_a_fit_ends_where_the_loss_is_not_finite():
    problem = wilson(n=20)
    found = fit(problem, "sgd", 100, lr=1e6)
    assert found.diverged < 100
    assert not np.isfinite(found.loss)
    before = fit(problem, "sgd", found.diverged - 1, lr=1e6)
    assert before.diverged is None
    assert np.isfinite(before.loss)
    assert np.isfinite(loss_and_gradient(problem, before.w)[1]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wilson(n=0), "n must be an integer of at least 1, got 0"),
        (lambda: wilson(p=0.5), r"p must be in \(0.5, 1\), got 0.5"),
        (lambda: wilson(n=1), "n must be large enough for both labels"),
        (lambda: features(np.array([1, 0])), "labels must be one or more of -1 and 1"),
        (lambda: features(np.array([], int)), "labels must be one or more of -1 and 1"),
        (lambda: Wilson(np.array([1, -1]), np.array([1])).c, "needs more labels of 1 than of -1"),
        (lambda: fit(wilson(), "adamm"), "did you mean 'adam'"),
        (lambda: fit(wilson(), "adam", steps=0), "steps must be an integer of at least 1, got 0"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_roster_sets_what_it_says():
    """Each hyperparameter arrives under the constructor's name; the others keep its default."""
    values = dict(zip(HYPERPARAMETERS, (0.3, 0.6, 0.7, 0.4, 0.02, 1e-5, 0.01), strict=True))
    arrived = {
        "lr": lambda d: d["lr"],
        "beta1": lambda d: d["betas"][0] if "betas" in d else d["momentum"],
        "beta2": lambda d: d["betas"][1] if "betas" in d else d["alpha"],
        "final_lr": lambda d: d["final_lr"],
        "gamma": lambda d: d["gamma"],
        "eps": lambda d: d["eps"],
        "weight_decay": lambda d: d["weight_decay"],
    }
    for name, entry in OPTIMIZERS.items():
        plain = released(name, [np.zeros(1)]).defaults
        own = entry.cls(None).defaults
        changed = {key for key in own if plain[key] != own[key]}
        assert changed <= {"momentum", "dampening", "nesterov"}
        for key in takes(name):
            assert (
                arrived[key](released(name, [np.zeros(1)], **{key: values[key]}).defaults)
                == (values[key])
            ), (name, key)
        for point in grid(name):
            released(name, [np.zeros(1)], **point)
    with pytest.raises(TypeError, match="sgd has no hyperparameter 'beta2'"):
        released("sgd", [np.zeros(1)], beta2=0.9)
    dampened = released("sgdm-dampened", [np.zeros(1)], beta1=0.8).defaults
    assert (dampened["momentum"], dampened["dampening"]) == (0.8, 0.8)


def test_command(tmp_path, capsys):
    args = [
        "wilson",
        "--points",
        "40",
        "--steps",
        "1500",
        "--optimizers",
        "sgdm,adam,adabound",
        "--gammas",
        "0.1,10",
        "--out",
        str(tmp_path),
    ]
    assert main([*args, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    problem = wilson(n=40)
    assert (record["c"], record["majority_rate"]) == (4, problem.majority_rate)
    found = {(r["optimizer"], r["gamma"]): r for r in record["results"]}
    assert set(found) == {("sgdm", None), ("adam", None), ("adabound", 0.1), ("adabound", 10)}
    for (name, gamma), row in found.items():
        given = {} if gamma is None else {"gamma": gamma}
        expected = fit(problem, name, 1500, **given)
        assert row["test_accuracy"] == expected.test_accuracy
        assert row["training_error"] == expected.training_error == 0
    assert found["adam", None]["from_adaptive"] < 1e-3
    assert found["sgdm", None]["from_minimum_norm"] < 1e-3
    assert main(args) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-6:-2]] == ["sgdm", "adam", "adabound", "adabound"]
    png, svg = sorted(tmp_path.glob("wilson*"))  # the same command replaces its own files
    assert png.stem == svg.stem != "wilson"
    assert lines[-1] == f"wrote {png}, {svg}"
    assert png.read_bytes().startswith(b"\x89PNG")
    assert ET.parse(svg).getroot().tag.endswith("svg")
    assert record["written"] == [str(png), str(svg)]
    assert record["manifest"]["command"] == "wilson"


@pytest.mark.usefixtures("undrawn")
def test_own_optimizers(mymodule, capsys):
    """By module:Name, as a class and as an instance; values given with a name are kept."""
    args = [
        "wilson",
        "--points",
        "20",
        "--steps",
        "100",
        "--gammas",
        "1,10",
        "--out",
        "out",
        "--optimizers",
        "mymodule:AdaBelief(lr=0.01),adabound(gamma=0.5),adam",
    ]
    assert main([*args, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]
    names = ["AdaBelief(lr=0.01)", "adabound(gamma=0.5)", "adam"]
    assert [(r["optimizer"], r["lr"], r["gamma"]) for r in rows] == [
        (names[0], 0.01, None),
        (names[1], 1e-3, 0.5),
        (names[2], 1e-3, None),
    ]
    specs = [mymodule.AdaBelief(lr=0.01), "adabound(gamma=0.5)", "adam"]
    result = problems.wilson(specs, points=20, steps=100)
    assert [row["loss"] for row in result.table()] == [row["loss"] for row in rows]
    assert rows[0]["loss"] != rows[2]["loss"]
    own = fit(wilson(n=20), mymodule.AdaBelief, 100)
    assert own.lr == 1e-3  # the constructor's
    assert problems.wilson({"mine": mymodule.AdaBelief}, points=20, steps=100).fits[0][1].loss == (
        own.loss
    )
    for name, message in (
        ("mymodule:Nothing", "module mymodule has no 'Nothing'"),
        ("mymodule:Shapeless", "must be a class derived from adabound_np.Optimizer"),
    ):
        with pytest.raises(SystemExit) as stop:
            main([*args[:-1], name])
        assert stop.value.code == 2
        assert message in capsys.readouterr().err.splitlines()[-1]


def test_constants_of_the_default_name(tmp_path):
    """Files of other constants do not replace those of the default ones."""
    problem = wilson(n=20)
    usual = {"points": 100, "new": 1000, "p": 0.7, "seed": 0, "steps": 3000}
    assert Result(problem, [("sgd", fit(problem, "sgd", 20))], usual).stem == "wilson"
    stems = {problems.wilson("sgd", points=20, steps=5, new=n).stem for n in (20, 20, 30)}
    assert len(stems) == 2
    assert all(stem.startswith("wilson-") for stem in stems)


RESULTS = [
    {
        "optimizer": "sgd",
        "gamma": None,
        "test_accuracy": 1.0,
        "from_minimum_norm": 0.0,
        "from_adaptive": 1.0,
    },
    {
        "optimizer": "adam",
        "gamma": None,
        "test_accuracy": 0.7,
        "from_minimum_norm": 1.0,
        "from_adaptive": 0.0,
    },
    {
        "optimizer": "adabound",
        "gamma": 1.0,
        "test_accuracy": 1.0,
        "from_minimum_norm": 0.1,
        "from_adaptive": 0.9,
    },
    {
        "optimizer": "adabound",
        "gamma": 0.01,
        "test_accuracy": 0.8,
        "from_minimum_norm": 0.6,
        "from_adaptive": 0.4,
    },
    {
        "optimizer": "adabound",
        "gamma": 100.0,
        "test_accuracy": None,
        "from_minimum_norm": np.nan,
        "from_adaptive": np.inf,
    },
    {
        "optimizer": "amsbound",
        "gamma": 0.01,
        "test_accuracy": 0.8,
        "from_minimum_norm": 0.6,
        "from_adaptive": 0.4,
    },
    {
        "optimizer": "amsbound",
        "gamma": 1.0,
        "test_accuracy": 1.0,
        "from_minimum_norm": 0.1,
        "from_adaptive": 0.9,
    },
]


def test_figure():
    """Lines over increasing gamma, without what diverged; names beside them, equal lines once."""
    figure = wilson_figure(RESULTS, 0.7, "title")
    for axes, values, end in zip(
        figure.axes, ([0.8, 1.0], [0.6, 0.1], [0.4, 0.9]), (1.0, 0.0, 1.0), strict=True
    ):
        sgd, adam, adabound = axes.lines[:3]
        assert adabound.get_xdata().tolist() == [0.01, 1.0]
        assert adabound.get_ydata().tolist() == values
        assert set(sgd.get_ydata()) == {end}
        assert set(adam.get_ydata()) == {0.7 if axes is figure.axes[0] else 1 - end}
        names = [text.get_text() for text in axes.texts if text.get_position()[0] > 1]
        assert sorted(names) == ["AdaBound, AMSBound", "Adam", "SGD"]
        assert axes.get_xscale() == "log"
    alone = wilson_figure(RESULTS[:2], 0.7, "title").axes[0]
    assert not len(alone.get_xticks())


def test_a_distance_off_the_scale():
    """Its label stays beside the axes."""
    far = [{**RESULTS[0], "from_minimum_norm": 1e300}, RESULTS[1]]
    for axes in wilson_figure(far, 0.7, "title").axes:
        places = [text.get_position() for text in axes.texts if text.get_position()[0] > 1]
        assert all(-0.2 <= height <= 1.2 for _, height in places)
        assert len(places) == 2


@pytest.mark.usefixtures("undrawn")
def test_progress(tmp_path, capsys, monkeypatch):
    """Every step of every run counts."""
    bars = []

    class Bar(tqdm):
        def __init__(self, **given):
            super().__init__(**{**given, "disable": False, "file": io.StringIO(), "delay": 0})
            bars.append((self, given))

    monkeypatch.setattr("problems.results.wilson.tqdm", Bar)
    assert (
        main(
            [
                "wilson",
                "--points",
                "20",
                "--steps",
                "50",
                "--optimizers",
                "sgd,adabound",
                "--gammas",
                "0.1,1,10",
                "--out",
                str(tmp_path),
            ]
        )
        == 0
    )
    ((bar, given),) = bars
    assert (bar.n, bar.total) == (200, 200)
    assert given["disable"] is None  # only on a terminal
    assert capsys.readouterr().err == ""


def test_a_figure_that_cannot_be_written(tmp_path, capsys):
    args = ["wilson", "--points", "20", "--steps", "5", "--optimizers", "sgd", "--out"]
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit):
        main([*args, str(tmp_path / "file")])
    assert "--out must be a folder that can be written" in capsys.readouterr().err
    stem = problems.wilson("sgd", points=20, steps=5).stem
    (tmp_path / f"{stem}.svg" / "full").mkdir(parents=True)
    assert main([*args, str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "the results cannot be written" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--p", "0.2"], "p must be in (0.5, 1), got 0.2"),
        (["--points", "1"], "n must be large enough for both labels"),
        (["--gammas", "0"], "must be positive numbers a,b,c, got '0'"),
        (["--lr", "0"], "lr must be in (0, inf), got 0.0"),
        (["--points", "1e5"], "matrices of at most 2,147,483,648 bytes"),
        (["--new", "1e9"], "matrices of at most 2,147,483,648 bytes"),
    ],
)
def test_command_refusals(args, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["wilson", *args, "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.usefixtures("undrawn")
def test_divergence_is_a_row(capsys, tmp_path):
    """With the optimizer and the step; the others' results are kept."""
    args = [
        "wilson",
        "--points",
        "20",
        "--steps",
        "300",
        "--lr",
        "1000",
        "--gammas",
        "1",
        "--optimizers",
        "sgd,sgdm,adam,adabound",
        "--out",
        str(tmp_path),
    ]
    assert main([*args, "--json"]) == 0
    rows = {row["optimizer"]: row for row in json.loads(capsys.readouterr().out)["results"]}
    assert rows["adam"]["diverged"] is rows["adabound"]["diverged"] is None
    assert rows["adam"]["training_error"] == rows["adabound"]["training_error"] == 0
    problem = wilson(n=20)
    for name in ("sgd", "sgdm"):
        last = rows[name]["diverged"]
        assert 1 < last < 300
        assert fit(problem, name, last - 1, lr=1000).diverged is None
        assert fit(problem, name, last, lr=1000).diverged == last
        assert not np.isfinite(fit(problem, name, last, lr=1000).loss)
    assert main(args) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()[-6:-2]}
    assert lines["sgd"].endswith(f"diverged at step {rows['sgd']['diverged']}")
    assert "diverged" not in lines["adam"] + lines["adabound"]
