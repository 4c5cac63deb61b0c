"""Samples of autograd_lite's operations where their rules take a choice."""

import numpy as np

from tests.autograd_lite.samples import case

#: Samples at kinks and ties, where the rules take a choice, and of one number met by many.
KINKS = {
    "abs": [case(np.array([-2.0, 0.0, 3.0]))],
    "sign": [case(np.array([-2.0, 0.0, 3.0]))],
    "maximum": [case(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0]))],
    "minimum": [case(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0]))],
    "clip": [
        case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), -1.0, 1.0),
        case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), 1.0, -1.0),
        case(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), -1.0, None),
    ],
    "relu": [case(np.array([-2.0, 0.0, 3.0]))],
    "leaky_relu": [case(np.array([-2.0, 0.0, 3.0]), 0.2)],
    "std": [case(np.array([[1.0, 3.0], [2.0, 2.0]]), 1), case(np.array([2.0]))],
    "norm": [case(np.array([[3.0, 4.0], [0.0, 0.0]]), None, 1), case(np.zeros(3))],
    "max": [case(np.array([1.0, 3.0, 3.0])), case(np.array([[1.0, 1.0], [1.0, 2.0]]), 1)],
    "min": [case(np.array([3.0, 1.0, 1.0])), case(np.array([[1.0, 1.0], [1.0, 2.0]]), 1)],
    "mse_loss": [case(np.array([1.0, 2.0, 3.0]), 2.0)],
    "l1_loss": [
        case(np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])),
        case(np.array([1.0, 2.0, 3.0]), 2.0),
    ],
    "hinge_loss": [
        case(np.array([0.5, 1.0, 2.0, -1.0]), np.array([1, 1, 1, -1])),
        case(np.array([0.5, 1.0, 2.0]), 1),
    ],
    "binary_cross_entropy_with_logits": [case(np.array([0.5, 1.0, -2.0]), 1.0)],
    "einsum": [
        case("i,i", np.array([2.0, 3.0]), np.array([5.0])),
        case("ij,jk->ik", np.array([[2.0], [3.0]]), np.array([[1.0, 2.0], [5.0, 7.0]])),
        case("ii,i->", np.array([[2.0]]), np.array([1.0, 3.0])),
        case("ii,i->i", np.arange(9.0).reshape(3, 3), np.array([5.0])),
    ],
}
