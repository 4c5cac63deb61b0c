r"""Online losses in d dimensions: f_t(x) = \varphi(\langle a_t, x \rangle, b_t) on a box or ball.

Linear, logistic, absolute and quadratic losses, with random or adversarial a_t and b_t. The
regret is taken against a comparator with a certificate (`problems.online.comparators`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box, L2Ball
from adabound_np.checks import known, positive_int
from problems.online.comparators import LOSSES, Certified, Loss, certified_minimum

__all__ = ["DATA", "LOSSES", "Loss", "Round", "VectorProblem", "vector_problem"]

Floats = NDArray[np.float64]


#: How a_t and b_t come about.
DATA = ("random", "adversarial")


class Round(NamedTuple):
    """f_t: a function of x with a subgradient."""

    loss: Loss
    a: Floats
    b: float

    def __call__(self, x: Any) -> Any:
        """The loss at x."""
        return self.loss.value(self.a @ x, self.b)

    def gradient(self, x: Any) -> Any:
        r"""\varphi'(\langle a_t, x \rangle, b_t) a_t."""
        return self.loss.slope(self.a @ x, self.b) * self.a


@dataclass(frozen=True, eq=False)
class VectorProblem:
    """Losses f_1, ..., f_T on F.

    Attributes
    ----------
    kind : str
        A key of `LOSSES`.
    A, b : array of float, shapes (T, d) and (T,)
        a_t and b_t.
    feasible : Box or L2Ball
        F.
    """

    kind: str
    A: Floats
    b: Floats
    feasible: Box | L2Ball

    @property
    def dimension(self) -> int:
        """Return d."""
        return int(self.A.shape[1])

    @property
    def diameter(self) -> float:
        r"""D_\infty = \max_{x, y \in F} \|x - y\|_\infty."""
        if isinstance(self.feasible, L2Ball):
            return 2 * self.feasible.radius
        return float(np.max(np.subtract(self.feasible.hi, self.feasible.lo)))

    def gradient_bound(self, order: float) -> float:
        r"""G: at least \|\nabla f_t(x)\| in the norm of that order, for all t and x in F."""
        steepest = np.ones(len(self.A))
        if not LOSSES[self.kind].lipschitz:  # the slope is monotone in z: look at its ends
            ends = [[a @ self.feasible.argmin_linear(sign * a) for a in self.A] for sign in (1, -1)]
            steepest = np.max(
                [np.abs(LOSSES[self.kind].slope(z, self.b)) for z in np.array(ends)], axis=0
            )
        return float(np.max(steepest * np.linalg.norm(self.A, ord=order, axis=1)))

    def reveal(self, T: int) -> Iterator[tuple[int, Round]]:
        """(1, f_1), ..., (T, f_T)."""
        loss = LOSSES[self.kind]
        for t, (a, b) in enumerate(zip(self.A[:T], self.b[:T].tolist(), strict=True), 1):
            yield t, Round(loss, a, b)

    def certified(self, T: int) -> Certified:
        """A best fixed point of the first T losses, with a lower bound of the least total loss."""
        return certified_minimum(self.kind, self.A[:T], self.b[:T], self.feasible)

    def comparator(self, T: int) -> Floats:
        """A best fixed point in hindsight, to the certified gap."""
        return self.certified(T).x

    def best_losses(self, T: int) -> Floats:
        """The least total loss after each step, shape (T,); slow, since each is a minimization."""
        return np.array([self.certified(t).value for t in range(1, T + 1)])


def vector_problem(
    kind: str = "linear",
    feasible: Box | L2Ball | None = None,
    data: str = "random",
    T: int = 1000,
    d: int = 4,
    seed: int = 0,
    scale: float = 1.0,
) -> VectorProblem:
    r"""Draw or construct T losses.

    Parameters
    ----------
    kind : str
        A key of `LOSSES`.
    feasible : Box or L2Ball, optional
        F, by default [-1, 1]^d.
    data : {"random", "adversarial"}
        Normal a_t whose coordinates differ in size by up to 10, and b_t from a hidden x; or in
        each coordinate [Reddi18] Theorem 1's slopes 3, -1, -1, out of phase with the others, and
        b_t that change sign after 1, 2, 4, 8, ... steps.
    T, d : int
        Steps and dimension.
    seed : int
        Seed of the random data.
    scale : float
        Scale of a_t.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> problem = vector_problem("absolute", T=100, d=3)
    >>> best = problem.certified(100)
    >>> best.gap <= 1e-6 * best.value
    True
    """
    known("loss", kind, LOSSES)
    known("data", data, DATA)
    T, d = positive_int("T", T), positive_int("d", d)
    t = np.arange(1, T + 1)
    if data == "adversarial":
        A = np.where((t[:, None] + np.arange(d)) % 3 == 1, 3.0, -1.0)
        b = np.where(np.floor(np.log2(t)) % 2, -1.0, 1.0)
    else:
        rng = np.random.default_rng(seed)
        A = rng.standard_normal((T, d)) * 10.0 ** rng.uniform(-0.5, 0.5, d)
        A[:, 0] += 0.3
        z = A @ rng.uniform(-1.5, 1.5, d) + rng.standard_normal(T)
        b = np.where(z < 0, -1.0, 1.0) if kind == "logistic" else z
    return VectorProblem(kind, scale * A, b, Box(-1.0, 1.0) if feasible is None else feasible)
