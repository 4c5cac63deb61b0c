"""Training: what a run does, step by step; checkpoints; divergence; files of the paper's data."""

import itertools
import json
import math
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from autograd_lite import no_grad, ops
from problems.learning import checkpoints
from problems.learning.data import Corpus, Images, characters, crop_and_flip, digits, streams
from problems.learning.models import LanguageModel, Perceptron
from problems.learning.objectives import Classification, Language
from problems.learning.run import fingerprint
from problems.learning.tasks import TASKS, Task, with_validation
from problems.learning.training import CheckpointError, prepare, train
from problems.optimizers import OPTIMIZERS
from tests.problems.learning.kills import interrupted

ROOT = Path(__file__).parents[3]
RNG = np.random.default_rng(0)


def small_images(channels=1, size=4, n=(20, 9)):
    x = [RNG.random((count, channels, size, size), np.float32) for count in n]
    y = [RNG.integers(0, 10, count) for count in n]
    return Images(x[0], y[0], x[1], y[1])


CROPPED = Task(
    "cropped",
    "images, cropped and flipped",
    lambda folder, verify: small_images(),
    lambda data, rng: Perceptron(16, 8, 10, rng=rng),
    lambda data, size: Classification(data, size, augment=True),
    6,
    4,
)
SPOKEN = Task(
    "spoken",
    "a text with dropout",
    lambda folder, verify: characters("abcab bca " * 30),
    lambda data, rng: LanguageModel(len(data.vocabulary), 6, 2, 0.3, rng=rng),
    lambda data, size: Language(data, size, bptt=5),
    4,
    3,
    "perplexity",
)
SMALL = {
    "images": (CROPPED, small_images()),
    "text": (SPOKEN, characters("abcab bca " * 30)),
    "gan": (replace(TASKS["gan"], objective=lambda data, size: gan_of(size)), None),
}


def gan_of(size):
    objective = TASKS["gan"].objective(None, size)
    objective.steps = 7
    return objective


def same(one, two):
    assert one.keys() == two.keys()
    for name in one:
        assert one[name].tobytes() == two[name].tobytes(), name


# What a run does


def test_a_run_is_what_the_papers_loop_says():
    """The whole of a run, written out with no help: order, steps, decay, weight decay, metrics."""
    data = small_images(n=(20, 9))
    task = replace(CROPPED, objective=Classification)
    seen = []
    history = train(
        task,
        "sgdm",
        3,
        data=data,
        epochs=4,
        lr=0.5,
        weight_decay=0.1,
        observe=lambda t, model, opt: seen.append(
            (t, opt.param_groups[0]["lr"], [p.data.copy() for p in model.parameters()])
        ),
    )
    weights, order = np.random.default_rng(3).spawn(2)
    model = Perceptron(16, 8, 10, rng=weights)
    mean, std = data.train_images.mean(), data.train_images.std()
    velocity = [np.zeros_like(p.data) for p in model.parameters()]
    t = 0
    for epoch in range(4):
        total, right = 0.0, 0
        lr = 0.5 if epoch < 3 else 0.5 * 0.1
        rows = order.permutation(20)
        for start in range(0, 20, 6):
            x, y = (a[rows[start : start + 6]] for a in (data.train_images, data.train_labels))
            model.zero_grad()
            scores = model((x - mean) / std)
            loss = ops.cross_entropy(scores, y)
            loss.backward()
            for i, p in enumerate(model.parameters()):
                velocity[i] = 0.9 * velocity[i] + p.grad + 0.1 * p.data
                p.data -= lr * velocity[i]
            total += loss.item() * len(y)
            right += np.sum(scores.data.argmax(1) == y)
            t += 1
            assert seen[t - 1][:2] == (t, pytest.approx(lr))
            for p, q in zip(model.parameters(), seen[t - 1][2], strict=True):
                np.testing.assert_allclose(p.data, q, atol=1e-5)
        with no_grad():
            scores = model((data.test_images - mean) / std)
            test_loss = ops.cross_entropy(scores, data.test_labels).item()
        row = history.epochs[epoch]
        assert row.epoch == epoch + 1
        assert (row.train_loss, row.test_loss) == pytest.approx((total / 20, test_loss), rel=1e-4)
        assert row.train_metric == pytest.approx(right / 20)
        right = np.mean(scores.data.argmax(1) == data.test_labels)
        assert row.test_metric == pytest.approx(right)
        assert row.lr == pytest.approx(lr)
        assert row.seconds > 0
    assert len(history.epochs) == 4
    assert t == len(seen)


