r"""Linear problems, many steps at once: the optimizer's own lines, with time as a batch axis.

On a linear problem g_t = c_t does not depend on x. So all gradients are known before the first
step, and a run of T steps can be cut into lanes of consecutive steps that run side by side, each
lane an entry of the arrays in the optimizer's `moments`, `learning_rate` and `move`. Three things
pass from a lane to the next, and each composes:

**Moments** are affine, s_t = \beta_t s_{t-1} + u_t. A lane takes the state before it to
P s + u, where P = \prod \beta_t and u is what the lane makes of the state 0. Two lanes compose:
P_2 (P_1 s + u_1) + u_2 = (P_2 P_1) s + (P_2 u_1 + u_2). A sum is the case \beta_t = 1.

**Running maxima** follow: with the moments right, a lane takes \hat{v} to \max(\hat{v}, w), w the
lane's own maximum.

**Iterates.** A step moves x by a known amount and clips it to F = [lo, hi] (decoupled weight
decay scales it before, by r > 0). Such maps are closed under composition: x \mapsto
clip(r x + a, A, B), followed by x \mapsto clip(r' x + a', A', B'), is

    x \mapsto clip(r' r x + r' a + a', A'', B''),   A'' = clip(r' A + a', A', B'),   B'' likewise,

since a monotone map carries the ends A and B of the first one's values to the ends of its own.
A lane's map is read off where it takes lo, hi (its A and B: on F, any lower end gives the same)
and, without clipping, 0 (its a); r is what decay alone makes of 1. Once a lane is pinned, A = B,
and the value is exact however large the steps were.

So there is a first pass over the lanes from zero states, whose ends compose to the lanes' true
starts; (for running maxima a second one;) a pass that computes the steps and each lane's map,
which compose to every lane's x; and a last one that replays the steps. Nothing is approximate:
the results differ from step-by-step ones by rounding alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box, Optimizer, Unconstrained
from adabound_np.algorithm import Hyperparameters, at_rest
from adabound_np.carries import Affine, RunningMax, Sum
from adabound_np.schedules import Constant, InverseTime, InvSqrt, StepDecay
from problems.online.problem import LinearProblem

__all__ = ["LANES", "LENGTH", "Chunk", "even", "growing", "obstacle", "path", "play", "starts"]

#: Lanes of a chunk: long enough rows for NumPy, short enough for a second-level cache.
LANES = 12288
#: Steps of a lane: many enough that the composition over lanes costs little.
LENGTH = 128
#: Steps at which functions of t, which may be the user's, are tried together and one by one.
TRIED = (1, 2, 3, 1000, 10**6)
#: Schedules that never rise: what their first value allows, they allow throughout.
FALLING = (Constant, InvSqrt, InverseTime, StepDecay)

Row = NDArray[np.float64]
Visit = Callable[[Any, Row], None]


class Chunk(NamedTuple):
    """What is known after a chunk: of each lane the last step's t, and the point x_{t+1} after it.

    Both have the shape (lanes,).
    """

    last: NDArray[np.int64]
    x: Row


def obstacle(problem: Any, optimizer: Optimizer, x1: Any) -> str | None:
    """Why a run cannot be parallel in time; None if it can."""
    h, reasons = optimizer.hyper, []
    if not isinstance(problem, LinearProblem):
        reasons.append("the problem is not linear, so that gradients depend on x")
    if optimizer.carries is None:
        reasons.append(f"{type(optimizer).__name__} does not state how its state carries")
    if h.shape or np.ndim(x1):
        reasons.append("a batch of trajectories runs step by step")
    if not isinstance(h.feasible, (Box, Unconstrained)):
        reasons.append(f"the projection onto {h.feasible} does not act by clipping")
    if not h.feasible.contains(x1):
        reasons.append("x1 lies outside the optimizer's F, where its steps do not compose")
    if h.l2_decay:
        reasons.append("an L2 penalty makes gradients depend on x")
    if h.decoupled_decay:
        if not h.fixed_decay and not isinstance(h.schedule, FALLING):
            reasons.append("the weight decay follows a schedule that may turn x around")
        elif np.any(h.weight_decay * (1 if h.fixed_decay else h.schedule(1) * h.alpha) >= 1):
            reasons.append("the weight decay turns x around")
    if not reasons and not _takes_arrays(optimizer):
        reasons.append("a schedule or bound takes no array of steps")
    return "; ".join(reasons) or None


def _takes_arrays(optimizer: Optimizer) -> bool:
    """Whether schedules and bounds, which may be the user's, give for arrays what they should."""
    h, zero = optimizer.hyper, np.zeros(1)

    def quantities(t: Any) -> list[Any]:
        _, s = optimizer.moments(h, optimizer.fresh(h, zero), np.ones(1), t)
        return [np.broadcast_to(a, np.shape(t) or 1) for a in (optimizer.rate(h, s), *s[1:])]

    try:
        together = quantities(np.array(TRIED, dtype=np.float64))
        one_by_one = np.concatenate([quantities(t) for t in TRIED], axis=1)
    except Exception:  # what a user's function raises knows no bounds
        return False
    return bool(np.allclose(together, one_by_one, rtol=1e-12, atol=0))


