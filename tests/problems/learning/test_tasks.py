"""The table of tasks: what each learns from, its network's size, its batches and epochs."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import SGD, Adam
from problems.learning.data import Corpus, Images
from problems.learning.models import parameter_count
from problems.learning.tasks import (
    TASKS,
    Task,
    _cifar_task,
    _digits_task,
    _text_task,
    _treebank_task,
    task_named,
    with_validation,
)


def images(size, channels=1):
    """One image to learn from, one to test."""
    x, y = np.zeros((1, channels, size, size), np.float32), np.zeros(1, np.int64)
    return Images(x, y, x, y)


def corpus(vocabulary):
    ids = np.zeros(2000, np.int64)
    return Corpus(ids, ids, ids, ("",) * vocabulary, "")


def dense(inputs, outputs):
    """Parameters of a linear layer."""
    return inputs * outputs + outputs


def conv(c_in, c_out, kernel):
    """Those of a convolution without bias, and of the batch normalisation of what it gives."""
    return c_in * c_out * kernel**2 + 2 * c_out


def lstm_model(vocabulary, width, layers):
    """Embedding; for each layer four gates of input and state, each with two biases; scores."""
    gates = 4 * width * (2 * width + 2)
    return vocabulary * width + layers * gates + dense(width, vocabulary)


def bottleneck(c, growth=8):
    """Batch normalisation, 1 x 1 to four times the growth, the same, 3 x 3 to the growth."""
    return 2 * c + conv(c, 4 * growth, 1) + 4 * growth * growth * 9


RESNET = (
    conv(1, 8, 3)
    + 2 * conv(8, 8, 3)
    + (conv(8, 16, 3) + conv(16, 16, 3) + conv(8, 16, 1))
    + (conv(16, 32, 3) + conv(32, 32, 3) + conv(16, 32, 1))
    + dense(32, 10)
)
DENSENET = (
    16 * 9  # from one channel to 16
    + (bottleneck(16) + bottleneck(24))
    + (2 * 32 + 32 * 16)  # to half of the channels
    + (bottleneck(16) + bottleneck(24))
    + (2 * 32 + dense(32, 10))
)
GAN = (dense(8, 64) + dense(64, 64) + dense(64, 2)) + (dense(2, 64) + dense(64, 64) + dense(64, 1))
#: Data, parameters, batch size, epochs, weight decay.
EXPECTED = {
    "digits-logistic": (images(8), dense(64, 10), 128, 60, 0),
    "digits-mlp": (images(8), dense(64, 100) + dense(100, 10), 128, 60, 0),
    "digits-tanh": (images(8), dense(64, 64) + dense(64, 10), 1438, 1000, 0),
    "digits-resnet": (images(8), RESNET, 128, 24, 5e-4),
    "digits-densenet": (images(8), DENSENET, 128, 18, 5e-4),
    "gan": (None, GAN, 128, 30, 0),
    "mnist-mlp": (images(28), dense(784, 100) + dense(100, 10), 128, 100, 0),
    "cifar-resnet34": (images(32, 3), None, 128, 200, 5e-4),  # test_models has their sizes
    "cifar-densenet121": (images(32, 3), None, 128, 200, 5e-4),
}
for k in (1, 2, 3):
    EXPECTED[f"text-lstm{k}"] = (corpus(70), lstm_model(70, 64, k), 20, 16, 0)
    EXPECTED[f"ptb-lstm{k}"] = (corpus(90), lstm_model(90, 200, k), 20, 200, 0)


def test_sizes_of_tasks():
    assert EXPECTED.keys() == TASKS.keys()
    for name, (data, count, *numbers) in EXPECTED.items():
        task = TASKS[name]
        assert task.name == name
        assert [task.batch_size, task.epochs, task.weight_decay] == numbers, name
        if count is not None:
            assert parameter_count(task.build(data, np.random.default_rng(0))) == count, name


def test_objectives_of_tasks():
    """Only CIFAR-10 is augmented, as [Luo19] does; text is cut off after 35 steps."""
    for name, (data, *_) in EXPECTED.items():
        objective = TASKS[name].objective(data, 20)
        if isinstance(data, Images):
            assert objective.augment == name.startswith("cifar")
        elif isinstance(data, Corpus):
            assert objective.bptt == 35
    assert TASKS["gan"].objective(None, 128).steps == 100


def test_tasks_made_anew_are_those_of_the_table():
    for task in (
        _text_task(2),
        _treebank_task(3),
        _digits_task("digits-resnet", "", None, 24, 5e-4),
        _cifar_task("cifar-resnet34", "", None),
    ):
        data, _, *numbers = EXPECTED[task.name]
        assert [task.batch_size, task.epochs, task.weight_decay] == numbers
        if isinstance(data, Images):
            assert task.objective(data, 1).augment == TASKS[task.name].objective(data, 1).augment


def test_the_help_topics_are_cut():
    data = TASKS["text-lstm1"].load(Path("nowhere"), True)
    assert [len(part) for part in (data.train, data.valid, data.test)] == [60_000, 8_000, 8_000]


def test_where_data_are_looked_for(tmp_path):
    """In the folder of the data set, or, where only the one around it is there, in that."""
    absent, inner = tmp_path / "absent", tmp_path / "ptb"
    for folder, place in ((absent, absent / "ptb"), (tmp_path, tmp_path), (tmp_path, inner)):
        if place == inner:
            inner.mkdir()
        with pytest.raises(FileNotFoundError, match=re.escape(f"missing in '{place}': ptb.train")):
            TASKS["ptb-lstm1"].load(folder, True)


def test_rates_are_for_names_of_the_roster():
    task = TASKS["digits-resnet"]
    assert task.hyperparameters("sgd") == {"weight_decay": 5e-4, "lr": 0.1}
    for own in (SGD, Adam(lr=0.5), "module:Name"):
        assert task.hyperparameters(own) == {"weight_decay": 5e-4}


def test_a_task_of_ones_own(monkeypatch):
    own = Task("own", "mine", None, None, None, 1, 1)
    monkeypatch.setitem(sys.modules, "own_tasks", SimpleNamespace(own=own, other=3))
    assert task_named("own_tasks:own") is own
    message = r"task own_tasks:other must be a problems\.learning\.tasks\.Task, got 3"
    with pytest.raises(TypeError, match=message):
        task_named("own_tasks:other")


def test_without_data_there_is_nothing_to_keep_for_validation():
    assert with_validation(None) is None
