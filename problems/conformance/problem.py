"""Checks of an online problem against the contract that ``docs/howto/add_problem.md`` states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from adabound_np.checks import positive_int
from problems.conformance.report import (
    CounterexampleError,
    NotApplicableError,
    Report,
    agree,
    carry_out,
)
from problems.online.problem import LinearProblem, ends
from problems.online.sequences import setting as setting_of
from problems.online.setting import Setting

__all__ = ["check_problem"]

Floats = NDArray[np.float64]
#: What F must be able to do, and what a problem must have.
OF_F = ("elementwise", "project", "contains", "argmin_linear")
OF_A_PROBLEM = ("feasible", "reveal", "comparator", "best_losses")
#: Points and chords drawn for each check.
DRAWS = 20
#: Differences that rounding, or a solver's tolerance, explains: as a share, of the losses' size.
RTOL = 1e-5


def check_problem(problem: Any, steps: int = 60) -> Report:
    r"""Check an online problem as ``docs/howto/add_problem.md`` describes it.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `problems.counterexample`. A setting stands for its problem and x_1. Points have
        the shape of ``comparator(steps)``.
    steps : int
        Rounds to look at, T; each of them is called some hundred times.

    Returns
    -------
    Report
        True if no check fails; printed, a line for each check, with the first counterexample.

    Raises
    ------
    TypeError, ValueError
        If it is no problem at all, or `steps` is not a positive integer.

    Examples
    --------
    >>> from problems.online import reddi_online
    >>> report = check_problem(reddi_online())
    >>> report.passed, str(report.checks[1])
    (True, '\u2713 F is convex, and its projection goes onto it')
    """
    if isinstance(problem, str) or callable(problem):
        problem = setting_of(problem)
    setting = problem if isinstance(problem, Setting) else None
    subject = problem if setting is None else setting.problem
    under = _Checks(subject, positive_int("steps", steps), setting)
    name = getattr(subject, "name", None) or type(subject).__name__
    checks: dict[str, Callable[[], str | None]] = {
        "the problem is as the contract says": under.contract,
        "F is convex, and its projection goes onto it": under.feasible,
        "f_1 to f_T are revealed, the same each time": under.reveal,
        "x_1 lies in F": under.start,
        "gradients are the losses' differences": under.gradients,
        "losses are convex along chords": under.convexity,
        "no point of F has less total loss than the comparator": under.comparator,
        "best_losses are the comparators' losses": under.best_losses,
        "slopes do not depend on the cut into ranges": under.cuts,
        "slopes repeat after a period": under.period,
        "a linear problem reveals its slopes": under.linear,
    }
    return carry_out(str(name), checks)


@dataclass
class _Checks:
    """The checks of one problem, and what they share."""

    problem: Any
    T: int
    setting: Setting | None
    shape: tuple[int, ...] = ()
    f: list[Any] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)

    def contract(self) -> None:
        """Has all members, and revealed functions of x."""
        for name in OF_A_PROBLEM:
            if not hasattr(self.problem, name):
                raise CounterexampleError(f"the problem must have {name}")
        for name in OF_F:
            if not hasattr(self.problem.feasible, name):
                raise CounterexampleError(f"feasible must have {name}")
        self.shape = np.shape(self.problem.comparator(self.T))
        self.f = [f_t for _, f_t in self.problem.reveal(self.T)]
        best = self.problem.comparator(self.T)
        for t, f_t in enumerate(self.f[:3], 1):
            if np.shape(f_t(best)) != ():
                raise CounterexampleError(f"f_{t}(x) must be one number, got {f_t(best)!r}")
            if np.shape(f_t.gradient(best)) != self.shape:
                got = np.shape(f_t.gradient(best))
                raise CounterexampleError(
                    f"the gradient of f_{t} has shape {got}, expected x's, {self.shape}"
                )
        rng, F = np.random.default_rng(0), self.problem.feasible
        wide, middle = _spread(F, self.shape), _middle(F, self.shape)
        sizes = (0.3 * wide, wide, 3.0 * wide) * DRAWS
        draws = [middle + size * rng.normal(size=self.shape) for size in sizes]
        self.points = [np.asarray(F.project(y, np.ones(self.shape))) for y in draws]

    def feasible(self) -> None:
        """Projects onto a convex set."""
        F, rng = self.problem.feasible, np.random.default_rng(1)
        ones = np.ones(self.shape)
        for x, z in zip(self.points, self.points[1:], strict=False):
            if not F.contains(x):
                raise CounterexampleError(f"project gives {x}, which F does not contain")
            middle = x + rng.random() * (z - x)
            if not F.contains(middle):
                raise CounterexampleError(f"F has {x} and {z}, not {middle} between them")
            for point in (x, middle):
                agree("a projected point of F", F.project(point, ones), point, 1e-12, x=point)
            y = x + rng.normal(size=self.shape) * _spread(F, self.shape)
            nearest, best = np.linalg.norm(y - z), np.linalg.norm(y - F.project(y, ones))
            if best > nearest * (1 + 1e-9):
                raise CounterexampleError(
                    f"project gives {F.project(y, ones)} for {y}, which is farther than {z}"
                )
            g = rng.normal(size=self.shape)
            try:
                least = np.asarray(F.argmin_linear(g))
            except ValueError:  # unbounded
                continue
            if np.sum(g * least) > np.sum(g * x) + 1e-9 * np.sum(np.abs(g * x)):
                raise CounterexampleError(f"argmin_linear({g}) gives {least}; {x} has less")

    def reveal(self) -> None:
        """Numbers the rounds, and gives the same again."""
        numbers = [t for t, _ in self.problem.reveal(self.T)]
        if len(numbers) != self.T:
            raise CounterexampleError(f"reveal({self.T}) gives {len(numbers)} functions")
        for t, number in enumerate(numbers, 1):
            if number != t:
                raise CounterexampleError(f"reveal({self.T}) numbers f_{t} with {number}")
        half = max(1, self.T // 2)
        for T in (self.T, half):
            for (t, again), f_t in zip(self.problem.reveal(T), self.f, strict=False):
                x = self.points[t % len(self.points)]
                agree(f"f_{t}(x), revealed again with T = {T},", again(x), f_t(x), x=x)

    def start(self) -> None:
        """Begins in F."""
        if self.setting is None:
            raise NotApplicableError("a problem without a setting has none")
        if not self.problem.feasible.contains(self.setting.x1):
            raise CounterexampleError(f"x_1 = {self.setting.x1} lies outside F")

    def gradients(self) -> None:
        """Lies, along any direction, between the difference quotients to both sides."""
        rng, F = np.random.default_rng(2), self.problem.feasible
        for t, f_t, x in self._draws():
            d = rng.normal(size=self.shape)
            step = 1e-5 * _spread(F, self.shape) / max(1.0, float(np.max(np.abs(d))))
            if not (F.contains(x - step * d) and F.contains(x + step * d)):
                continue
            g = np.asarray(f_t.gradient(x))
            if g.shape != self.shape:
                raise CounterexampleError(f"the gradient has shape {g.shape} at t = {t}, x = {x}")
            slope, here = float(np.sum(g * d)), float(f_t(x))
            sides = [(float(f_t(x + h * d)) - here) / h for h in (-step, step)]
            slack = 1e-5 * (np.max(np.abs(sides)) + 1e-9 + 1e-6 * abs(here))
            if not min(sides) - slack <= slope <= max(sides) + slack:
                along = "" if not self.shape else f" along {d}"
                raise CounterexampleError(
                    f"the gradient gives the slope {slope:.10g}, differences {sides[0]:.10g} and "
                    f"{sides[1]:.10g} at t = {t}, x = {x}{along}"
                )

    def convexity(self) -> None:
        """Lies nowhere above a chord."""
        rng = np.random.default_rng(3)
        for t, f_t, x in self._draws():
            y, share = self.points[rng.integers(len(self.points))], rng.random()
            between = x + share * (y - x)
            at, chord = float(f_t(between)), (1 - share) * float(f_t(x)) + share * float(f_t(y))
            if not at <= chord + 1e-9 * (abs(float(f_t(x))) + abs(float(f_t(y)))):
                raise CounterexampleError(
                    f"f_{t} is {at:.10g} at {between}, above {chord:.10g} on the chord from {x} "
                    f"to {y}"
                )

    def comparator(self) -> None:
        """Is a best fixed point."""
        for T in self._horizons():
            best = np.asarray(self.problem.comparator(T), dtype=np.float64)
            if np.isinf(best).any():
                raise NotApplicableError("the total loss has no minimum on F")
            if best.shape != self.shape or not self.problem.feasible.contains(best):
                raise CounterexampleError(f"comparator({T}) = {best} is no point of F")
            found = min(self._candidates(best, T), key=lambda y: self._total(y, T))
            least, own = self._total(found, T), self._total(best, T)
            if not own <= least + RTOL * self._size(T):
                raise CounterexampleError(
                    f"comparator({T}) = {best} has the total loss {own:.10g}, "
                    f"{found} has {least:.10g}"
                )

    def best_losses(self) -> None:
        """Are the least total losses, whatever the number of rounds."""
        best = np.asarray(self.problem.best_losses(self.T))
        if best.shape != (self.T,):
            raise CounterexampleError(
                f"best_losses({self.T}) has shape {best.shape}, expected ({self.T},)"
            )
        for T in self._horizons():
            fixed = np.asarray(self.problem.comparator(T), dtype=np.float64)
            if np.isinf(fixed).any():
                raise NotApplicableError("the total loss has no minimum on F")
            own, less = self._total(fixed, T), np.asarray(self.problem.best_losses(T))
            for name, value in (
                (f"best_losses({self.T})", best[T - 1]),
                (f"best_losses({T})", less[-1]),
            ):
                if not abs(value - own) <= RTOL * self._size(T):
                    raise CounterexampleError(
                        f"{name} gives {value:.10g} after step {T}, comparator({T}) has {own:.10g}"
                    )

    def cuts(self) -> None:
        """Has one slope per step."""
        problem, rng = self._as_linear(), np.random.default_rng(4)
        n = max(self.T, 1000)
        whole = np.asarray(problem.slopes(1, n + 1))
        if whole.shape != (n,) or not np.all(np.isfinite(whole)):
            raise CounterexampleError(f"slopes(1, {n + 1}) must be {n} finite numbers")
        for _ in range(DRAWS):
            a, b = np.sort(rng.integers(1, n + 2, 2)).tolist()
            part = np.asarray(problem.slopes(a, b))
            agree(f"slopes({a}, {b})", part, whole[a - 1 : b - 1], t=np.arange(a, b))

    def period(self) -> None:
        """Repeats after its period."""
        problem = self._as_linear()
        period, start = problem.period, problem.warm_up + 1
        if period == 1:
            raise NotApplicableError("the problem states no period")
        n = min(max(3 * period, 1000), 1 << 16)
        for a in (start, start + period // 2, start + 7 * period + 1):
            t = np.arange(a, a + n)
            once, later = problem.slopes(a, a + n), problem.slopes(a + period, a + period + n)
            agree(f"the slope {period} steps after t", later, once, t=t)

    def linear(self) -> None:
        """Reveals functions with its slopes."""
        slopes = self._as_linear().slopes(1, self.T + 1)
        for t, (f_t, c) in enumerate(zip(self.f, slopes, strict=True), 1):
            x = self.points[t % len(self.points)]
            agree(f"f_{t}(x)", f_t(x), c * x, 1e-12, x=x)

    def _as_linear(self) -> LinearProblem:
        if not isinstance(self.problem, LinearProblem):
            raise NotApplicableError("the problem is no LinearProblem")
        return self.problem

    def _draws(self) -> list[tuple[int, Any, Floats]]:
        """Rounds and points within F, each round at several of them."""
        inner = self.points[0]
        drawn = [
            (t, f_t, x + 0.1 * (inner - x))
            for t, f_t in enumerate(self.f, 1)
            for x in self.points[t % 3 :: 3]
        ]
        return drawn

    def _horizons(self) -> list[int]:
        return sorted({T for T in (1, 2, 3, self.T // 2, self.T - 1, self.T) if 1 <= T <= self.T})

    def _total(self, x: Any, T: int) -> float:
        return float(sum(float(f_t(x)) for f_t in self.f[:T]))

    def _size(self, T: int) -> float:
        """The size of the losses of T rounds."""
        return float(sum(abs(float(f_t(x))) for f_t in self.f[:T] for x in self.points[:3])) / 3

    def _candidates(self, best: Floats, T: int) -> list[Any]:
        """Points of F that may be better: by search on the line, else at random and nearby."""
        F, rng = self.problem.feasible, np.random.default_rng(5)
        if self.shape:
            near = [
                F.project(best + rng.normal(size=self.shape) * 10.0**-k, np.ones(self.shape))
                for k in range(5)
                for _ in range(DRAWS)
            ]
            return [*self.points, *near]
        width = _spread(F, ())
        lo, hi = (
            end if np.isfinite(end) else float(best) + side * width
            for end, side in zip(ends(F), (-10, 10), strict=True)
        )
        found = minimize_scalar(
            lambda x: self._total(x, T), bounds=(lo, hi), method="bounded", options={"xatol": 1e-9}
        )
        return [found.x, *np.linspace(lo, hi, 41)]


def _middle(F: Any, shape: tuple[int, ...]) -> Any:
    """A point about the middle of F; an end of it, if the other is infinite."""
    ones = np.ones(shape)
    try:
        ends = [np.asarray(F.argmin_linear(sign * ones), dtype=np.float64) for sign in (1, -1)]
    except ValueError:
        return 0 * ones
    finite = [end for end in ends if np.all(np.isfinite(end))]
    return sum(finite, 0 * ones) / max(len(finite), 1)


def _spread(F: Any, shape: tuple[int, ...]) -> float:
    """The size of F, about: the longest of some vectors across it; 1 if it is infinite."""
    try:
        across = np.asarray(F.argmin_linear(-np.ones(shape))) - F.argmin_linear(np.ones(shape))
    except ValueError:
        return 1.0
    width = float(np.max(np.abs(across), initial=0.0))
    return width if np.isfinite(width) and width > 0 else 1.0
