"""The tasks: data, network, batches, epochs, and rates that work for each optimizer.

The small tasks run on data that are always there, in seconds. The others are the tasks of [Luo19]
Sec. 5 on official files, at the paper's sizes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from adabound_np.checks import known
from autograd_lite import nn, ops
from problems.learning.data import (
    CLASSES,
    Corpus,
    Images,
    cifar10,
    digits,
    mnist,
    penn_treebank,
    topics,
)
from problems.learning.models import (
    DenseNet,
    Gan,
    LanguageModel,
    LogisticRegression,
    Perceptron,
    ResNet,
    densenet121,
    resnet34,
)
from problems.learning.objectives import (
    Adversarial,
    Classification,
    Language,
    Objective,
    squared_error,
)
from problems.loading import call, load
from problems.optimizers import Spec

__all__ = ["DECAY", "MILESTONE", "TASKS", "Data", "Task", "task_named", "with_validation"]

#: What a task learns from; None for the GAN, which draws its own.
Data: TypeAlias = Images | Corpus | None
#: lr is divided by 10 at 3/4 of the epochs: [Luo19] has 150 of 200.
MILESTONE, DECAY = 0.75, 0.1
#: The share of the training images that is kept for validation where one is asked for.
VALIDATION = 1 / 6


@dataclass(frozen=True, eq=False)
class Task:
    """What to learn, and how; a task equals itself alone.

    Attributes
    ----------
    name, title : str
        For the command line, and for people.
    load : callable
        (folder of all data sets, whether to verify files) to the data.
    build : callable
        (data, Generator) to the network.
    objective : callable
        (data, batch size) to the objective.
    batch_size, epochs : int
        Unless others are asked for.
    metric : str
        "accuracy" (the more the better), "perplexity" or "energy distance" (the less).
    weight_decay : float
        L2, added to the gradient.
    rates : mapping of str to mapping of str to float
        For optimizers of the roster, hyperparameters other than the constructor's defaults.
    """

    name: str
    title: str
    load: Callable[[Path, bool], Data]
    build: Callable[[Any, np.random.Generator], nn.Module]
    objective: Callable[[Any, int], Objective]
    batch_size: int
    epochs: int
    metric: str = "accuracy"
    weight_decay: float = 0.0
    rates: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def hyperparameters(self, optimizer: Spec) -> dict[str, float]:
        """The task's hyperparameters for an optimizer; one that is not in the roster has no rates.

        Examples
        --------
        >>> TASKS["digits-mlp"].hyperparameters("sgd(nesterov=True)")
        {'weight_decay': 0.0, 'lr': 0.1}
        """
        name = call(optimizer)[0] if isinstance(optimizer, str) else ""
        return {"weight_decay": self.weight_decay, **self.rates.get(name, {})}


def with_validation(data: Data) -> Data:
    """The data with a part for validation in place of that for testing.

    Images give the last sixth of the training images; a text has its own part.

    Examples
    --------
    >>> data = with_validation(digits())
    >>> len(data.train_images), len(data.test_images)
    (1198, 240)
    """
    if isinstance(data, Corpus):
        return replace(data, test=data.valid)
    if isinstance(data, Images):
        n = len(data.train_images) - round(VALIDATION * len(data.train_images))
        x, y = data.train_images, data.train_labels
        return Images(x[:n], y[:n], x[n:], y[n:])
    return data


@functools.cache
def _digits() -> Images:
    return digits()


@functools.cache
def _topics() -> Corpus:
    """The start of each part of Python's help topics: enough to learn from in seconds."""
    whole = topics()
    return replace(
        whole, train=whole.train[:60_000], valid=whole.valid[:8_000], test=whole.test[:8_000]
    )


def _of(folder: Path, *names: str) -> Path:
    """Where a data set is in the folder of all of them; a folder without such a one may be it."""
    inside = [folder / name for name in names]
    found = [path for path in inside if path.is_dir()]
    return [*found, folder if folder.is_dir() else inside[0]][0]


def _cifar10(folder: Path, verify: bool) -> Images:
    return cifar10(_of(folder, "cifar10", "cifar10-python"), verify=verify)


def _pixels(data: Images) -> int:
    return int(data.train_images[0].size)


def _rates(
    sgd: float, momentum: float, adagrad: float, adaptive: float, final: float
) -> dict[str, dict[str, float]]:
    """Rates of all optimizers; dampened momentum takes SGD's."""
    bounded = {"lr": adaptive, "final_lr": final}
    return {
        "sgd": {"lr": sgd},
        "sgdm": {"lr": momentum},
        "nesterov": {"lr": momentum},
        "sgdm-dampened": {"lr": sgd},
        "csgd": {"lr": sgd},
        "adagrad": {"lr": adagrad},
        "rmsprop": {"lr": adaptive},
        "adam": {"lr": adaptive},
        "amsgrad": {"lr": adaptive},
        "adabound": bounded,
        "amsbound": bounded,
    }


