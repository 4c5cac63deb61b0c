"""The same lines on numbers, arrays, batches, blocks and lanes of time; nothing changed, or lost.

Each function takes an optimizer without parameters and raises `CounterexampleError` with the
first case in which it is not so.
"""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Box, Optimizer
from problems.conformance.report import CounterexampleError, NotApplicableError, agree
from problems.online.parallel_in_time import obstacle
from problems.online.protocol import constrained
from problems.online.trust import STEPS, Given, doubt, noise

__all__ = [
    "RESUMED",
    "array_is_numbers",
    "batch_is_its_members",
    "blocks_are_the_array",
    "float32_stays",
    "gradients",
    "lanes_are_steps",
    "nothing_is_lost",
    "parallel_is_steps",
    "pure",
    "rebuilt",
    "stays_in_f",
    "zero_gradients_do_nothing",
]

Array = NDArray[Any]


def gradients(steps: int, shape: tuple[int, ...], seed: int = 0, dtype: Any = np.float64) -> Array:
    """Random gradients of changing scale, one in ten exactly zero."""
    rng = np.random.default_rng(seed)
    g = rng.standard_normal((steps, *shape)) * 10.0 ** rng.integers(-3, 3, (steps, *shape))
    return np.asarray(g * (rng.random(g.shape) > 0.1), dtype)


def rebuilt(opt: Optimizer, params: Any = None, **changes: Any) -> Optimizer:
    """Another optimizer of the class, with these parameters and hyperparameters."""
    return type(opt)(params, **{**opt.defaults, **changes})


def array_is_numbers(opt: Optimizer, shape: tuple[int, ...], rtol: float = 0.0) -> None:
    """An array of this shape moves as each of its entries would alone."""
    x0, g = gradients(1, shape, seed=9)[0], gradients(20, shape)
    paths = np.empty((len(g), *shape))
    x, s = x0, opt.init(x0)
    for t, g_t in enumerate(g):
        x, s = opt.update(x, g_t, s)
        if np.shape(x) != shape:
            raise CounterexampleError(f"x has shape {np.shape(x)} at t = {t + 1}, expected {shape}")
        paths[t] = x
    for index in np.ndindex(shape):
        y = x0[index]
        s = opt.init(y)
        for t, g_t in enumerate(g):
            y, s = opt.update(y, g_t[index], s)
            agree("x in an array", paths[t][index], y, rtol, t=t + 1, g=g_t[index])


def blocks_are_the_array(
    opt: Optimizer, shape: tuple[int, ...], steps: int = 20, rtol: float = 0.0
) -> None:
    """`step` in place, in blocks if x is large, does what `update` does on the whole array."""
    y = gradients(1, shape, seed=3)[0]
    x = y.copy()
    blocked, s = rebuilt(opt, [x]), opt.init(y)
    for t, g in enumerate(gradients(steps, shape), 1):
        blocked.step(grads=[g])
        y, s = opt.update(y, g, s)
        agree("x of `step`", x, y, rtol, t=t, g=g)
    for name in s._fields:
        agree(f"{name} of `step`", getattr(blocked.state[0], name), getattr(s, name), rtol)
    eta = np.broadcast_to(opt.effective_lr(s), shape)
    agree("the rate of `step`", blocked.effective_lr()[0], eta, rtol)


def float32_stays(opt: Optimizer) -> None:
    """Parameters of 32 bits, their state and rates keep their dtype."""
    x = np.ones(9, np.float32)
    y = x.copy()
    stepped, s = rebuilt(opt, [x]), opt.init(y)
    for t, g in enumerate(gradients(5, (9,), dtype=np.float32), 1):
        m, after = opt.moments(opt.hyper, s, g, t)
        computed = {"m": m, "the rate": opt.learning_rate(opt.hyper, after, t), **after._asdict()}
        stepped.step(grads=[g])
        y, s = opt.update(y, g, s)
        for name, value in {"x": y, **s._asdict(), **computed}.items():
            if isinstance(value, np.ndarray) and value.dtype != np.float32:
                raise CounterexampleError(f"{name} is {value.dtype} at t = {t}, expected float32")
    agree("x of `step`", x, y)
    if stepped.effective_lr()[0].dtype != np.float32:
        raise CounterexampleError("effective_lr is not float32")


