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
        self.rebuild(self.args, found.append)
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


def normal(*shape: int) -> np.ndarray:
    """Normal numbers."""
    return rng.normal(size=shape)


def positive(*shape: int) -> np.ndarray:
    """Positive numbers."""
    return rng.uniform(0.5, 2, size=shape)


def integers(high: int, *shape: int) -> np.ndarray:
    """Integers in [0, high)."""
    return rng.integers(high, size=shape)


def case(*args: Any, **options: Any) -> Case:
    return Case(args, options)


def unary(make: Any = normal) -> list[Case]:
    return [case(make()), case(make(5)), case(make(2, 1, 3))]


def binary(left: Any = normal, right: Any = normal) -> list[Case]:
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
        case(normal(3, 4)),
        case(normal(3, 4), 0),
        case(normal(3, 4), -1, keepdims=True),
        case(normal(2, 3, 4), (0, 2)),
        case(normal(2, 3, 4), axis=(2, 0), keepdims=True),
        case(normal()),
    ]


mask = np.array([True, False, True, True])

SAMPLES: dict[str, list[Case]] = {
    "add": binary(),
    "subtract": binary(),
    "multiply": binary(),
    "divide": binary(normal, positive),
    "power": [
        *binary(positive, normal),
        case(normal(4), 2),
        case(normal(4), 3.0),
        case(normal(4), 1),
        case(normal(4), 0),
        case(positive(3), -1.5),
    ],
    "negative": unary(),
    "square": unary(),
    "sqrt": unary(positive),
    "exp": unary(),
    "expm1": unary(),
    "log": unary(positive),
    "log1p": unary(positive),
    "sin": unary(),
    "cos": unary(),
    "abs": unary(),
    "maximum": binary(),
    "minimum": binary(),
    "clip": [
        case(normal(6), -0.5, 0.7),
        case(3 * normal(2, 3), -1.0, 1.0),
        case(normal(5), None, 0.3),
        case(normal(4), Const(-positive(4)), Const(positive(4))),
    ],
    "relu": unary(),
    "leaky_relu": [*unary(), case(normal(5), 0.2), case(normal(2, 3), slope=0.3)],
    "tanh": unary(),
    "sigmoid": [*unary(), case(30 * normal(4))],
    "softplus": [*unary(), case(30 * normal(4))],
    "where": [
        case(Const(mask), normal(4), normal(4)),
        case(Const(mask), normal(3, 1), normal()),
        case(Const(mask), normal(4), 0.0),
    ],
    "sum": reductions(),
    "mean": reductions(),
    "var": [
        *reductions(),
        case(normal(3, 4), ddof=1),
        case(normal(2, 3, 4), (0, 2), ddof=1, keepdims=True),
    ],
    "max": reductions(),
    "min": reductions(),
    "logsumexp": [*reductions(), case(1000 + normal(3, 4), 1)],
    "reshape": [
        case(normal(3, 4), (2, 6)),
        case(normal(3, 4), (-1,)),
        case(normal(4), (2, 1, 2)),
        case(normal(), (1,)),
    ],
    "transpose": [
        case(normal(2, 3, 4)),
        case(normal(2, 3, 4), (2, 0, 1)),
        case(normal(2, 3), (-1, 0)),
        case(normal(3)),
    ],
    "swapaxes": [
        case(normal(2, 3, 4), 0, 2),
        case(normal(2, 3), -1, 0),
        case(normal(2, 3, 4), 1, 1),
    ],
    "moveaxis": [
        case(normal(2, 3, 4), 0, -1),
        case(normal(2, 3, 4), (0, 1), (2, 0)),
        case(normal(2, 3), 1, 0),
    ],
    "expand_dims": [
        case(normal(2, 3), 0),
        case(normal(2, 3), -1),
        case(normal(2, 3), (0, 2)),
        case(normal(), 0),
    ],
    "squeeze": [
        case(normal(1, 3, 1)),
        case(normal(1, 3, 1), 0),
        case(normal(1, 3, 1), (0, 2)),
        case(normal(1, 1)),
    ],
    "broadcast_to": [
        case(normal(3), (2, 3)),
        case(normal(2, 1), (2, 4)),
        case(normal(), (2, 2)),
        case(normal(2), (2,)),
    ],
    "getitem": [
        case(normal(4, 3), 1),
        case(normal(4, 3), (slice(None, None, 2), slice(1, None))),
        case(normal(4, 3), (..., None, 0)),
        case(normal(4, 3), np.array([0, 2, 2, -1])),
        case(normal(4, 3), [0, 0, 1]),
        case(normal(4, 3), mask),
        case(normal(4, 3), (mask, 1)),
        case(normal(2, 4, 3), (0, mask, slice(1))),
        case(normal(4, 3), (np.array([[0, 1], [3, 0]]), np.array([1, 1]))),
        case(normal(4, 3), np.array([[True, False, True]] * 4)),
    ],
    "concatenate": [
        case([normal(2, 3), normal(1, 3)]),
        case([normal(2, 3), normal(2, 1), Const(normal(2, 2))], 1),
        case([normal(2, 3), normal(2, 2)], axis=-1),
        case([normal(3)]),
    ],
    "stack": [
        case([normal(3), normal(3)]),
        case([normal(2, 3), normal(2, 3), normal(2, 3)], 1),
        case([normal(2), normal(2)], axis=-1),
    ],
    "split": [
        case(normal(6, 2), 3),
        case(normal(2, 5), [1, 3], 1),
        case(normal(4), [2]),
        case(normal(2, 4), 2, axis=-1),
    ],
    "pad": [
        case(normal(3), 1),
        case(normal(2, 3), (1, 2)),
        case(normal(2, 3), ((0, 1), (2, 0)), constant_values=1.5),
    ],
    "matmul": [
        case(normal(3, 4), normal(4, 2)),
        case(normal(4), normal(4)),
        case(normal(4), normal(4, 2)),
        case(normal(3, 4), normal(4)),
        case(normal(2, 3, 4), normal(4, 5)),
        case(normal(2, 3, 4), normal(2, 4, 5)),
        case(normal(5, 1, 3, 4), normal(2, 4, 2)),
        case(normal(2, 3, 4), normal(4)),
        case(normal(4), normal(2, 4, 3)),
        case(normal(3, 4), normal(2, 4, 5)),
    ],
    "linear": [
        case(normal(5, 3), normal(2, 3), normal(2)),
        case(normal(5, 3), normal(2, 3)),
        case(normal(2, 4, 3), normal(2, 3), normal(2)),
        case(normal(3), normal(2, 3), normal(2)),
    ],
    "einsum": [
        case("ij,jk->ik", normal(2, 3), normal(3, 4)),
        case("ij,jk", normal(2, 3), normal(3, 4)),
        case("ii->i", normal(3, 3)),
        case("ii", normal(3, 3)),
        case("ij->", normal(2, 3)),
        case("ij->j", normal(2, 3)),
        case("i,j,ij->ij", normal(2), normal(3), normal(2, 3)),
        case("bij,bjk,bkl->bil", normal(2, 3, 2), normal(2, 2, 3), normal(2, 3, 1)),
        case("...ij,...jk->...ik", normal(2, 3, 2), normal(2, 3)),
        case("i...,i->...", normal(2, 3), normal(2)),
        case("iij,j->i", normal(3, 3, 2), normal(2)),
        case("ij,ij->i", normal(2, 3), Const(normal(2, 3))),
    ],
    "conv2d": [
        case(normal(2, 3, 5, 5), normal(4, 3, 3, 3), normal(4), 1, 1),
        case(normal(2, 3, 5, 6), normal(4, 3, 3, 3), normal(4)),
        case(normal(2, 2, 6, 7), normal(3, 2, 3, 3), None, 2, 1),
        case(normal(1, 2, 4, 4), normal(3, 2, 1, 1)),
        case(normal(1, 2, 5, 5), normal(3, 2, 1, 1), normal(3), stride=2),
        case(normal(1, 1, 5, 6), normal(2, 1, 2, 3), normal(2), 1, 2),
        case(normal(2, 1, 4, 4), normal(2, 1, 2, 2), normal(2), 1, 2),
    ],
    "max_pool2d": [
        case(normal(2, 3, 4, 4), 2),
        case(normal(1, 2, 5, 5), 3, 2, 1),
        case(normal(1, 1, 5, 4), 2, stride=1),
    ],
    "avg_pool2d": [
        case(normal(2, 3, 4, 4), 2),
        case(normal(1, 2, 5, 5), 3, 2, 1),
        case(normal(1, 1, 5, 4), 2, stride=1),
    ],
    "global_avg_pool2d": [case(normal(2, 3, 4, 4)), case(normal(1, 1, 1, 3))],
    "batch_norm": [
        case(normal(4, 3, 2, 2), positive(3), normal(3)),
        case(normal(5, 2), positive(2), normal(2), 1e-3),
        case(normal(3, 2, 4, 1), positive(2), normal(2)),
    ],
    "layer_norm": [
        case(normal(4, 3), positive(3), normal(3)),
        case(normal(2, 3, 4), positive(3, 4), normal(3, 4)),
        case(normal(2, 3, 4), positive(4), normal(4), 1e-3),
    ],
    "embedding": [
        case(normal(5, 3), integers(5, 4)),
        case(normal(5, 2), integers(5, 2, 6)),
        case(normal(3, 1), np.array(2)),
    ],
    "dropout": [
        case(normal(20), 0.5, rng=3),
        case(normal(3, 4), 0.2, rng=4),
        case(normal(5), 0.0, rng=5),
    ],
    "softmax": [case(normal(3, 4)), case(normal(3, 4), 0), case(1000 * normal(5))],
    "log_softmax": [case(normal(3, 4)), case(normal(3, 4), axis=0), case(1000 + normal(5))],
    "lstm": [
        case(
            normal(4, 2, 3),
            normal(2, 2),
            normal(2, 2),
            normal(8, 3),
            normal(8, 2),
            normal(8),
            normal(8),
        ),
        case(
            normal(1, 3, 2),
            normal(3, 1),
            normal(3, 1),
            normal(4, 2),
            normal(4, 1),
            normal(4),
            normal(4),
        ),
    ],
    "mse_loss": [
        case(normal(3, 4), normal(3, 4)),
        case(normal(3, 4), normal(3, 4), "sum"),
        case(normal(3), normal(3), reduction="none"),
    ],
    "l1_loss": [
        case(normal(3, 4), normal(3, 4)),
        case(normal(3, 4), normal(3, 4), "sum"),
        case(normal(3), normal(3), reduction="none"),
    ],
    "hinge_loss": [
        case(normal(6), 2 * integers(2, 6) - 1),
        case(normal(3, 2), 2 * integers(2, 3, 2) - 1, "sum"),
        case(normal(4), 2 * integers(2, 4) - 1, reduction="none"),
    ],
    "binary_cross_entropy_with_logits": [
        case(normal(6), Const(positive(6) / 2)),
        case(30 * normal(3, 2), integers(2, 3, 2), "sum"),
        case(normal(4), integers(2, 4), reduction="none"),
    ],
    "cross_entropy": [
        case(normal(5, 3), integers(3, 5)),
        case(normal(5, 3), integers(3, 5), 0.1),
        case(100 * normal(4, 3), integers(3, 4), reduction="sum"),
        case(normal(4, 3), integers(3, 4), label_smoothing=0.2, reduction="none"),
    ],
}