def test_images_are_cropped_and_flipped_in_training_alone(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "problems.learning.objectives.crop_and_flip",
        lambda images, rng: calls.append(len(images)) or crop_and_flip(images, rng),
    )
    train(CROPPED, "sgd", data=small_images(), epochs=2)
    assert calls == [6, 6, 6, 2] * 2


def test_text_is_read_with_its_state_and_measured_per_token(monkeypatch):
    monkeypatch.setattr("problems.learning.objectives.EVALUATED", 1)  # the test part in chunks
    corpus = characters("abcab bca " * 30)
    task = replace(SPOKEN, build=lambda d, rng: LanguageModel(4, 6, 2, 0.0, rng=rng))
    models = []
    history = train(
        task, "sgd", 1, data=corpus, epochs=1, lr=1e-9, observe=lambda t, m, o: models.append(m)
    )
    model = models[-1].eval()  # as drawn: the rate is next to nothing
    row = history.epochs[0]
    for part, found in ((corpus.train, row.train_loss), (corpus.test, row.test_loss)):
        inputs, targets = next(streams(part, 4, len(part)))  # all at once
        loss = ops.cross_entropy(model(inputs)[0], targets.ravel()).item()
        assert found == pytest.approx(loss, rel=1e-5)
    assert row.train_metric == pytest.approx(math.exp(row.train_loss))
    assert row.test_metric == pytest.approx(math.exp(row.test_loss))


def test_what_is_measured_is_measured_in_evaluation():
    """Without dropout, and with the running statistics of batch normalisation."""
    task, corpus = SMALL["text"]
    run = prepare(task, "sgd", data=corpus, epochs=1)
    assert len(list(run)) == run.total
    inputs, targets = next(streams(corpus.test, 4, len(corpus.test)))
    loss = ops.cross_entropy(run.model.eval()(inputs)[0], targets.ravel()).item()
    assert run.history.epochs[0].test_loss == pytest.approx(loss, rel=1e-5)
    run = prepare("digits-resnet", "sgd", epochs=1)
    for t in run:
        if t == run.total:
            statistics = run.model.bn1.running_mean.copy()
    data = digits()
    x = (data.test_images - run.objective.mean) * run.objective.scale
    scores = run.model.eval()(x).data
    right = np.mean(scores.argmax(axis=1) == data.test_labels)
    assert run.history.epochs[0].test_metric == pytest.approx(right, abs=0.003)
    assert np.array_equal(run.model.bn1.running_mean, statistics)


def test_a_gans_steps_are_the_discriminators_and_the_generators():
    task, _ = SMALL["gan"]
    moved = {"generator": [], "discriminator": []}
    run = prepare(task, "sgd", data=None, epochs=1, lr=0.1)
    before = run.model.state_dict()
    real_step = run.optimizer.step

    def step(*args, **options):
        real_step(*args, **options)
        nonlocal before
        now = run.model.state_dict()
        for part, where in moved.items():
            where.append(
                any(not np.array_equal(now[n], before[n]) for n in now if n.startswith(part))
            )
        before = now

    run.optimizer.step = step
    assert list(run) == list(range(1, 8))
    assert moved == {"generator": [False, True] * 7, "discriminator": [True, False] * 7}
    assert len(run.history.epochs) == 1


def test_weights_do_not_depend_on_the_optimizer():
    first = {}
    for name in OPTIMIZERS:
        run = prepare("digits-mlp", name, seed=5)
        first[name] = run.model.state_dict()
    for state in first.values():
        same(state, first["sgd"])
    other = prepare("digits-mlp", "sgd", seed=6).model.state_dict()
    assert not np.array_equal(other["hidden.weight"], first["sgd"]["hidden.weight"])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_final_rates_scale_along(name):
    """After 3/4 of the epochs the whole effective rate is a tenth, bounds included."""
    ratios = []

    def observe(t, model, opt):
        group = opt.param_groups[0]
        undecayed = opt.check_group({**group, "lr": group["initial_lr"]})
        ratios.append(np.max(opt.effective_lr()[0]) / np.max(opt.rate(undecayed, opt.state[0])))

    train(CROPPED, name, data=small_images(), epochs=4, batch_size=20, observe=observe)
    assert ratios == pytest.approx([1, 1, 1, 0.1], rel=1e-5)


