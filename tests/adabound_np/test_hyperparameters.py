"""Hyperparameters at the edge of what is allowed, and what follows from them."""

import numpy as np
import pytest

from adabound_np import SGD, AdaBound, Adam, Box, L2Ball, Unconstrained
from adabound_np.checks import real


def half(t):
    return 0.5


def test_numbers_keep_what_they_are():
    assert real("lr", 2**1023) == 2.0**1023
    with pytest.raises(ValueError, match="lr must fit a float, got an integer of 1025 bits"):
        real("lr", 2**1024)
    assert real("lr", np.array([1, 2])).dtype == np.float64
    assert real("lr", np.array([1, 2], np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("lo", "hi"), [([0.0, 2.0], [1.0, 1.0]), (-np.inf, -np.inf), (np.inf, np.inf), (1.0, 0.0)]
)
def test_a_box_is_not_empty(lo, hi):
    with pytest.raises(ValueError, match="lo must be at most hi, got"):
        Box(np.array(lo), np.array(hi))


def test_a_box_has_ends_of_its_own():
    lo, hi = np.array([0, 1]), np.array([2.0, 3.0])
    box = Box(lo, hi)
    lo[0] = hi[0] = 9
    assert box.lo.tolist() == [0.0, 1.0]
    assert box.hi.tolist() == [2.0, 3.0]
    assert (type(Box(0, 1).lo), type(Box(0, 1).hi)) == (float, float)


def test_a_linear_function_has_no_minimum_on_the_whole_space():
    assert Unconstrained().argmin_linear(np.zeros(2)).tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="no minimum on an unconstrained set"):
        Unconstrained().argmin_linear(np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    ("given", "blocks"),
    [
        ({}, True),
        ({"feasible": Box(-1.0, 1.0)}, True),
        ({"feasible": L2Ball(1.0)}, False),
        ({"lr": np.array([0.1, 0.2])}, False),
        ({"schedule": half}, False),
        ({"bounds": (0.1, 0.2)}, False),
    ],
)
def test_functions_of_the_user_are_not_asked_once_for_each_block(given, blocks):
    assert AdaBound(**given).hyper.blocks == blocks


def test_momentum_and_dampening():
    """Without momentum there is nothing to dampen; a schedule is taken to have some."""
    some = np.array([0.0, 0.5])
    assert SGD(dampening=0.5).hyper.tau == 0
    assert SGD(momentum=0.5, dampening=0.5).hyper.tau == 0.5
    assert SGD(momentum=half, dampening=0.5).hyper.tau == 0.5
    assert SGD(momentum=some, dampening=0.5).hyper.tau.tolist() == [0, 0.5]
    for momentum in (half, 0.5, some):
        assert SGD(momentum=momentum, nesterov=True).hyper.nesterov
    for momentum, dampening in ((0.0, 0.0), (0.5, 0.5), (0.5, some)):
        with pytest.raises(
            ValueError, match="nesterov must go with momentum > 0 and dampening = 0"
        ):
            SGD(momentum=momentum, dampening=dampening, nesterov=True)


def test_moments_of_0_may_be_loaded():
    x = np.ones(2)
    opt = Adam([x])
    opt.step(grads=[np.array([0.0, 1.0])])
    assert opt.state[0].v[0] == 0
    opt.load_state_dict(opt.state_dict())
    assert opt.state[0].v[0] == 0
