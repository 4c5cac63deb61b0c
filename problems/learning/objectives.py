"""What is learned from a batch, and how well it is learned: images, text, a GAN.

An objective has the data and their batches, takes one optimizer step on a batch, and measures a
model. All that is random comes from the generator it is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np

from adabound_np import Optimizer
from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn, no_grad, ops
from problems.learning.batches import crop_and_flip, minibatches, streams
from problems.learning.gan import NOISE, Gan, energy_distance, ring
from problems.learning.images import Images
from problems.learning.language_model import LanguageModel, State, detached
from problems.learning.text import Corpus

__all__ = ["Adversarial", "Classification", "Language", "Measured", "Objective", "Step"]
__all__ += ["squared_error"]

#: Images, or steps of text, at a time when nothing is learned.
EVALUATED = 256
#: Points of a GAN that are compared with the mixture's.
GENERATED = 500


class Step(NamedTuple):
    """What one step on a batch says.

    Attributes
    ----------
    loss, metric : float
        Sums over the batch, before the step.
    n : int
        Terms of the sums.
    carry : object
        What the next batch starts from: a language model's state; else None.
    """

    loss: float
    metric: float
    n: int
    carry: Any = None


class Measured(NamedTuple):
    """An epoch's results.

    Attributes
    ----------
    train_loss, train_metric : float
        Means over the epoch's steps, as learning went on.
    test_loss, test_metric : float
        Test loss and metric after the epoch, in evaluation mode.
    """

    train_loss: float
    train_metric: float
    test_loss: float
    test_metric: float


class Objective(Protocol):
    """What `problems.learning.training` asks of an objective."""

    #: Batches of an epoch.
    steps: int

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """An epoch's batches; the order is drawn at once."""

    def step(
        self, model: Any, optimizer: Optimizer, batch: Any, carry: Any, rng: np.random.Generator
    ) -> Step:
        """Take one step. If the loss is not finite, take none."""

    def measured(self, model: Any, loss: float, metric: float, count: int) -> Measured:
        """An epoch's results, from the sums over its steps and the model."""


def squared_error(scores: Tensor, labels: Any, reduction: str = "mean") -> Tensor:
    """Half of the squared distance from the labels as unit vectors, summed over classes.

    Examples
    --------
    >>> squared_error(Tensor([[1.0, 0.0], [0.0, 0.0]]), np.array([0, 1])).item()
    0.25
    """
    wanted = np.eye(scores.shape[1], dtype=scores.dtype)[labels]
    total = ops.square(scores - wanted).sum() / 2
    return total / len(labels) if reduction == "mean" else total