def test_tasks_defaults_reach_the_optimizer():
    for task in TASKS.values():
        for name in OPTIMIZERS:
            assert set(task.hyperparameters(name)) <= {"lr", "final_lr", "weight_decay"}
    run = prepare("digits-resnet", "adabound", gamma=0.01)
    group = run.optimizer.param_groups[0]
    assert (group["weight_decay"], group["gamma"]) == (5e-4, 0.01)
    assert (TASKS["cifar-resnet34"].epochs, TASKS["cifar-resnet34"].batch_size) == (200, 128)


def test_validation_takes_nothing_from_the_test_part():
    data = digits()
    kept = with_validation(data)
    joined = np.concatenate([kept.train_images, kept.test_images])
    assert np.array_equal(joined, data.train_images)
    corpus = characters("abcab bca " * 30)
    assert np.array_equal(with_validation(corpus).test, corpus.valid)
    history = train("digits-mlp", "adam", epochs=1, validate=True)
    assert history.identity["part"] == "validation"


@pytest.mark.parametrize("kind", SMALL)
def test_a_run_repeats_itself(kind):
    task, data = SMALL[kind]
    one, two = (prepare(task, "adabound", 2, data=data, epochs=2) for _ in range(2))
    assert list(one) == list(two)
    same(one.model.state_dict(), two.model.state_dict())


def clock(monkeypatch, module):
    """Time goes by in whole seconds: one passes each time a module looks at it."""
    ticks = itertools.count(1000.0)
    look = lambda: next(ticks)  # noqa: E731
    monkeypatch.setattr(f"{module}.time", SimpleNamespace(perf_counter=look, monotonic=look))


def test_seconds_are_those_of_the_steps(monkeypatch, tmp_path):
    """Before and after a checkpoint."""
    clock(monkeypatch, "problems.learning.run")
    task, options = CROPPED, {"data": SMALL["images"][1], "epochs": 2, "batch_size": 6}
    assert train(task, "sgd", **options).column("seconds").tolist() == [4, 4]
    interrupted(tmp_path / "a.npz", 3, task, "sgd", **options)
    history = train(task, "sgd", checkpoint=tmp_path / "a.npz", resume=True, **options)
    assert history.column("seconds").tolist() == [4, 4]


def test_since_when_bounds_hold_more_than_half_of_the_rates(monkeypatch):
    """Looked at after some steps and at the ends of epochs; half is not more than half."""
    shares = {1: None, 2: 0.5, 4: 0.6, 5: 1.0, 8: 0.5, 10: 1.0, 12: 0.75}
    held = [None] * 3 + [4] * 4 + [None] * 2 + [10] * 3
    run = prepare(CROPPED, "sgd", data=SMALL["images"][1], epochs=3)
    monkeypatch.setattr(
        "problems.learning.run.share_at_bounds", lambda optimizer: shares.pop(run.t)
    )
    assert [(t, run.history.held) for t in run] == list(enumerate(held, 1))
    assert not shares
    assert run.total == run.objective.steps * 3 == 12


def test_progress_is_told():
    told = []
    train(
        CROPPED,
        "sgd",
        data=SMALL["images"][1],
        epochs=2,
        progress=lambda t, total: told.append((t, total)),
    )
    assert told == [(t, 8) for t in range(1, 9)]


def test_fingerprints_are_of_all_that_is_learned_and_tested():
    images, corpus = SMALL["images"][1], SMALL["text"][1]
    parts = (images.train_images, images.train_labels, images.test_images, images.test_labels)
    for data, arrays in ((images, parts), (corpus, (corpus.train, corpus.test)), (None, ())):
        whole = b"".join(array.tobytes() for array in arrays)
        assert fingerprint(data) == f"{zlib.crc32(whole):08x}"


def test_what_is_kept_for_validation_is_what_is_measured():
    data = small_images(n=(18, 9))
    run = prepare(CROPPED, "sgd", data=data, validate=True)
    assert np.array_equal(run.objective.data.test_images, data.train_images[15:])
    assert prepare(CROPPED, "sgd", data=data).objective.data is data


# Divergence


def test_a_test_loss_that_is_not_finite_ends_the_run():
    data = small_images()
    data.test_images[3] = np.nan
    history = train(CROPPED, "sgd", data=data)
    assert history.diverged == "in epoch 1, after 4 steps in all: the test loss is nan"
    assert history.epochs == []


