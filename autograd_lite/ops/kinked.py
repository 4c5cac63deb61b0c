r"""Elementwise operations with a kink or a choice; each docstring says what happens there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.engine import primitive
from autograd_lite.ops.arguments import as_floats, number, weak


@primitive(np.absolute)
def abs(x: Any) -> Any:
    """Absolute value; gradient 0 at 0.

    >>> abs(-2.0)
    Tensor(2.)
    """
    return np.abs(x)


abs.vjps = (
    # \bar{x} = \bar{y} \mathrm{sign}(x)        [calculus]
    lambda y_bar, y, x: y_bar * np.sign(x),
)


@primitive(np.sign)
def sign(x: Any) -> Any:
    """Sign -1, 0 or 1; gradient 0, also at 0.

    >>> sign([-2.0, 0.0, 3.0])
    Tensor([-1.,  0.,  1.])
    """
    return np.sign(x)


sign.vjps = (
    # \bar{x} = 0        [calculus]
    lambda y_bar, y, x: np.zeros_like(y_bar),
)


@primitive(np.positive)
def positive(x: Any) -> Any:
    """Return +x, equal to x.

    >>> positive(-2.0)
    Tensor(-2.)
    """
    return np.positive(x)


positive.vjps = (
    # \bar{x} = \bar{y}        [calculus]
    lambda y_bar, y, x: y_bar,
)


def _share(x: Any, other: Any) -> Any:
    """1 where x is above the other, 1/2 where they are equal, 0 where it is below."""
    with np.errstate(invalid="ignore"):  # inf - inf
        difference = np.subtract(x, other)
    return np.heaviside(np.where(np.equal(x, other), 0, difference), 0.5)


@primitive(np.maximum)
def maximum(a: Any, b: Any) -> Any:
    """Larger of a and b, elementwise; each takes half of the gradient where they are equal.

    >>> maximum([1.0, 4.0], 3.0)
    Tensor([3., 4.])
    """
    return np.maximum(a, b)


maximum.vjps = (
    # \bar{a} = \bar{y} H(a - b)        [calculus, H(0) = 1/2]
    lambda y_bar, y, a, b: y_bar * _share(a, b),
    # \bar{b} = \bar{y} H(b - a)        [calculus, H(0) = 1/2]
    lambda y_bar, y, a, b: y_bar * _share(b, a),
)


@primitive(np.minimum)
def minimum(a: Any, b: Any) -> Any:
    """Smaller of a and b, elementwise; each takes half of the gradient where they are equal.

    >>> minimum([1.0, 4.0], 3.0)
    Tensor([1., 3.])
    """
    return np.minimum(a, b)


minimum.vjps = (
    # \bar{a} = \bar{y} H(b - a)        [calculus, H(0) = 1/2]
    lambda y_bar, y, a, b: y_bar * _share(b, a),
    # \bar{b} = \bar{y} H(a - b)        [calculus, H(0) = 1/2]
    lambda y_bar, y, a, b: y_bar * _share(a, b),
)


@primitive(np.clip)
def clip(x: Any, a_min: Any, a_max: Any) -> Any:
    """Limit x to [a_min, a_max], constants (None: no limit); gradient 1 at both ends.

    Where a_min > a_max the result is a_max, as NumPy's, and the gradient 0.

    >>> clip([-2.0, 0.5, 2.0], -1.0, 1.0)
    Tensor([-1. ,  0.5,  1. ])
    """
    return np.clip(x, weak(a_min), weak(a_max))


def _inside(x: Any, a_min: Any, a_max: Any) -> Any:
    """Whether x is in [a_min, a_max]."""
    above = True if a_min is None else x >= weak(a_min)
    below = True if a_max is None else x <= weak(a_max)
    return above & below


clip.vjps = (
    # \bar{x} = \bar{y} [l \le x \le h]        [calculus]
    lambda y_bar, y, x, a_min, a_max: y_bar * _inside(x, a_min, a_max),
)


@primitive()
def relu(x: Any) -> Any:
    """Rectifier max(x, 0); gradient 0 at 0.

    >>> relu([-1.0, 2.0])
    Tensor([0., 2.])
    """
    return np.maximum(x, 0)


relu.vjps = (
    # \bar{x} = \bar{y} [x > 0]        [calculus]
    lambda y_bar, y, x: y_bar * (y > 0),
)


@primitive()
def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """Return x where it is positive and slope x elsewhere; gradient `slope` at 0.

    >>> leaky_relu([-1.0, 2.0], 0.1)
    Tensor([-0.1,  2. ])
    """
    x = np.asarray(x)
    return np.where(x > 0, x, number("slope", slope) * x)


leaky_relu.vjps = (
    # \bar{x} = \bar{y} ([x > 0] + s [x \le 0])        [calculus]
    lambda y_bar, y, x, slope=0.01: np.where(x > 0, y_bar, slope * y_bar),
)


@primitive(np.tanh)
def tanh(x: Any) -> Any:
    """Hyperbolic tangent.

    >>> tanh(0.0)
    Tensor(0.)
    """
    return np.tanh(x)


tanh.vjps = (
    # \bar{x} = \bar{y} (1 - y^2)        [calculus]
    lambda y_bar, y, x: y_bar * (1 - y * y),
)


@primitive()
def sigmoid(x: Any) -> Any:
    """Logistic function 1 / (1 + e^-x), computed without overflow.

    >>> sigmoid(0.0)
    Tensor(0.5)
    """
    x = np.asarray(x)
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


sigmoid.vjps = (
    # \bar{x} = \bar{y} y (1 - y)        [calculus]
    lambda y_bar, y, x: y_bar * y * (1 - y),
)


@primitive()
def softplus(x: Any) -> Any:
    """Return log(1 + e^x), computed without overflow.

    >>> softplus(1000.0)
    Tensor(1000.)
    """
    x = np.asarray(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


softplus.vjps = (
    # \bar{x} = \bar{y} \sigma(x)        [calculus]
    lambda y_bar, y, x: y_bar * sigmoid.forward(x),
)


@primitive(np.logaddexp)
def logaddexp(a: Any, b: Any) -> Any:
    """Return log(e^a + e^b), computed without overflow; equal infinities have gradient NaN.

    >>> logaddexp(1000.0, 1000.0) - 1000
    Tensor(0.69314718)
    """
    return np.logaddexp(a, b)


logaddexp.vjps = (
    # \bar{a} = \bar{y} \sigma(a - b)        [calculus]
    lambda y_bar, y, a, b: y_bar * sigmoid.forward(np.subtract(a, b)),
    # \bar{b} = \bar{y} \sigma(b - a)        [calculus]
    lambda y_bar, y, a, b: y_bar * sigmoid.forward(np.subtract(b, a)),
)

_erfc = np.frompyfunc(math.erfc, 1, 1)  # NumPy has none


@primitive(saves=True)
def gelu(x: Any) -> Any:
    r"""Return x times the standard normal distribution function of x, erfc(-x/sqrt(2))/2.

    >>> gelu([-1.0, 0.0, 1.0])
    Tensor([-0.15865525,  0.        ,  0.84134475])
    """
    x = as_floats(x)
    phi = np.asarray(_erfc(-x / math.sqrt(2)), x.dtype) / 2
    return x * phi, phi


gelu.vjps = (
    # \bar{x} = \bar{y} (\Phi(x) + x e^{-x^2 / 2} / \sqrt{2 \pi})        [calculus]
    lambda y_bar, phi, x: y_bar * (phi + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)),
)


@primitive(np.where)
def where(condition: Any, a: Any, b: Any) -> Any:
    """Return a where the condition holds and b elsewhere.

    >>> where([True, False], [1.0, 2.0], 0.0)
    Tensor([1., 0.])
    """
    return np.where(condition, a, b)


where.vjps = (
    # \bar{c} = 0        [calculus]
    lambda y_bar, y, condition, a, b: np.zeros_like(y_bar),
    # \bar{a} = \bar{y} [c]        [calculus]
    lambda y_bar, y, condition, a, b: np.where(condition, y_bar, 0),
    # \bar{b} = \bar{y} [\neg c]        [calculus]
    lambda y_bar, y, condition, a, b: np.where(condition, 0, y_bar),
)
