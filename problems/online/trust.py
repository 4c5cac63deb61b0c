r"""Whether `carries` describe the moments of an optimizer that this package does not know.

A run that is parallel in time relies on what an optimizer states in `carries`. A wrong statement
raises no error: it gives other numbers. So a class from elsewhere is first compared with single
steps: on a problem's own first steps, on random gradients, and on random gradients late in a run.
The comparison draws from a fixed seed and costs a few hundred steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from adabound_np import FeasibleSet, Optimizer
from problems.online.parallel_in_time import even, path, starts
from problems.online.problem import LinearProblem

__all__ = ["LATE", "STEPS", "doubt", "is_known"]

#: Steps of each comparison, and the step after which the late one begins.
STEPS, LATE = 256, 10_000
#: Lanes and their length: several chunks, the last one incomplete.
CUT = (7, 9)
#: Differences that rounding explains, as a share of the value and of the largest one before it.
RTOL, ATOL = 1e-9, 1e-12

Floats = NDArray[np.float64]


class Given(LinearProblem):
    """The given slopes on F."""

    name = "given"

    def __init__(self, values: Floats, feasible: FeasibleSet) -> None:
        self.values, self.feasible = values, feasible  # type: ignore[assignment]

    def slopes(self, start: int, stop: int) -> Floats:
        """c_t for start <= t < stop."""
        return self.values[start - 1 : stop - 1]


def is_known(optimizer: Optimizer) -> bool:
    """Whether an optimizer's class is one of this package's, whose tests compare all runs."""
    return type(optimizer).__module__.partition(".")[0] == "adabound_np"


def doubt(problem: LinearProblem, optimizer: Optimizer, x1: float, steps: int) -> str | None:
    """Why an optimizer's `carries` cannot be trusted; None if lanes and single steps agree.

    Parameters
    ----------
    problem, optimizer, x1
        As for `problems.online.run`, where `problems.online.parallel_in_time.obstacle` is None.
    steps : int
        Length of the run; at most `STEPS` of its slopes are used.

    Examples
    --------
    >>> from adabound_np import Adam
    >>> from adabound_np.carries import Affine, Sum
    >>> from problems.online import reddi_online
    >>> class Forgets(Adam):
    ...     carries = {"m": Affine("beta1"), "v": Sum()}
    >>> doubt(reddi_online().problem, Adam(), 0.0, 1000)
    >>> doubt(reddi_online().problem, Forgets(), 0.0, 1000).partition(": ")[2]
    'v after step 18 is 1004.6 by single steps, 1013.7 by lanes'
    """
    name, first = type(optimizer).__name__, problem.slopes(1, min(steps, STEPS) + 1)
    try:
        with np.errstate(all="ignore"):
            for c, before in ((first, 0), (noise(), 0), (noise(), LATE)):
                found = _states_differ(optimizer, c, before)
                if found:
                    return f"the carries of {name} do not describe its moments: {found}"
            for c in (first, noise()):
                found = _points_differ(Given(c, optimizer.hyper.feasible), optimizer, x1)
                if found:
                    return f"{name} moves otherwise in lanes of steps: {found}"
    except Exception as error:  # what a user's lines raise knows no bounds
        return f"{name} raises {type(error).__name__} in lanes of steps: {error}"
    return None


def noise() -> Floats:
    """Random slopes over six orders of magnitude, one in ten of them 0."""
    rng = np.random.default_rng(0)
    c = rng.standard_normal(STEPS) * 10.0 ** rng.integers(-3, 3, STEPS)
    return np.where(rng.random(STEPS) < 0.1, 0.0, c)


def _states_differ(optimizer: Optimizer, c: Floats, before: int) -> str | None:
    """The first array of the state that lanes get wrong; `before` steps are taken as done."""
    h, done = optimizer.hyper, 0
    s = optimizer.fresh(h, np.zeros(1))._replace(t=before)
    largest = dict.fromkeys(s._fields[1:], 0.0)
    for L, K in even(len(c), *CUT):
        rows = c[done : done + L * K].reshape(L, K).T
        first = before + done + 1 + K * np.arange(L, dtype=np.float64)
        lanes = starts(optimizer, h, s, rows, first)
        for lane in range(L):
            for name in largest:
                alone = float(getattr(s, name)[0])
                together = float(np.broadcast_to(getattr(lanes, name), (L,))[lane])
                largest[name] = max(largest[name], abs(alone))
                if not abs(together - alone) <= RTOL * abs(alone) + ATOL * largest[name]:
                    return _difference(f"{name} after step {s.t}", alone, together)
            for g in rows[:, lane]:
                _, s = optimizer.moments(h, s, np.full(1, g), s.t + 1)
        done += L * K
    return None


def _points_differ(problem: Given, optimizer: Optimizer, x1: float) -> str | None:
    """The first point that lanes get wrong."""
    x, s = np.asarray(x1, np.float64), optimizer.init(np.float64(x1))
    cut = even(len(problem.values), *CUT)
    together = np.concatenate([after for _, after in path(problem, optimizer, x1, cut)])
    largest = max(1.0, float(np.abs(together).max()))
    for c, there in zip(problem.values, together, strict=True):
        x, s = optimizer.update(x, c, s)
        if not abs(there - x) <= RTOL * largest:
            return _difference(f"x after step {s.t}", float(x), float(there))
    return None


def _difference(what: str, alone: float, together: float) -> str:
    digits = next((d for d in range(5, 17) if f"{alone:.{d}g}" != f"{together:.{d}g}"), 17)
    return f"{what} is {alone:.{digits}g} by single steps, {together:.{digits}g} by lanes"
