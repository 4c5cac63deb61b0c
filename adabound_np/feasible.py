r"""Feasible sets F and the projection onto them that the papers ask for.

\Pi_{F,A}(y) = \arg\min_{x \in F} \| A^{1/2} (x - y) \|, A = \mathrm{diag}(\eta_t^{-1})
([Luo19] Alg. 2). Algorithm 1 writes A = \sqrt{V_t}, which differs from it by the factor
\alpha_t only, and a positive factor does not move the minimum. A coordinate with \eta = 0
(infinite weight) stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from adabound_np.checks import Real, real, within

__all__ = ["Box", "FeasibleSet", "L2Ball", "Unconstrained"]


class FeasibleSet(Protocol):
    """What a feasible set can do; any object with these is one."""

    @property
    def elementwise(self) -> bool:
        """Whether the projection acts on each coordinate alone, so that blocks may be projected."""

    def project(self, y: Any, eta: Any) -> Any:
        r"""\Pi_{F, \mathrm{diag}(\eta^{-1})}(y), of y's shape."""

    def contains(self, x: Any) -> bool:
        """Whether x lies in F (up to rounding, for sets with a curved boundary)."""

    def argmin_linear(self, g: Any) -> Any:
        r"""A point of \arg\min_{x \in F} \langle g, x \rangle, of g's shape."""


@dataclass(frozen=True)
class Unconstrained:
    """All of R^d.

    Examples
    --------
    >>> Unconstrained().project(3.0, eta=0.1)
    3.0
    """

    elementwise = True

    def project(self, y: Any, eta: Any) -> Any:
        """Return y."""
        # x_{t+1} = \hat{x}_{t+1}        [Luo19 Alg. 2, for R^d]
        return y

    def contains(self, x: Any) -> bool:
        """Whether x is free of NaN."""
        return not bool(np.any(np.isnan(x)))

    def argmin_linear(self, g: Any) -> Any:
        """Raise ValueError unless g = 0: a linear function has no minimum on R^d."""
        if np.any(g):
            raise ValueError("a linear function has no minimum on an unconstrained set")
        return np.zeros_like(g)


@dataclass(frozen=True)
class Box:
    """lo <= x <= hi in each coordinate.

    Parameters
    ----------
    lo, hi : float or array
        Ends, lo <= hi; arrays broadcast against x. Infinite ends are allowed.

    Examples
    --------
    >>> Box(-1.0, 1.0).project(np.array([-3.0, 0.5]), eta=1.0)
    array([-1. ,  0.5])
    """

    lo: Real
    hi: Real

    def __post_init__(self) -> None:
        lo, hi = real("lo", self.lo), real("hi", self.hi)
        if not np.all((lo <= hi) & (lo < np.inf) & (hi > -np.inf)):
            raise ValueError(f"lo must be at most hi, got lo = {self.lo!r} and hi = {self.hi!r}")
        object.__setattr__(self, "lo", lo)
        object.__setattr__(self, "hi", hi)

    @property
    def elementwise(self) -> bool:
        """True if the ends are numbers; arrays belong to the whole x, not to a block of it."""
        return np.ndim(self.lo) == 0 == np.ndim(self.hi)

    def project(self, y: Any, eta: Any) -> Any:
        """Coordinatewise clip: for a box, the diagonal weights drop out."""
        # x_{t+1} = \mathrm{Clip}(\hat{x}_{t+1}, l, u)        [Luo19 Alg. 2, for a box]
        return np.clip(y, self.lo, self.hi)

    def contains(self, x: Any) -> bool:
        """Whether lo <= x <= hi everywhere."""
        return bool(np.all((self.lo <= x) & (x <= self.hi)))

    def argmin_linear(self, g: Any) -> Any:
        """The corner opposite to g; lo where g = 0."""
        return np.where(np.asarray(g) < 0, self.hi, self.lo)


