r"""States of PyTorch's optimizers and of the authors' package, taken over and given back.

No torch is needed to import this: tensors on the CPU are read through NumPy's protocol, and made by
a function that the caller hands over.

=================== ==================================== ========================================
here                torch.optim, adabound (PyPI)          state: here -> there
=================== ==================================== ========================================
`Adam`              Adam, AdamW                           m -> exp_avg, v -> exp_avg_sq
`AMSGrad`           Adam(amsgrad=True), AdamW(...)        and v_hat -> max_exp_avg_sq
`AdaBound`          adabound.AdaBound                     m -> exp_avg, v -> exp_avg_sq
`AMSBound`          adabound.AdaBound(amsbound=True)      and v_hat -> max_exp_avg_sq
`SGD`               SGD                                   b -> momentum_buffer (no step there)
`AdaGrad`           Adagrad                               G -> sum
`RMSprop`           RMSprop                               v -> square_avg
=================== ==================================== ========================================

t is ``step``. Hyperparameters have the same names, except ``lr_decay`` of Adagrad, which is
``schedule=InverseTime(lr_decay)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from adabound_np.adabound import AdaBound
from adabound_np.adagrad import AdaGrad
from adabound_np.adam import Adam
from adabound_np.amsbound import AMSBound
from adabound_np.amsgrad import AMSGrad
from adabound_np.optimizer import Optimizer
from adabound_np.rmsprop import RMSprop
from adabound_np.schedules import InverseTime
from adabound_np.sgd import SGD

__all__ = ["from_torch", "to_torch"]


class _Map(NamedTuple):
    """How an optimizer's state and hyperparameters are called there."""

    state: dict[str, str]
    groups: tuple[str, ...]
    flags: Mapping[str, Any] = MappingProxyType({})


_MOMENTS = {"m": "exp_avg", "v": "exp_avg_sq"}
_MAXIMUM = {**_MOMENTS, "v_hat": "max_exp_avg_sq"}
_ADAM = ("lr", "betas", "eps", "weight_decay", "decoupled_weight_decay")
_BOUND = ("lr", "betas", "final_lr", "gamma", "eps", "weight_decay")
_MAPS: dict[type[Optimizer], _Map] = {
    Adam: _Map(_MOMENTS, _ADAM, {"amsgrad": False}),
    AMSGrad: _Map(_MAXIMUM, _ADAM, {"amsgrad": True}),
    AdaBound: _Map(_MOMENTS, _BOUND, {"amsbound": False}),
    AMSBound: _Map(_MAXIMUM, _BOUND, {"amsbound": True}),
    SGD: _Map(
        {"b": "momentum_buffer"}, ("lr", "momentum", "dampening", "weight_decay", "nesterov")
    ),
    AdaGrad: _Map({"G": "sum"}, ("lr", "weight_decay", "initial_accumulator_value", "eps")),
    RMSprop: _Map({"v": "square_avg"}, ("lr", "alpha", "eps", "weight_decay")),
}
#: What torch has and this package has not, with the value under which it is not there.
_ABSENT = {"maximize": False, "centered": False, "fused": None, "capturable": False}


def from_torch(optimizer: Optimizer, state_dict: dict[str, Any], steps: int = 1) -> None:
    """Take over the ``state_dict()`` of a ``torch.optim`` or ``adabound`` optimizer.

    Parameters
    ----------
    optimizer : Optimizer
        The counterpart, over parameters of the same shapes in the same order and groups. Its
        hyperparameters are replaced; ``initial_lr`` is only if the groups there have it, as they
        do under a scheduler.
    state_dict : dict
        With tensors on the CPU, or arrays.
    steps : int, default 1
        Number of steps taken, for SGD, whose state there does not count them.

    Raises
    ------
    TypeError, ValueError
        If there is no counterpart, something is set that this package has not, or shapes do not
        fit. Nothing is changed then.

    Examples
    --------
    >>> opt = SGD([np.zeros(1)], lr=0.1, momentum=0.9)
    >>> group = {"lr": 0.1, "momentum": 0.9, "dampening": 0, "weight_decay": 0, "nesterov": False}
    >>> buffer = {0: {"momentum_buffer": np.ones(1)}}
    >>> from_torch(opt, {"state": buffer, "param_groups": [{**group, "params": [0]}]})
    >>> opt.step(grads=[np.ones(1)])
    >>> opt.state[0].b
    array([1.9])
    """
    names = _map_of(optimizer)
    here = optimizer.state_dict()
    groups = state_dict["param_groups"]
    if len(groups) != len(here["param_groups"]):
        raise ValueError(
            f"state_dict must have {len(here['param_groups'])} groups, got {len(groups)}"
        )
    for mine, theirs in zip(here["param_groups"], groups, strict=True):
        mine.update(_hyperparameters(names, theirs), params=list(theirs["params"]))
    here["state"] = {
        i: {
            "t": int(s["step"]) if "step" in s else steps,
            **{mine: np.asarray(s[theirs]) for mine, theirs in names.state.items()},
        }
        for i, s in state_dict["state"].items()
        if any(s.get(theirs) is not None for theirs in names.state.values())
    }
    optimizer.load_state_dict(here)


