"""A reverse-mode automatic differentiation engine in NumPy: tensors, operations, networks."""

from autograd_lite import nn, ops
from autograd_lite.draw import draw
from autograd_lite.gradcheck import gradcheck
from autograd_lite.recording import no_grad
from autograd_lite.tensor import Tensor

__all__ = ["Tensor", "draw", "gradcheck", "nn", "no_grad", "ops"]