class Classification:
    """Labelled images: cross entropy and accuracy.

    Images are standardised by the training images' mean and deviation in each channel.

    Parameters
    ----------
    data : Images
        What to learn and to test.
    batch_size : int
        The last batch of an epoch may be smaller.
    augment : bool
        Whether to crop and flip at random, as [Luo19] does on CIFAR-10.
    criterion : callable
        (scores, labels, reduction) to the loss.
    """

    def __init__(
        self,
        data: Images,
        batch_size: int,
        augment: bool = False,
        criterion: Callable[..., Tensor] = ops.cross_entropy,
    ) -> None:
        self.data, self.batch_size, self.augment = (
            data,
            positive_int("batch_size", batch_size),
            augment,
        )
        self.steps = -(-len(data.train_labels) // batch_size)
        axes, shape = (0, 2, 3), (1, -1, 1, 1)
        self.criterion = criterion
        self.mean = data.train_images.mean(axis=axes).reshape(shape)
        self.scale = 1 / np.maximum(data.train_images.std(axis=axes), 1e-6).reshape(shape)

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """(images, labels) in random order."""
        return minibatches(self.data.train_images, self.data.train_labels, self.batch_size, rng)

    def step(
        self, model: Any, optimizer: Optimizer, batch: Any, carry: Any, rng: np.random.Generator
    ) -> Step:
        """Take one step."""
        images, labels = batch
        images = crop_and_flip(images, rng) if self.augment else images
        optimizer.zero_grad()
        scores = model((images - self.mean) * self.scale)
        loss = self.criterion(scores, labels)
        if math.isfinite(loss.item()):
            loss.backward()
            optimizer.step()
        right = int(np.sum(scores.data.argmax(axis=1) == labels))
        return Step(loss.item() * len(labels), right, len(labels))

    def full_loss(self, model: Any, most: int | None = None) -> Tensor:
        """The mean loss on all training images, or on the first `most`, in float64."""
        images = (self.data.train_images[:most].astype(np.float64) - self.mean) * self.scale
        return self.criterion(model(images), self.data.train_labels[:most])

    def measured(self, model: Any, loss: float, metric: float, count: int) -> Measured:
        """Mean losses, and accuracies in [0, 1]."""
        test_loss, right, n = 0.0, 0, len(self.data.test_labels)
        with evaluating(model):
            for images, labels in minibatches(
                self.data.test_images, self.data.test_labels, EVALUATED
            ):
                scores = model((images - self.mean) * self.scale)
                test_loss += self.criterion(scores, labels, reduction="sum").item()
                right += int(np.sum(scores.data.argmax(axis=1) == labels))
        return Measured(loss / count, metric / count, test_loss / n, right / n)


class Language:
    """A text: cross entropy in nats per token, and its exponential, the perplexity.

    Parameters
    ----------
    data : Corpus
        What to learn and to test.
    batch_size : int
        Texts read side by side, from end to end, in every epoch.
    bptt : int
        Steps after which backpropagation is cut off; the state goes on.
    """

    def __init__(self, data: Corpus, batch_size: int, bptt: int) -> None:
        self.data, self.batch_size, self.bptt = data, batch_size, bptt
        self.steps = sum(1 for _ in streams(data.train, batch_size, bptt))

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """(inputs, targets) in reading order."""
        return streams(self.data.train, self.batch_size, self.bptt)

    def step(
        self,
        model: LanguageModel,
        optimizer: Optimizer,
        batch: Any,
        carry: State | None,
        rng: np.random.Generator,
    ) -> Step:
        """Take one step."""
        inputs, targets = batch
        optimizer.zero_grad()
        scores, state = model(inputs, carry)
        loss = ops.cross_entropy(scores, targets.ravel())
        if math.isfinite(loss.item()):
            loss.backward()
            optimizer.step()
        return Step(loss.item() * targets.size, 0, targets.size, detached(state))

    def measured(self, model: LanguageModel, loss: float, metric: float, count: int) -> Measured:
        """Mean losses and perplexities."""
        total, tokens, state = 0.0, 0, None
        with evaluating(model):
            for inputs, targets in streams(self.data.test, self.batch_size, EVALUATED):
                scores, state = model(inputs, state)
                total += ops.cross_entropy(scores, targets.ravel(), reduction="sum").item()
                tokens += targets.size
        train, test = loss / count, total / tokens
        return Measured(train, float(np.exp(train)), test, float(np.exp(test)))


class Adversarial:
    """A GAN on the ring of Gaussians: its discriminator's loss, and the energy distance.

    Batches are drawn afresh each time. A step is one of the discriminator, then one of the
    generator, with the same optimizer. The test loss is the generator's; the metric compares
    samples with points of the mixture that are kept for testing, and 0 is best.

    Parameters
    ----------
    batch_size, steps : int
        Points of a batch, batches of an epoch.
    seed : int
        Seed of the points and the noise that are kept for testing.
    """

    def __init__(self, batch_size: int, steps: int, seed: int = 0) -> None:
        self.batch_size, self.steps = batch_size, steps
        rng = np.random.default_rng(seed)
        self.kept = [ring(GENERATED, rng) for _ in range(2)]
        self.noise = noise(GENERATED, rng)

    def batches(self, rng: np.random.Generator) -> Iterator[Any]:
        """Nothing: points are drawn in `step`."""
        return iter([None] * self.steps)

    def step(
        self, model: Gan, optimizer: Optimizer, batch: Any, carry: Any, rng: np.random.Generator
    ) -> Step:
        """Take both steps."""
        optimizer.zero_grad()
        loss = model.discriminator_loss(ring(self.batch_size, rng), noise(self.batch_size, rng))
        if math.isfinite(loss.item()):
            loss.backward()
            optimizer.step()
            model.generator_loss(noise(self.batch_size, rng)).backward()
            model.discriminator.zero_grad()  # this step is the generator's
            optimizer.step()
        return Step(loss.item(), 0, 1)

    def measured(self, model: Gan, loss: float, metric: float, count: int) -> Measured:
        """Losses, and energy distances to points for training and to points for testing."""
        with evaluating(model):
            points = model(self.noise).data
            test_loss = model.generator_loss(self.noise).item()
        train, test = (energy_distance(points, kept) for kept in self.kept)
        return Measured(loss / count, train, test_loss, test)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within it a model is in evaluation, and no graph is recorded."""
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        model.train()


def noise(count: int, rng: np.random.Generator) -> Any:
    """What a generator starts from, shape (count, NOISE)."""
    return rng.normal(size=(count, NOISE)).astype(np.float32)
