"""Activations as modules, to stand in a `Sequential`, and `Identity`, which does nothing."""

from __future__ import annotations

from typing import Any

from autograd_lite import ops
from autograd_lite.engine import Tensor
from autograd_lite.nn.module import Module
from autograd_lite.ops.arguments import number, whole


class ReLU(Module):
    """max(x, 0).

    >>> ReLU()([-1.0, 2.0])
    Tensor([0., 2.])
    """

    def forward(self, x: Any) -> Tensor:
        """Apply elementwise."""
        return ops.relu(x)


class LeakyReLU(Module):
    """x where positive, else `negative_slope` times x.

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    Tensor([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("negative_slope", negative_slope)

    def forward(self, x: Any) -> Tensor:
        """Apply elementwise."""
        return ops.leaky_relu(x, self.negative_slope)


class GELU(Module):
    r"""x \Phi(x), with the normal distribution's function \Phi.

    >>> GELU()([0.0, 1.0])
    Tensor([0.        , 0.84134475])
    """

    def forward(self, x: Any) -> Tensor:
        """Apply elementwise."""
        return ops.gelu(x)


class Sigmoid(Module):
    """1 / (1 + e^-x).

    >>> Sigmoid()([0.0])
    Tensor([0.5])
    """

    def forward(self, x: Any) -> Tensor:
        """Apply elementwise."""
        return ops.sigmoid(x)


class Softmax(Module):
    """e^x / sum(e^x) along the axis `dim`, the last by default.

    >>> Softmax()([[0.0, 0.0]])
    Tensor([[0.5, 0.5]])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = whole("dim", dim, -64)

    def forward(self, x: Any) -> Tensor:
        """Apply along the axis."""
        return ops.softmax(x, self.dim)


class Softplus(Module):
    """log(1 + e^x).

    >>> Softplus()([0.0])
    Tensor([0.69314718])
    """

    def forward(self, x: Any) -> Tensor:
        """Apply elementwise."""
        return ops.softplus(x)


class Tanh(Module):
    """Hyperbolic tangent.

    >>> Tanh()([0.0])
    Tensor([0.])
    """

    def forward(self, x: Any) -> Tensor:
        """Apply elementwise."""
        return ops.tanh(x)


class Identity(Module):
    """x as it is, in place of a layer.

    >>> Identity()(Tensor([1.0]))
    Tensor([1.])
    """

    def forward(self, x: Any) -> Any:
        """Return x."""
        return x
