"""Random inputs for every function of adabound_np that carries equations.

`CASES` maps a function's place to what makes its cases: arguments, and the lengths of the
indices' ranges. Each flag is set and cleared, rates lie below, between and above the bounds,
and points inside and outside the feasible sets.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from adabound_np import (
    CSGD,
    SGD,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AMSBound,
    AMSGrad,
    Box,
    Constant,
    CosineDecaySchedule,
    DynamicBounds,
    Geometric,
    Harmonic,
    InverseTime,
    InvSqrt,
    JoinedSchedules,
    L2Ball,
    LinearSchedule,
    OneMinusInverse,
    PairOfBounds,
    RMSprop,
    SavareseBounds,
    StepDecay,
    Unconstrained,
)
from adabound_np.schedules import FromCallable, Scaled

__all__ = ["CASES", "SETTINGS", "Case", "cases", "projection"]

#: Arguments of a call, and the lengths of the indices' ranges.
Case: TypeAlias = tuple[tuple[Any, ...], Mapping[str, int]]

rng = np.random.default_rng()
STEPS = (1, 2, 3, 7)
MANY = (*STEPS, np.array(STEPS))
N = 24

_BETA1 = (0.83, Geometric(0.9, 0.7), Harmonic(0.6))
_SHARED: dict[str, Any] = {"lr": 0.37, "schedule": "inv-sqrt"}
_ADAM = [
    {**_SHARED, "betas": (beta1, 0.71), "eps": 0.21, "bias_correction": b}
    for beta1, b in itertools.product(_BETA1, (True, False))
]
_BOUNDED = [{**h, "final_lr": 0.13, "gamma": 0.45} for h in _ADAM]
_ROOTED = [{**h, "eps_root": 0.34} for h in _ADAM]

#: Optimizer -> settings that exercise each of its lines.
SETTINGS: dict[Any, list[dict[str, Any]]] = {
    SGD: [
        {**_SHARED, "momentum": 0.83},
        {**_SHARED, "momentum": 0.83, "dampening": 0.4},
        {**_SHARED, "momentum": Geometric(0.9, 0.7), "dampening": 0.4, "dampen_first_step": True},
        {**_SHARED, "momentum": 0.83, "nesterov": True},
    ],
    CSGD: [
        {**_SHARED, "momentum": beta, "bias_correction": b}
        for beta, b in itertools.product(_BETA1, (True, False))
    ],
    AdaGrad: [{**_SHARED, "eps": 0.21, "average": a} for a in (True, False)],
    RMSprop: [{**_SHARED, "alpha": 0.71, "eps": 0.21}],
    Adam: _ROOTED,
    AMSGrad: _ROOTED,
    AdamNC: [
        {**_SHARED, "betas": pair, "eps": 0.21, "eps_root": 0.34}
        for pair in ((0.83, OneMinusInverse()), (Geometric(0.9, 0.7), Geometric(0.8, 0.6)))
    ],
    AdaBound: _BOUNDED,
    AMSBound: _BOUNDED,
}


def wide(*shape: int) -> NDArray[np.float64]:
    """Positive numbers over many orders of magnitude."""
    positive: NDArray[np.float64] = np.exp(rng.normal(scale=4, size=shape))
    return positive


def states(cls: Any, t: int) -> Any:
    """A state after t steps, each array random on its own."""
    return cls.State(t, *(wide(N) for _ in cls.State._fields[1:]))


def moments(cls: Any) -> Iterator[Case]:
    for setting, t in itertools.product(SETTINGS[cls], STEPS):
        yield (cls(None, **setting).hyper, states(cls, t - 1), rng.normal(size=N), t), {}


def learning_rate(cls: Any) -> Iterator[Case]:
    for setting, t in itertools.product(SETTINGS[cls], STEPS):
        yield (cls(None, **setting).hyper, states(cls, t), t), {}


_BATCH = L2Ball(2.0, center=0.5, axis=-1)
_SETS = (Unconstrained(), Box(-1.3, 0.8), L2Ball(2.1, center=0.4))


def move(cls: Any) -> Iterator[Case]:
    decays: tuple[dict[str, Any], ...] = (
        {},
        {"decoupled_weight_decay": True},
        {"decoupled_weight_decay": True, "fixed_decay": True},
    )
    for t, feasible, decay in itertools.product((1, 3), _SETS, decays):
        h = SGD(None, **_SHARED, weight_decay=0.17, feasible=feasible, **decay).hyper
        yield (h, *rng.normal(size=(2, 5)), wide(5), t), {}


def advance(cls: Any) -> Iterator[Case]:
    for decay in (0.0, 0.17):
        opt = RMSprop(None, lr=0.37, weight_decay=decay)
        yield (opt, opt.hyper, *rng.normal(size=(2, N)), states(RMSprop, 3)), {}


def of_steps(
    *objects: Any, sizes: Mapping[str, int] | None = None, t: Any = STEPS
) -> Callable[[Any], Iterator[Case]]:
    """Cases of a method that takes t alone."""
    return lambda cls: (((self, step), sizes or {}) for self in objects for step in t)


def project(*sets: Any) -> Callable[[Any], Iterator[Case]]:
    def make(cls: Any) -> Iterator[Case]:
        for self in sets:
            for scale in (0.1, 3.0):
                yield (self, scale * rng.normal(size=5), wide(5)), {"i": 5}

    return make


def onto_balls(cls: Any) -> Iterator[Case]:
    """Vectors inside, outside, just outside, and exactly on the sphere, alone and in one batch."""
    yield from project(_SETS[2])(cls)
    y = _BATCH.center + 2 * np.eye(5)[:4] * np.array([[1.0, 0.4, 1.02, 3.0]]).T
    y[1:] += 0.01 * rng.normal(size=(3, 5))
    for _ in range(3):
        yield (_BATCH, y, wide(4, 5)), {"i": 5}


def norm(cls: Any) -> Iterator[Case]:
    for scale in (0.01, 1.0, 1e4):
        yield (_SETS[2], scale * rng.normal(size=4)), {"i": 4}
        yield (_BATCH, scale * rng.normal(size=(3, 4))), {"i": 4}


def _wave(t: Any) -> Any:
    return 0.5 + 0.4 * np.sin(t)


class _Geometric:
    """A function of the user's with its own product."""

    def __call__(self, t: Any) -> Any:
        return 0.6**t

    def product(self, t: Any) -> Any:
        return 0.6 ** (t * (t + 1) / 2)


