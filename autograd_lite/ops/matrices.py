"""Operations on square matrices (..., n, n): solve, inv, slogdet, cholesky.

A matrix that is singular, or not positive definite for `cholesky`, raises NumPy's LinAlgError, and
so does a shape that is not square.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd_lite.engine import Array, Primitive, Tensor, composed, primitive


class SlogdetResult(NamedTuple):
    """What `slogdet` returns, with NumPy's names."""

    sign: Tensor
    logabsdet: Tensor


def _square(name: str, a: Any) -> Array:
    """Return matrices as an array; raise LinAlgError if they are not square."""
    array: Array = np.asarray(a)
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        raise np.linalg.LinAlgError(
            f"{name}: a must be square matrices (..., n, n), got shape {array.shape}"
        )
    return array


def _transposed(a: Any) -> Array:
    return np.swapaxes(a, -1, -2)


@primitive(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """Solution y of a y = b, for a vector b (n,) or the columns of b (..., n, k).

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not square, or singular.
    ValueError
        If `b` does not have n rows.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0])
    Tensor([0.5 , 0.25])
    """
    a, b = _square("solve", a), np.asarray(b)
    rows = b.shape[-2:][:1]
    if rows != a.shape[-1:]:
        n = a.shape[-1]
        raise ValueError(f"b must have shape ({n},) or (..., {n}, k), got {b.shape}")
    return np.linalg.solve(a, b)


def _solve(y_bar: Array, y: Array, a: Any, b: Any) -> tuple[Array, Array]:
    vector = np.ndim(b) == 1
    if vector:  # one column
        y_bar, y = y_bar[..., None], y[..., None]
    # \bar{B} = A^{-T} \bar{Y}        [Giles08 Sec. 2.3.1]
    b_bar = np.linalg.solve(_transposed(a), y_bar)
    # \bar{A} = -\bar{B} Y^T        [Giles08 Sec. 2.3.1]
    a_bar = -b_bar @ _transposed(y)
    return a_bar, b_bar[..., 0] if vector else b_bar


solve.joint_vjp = _solve


@primitive(np.linalg.inv)
def inv(a: Any) -> Any:
    """Inverse of each matrix; `solve` is faster and more accurate where a product is wanted.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not square, or singular.

    >>> inv([[2.0, 0.0], [0.0, 4.0]])
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return np.linalg.inv(_square("inv", a))


inv.vjps = (
    # \bar{A} = -Y^T \bar{Y} Y^T        [Giles08 Sec. 2.2.3]
    lambda y_bar, y, a: -_transposed(y) @ y_bar @ _transposed(y),
)


@Primitive
def sign_and_log(a: Any) -> Any:
    """Sign of det a and log |det a|, one above the other."""
    return np.stack(np.linalg.slogdet(_square("slogdet", a)))


sign_and_log.vjps = (
    # \bar{A} = \bar{l} A^{-T}        [Giles08 Sec. 2.2.4, l: logarithm]
    lambda y_bar, y, a: y_bar[1][..., None, None] * _transposed(np.linalg.inv(a)),
)


@composed(np.linalg.slogdet)
def slogdet(a: Any) -> SlogdetResult:
    """Return sign and logarithm of the determinant: det a = sign e^logabsdet.

    The gradient of the sign is 0. Backward from the logarithm needs a matrix that is not singular.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not square, or singular on the way back.

    >>> sign, logabsdet = slogdet([[0.0, 1.0], [1.0, 0.0]])
    >>> sign, logabsdet
    (Tensor(-1.), Tensor(0.))
    """
    both = sign_and_log(a)
    return SlogdetResult(both[0], both[1])


@primitive(np.linalg.cholesky)
def cholesky(a: Any) -> Any:
    """Lower triangular L with L L^T = a, for symmetric positive definite matrices.

    The gradient is symmetric, as PyTorch's.

    Raises
    ------
    numpy.linalg.LinAlgError
        If `a` is not square, or not positive definite.
    ValueError
        If `a` is not symmetric, up to rounding.

    >>> cholesky([[4.0, 2.0], [2.0, 5.0]])
    Tensor([[2., 0.],
            [1., 2.]])
    """
    a = _square("cholesky", a)
    gap, largest = np.max(np.abs(a - _transposed(a)), initial=0), np.max(np.abs(a), initial=0)
    if gap > 1e-4 * largest:
        raise ValueError(
            f"cholesky: a must be symmetric, got a difference of {gap:.3g} between a and its "
            "transpose; (a + a.T) / 2 is symmetric"
        )
    return np.linalg.cholesky((a + _transposed(a)) / 2)


def _copyltu(x: Array) -> Array:
    """Return symmetric matrices with the lower triangles of x."""
    return np.tril(x) + _transposed(np.tril(x, -1))


def _cholesky(y_bar: Array, y: Array) -> Array:
    middle = _copyltu(_transposed(y) @ y_bar)
    half = np.linalg.solve(_transposed(y), middle)
    return np.linalg.solve(_transposed(y), _transposed(half)) / 2


cholesky.vjps = (
    # \bar{A} = L^{-T} \mathrm{copyltu}(L^T \bar{L}) L^{-1} / 2
    #     [Seeger17, copyltu: lower triangle copied to the upper]
    lambda y_bar, y, a: _cholesky(y_bar, y),
)
