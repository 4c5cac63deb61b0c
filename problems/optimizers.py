"""The optimizers by their names on the command line, in the paper's mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from adabound_np import (
    CSGD,
    SGD,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AMSBound,
    AMSGrad,
    OneMinusInverse,
    Optimizer,
    RMSprop,
)
from adabound_np.checks import known

__all__ = ["ROSTER", "hyperparameters", "make"]


def _adam(o: dict[str, Any]) -> dict[str, Any]:
    return {"betas": (o["beta1"], o["beta2"]), "eps_root": o.get("eps_root", 0.0)}


def _bounded(o: dict[str, Any]) -> dict[str, Any]:
    betas = (o["beta1"], o["beta2"])
    bounds: dict[str, Any] = {
        name: o[name] for name in ("final_lr", "gamma", "bounds") if name in o
    }
    return {"betas": betas, **bounds}


#: name -> (class, its own hyperparameters out of the command line's)
ROSTER: dict[str, tuple[type[Optimizer], Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "sgd": (SGD, lambda o: {}),
    # Table 1's form, the sum of gamma^(t-i) g_i
    "sgdm": (SGD, lambda o: {"momentum": o["beta1"]}),
    # without momentum, nothing is left to look ahead with
    "nesterov": (SGD, lambda o: {"momentum": o["beta1"], "nesterov": bool(np.any(o["beta1"]))}),
    "adagrad": (AdaGrad, lambda o: {}),
    "rmsprop": (RMSprop, lambda o: {"alpha": o["beta2"]}),
    "adam": (Adam, _adam),
    "amsgrad": (AMSGrad, _adam),
    "adamnc": (AdamNC, lambda o: {**_adam(o), "betas": (o["beta1"], OneMinusInverse())}),
    "adabound": (AdaBound, _bounded),
    "amsbound": (AMSBound, _bounded),
    "csgd": (CSGD, lambda o: {"momentum": o["beta1"]}),
}


def make(name: str, **options: Any) -> Optimizer:
    """Return an optimizer in the paper's mode: no bias correction, epsilon = 0.

    Parameters
    ----------
    name : str
        A key of `ROSTER`.
    **options
        lr, beta1, beta2, schedule, feasible; and, for some optimizers, final_lr, gamma (None
        for 1 - beta2), bounds, eps_root. What an optimizer does not have is left aside.

    Raises
    ------
    TypeError, ValueError
        If the name is unknown or a hyperparameter out of range.

    Examples
    --------
    >>> make("adagrad", lr=0.5, beta1=0.9, beta2=0.99, schedule="inv-sqrt", feasible=None).hyper.eps
    0.0
    """
    cls, own = ROSTER[known("optimizer", name, ROSTER)]
    shared = {key: options[key] for key in ("lr", "schedule", "feasible")}
    return cls.as_in_paper(**own(options), **shared)


def hyperparameters(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer's hyperparameters as plain values, for records: no feasible set."""
    return {name: _plain(value) for name, value in optimizer.defaults.items() if name != "feasible"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