@dataclass(frozen=True)
class L2Ball:
    r"""\| x - center \|_2 <= radius, the norm taken over one array (or over some of its axes).

    Parameters
    ----------
    radius : float
        Positive, finite.
    center : float or array
        Broadcasts against x.
    axis : int, tuple of int or None
        The axes that make one vector; None for all. With axis=-1 the leading axes are a batch
        of trajectories, each with its own ball.

    Examples
    --------
    With equal weights the projection rescales; with unequal ones it prefers to move the
    coordinate whose rate is larger.

    >>> L2Ball(1.0).project(np.array([3.0, 4.0]), eta=np.ones(2)).round(6)
    array([0.6, 0.8])
    >>> L2Ball(1.0).project(np.array([3.0, 4.0]), eta=np.array([1.0, 100.0])).round(6)
    array([0.999802, 0.019895])
    """

    radius: float
    center: Real = 0.0
    axis: int | tuple[int, ...] | None = None
    elementwise = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "radius", within("radius", self.radius, "(0, inf)"))
        object.__setattr__(self, "center", within("center", self.center, "(-inf, inf)"))
        for axis in self.axis if isinstance(self.axis, tuple) else (self.axis,):
            if axis is not None and type(axis) is not int:
                raise TypeError(
                    f"axis must be None, an integer or a tuple of them, got {self.axis!r}"
                )

    def _norm(self, z: Any) -> Any:
        # M = \max(|z|)        [definition]
        largest = np.max(np.abs(z), axis=self.axis, keepdims=True, initial=0.0)
        # u = 2^{\lfloor \log_2 M \rfloor}        [a power of 2, so that z / u is exact]
        unit = np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1)
        # z \leftarrow z / u        [squares do not overflow]
        z = z / unit
        # \| u z \| = u \sqrt{\sum_i z_i^2}        [definition]
        return unit * np.sqrt(np.sum(z * z, axis=self.axis, keepdims=True))

    def project(self, y: Any, eta: Any) -> Any:
        r"""Weighted projection, by Newton's method on the multiplier of the constraint.

        With z = y - center, stationarity gives x_i - c_i = z_i / (1 + \lambda \eta_i) for the
        \lambda >= 0 with \| x - c \| = radius. 1/\|x(\lambda) - c\| is concave and increasing
        in \lambda, so Newton's method on 1/radius - 1/\|x(\lambda) - c\| from \lambda = 0
        rises to the root without overshooting, quadratically in the end.
        """
        y = np.asarray(y)
        eta = np.broadcast_to(np.asarray(eta, dtype=y.dtype), y.shape)
        # z = \hat{x}_{t+1} - c        [definition]
        z = y - np.asarray(self.center, dtype=y.dtype)
        # n = \| z \|        [definition]
        norm = self._norm(z)
        # o = [n > r]        [definition]
        outside = norm > self.radius
        if not outside.any():
            # x_{t+1} = \hat{x}_{t+1}        [Luo19 Alg. 2, inside the ball]
            return y
        if not np.all(self._norm(np.where(eta > 0, 0, z)) <= self.radius):
            raise ValueError(
                "the point cannot be projected: coordinates with rate 0 stay where they are, "
                f"and alone they lie outside the ball of radius {self.radius!r}"
            )
        # \eta \leftarrow \eta / \max(\eta)        [no factor of \eta moves the minimum]
        eta = eta / np.max(eta, axis=self.axis, keepdims=True, initial=np.finfo(y.dtype).tiny)
        # \lambda = 0        [Newton, start]
        lam = np.zeros_like(norm)
        for _ in range(100):
            # w = z / (1 + \lambda \eta)        [KKT of \Pi_{F,A}, A = diag(1/\eta)]
            w = z / (1 + lam * eta)
            # n = \| w \|        [definition]
            norm = self._norm(w)
            with np.errstate(divide="ignore", invalid="ignore"):
                # q = w / n        [definition]
                q = w / norm
                # \sigma = \sum_i q_i^2 \eta_i / (1 + \lambda \eta_i)        [-n'/n, n' in \lambda]
                slope = np.sum(q * q * eta / (1 + lam * eta), axis=self.axis, keepdims=True)
                # \Delta = (n / r - 1) / \sigma        [Newton on 1/r - 1/n]
                rise = (norm / self.radius - 1) / slope
            # \Delta \leftarrow o [\Delta > 0] \Delta        [only outward points move]
            rise = np.where(outside & (rise > 0), rise, 0)
            # \lambda \leftarrow \lambda + \Delta        [Newton]
            lam = lam + rise
            if np.all(rise <= 4 * np.finfo(y.dtype).eps * lam):
                break
        # w = z / (1 + \lambda \eta)        [KKT of \Pi_{F,A}, A = diag(1/\eta)]
        w = z / (1 + lam * eta)
        # x_{t+1} = o (c + w) + (1 - o) \hat{x}_{t+1}        [Luo19 Alg. 2, for a ball]
        return np.where(outside, self.center + w, y).astype(y.dtype, copy=False)

    def contains(self, x: Any) -> bool:
        """Whether x lies in the ball, up to 1e-6 of the radius (1e-12 in float64)."""
        z = np.asarray(x) - self.center
        slack = 1e-12 if z.dtype == np.float64 else 1e-6
        return bool(np.all(self._norm(z) <= self.radius * (1 + slack)))

    def argmin_linear(self, g: Any) -> Any:
        """The point of the sphere opposite to g; the center where g = 0."""
        norm = self._norm(np.asarray(g))
        return self.center - self.radius * np.asarray(g) / np.where(norm == 0, 1, norm)
