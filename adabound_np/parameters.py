"""What an optimizer takes: parameters, gradients, groups, state_dicts, each checked."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Set
from typing import Any, cast

import numpy as np

from adabound_np.checks import Array, array_of, described

__all__ = [
    "apart",
    "check_gradient",
    "check_overlap",
    "check_shape",
    "complete",
    "contiguous",
    "data_of",
    "form_of",
    "gradient_of",
    "groups_of",
    "is_moderate",
    "params_of",
    "unchanged",
]


def params_of(name: str, params: Any, allowed: str) -> list[Any]:
    """Return `params` as a list if it is an ordered iterable of parameters or groups.

    Raises
    ------
    TypeError
        If it is not: the state and ``grads`` belong to parameters in order.
    """
    if (
        isinstance(params, (np.ndarray, dict, str, bytes, Set))
        or hasattr(params, "grad")
        or not isinstance(params, Iterable)
    ):
        raise TypeError(f"{name} must be {allowed}, got {described(params)}")
    return list(params)


def groups_of(params: Iterable[Any] | None) -> list[dict[str, Any]]:
    """Return `params` as a list of parameter groups.

    Raises
    ------
    TypeError
        If it is not iterable, has no order (a set), or is a bare array, tensor, dict or string.
    ValueError
        If it is empty, or mixes groups with parameters.
    """
    if params is None:
        return []
    items = params_of("params", params, "a list of parameters or of groups")
    if not items:
        raise ValueError("params must hold at least one parameter, got none")
    dicts = [isinstance(item, dict) for item in items]
    if not any(dicts):
        return [{"params": items}]
    if not all(dicts) or not all("params" in item for item in items):
        raise ValueError('params must be parameters only, or only dicts with a key "params"')
    return items


def data_of(p: Any, name: str = "the parameter") -> Array:
    """Return the float array of a parameter: the array itself, or its ``.data``.

    Raises
    ------
    TypeError
        If there is none, or not of a dtype that `array_of` accepts.
    """
    data = p if isinstance(p, np.ndarray) else getattr(p, "data", None)
    if not isinstance(data, np.ndarray) or data.dtype.kind != "f":
        raise TypeError(
            f"{name} must be a float array, or have one as .data and its gradient as .grad, "
            f"got {described(p if data is None else data)}"
        )
    return array_of(name, data)


def gradient_of(p: Any, name: str = "the parameter") -> Any:
    """Return ``p.grad`` as an array (or None); it may itself be wrapped in ``.data``.

    Raises
    ------
    TypeError
        If p is a bare array or has no ``.grad``.
    """
    if isinstance(p, np.ndarray):
        raise TypeError(f"{name} is a bare array without .grad; pass gradients: step(grads=[...])")
    if not hasattr(p, "grad"):
        raise TypeError(f"{name} must have an attribute .grad, got {described(p)}")
    grad = p.grad
    return grad if grad is None or isinstance(grad, np.ndarray) else getattr(grad, "data", grad)


def check_gradient(name: str, g: Any, x: Any) -> tuple[Array, bool]:
    """Return g as an array, and whether it `is_moderate`; a Python number takes x's dtype.

    Raises
    ------
    TypeError
        If its dtype is not x's, or it is a masked array.
    ValueError
        If its shape is not x's, or it holds NaN or infinity.
    """
    if type(g) is np.float64 and type(x) is np.float64 and g * g < _moderate(g.dtype):
        return cast(Array, g), True  # all that a step in one variable needs
    if type(g) is not np.ndarray:
        if isinstance(g, np.ma.MaskedArray):
            raise TypeError(f"{name} must be a plain array (filled), got {described(g)}")
        g = np.asarray(g, dtype=x.dtype if isinstance(g, (int, float)) else None)
    if g.dtype != x.dtype:
        raise TypeError(f"{name} must have the parameter's dtype {x.dtype}, got {g.dtype}")
    if g.shape != x.shape:
        raise ValueError(f"{name} must have the parameter's shape {x.shape}, got {g.shape}")
    moderate = is_moderate(g)
    if not moderate and not np.isfinite(g).all():
        bad = np.argwhere(~np.isfinite(g))
        raise ValueError(
            f"{name} must be finite, got {g[tuple(bad[0])]} at index {tuple(map(int, bad[0]))} "
            f"({len(bad)} of {g.size} entries); the step is refused"
        )
    return g, moderate


def is_moderate(x: Array) -> bool:
    """Whether x is finite, with a sum of squares 2^40 times below the largest number of its dtype.

    One pass of BLAS decides it. No moment of fewer than 2^40 such gradients overflows.

    Examples
    --------
    >>> is_moderate(np.array([1.0, 1e140])), is_moderate(np.array([1.0, np.inf]))
    (True, False)
    """
    flat = x.reshape(-1)
    return bool(flat.dot(flat) < _moderate(x.dtype))


@functools.cache
def _moderate(dtype: Any) -> Any:
    return np.finfo(dtype).max * dtype.type(2.0**-40)


def check_shape(name: str, x: Array, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless hyperparameters of `shape` broadcast to x's shape."""
    fits = len(shape) <= x.ndim and all(
        n in (1, m) for n, m in zip(shape[::-1], x.shape[::-1], strict=False)
    )
    if not fits:
        raise ValueError(
            f"{name} must have a shape to which the hyperparameters' {shape} broadcasts, "
            f"got {x.shape}"
        )


