r"""Elementwise operations, with NumPy's broadcasting.

In the rules x (or a, b) are the arguments, y the result, and \bar{x} the gradient of the loss
with respect to x. Where a function has a kink, the rule takes one of its subgradients and the
docstring says which.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.engine import primitive


@primitive(np.add)
def add(a: Any, b: Any) -> Any:
    """Sum a + b.

    >>> add(1.0, 2.0)
    Tensor(3.)
    """
    return np.add(a, b)


add.vjps = (
    # \bar{a} = \bar{y}        [calculus]
    lambda y_bar, y, a, b: y_bar,
    # \bar{b} = \bar{y}        [calculus]
    lambda y_bar, y, a, b: y_bar,
)


@primitive(np.subtract)
def subtract(a: Any, b: Any) -> Any:
    """Difference a - b.

    >>> subtract(1.0, 2.0)
    Tensor(-1.)
    """
    return np.subtract(a, b)


subtract.vjps = (
    # \bar{a} = \bar{y}        [calculus]
    lambda y_bar, y, a, b: y_bar,
    # \bar{b} = -\bar{y}        [calculus]
    lambda y_bar, y, a, b: -y_bar,
)


@primitive(np.multiply)
def multiply(a: Any, b: Any) -> Any:
    """Product a b.

    >>> multiply(2.0, 3.0)
    Tensor(6.)
    """
    return np.multiply(a, b)


multiply.vjps = (
    # \bar{a} = \bar{y} b        [calculus]
    lambda y_bar, y, a, b: y_bar * b,
    # \bar{b} = \bar{y} a        [calculus]
    lambda y_bar, y, a, b: y_bar * a,
)


@primitive(np.divide)
def divide(a: Any, b: Any) -> Any:
    """Quotient a / b.

    >>> divide(1.0, 2.0)
    Tensor(0.5)
    """
    return np.divide(a, b)


divide.vjps = (
    # \bar{a} = \bar{y} / b        [calculus]
    lambda y_bar, y, a, b: y_bar / b,
    # \bar{b} = -\bar{y} y / b        [calculus]
    lambda y_bar, y, a, b: -y_bar * y / b,
)


def _power_slope(y: Any, a: Any, b: Any) -> Any:
    """Return b a^(b - 1), and 0 where b = 0, whatever a is."""
    if isinstance(b, (int, float)):
        return b * a ** (b - 1) if b else np.zeros_like(y)
    return b * np.power(a, np.where(b == 0, np.zeros_like(b), b - 1))


def _power_log(y: Any, a: Any, b: Any) -> Any:
    """Return y log a, and 0 where a = 0 and b >= 0."""
    flat = (np.asarray(a) == 0) & (np.asarray(b) >= 0)
    return y * np.log(np.where(flat, np.ones_like(a), a))


@primitive(np.power)
def power(a: Any, b: Any) -> Any:
    """Power a^b. For a = 0 and b >= 0 the gradient for b is 0; for a < 0 it is NaN.

    >>> power([1.0, 2.0, 3.0], 2)
    Tensor([1., 4., 9.])
    """
    return np.power(a, b)


power.vjps = (
    # \bar{a} = \bar{y} b a^{b - 1}        [calculus]
    lambda y_bar, y, a, b: y_bar * _power_slope(y, a, b),
    # \bar{b} = \bar{y} y \log a        [calculus]
    lambda y_bar, y, a, b: y_bar * _power_log(y, a, b),
)


@primitive(np.negative)
def negative(x: Any) -> Any:
    """Negative -x.

    >>> negative(2.0)
    Tensor(-2.)
    """
    return np.negative(x)


negative.vjps = (
    # \bar{x} = -\bar{y}        [calculus]
    lambda y_bar, y, x: -y_bar,
)


@primitive(np.square)
def square(x: Any) -> Any:
    """Square x^2.

    >>> square(3.0)
    Tensor(9.)
    """
    return np.square(x)


square.vjps = (
    # \bar{x} = 2 \bar{y} x        [calculus]
    lambda y_bar, y, x: 2 * y_bar * x,
)


@primitive(np.sqrt)
def sqrt(x: Any) -> Any:
    """Square root; its gradient at 0 is infinite.

    >>> sqrt(9.0)
    Tensor(3.)
    """
    return np.sqrt(x)


sqrt.vjps = (
    # \bar{x} = \bar{y} / (2 y)        [calculus]
    lambda y_bar, y, x: y_bar / (2 * y),
)


@primitive(np.exp)
def exp(x: Any) -> Any:
    """Exponential e^x.

    >>> exp(0.0)
    Tensor(1.)
    """
    return np.exp(x)


exp.vjps = (
    # \bar{x} = \bar{y} y        [calculus]
    lambda y_bar, y, x: y_bar * y,
)


@primitive(np.expm1)
def expm1(x: Any) -> Any:
    """Exponential minus one, exact near 0.

    >>> expm1(0.0)
    Tensor(0.)
    """
    return np.expm1(x)


expm1.vjps = (
    # \bar{x} = \bar{y} (y + 1)        [calculus]
    lambda y_bar, y, x: y_bar * (y + 1),
)


@primitive(np.log)
def log(x: Any) -> Any:
    """Natural logarithm.

    >>> log(1.0)
    Tensor(0.)
    """
    return np.log(x)


log.vjps = (
    # \bar{x} = \bar{y} / x        [calculus]
    lambda y_bar, y, x: y_bar / x,
)


@primitive(np.log1p)
def log1p(x: Any) -> Any:
    """Logarithm of 1 + x, exact near 0.

    >>> log1p(0.0)
    Tensor(0.)
    """
    return np.log1p(x)


log1p.vjps = (
    # \bar{x} = \bar{y} / (1 + x)        [calculus]
    lambda y_bar, y, x: y_bar / (1 + x),
)


@primitive(np.sin)
def sin(x: Any) -> Any:
    """Sine, of radians.

    >>> sin(0.0)
    Tensor(0.)
    """
    return np.sin(x)


sin.vjps = (
    # \bar{x} = \bar{y} \cos x        [calculus]
    lambda y_bar, y, x: y_bar * np.cos(x),
)


@primitive(np.cos)
def cos(x: Any) -> Any:
    """Cosine, of radians.

    >>> cos(0.0)
    Tensor(1.)
    """
    return np.cos(x)


cos.vjps = (
    # \bar{x} = -\bar{y} \sin x        [calculus]
    lambda y_bar, y, x: -y_bar * np.sin(x),
)