def test_a_reason_is_explained_once(tmp_path):
    path, options = tmp_path / "a.npz", {"data": SMALL["images"][1], "lr": 1e30}
    plain = train(CROPPED, "sgd", **options)
    for resume in (False, True):
        history = train(
            CROPPED,
            "sgd",
            checkpoint=path,
            resume=resume,
            explain=lambda run: f"; it took {run.t} steps",
            **options,
        )
        steps = re.search(r"after (\d+) steps", plain.diverged)[1]
        assert history.diverged == f"{plain.diverged}; it took {steps} steps"
    fine = train(CROPPED, "sgd", data=options["data"], explain=lambda run: "never")
    assert fine.diverged is None


def test_a_loss_that_is_not_finite_ends_the_run():
    history = train("digits-mlp", "sgd", lr=1e30, epochs=5)
    assert history.epochs == []
    assert history.diverged.startswith("in epoch 1, after ")
    assert "the loss is " in history.diverged


def test_a_gradient_that_is_not_finite_ends_the_run(monkeypatch):
    run = prepare(CROPPED, "adam", data=small_images())
    weight = next(iter(run.model.parameters()))
    real = run.objective.step

    def step(model, optimizer, batch, carry, rng):
        if run.t == 5:
            optimizer.zero_grad = lambda: None
            weight.grad = np.full_like(weight.data, np.inf)
        return real(model, optimizer, batch, carry, rng)

    run.objective.step = step
    assert list(run) == [1, 2, 3, 4, 5]
    assert run.history.diverged == "in epoch 2, after 5 steps in all: a gradient is not finite"
    assert len(run.history.epochs) == 1


def test_an_error_before_there_are_gradients_is_not_taken_for_divergence():
    def step(*args):
        raise ValueError("of another kind")

    run = prepare(CROPPED, "adam", data=SMALL["images"][1])
    run.objective.step = step
    with pytest.raises(ValueError, match="of another kind"):
        list(run)


def test_other_errors_are_not_taken_for_divergence():
    run = prepare(CROPPED, "adam", data=small_images())
    run.optimizer.param_groups[0]["betas"] = (2.0, 0.9)
    with pytest.raises(ValueError, match=r"betas\[0\] must be in"):
        list(run)


# Checkpoints


@pytest.mark.parametrize("kind", SMALL)
def test_a_restored_run_is_in_the_same_state(kind):
    """In the midst of an epoch, at its end, with a decayed rate, and at the end of the run."""
    task, data = SMALL[kind]
    options = {"data": data, "epochs": 4, "lr": 0.01}
    run, later = prepare(task, "adabound", 1, **options), None
    steps = run.objective.steps
    for t in itertools.chain(run, ["end"]):
        if later is not None:  # it was restored one step ago
            assert next(iter(later)) == t
            same(later.state()[1], run.state()[1])
            later = None
        if t in (2, steps, 3 * steps + 1, "end"):
            header, arrays = run.state()
            later = prepare(task, "adabound", 1, **options)
            later.restore(json.loads(json.dumps(header)), arrays)
            assert json.loads(json.dumps(later.state()[0])) == json.loads(json.dumps(header))
            same(later.state()[1], arrays)
            carried = 4 if kind == "text" and t != "end" else 0  # h and c of two layers
            assert [name.startswith("carry/") for name in arrays].count(True) == carried
    assert later.done


@pytest.mark.parametrize("seconds", [0, 3, 1000])
def test_how_often_a_run_is_saved(seconds, tmp_path, monkeypatch):
    """When as many seconds have passed, and at the end; a step takes one, and saving another."""
    clock(monkeypatch, "problems.learning.training")
    saved = []
    monkeypatch.setattr(
        "problems.learning.training.checkpoints.write",
        lambda path, header, arrays: saved.append(header["t"]),
    )
    options = {"data": SMALL["images"][1], "epochs": 2, "every": seconds}
    train(CROPPED, "sgd", checkpoint=tmp_path / "a.npz", **options)
    steps = {0: list(range(1, 9)), 3: [3, 6], 1000: []}
    assert saved == [*steps[seconds], 8]
    train(CROPPED, "sgd", **options)  # without a file
    assert len(saved) == len(steps[seconds]) + 1