def check_overlap(params: list[Array]) -> None:
    """Raise ValueError if two parameters share memory, or entries of one do.

    Disjoint views of one array pass.
    """
    spans = [np.lib.array_utils.byte_bounds(x) for x in params]
    reaching: list[int] = []  # numbers of those that end behind the next one's start
    for i in sorted(range(len(params)), key=spans.__getitem__):
        low, high = spans[i]
        if params[i].nbytes > high - low:
            raise ValueError(f"params[{i}] must not have entries that share memory")
        reaching = [j for j in reaching if spans[j][1] > low]
        for j in reaching:
            if np.shares_memory(params[i], params[j]):
                raise ValueError(f"params[{max(i, j)}] must not share memory with another of them")
        reaching.append(i)


def complete(what: str, group: dict[str, Any], names: Iterable[str]) -> None:
    """Raise ValueError if a group lacks one of the names."""
    missing = sorted(set(names) - set(group))
    if missing:
        raise ValueError(f"{what} lacks the hyperparameters {missing}")


def form_of(state_dict: Any) -> dict[str, Any]:
    """Return `state_dict` if it has the form of one."""
    if not isinstance(state_dict, dict) or set(state_dict) != {"state", "param_groups"}:
        raise ValueError('state_dict must be a dict with the keys "state" and "param_groups"')
    state, groups = state_dict["state"], state_dict["param_groups"]
    if not isinstance(state, dict) or not all(isinstance(s, dict) for s in state.values()):
        raise TypeError('state_dict["state"] must map numbers of parameters to dicts')
    if not isinstance(groups, (list, tuple)) or not all(
        isinstance(group, dict) and isinstance(group.get("params"), (list, tuple))
        for group in groups
    ):
        raise TypeError('state_dict["param_groups"] must be a list of dicts with a key "params"')
    return state_dict


def contiguous(x: Array, s: Any) -> bool:
    """Whether a parameter and the arrays of its state can be viewed in one dimension."""
    return all(a.flags.c_contiguous for a in (x, *s[1:]))


def apart(g: Array, arrays: list[Array]) -> Array:
    """g, or a copy of it if it may share memory with one of the arrays."""
    if g.flags.owndata and all(x.flags.owndata and x is not g for x in arrays):
        return g
    return g.copy() if any(np.may_share_memory(g, x) for x in arrays) else g


def unchanged(values: dict[str, Any], group: dict[str, Any]) -> bool:
    """Whether a group still has these values; False for arrays, which have no one answer."""
    try:
        return values == group
    except ValueError:
        return False