def batch_is_its_members(opt: Optimizer) -> str:
    """Hyperparameters as arrays run a batch of trajectories."""
    factors, g = np.array([[1.0], [0.75], [0.5]]), gradients(30, (3, 4))
    numbers = {name: v for name, v in opt.defaults.items() if _scaled(v, factors) is not v}
    batch = rebuilt(opt, **{name: _scaled(v, factors) for name, v in numbers.items()})
    x, path = np.ones((3, 4)), []
    s = batch.init(x)
    for g_t in g:
        x, s = batch.update(x, g_t, s)
        path.append(x)
    for i, factor in enumerate(factors[:, 0].tolist()):
        one = rebuilt(opt, **{name: _scaled(v, factor) for name, v in numbers.items()})
        y = np.ones(4)
        s = one.init(y)
        for t, g_t in enumerate(g):
            y, s = one.update(y, g_t[i], s)
            agree("x in a batch", path[t][i], y, 1e-12, t=t + 1, g=g_t[i])
    return ", ".join(numbers)


def _scaled(value: Any, factor: Any) -> Any:
    """A hyperparameter, or the numbers of a pair, times a factor; itself if it is no such thing."""
    if type(value) in (tuple, list):
        scaled = [_scaled(part, factor) for part in value]
        same = all(a is b for a, b in zip(scaled, value, strict=True))
        return value if same else tuple(scaled)
    return value * factor if type(value) is float and value > 0 else value


def lanes_are_steps(opt: Optimizer) -> None:
    """`moments` and `learning_rate` take an array of steps: each lane as if it were alone."""
    if opt.hyper.l2_decay:
        raise NotApplicableError("an L2 penalty makes gradients depend on x")
    x: Any = np.zeros(())
    states, g = [opt.init(x)], gradients(40, ())
    for g_t in g:
        x, s = opt.update(x, g_t, states[-1])
        states.append(s)
    t = np.arange(1, 41)
    before = opt.State(t - 1, *map(np.array, zip(*(s[1:] for s in states[:-1]), strict=True)))
    m, after = opt.moments(opt.hyper, before, g, t)
    for i, name in enumerate(opt.State._fields):
        for k, s in enumerate(states[1:]):
            lane = np.broadcast_to(after[i], t.shape)[k]
            agree(f"{name} in a lane", lane, s[i], 1e-13, t=k + 1, g=g[k])
    eta = np.broadcast_to(opt.learning_rate(opt.hyper, after, t), t.shape)
    for k, s in enumerate(states[1:]):
        agree("the rate in a lane", eta[k], opt.learning_rate(opt.hyper, s, s.t), 1e-12, t=k + 1)
    if np.shape(m) != t.shape:
        raise CounterexampleError(f"m has shape {np.shape(m)} in 40 lanes, expected (40,)")


def parallel_is_steps(opt: Optimizer) -> None:
    """A run many steps at once, which relies on `carries`, is the run step by step."""
    if opt.carries is None:
        raise NotApplicableError("the class does not state how its state carries")
    problem = Given(noise(), Box(-1.0, 1.0))
    opt = constrained(problem, opt)
    x1 = float(np.asarray(opt.hyper.feasible.project(np.zeros(()), np.ones(()))))
    reason = obstacle(problem, opt, x1)
    if reason:
        raise NotApplicableError(reason)
    reason = doubt(problem, opt, x1, STEPS)
    if reason:
        raise CounterexampleError(reason)


def stays_in_f(opt: Optimizer) -> None:
    """Every point lies in F."""
    box = Box(-0.01, 0.01)
    inside, x = rebuilt(opt, lr=10.0, feasible=box), np.zeros(7)
    s = inside.init(x)
    for t, g in enumerate(gradients(50, (7,)), 1):
        x, s = inside.update(x, g, s)
        if not box.contains(x):
            i = int(np.argmax(np.abs(x)))
            raise CounterexampleError(f"x = {x[i]} leaves {box} at t = {t}, g = {g[i]}")


