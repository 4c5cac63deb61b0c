r"""Reductions over any axes: `axis` is an int, a tuple of ints, or None for all of them.

`cumsum`, which keeps all partial sums, takes an int or None.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd_lite.engine import Array, primitive


def _spread(y: Any, x: Array, axis: Any, keepdims: bool) -> Array:
    """Broadcast what was reduced over `axis` back to the shape of x."""
    if axis is not None and not keepdims:
        y = np.expand_dims(y, axis)
    return np.broadcast_to(y, x.shape)


def _count(x: Array, axis: Any) -> int:
    """Return the number of elements that one result is made of."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
    return math.prod(x.shape[i] for i in axes)


def _freedom(x: Array, axis: Any, ddof: Any) -> Any:
    """Return the divisor of the variance, n - `ddof`, but not below 0, as NumPy."""
    return np.maximum(_count(x, axis) - ddof, 0)


@primitive(np.sum)
def sum(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Sum over `axis`.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([4., 6.])
    """
    return np.sum(x, axis=axis, keepdims=keepdims)


sum.vjps = (
    # \bar{x}_i = \bar{y}        [calculus]
    lambda y_bar, y, x, axis=None, keepdims=False: _spread(y_bar, x, axis, keepdims),
)


@primitive(np.mean)
def mean(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Mean over `axis`.

    >>> mean([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([2., 3.])
    """
    return np.mean(x, axis=axis, keepdims=keepdims)


mean.vjps = (
    # \bar{x}_i = \bar{y} / n        [calculus]
    lambda y_bar, y, x, axis=None, keepdims=False: _spread(
        y_bar / _count(x, axis), x, axis, keepdims
    ),
)


@primitive(np.var)
def var(x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """Variance over `axis`: the mean square deviation, with divisor n - `ddof`.

    With n <= `ddof` it is NaN or infinite, with NumPy's warning, and so is its gradient.

    >>> var([1.0, 2.0, 3.0])
    Tensor(0.66666667)
    """
    return np.var(x, axis=axis, ddof=ddof, keepdims=keepdims)


var.vjps = (
    # \bar{x}_i = 2 \bar{y} (x_i - \mu) / (n - d)        [calculus]
    lambda y_bar, y, x, axis=None, ddof=0, keepdims=False: (
        _spread(2 * y_bar / _freedom(x, axis, ddof), x, axis, keepdims)
        * (x - np.mean(x, axis=axis, keepdims=True))
    ),
)


def _centred(x: Array, axis: Any) -> Array:
    """Return the deviations from the mean, 0 for equal elements."""
    deviations = x - np.mean(x, axis=axis, keepdims=True)
    rest = np.mean(deviations, axis=axis, keepdims=True)  # what rounding left of the mean
    return np.asarray(deviations - rest)


@primitive(np.std)
def std(x: Any, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Any:
    """Standard deviation over `axis`, the square root of `var`; gradient 0 where it is 0.

    >>> std([1.0, 3.0])
    Tensor(1.)
    """
    return np.std(x, axis=axis, ddof=ddof, keepdims=keepdims)


std.vjps = (
    # \bar{x}_i = \bar{y} (x_i - \mu) / ((n - d) (y + [y = 0]))        [calculus]
    lambda y_bar, y, x, axis=None, ddof=0, keepdims=False: (
        _spread(y_bar / (y + (y == 0)) / _freedom(x, axis, ddof), x, axis, keepdims)
        * _centred(x, axis)
    ),
)


@primitive(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """Root of the sum of squares, of vectors or of matrices (Frobenius); gradient 0 at 0.

    Raises
    ------
    ValueError
        If `ord` is not None, "fro" for matrices or 2 for vectors.

    >>> norm([3.0, 4.0])
    Tensor(5.)
    """
    of_vectors = np.ndim(x) == 1 if axis is None else np.ndim(axis) == 0
    if (ord is not None and (ord == 2) != of_vectors) or ord not in (None, 2, "fro"):
        kind, allowed = ("vectors", 2) if of_vectors else ("matrices", "'fro'")
        raise ValueError(f"ord must be None or, for {kind}, {allowed}, got {ord!r}")
    return np.linalg.norm(x, ord, axis, keepdims)


norm.vjps = (
    # \bar{x}_i = \bar{y} x_i / (y + [y = 0])        [calculus]
    lambda y_bar, y, x, ord=None, axis=None, keepdims=False: (  # noqa: A006
        _spread(y_bar / (y + (y == 0)), x, axis, keepdims) * x
    ),
)


@primitive(np.prod)
def prod(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Product over `axis`; the gradient is right where elements are 0, too.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=0)
    Tensor([3., 8.])
    """
    return np.prod(x, axis=axis, keepdims=keepdims)


def _others(x: Array, axis: Any) -> Array:
    """Return, for each element, the product over `axis` of all the others."""
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis))
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    rows = moved.reshape(*moved.shape[: x.ndim - len(axes)], _count(x, axis))
    before, after = np.ones_like(rows), np.ones_like(rows)
    before[..., 1:] = np.cumprod(rows[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(rows[..., :0:-1], axis=-1)[..., ::-1]
    return np.moveaxis((before * after).reshape(moved.shape), last, axes)


prod.vjps = (
    # \bar{x}_i = \bar{y} \prod_j x_j^{1 - [j = i]}        [calculus]
    lambda y_bar, y, x, axis=None, keepdims=False: (
        _spread(y_bar, x, axis, keepdims) * _others(x, axis)
    ),
)


@primitive(np.cumsum)
def cumsum(x: Any, axis: int | None = None) -> Any:
    """Sums of the first elements along `axis`; with axis None, of all elements in one row.

    >>> cumsum([1.0, 2.0, 3.0])
    Tensor([1., 3., 6.])
    """
    return np.cumsum(x, axis=axis)


cumsum.vjps = (
    # \bar{x}_i = \sum_j [j \ge i] \bar{y}_j        [adjoint]
    lambda y_bar, y, x, axis=None: np.reshape(
        np.flip(np.cumsum(np.flip(y_bar, axis), axis), axis), x.shape
    ),
)


def _ties(y_bar: Any, y: Any, x: Array, axis: Any, keepdims: bool) -> Any:
    """Divide y_bar equally among the elements that equal the extremum y."""
    tied = x == _spread(y, x, axis, keepdims)
    return tied * (
        _spread(y_bar, x, axis, keepdims) / np.sum(tied, axis=axis, keepdims=True, dtype=x.dtype)
    )


@primitive(np.max, np.amax)
def max(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Maximum over `axis`; elements that tie for it share the gradient equally.

    >>> max([[1.0, 4.0], [3.0, 2.0]], axis=0)
    Tensor([3., 4.])
    """
    return np.max(x, axis=axis, keepdims=keepdims)


max.vjps = (
    # \bar{x}_i = \bar{y} [x_i = y] / \sum_j [x_j = y]        [calculus]
    lambda y_bar, y, x, axis=None, keepdims=False: _ties(y_bar, y, x, axis, keepdims),
)


@primitive(np.min, np.amin)
def min(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Minimum over `axis`; elements that tie for it share the gradient equally.

    >>> min([[1.0, 4.0], [3.0, 2.0]], axis=0)
    Tensor([1., 2.])
    """
    return np.min(x, axis=axis, keepdims=keepdims)


min.vjps = (
    # \bar{x}_i = \bar{y} [x_i = y] / \sum_j [x_j = y]        [calculus]
    lambda y_bar, y, x, axis=None, keepdims=False: _ties(y_bar, y, x, axis, keepdims),
)


@primitive()
def logsumexp(x: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """Return log of the sum of e^x over `axis`, computed without overflow.

    >>> logsumexp([1000.0, 1000.0]) - 1000
    Tensor(0.69314718)
    """
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, np.zeros_like(top))  # inf - inf would be NaN
    with np.errstate(divide="ignore", over="ignore"):  # only where the result is infinite
        y = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return y if keepdims else np.squeeze(y, axis=axis)


logsumexp.vjps = (
    # \bar{x}_i = \bar{y} e^{x_i - y}        [calculus]
    lambda y_bar, y, x, axis=None, keepdims=False: (
        _spread(y_bar, x, axis, keepdims) * np.exp(x - _spread(y, x, axis, keepdims))
    ),
)
