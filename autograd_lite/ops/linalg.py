"""Products of matrices and of tensors."""

from __future__ import annotations

import math
from string import ascii_letters
from typing import Any

import numpy as np

from autograd_lite.engine import Array, Tensor, composed, primitive
from autograd_lite.ops.arguments import whole
from autograd_lite.ops.elementwise import multiply
from autograd_lite.ops.reduce import sum
from autograd_lite.ops.shape import getitem, moveaxis, reshape


@primitive(np.matmul)
def matmul(a: Any, b: Any) -> Any:
    """Matrix product, batched over leading axes; 1-D arguments are a row and a column.

    >>> matmul([[1.0, 2.0]], [3.0, 4.0])
    Tensor([11.])
    """
    return np.matmul(a, b)


def _matmul_left(y_bar: Any, a: Array, b: Array) -> Any:
    if b.ndim == 1:
        return y_bar[..., None] * b
    if a.ndim == 1:
        return (y_bar[..., None, :] @ np.swapaxes(b, -1, -2))[..., 0, :]
    return y_bar @ np.swapaxes(b, -1, -2)


def _matmul_right(y_bar: Any, a: Array, b: Array) -> Any:
    if a.ndim == 1:
        return a[:, None] * y_bar[..., None, :] if b.ndim > 1 else a * y_bar
    if b.ndim == 1:
        return (np.swapaxes(a, -1, -2) @ y_bar[..., None])[..., 0]
    if b.ndim == 2:  # one matrix for the whole batch: one product instead of a sum of them
        return _rows(a).T @ _rows(y_bar)
    return np.swapaxes(a, -1, -2) @ y_bar


matmul.vjps = (
    # \bar{A} = \bar{Y} B^T        [Giles08 Sec. 2.2.2]
    lambda y_bar, y, a, b: _matmul_left(y_bar, np.asarray(a), np.asarray(b)),
    # \bar{B} = A^T \bar{Y}        [Giles08 Sec. 2.2.2]
    lambda y_bar, y, a, b: _matmul_right(y_bar, np.asarray(a), np.asarray(b)),
)


@composed(np.dot)
def dot(a: Any, b: Any) -> Tensor:
    """Product of vectors, of matrices, or of anything with a number.

    Raises
    ------
    ValueError
        If b has more than two axes; `matmul` and `einsum` take those.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    Tensor(11.)
    """
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    if np.ndim(b) > 2:
        raise ValueError(
            f"b must have at most two axes, got shape {np.shape(b)}; use matmul or einsum"
        )
    return matmul(a, b)


@composed(np.outer)
def outer(a: Any, b: Any) -> Tensor:
    """Products of every element of a with every element of b.

    >>> outer([1.0, 2.0], [3.0, 4.0])
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


@composed(np.trace)
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum of a diagonal of each matrix in the axes `axis1` and `axis2`.

    Raises
    ------
    TypeError
        If `offset` is not an int.
    ValueError
        If x has not these two axes.

    >>> trace([[1.0, 2.0], [3.0, 4.0]])
    Tensor(5.)
    """
    offset = whole("offset", offset, -np.size(x))
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows = np.arange(x.shape[-2])
    rows = rows[(rows >= -offset) & (rows < x.shape[-1] - offset)]
    return sum(getitem(x, (..., rows, rows + offset)), -1)


