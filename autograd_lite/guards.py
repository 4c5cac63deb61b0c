"""What the engine checks: arguments, arrays that changed since, values that are not finite.

All of it works on arrays; what a tensor or a record is, this module does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "fingerprint",
    "finite",
    "floats",
    "has_rules",
    "intact",
    "kept",
    "own",
    "seed",
    "settable",
    "unsupported",
]

_FLOATS = frozenset([np.dtype(np.float32), np.dtype(np.float64)])


def floats(data: NDArray[Any]) -> None:
    """Raise TypeError if an array's dtype is not one that gradients are computed in."""
    if data.dtype not in _FLOATS:
        raise TypeError(f"requires_grad=True needs dtype float32 or float64, got {data.dtype}")


def settable(data: NDArray[Any], needed: bool, is_leaf: bool) -> None:
    """Raise an error if `requires_grad` of a tensor with this array cannot be set to `needed`."""
    if not is_leaf:
        raise RuntimeError(
            "requires_grad can be set on leaves only; a result has it from what it was computed "
            "from, and .detach() gives a tensor without it"
        )
    if needed:
        floats(data)


def has_rules(name: str, rules: int, parents: Sequence[object]) -> None:
    """Raise TypeError if an argument after the first `rules`, which have rules, is not None."""
    for i in range(rules, len(parents)):
        if parents[i] is not None:
            raise TypeError(
                f"{name} has no gradient for its argument {i}, got a tensor that requires one; "
                "pass its .data or .detach()"
            )


def seed(y: NDArray[Any], given: Any, recorded: bool) -> NDArray[Any]:
    """Return the gradient to start from; raise RuntimeError or ValueError if there is none."""
    if not recorded:
        raise RuntimeError(
            "backward needs a tensor that was computed from one with requires_grad=True, "
            "outside no_grad and without detach"
        )
    if given is None:
        if y.size != 1:
            raise ValueError(f"backward from shape {y.shape} needs a seed of that shape")
        return np.ones_like(y)
    y_bar = np.array(given, dtype=y.dtype)
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
    is_tensor = hasattr(value, "_record")  # its array gets a fingerprint
    sized = hasattr(value, "__len__") and not is_tensor and not isinstance(value, np.ndarray)
    return np.array(value) if sized else value


def fingerprint(value: Any) -> bytes | None:
    """Return bytes that change if `value` is written to: of all elements, or of 64 if many.

    None if it cannot be: no array, or one that is read-only and a view of nothing writable. Of
    a tuple, such as an index, the arrays in it are looked at, and those in its tensors.
    """
    if isinstance(value, tuple):
        arrays = [v if isinstance(v, np.ndarray) else getattr(v, "data", v) for v in value]
        marks = [fingerprint(array) for array in arrays]
        return b"".join(mark or b"" for mark in marks) if any(marks) else None
    array = value
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            few = value.size <= 16384
            some: NDArray[Any] = value if few else value.flat[:: value.size // 64]
            return some.tobytes()
        array = array.base
    return None


def intact(name: str, args: tuple[Any, ...] | None, marks: tuple[bytes | None, ...]) -> None:
    """Raise RuntimeError if an operation's arguments were freed, or changed since `marks`."""
    if args is None:
        raise RuntimeError(
            f"the graph of {name} was freed by an earlier backward pass; "
            "add the losses before one pass, or give the earlier one retain_graph=True"
        )
    for i, (value, mark) in enumerate(zip(args, marks, strict=True)):
        if mark is not None and fingerprint(value) != mark:
            what = "" if isinstance(value, tuple) else f", of shape {value.shape},"
            raise RuntimeError(
                f"argument {i} of {name}{what} was changed in place after the "
                "operation; its gradient would be wrong"
            )


def finite(what: str, name: str, array: NDArray[Any]) -> None:
    """Raise FloatingPointError if an array has a NaN or an infinity; tell where the first is."""
    if not np.isfinite(array).all():
        index = tuple(int(k[0]) for k in np.nonzero(~np.isfinite(np.atleast_1d(array))))
        raise FloatingPointError(
            f"the first {what} that is not finite: {name} has {np.atleast_1d(array)[index]} "
            f"at {index} of shape {np.shape(array)}"
        )


def unsupported(
    function: Callable[..., Any], method: str = "__call__", options: Iterable[str] = ()
) -> TypeError:
    """Return the error for a function of NumPy's that no operation stands for."""
    name: str = function.__name__
    if not isinstance(function, np.ufunc):
        name = f"{function.__module__}.{name}".replace("numpy.", "np.", 1)
    elif getattr(np, name, None) is function:  # another package's does not tell where it is from
        name = f"np.{name}"
    call = name + ("" if method == "__call__" else f".{method}")
    given = f" with {', '.join(options)}=" if options else ""
    return TypeError(
        f"{call}{given} cannot be differentiated here: autograd_lite.ops lists what can; to "
        "compute with the numbers, as constants, pass x.data"
    )
