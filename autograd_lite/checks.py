"""What `Tensor.backward` checks: that the graph is whole and, if asked, that it is finite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.operators import Array, Operators

if TYPE_CHECKING:
    from autograd_lite.tensor import Primitive, Tensor

__all__ = [
    "arguments",
    "backward",
    "fingerprint",
    "floats",
    "forward",
    "intact",
    "kept",
    "own",
    "seed",
    "settable",
]


_FLOATS = frozenset([np.dtype(np.float32), np.dtype(np.float64)])


def floats(data: Array) -> None:
    """Raise TypeError if an array's dtype is not one that gradients are computed in."""
    if data.dtype not in _FLOATS:
        raise TypeError(f"requires_grad=True needs dtype float32 or float64, got {data.dtype}")


def settable(tensor: Tensor, needed: bool) -> None:
    """Raise an error if `requires_grad` of a tensor cannot be set to this."""
    if tensor._record is not None:
        raise RuntimeError(
            "requires_grad can be set on leaves only; a result has it from what it was computed "
            "from, and .detach() gives a tensor without it"
        )
    if needed:
        floats(tensor.data)


def arguments(op: Primitive[Any], parents: list[Tensor | None]) -> None:
    """Raise TypeError if an argument without a rule asks for a gradient."""
    for i in range(len(op.vjps), 0 if op.joint else len(parents)):
        if parents[i] is not None:
            raise TypeError(
                f"{op.name} has no gradient for its argument {i}, got a tensor that requires one; "
                "pass its .data or .detach()"
            )


def seed(result: Tensor, given: Any) -> Array:
    """Return the gradient to start from; raise RuntimeError or ValueError if there is none."""
    y = result.data
    if not result.requires_grad:
        raise RuntimeError(
            "backward needs a tensor that was computed from one with requires_grad=True, "
            "outside no_grad and without detach"
        )
    if given is None:
        if y.size != 1:
            raise ValueError(f"backward from shape {y.shape} needs a seed of that shape")
        return np.ones_like(y)
    y_bar = np.array(given.data if isinstance(given, Operators) else given, dtype=y.dtype)
    if y_bar.shape != y.shape:
        raise ValueError(f"seed must have shape {y.shape}, got {y_bar.shape}")
    return y_bar


#: Types of arguments that cannot change, or that get a fingerprint.
_SAFE = frozenset([np.ndarray, float, int, bool, str, slice, range, type(None), type(...)])


def kept(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments as the graph may keep them: lists, and arrays among the options, copied."""
    args = args if _SAFE.issuperset(map(type, args)) else own(args)
    return args, options and {name: own(value, True) for name, value in options.items()}


def own(value: Any, arrays: bool = False) -> Any:
    """Return a copy of a list, and of what else NumPy reads as an array; also of arrays if asked.

    All other arguments are returned as they are.
    """
    if type(value) in _SAFE:
        return value.copy() if arrays and type(value) is np.ndarray else value
    if isinstance(value, list):
        return [own(item, True) for item in value]
    if isinstance(value, tuple):
        return tuple([own(item, arrays) for item in value])
    sized = hasattr(value, "__len__") and not isinstance(value, (Operators, np.ndarray))
    return np.array(value) if sized else value


def fingerprint(value: Any) -> bytes | None:
    """Return bytes that change if `value` is written to: of all elements, or of 64 if many.

    None if it cannot be: no array, or one that is read-only and a view of nothing writable. Of
    a tuple, such as an index, the arrays and tensors in it are looked at.
    """
    if isinstance(value, tuple):
        marks = [fingerprint(v.data if isinstance(v, Operators) else v) for v in value]
        return b"".join(mark or b"" for mark in marks) if any(marks) else None
    array = value
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            few = value.size <= 16384
            some: Array = value if few else value.flat[:: value.size // 64]
            return some.tobytes()
        array = array.base
    return None


def intact(order: list[Tensor]) -> None:
    """Raise RuntimeError if a part of the graph was freed, or an argument changed since.

    TypeError if a leaf's array was replaced by one whose dtype has no gradients.
    """
    for node in order:
        record = node._record
        if record is None:
            floats(node.data)
            continue
        if record.args is None:
            raise RuntimeError(
                f"the graph of {record.op.name} was freed by an earlier backward pass; "
                "add the losses before one pass, or give the earlier one retain_graph=True"
            )
        for i, (value, mark) in enumerate(zip(record.args, record.marks, strict=True)):
            if mark is not None and fingerprint(value) != mark:
                what = "" if isinstance(value, tuple) else f", of shape {value.shape},"
                raise RuntimeError(
                    f"argument {i} of {record.op.name}{what} was changed in place after the "
                    "operation; its gradient would be wrong"
                )


def forward(order: list[Tensor]) -> None:
    """Raise FloatingPointError for the first value that is NaN or infinite."""
    for node in reversed(order):
        if not np.isfinite(node.data).all():
            name = node._record.op.name if node._record else "a leaf"
            raise FloatingPointError(
                f"the first value that is not finite: {_where(name, node.data)}"
            )


def backward(op: Primitive[Any], i: int, x_bar: Any) -> None:
    """Raise FloatingPointError if a gradient is NaN or infinite."""
    if not np.isfinite(x_bar).all():
        name = f"the gradient of {op.name} for its argument {i}"
        raise FloatingPointError(f"the first gradient that is not finite: {_where(name, x_bar)}")


def _where(name: str, array: Any) -> str:
    index = tuple(int(k[0]) for k in np.nonzero(~np.isfinite(np.atleast_1d(array))))
    return f"{name} has {np.atleast_1d(array)[index]} at {index} of shape {np.shape(array)}"
