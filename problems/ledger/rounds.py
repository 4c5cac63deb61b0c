r"""Runs in chunks of rounds, with what regret bounds are made of, in memory free of T.

A linear problem runs many steps at once, any other one step after the other; either way the
optimizer's own lines give \eta_t, and every term below follows from \eta_t and g_t.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from problems.online import parallel_in_time, protocol
from problems.online.engines import choose
from problems.online.problem import LinearProblem, OnlineProblem
from problems.online.summary import log_grid

__all__ = ["Course", "Rounds", "Sums", "follow", "rounds"]

Floats = NDArray[np.float64]
#: Lanes and steps of a chunk of a linear problem.
CHUNK = (2048, parallel_in_time.LENGTH)


class Rounds(NamedTuple):
    r"""Consecutive rounds: t, g_t, x_t, \eta_t and f_t(x_t).

    t and paid have shape (n,), the others (n, d). \eta_t is infinite where V_t = 0.
    """

    t: Floats
    g: Floats
    x: Floats
    eta: Floats
    paid: Floats


def rounds(problem: OnlineProblem, optimizer: Optimizer, T: int, x1: Any) -> Iterator[Rounds]:
    """Play T rounds; yield them in chunks."""
    protocol.check(problem, T, x1)
    optimizer = protocol.constrained(problem, optimizer)
    if choose("auto", problem, optimizer, x1, T) == "parallel":
        assert isinstance(problem, LinearProblem)
        return _many_at_once(problem, optimizer, T, x1)
    return _one_by_one(problem, optimizer, T, x1)


def _many_at_once(
    problem: LinearProblem, optimizer: Optimizer, T: int, x1: float
) -> Iterator[Rounds]:
    c, x, t, eta = (list[Any]() for _ in range(4))

    def watch(eta_t: Any, now: Any) -> None:
        eta.append(np.broadcast_to(eta_t, np.shape(now)))
        t.append(now)

    def visit(slopes: Any, lanes: int) -> parallel_in_time.Visit:
        def row(c_t: Any, x_t: Any) -> None:
            c.append(np.broadcast_to(c_t, lanes))
            x.append(x_t)

        return row

    shapes = parallel_in_time.even(T, *CHUNK)
    for _ in parallel_in_time.play(problem, optimizer, x1, shapes, visit, watch):
        steps, g, points, rate = (np.transpose(rows).reshape(-1, 1) for rows in (t, c, x, eta))
        yield Rounds(steps[:, 0], g, points, rate, (g * points)[:, 0])
        for rows in (c, x, t, eta):
            rows.clear()


def _one_by_one(problem: OnlineProblem, optimizer: Optimizer, T: int, x1: Any) -> Iterator[Rounds]:
    play, size, rows = protocol.play(problem, optimizer, T, x1), 1 << 12, list[Any]()
    for t, f_t, x, _, s in play:
        with np.errstate(divide="ignore", invalid="ignore"):
            eta = np.broadcast_to(optimizer.learning_rate(optimizer.hyper, s, t), np.shape(x))
        rows.append((float(t), f_t.gradient(x), x, eta, f_t(x)))
        if len(rows) == size or t == T:
            steps, *vectors, paid = (np.array(part) for part in zip(*rows, strict=True))
            g, points, rate = (v.reshape(len(rows), -1) for v in vectors)
            yield Rounds(steps, g, points, rate, paid.reshape(-1))
            rows.clear()


class Sums(NamedTuple):
    r"""What bounds are made of, after each of n steps; arrays of shape (n,).

    Attributes
    ----------
    t : array
        The steps.
    inverse : array
        \sum_i \eta_{t,i}^{-1}. Where V_t is not clipped, \eta_t^{-1} = \sqrt{V_t}/\alpha_t.
    first : array
        \sum_i \eta_{1,i}^{-1}.
    weighted : array
        \sum_{s \le t} \sum_i \beta_{1s} \eta_{s,i}^{-1}.
    norms : array
        \sum_i \|g_{1:t,i}\|_2.
    zeta : array
        \max_{s \le t} \max_i \eta_{s,i} \|g_{1:s,i}\|_2.
    rise : array
        \min_i (\eta_{t,i}^{-1} - \eta_{t-1,i}^{-1}) \eta_{t,i}, what the inverse rate rises by, as
        a share of it; at least 0 if \Gamma_t is positive semidefinite.
    M : array
        \max_{s \le t} (s/\eta_l(s) - (s-1)/\eta_u(s-1)); 0 for an optimizer without bounds.
    G_2, G_inf : array
        \max_{s \le t} of \|g_s\|_2 and \|g_s\|_\infty.
    """

    t: Floats
    inverse: Floats
    first: Floats
    weighted: Floats
    norms: Floats
    zeta: Floats
    rise: Floats
    M: Floats
    G_2: Floats
    G_inf: Floats


class _Adder:
    """Adds `Sums` up over chunks."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.h = optimizer.hyper
        self.carried: dict[str, Any] = {
            "weighted": 0.0,
            "squares": 0.0,
            "zeta": 0.0,
            "M": -np.inf,
            "G_2": 0.0,
            "G_inf": 0.0,
        }
        self.last: Any = None  # 1/eta of the last step of the chunk before
        self.first: Any = None

    def _running(self, name: str, values: Any, add: bool = False) -> Floats:
        """Running sum or maximum, continued from the chunk before."""
        ufunc = np.add if add else np.maximum
        total: Floats = ufunc(ufunc.accumulate(values, axis=0), self.carried[name])
        self.carried[name] = total[-1]
        return total

    def __call__(self, r: Rounds) -> Sums:
        beta1 = getattr(self.h, "beta1", lambda t: 0.0)
        inverse = 1 / r.eta  # 0 where V_t = 0, as \sqrt{V_t}/\alpha_t is
        if self.last is None:
            self.first, self.last = float(np.sum(inverse[0])), np.zeros_like(inverse[0])
        before = np.concatenate([self.last[None], inverse[:-1]])
        self.last = inverse[-1]
        total = np.sum(inverse, axis=1)
        squares = self._running("squares", r.g**2, add=True)
        with np.errstate(invalid="ignore"):
            zeta = np.nan_to_num(r.eta * np.sqrt(squares), nan=0.0)
            rise = np.nan_to_num((inverse - before) * r.eta, nan=0.0)
        M = np.zeros(len(r.t))
        if hasattr(self.h, "eta_l"):
            with np.errstate(divide="ignore"):
                M = self._running("M", spread(self.h, r.t))
        return Sums(
            r.t,
            total,
            np.full(len(r.t), self.first),
            self._running("weighted", beta1(r.t) * total, add=True),
            np.sum(np.sqrt(squares), axis=1),
            self._running("zeta", np.max(zeta, axis=1)),
            np.min(rise, axis=1),
            M,
            self._running("G_2", np.sqrt(np.sum(r.g**2, axis=1))),
            self._running("G_inf", np.max(np.abs(r.g), axis=1)),
        )


