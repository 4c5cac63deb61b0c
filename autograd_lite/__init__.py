"""A reverse-mode automatic differentiation engine in NumPy: tensors, operations, networks."""

from autograd_lite import nn, ops
from autograd_lite.draw import draw
from autograd_lite.engine import Tensor, no_grad
from autograd_lite.gradcheck import gradcheck

__all__ = ["Tensor", "draw", "gradcheck", "nn", "no_grad", "ops"]
