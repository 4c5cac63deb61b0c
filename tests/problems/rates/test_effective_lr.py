"""Effective learning rates: what is recorded is what the optimizer multiplied m_t by."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import problems
from adabound_np import SGD, AdaBound, AdaGrad, Adam, AMSBound, AMSGrad
from adabound_np.bounds import DynamicBounds
from autograd_lite import nn, ops
from problems.cli import main
from problems.forms import in_paper
from problems.learning import training
from problems.learning.tasks import TASKS
from problems.limits import Limits
from problems.online import reddi_online
from problems.online.losses import vector_problem
from problems.online.setting import Setting
from problems.rates.figures import (
    figure1_parameters,
    funnel_figure,
    heat_figure,
    histogram_figure,
    shares_figure,
)
from problems.rates.record import EDGES, PERCENTS, RateRecord, RateRecordError
from problems.rates.recorder import Recorder, mixed_grid, record_online

ADAPTIVE = {"adam": Adam, "amsgrad": AMSGrad, "adabound": AdaBound, "amsbound": AMSBound}


def network(rng=0):
    rng = np.random.default_rng(rng)
    return nn.Sequential(nn.Linear(6, 9, rng=rng), nn.Tanh(), nn.Linear(9, 3, rng=rng))


def train(model, optimizer, steps, observe):
    rng = np.random.default_rng(1)
    for t in range(1, steps + 1):
        x = rng.normal(size=(8, 6)).astype(np.float32)
        optimizer.zero_grad()
        ops.cross_entropy(model(x), rng.integers(3, size=8)).backward()
        optimizer.step()
        observe(t, model, optimizer)


@pytest.mark.parametrize("name", ADAPTIVE)
def test_the_record_is_the_optimizers_rates(name):
    """Quantiles, samples and histogram of each parameter, against `effective_lr` itself."""
    model = network()
    optimizer = ADAPTIVE[name](model.parameters(), lr=3e-3)
    recorder, seen = Recorder([1, 7, 30], samples=4, seed=3), {}

    def observe(t, model, optimizer):
        recorder(t, model, optimizer)
        seen[t] = optimizer.effective_lr()

    train(model, optimizer, 30, observe)
    record = recorder.record()
    assert record.steps.tolist() == [1, 7, 30]
    assert record.names == ("0.weight", "0.bias", "2.weight", "2.bias", "all")
    for n, t in enumerate(record.steps):
        for i, eta in enumerate([*seen[t], np.concatenate([e.ravel() for e in seen[t]])]):
            expected = np.percentile(eta, PERCENTS, method="inverted_cdf")
            np.testing.assert_array_equal(record.quantiles[n, i], expected)
            inside = np.histogram(eta, EDGES.astype(eta.dtype))[0]
            np.testing.assert_array_equal(record.histograms[n, i, 1:-1], inside)
            assert record.histograms[n, i].sum() == eta.size
        for i, eta in enumerate(seen[t]):
            np.testing.assert_array_equal(record.samples[n, i], eta.flat[record.coordinates[i]])
    assert record.bounded == (name in ("adabound", "amsbound"))
    assert np.isnan(record.shares).all() != record.bounded


@given(
    st.lists(
        st.sampled_from([0.0, 1e-20, 1e-3, 0.5, 1.0, 3e7, 1e9]) | st.floats(1e-15, 1e10),
        min_size=1,
        max_size=300,
    ),
    st.sampled_from([np.float32, np.float64]),
)
@settings(max_examples=60, deadline=None)
def test_quantiles_and_histograms_count_every_rate(values, dtype):
    eta = np.array(values, dtype)
    recorder = Recorder([1])
    recorder.take(1, ["w"], [eta], [None])
    record = recorder.record()
    np.testing.assert_array_equal(
        record.quantiles[0, 0], np.percentile(eta, PERCENTS, method="inverted_cdf")
    )
    edges = EDGES.astype(dtype)
    histogram = record.histograms[0, 0]
    assert histogram.sum() == len(eta)
    assert histogram[0] == (eta < edges[0]).sum()
    assert histogram[-1] == (eta >= edges[-1]).sum()
    for k in range(len(edges) - 1):
        assert histogram[k + 1] == ((eta >= edges[k]) & (eta < edges[k + 1])).sum()


@given(
    st.lists(st.floats(1e-6, 1e4), min_size=1, max_size=100),
    st.floats(1e-5, 10),
    st.floats(1, 1e4),
    st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_shares_are_of_rates_clipped_to_their_bounds(values, lower, ratio, decade):
    """Clipped as the optimizer does it, in float32 and then scaled by s_t."""
    upper, s = lower * (1 + ratio), 10.0**-decade
    raw = np.array(values, np.float32)
    eta = s * np.clip(raw, lower, upper)
    recorder = Recorder([1])
    recorder.take(1, ["w"], [eta], [Limits(s * lower, s * upper)])
    low, between, high = recorder.record().shares[0, 0]
    near = [abs(raw / end - 1) < 1e-5 for end in (lower, upper)]
    unsure = sum(n.sum() for n in near) / len(raw)
    assert low == pytest.approx((raw <= lower).mean(), abs=unsure + 1e-12)
    assert high == pytest.approx((raw >= upper).mean(), abs=unsure + 1e-12)
    assert low + between + high == pytest.approx(1)
    recorder = Recorder([1])
    recorder.take(1, ["w"], [np.full(5, s * np.float32(upper))], [Limits(s * lower, s * upper)])
    assert recorder.record().shares[0, 0].tolist() == [0, 0, 1]


@pytest.mark.parametrize("cls", [AdaBound, AMSBound])
@pytest.mark.parametrize("lr", [1e-6, 1e6])
def test_a_rate_out_of_bounds_is_all_at_one_of_them(cls, lr):
    """Also after a scheduler has scaled the rate, bounds included."""
    x = np.ones(7, np.float32)
    optimizer = cls([x], lr=lr, final_lr=0.2, gamma=0.05)
    recorder = Recorder(range(1, 6))
    for t in range(1, 6):
        if t == 4:
            optimizer.param_groups[0]["lr"] = lr / 10
        optimizer.step(grads=[np.full(7, 0.5, np.float32)])
        recorder(t, None, optimizer)
    record = recorder.record()
    expected = [1, 0, 0] if lr < 1 else [0, 0, 1]
    assert record.shares[:, 0].tolist() == [expected] * 5
    bounds, t = DynamicBounds(0.2, 0.05), np.arange(1, 6)
    s = np.where(t < 4, 1, 0.1)
    np.testing.assert_allclose(record.bounds[:, 0, 0], s * bounds.eta_l(t), rtol=1e-12)
    np.testing.assert_allclose(record.bounds[:, 0, 1], s * bounds.eta_u(t), rtol=1e-12)
    place = 0 if lr < 1 else 1
    np.testing.assert_allclose(record.quantile(50), record.bounds[:, 0, place], rtol=1e-6)


def test_groups_have_bounds_of_their_own_and_sleepers_none():
    x, y, z = np.ones(3), np.ones(5), np.ones(2)
    optimizer = AdaBound([{"params": [x, z]}, {"params": [y], "final_lr": 7.0}])
    recorder = Recorder([1, 2])
    for t in (1, 2):
        optimizer.step(grads=[x, z if t == 2 else None, y])
        recorder(t, None, optimizer)
    record = recorder.record()
    for i, (final_lr, steps) in enumerate([(0.1, (1, 2)), (0.1, (None, 1)), (7.0, (1, 2))]):
        for n, t in enumerate(steps):
            if t is None:  # z has made no step yet
                assert np.isnan(record.quantiles[n, i]).all()
                assert np.isnan(record.samples[n, i]).all()
                assert np.isnan(record.bounds[n, i]).all()
                assert record.histograms[n, i].sum() == 0
            else:
                bounds = DynamicBounds(final_lr, 1e-3)
                assert record.bounds[n, i].tolist() == [bounds.eta_l(t), bounds.eta_u(t)]
    assert record.histograms[:, -1].sum(axis=1).tolist() == [8, 10]
    assert record.bounds[0, -1].tolist() == [
        DynamicBounds(0.1, 1e-3).eta_l(1),
        DynamicBounds(7.0, 1e-3).eta_u(1),
    ]


def test_others_are_compared_with_reference_bounds():
    x = np.ones(4)
    recorder = Recorder([3], reference=DynamicBounds(0.1, 1e-3))
    optimizer = AdaGrad([x], lr=1e-9)
    for t in range(1, 4):
        optimizer.step(grads=[x])
        recorder(t, None, optimizer)
    record = recorder.record()
    assert not record.bounded
    assert record.shares[0, 0].tolist() == [1, 0, 0]
    assert record.bounds[0, 0, 1] == DynamicBounds(0.1, 1e-3).eta_u(3)


@pytest.mark.parametrize(
    ("own", "at", "expected"),
    [
        (True, [0.1, 0.4, 0.6, 0.9], 3),
        (True, [0.6, 0.4, 0.5, 0.51], 4),
        (True, [0.6, 0.7, 0.8, 0.9], 1),
        (True, [0.6, 0.7, 0.8, 0.5], None),
        (True, [np.nan, 0.7, 0.8, 0.9], 2),
        (False, [0.6, 0.7, 0.8, 0.9], None),
    ],
)
def test_the_step_since_which_bounds_hold_most_rates(own, at, expected):
    x = np.ones(3)
    recorder, optimizer = Recorder([1, 2, 3, 4]), AdaBound([x])
    for t in range(1, 5):
        optimizer.step(grads=[x])
        recorder(t, None, optimizer)
    shares = np.array([[[0.25 * a, 1 - a, 0.75 * a]] for a in at])
    record = replace(recorder.record(), shares=shares, bounded=own)
    assert record.held == expected


def test_bounds_that_hold_most_rates_early_are_told():
    specs = {"fast": "adabound(gamma=0.1)", "slow": "adabound(gamma=1e-6)", "adam": "adam"}
    result = problems.effective_lr("digits-mlp", specs, epochs=10)
    rows = {row["optimizer"]: row["held"] for row in result.rows()}
    assert rows["slow"] is rows["adam"] is None
    notes = [line for line in str(result).splitlines() if line.startswith("note: ")]
    assert notes == [
        f"note: fast: from step {rows['fast']} on, more than half of the rates are at a bound"
    ]


def test_a_scalar_rate_is_that_of_all_coordinates():
    x = np.ones((2, 3))
    recorder = Recorder([1])
    optimizer = SGD([x], lr=0.25)
    optimizer.step(grads=[x])
    recorder(1, None, optimizer)
    record = recorder.record()
    assert set(record.quantiles.ravel()) == {0.25}
    assert record.histograms.sum(axis=-1).tolist() == [[6, 6]]


def test_recording_changes_nothing():
    finals = []
    for observe in (Recorder(range(1, 20), seed=5), lambda *_: None):
        model = network()
        train(model, AdaBound(model.parameters()), 20, observe)
        finals.append(model.state_dict())
    for name in finals[0]:
        np.testing.assert_array_equal(finals[0][name], finals[1][name])


def test_seeds_draw_the_samples():
    drawn = []
    for seed in (0, 0, 1):
        recorder = Recorder([1], samples=6, seed=seed)
        recorder.take(1, ["w"], [np.arange(1.0, 1000.0)], [None])
        drawn.append(recorder.record().samples[0, 0].tolist())
    assert drawn[0] == drawn[1] != drawn[2]


def test_files(tmp_path):
    model = network()
    recorder = Recorder(mixed_grid(20, 8))
    train(model, AdaBound(model.parameters()), 20, recorder)
    record = recorder.record()
    record.save(tmp_path / "record.npz")
    again = RateRecord.load(tmp_path / "record.npz")
    assert again.names == record.names
    assert again.bounded is True
    for name in ("steps", "quantiles", "histograms", "samples", "coordinates", "shares", "bounds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(record, name))
    record.write_csv(tmp_path / "record.csv")
    with (tmp_path / "record.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(record.steps) * len(record.names)
    last = rows[-1]
    assert (int(last["step"]), last["parameter"]) == (20, "all")
    assert float(last["q99"]) == record.quantile(99)[-1]
    assert float(last["share_between"]) == record.shares[-1, -1, 1]
    whole = (tmp_path / "record.npz").read_bytes()
    for damaged in (b"", whole[:100], b"PK" + whole[2:-30], b"nothing"):
        (tmp_path / "bad.npz").write_bytes(damaged)
        with pytest.raises(RateRecordError, match="must be a record of effective learning rates"):
            RateRecord.load(tmp_path / "bad.npz")
    np.savez(tmp_path / "bad.npz", format=np.array(1), steps=np.arange(3))
    with pytest.raises(RateRecordError, match="names"):
        RateRecord.load(tmp_path / "bad.npz")
    arrays = dict(np.load(tmp_path / "record.npz"))
    np.savez(tmp_path / "bad.npz", **{**arrays, "shares": arrays["shares"][:, :1]})
    with pytest.raises(RateRecordError, match="shares must have shape"):
        RateRecord.load(tmp_path / "bad.npz")
    assert {path.name for path in tmp_path.iterdir()} == {"record.npz", "record.csv", "bad.npz"}


def test_bad_arguments():
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        Recorder([0])
    with pytest.raises(ValueError, match="samples must be"):
        Recorder([1], samples=0)
    with pytest.raises(ValueError, match="one that was reached"):
        Recorder([5]).record()
    recorder = Recorder([1, 2])
    recorder.take(1, ["a"], [np.ones(2)], [None])
    with pytest.raises(ValueError, match="names must equal the first step"):
        recorder.take(2, ["b"], [np.ones(2)], [None])
    record = recorder.record()
    with pytest.raises(ValueError, match="percent must be one of"):
        record.quantile(2)
    with pytest.raises(ValueError, match="name must be one of a, all, got 'b'"):
        record.quantile(50, "b")


@pytest.mark.parametrize("name", ["adam", "amsgrad", "adabound", "amsbound", "sgdm"])
def test_online_windows_hold_the_rate_of_every_step(name):
    """The rates of a window at once are those of the steps, one after the other."""
    s = reddi_online()
    options = {
        "lr": 0.5,
        "beta1": 0.9,
        "beta2": 0.99,
        "final_lr": 0.1,
        "gamma": 1e-3,
        "schedule": "inv-sqrt",
        "feasible": s.problem.feasible,
    }
    record = record_online(s.problem, in_paper(name, **options), 700, s.x1, points=20)
    optimizer = in_paper(name, **options)
    x, state, rates = np.asarray(0.0), None, []
    state = optimizer.init(x)
    for _, f in s.problem.reveal(700):
        x, state = optimizer.update(x, f.gradient(x), state)
        rates.append(float(optimizer.effective_lr(state)))
    before = 0
    for n, t in enumerate(record.steps.tolist()):
        window = np.array(rates[before:t])
        expected = np.percentile(window, PERCENTS, method="inverted_cdf")
        np.testing.assert_allclose(record.quantiles[n, -1], expected, rtol=1e-12)
        assert record.histograms[n, -1].sum() == t - before
        before = t
    assert before == 700


@pytest.mark.usefixtures("undrawn")
def test_the_command_on_an_online_problem(tmp_path, capsys):
    args = [
        "effective-lr",
        "--problem",
        "reddi-online",
        "--steps",
        "400",
        "--optimizers",
        "adam,adabound",
        "--out",
        str(tmp_path),
    ]
    assert main([*args, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert [r["optimizer"] for r in result["results"]] == ["adam", "adabound"]
    for r in result["results"]:
        record = RateRecord.load(tmp_path / f"effective-lr-reddi-online-{r['optimizer']}.npz")
        assert r["quantiles"]["99"] == record.quantile(99)[-1]
        assert r["shares"] == record.shares[-1, -1].tolist()
        assert r["bounded"] == (r["optimizer"] == "adabound")
    index = str(tmp_path / "index.html")
    assert sorted(str(p) for p in tmp_path.iterdir()) == sorted([*result["written"], index])
    made = np.load(tmp_path / "effective-lr-reddi-online-adam.npz")["manifest"].item()
    assert json.loads(made) == result["manifest"]
    assert result["manifest"]["command"] == "effective_lr"
    assert main(args) == 0
    out = capsys.readouterr().out
    assert f"{result['results'][0]['quantiles']['99']:.4g} " in out
    assert f"wrote {len(result['written'])} files to {tmp_path}" in out


@pytest.mark.usefixtures("undrawn")
def test_the_function(tmp_path):
    """A task by its name or the object, and a problem; rows, figures, files."""
    given = {"epochs": 1, "seed": 3, "final_lr": 0.5}
    result = problems.effective_lr(TASKS["digits-mlp"], ["adam", AdaBound(lr=0.02)], **given)
    assert list(result.records) == ["adam", "AdaBound"]
    assert result.records["AdaBound"].bounds[-1, -1, 1] == pytest.approx(
        DynamicBounds(0.1, 1e-3).eta_u(12) / 1
    )  # an instance keeps its hyperparameters
    named = problems.effective_lr("digits-mlp", "adam", **given)
    np.testing.assert_array_equal(named.records["adam"].quantiles, result.records["adam"].quantiles)
    assert named.stem == result.stem != "effective-lr-digits-mlp"
    assert problems.effective_lr("digits-mlp", "adam", epochs=1).stem == "effective-lr-digits-mlp"
    assert result.plot().get_suptitle() == "digits-mlp: " + TASKS["digits-mlp"].title + ", 1 epoch"
    assert len(result.save(tmp_path)) == 2 * 4 + 2 * 2
    online = problems.effective_lr(reddi_online(lr=0.25), "sgd", steps=50)
    assert online.table()[0]["0 %"] == pytest.approx(0.25 / np.sqrt(50))
    bounded = problems.effective_lr("savarese(K=10)", "adabound", steps=50)
    assert bounded.records["adabound"].bounded
    with pytest.raises(ValueError, match="gamma must not be given for savarese"):
        problems.effective_lr("savarese", "adabound", steps=50, gamma=0.1)
    with pytest.raises(ValueError, match="unknown task or problem 'digits'; did you mean"):
        problems.effective_lr("digits")
    with pytest.raises(ValueError, match="epochs must not be given with a problem, got 3"):
        problems.effective_lr("reddi-online", epochs=3)
    slow = problems.effective_lr("reddi-online", "adabound", steps=50, gamma="paper")
    assert slow.gamma == pytest.approx(0.01)
    np.testing.assert_allclose(
        slow.records["adabound"].bounds[-1, -1, 0] * np.sqrt(50), DynamicBounds(0.1, 0.01).eta_l(50)
    )


@pytest.mark.parametrize("final_lr", [1e308, 1e-305])
@pytest.mark.filterwarnings("ignore:overflow")
def test_rates_at_the_ends_of_float64_are_drawn(final_lr, tmp_path):
    result = problems.effective_lr("reddi-online", "adabound", steps=20, final_lr=final_lr)
    assert len(result.save(tmp_path)) == 8


def test_a_problem_in_several_variables_is_refused():
    plane = Setting(vector_problem(d=2), 0.9, 0.99, 0.5, np.zeros(2))
    with pytest.raises(ValueError, match=r"must have one variable, got x1 of shape \(2,\)"):
        problems.effective_lr(plane, "adam")


@pytest.mark.usefixtures("undrawn")
def test_what_is_the_users_own(mymodule, capsys):
    """Optimizers, problems and tasks by module:Name, from the current folder."""
    args = ["effective-lr", "--optimizers", "mymodule:AdaBelief(eps=1e-3),adam", "--json"]
    assert main([*args, "--problem", "mymodule:problem", "--steps", "60"]) == 0
    result = json.loads(capsys.readouterr().out)
    same = problems.effective_lr(
        mymodule.problem,
        [mymodule.AdaBelief(lr=0.5, betas=(0.9, 0.99), eps=1e-3, schedule="inv-sqrt")],
        steps=60,
    )
    assert result["results"][0]["quantiles"] == same.rows()[0]["quantiles"]
    assert result["problem"] == "reddi-online"
    assert [r["optimizer"] for r in result["results"]] == ["AdaBelief(eps=1e-3)", "adam"]
    assert main([*args, "--task", "mymodule:task", "--epochs", "1"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["task"] == "digits-mlp"
    same = problems.effective_lr(mymodule.task, "mymodule:AdaBelief(eps=1e-3)", epochs=1)
    assert result["results"][0]["quantiles"] == same.rows()[0]["quantiles"]
    for option, message in (
        ("--task=mymodule:problem", "task mymodule:problem must be a problems.learning.tasks.Task"),
        ("--task=mymodule:nothing", "module mymodule has no 'nothing'"),
        ("--problem=mymodule:nothing", "module mymodule has no 'nothing'"),
        ("--problem=mymodule:AdaBelief", "problem mymodule:AdaBelief must be a problem"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(["effective-lr", option])
        assert stop.value.code == 2
        assert message in capsys.readouterr().err.splitlines()[-1]


def test_the_command_on_a_task(tmp_path, capsys):
    """Its record agrees with `train`; options reach the optimizer and the bounds."""
    args = [
        "effective-lr",
        "--task",
        "digits-mlp",
        "--epochs",
        "4",
        "--optimizers",
        "adabound,sgd",
        "--final-lr",
        "0.3",
        "--gamma",
        "0.02",
        "--seed",
        "4",
        "--out",
        str(tmp_path),
    ]
    assert main([*args, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    seen = {}
    history = training.train(
        "digits-mlp",
        "adabound",
        4,
        epochs=4,
        final_lr=0.3,
        gamma=0.02,
        observe=lambda t, model, optimizer: seen.update({t: optimizer.effective_lr()}),
    )
    bounded, free = result["results"]
    last = np.concatenate([eta.ravel() for eta in seen[max(seen)]])
    assert bounded["step"] == max(seen) == free["step"]
    assert list(bounded["quantiles"].values()) == [
        float(q) for q in np.percentile(last, PERCENTS, method="inverted_cdf")
    ]
    assert bounded["test_metric"] == history.column("test_metric")[-1]
    bounds = DynamicBounds(0.3, 0.02)
    s = 0.1  # in the last quarter of the epochs
    expected = [s * bounds.eta_l(max(seen)), s * bounds.eta_u(max(seen))]
    assert bounded["bounds"] == pytest.approx(expected, rel=1e-9)
    assert free["bounds"] == pytest.approx(expected, rel=1e-9)
    assert list(free["quantiles"].values()) == pytest.approx([0.01] * 9, rel=1e-6)  # of 0.1
    names = {path.name for path in tmp_path.iterdir()}
    (kernels,) = (name for name in names if name.endswith("kernels.svg"))
    assert kernels.startswith("effective-lr-digits-mlp-")
    assert kernels != "effective-lr-digits-mlp-kernels.svg"  # the constants are not the usual ones
    names.remove("index.html")
    assert sorted(str(tmp_path / name) for name in names) == sorted(result["written"])


def test_figures_draw_the_record():
    model = network()
    recorder = Recorder(range(1, 13), samples=5, reference=DynamicBounds(0.1, 1e-3))
    train(model, Adam(model.parameters()), 12, recorder)
    record = recorder.record()
    axes = funnel_figure({"adam": record}, "title").axes[0]
    median, lower, upper = (line.get_data() for line in axes.lines)
    np.testing.assert_array_equal(median, (record.steps, record.quantile(50)))
    np.testing.assert_array_equal(lower[1], record.bounds[:, -1, 0])
    np.testing.assert_array_equal(upper[1], record.bounds[:, -1, 1])
    assert (axes.get_xlabel(), axes.get_yscale()) == ("step $t$", "log")
    for band, (low, high) in zip(
        axes.collections, [(0, 100), (1, 99), (5, 95), (25, 75)], strict=True
    ):
        corners = band.get_paths()[0].vertices[:, 1]
        assert corners.max() == record.quantile(high).max()
        assert corners.min() == record.quantile(low).min()
    names = figure1_parameters(record.names[:-1], record.dims.tolist())
    assert names == ["0.weight", "2.weight", "2.bias"]
    heat = heat_figure(record, names, "title", rows=4).axes[0]
    texts = [float(text.get_text()) for text in heat.texts]
    columns = [record.names.index(name) for name in names]
    np.testing.assert_allclose(
        np.reshape(texts, (4, 3)), np.log10(record.samples[-1, columns, :4].T), atol=0.0501
    )
    mesh = histogram_figure({"adam": record}, "title").axes[0].collections[0]
    shares = mesh.get_array().T
    counts = record.histograms[:, -1, 1:-1]
    np.testing.assert_allclose(shares, np.maximum(counts / counts[0].sum(), 1e-4))
    stack = shares_figure({"adam": record}, "title").axes[0].collections
    top = stack[1].get_paths()[0].vertices[:, 1]
    assert top.max() == pytest.approx(1 - record.shares[:, -1, 2].min())
    with pytest.raises(ValueError, match="records must have one with bounds"):
        bare = Recorder([1])
        bare.take(1, ["w"], [np.ones(2)], [None])
        shares_figure({"sgd": bare.record()}, "title")
    with pytest.raises(ValueError, match="parameters must be some of the record's"):
        heat_figure(record, ["3.weight"], "title")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--task", "digits-resnett"], "did you mean 'digits-resnet'?"),
        (["--task", "digits-mlp", "--problem", "reddi-online"], "not allowed with argument --task"),
        (["--task", "digits-mlp", "--steps", "5"], "steps must not be given with a task, got 5"),
        (
            ["--problem", "reddi-online", "--epochs", "5"],
            "epochs must not be given with a problem, got 5",
        ),
        (["--task", "digits-mlp", "--seed", "-1"], "seed must be an integer of at least 0"),
        (["--task", "digits-mlp", "--lr", "-1"], "lr must be in"),
        (["--task", "cifar-resnet34", "--data", "nowhere"], "nowhere"),
        (["--problem", "redi-online"], "did you mean 'reddi-online'?"),
        (["--optimizers", "adm"], "did you mean 'adam'?"),
        (["--steps", "0"], "must be a whole number of at least 1"),
        (["--problem", "reddi-online", "--lr", "0"], "lr must be in (0, inf), got 0"),
        (["--problem", "reddi-online", "--gamma", "-1"], "gamma must be in (0, inf], got -1"),
        (["--problem", "reddi-online", "--final-lr", "nan"], "final_lr must be in (0, inf)"),
    ],
)
def test_bad_usage(args, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["effective-lr", *args, "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not (tmp_path / "out").exists()
