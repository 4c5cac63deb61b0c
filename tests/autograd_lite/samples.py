"""Arguments for every operation of the table: the checks loop over the table and look here.

A case is a call. Its float arrays, also those in lists, are differentiated; what is wrapped in
`Const` is not. Values lie away from kinks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Const:
    """An argument that is not differentiated."""

    value: Any


@dataclass
class Case:
    """One call of an operation."""

    args: tuple[Any, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def arrays(self) -> list[np.ndarray]:
        """The arrays to differentiate for, in order."""
        found: list[np.ndarray] = []
        self.rebuild(self.args, lambda array: found.append(array))
        return found

    def rebuild(self, args: Any, new: Any) -> tuple[Any, ...]:
        """The arguments with `new(array)` in place of each array to differentiate for."""
        return tuple(self._rebuilt(arg, new) for arg in args)

    def _rebuilt(self, arg: Any, new: Any) -> Any:
        if isinstance(arg, Const):
            return arg.value
        if isinstance(arg, list):
            return [self._rebuilt(part, new) for part in arg]
        return new(arg) if isinstance(arg, np.ndarray) and arg.dtype.kind == "f" else arg

    def call(self, op: Any, arrays: Any) -> Any:
        """Call `op` with these arrays, or tensors, in place of the case's own."""
        given = iter(arrays)
        return op(*self.rebuild(self.args, lambda _: next(given)), **self.options)


rng = np.random.default_rng(20190226)


def R(*shape: int) -> np.ndarray:
    """Normal numbers."""
    return rng.normal(size=shape)


def U(*shape: int) -> np.ndarray:
    """Positive numbers."""
    return rng.uniform(0.5, 2, size=shape)


def I(high: int, *shape: int) -> np.ndarray:  # noqa: E743
    """Integers in [0, high)."""
    return rng.integers(high, size=shape)


def case(*args: Any, **options: Any) -> Case:
    return Case(args, options)


def unary(make: Any = R) -> list[Case]:
    return [case(make()), case(make(5)), case(make(2, 1, 3))]


def binary(left: Any = R, right: Any = R) -> list[Case]:
    return [
        case(left(), right()),
        case(left(3, 4), right(3, 4)),
        case(left(3, 1), right(4)),
        case(left(4), right(2, 3, 1)),
        case(left(3), Const(1.5)),
        case(Const(1.5), right(3)),
    ]


def reductions() -> list[Case]:
    return [
        case(R(3, 4)),
        case(R(3, 4), 0),
        case(R(3, 4), -1, keepdims=True),
        case(R(2, 3, 4), (0, 2)),
        case(R(2, 3, 4), axis=(2, 0), keepdims=True),
        case(R()),
    ]


mask = np.array([True, False, True, True])

