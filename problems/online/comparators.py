r"""Best fixed points in hindsight, with a certificate of how far from the best they can be.

Every f_t is convex, so that with \lambda_t a slope of \varphi at z_t = \langle a_t, x \rangle,

    \min_{y \in F} \sum_t f_t(y) \ge \sum_t \left( \varphi(z_t, b_t) - \lambda_t z_t \right)
        + \min_{y \in F} \langle \sum_t \lambda_t a_t, y \rangle,

and the last minimum is known exactly on a box or ball. The difference to \sum_t f_t(x) is the
duality gap, whatever solver found x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box, L2Ball

__all__ = ["LOSSES", "TOLERANCE", "Certified", "Loss", "certified_minimum"]

Floats = NDArray[np.float64]
#: The gap, as a share of the least total loss (or of 1), that the solvers go for.
TOLERANCE = 1e-6


class Loss(NamedTuple):
    r"""\varphi(z, b), convex in z, and a subgradient of it in z."""

    value: Callable[[Any, Any], Any]
    slope: Callable[[Any, Any], Any]
    #: Whether |slope| is at most 1, whatever z is.
    lipschitz: bool


#: Name -> \varphi(z, b).
LOSSES: dict[str, Loss] = {
    # \varphi(z, b) = z
    "linear": Loss(lambda z, b: z, lambda z, b: np.ones_like(z), True),
    # \varphi(z, b) = \log(1 + \exp(-b z)), b = -1 or 1
    "logistic": Loss(
        lambda z, b: np.logaddexp(0, -b * z),
        lambda z, b: -b * np.exp(-np.logaddexp(0, b * z)),
        True,
    ),
    # \varphi(z, b) = |z - b|
    "absolute": Loss(lambda z, b: np.abs(z - b), lambda z, b: np.sign(z - b), True),
    # \varphi(z, b) = (z - b)^2 / 2
    "quadratic": Loss(lambda z, b: (z - b) ** 2 / 2, lambda z, b: z - b, False),
}


class Certified(NamedTuple):
    r"""A point x of F, its total loss, and a lower bound of the least total loss on F.

    The least total loss lies in [lower, value]; `method` names the solver.
    """

    x: Floats
    value: float
    lower: float
    method: str

    @property
    def gap(self) -> float:
        """How much less than `value` the least total loss can be."""
        return self.value - self.lower


def certified_minimum(kind: str, A: Floats, b: Floats, feasible: Box | L2Ball) -> Certified:
    r"""Minimize \sum_t \varphi(\langle a_t, x \rangle, b_t) over F.

    Parameters
    ----------
    kind : str
        A key of `LOSSES`.
    A, b : array of float, shapes (T, d) and (T,)
        a_t and b_t.
    feasible : Box or L2Ball
        F; its ends finite.
    """
    x, slopes, method = _SOLVERS[kind](A, b, feasible)
    return _certify(kind, A, b, feasible, x, slopes, method)


def _certify(
    kind: str, A: Floats, b: Floats, feasible: Any, x: Floats, slopes: Any, method: str
) -> Certified:
    loss, z = LOSSES[kind], A @ x
    value = float(np.sum(loss.value(z, b)))
    if slopes is None:
        slopes, at = loss.slope(z, b), loss.value(z, b)
    else:  # of |z - b|, which is at least \lambda (z - b) for every \lambda in [-1, 1]
        slopes = np.clip(slopes, -1, 1)
        at = slopes * (z - b)
    g = slopes @ A
    lower = float(np.sum(at - slopes * z) + g @ feasible.argmin_linear(g))
    return Certified(x, value, min(lower, value), method)


def _ends(feasible: Box, d: int) -> tuple[Floats, Floats]:
    return np.broadcast_to(feasible.lo, d) * 1.0, np.broadcast_to(feasible.hi, d) * 1.0


def _linear(A: Floats, b: Floats, feasible: Any) -> tuple[Floats, None, str]:
    return feasible.argmin_linear(A.sum(axis=0)), None, "closed form"


def _logistic(A: Floats, b: Floats, feasible: Any) -> tuple[Floats, None, str]:
    from scipy.optimize import minimize

    n, d = A.shape

    def mean_and_gradient(x: Floats) -> tuple[float, Floats]:
        z = b * (A @ x)
        share = np.exp(-np.logaddexp(0, z))
        return float(np.mean(np.logaddexp(0, -z))), -(b * share) @ A / n

    if isinstance(feasible, Box):
        ends = np.transpose(_ends(feasible, d))
        solved = minimize(
            mean_and_gradient,
            ends.mean(axis=1),
            jac=True,
            method="L-BFGS-B",
            bounds=ends,
            options={"ftol": 1e-16, "gtol": 1e-11, "maxiter": 1000},
        )
        return np.clip(solved.x, *ends.T), None, "minimize (L-BFGS-B)"
    center, r = np.broadcast_to(feasible.center, d), feasible.radius

    def hessian(x: Floats) -> Floats:
        share = np.exp(-np.logaddexp(0, b * (A @ x)))
        H: Floats = (A.T * (share * (1 - share))) @ A / n
        return H

    def penalized(weight: float, x: Floats) -> Floats:
        """The minimum of mean + weight/2 |x - center|^2, by Newton's method from x."""
        for _ in range(100):
            gradient = mean_and_gradient(x)[1] + weight * (x - center)
            step = np.linalg.solve(hessian(x) + weight * np.eye(d), gradient)
            x = x - step / max(1.0, float(np.linalg.norm(step)) / r)
            if np.linalg.norm(step) <= 1e-14 * r:
                break
        return x

    return (
        _on_the_ball(lambda weight: penalized(weight, center * 1.0), center, r),
        None,
        "Newton, brentq",
    )


