"""What one step on a batch does and says, and what is measured, by hand."""

import contextlib

import numpy as np
import pytest

from adabound_np import SGD
from autograd_lite import Tensor, nn, ops
from problems.learning.data import Images, characters, streams
from problems.learning.gan import ring
from problems.learning.language_model import detached
from problems.learning.models import Gan, LanguageModel, LogisticRegression
from problems.learning.objectives import (
    Adversarial,
    Classification,
    Language,
    evaluating,
    noise,
    squared_error,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3, 4, 4)).astype(np.float32), np.arange(20) % 10
DATA = Images(X * [[[1]], [[5]], [[0.1]]] + [[[1]], [[0]], [[-3]]], Y, X[:7], Y[:7])
RATE = 0.5
TEXT = characters("abcab bca " * 30)


def descend(part, loss, *args):
    """Take a step of gradient descent by hand on a part of a model; return the loss before it."""
    part.zero_grad()
    before = loss(*args)
    before.backward()
    for p in part.parameters():
        p.data -= RATE * p.grad
    return before.item()


def same(one, two):
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-12, atol=1e-14)


def test_squared_error():
    scores, labels = Tensor(np.array([[1.0, 0.0], [0.5, 0.0]])), np.array([0, 1])
    assert squared_error(scores, labels, "sum").item() == (0.5**2 + 1) / 2
    assert squared_error(scores, labels).item() == (0.5**2 + 1) / 4


def test_images_are_standardised_in_each_channel():
    objective = Classification(DATA, 6)
    x = (DATA.train_images - objective.mean) * objective.scale
    np.testing.assert_allclose(x.mean(axis=(0, 2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(axis=(0, 2, 3)), 1, rtol=1e-5)


@pytest.mark.parametrize(("size", "steps"), [(6, 4), (5, 4), (7, 3), (20, 1), (21, 1), (1, 20)])
def test_steps_of_an_epoch(size, steps):
    objective = Classification(DATA, size)
    assert objective.steps == len(list(objective.batches(np.random.default_rng(0)))) == steps


def test_accuracy_is_the_share_of_right_classes(monkeypatch):
    """One class has a score of 1, for 3 of 7 images their own; in two chunks."""
    monkeypatch.setattr("problems.learning.objectives.EVALUATED", 4)
    objective, scores = Classification(DATA, 6), np.eye(10)[[0, 1, 2, 2, 2, 2, 2]]
    chunks = iter([scores[:4], scores[4:]])
    model = nn.Sequential()
    model.forward = lambda images: Tensor(next(chunks))
    found = objective.measured(model, 30.0, 12, 20)
    assert (found.train_loss, found.train_metric) == (1.5, 0.6)
    assert found.test_metric == 3 / 7
    right, wrong = np.log(9 + np.e) - 1, np.log(9 + np.e)
    assert found.test_loss == pytest.approx((3 * right + 4 * wrong) / 7)


def test_steps_on_text():
    """One after the other, each from the state in which the one before ended."""
    objective = Language(TEXT, 4, 5)
    model, other = (LanguageModel(4, 6, rng=0, dtype=np.float64) for _ in range(2))
    optimizer, carry, states = SGD(model.parameters(), lr=RATE), None, [None]
    for inputs, targets in [*streams(TEXT.train, 4, 5)][:3]:

        def loss(inputs, targets):
            scores, after = other(inputs, states[-1])
            states.append(detached(after))
            return ops.cross_entropy(scores, targets.ravel())

        step = objective.step(model, optimizer, (inputs, targets), carry, None)
        assert step[:3] == (pytest.approx(20 * descend(other, loss, inputs, targets)), 0, 20)
        same(model, other)
        carry = step.carry


def test_steps_on_the_ring():
    """The discriminator's on drawn points, then the generator's on other noise."""
    objective = Adversarial(5, 10)
    model, other = (Gan(6, rng=0, dtype=np.float64) for _ in range(2))
    optimizer = SGD(model.parameters(), lr=RATE)
    rng, again = np.random.default_rng(1), np.random.default_rng(1)
    assert objective.steps == len(list(objective.batches(rng))) == 10
    for _ in range(2):
        step = objective.step(model, optimizer, None, None, rng)
        points, first, second = ring(5, again), noise(5, again), noise(5, again)
        loss = descend(other.discriminator, other.discriminator_loss, points, first)
        descend(other.generator, other.generator_loss, second)
        assert step == (pytest.approx(loss), 0, 1, None)
        same(model, other)


@pytest.mark.parametrize("kind", ["images", "text", "gan"])
def test_no_step_is_taken_if_the_loss_is_not_finite(kind):
    objective, model = {
        "images": (Classification(DATA, 6), LogisticRegression(48, 10, rng=0)),
        "text": (Language(TEXT, 4, 5), LanguageModel(4, 6, rng=0)),
        "gan": (Adversarial(5, 10), Gan(6, rng=0)),
    }[kind]
    rng = np.random.default_rng(0)
    batch = next(objective.batches(rng))
    last = list(model.parameters())[-1]
    last.data[0] = np.nan
    before, optimizer = model.state_dict(), SGD(model.parameters(), lr=RATE)
    with np.errstate(all="ignore"):
        assert np.isnan(objective.step(model, optimizer, batch, None, rng).loss)
    assert optimizer.state[0] is None
    for name, array in model.state_dict().items():
        assert np.array_equal(array, before[name], equal_nan=True)


@pytest.mark.parametrize("fails", [False, True])
def test_evaluation_ends(fails):
    """With the context, whatever happens in it; no graph is recorded meanwhile."""
    model = nn.Sequential(nn.Dropout(0.5, rng=0), nn.Linear(2, 2, rng=0))
    x = np.ones((3, 2), np.float32)
    with contextlib.suppress(KeyError), evaluating(model):
        assert not any(module.training for module in model.modules())
        assert np.array_equal(model(x).data, model(x).data)
        assert not model(x).requires_grad
        if fails:
            raise KeyError
    assert all(module.training for module in model.modules())
    assert model(x).requires_grad


def test_a_gan_is_measured_with_points_that_are_kept():
    objective, model = Adversarial(5, 10), Gan(6, rng=0)
    found, again = (objective.measured(model, 6.0, 0, 3) for _ in range(2))
    assert found == again
    assert found.train_loss == 2
    assert found.test_loss == pytest.approx(model.generator_loss(objective.noise).item())