def to_torch(optimizer: Optimizer, tensor: Callable[[Any], Any] = np.array) -> dict[str, Any]:
    """Return a ``state_dict`` that the ``torch.optim`` or ``adabound`` counterpart loads.

    Parameters
    ----------
    optimizer : Optimizer
        With a counterpart, and hyperparameters that it has too.
    tensor : callable
        What makes a tensor of an array: ``torch.tensor``.

    Raises
    ------
    TypeError, ValueError
        If there is no counterpart.

    Examples
    --------
    >>> x = np.zeros(1)
    >>> opt = Adam([x])
    >>> opt.step(grads=[np.ones(1)])
    >>> sorted(to_torch(opt)["state"][0])
    ['exp_avg', 'exp_avg_sq', 'step']
    """
    names = _map_of(optimizer)
    here = optimizer.state_dict()
    counts = isinstance(optimizer, (Adam, AdaGrad, RMSprop))  # in tensors; adabound's are integers
    state = {}
    for i, s in here["state"].items():
        state[i] = {theirs: tensor(s[mine]) for mine, theirs in names.state.items()}
        if not isinstance(optimizer, SGD):
            state[i]["step"] = tensor(np.float32(s["t"])) if counts else s["t"]
    groups = []
    for group in here["param_groups"]:
        _refuse_extras(optimizer, group)
        own = {name: group[name] for name in (*names.groups, "initial_lr", "params")}
        if isinstance(optimizer, AdaGrad):
            schedule = group["schedule"]
            own["lr_decay"] = schedule.decay if isinstance(schedule, InverseTime) else 0.0
        groups.append({**own, **names.flags})
    return {"state": state, "param_groups": groups}


def _map_of(optimizer: Optimizer) -> _Map:
    if type(optimizer) not in _MAPS:
        known = ", ".join(cls.__name__ for cls in _MAPS)
        raise TypeError(
            f"{type(optimizer).__name__} has no counterpart in torch.optim or adabound "
            f"(those that have: {known})"
        )
    return _MAPS[type(optimizer)]


def _hyperparameters(names: _Map, theirs: dict[str, Any]) -> dict[str, Any]:
    """A group's hyperparameters under the names here."""
    for name, value in {**_ABSENT, **names.flags}.items():
        if theirs.get(name, value) not in (value, None):
            raise ValueError(f"{name} must be {value} to be taken over, got {theirs[name]!r}")
    if names.state == {"v": "square_avg"} and theirs.get("momentum"):
        raise ValueError(f"momentum must be 0 to be taken over, got {theirs['momentum']!r}")
    own = {name: theirs[name] for name in (*names.groups, "initial_lr") if name in theirs}
    if "lr_decay" in theirs:
        own["schedule"] = InverseTime(theirs["lr_decay"]) if theirs["lr_decay"] else "constant"
    return {name: _plain(value) for name, value in own.items()}


def _plain(value: Any) -> Any:
    """Numbers of one element as Python's."""
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    return value.item() if hasattr(value, "item") else value


def _refuse_extras(optimizer: Optimizer, group: dict[str, Any]) -> None:
    """Raise ValueError if a group has what the counterpart there has not."""
    usual: dict[str, Any] = type(optimizer)(None).defaults  # type: ignore[call-arg]
    there = {*_map_of(optimizer).groups, "params", "initial_lr"}
    for name, value in group.items():
        decay = name == "schedule" and isinstance(optimizer, AdaGrad)
        if (
            name not in there
            and value != usual[name]
            and not (decay and isinstance(value, InverseTime))
        ):
            raise ValueError(f"{name} must be {usual[name]!r} to be given to torch, got {value!r}")
