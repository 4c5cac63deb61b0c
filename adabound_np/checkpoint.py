"""Checkpoints: an optimizer's state as plain dicts, and back with nothing lost."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from adabound_np.checks import names_among
from adabound_np.parameters import data_of

if TYPE_CHECKING:
    from adabound_np.optimizer import Optimizer

__all__ = ["pack", "unpack"]


def pack(opt: Optimizer) -> dict[str, Any]:
    """Return a copy of the state and the groups, parameters by their number."""
    numbers = iter(range(len(opt.state)))
    groups = []
    for group in opt.param_groups:
        packed = {name: value for name, value in group.items() if name != "params"}
        packed["params"] = [next(numbers) for _ in group["params"]]
        groups.append(packed)
    state = {i: s._asdict() for i, s in enumerate(opt.state) if s is not None}
    return copy.deepcopy({"state": state, "param_groups": groups})


def unpack(opt: Optimizer, packed: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return the hyperparameters of each group and the states, copied and checked against `opt`.

    Raises
    ------
    TypeError, ValueError
        If they do not fit its groups, its hyperparameters, its state's names or its parameters'
        shapes and dtypes.
    """
    if not isinstance(packed, dict) or set(packed) != {"state", "param_groups"}:
        raise ValueError('state_dict must be a dict with the keys "state" and "param_groups"')
    if not isinstance(packed["state"], dict) or not all(
        isinstance(part, dict) for part in packed["state"].values()
    ):
        raise TypeError('state_dict["state"] must map numbers of parameters to dicts')
    if not isinstance(packed["param_groups"], (list, tuple)) or not all(
        isinstance(group, dict) and "params" in group for group in packed["param_groups"]
    ):
        raise TypeError('state_dict["param_groups"] must be a list of dicts with a key "params"')
    packed = copy.deepcopy(packed)
    sizes = [len(group["params"]) for group in opt.param_groups]
    given = [len(group["params"]) for group in packed["param_groups"]]
    if given != sizes:
        raise ValueError(f"state_dict must have groups of {sizes} parameters, got {given}")
    groups = []
    for group in packed["param_groups"]:
        hyper = {name: value for name, value in group.items() if name != "params"}
        names_among(f"state_dict of {type(opt).__name__}", hyper, [*opt.defaults, "initial_lr"])
        missing = {*opt.defaults, "initial_lr"} - set(hyper)
        if missing:
            raise ValueError(f"state_dict lacks the hyperparameters {sorted(missing)}")
        opt.check_group(hyper)
        groups.append(hyper)
    params = [p for group in opt.param_groups for p in group["params"]]
    if not set(packed["state"]) <= set(range(len(params))):
        raise ValueError(
            f"state_dict must number parameters 0 to {len(params) - 1}, got {list(packed['state'])}"
        )
    states = [
        _state(opt, i, packed["state"][i], p) if i in packed["state"] else None
        for i, p in enumerate(params)
    ]
    return groups, states


def _state(opt: Optimizer, i: int, given: dict[str, Any], p: Any) -> Any:
    names = opt.State._fields
    if set(given) != set(names):
        raise ValueError(f"the state of params[{i}] must have {list(names)}, got {list(given)}")
    t, x = given["t"], data_of(p)
    if isinstance(t, bool) or not isinstance(t, (int, np.integer)) or t < 0:
        raise ValueError(f"t of params[{i}] must be an integer of at least 0, got {t!r}")
    for name in names[1:]:
        array = np.asarray(given[name])
        if array.shape != x.shape or array.dtype != x.dtype:
            raise ValueError(
                f"{name} of params[{i}] must have shape {x.shape} and dtype {x.dtype}, "
                f"got {array.shape} and {array.dtype}"
            )
        if not np.isfinite(array).all():
            raise ValueError(f"{name} of params[{i}] must be finite")
    return opt.State(int(t), *(np.asarray(given[name]) for name in names[1:]))