def _fresh(cls: Any) -> Iterator[Case]:
    """Schedules that have remembered nothing yet, at each t, and one that goes on."""
    goes_on = FromCallable(_wave)
    for t in STEPS:
        yield (FromCallable(_wave), t), {}
        yield (goes_on, t), {}
        yield (FromCallable(_Geometric()), t), {}


def _running(cls: Any) -> Iterator[Case]:
    for t in STEPS:
        yield (InverseTime(0.3), t), {}


_PAIR = PairOfBounds(FromCallable(_wave), Scaled(3.0, FromCallable(_wave)))
_SAVARESE = tuple(SavareseBounds(0.37, 2.3, 0.71, K) for K in (1, 2, 5))
_DECAY = StepDecay((2, 3, 6), factor=0.4)
_INVERSE = InverseTime(0.3)
_SCALED = Scaled(0.7, Geometric(0.9, 0.7))

#: A function's place -> what makes its cases, and the class it belongs to.
CASES: dict[str, tuple[Callable[[Any], Iterator[Case]], Any]] = {
    **{
        f"{cls.__module__}.{cls.__name__}.{name}": (make, cls)
        for cls in SETTINGS
        for name, make in (("moments", moments), ("learning_rate", learning_rate))
    },
    **{
        f"adabound_np.{place}": (make, None)
        for place, make in {
            "algorithm.Algorithm.move": move,
            "algorithm.Algorithm.advance": advance,
            "bounds.DynamicBounds.eta_l": of_steps(DynamicBounds(0.13, 0.45)),
            "bounds.DynamicBounds.eta_u": of_steps(DynamicBounds(0.13, 0.45)),
            "bounds.SavareseBounds.eta_l": of_steps(*_SAVARESE),
            "bounds.SavareseBounds.eta_u": of_steps(*_SAVARESE),
            "bounds.PairOfBounds.eta_l": of_steps(_PAIR),
            "bounds.PairOfBounds.eta_u": of_steps(_PAIR),
            "feasible.Unconstrained.project": project(_SETS[0]),
            "feasible.Box.project": project(_SETS[1]),
            "feasible.L2Ball.project": onto_balls,
            "feasible.L2Ball._norm": norm,
            "schedules.Constant.__call__": of_steps(Constant(0.6)),
            "schedules.Constant.product": of_steps(Constant(0.6)),
            "schedules.InvSqrt.__call__": of_steps(InvSqrt()),
            "schedules.InvSqrt.product": of_steps(InvSqrt()),
            "schedules.InverseTime.__call__": of_steps(_INVERSE),
            "schedules.StepDecay.__call__": of_steps(_DECAY, sizes={"j": 3}, t=MANY),
            "schedules.StepDecay.product": of_steps(_DECAY, sizes={"j": 3}, t=MANY),
            "schedules.Geometric.__call__": of_steps(Geometric(0.9, 0.7)),
            "schedules.Geometric.product": of_steps(Geometric(0.9, 0.7)),
            "schedules.Harmonic.__call__": of_steps(Harmonic(0.6)),
            "schedules.Harmonic.product": of_steps(Harmonic(0.6)),
            "schedules.OneMinusInverse.__call__": of_steps(OneMinusInverse()),
            "schedules.OneMinusInverse.product": of_steps(OneMinusInverse()),
            "schedules.Scaled.__call__": of_steps(_SCALED),
            "schedules.Scaled.product": of_steps(_SCALED),
            "annealing.LinearSchedule.__call__": of_steps(LinearSchedule(0.3, 0.9, 5), t=MANY),
            "annealing.CosineDecaySchedule.__call__": of_steps(CosineDecaySchedule(5, 0.2), t=MANY),
            "annealing.JoinedSchedules.__call__": of_steps(
                JoinedSchedules((LinearSchedule(0.3, 0.9, 5), Geometric(0.9, 0.7)), (2,))
            ),
            "schedules.FromCallable.__call__": of_steps(FromCallable(_wave)),
            "schedules.FromCallable.product": _fresh,
            "schedules._inverse_factorial": lambda cls: (((t,), {}) for t in MANY),
            "schedules.RunningProduct.product": _running,
        }.items()
    },
}