def pure(opt: Optimizer) -> None:
    """`moments` and `learning_rate` change nothing they are given, and nothing else."""
    s = opt.init(np.zeros(7))
    for t, g in enumerate(gradients(6, (7,)), 1):
        _, after = _twice("moments", opt.moments, opt.hyper, s, g, t)
        _twice("learning_rate", opt.learning_rate, opt.hyper, after, t)
        s = opt.State(t, *(np.array(np.broadcast_to(a, 7)) for a in after[1:]))


def _twice(name: str, function: Callable[..., Any], h: Any, *given: Any) -> Any:
    before, settings = copy.deepcopy(given), repr(vars(h))
    first = copy.deepcopy(function(h, *given))
    where = {"t": given[-1]}
    for what, now, then in zip(
        ("s", "g", "t") if len(given) == 3 else ("s", "t"), given, before, strict=True
    ):
        for field, a, b in _parts(what, now, then):
            agree(f"after {name}, {field}", a, b, **where)
    if repr(vars(h)) != settings:
        raise CounterexampleError(f"{name} changes the hyperparameters at t = {given[-1]}")
    second = function(h, *given)
    for field, a, b in _parts(f"{name}, called twice,", second, first):
        agree(field, a, b, **where)
    return first


def _parts(what: str, a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    """Arrays in two results of one form, named."""
    if hasattr(a, "_fields"):
        return [(f"{what} {n}", getattr(a, n), getattr(b, n)) for n in a._fields]
    if isinstance(a, tuple):
        return [part for one, other in zip(a, b, strict=True) for part in _parts(what, one, other)]
    return [(what, a, b)]


def zero_gradients_do_nothing(opt: Optimizer) -> None:
    """Without a gradient x stays, also beside coordinates that move; nothing becomes NaN."""
    x0 = np.array([0.5, -0.25])
    for second in (0.0, 1.0):
        x, s = x0, opt.init(x0)
        for t in range(1, 6):
            g = np.array([0.0, second if t < 4 else 0.0])
            x, s = opt.update(x, g, s)
            if not all(np.all(np.isfinite(a)) for a in (x, *s[1:])):
                raise CounterexampleError(f"x = {x} and the state {s} at t = {t}, g = {g}")
            if not np.any(opt.hyper.weight_decay):
                agree("x", x[0], opt.hyper.feasible.project(x0, np.ones(2))[0], t=t, g=g[0])


def _by_state_dict(opt: Optimizer) -> Optimizer:
    """Another optimizer, of other hyperparameters, that takes over all of this one's."""
    other = rebuilt(opt, [p.copy() for p in opt.param_groups[0]["params"]], lr=123.0)
    other.load_state_dict(pickle.loads(pickle.dumps(opt.state_dict())))
    return other


def _by_pickle(opt: Optimizer) -> Optimizer:
    cls = type(opt)
    if "<locals>" in cls.__qualname__ or cls.__module__ not in sys.modules:
        raise NotApplicableError(f"{cls.__qualname__} cannot be imported, as pickles need")
    other: Optimizer = pickle.loads(pickle.dumps(opt))
    return other


#: How a run is resumed: from a `state_dict`, a pickle, a copy.
RESUMED: dict[str, Callable[[Optimizer], Optimizer]] = {
    "state_dict": _by_state_dict,
    "pickle": _by_pickle,
    "deepcopy": copy.deepcopy,
}


def nothing_is_lost(opt: Optimizer, resume: Callable[[Optimizer], Optimizer]) -> None:
    """A resumed run continues as if it had not been interrupted, bit for bit."""
    x, g = np.ones((2, 3)), gradients(20, (2, 3))
    opt = rebuilt(opt, [x])
    for g_t in g[:10]:
        opt.step(grads=[g_t])
    opt.param_groups[0]["lr"] *= 0.1  # a scheduler at work: initial_lr must survive
    other = resume(opt)
    y = other.param_groups[0]["params"][0]
    if y is x:
        raise CounterexampleError("the copy shares its parameters")
    for t, g_t in enumerate(g[10:], 11):
        opt.step(grads=[g_t])
        other.step(grads=[g_t])
        agree("x of the resumed run", y, x, t=t, g=g_t)
    agree("the rate of the resumed run", other.effective_lr()[0], opt.effective_lr()[0])