@pytest.mark.parametrize("kind", SMALL)
@pytest.mark.parametrize("optimizer", ["adam", "sgdm", "amsbound"])
def test_a_run_goes_on_bit_for_bit(kind, optimizer, tmp_path):
    """Interrupted thrice, in the middle of epochs and at their ends, and resumed each time."""
    task, data = SMALL[kind]
    options = {"data": data, "epochs": 3}
    whole = train(task, optimizer, 1, checkpoint=tmp_path / "whole.npz", **options)
    steps = prepare(task, optimizer, 1, **options).objective.steps
    path = tmp_path / "run.npz"
    places = sorted({2, steps + 1, steps + 2, 2 * steps + 2})
    for at in places:
        interrupted(path, at, task, optimizer, 1, resume=path.exists(), **options)
        assert checkpoints.read(path)[0]["t"] == at - 1
    seen = []
    history = train(
        task,
        optimizer,
        1,
        checkpoint=path,
        resume=True,
        observe=lambda t, m, o: seen.append(t),
        **options,
    )
    assert seen == list(range(places[-1], 3 * steps + 1))
    (header, arrays), (header_whole, arrays_whole) = map(
        checkpoints.read, (path, tmp_path / "whole.npz")
    )
    same(arrays, arrays_whole)
    for one in (header, header_whole):
        one["epochs"] = [epoch[:-1] for epoch in one["epochs"]]  # all but the seconds
        one["seconds"] = None
    assert header == header_whole
    assert [e[:-1] for e in history.epochs] == [e[:-1] for e in whole.epochs]


def test_a_finished_run_is_not_run_again(tmp_path):
    path, data = tmp_path / "a.npz", small_images()
    first = train(CROPPED, "adam", data=data, epochs=2, checkpoint=path)
    saved = checkpoints.read(path)
    seen = []
    again = train(
        CROPPED,
        "adam",
        data=data,
        epochs=2,
        checkpoint=path,
        resume=True,
        observe=lambda t, m, o: seen.append(t),
    )
    assert (again, seen) == (first, [])
    same(checkpoints.read(path)[1], saved[1])
    with pytest.raises(CheckpointError, match="its data is "):
        train(CROPPED, "adam", data=small_images(), epochs=2, checkpoint=path, resume=True)


def test_a_diverged_run_stays_so(tmp_path):
    path, options = tmp_path / "a.npz", {"lr": 1e30, "epochs": 3}
    first = train("digits-mlp", "sgd", checkpoint=path, **options)
    again = train("digits-mlp", "sgd", checkpoint=path, resume=True, **options)
    assert again == first
    assert first.diverged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "amsbound"}, "its optimizer is 'adam', not 'amsbound'"),
        ({"seed": 2}, "its seed is 1, not 2"),
        ({"epochs": 3}, "its epochs is 2, not 3"),
        ({"batch_size": 5}, "its batch_size is 6, not 5"),
        ({"lr": 0.5}, "its hyperparameters is "),
        ({"validate": True}, "its part is 'test', not 'validation'"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(change, message, tmp_path):
    path = tmp_path / "a.npz"
    options = {"optimizer": "adam", "seed": 1, "epochs": 2, "data": SMALL["images"][1]}
    interrupted(path, 3, CROPPED, **options)
    content = path.read_bytes()
    with pytest.raises(CheckpointError, match=message):
        train(CROPPED, checkpoint=path, resume=True, **{**options, **change})
    with pytest.raises(CheckpointError, match="must be a new file, but is there already"):
        train(CROPPED, checkpoint=path, **options)
    assert path.read_bytes() == content


def test_a_damaged_checkpoint_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    options = {"optimizer": "adam", "seed": 1, "epochs": 2, "data": SMALL["images"][1]}
    interrupted(path, 3, CROPPED, **options)
    content, draw = path.read_bytes(), random.Random(0)
    intact = checkpoints.read(path)
    for _ in range(60):
        damaged = bytearray(content)
        if draw.random() < 0.5:
            damaged = damaged[: draw.randrange(len(content))]
        else:
            damaged[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:  # some bytes of a zip archive mean nothing
            header, arrays = checkpoints.read(path)
        except CheckpointError as error:
            assert "must be a whole checkpoint" in str(error)
        else:
            assert header == intact[0]
            same(arrays, intact[1])
    path.write_bytes(content[:-9])
    with pytest.raises(CheckpointError, match=r"a\.npz must be a whole checkpoint"):
        train(CROPPED, checkpoint=path, resume=True, **options)
    assert path.read_bytes() == content[:-9]


def test_a_checkpoint_with_another_content_has_another_sum(tmp_path):
    path = tmp_path / "a.npz"
    checkpoints.write(path, {"a": 1}, {"w": np.arange(3.0)})
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["w"][1] = 5
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError, match="SHA-256"):
        checkpoints.read(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: {"v": w},
        lambda w: {"w": w.view(np.int64)},
        lambda w: {"w": w.reshape(2, 2)},
        lambda w: {"w": w, "v": w[:0]},
        lambda w: {},
    ],
    ids=["name", "dtype", "shape", "one more", "one less"],
)
def test_a_checkpoint_of_the_same_bytes_has_another_sum(change, tmp_path):
    path = tmp_path / "a.npz"
    checkpoints.write(path, {"a": 1}, {"w": np.arange(4.0)})
    with np.load(path) as file:
        text, w = file["header"], file["w"]
    np.savez(path, header=text, **change(w))
    with pytest.raises(CheckpointError, match="SHA-256"):
        checkpoints.read(path)


