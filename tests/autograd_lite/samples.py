"""Arguments for every operation of the table: the checks loop over the table and look here.

A case is a call. Its float arrays, also those in lists, are differentiated; what is wrapped in
`Const` is not. Values lie away from kinks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_lite import Tensor


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


def r(*shape: int) -> np.ndarray:
    """Normal numbers."""
    return rng.normal(size=shape)


def u(*shape: int) -> np.ndarray:
    """Positive numbers."""
    return rng.uniform(0.5, 2, size=shape)


def k(high: int, *shape: int) -> np.ndarray:
    """Integers in [0, high)."""
    return rng.integers(high, size=shape)


def spd(*shape: int) -> np.ndarray:
    """Symmetric positive definite matrices."""
    x = r(*shape, shape[-1])
    return x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1])


def regular(*shape: int) -> np.ndarray:
    """Matrices far from singular, of either sign of the determinant."""
    return r(*shape, shape[-1]) + 3 * k(2, *shape, 1) * np.eye(shape[-1]) - 1.5 * np.eye(shape[-1])


def leaf(*values: float, dtype: Any = np.float64) -> Tensor:
    """A tensor that backward leaves a gradient on."""
    return Tensor(np.array(values, dtype), requires_grad=True)


def case(*args: Any, **options: Any) -> Case:
    return Case(args, options)


def unary(make: Any = r) -> list[Case]:
    return [case(make()), case(make(5)), case(make(2, 1, 3))]


def binary(left: Any = r, right: Any = r) -> list[Case]:
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
        case(r(3, 4)),
        case(r(3, 4), 0),
        case(r(3, 4), -1, keepdims=True),
        case(r(2, 3, 4), (0, 2)),
        case(r(2, 3, 4), axis=(2, 0), keepdims=True),
        case(r()),
    ]


mask = np.array([True, False, True, True])

SAMPLES: dict[str, list[Case]] = {
    "add": binary(),
    "subtract": binary(),
    "multiply": binary(),
    "divide": binary(r, u),
    "power": [
        *binary(u, r),
        case(r(4), 2),
        case(r(4), 3.0),
        case(r(4), 1),
        case(r(4), 0),
        case(u(3), -1.5),
    ],
    "negative": unary(),
    "square": unary(),
    "sqrt": unary(u),
    "exp": unary(),
    "expm1": unary(),
    "log": unary(u),
    "log1p": unary(u),
    "sin": unary(),
    "cos": unary(),
    "abs": unary(),
    "sign": unary(),
    "positive": unary(),
    "logaddexp": [*binary(), case(1000 + r(3), 1000 + r(3))],
    "gelu": [*unary(), case(5 * r(4))],
    "maximum": binary(),
    "minimum": binary(),
    "clip": [
        case(r(6), -0.5, 0.7),
        case(3 * r(2, 3), -1.0, 1.0),
        case(r(5), None, 0.3),
        case(r(4), Const(-u(4)), Const(u(4))),
    ],
    "relu": unary(),
    "leaky_relu": [*unary(), case(r(5), 0.2), case(r(2, 3), slope=0.3)],
    "tanh": unary(),
    "sigmoid": [*unary(), case(30 * r(4))],
    "softplus": [*unary(), case(30 * r(4))],
    "where": [
        case(Const(mask), r(4), r(4)),
        case(Const(mask), r(3, 1), r()),
        case(Const(mask), r(4), 0.0),
        case(r(4), r(4), r(4)),
    ],
    "sum": reductions(),
    "mean": reductions(),
    "var": [
        *reductions(),
        case(r(3, 4), ddof=1),
        case(r(2, 3, 4), (0, 2), ddof=1, keepdims=True),
    ],
    "std": [
        *[c for c in reductions() if c.arrays()[0].ndim],
        case(r(3, 4), ddof=1),
        case(r(2, 3, 4), (0, 2), ddof=1, keepdims=True),
    ],
    "norm": [
        case(r(3, 4)),
        case(r(3, 4), None, 1),
        case(r(3, 4), 2, -1, keepdims=True),
        case(r(2, 3, 4), axis=(2, 0), keepdims=True),
        case(r(3, 4), "fro"),
        case(r(2, 3, 4), "fro", (0, 1)),
        case(r(4), 2),
        case(r()),
    ],
    "prod": [*reductions(), case(np.array([[0.0, 2.0, 0.0], [0.0, 2.0, 3.0]]), 1)],
    "cumsum": [
        case(r(3, 4)),
        case(r(3, 4), 0),
        case(r(2, 3, 4), axis=-2),
        case(r(5)),
        case(r()),
    ],
    "max": reductions(),
    "min": reductions(),
    "logsumexp": [*reductions(), case(1000 + r(3, 4), 1)],
    "reshape": [
        case(r(3, 4), (2, 6)),
        case(r(3, 4), (-1,)),
        case(r(4), (2, 1, 2)),
        case(r(), (1,)),
    ],
    "ravel": [case(r(3, 4)), case(r(4)), case(r())],
    "repeat": [
        case(r(3, 2), 2),
        case(r(3, 2), np.array([1, 0, 3]), 0),
        case(r(2, 3), [2, 1, 0], axis=-1),
        case(r(), 3),
    ],
    "vstack": [case([r(3), r(3)]), case([r(2, 3), r(3), Const(r(1, 3))]), case([r(), r()])],
    "hstack": [case([r(3), r(), Const(r(2))]), case([r(2, 3), r(2, 1)]), case([r(1, 2, 2)] * 2)],
    "transpose": [
        case(r(2, 3, 4)),
        case(r(2, 3, 4), (2, 0, 1)),
        case(r(2, 3), (-1, 0)),
        case(r(3)),
    ],
    "swapaxes": [
        case(r(2, 3, 4), 0, 2),
        case(r(2, 3), -1, 0),
        case(r(2, 3, 4), 1, 1),
    ],
    "moveaxis": [
        case(r(2, 3, 4), 0, -1),
        case(r(2, 3, 4), (0, 1), (2, 0)),
        case(r(2, 3), 1, 0),
    ],
    "expand_dims": [
        case(r(2, 3), 0),
        case(r(2, 3), -1),
        case(r(2, 3), (0, 2)),
        case(r(), 0),
    ],
    "squeeze": [
        case(r(1, 3, 1)),
        case(r(1, 3, 1), 0),
        case(r(1, 3, 1), (0, 2)),
        case(r(1, 1)),
    ],
    "broadcast_to": [
        case(r(3), (2, 3)),
        case(r(2, 1), (2, 4)),
        case(r(), (2, 2)),
        case(r(2), (2,)),
    ],
    "getitem": [
        case(r(4, 3), 1),
        case(r(4, 3), (slice(None, None, 2), slice(1, None))),
        case(r(4, 3), (..., None, 0)),
        case(r(4, 3), np.array([0, 2, 2, -1])),
        case(r(4, 3), [0, 0, 1]),
        case(r(4, 3), mask),
        case(r(4, 3), (mask, 1)),
        case(r(2, 4, 3), (0, mask, slice(1))),
        case(r(4, 3), (np.array([[0, 1], [3, 0]]), np.array([1, 1]))),
        case(r(4, 3), np.array([[True, False, True]] * 4)),
    ],
    "concatenate": [
        case([r(2, 3), r(1, 3)]),
        case([r(2, 3), r(2, 1), Const(r(2, 2))], 1),
        case([r(2, 3), r(2, 2)], axis=-1),
        case([r(3)]),
        case([r(2, 2), r(3)], None),
    ],
    "stack": [
        case([r(3), r(3)]),
        case([r(2, 3), r(2, 3), r(2, 3)], 1),
        case([r(2), r(2)], axis=-1),
    ],
    "split": [
        case(r(6, 2), 3),
        case(r(2, 5), [1, 3], 1),
        case(r(4), [2]),
        case(r(2, 4), 2, axis=-1),
    ],
    "pad": [
        case(r(3), 1),
        case(r(2, 3), (1, 2)),
        case(r(2, 3), ((0, 1), (2, 0)), constant_values=1.5),
    ],
    "matmul": [
        case(r(3, 4), r(4, 2)),
        case(r(4), r(4)),
        case(r(4), r(4, 2)),
        case(r(3, 4), r(4)),
        case(r(2, 3, 4), r(4, 5)),
        case(r(2, 3, 4), r(2, 4, 5)),
        case(r(5, 1, 3, 4), r(2, 4, 2)),
        case(r(2, 3, 4), r(4)),
        case(r(4), r(2, 4, 3)),
        case(r(3, 4), r(2, 4, 5)),
    ],
    "dot": [
        case(r(4), r(4)),
        case(r(3, 4), r(4, 2)),
        case(r(3, 4), r(4)),
        case(r(4), r(4, 2)),
        case(r(2, 3, 4), r(4, 2)),
        case(r(2, 3, 4), r(4)),
        case(r(3), r()),
        case(Const(1.5), r(2, 3)),
    ],
    "outer": [case(r(3), r(4)), case(r(2, 2), r(3)), case(r(3), Const(r(2))), case(r(), r(2))],
    "trace": [
        case(r(3, 3)),
        case(r(2, 4)),
        case(r(3, 4), 1),
        case(r(4, 3), -2),
        case(r(2, 3, 4), offset=-1, axis1=2, axis2=1),
        case(r(3, 3), 3),
    ],
    "solve": [
        case(regular(3), r(3)),
        case(regular(3), r(3, 2)),
        case(regular(2, 3), r(2, 3, 2)),
        case(regular(2, 3), r(3)),
        case(regular(3), r(4, 3, 1)),
        case(regular(2, 1, 3), r(4, 3, 2)),
        case(Const(regular(3)), r(3)),
    ],
    "inv": [case(regular(3)), case(regular(2, 2)), case(regular(1))],
    "slogdet": [case(regular(3)), case(regular(2, 3)), case(-spd(1)), case(np.eye(2)[::-1].copy())],
    "cholesky": [case(spd(3)), case(spd(2, 2)), case(spd(1))],
    "linear": [
        case(r(5, 3), r(2, 3), r(2)),
        case(r(5, 3), r(2, 3)),
        case(r(2, 4, 3), r(2, 3), r(2)),
        case(r(3), r(2, 3), r(2)),
    ],
    "einsum": [
        case("ij,jk->ik", r(2, 3), r(3, 4)),
        case("ij,jk", r(2, 3), r(3, 4)),
        case("ii->i", r(3, 3)),
        case("ii", r(3, 3)),
        case("ij->", r(2, 3)),
        case("ij->j", r(2, 3)),
        case("i,j,ij->ij", r(2), r(3), r(2, 3)),
        case("bij,bjk,bkl->bil", r(2, 3, 2), r(2, 2, 3), r(2, 3, 1)),
        case("...ij,...jk->...ik", r(2, 3, 2), r(2, 3)),
        case("i...,i->...", r(2, 3), r(2)),
        case("iij,j->i", r(3, 3, 2), r(2)),
        case("ij,ij->i", r(2, 3), Const(r(2, 3))),
    ],
    "conv2d": [
        case(r(2, 3, 5, 5), r(4, 3, 3, 3), r(4), 1, 1),
        case(r(2, 3, 5, 6), r(4, 3, 3, 3), r(4)),
        case(r(2, 2, 6, 7), r(3, 2, 3, 3), None, 2, 1),
        case(r(1, 2, 4, 4), r(3, 2, 1, 1)),
        case(r(1, 2, 5, 5), r(3, 2, 1, 1), r(3), stride=2),
        case(r(1, 1, 1, 2), r(1, 1, 1, 2)),
        case(r(1, 1, 5, 6), r(2, 1, 2, 3), r(2), 1, 2),
        case(r(2, 1, 4, 4), r(2, 1, 2, 2), r(2), 1, 2),
    ],
    "max_pool2d": [
        case(r(2, 3, 4, 4), 2),
        case(r(1, 2, 5, 5), 3, 2, 1),
        case(r(1, 1, 5, 4), 2, stride=1),
    ],
    "avg_pool2d": [
        case(r(2, 3, 4, 4), 2),
        case(r(1, 2, 5, 5), 3, 2, 1),
        case(r(1, 1, 5, 4), 2, stride=1),
    ],
    "global_avg_pool2d": [case(r(2, 3, 4, 4)), case(r(1, 1, 1, 3))],
    "batch_norm": [
        case(r(4, 3, 2, 2), u(3), r(3)),
        case(r(5, 2), u(2), r(2), 1e-3),
        case(r(3, 2, 4, 1), u(2), r(2)),
    ],
    "layer_norm": [
        case(r(4, 3), u(3), r(3)),
        case(r(2, 3, 4), u(3, 4), r(3, 4)),
        case(r(2, 3, 4), u(4), r(4), 1e-3),
    ],
    "embedding": [
        case(r(5, 3), k(5, 4)),
        case(r(5, 2), k(5, 2, 6)),
        case(r(3, 1), np.array(2)),
    ],
    "dropout": [
        case(r(20), 0.5, rng=3),
        case(r(3, 4), 0.2, rng=4),
        case(r(5), 0.0, rng=5),
    ],
    "softmax": [case(r(3, 4)), case(r(3, 4), 0), case(1000 * r(5))],
    "log_softmax": [case(r(3, 4)), case(r(3, 4), axis=0), case(1000 + r(5))],
    "lstm": [
        case(
            r(4, 2, 3),
            r(2, 2),
            r(2, 2),
            r(8, 3),
            r(8, 2),
            r(8),
            r(8),
        ),
        case(
            r(1, 3, 2),
            r(3, 1),
            r(3, 1),
            r(4, 2),
            r(4, 1),
            r(4),
            r(4),
        ),
    ],
    "mse_loss": [
        case(r(3, 4), r(3, 4)),
        case(r(3, 4), r(3, 4), "sum"),
        case(r(3), r(3), reduction="none"),
    ],
    "l1_loss": [
        case(r(3, 4), r(3, 4)),
        case(r(3, 4), r(3, 4), "sum"),
        case(r(3), r(3), reduction="none"),
    ],
    "hinge_loss": [
        case(r(6), 2 * k(2, 6) - 1),
        case(r(3, 2), 2 * k(2, 3, 2) - 1, "sum"),
        case(r(4), 2 * k(2, 4) - 1, reduction="none"),
    ],
    "binary_cross_entropy_with_logits": [
        case(r(6), Const(u(6) / 2)),
        case(30 * r(3, 2), k(2, 3, 2), "sum"),
        case(r(4), k(2, 4), reduction="none"),
    ],
    "cross_entropy": [
        case(r(5, 3), k(3, 5)),
        case(r(5, 3), k(3, 5), 0.1),
        case(100 * r(4, 3), k(3, 4), reduction="sum"),
        case(r(4, 3), k(3, 4), label_smoothing=0.2, reduction="none"),
        case(r(5, 3), np.array([2, -100, 0, 1, -100])),
        case(r(5, 3), k(3, 5), weight=np.array([0.5, 2.0, 0.0])),
        case(r(5, 3), np.array([2, 1, 0, 1, 1]), 0.1, weight=[3.0, 2.0, 1.0], ignore_index=1),
        case(r(4, 3), np.array([2, -1, 0, 1]), 0.2, "none", weight=u(3), ignore_index=-1),
    ],
}
