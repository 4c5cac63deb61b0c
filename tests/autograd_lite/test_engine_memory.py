"""Graphs leave no memory behind."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from autograd_lite import nn, ops
from tests.autograd_lite.samples import leaf


def test_chain_that_is_dropped_without_backward_is_freed():
    y = leaf(1.0)
    for _ in range(100_000):
        y = y + 1.0
    del y


class GarbageCollectorOff:
    def __enter__(self):
        gc.collect()
        gc.disable()

    def __exit__(self, *_):
        gc.enable()


def test_no_cycle_keeps_a_graph_alive():
    with GarbageCollectorOff():
        x = leaf(1.0, 2.0)
        y = np.tanh(x * 2)
        loss = (y * y).sum()
        alive = [weakref.ref(y), weakref.ref(loss)]
        del y, loss  # a graph that is dropped
        assert [ref() for ref in alive] == [None, None]
        y = np.tanh(x * 2)
        middle = weakref.ref(y)
        loss = (y * y).sum()
        del y
        loss.backward()  # a graph that is walked, while its loss is kept
        assert middle() is None


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=0),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1, rng=1),
        nn.Linear(64, 10, rng=2),
    )


def training_step():
    """A function that does one step of a convolutional network and of an LSTM."""
    model, rng = network(), np.random.default_rng(0)
    recurrent = nn.LSTM(4, 8, num_layers=2, rng=3)
    x = rng.normal(size=(16, 1, 8, 8)).astype(np.float32)
    text = rng.normal(size=(10, 16, 4)).astype(np.float32)
    labels = rng.integers(10, size=16)

    def step():
        loss = ops.cross_entropy(model(x), labels) + ops.square(recurrent(text)[0]).mean()
        loss.backward()
        for p in [*model.parameters(), *recurrent.parameters()]:
            p.data -= 0.01 * p.grad
            p.grad = None

    return step


def test_200_training_steps_do_not_grow_the_process():
    resource = pytest.importorskip("resource")
    step = training_step()

    def high_water():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, on Linux

    with GarbageCollectorOff():
        for _ in range(20):
            step()
        before = high_water()
        for _ in range(200):
            step()
    assert high_water() - before < 4 * 1024  # graphs that stay would be 50 MB


def test_60_training_steps_leave_nothing_allocated():
    step = training_step()

    def memory():
        """Bytes in use, Python's own free lists emptied; nothing may be left to collect."""
        assert gc.collect() == 0
        return tracemalloc.get_traced_memory()[0]

    growth = []
    with GarbageCollectorOff():
        for _ in range(5):
            step()
        tracemalloc.start()
        try:
            step()
            for _ in range(3):
                before = memory()
                for _ in range(20):
                    step()
                growth.append(memory() - before)
        finally:
            tracemalloc.stop()
    # Bytes, 200 a step: less than one tensor; a graph has 250 000. What steps leave, each round
    # leaves; what the test runner's own threads allocate comes once.
    assert min(growth) < 4_000, growth