SAMPLES: dict[str, list[Case]] = {
    "add": binary(),
    "subtract": binary(),
    "multiply": binary(),
    "divide": binary(R, U),
    "power": [
        *binary(U, R),
        case(R(4), 2),
        case(R(4), 3.0),
        case(R(4), 1),
        case(R(4), 0),
        case(U(3), -1.5),
    ],
    "negative": unary(),
    "square": unary(),
    "sqrt": unary(U),
    "exp": unary(),
    "expm1": unary(),
    "log": unary(U),
    "log1p": unary(U),
    "sin": unary(),
    "cos": unary(),
    "abs": unary(),
    "maximum": binary(),
    "minimum": binary(),
    "clip": [
        case(R(6), -0.5, 0.7),
        case(3 * R(2, 3), -1.0, 1.0),
        case(R(5), None, 0.3),
        case(R(4), Const(-U(4)), Const(U(4))),
    ],
    "relu": unary(),
    "leaky_relu": [*unary(), case(R(5), 0.2), case(R(2, 3), slope=0.3)],
    "tanh": unary(),
    "sigmoid": [*unary(), case(30 * R(4))],
    "softplus": [*unary(), case(30 * R(4))],
    "where": [
        case(Const(mask), R(4), R(4)),
        case(Const(mask), R(3, 1), R()),
        case(Const(mask), R(4), 0.0),
    ],
    "sum": reductions(),
    "mean": reductions(),
    "var": [*reductions(), case(R(3, 4), ddof=1), case(R(2, 3, 4), (0, 2), ddof=1, keepdims=True)],
    "max": reductions(),
    "min": reductions(),
    "logsumexp": [*reductions(), case(1000 + R(3, 4), 1)],
    "reshape": [
        case(R(3, 4), (2, 6)),
        case(R(3, 4), (-1,)),
        case(R(4), (2, 1, 2)),
        case(R(), (1,)),
    ],
    "transpose": [
        case(R(2, 3, 4)),
        case(R(2, 3, 4), (2, 0, 1)),
        case(R(2, 3), (-1, 0)),
        case(R(3)),
    ],
    "swapaxes": [case(R(2, 3, 4), 0, 2), case(R(2, 3), -1, 0), case(R(2, 3, 4), 1, 1)],
    "moveaxis": [case(R(2, 3, 4), 0, -1), case(R(2, 3, 4), (0, 1), (2, 0)), case(R(2, 3), 1, 0)],
    "expand_dims": [case(R(2, 3), 0), case(R(2, 3), -1), case(R(2, 3), (0, 2)), case(R(), 0)],
    "squeeze": [case(R(1, 3, 1)), case(R(1, 3, 1), 0), case(R(1, 3, 1), (0, 2)), case(R(1, 1))],
    "broadcast_to": [
        case(R(3), (2, 3)),
        case(R(2, 1), (2, 4)),
        case(R(), (2, 2)),
        case(R(2), (2,)),
    ],
    "getitem": [
        case(R(4, 3), 1),
        case(R(4, 3), (slice(None, None, 2), slice(1, None))),
        case(R(4, 3), (..., None, 0)),
        case(R(4, 3), np.array([0, 2, 2, -1])),
        case(R(4, 3), [0, 0, 1]),
        case(R(4, 3), mask),
        case(R(4, 3), (mask, 1)),
        case(R(2, 4, 3), (0, mask, slice(1))),
        case(R(4, 3), (np.array([[0, 1], [3, 0]]), np.array([1, 1]))),
        case(R(4, 3), np.array([[True, False, True]] * 4)),
    ],
    "concatenate": [
        case([R(2, 3), R(1, 3)]),
        case([R(2, 3), R(2, 1), Const(R(2, 2))], 1),
        case([R(2, 3), R(2, 2)], axis=-1),
        case([R(3)]),
    ],
    "stack": [
        case([R(3), R(3)]),
        case([R(2, 3), R(2, 3), R(2, 3)], 1),
        case([R(2), R(2)], axis=-1),
    ],
    "split": [
        case(R(6, 2), 3),
        case(R(2, 5), [1, 3], 1),
        case(R(4), [2]),
        case(R(2, 4), 2, axis=-1),
    ],
    "pad": [
        case(R(3), 1),
        case(R(2, 3), (1, 2)),
        case(R(2, 3), ((0, 1), (2, 0)), constant_values=1.5),
    ],
    "matmul": [
        case(R(3, 4), R(4, 2)),
        case(R(4), R(4)),
        case(R(4), R(4, 2)),
        case(R(3, 4), R(4)),
        case(R(2, 3, 4), R(4, 5)),
        case(R(2, 3, 4), R(2, 4, 5)),
        case(R(5, 1, 3, 4), R(2, 4, 2)),
        case(R(2, 3, 4), R(4)),
        case(R(4), R(2, 4, 3)),
        case(R(3, 4), R(2, 4, 5)),
    ],
    "linear": [
        case(R(5, 3), R(2, 3), R(2)),
        case(R(5, 3), R(2, 3)),
        case(R(2, 4, 3), R(2, 3), R(2)),
        case(R(3), R(2, 3), R(2)),
    ],
    "einsum": [
        case("ij,jk->ik", R(2, 3), R(3, 4)),
        case("ij,jk", R(2, 3), R(3, 4)),
        case("ii->i", R(3, 3)),
        case("ii", R(3, 3)),
        case("ij->", R(2, 3)),
        case("ij->j", R(2, 3)),
        case("i,j,ij->ij", R(2), R(3), R(2, 3)),
        case("bij,bjk,bkl->bil", R(2, 3, 2), R(2, 2, 3), R(2, 3, 1)),
        case("...ij,...jk->...ik", R(2, 3, 2), R(2, 3)),
        case("i...,i->...", R(2, 3), R(2)),
        case("iij,j->i", R(3, 3, 2), R(2)),
        case("ij,ij->i", R(2, 3), Const(R(2, 3))),
    ],
    "conv2d": [
        case(R(2, 3, 5, 5), R(4, 3, 3, 3), R(4), 1, 1),
        case(R(2, 3, 5, 6), R(4, 3, 3, 3), R(4)),
        case(R(2, 2, 6, 7), R(3, 2, 3, 3), None, 2, 1),
        case(R(1, 2, 4, 4), R(3, 2, 1, 1)),
        case(R(1, 2, 5, 5), R(3, 2, 1, 1), R(3), stride=2),
        case(R(1, 1, 5, 6), R(2, 1, 2, 3), R(2), 1, 2),
        case(R(2, 1, 4, 4), R(2, 1, 2, 2), R(2), 1, 2),
    ],
    "max_pool2d": [
        case(R(2, 3, 4, 4), 2),
        case(R(1, 2, 5, 5), 3, 2, 1),
        case(R(1, 1, 5, 4), 2, stride=1),
    ],
    "avg_pool2d": [
        case(R(2, 3, 4, 4), 2),
        case(R(1, 2, 5, 5), 3, 2, 1),
        case(R(1, 1, 5, 4), 2, stride=1),
    ],
    "global_avg_pool2d": [case(R(2, 3, 4, 4)), case(R(1, 1, 1, 3))],
    "batch_norm": [
        case(R(4, 3, 2, 2), U(3), R(3)),
        case(R(5, 2), U(2), R(2), 1e-3),
        case(R(3, 2, 4, 1), U(2), R(2)),
    ],
    "layer_norm": [
        case(R(4, 3), U(3), R(3)),
        case(R(2, 3, 4), U(3, 4), R(3, 4)),
        case(R(2, 3, 4), U(4), R(4), 1e-3),
    ],
    "embedding": [case(R(5, 3), I(5, 4)), case(R(5, 2), I(5, 2, 6)), case(R(3, 1), np.array(2))],
    "dropout": [case(R(20), 0.5, rng=3), case(R(3, 4), 0.2, rng=4), case(R(5), 0.0, rng=5)],
    "softmax": [case(R(3, 4)), case(R(3, 4), 0), case(1000 * R(5))],
    "log_softmax": [case(R(3, 4)), case(R(3, 4), axis=0), case(1000 + R(5))],
    "lstm": [
        case(R(4, 2, 3), R(2, 2), R(2, 2), R(8, 3), R(8, 2), R(8), R(8)),
        case(R(1, 3, 2), R(3, 1), R(3, 1), R(4, 2), R(4, 1), R(4), R(4)),
    ],
    "mse_loss": [
        case(R(3, 4), R(3, 4)),
        case(R(3, 4), R(3, 4), "sum"),
        case(R(3), R(3), reduction="none"),
    ],
    "l1_loss": [
        case(R(3, 4), R(3, 4)),
        case(R(3, 4), R(3, 4), "sum"),
        case(R(3), R(3), reduction="none"),
    ],
    "hinge_loss": [
        case(R(6), 2 * I(2, 6) - 1),
        case(R(3, 2), 2 * I(2, 3, 2) - 1, "sum"),
        case(R(4), 2 * I(2, 4) - 1, reduction="none"),
    ],
    "binary_cross_entropy_with_logits": [
        case(R(6), Const(U(6) / 2)),
        case(30 * R(3, 2), I(2, 3, 2), "sum"),
        case(R(4), I(2, 4), reduction="none"),
    ],
    "cross_entropy": [
        case(R(5, 3), I(3, 5)),
        case(R(5, 3), I(3, 5), 0.1),
        case(100 * R(4, 3), I(3, 4), reduction="sum"),
        case(R(4, 3), I(3, 4), label_smoothing=0.2, reduction="none"),
    ],
}
