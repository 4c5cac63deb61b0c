"""Inputs of the assigned functions, in JSON, as `problems.course.runner` takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from adabound_np import AdaBound, L2Ball
from problems.course.runner import plain
from problems.reading.cases import CASES, cases, wide

__all__ = ["calls"]

#: How many of a function's cases are used, evenly spaced.
_MOST = 12


def calls(place: str, seed: int) -> list[Any]:
    """Return the arguments of calls, or programs, for a function or a rule.

    Parameters
    ----------
    place : str
        Function, or rule with its number: ``...elementwise.multiply.vjps[0]``.
    seed : int
        Seed of what is random.
    """
    rng = np.random.default_rng(seed)
    if place in CASES:
        found = [arguments for arguments, _ in cases(place, seed)]
        chosen = sorted({round(k) for k in np.linspace(0, len(found) - 1, _MOST)})
        more = _MORE.get(place, lambda: [])
        return [_encoded(arguments) for arguments in (*(found[k] for k in chosen), *more())]
    return list(_OTHERS[place.split("[", maxsplit=1)[0]](rng))


def _special_cases() -> Iterator[tuple[Any, ...]]:
    """SGD, by equal bounds, and Adam, by open ones."""
    for bounds in ((0.3, 0.3), (0.0, np.inf)):
        h = AdaBound(None, lr=0.37, bounds=bounds).hyper
        for t in (1, 3):
            yield h, AdaBound.State(t, wide(4), wide(4)), t


def _far_balls() -> Iterator[tuple[Any, ...]]:
    """A ball away from 0, small rates, and a point all of whose coordinates are negative."""
    ball = L2Ball(1.0, center=np.array([3.0, -2.0]))
    for y in ([0.1, 0.1], [3.5, -1.8], [-4.0, -7.0], [4.5, -1.0]):
        yield ball, np.array(y), 1e-3 * wide(2)


#: Calls besides those of the cases.
_MORE: dict[str, Callable[[], Iterable[tuple[Any, ...]]]] = {
    "adabound_np.adabound.AdaBound.learning_rate": _special_cases,
    "adabound_np.feasible.L2Ball.project": _far_balls,
}


def _encoded(arguments: tuple[Any, ...]) -> list[Any]:
    steps = next((a for a in arguments if type(a) is int), 1)
    return [_one(argument, steps) for argument in arguments]


def _one(value: Any, steps: int) -> Any:
    if isinstance(value, SimpleNamespace):
        return {"fields": {k: v for k, v in _fields(value, steps) if v is not None}}
    if hasattr(value, "_asdict"):
        return {"state": {k: plain(v) for k, v in value._asdict().items()}}
    if isinstance(value, (bool, int, float, list, np.ndarray, np.generic)):
        return plain(value)
    return {"self": dict(_fields(value, steps))}


def _fields(value: Any, steps: int) -> Iterator[tuple[str, Any]]:
    """The numbers of an object, and its functions of t as tables."""
    for name, field in vars(value).items():
        if callable(field):
            values = [plain(field(i)) for i in range(1, steps + 1)]
            product = getattr(field, "product", lambda t: None)
            products = [1.0, *(plain(product(i)) for i in range(1, steps + 1))]
            yield name, {"table": [values, products]}
        elif isinstance(field, (bool, int, float, np.ndarray, np.generic)):
            yield name, plain(field)


def _slopes(rng: Any) -> Iterator[list[Any]]:
    for start in (1, 2, 3, 7):
        C = int(rng.integers(3, 9))
        yield [{"self": {"C": C, "scale": float(rng.uniform(0.5, 2))}}, start, start + 12]


def _least(rng: Any) -> Iterator[list[Any]]:
    for lo, hi in ((-1.0, 1.0), (-2.0, 0.5), (0.3, 1.7)):
        feasible = {"fields": {"lo": lo, "hi": hi}}
        slopes = [0.0, *rng.normal(size=6).tolist()]
        yield [{"self": {"feasible": feasible}}, slopes]
    yield [{"self": {"feasible": {"fields": {"lo": float("-inf"), "hi": float("inf")}}}}, [0.0]]


def _regret(rng: Any) -> Iterator[list[Any]]:
    for shape in ((5,), (9,), (6, 2)):
        losses, best = rng.normal(size=(2, *shape))
        yield [{"self": {"losses": losses.tolist(), "best_losses": best.tolist()}}]


def _average(rng: Any) -> Iterator[list[Any]]:
    for shape in ((5,), (6, 2)):
        regret, losses = rng.normal(size=(2, *shape)).tolist()
        yield [{"self": {"regret": regret, "losses": losses}}]


def _binary(rng: Any) -> Iterator[list[Any]]:
    for shape in ((), (3,), (2, 3)):
        y_bar, a, b = rng.normal(size=(3, *shape))
        yield [*map(plain, (y_bar, a / b, a, b))]


def _unary(rng: Any) -> Iterator[list[Any]]:
    for shape in ((), (3,), (2, 3)):
        y_bar, x = rng.normal(size=(2, *shape))
        yield [*map(plain, (y_bar, np.exp(x), x))]


def _fits(rng: Any) -> Iterator[list[Any]]:
    for of, to in (((2, 3), (3,)), ((2, 3), (2, 1)), ((4, 2, 3), (1, 3)), ((2, 3), (2, 3))):
        yield [rng.normal(size=of).tolist(), rng.normal(size=to).tolist()]


#: Expressions of x in which a node is used again; only operations whose rules are given.
_REUSED = ("x - (-x)", "(x - 1.0) - (-x)", "-(x - (-x)) - x", "x - x - (-x) - (-x)")


def _programs(rng: Any) -> Iterator[str]:
    for expression in _REUSED:
        x, seed = rng.normal(size=(2, 3)).round(3).tolist()
        yield (
            "import student.elementwise\n"
            f"x = Tensor({x}, requires_grad=True)\n"
            f"y = {expression}\ny.backward({seed})\nresult = x.grad\n"
        )


def _scaled(rng: Any) -> Iterator[list[Any]]:
    for c in (0.1, 1.0, 7.0, 1000.0):
        m, v = rng.normal(size=4), np.exp(rng.normal(scale=3, size=4))
        yield [c, m.tolist(), v.tolist(), 0.3, 0.05, 0.9]


def _steps(rng: Any) -> Iterator[list[Any]]:
    for t in (1, 2, 5, 40):
        gamma, final_lr = rng.uniform(0.1, 0.9, 2)
        yield [{"self": {"final_lr": float(final_lr), "gamma": float(gamma)}}, t]


_OTHERS = {
    "problems.online.sequences.reddi_theorem1.ReddiTheorem1.slopes": _slopes,
    "problems.online.sequences.reddi_online.ReddiOnline.slopes": _slopes,
    "problems.online.problem.LinearProblem.least": _least,
    "problems.online.protocol.Trajectory.regret": _regret,
    "problems.online.protocol.Trajectory.average_regret": _average,
    "autograd_lite.ops.elementwise.multiply.vjps": _binary,
    "autograd_lite.ops.elementwise.divide.vjps": _binary,
    "autograd_lite.ops.elementwise.exp.vjps": _unary,
    "autograd_lite.engine._fit": _fits,
    "autograd_lite.engine.Tensor.backward": _programs,
    "course.by_hand.two_steps": lambda rng: iter([[]]),
    "course.scale.scaled": _scaled,
    "course.new_bounds.NewBounds.eta_l": _steps,
    "course.new_bounds.NewBounds.eta_u": _steps,
}
