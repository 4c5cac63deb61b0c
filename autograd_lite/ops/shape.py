r"""Operations that move elements about.

They are linear, y = S x with S of zeros and ones, and their rule is the adjoint
\bar{x} = S^T \bar{y}: every gradient goes back to where its element came from.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from autograd_lite.engine import Array, Primitive, Tensor, composed, primitive


@primitive(np.reshape)
def reshape(x: Any, shape: Any) -> Any:
    """Return the same elements, in row-major order, in another shape (-1: whatever fits).

    >>> reshape([1.0, 2.0, 3.0, 4.0], (2, -1))
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return np.reshape(x, shape)


reshape.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, shape: np.reshape(y_bar, x.shape),
)


@composed(np.ravel)
def ravel(x: Any) -> Tensor:
    """Return all elements in one row; ``x.flatten()`` is the same.

    >>> ravel([[1.0, 2.0], [3.0, 4.0]])
    Tensor([1., 2., 3., 4.])
    """
    return reshape(x, -1)


@primitive(np.transpose, np.permute_dims)
def transpose(x: Any, axes: Any = None) -> Any:
    """Permute the axes: axis i of the result is axis axes[i] of x; reverse them if None.

    >>> transpose([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return np.transpose(x, axes)


transpose.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, axes=None: np.transpose(
        y_bar, None if axes is None else np.argsort([i % x.ndim for i in axes])
    ),
)


@primitive(np.swapaxes)
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes.

    >>> swapaxes([[1.0, 2.0], [3.0, 4.0]], 0, 1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return np.swapaxes(x, axis1, axis2)


swapaxes.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, axis1, axis2: np.swapaxes(y_bar, axis1, axis2),
)


@primitive(np.moveaxis)
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Move axes to other places; the rest keep their order.

    >>> moveaxis([[1.0, 2.0]], 0, 1).shape
    (2, 1)
    """
    return np.moveaxis(x, source, destination)


moveaxis.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, source, destination: np.moveaxis(y_bar, destination, source),
)


@primitive(np.expand_dims)
def expand_dims(x: Any, axis: Any) -> Any:
    """Insert axes of length 1.

    >>> expand_dims([1.0, 2.0], 0).shape
    (1, 2)
    """
    return np.expand_dims(x, axis)


expand_dims.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, axis: np.reshape(y_bar, x.shape),
)


@primitive(np.squeeze)
def squeeze(x: Any, axis: Any = None) -> Any:
    """Remove axes of length 1: those given, or all.

    >>> squeeze([[1.0, 2.0]]).shape
    (2,)
    """
    return np.squeeze(x, axis)


squeeze.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, axis=None: np.reshape(y_bar, x.shape),
)


@primitive(np.broadcast_to)
def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeat x along new axes and along those of length 1.

    >>> broadcast_to([1.0, 2.0], (2, 2))
    Tensor([[1., 2.],
            [1., 2.]])
    """
    return np.broadcast_to(x, shape)


broadcast_to.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint; the copies are summed by `pull`]
    lambda y_bar, y, x, shape: y_bar,
)


def _scatter(y_bar: Any, x: Array, index: Any) -> Array:
    """Add y_bar into zeros of the shape of x at `index`, whose places may repeat."""
    x_bar = np.zeros(x.shape, y_bar.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(
        part is None
        or part is Ellipsis
        or isinstance(part, (slice, int, np.integer))
        or np.asarray(part).dtype == bool
        for part in parts
    ):  # slices, integers and masks meet no place twice
        x_bar[index] = y_bar
    else:
        np.add.at(x_bar, index, y_bar)
    return x_bar


@primitive(operator.getitem)
def getitem(x: Any, index: Any) -> Any:
    """Return x[index], with slices, integers, None, Ellipsis, and integer or boolean arrays.

    >>> getitem([1.0, 2.0, 3.0], [0, 0, 2])
    Tensor([1., 1., 3.])
    """
    return np.asarray(x)[index]


getitem.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, index: _scatter(y_bar, x, index),
)


@composed(np.repeat)
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element along `axis`; with axis None, of all elements in one row.

    Raises
    ------
    TypeError
        If `repeats` is not an int or several, one for each element.
    ValueError
        If one of them is negative, or their number is another.

    >>> repeat([1.0, 2.0], [1, 2])
    Tensor([1., 2., 2.])
    """
    x, axis = (reshape(x, -1), 0) if axis is None else (x, axis)
    n, counts = np.shape(x)[axis], np.asarray(repeats)
    if counts.dtype.kind not in "iu":
        raise TypeError(f"repeats must be integers, got {repeats!r}")
    if counts.size not in (1, n) or counts.ndim > 1 or np.any(counts < 0):
        raise ValueError(f"repeats must be one int, or {n}, of at least 0, got {repeats!r}")
    index = np.repeat(np.arange(n), counts)
    return getitem(x, (*[slice(None)] * (axis % np.ndim(x)), index))


