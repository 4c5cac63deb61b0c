"""The optimizers for training by their names, in the released code's and PyTorch's form.

Here an optimizer is what its constructor's defaults make of it: a constant rate, bias correction,
epsilon. `problems.optimizers` has the papers' form of the same classes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from adabound_np import (
    CSGD,
    SGD,
    AdaBound,
    AdaGrad,
    Adam,
    AMSBound,
    AMSGrad,
    Optimizer,
    RMSprop,
)
from adabound_np.checks import known, names_among

__all__ = ["GRIDS", "HYPERPARAMETERS", "ROSTER", "grid", "make", "takes"]

#: What may be set, under one name for all optimizers. SGD's momentum is beta1, RMSprop's
#: smoothing constant (PyTorch's `alpha`) is beta2.
HYPERPARAMETERS = ("lr", "beta1", "beta2", "final_lr", "gamma", "eps", "weight_decay")


class Entry(NamedTuple):
    """An optimizer of the roster.

    Attributes
    ----------
    cls : type
        Its class, of `adabound_np`.
    defaults : mapping of str to float
        The hyperparameters that are not the constructor's own: momentum.
    names : mapping of str to tuple of str
        For each of `HYPERPARAMETERS` it has beside lr and weight_decay, the constructor's names.
    fixed : mapping of str to object
        Constructor arguments that make it what its name says.
    """

    cls: Any
    names: Mapping[str, tuple[str, ...]]
    defaults: Mapping[str, float] = {}
    fixed: Mapping[str, Any] = {}


_MOMENTUM = {"beta1": ("momentum",)}
_BETAS = {"beta1": ("betas",), "beta2": ("betas",), "eps": ("eps",)}
_BOUNDED = {**_BETAS, "final_lr": ("final_lr",), "gamma": ("gamma",)}
_NINE = {"beta1": 0.9}

#: The optimizers by name.
ROSTER: dict[str, Entry] = {
    "sgd": Entry(SGD, {}),
    "sgdm": Entry(SGD, _MOMENTUM, _NINE),
    # AdaBound's m_t is momentum with this dampening [Sav19]
    "sgdm-dampened": Entry(SGD, {"beta1": ("momentum", "dampening")}, _NINE),
    "csgd": Entry(CSGD, _MOMENTUM),
    "nesterov": Entry(SGD, _MOMENTUM, _NINE, {"nesterov": True}),
    "adagrad": Entry(AdaGrad, {"eps": ("eps",)}),
    "rmsprop": Entry(RMSprop, {"beta2": ("alpha",), "eps": ("eps",)}),
    "adam": Entry(Adam, _BETAS),
    "amsgrad": Entry(AMSGrad, _BETAS),
    "adabound": Entry(AdaBound, _BOUNDED),
    "amsbound": Entry(AMSBound, _BOUNDED),
}

_SGD_RATES = (100.0, 10.0, 1.0, 0.1, 0.01)
_ADAPTIVE_RATES = (5e-2, 1e-2, 5e-3, 1e-3, 5e-4)
_SGD_GRID: dict[str, tuple[float, ...]] = {"lr": _SGD_RATES}
_ADAM_GRID: dict[str, tuple[float, ...]] = {
    "lr": _ADAPTIVE_RATES,
    "beta1": (0.9, 0.99),
    "beta2": (0.99, 0.999),
}

#: The grids of [Luo19] Sec. 5 and App. G. The paper has SGD with momentum 0.9, AdaGrad, Adam,
#: AMSGrad, AdaBound and AMSBound; the others have the grids of the most similar one.
GRIDS: dict[str, dict[str, tuple[float, ...]]] = {
    "sgd": _SGD_GRID,
    "sgdm": _SGD_GRID,
    "sgdm-dampened": _SGD_GRID,
    "csgd": _SGD_GRID,
    "nesterov": _SGD_GRID,
    "adagrad": {"lr": _ADAPTIVE_RATES},
    "rmsprop": {"lr": _ADAPTIVE_RATES, "beta2": (0.99, 0.999)},
    "adam": _ADAM_GRID,
    "amsgrad": _ADAM_GRID,
    "adabound": _ADAM_GRID,
    "amsbound": _ADAM_GRID,
}


def takes(name: str) -> tuple[str, ...]:
    """The hyperparameters of an optimizer, out of `HYPERPARAMETERS`.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> takes("sgdm")
    ('lr', 'beta1', 'weight_decay')
    """
    entry = ROSTER[known("optimizer", name, ROSTER)]
    return tuple(h for h in HYPERPARAMETERS if h in ("lr", "weight_decay") or h in entry.names)


def make(name: str, params: Iterable[Any], **given: Any) -> Optimizer:
    """Return an optimizer over parameters; what is not given is the constructor's default.

    Parameters
    ----------
    name : str
        A key of `ROSTER`.
    params : iterable
        As for `adabound_np.Optimizer`.
    **given
        Hyperparameters that the optimizer has; see `takes`.

    Raises
    ------
    TypeError
        If it has no such hyperparameter.
    ValueError
        If the name is unknown, or a value out of range.

    Examples
    --------
    >>> import numpy as np
    >>> make("sgdm-dampened", [np.zeros(2)], lr=0.1).defaults["dampening"]
    0.9
    >>> make("adam", [np.zeros(2)], beta2=0.99).defaults["betas"]
    (0.9, 0.99)
    """
    names_among(name, given, takes(name))
    cls, names, defaults, fixed = ROSTER[name]
    arguments: dict[str, Any] = dict(fixed)
    values = {**defaults, **given}
    for key, value in values.items():
        for argument in names.get(key, (key,)):
            arguments[argument] = value
    if "betas" in arguments:
        own = cls(None).defaults["betas"]
        arguments["betas"] = (values.get("beta1", own[0]), values.get("beta2", own[1]))
    optimizer: Optimizer = cls(params, **arguments)
    return optimizer


def grid(name: str) -> list[dict[str, float]]:
    """The points of an optimizer's grid, the first axis slowest.

    Examples
    --------
    >>> grid("sgdm")[:2], len(grid("adabound"))
    ([{'lr': 100.0}, {'lr': 10.0}], 20)
    """
    axes = GRIDS[known("optimizer", name, ROSTER)]
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
