"""Sharpness, its threshold, and their course along runs."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import linalg

import problems
from adabound_np import CSGD, SGD, AdaBound, AdaGrad, Adam, AMSGrad, RMSprop
from adabound_np.schedules import Constant, Geometric
from autograd_lite import Tensor, nn, ops
from problems.cli import main
from problems.errors import RunError
from problems.learning.objectives import squared_error
from problems.learning.training import prepare, train
from problems.ledger import LEDGER
from problems.ledger.stability import _forms, stability
from problems.online.functions import Quadratic, Quadratic2D, Rosenbrock
from problems.rates.curvature import FEW, hessian, sharpness, threshold
from problems.rates.curvature_run import Sharpness, Snapshots, full_gradient, weights_of
from problems.sweeps.records import RecordsError, decode, encode


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (SGD(lr=0.1), 2),
        (SGD(lr=0.1, momentum=0.9), 3.8),
        (SGD(lr=0.1, momentum=0.9, dampening=0.9), 38),
        (SGD(lr=0.1, momentum=0.9, nesterov=True), 3.8 / 2.8),
        (CSGD(), 38),
        (Adam(), 38),
        (AMSGrad(betas=(0.5, 0.9)), 6),
        (AdaBound(), 38),
        (AdaGrad(), 2),
        (RMSprop(), 2),
        (Adam(betas=(Geometric(0.9, 0.99), 0.99)), 2.0002),
    ],
)
def test_thresholds(optimizer, expected):
    assert threshold(optimizer) == pytest.approx(expected, rel=1e-3)


@settings(max_examples=40)
@given(
    st.sampled_from(list(_forms(0.5, 1.0))),
    st.floats(0.01, 0.99),
    st.floats(1e-6, 1e6),
    st.sampled_from([0.99, 1.01]),
)
def test_iterates_stay_below_the_threshold_and_grow_above_it(name, gamma, h, factor):
    _, threshold_at = _forms(0.5, 1.0)[name]
    optimizer = _forms(gamma, factor * threshold_at(gamma) / h)[name][0]
    x = np.ones(1)
    s = optimizer.init(x)
    with np.errstate(all="ignore"):
        for _ in range(5000):
            x, s = optimizer.advance(optimizer.hyper, x, h * x, s)
            if not abs(x[0]) < 1e9:
                break
    assert (abs(x[0]) <= 1) == (factor < 1)


@pytest.mark.parametrize("off", [0.98, 1.02])
def test_the_ledger_refutes_another_threshold(off):
    entry = LEDGER["stability-threshold"]
    assert entry.run().outcome.verdict == "holds"
    wrong = stability(off=off)
    assert wrong.verdict == "refuted"
    assert wrong.measured > 0.015


def test_products_with_the_hessian_are_those_of_the_matrix():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(40, 40))
    A = A @ A.T
    b = rng.normal(size=40)

    def gradient(x):  # f(x) = x A x / 2 + sum(b x^3) / 6
        return A @ x + b * x * x / 2

    x, v = rng.normal(size=40), rng.normal(size=40)
    exact = A + np.diag(b * x)
    np.testing.assert_allclose(hessian(gradient, x).matvec(v), exact @ v, rtol=1e-8, atol=1e-7)
    assert not hessian(gradient, x).matvec(np.zeros(40)).any()
    rates = rng.uniform(0.1, 10, 40)
    root = np.sqrt(rates)
    assert sharpness(gradient, x) == pytest.approx(np.linalg.eigvalsh(exact)[-1], rel=1e-5)
    preconditioned = np.linalg.eigvalsh(root[:, None] * exact * root)[-1]
    assert sharpness(gradient, x, rates) == pytest.approx(preconditioned, rel=1e-5)


def test_the_largest_eigenvalue_is_not_the_largest_in_size():
    assert sharpness(lambda x: np.array([-9.0, 1.0]) * x, np.ones(2)) == pytest.approx(1)
    diagonal = np.append(np.full(39, -9.0), 1.0)
    assert sharpness(lambda x: diagonal * x, np.ones(40)) == pytest.approx(1)


def test_sharpness_is_nan_where_gradients_are_not_finite():
    assert np.isnan(sharpness(lambda x: x * np.inf, np.ones(2)))


def test_sharpness_is_nan_where_lanczos_method_does_not_converge(monkeypatch):
    def never(operator, maxiter, **options):
        assert maxiter <= 100  # SciPy's own limit, 10 d, is hours for a network
        raise linalg.ArpackError(-9999)

    monkeypatch.setattr(linalg, "eigsh", never)
    assert np.isnan(sharpness(lambda x: x, np.ones(40)))


def test_the_gradient_is_the_models_and_leaves_it_alone():
    run = prepare("digits-tanh", "adam", 0, epochs=1)
    before = [p.data.copy() for p in run.model.parameters()]
    gradient = full_gradient(run.model, run.objective.full_loss)
    x = weights_of(run.model)
    assert x.dtype == np.float64
    g, rng = gradient(x), np.random.default_rng(0)
    v = rng.normal(size=len(x))
    for p, data in zip(run.model.parameters(), before, strict=True):
        assert np.array_equal(p.data, data)
        assert p.grad is None
    loss = [_loss(run, x + e * v) for e in (1e-5, -1e-5)]
    assert np.dot(g, v) == pytest.approx((loss[0] - loss[1]) / 2e-5, rel=1e-6)


def _loss(run, x):
    parts = np.split(x, np.cumsum([p.data.size for p in run.model.parameters()])[:-1])
    for p, part in zip(run.model.parameters(), parts, strict=True):
        p.data = part.reshape(p.shape)
    return run.objective.full_loss(run.model).item()


def test_an_observer_refuses_steps_that_are_none():
    with pytest.raises(ValueError, match="steps must be an integer of at least 1, got 0"):
        Sharpness([0], None, None)


def test_on_a_quadratic_the_numbers_are_known():
    result = problems.curvature(
        Quadratic2D(condition=10.0),
        ["sgdm", "adabound(final_lr=0.5, gamma=1e9)"],
        lr=0.01,
        steps=60,
    )
    sgd, bounded = result.runs
    np.testing.assert_allclose(sgd["sharpness"], 10, rtol=1e-6)
    np.testing.assert_allclose(sgd["preconditioned"], 0.1, rtol=1e-6)
    np.testing.assert_allclose(bounded["preconditioned"], 5, rtol=1e-6)
    assert (sgd["threshold"], bounded["threshold"]) == (3.8, pytest.approx(38))
    row = result.table()[0]
    assert (row["optimizer"], row["seeds"], row["sharpness"]) == ("sgdm", 1, pytest.approx(10))
    assert 0 < row["loss rises"] < 1


def test_above_the_threshold_a_run_is_said_to_diverge():
    result = problems.curvature(Quadratic(), ["sgd"], lr=2.1, steps=20_000)
    (row,) = result.table()
    assert row["diverged"] == ["overflow"]
    assert "1 of 1 diverged" in str(result)


def test_on_rosenbrock_sharpness_follows_the_iterate():
    result = problems.curvature(Rosenbrock(), ["adam"], lr=0.01, steps=30)
    f, run = Rosenbrock(), result.runs[0]
    H = np.array([[2 - 400 * (1 - 3 * 1.2**2), 400 * 1.2], [400 * 1.2, 200]])
    assert run["start"] == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-6)
    assert run["loss"][0] == pytest.approx(f(np.array([-1.2, 1.0])))


@pytest.fixture(scope="module")
def small():
    """A short run on the digits, its folder, and what it was asked for."""
    return {
        "task_or_problem": "digits-tanh",
        "optimizers": ["adam", "csgd"],
        "steps": 3,
        "workers": 1,
    }


@pytest.mark.slow
def test_runs_are_the_same_again_and_after_a_kill(small, tmp_path):
    whole = problems.curvature(**small, folder=tmp_path / "a", seeds=[0, 1])
    (path,) = (tmp_path / "a").glob("curvature-digits-tanh-*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / path.name).write_bytes(b"".join(lines[:3]) + lines[3][:40])
    with pytest.raises(RecordsError):
        problems.curvature(**small, folder=tmp_path / "b", seeds=[0, 1])
    resumed = problems.curvature(**small, folder=tmp_path / "b", seeds=[0, 1], resume=True)

    def untimed(result):
        return [{k: v for k, v in run.items() if k != "seconds"} for run in result.runs]

    assert untimed(resumed) == untimed(whole)
    assert [run["seed"] for run in whole.runs] == [0, 0, 1, 1]
    (written,) = [p for p in whole.save(tmp_path / "c") if p.suffix == ".json"]
    shown = problems.curvature(show=written)
    assert str(shown) == str(whole)
    assert shown.runs == whole.runs
    assert len(shown.plot().axes) == 4


def test_a_record_without_a_result_is_not_resumed(tmp_path):
    given = {"task_or_problem": Rosenbrock(), "optimizers": ["adam"], "steps": 3, "workers": 1}
    problems.curvature(**given, folder=tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    header, line = path.read_bytes().splitlines(keepends=True)
    for name in ("preconditioned", "final", "rates"):
        record = decode(line)
        del record[name]
        path.write_bytes(header + encode(record))
        with pytest.raises(RecordsError, match=f"line 2 has no {name}"):
            problems.curvature(**given, folder=tmp_path, resume=True)


@pytest.mark.slow
def test_batches_may_be_smaller(small):
    run = problems.curvature(**{**small, "steps": 24, "optimizers": ["adam"]}, batch_size=128).runs[
        0
    ]
    assert run["step"][-1] == 24


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task_or_problem": "reddi-online"}, "no curvature to measure"),
        ({"task_or_problem": "text-lstm1"}, "a task of labelled images, got text-lstm1"),
        ({"task_or_problem": "nothing"}, "unknown problem 'nothing'"),
        ({"steps": 0}, "steps must be an integer of at least 1, got 0"),
        ({"lr": -1.0}, "lr must be in"),
        ({"beta2": 1.0}, r"betas\[1\] must be in"),
        ({"seeds": []}, "seeds must"),
        ({"show": "absent.json"}, "show must be a file that can be read"),
    ],
)
def test_bad_arguments(small, arguments, message):
    with pytest.raises(ValueError, match=message):
        problems.curvature(**{**small, **arguments})


def test_a_file_that_is_none_of_these_is_refused(tmp_path):
    file = tmp_path / "x.json"
    file.write_text("{}")
    with pytest.raises(ValueError, match=r"show must be a curvature-\*\.json"):
        problems.curvature(show=file)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--seeds", "0:2"], "--seeds must be given with --curvature only"),
        (["--curvature", "--quick"], "--quick must not be given with --curvature"),
        (["--curvature", "--gamma", "paper"], "--gamma must be a number with --curvature"),
    ],
)
def test_options_that_do_not_go_together(arguments, message, capsys):
    with pytest.raises(SystemExit):
        main(["effective-lr", *arguments])
    assert message in capsys.readouterr().err


def test_the_command_writes_what_show_reads(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["effective-lr", "--curvature", "--problem", "problems.online.functions:Quadratic"]
    assert main([*arguments, "--optimizers", "sgd,adam", "--steps", "30", "--lr", "0.5"]) == 0
    text = capsys.readouterr().out
    assert "preconditioned" in text
    (path,) = (tmp_path / "results").glob("curvature-quadratic-*.json")
    assert json.loads(path.read_text())["steps"] == 30
    assert {p.suffix for p in path.parent.iterdir()} == {".html", ".json", ".jsonl", ".png", ".svg"}
    assert main(["effective-lr", "--curvature", "--show", str(path)]) == 0
    assert capsys.readouterr().out.strip() in text
    assert issubclass(RecordsError, (RunError, ValueError))


def test_what_is_above_the_threshold_is_said():
    specs = ["sgd(lr=0.3)", "sgd(lr=0.1)"]  # 3 and 1, where the threshold is 2
    result = problems.curvature(Quadratic2D(condition=10.0), specs, steps=20)
    high, low = result.table()
    assert (high["above"], high["first"]) == (1.0, 1)
    assert high["highest"] == pytest.approx(1.5)
    assert (low["above"], low["first"], low["highest"]) == (0.0, None, None)
    text = str(result)
    assert text.count("above the threshold") == 1
    assert "at 100 % of the steps measured, at most 1.5 times it, first after step 1" in text


def test_a_run_that_diverges_says_whether_its_rates_were_above_the_threshold():
    history = train_with_snapshots("sgd", lr=3.0)
    reason = history.diverged
    assert ": the loss is inf; after step " in reason
    said = float(reason.split("preconditioned sharpness ")[1].split()[0])
    step = int(reason.split("after step ")[1].split()[0])
    run = prepare("digits-tanh", "sgd", 0, epochs=5, batch_size=128, lr=3.0)
    for t in run:
        if t == step:
            break
    objective = run.objective
    images = (objective.data.train_images[:512].astype(float) - objective.mean) * objective.scale

    def loss(model):
        return squared_error(model(images), objective.data.train_labels[:512])

    gradient = full_gradient(run.model, loss)
    exact = 3.0 * sharpness(gradient, weights_of(run.model))
    assert said == pytest.approx(exact, rel=1e-2)
    assert said > 2  # SGD's threshold
    assert train_with_snapshots("sgd", lr=0.01).diverged is None


def train_with_snapshots(optimizer, **given):
    watch = Snapshots()
    return train(
        "digits-tanh",
        optimizer,
        0,
        epochs=5,
        batch_size=128,
        observe=watch,
        explain=watch.explain,
        **given,
    )


# Without a task


class Slope(nn.Module):
    """f(x) = h/2 |x|^2 for a parameter x."""

    def __init__(self, h, size=1):
        self.h, self.x = h, Tensor(np.ones(size), requires_grad=True)

    def loss(self):
        return ops.sum(self.x * self.x) * (self.h / 2)


def made(fields, **hyper):
    """An optimizer of one's own, as far as `threshold` looks at it."""
    return SimpleNamespace(
        hyper=SimpleNamespace(**hyper), State=SimpleNamespace(_fields=("t", *fields))
    )


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        (made("b", gamma=Constant(0.9)), 3.8),  # no dampening
        (made("v", beta1=Constant(0.9)), 2.0),  # a beta1, but no momentum
        (made("m"), None),  # momentum of an unknown form
        (made("m", beta1=lambda t: 0.9 if 500 < t < 1500 else 0.5), 38.0),
    ],
)
def test_thresholds_of_ones_own(optimizer, expected):
    assert threshold(optimizer) == (expected if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(("x", "scale"), [(0.01, 1.0), (100.0, 100.0)])
def test_steps_of_the_differences(x, scale):
    """e |v| is (2^-52)^(1/3) times the larger of 1 and the size of a coordinate."""
    points, at = [], np.full(9, x)

    def gradient(y):
        points.append(y)
        return y

    hessian(gradient, at).matvec(np.arange(9.0))
    for point in points:
        size = np.linalg.norm(point - at)
        np.testing.assert_allclose(size, 2.0 ** (-52 / 3) * scale, rtol=1e-8 * max(scale, 100))


def test_one_coordinate_without_a_finite_gradient():
    assert np.isnan(sharpness(lambda x: np.array([1.0, np.inf]) * x, np.ones(2)))


@pytest.mark.parametrize("size", [1, 2, 3, FEW, FEW + 1])
def test_sharpness_is_nan_where_products_overflow(size):
    rates = np.append(np.ones(size - 1), 1e300)
    with np.errstate(all="ignore"):
        assert np.isnan(sharpness(lambda x: 1e10 * x, np.ones(size), rates))
        assert np.isnan(sharpness(lambda x: np.where(x > 1, np.inf, x), np.ones(size)))


def test_neighbouring_eigenvalues_are_told_apart():
    eigenvalues = np.linspace(1, 2, 4 * FEW)
    eigenvalues[-1] = 2.001
    found = sharpness(lambda x: eigenvalues * x, np.ones(len(eigenvalues)))
    assert found == pytest.approx(2.001, rel=1e-5)


def test_sharpness_along_a_run():
    model = Slope(4.0, size=2)
    optimizer = SGD([model.x], lr=0.125)
    watch = Sharpness([2, 3, 5], model, lambda m: m.loss())
    assert watch.start == pytest.approx(4)
    for t in range(1, 5):
        optimizer.step(grads=[model.x.data.copy()])
        watch(t, model, optimizer)
    assert [point.step for point in watch.points] == [2, 3]
    for point in watch.points:
        assert point[1:] == pytest.approx((4, 4 / 8))


def test_points_whose_sharpness_is_not_finite_are_left_out():
    model = Slope(4.0, size=2)
    watch = Sharpness([1], model, lambda m: m.loss())
    with np.errstate(all="ignore"):
        watch(1, model, SimpleNamespace(effective_lr=lambda: [1e308]))
    assert watch.points == []


def test_snapshots_are_of_powers_of_two():
    model = Slope(1.0, size=2)
    optimizer, snapshots = SGD([model.x], lr=0.125), Snapshots()
    for t in range(1, 21):
        optimizer.step(grads=[model.x.data.copy()])
        snapshots(t, model, optimizer)
        if t == 7:
            assert [t for t, _, _ in snapshots.kept] == [1, 2, 4]
    assert [t for t, _, _ in snapshots.kept] == [4, 8, 16]
    for t, weights, rates in snapshots.kept:
        np.testing.assert_allclose(weights, 0.875**t)
        np.testing.assert_allclose(rates, 0.125)


def test_a_snapshot_has_the_rate_0_for_what_has_made_no_step():
    model = Slope(1.0, size=2)
    model.y = Tensor(np.ones(3), requires_grad=True)
    optimizer, snapshots = SGD([model.x, model.y], lr=0.125), Snapshots()
    optimizer.step(grads=[np.ones(2), None])
    snapshots(1, model, optimizer)
    assert snapshots.kept[0][2].tolist() == [0.125, 0.125, 0, 0, 0]


def test_rates_at_the_threshold_are_not_above_it():
    model = Slope(0.5)
    objective = SimpleNamespace(full_loss=lambda model, most: model.loss())
    run = SimpleNamespace(optimizer=SGD([model.x], lr=4.0), model=model, objective=objective)
    weights, rates = np.zeros(1), np.array([4.0])
    assert sharpness(full_gradient(model, Slope.loss), weights, rates) == 2  # exactly
    snapshots = Snapshots()
    snapshots.kept = [(1, weights, rates)]
    assert snapshots.explain(run) == ""


@pytest.mark.parametrize(("rate", "above"), [(1.9, False), (2.1, True)])
def test_what_explains_a_divergence(rate, above):
    model = Slope(1.0)
    run = SimpleNamespace(
        optimizer=SGD([model.x], lr=rate),
        model=model,
        objective=SimpleNamespace(full_loss=lambda model, most: model.loss()),
    )
    snapshots = Snapshots()
    snapshots.kept = [(4, np.ones(1), np.array([rate]))]
    said = snapshots.explain(run)
    assert said.startswith("; after step 4 its rates were above") if above else said == ""
    run.objective = SimpleNamespace()  # no labelled images
    assert snapshots.explain(run) == ""
    run.objective = SimpleNamespace(full_loss=lambda model, most: model.loss())
    run.optimizer = made("m")
    assert snapshots.explain(run) == ""