def _images(augment: bool = False) -> Callable[[Any, int], Objective]:
    return lambda data, batch_size: Classification(data, batch_size, augment)


def _text(data: Any, batch_size: int) -> Objective:
    return Language(data, batch_size, bptt=35)


# The best of a few rates on the validation parts of digits-resnet and text-lstm1, with seed 0.
_DIGITS = _rates(0.1, 0.1, 1e-2, 3e-3, 0.1)
_TEXT = _rates(10.0, 1.0, 5e-2, 5e-3, 10.0)
_PAPER = _rates(0.1, 0.1, 1e-2, 1e-3, 0.1)
_GAN = _rates(0.1, 0.01, 1e-2, 1e-3, 0.1)


def _digits_task(name: str, title: str, build: Any, epochs: int, decay: float = 0.0) -> Task:
    return Task(
        name,
        title,
        lambda folder, verify: _digits(),
        build,
        _images(),
        128,
        epochs,
        weight_decay=decay,
        rates=_DIGITS,
    )


def _text_task(layers: int) -> Task:
    return Task(
        f"text-lstm{layers}",
        f"Python's help topics by character, {layers}-layer LSTM",
        lambda folder, verify: _topics(),
        lambda data, rng: LanguageModel(len(data.vocabulary), 64, layers, 0.1, rng=rng),
        _text,
        20,
        16,
        "perplexity",
        rates=_TEXT,
    )


def _treebank_task(layers: int) -> Task:
    return Task(
        f"ptb-lstm{layers}",
        f"Penn Treebank by word, {layers}-layer LSTM",
        lambda folder, verify: penn_treebank(_of(folder, "ptb"), verify=verify),
        lambda data, rng: LanguageModel(len(data.vocabulary), 200, layers, 0.2, rng=rng),
        _text,
        20,
        200,
        "perplexity",
        rates=_TEXT,
    )


def _cifar_task(name: str, title: str, build: Any) -> Task:
    return Task(
        name,
        title,
        _cifar10,
        lambda data, rng: build(CLASSES, rng=rng),
        _images(True),
        128,
        200,
        weight_decay=5e-4,
        rates=_PAPER,
    )


#: The tasks by name.
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _digits_task(
            "digits-logistic",
            "digits, logistic regression",
            lambda data, rng: LogisticRegression(_pixels(data), CLASSES, rng=rng),
            60,
        ),
        _digits_task(
            "digits-mlp",
            "digits, perceptron with 100 hidden units",
            lambda data, rng: Perceptron(_pixels(data), 100, CLASSES, rng=rng),
            60,
        ),
        Task(
            "digits-tanh",
            "digits, perceptron with 64 tanh units, squared error, full batches",
            lambda folder, verify: _digits(),
            lambda data, rng: Perceptron(_pixels(data), 64, CLASSES, ops.tanh, rng=rng),
            lambda data, size: Classification(data, size, criterion=squared_error),
            1438,
            1000,
            rates=_rates(0.3, 0.1, 1e-2, 1e-3, 1.0),
        ),
        _digits_task(
            "digits-resnet",
            "digits, ResNet of 3 blocks",
            lambda data, rng: ResNet([1, 1, 1], [8, 16, 32], 1, CLASSES, rng=rng),
            24,
            5e-4,
        ),
        _digits_task(
            "digits-densenet",
            "digits, DenseNet-BC of 2 x 2 layers, growth 8",
            lambda data, rng: DenseNet([2, 2], 8, 0.5, 1, CLASSES, rng=rng),
            18,
            5e-4,
        ),
        _text_task(1),
        _text_task(2),
        _text_task(3),
        Task(
            "gan",
            "GAN on a ring of eight Gaussians",
            lambda folder, verify: None,
            lambda data, rng: Gan(64, rng=rng),
            lambda data, size: Adversarial(size, 100),
            128,
            30,
            "energy distance",
            rates=_GAN,
        ),
        Task(
            "mnist-mlp",
            "MNIST, perceptron with 100 hidden units",
            lambda folder, verify: mnist(_of(folder, "mnist"), verify=verify),
            lambda data, rng: Perceptron(_pixels(data), 100, CLASSES, rng=rng),
            _images(),
            128,
            100,
            rates=_PAPER,
        ),
        _cifar_task("cifar-resnet34", "CIFAR-10, ResNet-34", resnet34),
        _cifar_task("cifar-densenet121", "CIFAR-10, DenseNet-121", densenet121),
        _treebank_task(1),
        _treebank_task(2),
        _treebank_task(3),
    )
}


def task_named(name: str) -> Task:
    """Return a task by its name, or the user's own by ``module:Name``.

    Raises
    ------
    TypeError
        If it is not a task.
    ValueError
        If there is no such task.

    Examples
    --------
    >>> task_named("digits-resnet").epochs
    24
    """
    task = load(name) if ":" in name else TASKS[known("task", name, TASKS)]
    if not isinstance(task, Task):
        raise TypeError(f"task {name} must be a problems.learning.tasks.Task, got {task!r}")
    return task
