r"""Rates against curvature: which rates are stable on a loss.

Near a point the loss is a quadratic with Hessian H. With frozen rates \eta, each eigenvector of
the matrix S = D^{1/2} H D^{1/2}, D = \mathrm{diag}(\eta), makes its own recursion: with the
eigenvalue \lambda and m_t = \gamma m_{t-1} + (1 - \tau) z_t it is z_{t+1} = z_t - \lambda m_t, with
the characteristic polynomial q(r) = r^2 - (1 + \gamma - (1 - \tau) \lambda) r + \gamma. Both roots
are inside the unit circle if and only if \gamma < 1, q(1) > 0 and q(-1) > 0 (Jury). As \lambda
grows, q(-1) = 2 (1 + \gamma) - (1 - \tau) \lambda is what fails. Nesterov's m_t = z_t + \gamma
b_t, b_t = \gamma b_{t-1} + z_t, has q(r) = r^2 - (1 + \gamma)(1 - \lambda) r + \gamma (1 -
\lambda), and q(-1) = 2 (1 + \gamma) - (1 + 2 \gamma) \lambda. So \lambda must stay below the
threshold:

* SGD, AdaGrad, RMSprop, where m_t = g_t: 2;
* SGD with momentum, where \tau = 0: 2 (1 + \gamma);
* Adam, AMSGrad, AdaBound, CSGD, where \tau = \gamma: 2 (1 + \gamma) / (1 - \gamma);
* Nesterov's momentum: 2 (1 + \gamma) / (1 + 2 \gamma).

The largest eigenvalue of H is the sharpness; the largest eigenvalue of S is the preconditioned
sharpness [Cohen22].
Where it is above the threshold, the rate is extreme for this loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Constant, Optimizer

if TYPE_CHECKING:
    from scipy.sparse.linalg import LinearOperator

__all__ = ["hessian", "sharpness", "stability_threshold", "threshold"]

Vector = NDArray[np.float64]
#: Dimensions up to which all columns of H are taken, for LAPACK.
FEW = 16
#: Restarts of Lanczos' method, some 20 products each; a handful is usual.
RESTARTS = 40


def stability_threshold(gamma: float = 0.0, tau: float = 0.0, *, nesterov: bool = False) -> float:
    r"""Return the eigenvalue from which the recursion of m_t is not stable.

    Parameters
    ----------
    gamma : float
        Momentum \gamma in [0, 1).
    tau : float
        Dampening \tau in [0, 1).
    nesterov : bool
        Whether m_t is Nesterov's; then \tau is 0.

    Examples
    --------
    >>> stability_threshold(), stability_threshold(0.9), round(stability_threshold(0.9, 0.9), 9)
    (2.0, 3.8, 38.0)
    """
    if nesterov:
        return 2 * (1 + gamma) / (1 + 2 * gamma)
    return 2 * (1 + gamma) / (1 - tau)


def threshold(optimizer: Optimizer) -> float | None:
    """Return the threshold of an optimizer; None if its m_t is not one of the known forms.

    A schedule of momentum counts with its value at step 1000.

    Examples
    --------
    >>> from adabound_np import SGD, AdaBound
    >>> round(threshold(AdaBound()), 9), threshold(SGD(momentum=0.9, lr=0.1))
    (38.0, 3.8)
    """
    h, kept = optimizer.hyper, optimizer.State._fields
    for name in ("beta1", "beta", "gamma"):
        momentum = getattr(h, name, None)
        if momentum is not None:
            gamma = float(momentum.value if isinstance(momentum, Constant) else momentum(1000))
            dampened = gamma if "m" in kept else float(getattr(h, "tau", 0.0))
            if "m" in kept or "b" in kept:
                return stability_threshold(gamma, dampened, nesterov=getattr(h, "nesterov", False))
    return None if {"m", "b"} & set(kept) else stability_threshold()


def hessian(gradient: Callable[[Vector], Vector], x: Vector) -> LinearOperator:
    r"""Return H at x as a linear operator, by central differences of exact gradients.

    H v = (\nabla f(x + e v) - \nabla f(x - e v)) / (2 e), with e \|v\| = (2^{-52})^{1/3} \max(1,
    \|x\| / \sqrt{d}): the error is of the order of 10^{-10}, relative to \|H\| and the third
    derivative.

    Parameters
    ----------
    gradient : callable
        Gives \nabla f, an array of float64 of x's shape (d,), at a point.
    x : array of float64, shape (d,)
        The point.

    Examples
    --------
    >>> H = hessian(lambda x: np.array([x[0] ** 3, 2.0 * x[1]]), np.array([1.0, 5.0]))
    >>> H.matvec(np.array([1.0, 1.0])).round(6)
    array([3., 2.])
    """
    from scipy.sparse.linalg import LinearOperator

    size = len(x)
    step = np.finfo(float).eps ** (1 / 3) * max(1.0, float(np.linalg.norm(x)) / size**0.5)

    def product(v: Vector) -> Vector:
        v = np.ravel(v)
        norm = float(np.linalg.norm(v))
        if norm == 0:
            return np.zeros(size)
        e = step / norm
        slope: Vector = (gradient(x + e * v) - gradient(x - e * v)) / (2 * e)
        return slope

    return LinearOperator((size, size), matvec=product, dtype=np.float64)


def sharpness(
    gradient: Callable[[Vector], Vector], x: Vector, rates: Vector | None = None
) -> float:
    r"""Return the largest eigenvalue of H at x, or of S with D = diag(rates), see above.

    Parameters
    ----------
    gradient, x
        As for `hessian`.
    rates : array of float64, shape (d,), optional
        \eta_t of each coordinate.

    Returns
    -------
    float
        By Lanczos' method (`scipy.sparse.linalg.eigsh`), to 1e-6 of itself; NaN where the
        gradients are not finite, or too rough for it to converge, as on the way to overflow.

    Examples
    --------
    >>> def gradient(x):
    ...     return np.array([10.0, 1.0]) * x
    >>> round(sharpness(gradient, np.ones(2)), 6)
    10.0
    >>> round(sharpness(gradient, np.ones(2), np.array([0.1, 4.0])), 6)
    4.0
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    if not np.all(np.isfinite(gradient(x))):
        return np.nan
    H, root = hessian(gradient, x), np.sqrt(np.ones(len(x)) if rates is None else rates)
    if len(x) <= FEW:
        matrix = np.array([root * H.matvec(column) for column in np.diag(root)])
        if not np.all(np.isfinite(matrix)):
            return np.nan
        return float(np.linalg.eigvalsh((matrix + matrix.T) / 2)[-1])
    scaled = LinearOperator(H.shape, matvec=lambda v: root * H.matvec(root * np.ravel(v)))
    start = np.random.default_rng(0).normal(size=len(x))
    options: dict[str, Any] = {"which": "LA", "tol": 1e-6, "maxiter": RESTARTS, "v0": start}
    try:
        return float(eigsh(scaled, k=1, return_eigenvectors=False, **options)[0])
    except (ArpackError, np.linalg.LinAlgError):
        return np.nan
