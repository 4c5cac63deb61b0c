"""The same lines on numbers, arrays, batches, blocks and lanes of time; dtypes kept."""

from dataclasses import dataclass

import numpy as np
import pytest

import adabound_np.optimizer
from adabound_np import (
    SGD,
    AdaBound,
    Adam,
    Box,
    Constant,
    Geometric,
    L2Ball,
    PairOfBounds,
    StepDecay,
)
from problems.conformance.alike import (
    array_is_numbers,
    batch_is_its_members,
    blocks_are_the_array,
    float32_stays,
    gradients,
    lanes_are_steps,
)
from tests.roster import CASES


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 0)])
def test_an_array_is_many_numbers(case, shape):
    cls, kw = CASES[case]
    array_is_numbers(cls(**kw), shape)


@pytest.mark.parametrize("case", CASES)
def test_blocks_are_the_whole_array(case, monkeypatch):
    cls, kw = CASES[case]
    monkeypatch.setattr(adabound_np.optimizer, "BLOCK", 64)  # bytes: 8 elements
    blocks_are_the_array(cls(**kw), (5, 7))


def test_a_transposed_parameter_is_updated_in_place():
    base = np.arange(6.0).reshape(2, 3)
    expected = base - 0.5
    opt = Adam([base.T], lr=0.5, eps=0.0)
    opt.step(grads=[np.ones((3, 2))])
    np.testing.assert_allclose(base, expected, rtol=1e-15)


@pytest.mark.parametrize("case", CASES)
def test_float32_stays_float32(case):
    cls, kw = CASES[case]
    float32_stays(cls(**kw))


@pytest.mark.parametrize("case", CASES)
def test_hyperparameters_as_arrays(case):
    cls, kw = CASES[case]
    assert "lr" in batch_is_its_members(cls(**kw))


def test_hyperparameters_as_arrays_run_a_batch_of_trajectories():
    lr = np.array([[0.01], [0.1], [1.0]])
    beta1, beta2 = np.array([[0.0], [0.5], [0.9]]), np.array([[0.9], [0.99], [0.999]])
    final_lr, gamma = np.array([[0.1], [0.2], [0.3]]), np.array([[0.1], [0.01], [0.001]])
    kw = {"weight_decay": np.array([[0.0], [0.1], [0.2]])}
    batch = AdaBound(lr=lr, betas=(beta1, beta2), final_lr=final_lr, gamma=gamma, **kw)
    x = np.ones((3, 4))
    s = batch.init(x)
    g = gradients(30, (3, 4))
    for g_t in g:
        x, s = batch.update(x, g_t, s)
    for i in range(3):
        one = AdaBound(
            lr=lr[i, 0],
            betas=(beta1[i, 0], beta2[i, 0]),
            final_lr=final_lr[i, 0],
            gamma=gamma[i, 0],
            weight_decay=kw["weight_decay"][i, 0],
        )
        y = np.ones(4)
        s = one.init(y)
        for g_t in g:
            y, s = one.update(y, g_t[i], s)
        np.testing.assert_allclose(x[i], y, rtol=1e-12)


def test_a_batch_of_float32_stays_float32():
    opt = AdaBound(lr=np.array([[0.01], [0.1]]))
    x = np.ones((2, 3), np.float32)
    x, s = opt.update(x, np.ones((2, 3), np.float32), opt.init(x))
    assert {a.dtype for a in (x, *s[1:])} == {np.dtype(np.float32)}


@pytest.mark.parametrize("case", [case for case in CASES if case != "amsgrad"])
def test_lanes_of_time(case):
    """`moments` and `learning_rate` take an array of steps: each lane as if it were alone.

    The one case with L2 decay is left out: there the gradient depends on x.
    """
    cls, kw = CASES[case]
    lanes_are_steps(cls(**kw))


def test_a_ball_takes_the_whole_array(monkeypatch):
    monkeypatch.setattr(adabound_np.optimizer, "BLOCK", 16)
    x = np.full(50, 0.1)
    opt = AdaBound([x], lr=0.1, feasible=L2Ball(1.0))
    for g in gradients(20, (50,)):
        opt.step(grads=[g])
        assert np.linalg.norm(x) <= 1 + 1e-12
    assert np.linalg.norm(x) == pytest.approx(1)


def test_a_box_with_arrays_takes_the_whole_array(monkeypatch):
    monkeypatch.setattr(adabound_np.optimizer, "BLOCK", 16)
    hi = np.linspace(0.1, 1, 50)
    x = np.zeros(50)
    Adam([x], lr=10.0, feasible=Box(-hi, hi)).step(grads=[-np.ones(50)])
    np.testing.assert_array_equal(x, hi)


@pytest.mark.parametrize(
    "kw",
    [
        {"feasible": Box(np.full(3, -1.0), np.full(3, 1.0))},
        {"feasible": L2Ball(1.0, center=np.zeros(3))},
        {"schedule": StepDecay([1], np.float64(0.5))},
        {"betas": (Geometric(np.float64(0.9), np.float64(0.5)), np.float64(0.9))},
        {"bounds": PairOfBounds(Constant(np.float64(0.1)), Constant(np.float64(0.2)))},
    ],
)
def test_an_update_keeps_float32_beside_float64_settings(kw):
    opt, x = AdaBound(lr=0.1, **kw), np.zeros(3, np.float32)
    s = opt.init(x)
    for _ in range(3):
        x, s = opt.update(x, np.ones(3, np.float32), s)
        assert {a.dtype for a in (x, s.m, s.v)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["lr", "eps", "weight_decay", "final_lr", "gamma"])
def test_a_list_of_hyperparameters_is_an_array(name):
    n = 70_000  # more than one block
    values = np.linspace(0.1, 0.2, n)
    paths = []
    for given in (values, values.tolist()):
        x = np.ones(n)
        opt = AdaBound([x], **{name: given})
        opt.step(grads=[np.ones(n)])
        paths.append(x)
        with pytest.raises(ValueError, match="must have a shape to which"):
            opt.init(np.ones(3))
    np.testing.assert_array_equal(*paths)


def test_a_schedule_that_is_a_method_of_an_object_with_arrays():
    @dataclass
    class Table:
        values: np.ndarray

        def at(self, t):
            return self.values[t - 1]

    x = np.ones(2)
    SGD([x], lr=1.0, schedule=Table(np.array([0.5, 0.25, 0.125])).at).step(grads=[np.ones(2)])
    np.testing.assert_array_equal(x, 0.5)