def _on_the_ball(path: Any, center: Floats, r: float) -> Floats:
    """The point of a path of penalized minima that has the ball's radius; or the free minimum."""
    from scipy.optimize import brentq

    def excess(log_weight: float) -> float:
        return float(np.linalg.norm(path(np.exp(log_weight)) - center)) / r - 1

    least, most = -30.0, 30.0
    x = path(np.exp(least))
    if excess(least) > 0:
        x = path(np.exp(brentq(excess, least, most, xtol=1e-13, rtol=1e-14)))
    outside = max(1.0, float(np.linalg.norm(x - center)) / r)
    result: Floats = center + (x - center) / outside
    return result


def _quadratic(A: Floats, b: Floats, feasible: Any) -> tuple[Floats, None, str]:
    from scipy.optimize import lsq_linear

    d = A.shape[1]
    if isinstance(feasible, Box):
        # the triangular factor has the same least squares problem, in d rows
        Q, R = np.linalg.qr(A)
        solved = lsq_linear(R, Q.T @ b, bounds=_ends(feasible, d), method="bvls", tol=1e-14)
        return np.clip(solved.x, *_ends(feasible, d)), None, "lsq_linear"
    center = np.broadcast_to(feasible.center, d)
    values, U = np.linalg.eigh(A.T @ A)
    right = U.T @ (A.T @ (b - A @ center))

    def penalized(weight: float) -> Floats:
        x: Floats = center + U @ (right / (values + weight * len(A)))
        return x

    return _on_the_ball(penalized, center, feasible.radius), None, "brentq"


def _absolute(A: Floats, b: Floats, feasible: Any, cuts: int = 200) -> tuple[Floats, Any, str]:
    r"""\min \sum_t u_t, -u \le A x - b \le u: a linear program.

    A ball is cut out of the cube around it, plane by plane, where the solution sticks out.
    """
    from scipy.optimize import linprog

    n, d = A.shape
    ball = isinstance(feasible, L2Ball)
    center = np.broadcast_to(feasible.center, d) if ball else np.zeros(d)
    lo, hi = (center - feasible.radius, center + feasible.radius) if ball else _ends(feasible, d)
    rows = np.block([[A, -np.eye(n)], [-A, -np.eye(n)]])
    limits = np.concatenate([b, -b])
    bounds = np.concatenate([np.transpose([lo, hi]), np.tile([0.0, np.inf], (n, 1))])
    cost = np.concatenate([np.zeros(d), np.ones(n)])
    best: Certified | None = None
    for _ in range(cuts):
        solved = linprog(cost, rows, limits, bounds=bounds, method="highs")
        duals = -solved.ineqlin.marginals
        slopes, x = duals[:n] - duals[n : 2 * n], np.clip(solved.x[:d], lo, hi)
        if not ball:
            return x, slopes, "linprog"
        outward = (x - center) / feasible.radius
        length = float(np.linalg.norm(outward))
        now = _certify(
            "absolute", A, b, feasible, center + (x - center) / max(length, 1.0), slopes, "linprog"
        )
        if best is None or now.gap < best.gap:
            best, best_slopes = now, slopes
        if best.gap <= TOLERANCE * max(1.0, abs(best.value)):
            break
        cut = np.concatenate([outward / length, np.zeros(n)])
        rows = np.vstack([rows, cut])
        limits = np.append(limits, feasible.radius + outward @ center / length)
    assert best is not None
    return best.x, best_slopes, f"linprog, {len(limits) - 2 * n} cuts"


_SOLVERS: dict[str, Any] = {
    "linear": _linear,
    "logistic": _logistic,
    "absolute": _absolute,
    "quadratic": _quadratic,
}