def cases(place: str, seed: int = 0) -> list[Case]:
    """Return arguments and index ranges for the function at a place.

    Parameters
    ----------
    place : str
        A key of `CASES`.
    seed : int
        Seed of what is random.

    Examples
    --------
    >>> (x, y, eta), sizes = cases("adabound_np.feasible.Box.project")[0]
    >>> x, y.shape, sizes
    (Box(lo=-1.3, hi=0.8), (5,), {'i': 5})
    """
    make, cls = CASES[place]
    seeded = np.random.default_rng(zlib.crc32(place.encode()) + seed)  # whatever ran before
    rng.bit_generator.state = seeded.bit_generator.state
    return list(make(cls))


def projection(local: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Return the projection by its definition, found by other means than the code's."""

    def project(y: Any) -> Any:
        feasible, eta = local["h"].feasible, local["eta"]
        if isinstance(feasible, Box):
            return np.where(y < feasible.lo, feasible.lo, np.where(y > feasible.hi, feasible.hi, y))
        if isinstance(feasible, L2Ball):
            z = y - feasible.center

            def excess(lam: float) -> float:
                return float(np.linalg.norm(z / (1 + lam * eta)) - feasible.radius)

            if excess(0.0) <= 0:
                return y
            lam = brentq(excess, 0.0, 1e9, xtol=1e-300, rtol=1e-15, maxiter=1000)
            return feasible.center + z / (1 + lam * eta)
        return y

    return {r"\Pi_{F, \mathrm{diag}(\eta_t^{-1})}": project}