def test_the_order_of_a_checkpoints_header_says_nothing(tmp_path):
    path = tmp_path / "a.npz"
    checkpoints.write(path, {"b": 1, "a": {"d": 2, "c": 3}}, {"w": np.arange(4.0)})
    with np.load(path) as file:
        text, w = json.loads(file["header"].tobytes()), file["w"]
    np.savez(path, header=np.frombuffer(json.dumps(text, sort_keys=True).encode(), np.uint8), w=w)
    assert checkpoints.read(path)[0] == {"a": {"c": 3, "d": 2}, "b": 1}


class Executed:
    """What unpickling it would execute."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_checkpoint_is_not_executed(tmp_path):
    path, witness = tmp_path / "a.npz", tmp_path / "executed"
    np.savez(path, header=np.array([Executed(witness)], object))
    with pytest.raises(CheckpointError, match="must be a whole checkpoint"):
        checkpoints.read(path)
    assert not witness.exists()
    np.load(path, allow_pickle=True)["header"]
    assert witness.exists()


def test_all_of_a_checkpoint_is_written_before_it_is_brought_to_the_disk(tmp_path, monkeypatch):
    sizes = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    checkpoints.write(tmp_path / "a.npz", {"a": 1}, {"w": np.zeros(3)})
    assert sizes[0] == (tmp_path / "a.npz").stat().st_size


def test_what_cannot_be_written_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    checkpoints.write(path, {"a": 1}, {"w": np.zeros(3)})
    content = path.read_bytes()

    def full(descriptor):
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        checkpoints.write(path, {"a": 2}, {"w": np.ones(3)})
    assert path.read_bytes() == content
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


CHILD = """
import json, sys
from problems.learning.training import train
options = json.loads(sys.argv[2])
train(**options, checkpoint=sys.argv[1], every=0, resume=True)
"""


def killed(path, kills, options, draw):
    """Kill a training process at random moments after it took a step; then let it finish."""
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    args = [sys.executable, "-c", CHILD, str(path), json.dumps(options)]
    for _ in range(kills):
        before = path.read_bytes() if path.exists() else None
        while kill(args, env, path, draw) == 0:
            if before is None:  # it had ended before: once more
                path.unlink()
            else:
                path.write_bytes(before)
    subprocess.run(args, env=env, check=True)


def kill(args, env, path, draw):
    """Kill a training process a random time after its first saving; return its exit code."""
    before = path.stat().st_mtime_ns if path.exists() else None
    child = subprocess.Popen(args, env=env)
    while child.poll() is None and (not path.exists() or path.stat().st_mtime_ns == before):
        time.sleep(0.001)
    time.sleep(draw.uniform(0, 0.1))
    child.kill()
    assert child.wait() in (-signal.SIGKILL, 0)
    return child.returncode


def check_kills(folder, kills, options):
    killed(folder / "killed.npz", kills, options, random.Random(kills))
    killed(folder / "whole.npz", 0, options, random.Random(0))
    one, two = (checkpoints.read(folder / f"{name}.npz") for name in ("killed", "whole"))
    same(one[1], two[1])
    assert [e[:-1] for e in one[0]["epochs"]] == [e[:-1] for e in two[0]["epochs"]]
    assert [p.name for p in folder.iterdir() if p.name.startswith(".")] == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_killed_and_resumed(tmp_path):
    check_kills(tmp_path, 2, {"task": "text-lstm1", "optimizer": "adabound", "epochs": 1})


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize(
    ("task", "optimizer", "epochs"),
    [("digits-resnet", "amsbound", 24), ("text-lstm2", "adam", 6)],
)
def test_killed_at_twenty_moments(task, optimizer, epochs, tmp_path):
    check_kills(tmp_path, 20, {"task": task, "optimizer": optimizer, "epochs": epochs})


# What is refused


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: train("digit-mlp", "adam"), ValueError, "did you mean 'digits-mlp'"),
        (lambda: train("digits-mlp", "adm"), ValueError, "did you mean 'adam'"),
        (lambda: train("digits-mlp", "adam", -1), ValueError, "seed must be an integer of at "),
        (lambda: train("digits-mlp", "adam", epochs=0), ValueError, "epochs must be an integer"),
        (lambda: train("digits-mlp", "adam", batch_size=0), ValueError, "batch_size must be an"),
        (lambda: train("digits-mlp", "adam", lr=-1.0), ValueError, r"lr must be in \(0, inf\)"),
        (lambda: train("digits-mlp", "sgd", beta2=0.9), TypeError, "no hyperparameter 'beta2'"),
        (lambda: train("digits-mlp", "adam", epoch=2), TypeError, "no hyperparameter 'epoch'"),
        (lambda: train("digits-mlp", "adam", every=-1.0), ValueError, "every must be in"),
        (
            lambda: train("digits-mlp", "adam", checkpoint="a.txt"),
            ValueError,
            r"checkpoint must end with \.npz",
        ),
        (
            lambda: train("ptb-lstm1", "adam", data="nowhere"),
            FileNotFoundError,
            r"ptb\.train\.txt.*python -m problems fetch ptb",
        ),
        (
            lambda: train("mnist-mlp", "adam", data="nowhere"),
            FileNotFoundError,
            "train-images-idx3-ubyte.*yann.lecun.com.*python -m problems fetch mnist",
        ),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


# Tasks on official files


def write_cifar(folder, n=4):
    folder.mkdir(parents=True)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        records = RNG.integers(0, 256, (n, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        (folder / f"{name}.bin").write_bytes(records.tobytes())


def test_mnist_mlp_on_files(tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, n in (("train", 30), ("t10k", 10)):
        for kind, array in (
            ("images-idx3", RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8)),
            ("labels-idx1", np.arange(n, dtype=np.uint8) % 10),
        ):
            head = struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(head + array.tobytes())
    history = train("mnist-mlp", "adabound", data=tmp_path, verify=False, epochs=30)
    assert history.epochs[-1].train_metric > 0.9, "thirty images can be learned by heart"
    directly = prepare("mnist-mlp", "adabound", data=folder, verify=False)
    assert len(directly.data.train_images) == 30


def test_ptb_lstm_on_files(tmp_path):
    folder = tmp_path / "ptb"
    folder.mkdir()
    for part, repeats in (("train", 200), ("valid", 50), ("test", 50)):
        (folder / f"ptb.{part}.txt").write_text("the cat saw <unk> dogs\n" * repeats)
    history = train("ptb-lstm1", "adam", data=tmp_path, verify=False, epochs=8)
    assert history.epochs[-1].test_metric < 2 < history.epochs[0].train_metric


@pytest.mark.parametrize(
    ("task", "count"),
    [
        ("cifar-resnet34", 21_282_122),
        pytest.param("cifar-densenet121", 6_956_298, marks=pytest.mark.slow),
    ],
)
def test_cifar_networks_take_a_step_on_files(task, count, tmp_path):
    write_cifar(tmp_path / "cifar10" / "cifar-10-batches-bin", n=1)
    run = prepare(task, "adabound", data=tmp_path, verify=False, batch_size=2)
    assert sum(p.data.size for p in run.model.parameters()) == count
    before = run.model.state_dict()
    assert next(iter(run)) == 1
    after = run.model.state_dict()
    for name, _ in run.model.named_parameters():
        assert not np.array_equal(before[name], after[name]), name


def test_cifar_from_python_batches_if_there_are_no_others(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data_batch_1\.bin.*fetch cifar10"):
        prepare("cifar-resnet34", "adam", data=tmp_path)
    (tmp_path / "cifar10-python").mkdir()
    with pytest.raises(FileNotFoundError, match=r"cifar10-python"):
        prepare("cifar-resnet34", "adam", data=tmp_path)


@pytest.mark.parametrize("text", ["", "ab"])
def test_an_empty_corpus(text):
    corpus = Corpus(*(np.zeros(len(text), np.int64),) * 3, ("a",), "")
    with pytest.raises(ValueError, match="ids must have at least two for each of 20 streams"):
        prepare("text-lstm1", "adam", data=corpus)


# Learning curves


def test_digits_are_learned():
    for name in ("sgdm", "adam", "adabound"):
        history = train("digits-mlp", name)
        assert history.column("test_metric")[-1] > 0.96, name
        assert history.column("train_loss")[0] > 5 * history.column("train_loss")[-1]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["digits-resnet", "digits-densenet"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_digits_are_learned_by_all(task, name):
    assert train(task, name).column("test_metric")[-1] >= 0.965


@pytest.mark.slow
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_text_is_learned_beyond_single_characters(layers):
    from problems.learning.tasks import _topics

    corpus = _topics()
    counts = np.bincount(corpus.train, minlength=len(corpus.vocabulary)) + 1
    unigram = math.exp(-np.log(counts / counts.sum())[corpus.test].mean())
    for name in ("sgdm", "adam", "adabound"):
        found = train(f"text-lstm{layers}", name).column("test_metric")[-1]
        assert found < unigram / 2, (name, found, unigram)


def test_a_checkpoint_that_does_not_fit_changes_nothing(tmp_path):
    """Its checksum is right, its content is not this run's: each part is missing or wrong once."""
    path = tmp_path / "run.npz"
    train("digits-mlp", "adabound", 0, epochs=1, checkpoint=path)
    header, arrays = checkpoints.read(path)
    weight = next(name for name in arrays if name.startswith("model/"))
    moment = next(name for name in arrays if name.startswith("optimizer/"))
    spoiled = [
        *(({k: v for k, v in header.items() if k != key}, arrays) for key in header),
        *((header, {k: v for k, v in arrays.items() if k != key}) for key in (weight, moment)),
        *((header, {**arrays, key: arrays[key][:1]}) for key in (weight, moment)),
        (header, {**arrays, "surplus": np.zeros(1)}),
        ({**header, "lr": []}, arrays),
        ({**header, "generators": [{}]}, arrays),
        ({**header, "epochs": [[1]]}, arrays),
        ({**header, "epochs": header["epochs"] * 2}, arrays),
        ({**header, "epochs": [["x"] * 7]}, arrays),
        *(({**header, "t": t}, arrays) for t in ("x", header["t"] + 1, header["t"] + 0.0, None)),
        *(({**header, "batch": batch}, arrays) for batch in (1.5, -1, 1, None)),
        ({**header, "t": header["t"] + 23, "batch": 23}, arrays),
        *(({**header, "begun": begun}, arrays) for begun in (None, {}, {"bit_generator": "x"})),
        *(({**header, "sums": sums}, arrays) for sums in ([1, 2], ["x", 0, 0], None)),
        *(({**header, key: {}}, arrays) for key in ("seconds", "diverged", "held")),
        ({**header, "steps": {"9": 1}}, arrays),
    ]
    run = prepare("digits-mlp", "adabound", 0, epochs=1)
    for t in run:
        if t == 5:
            break
    before = run.state()
    for other, content in spoiled:
        if "manifest" not in other:
            continue  # which may differ
        with pytest.raises(CheckpointError):
            run.restore(other, content)
        now = run.state()
        assert json.dumps(now[0], default=str) == json.dumps(before[0], default=str)
        same(now[1], before[1])


def test_one_writer_for_each_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    live = tmp_path / ".run.b.0123456789abcdef.npz"  # being written by a run called run.b
    left = tmp_path / ".run.0123456789abcdef.npz"
    live.write_bytes(b"half")
    left.write_bytes(b"half")
    refused = []

    def second(t, model, optimizer):
        if t == 1:
            with pytest.raises(CheckpointError, match="must have one writer") as caught:
                train("digits-mlp", "adam", 0, epochs=1, checkpoint=path, resume=True)
            refused.append(caught)

    train("digits-mlp", "adam", 0, epochs=1, checkpoint=path, observe=second)
    assert refused
    assert live.exists()
    assert not left.exists()
    assert {p.name for p in tmp_path.iterdir()} == {"run.npz", live.name}