def even(T: int, lanes: int = LANES, length: int = LENGTH) -> Iterator[tuple[int, int]]:
    """Cut T steps into chunks of at most `lanes` lanes of at most `length` steps.

    Examples
    --------
    >>> list(even(100, lanes=4, length=10))
    [(4, 10), (4, 10), (2, 10)]
    >>> list(even(7, lanes=4, length=3))
    [(2, 3), (1, 1)]
    """
    while T:
        K = min(length, T)
        L = min(lanes, T // K)
        yield L, K
        T -= L * K


def growing(T: int, period: int = 1, lanes: int = LANES) -> Iterator[tuple[int, int]]:
    """Cut T steps into lanes that are short at first, so that one ends near any given step.

    A lane after t steps has t/512 steps, but at most `LENGTH`. It has whole periods if one fits,
    of which a single one may have up to four times `LENGTH` steps.
    """
    t = 0
    while t < T:
        K = min(max(1, t // 512), LENGTH)
        if period <= min(t // 512, 4 * LENGTH):
            K = max(period, K - K % period)
        K = min(K, T - t)
        L = min(lanes, (T - t) // K)
        yield L, K
        t += L * K


def play(
    problem: LinearProblem,
    optimizer: Optimizer,
    x1: float,
    shapes: Iterable[tuple[int, int]],
    visit: Callable[[NDArray[np.float64], int], Visit],
    watch: Callable[[Any, Row], Any] = lambda eta, t: None,
) -> Iterator[Chunk]:
    r"""Play a linear problem in chunks of lanes.

    Parameters
    ----------
    problem, optimizer, x1
        As for `problems.online.protocol.run`, where `obstacle` is None.
    shapes : iterable of (lanes, length)
        How the steps are cut: chunk after chunk of `lanes` times `length` steps.
    visit : callable
        Called with each chunk's slopes c, shape (length, lanes) or (length, 1), and its number of
        lanes; what it returns is called `length` times, with c_t and x_t of one step in every lane.
    watch : callable
        Called before that, `length` times, with \eta_t (infinite where V_t = 0 and nothing bounds
        it) and t of one step in every lane.

    Yields
    ------
    Chunk
        After each chunk.
    """
    h, done, x = optimizer.hyper, 0, np.float64(x1)
    s = optimizer.fresh(h, np.zeros(1))
    for L, K in shapes:
        c = _rows(problem, done + 1, L, K)
        first = done + 1 + K * np.arange(L, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            before = starts(optimizer, h, s, c, first)
            steps, maps, s = _steps(optimizer, h, before, c, first, watch)
            onto = _before(_compose_clips, maps, identity=(1.0, 0.0, -np.inf, np.inf))
            xs = _apply_clips(onto, x)  # where each lane starts
        row = visit(c, L)
        for k in range(K):
            row(c[k], xs)
            xs = optimizer.move(h, xs, steps[k], 1.0, first + k)
        done, x = done + L * K, xs[-1]
        s = s._replace(**{name: getattr(s, name)[-1:] for name in s._fields[1:]})
        yield Chunk(np.arange(done - (L - 1) * K, done + 1, K), xs)


def path(
    problem: LinearProblem, optimizer: Optimizer, x1: float, shapes: Iterable[tuple[int, int]]
) -> Iterator[tuple[Row, Row]]:
    """Losses f_t(x_t) and points x_{t+1} of consecutive steps, chunk after chunk; see `play`."""
    played: list[tuple[Any, Any]] = []

    def visit(c: Any, lanes: int) -> Visit:
        played.clear()
        return lambda c, x: played.append((c * x, x))

    for chunk in play(problem, optimizer, x1, shapes, visit):
        after = [x for _, x in played[1:]] + [chunk.x]
        yield (
            np.transpose([loss for loss, _ in played]).reshape(-1),
            np.transpose(after).reshape(-1),
        )


def _rows(problem: LinearProblem, start: int, L: int, K: int) -> NDArray[np.float64]:
    """c_t as K rows, one entry for each of L lanes; one for all if they are whole periods."""
    if problem.period > 1 and K % problem.period == 0 and start > problem.warm_up:
        return problem.slopes(start, start + K).reshape(K, 1)
    return np.ascontiguousarray(problem.slopes(start, start + L * K).reshape(L, K).T)


def _run(optimizer: Optimizer, h: Hyperparameters, s: Any, c: Any, first: Row) -> Any:
    """The state after the lanes' steps."""
    for k, g in enumerate(c):
        _, s = optimizer.moments(h, s, g, first + k)
    return s


def starts(optimizer: Optimizer, h: Hyperparameters, s: Any, c: Any, first: Row) -> Any:
    """The state at the start of each lane, from the state s before the first."""
    carries = optimizer.carries or {}
    zero = s._replace(
        **{
            name: np.full(1, -np.inf) if isinstance(carry, RunningMax) else np.zeros(1)
            for name, carry in carries.items()
        }
    )
    end = _run(optimizer, h, zero, c, first)
    maxima = [name for name, carry in carries.items() if isinstance(carry, RunningMax)]
    at = {}
    for name, carry in carries.items():
        if not isinstance(carry, RunningMax):
            P = _product(carry, h, len(c), first)
            u = np.broadcast_to(getattr(end, name), P.shape)
            P, u = _before(_compose_affine, (P[:-1], u[:-1]), identity=(1.0, 0.0))
            at[name] = P * getattr(s, name) + u
    if maxima:
        end = _run(optimizer, h, zero._replace(**at), c, first)
        for name in maxima:
            w = np.append(-np.inf, np.maximum.accumulate(getattr(end, name))[:-1])
            at[name] = np.maximum(getattr(s, name), w)
    return s._replace(**at)


def _product(carry: Affine | Sum, h: Hyperparameters, K: int, first: Row) -> Row:
    r"""\prod \beta_t over each lane."""
    P: Row = np.broadcast_to(carry.factor(h, first), first.shape)
    if np.ndim(carry.factor(h, first)) == 0:
        return P**K
    for k in range(1, K):
        P = P * carry.factor(h, first + k)
    return P


def _steps(
    optimizer: Optimizer, h: Hyperparameters, s: Any, c: Any, first: Row, watch: Any
) -> tuple[NDArray[np.float64], tuple[Row, Row, Row, Row], Any]:
    r"""\eta_t \odot m_t of every step, each lane's map (r, a, A, B) but the last's; states."""
    lo, hi = getattr(h.feasible, "lo", -np.inf), getattr(h.feasible, "hi", np.inf)
    ends = np.array([[lo, lo, hi], [hi, lo, hi], [0.0, -np.inf, np.inf]])
    free = Hyperparameters(**{**vars(h), "feasible": Box(ends[:, 1:2], ends[:, 2:])})
    scaled = Hyperparameters(**{**vars(h), "feasible": Unconstrained()})
    probes, r = np.repeat(ends[:, :1], len(first), axis=1), np.ones(len(first))
    steps = np.empty((len(c), len(first)))
    for k, g in enumerate(c):
        t = first + k
        m, s = optimizer.moments(h, s, g, t)
        eta = optimizer.learning_rate(h, s, t)
        watch(eta, t)
        np.multiply(at_rest(eta), m, out=steps[k])
        probes = optimizer.move(free, probes, steps[k], 1.0, t)
        r = optimizer.move(scaled, r, 0.0, 1.0, t)
    A, B, a = probes
    return steps, (r[:-1], a[:-1], A[:-1], B[:-1]), s


def _compose_affine(one: tuple[Row, Row], two: tuple[Row, Row]) -> tuple[Row, Row]:
    """Map `one`, then map `two`, of s -> P s + u."""
    (P1, u1), (P2, u2) = one, two
    return P2 * P1, P2 * u1 + u2


def _compose_clips(one: tuple[Row, ...], two: tuple[Row, ...]) -> tuple[Row, ...]:
    """Map `one`, then map `two`, of x -> clip(r x + a, A, B)."""
    (r1, a1, A1, B1), (r2, a2, _, _) = one, two
    return r2 * r1, r2 * a1 + a2, _apply_clips(two, A1), _apply_clips(two, B1)


def _apply_clips(maps: tuple[Row, ...], x: Any) -> Row:
    """clip(r x + a, A, B), also where r > 0 rounds to 0 and x is infinite, or a overflows."""
    r, a, A, B = maps
    y = np.where(np.isinf(x), x, r * x + a)
    return np.where(A == B, A, np.clip(y, A, B))


def _before(
    compose: Callable[[Any, Any], Any], maps: tuple[Row, ...], identity: tuple[float, ...]
) -> tuple[Row, ...]:
    """The compositions of the first 0, 1, ..., n of n maps, by pairs, then pairs of pairs."""
    (n,) = {len(m) for m in maps}
    if n == 0:
        return tuple(np.array([e]) for e in identity)
    even, odd = (tuple(m[first::2] for m in maps) for first in (0, 1))
    pairs = compose(tuple(m[: n // 2] for m in even), odd)
    before_even = _before(compose, pairs, identity)
    before_odd = compose(tuple(m[: n - n // 2] for m in before_even), even)
    before = tuple(np.empty(n + 1) for _ in maps)
    for m, at_even, at_odd in zip(before, before_even, before_odd, strict=True):
        m[::2], m[1::2] = at_even, at_odd
    return before