def _rows(x: Array) -> Array:
    """Return x as a matrix, all axes but the last flattened into one."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


@primitive()
def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """Return x W^T + b for x (..., in), weight (out, in) and bias (out,), as one operation.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    >>> linear([[1.0, 2.0]], [[3.0, 4.0]], [0.5])
    Tensor([[11.5]])
    """
    x, weight = np.asarray(x), np.asarray(weight)
    if weight.ndim != 2 or x.shape[-1:] != weight.shape[1:]:
        raise ValueError(f"x (..., in) and weight (out, in): got {x.shape} and {weight.shape}")
    if bias is not None and np.shape(bias) != weight.shape[:1]:
        raise ValueError(f"bias must have shape {weight.shape[:1]}, got {np.shape(bias)}")
    y = np.asarray(_rows(np.atleast_2d(x)) @ weight.T)
    if bias is not None:
        y += bias
    return y.reshape(*x.shape[:-1], weight.shape[0])


linear.vjps = (
    # \bar{X} = \bar{Y} W        [Giles08 Sec. 2.2.2]
    lambda y_bar, y, x, weight, bias=None: y_bar @ weight,
    # \bar{W} = \bar{Y}^T X        [Giles08 Sec. 2.2.2]
    lambda y_bar, y, x, weight, bias=None: _rows(np.atleast_2d(y_bar)).T @ _rows(np.atleast_2d(x)),
    # \bar{b}_j = \sum_n \bar{Y}_{nj}        [Giles08 Sec. 2.2.1]
    lambda y_bar, y, x, weight, bias=None: y_bar,
)


@primitive(np.einsum)
def einsum(subscripts: str, *operands: Any) -> Any:
    """Sum of products in Einstein's notation, with an ellipsis or an implicit output if wanted.

    Raises
    ------
    TypeError
        If `subscripts` is not a string; NumPy's form with lists of axes is not supported.
    ValueError
        If the subscripts do not fit the operands.

    >>> einsum("ij,j->i", [[1.0, 2.0]], [3.0, 4.0])
    Tensor([11.])
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"subscripts must be a string such as 'ij,jk->ik', got {subscripts!r}")
    terms, output = _spell_out(subscripts, operands)
    y: Array = np.einsum(f"{','.join(terms)}->{output}", *operands, optimize=len(operands) > 2)
    return y


def _spell_out(subscripts: str, operands: Any) -> tuple[list[str], str]:
    """Return the subscripts of the operands and of the output, without spaces or ellipses."""
    given, arrow, output = subscripts.replace(" ", "").partition("->")
    free = [letter for letter in ascii_letters if letter not in subscripts]
    terms, dots = given.split(","), ""
    if len(terms) != len(operands):
        raise ValueError(
            f"subscripts {subscripts!r} are for {len(terms)} operands, got {len(operands)}"
        )
    for k, (term, operand) in enumerate(zip(terms, operands, strict=True)):
        if "..." in term:
            extra = np.ndim(operand) - len(term) + 3
            letters = "".join(free[:extra][::-1])  # aligned from the right, as broadcasting is
            terms[k] = term.replace("...", letters)
            dots = max(dots, letters, key=len)
    if not arrow:
        once = [letter for letter in given if given.count(letter) == 1 and letter.isalpha()]
        output = "..." + "".join(sorted(once))
    return terms, output.replace("...", dots)


def _einsum_joint(y_bar: Any, y: Any, subscripts: str, *operands: Any) -> tuple[Any, ...]:
    terms, output = _spell_out(subscripts, operands)
    # \bar{x} = S^T \bar{y}        [adjoint of y = S x, for each operand x alone]
    return (None, *[_einsum_operand(y_bar, k, terms, output, operands) for k in range(len(terms))])


def _einsum_operand(y_bar: Any, k: int, terms: list[str], output: str, operands: Any) -> Array:
    shape = np.shape(operands[k])
    others = [(terms[i], operands[i]) for i in range(len(terms)) if i != k]
    own = "".join(dict.fromkeys(terms[k]))
    sizes = dict(zip(terms[k], shape, strict=True))
    met = output + "".join(term for term, _ in others)
    alone = [(letter, np.ones(sizes[letter], y_bar.dtype)) for letter in own if letter not in met]
    factors = [(output, y_bar), *others, *alone]
    spelled = ",".join(term for term, _ in factors)
    x_bar: Array = np.einsum(f"{spelled}->{own}", *[factor for _, factor in factors], optimize=True)
    own_shape = tuple([sizes[letter] for letter in own])
    if x_bar.shape != own_shape:  # an axis of length 1 met longer ones here, or there
        ones = tuple([i for i, n in enumerate(own_shape) if n == 1])
        x_bar = np.broadcast_to(x_bar.sum(axis=ones, keepdims=True), own_shape)
    if len(own) == len(terms[k]):
        return x_bar
    diagonal = np.zeros(shape, x_bar.dtype)
    np.einsum(f"{terms[k]}->{own}", diagonal)[...] = x_bar
    return diagonal


einsum.joint_vjp = _einsum_joint