def spread(h: Any, t: Any) -> Floats:
    r"""t/\eta_l(t) - (t-1)/\eta_u(t-1), of which [Sav19] Theorem 3 needs an upper bound M."""
    t = np.asarray(t, dtype=np.float64)
    # t/\eta_l(t) - (t - 1)/\eta_u(t - 1)        [Sav19 Thm. 3]
    value: Floats = t / h.eta_l(t) - (t - 1) / h.eta_u(np.maximum(t - 1, 1.0))
    return value


@dataclass(frozen=True)
class Course:
    """A run against its bounds.

    Attributes
    ----------
    t, regret : array, shape (n,)
        Some steps, the last one T, and R_t (upper ends, where the comparator is certified).
    bounds : dict of str to array
        Each bound at those steps.
    crossing : dict of str to (int or None, int or None)
        For each bound, among all steps at which the regret is known: the first t with R_t above
        it, and the first from which on R_t stays above it.
    kept : dict of str to bool
        For each predicate, whether it held at every step.
    gap : float
        The largest duality gap of a comparator; 0 on a linear problem, whose is exact.
    sums : Sums
        After step T, arrays of one entry.
    x : array
        x_T.
    """

    t: NDArray[np.int64]
    regret: Floats
    bounds: dict[str, Floats]
    crossing: dict[str, tuple[int | None, int | None]]
    kept: dict[str, bool]
    gap: float
    sums: Sums
    x: Floats


def follow(
    problem: Any,
    optimizer: Optimizer,
    T: int,
    x1: Any,
    bounds: Mapping[str, Callable[[Sums], Floats]],
    predicates: Mapping[str, Callable[[Rounds, Sums], Any]] | None = None,
) -> Course:
    """Play T rounds against regret bounds, and check predicates at every step.

    On a linear problem the regret is compared at every step; on any other at six, up to T.
    """
    linear = isinstance(problem, LinearProblem)
    points = (
        log_grid(T, 400) if linear else np.unique(np.geomspace(max(1, T / 32), T, 6).astype(int))
    )
    adder, slope, paid, gap = _Adder(optimizer), 0.0, 0.0, 0.0
    kept = dict.fromkeys(predicates or {}, True)
    crossing: dict[str, Any] = dict.fromkeys(bounds, (None, None))
    parts: list[list[Floats]] = []
    for r in rounds(problem, optimizer, T, x1):
        sums, total = adder(r), paid + np.cumsum(r.paid)
        paid = total[-1]
        for name, holds in (predicates or {}).items():
            kept[name] = kept[name] and bool(np.all(holds(r, sums)))
        at = np.searchsorted(r.t, points[(points >= r.t[0]) & (points <= r.t[-1])])
        if linear:
            slopes = slope + np.cumsum(r.g[:, 0])
            slope, known = slopes[-1], slice(None)
            regret = total - problem.least(slopes)
        else:
            best = [problem.certified(int(t)) for t in r.t[at]]
            gap, known = max([gap, *(b.gap for b in best)]), at
            regret = total[at] - [b.lower for b in best]
        values = {name: bound(sums)[known] for name, bound in bounds.items()}
        for name, value in values.items():
            crossing[name] = _crossing(crossing[name], r.t[known], regret > value)
        shown = at if linear else slice(None)
        parts.append([r.t[at], regret[shown], *(value[shown] for value in values.values())])
    t, regret, *rest = (np.concatenate(part) for part in zip(*parts, strict=True))
    last = Sums(*(values[-1:] for values in sums))
    return Course(
        t.astype(int),
        regret,
        dict(zip(bounds, rest, strict=True)),
        crossing,
        kept,
        gap,
        last,
        r.x[-1],
    )


def _crossing(before: tuple[Any, Any], t: Floats, above: Any) -> tuple[int | None, int | None]:
    """First step above a bound, and first from which on all are, with a further chunk."""
    first, since = before
    if first is None and above.any():
        first = int(t[np.argmax(above)])
    if len(above) and not above.all():
        below = len(above) - 1 - int(np.argmax(~above[::-1]))
        since = int(t[below + 1]) if below + 1 < len(t) else None
    elif since is None and len(above):
        since = int(t[0])
    return first, since