@Primitive
def join(*arrays: Any, axis: int = 0) -> Any:
    """Concatenate arrays given one by one."""
    return np.concatenate(arrays, axis=axis)


def _part(y_bar: Any, y: Any, *arrays: Any, axis: int = 0) -> tuple[Any, ...]:
    ends = np.cumsum([np.shape(array)[axis] for array in arrays])[:-1]
    # \bar{x} = S^T \bar{y}        [adjoint, for each array x alone]
    return tuple(np.split(y_bar, ends, axis=axis))


join.joint_vjp = _part


@composed(np.concatenate)
def concatenate(tensors: Sequence[Any], axis: int | None = 0) -> Tensor:
    """Join along an axis that all have; with axis None, all elements in one row.

    >>> concatenate([[1.0], [2.0, 3.0]])
    Tensor([1., 2., 3.])
    """
    if axis is None:
        tensors, axis = [reshape(tensor, -1) for tensor in tensors], 0
    return join(*tensors, axis=axis)


@composed(np.stack)
def stack(tensors: Sequence[Any], axis: int = 0) -> Tensor:
    """Join tensors of one shape along a new axis.

    >>> stack([[1.0, 2.0], [3.0, 4.0]], axis=1)
    Tensor([[1., 3.],
            [2., 4.]])
    """
    return join(*[expand_dims(tensor, axis) for tensor in tensors], axis=axis)


@composed(np.vstack)
def vstack(tensors: Sequence[Any]) -> Tensor:
    """Join along the first axis; a vector is a row.

    >>> vstack([[1.0, 2.0], [3.0, 4.0]])
    Tensor([[1., 2.],
            [3., 4.]])
    """
    return concatenate([t if np.ndim(t) > 1 else reshape(t, (1, -1)) for t in tensors])


@composed(np.hstack)
def hstack(tensors: Sequence[Any]) -> Tensor:
    """Join along the second axis, or vectors and numbers in one row.

    >>> hstack([[1.0, 2.0], [3.0]])
    Tensor([1., 2., 3.])
    """
    parts = [t if np.ndim(t) else reshape(t, -1) for t in tensors]
    return concatenate(parts, axis=1 if parts and np.ndim(parts[0]) > 1 else 0)


@composed(np.split)
def split(x: Any, parts: Any, axis: int = 0) -> list[Tensor]:
    """Cut into `parts` equal pieces, or before each of the indices that `parts` lists.

    Raises
    ------
    ValueError
        If the axis does not divide into that many equal pieces.

    >>> split([1.0, 2.0, 3.0], [1])
    [Tensor([1.]), Tensor([2., 3.])]
    """
    n = np.shape(x)[axis]
    if isinstance(parts, (int, np.integer)):
        parts = int(parts)
        if n % parts:
            raise ValueError(f"parts must divide the {n} elements of axis {axis}, got {parts}")
        parts = range(n // parts, n, n // parts)
    before = (slice(None),) * (axis % np.ndim(x))
    ends = [0, *parts, n]
    return [getitem(x, (*before, slice(*pair))) for pair in pairwise(ends)]


@primitive(np.pad)
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> Any:
    """Surround with a constant; `pad_width` is one int or ((before, after), ...) per axis.

    Raises
    ------
    ValueError
        If `mode` is not "constant".

    >>> pad([1.0, 2.0], (1, 0))
    Tensor([0., 1., 2.])
    """
    if mode != "constant":
        raise ValueError(f"mode must be 'constant', got {mode!r}")
    return np.pad(x, pad_width, constant_values=constant_values)


def _unpad(y_bar: Any, x: Array, pad_width: Any) -> Any:
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    pairs = zip(widths[:, 0], x.shape, strict=True)
    return y_bar[tuple(slice(before, before + n) for before, n in pairs)]


pad.vjps = (
    # \bar{x} = S^T \bar{y}        [adjoint]
    lambda y_bar, y, x, pad_width, mode="constant", constant_values=0.0: _unpad(
        y_bar, x, pad_width
    ),
)
