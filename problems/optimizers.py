"""The roster: each optimizer once, with its forms, its grid of hyperparameters, and its style.

An optimizer has two forms. `in_paper` makes the papers' (step size alpha/sqrt(t), no bias
correction, no epsilon), `released` that of the released code and PyTorch (the constructor's own
defaults). Both take hyperparameters under the same names for all optimizers: SGD's momentum is
beta1, RMSprop's smoothing constant (PyTorch's `alpha`) is beta2.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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
    Optimizer,
    RMSprop,
)
from adabound_np.checks import known, names_among

__all__ = [
    "BOUNDS",
    "HYPERPARAMETERS",
    "OPTIMIZERS",
    "STORY",
    "Entry",
    "entry",
    "grid",
    "hyperparameters",
    "in_paper",
    "released",
    "style",
    "takes",
    "title",
]

#: Hyperparameters of the released form, under one name for all optimizers.
HYPERPARAMETERS = ("lr", "beta1", "beta2", "final_lr", "gamma", "eps", "weight_decay")
#: Defaults of the bounds' constants.
BOUNDS: dict[str, float] = {name: AdaBound().defaults[name] for name in ("final_lr", "gamma")}
#: The optimizers that the papers compare.
STORY = ("adam", "amsgrad", "adabound", "amsbound")


@dataclass(frozen=True)
class Entry:
    """An optimizer of the roster.

    Attributes
    ----------
    cls : type
        The class.
    title : str
        The name as the papers write it.
    color, dashes : str, str or tuple
        Matplotlib's colour and line style. No two entries have the same dashes, so that lines
        differ in grey.
    names : mapping of str to tuple of str
        The constructor's names of each common hyperparameter beside lr and weight_decay.
    grid : mapping of str to tuple of float
        Values to search, by common name ([Luo19] Sec. 5 and App. G, or those of the most similar
        optimizer there).
    defaults : mapping of str to float
        Common hyperparameters whose default is not the constructor's: momentum.
    fixed : mapping of str to object
        Constructor arguments that make it what its name says.
    """

    cls: Any
    title: str
    color: str
    dashes: Any
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grid: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)


_MOMENTUM = {"beta1": ("momentum",)}
_EPS = {"eps": ("eps",)}
_NC = {"beta1": ("betas",), **_EPS, "eps_root": ("eps_root",)}
_ADAM = {**_NC, "beta2": ("betas",)}
_BOUNDED = {
    **{"beta1": ("betas",), "beta2": ("betas",), **_EPS},
    **{name: (name,) for name in ("final_lr", "gamma", "bounds")},
}
_NINE = {"beta1": 0.9}
_SGD_GRID = {"lr": (100.0, 10.0, 1.0, 0.1, 0.01)}
_RATES = {"lr": (5e-2, 1e-2, 5e-3, 1e-3, 5e-4)}
_ADAM_GRID = {**_RATES, "beta1": (0.9, 0.99), "beta2": (0.99, 0.999)}

#: Name on the command line -> entry. Colours are Okabe and Ito's, safe for colour-blind readers.
OPTIMIZERS: dict[str, Entry] = {
    "sgd": Entry(SGD, "SGD", "#000000", (0, (5, 1.5, 1, 1.5)), grid=_SGD_GRID),
    # Table 1's form, the sum of gamma^(t-i) g_i
    "sgdm": Entry(
        SGD,
        title="SGD with momentum",
        color="#777777",
        dashes=(0, (4, 1.5, 2.5, 1.5)),
        names=_MOMENTUM,
        grid=_SGD_GRID,
        defaults=_NINE,
    ),
    # AdaBound's m_t is momentum with this dampening [Sav19]
    "sgdm-dampened": Entry(
        SGD,
        title="dampened SGDM",
        color="#777777",
        dashes=(0, (3, 3)),
        names={"beta1": ("momentum", "dampening")},
        grid=_SGD_GRID,
        defaults=_NINE,
    ),
    "csgd": Entry(CSGD, "CSGD", "#000000", ":", _MOMENTUM, _SGD_GRID),
    "nesterov": Entry(
        SGD,
        title="Nesterov",
        color="#777777",
        dashes=(0, (1, 2.5)),
        names=_MOMENTUM,
        grid=_SGD_GRID,
        defaults=_NINE,
        fixed={"nesterov": True},
    ),
    "adagrad": Entry(AdaGrad, "AdaGrad", "#CC79A7", (0, (2, 1)), _EPS, _RATES),
    "rmsprop": Entry(
        RMSprop,
        title="RMSprop",
        color="#E69F00",
        dashes=(0, (5, 1, 1, 1, 1, 1)),
        names={"beta2": ("alpha",), **_EPS},
        grid={**_RATES, "beta2": (0.99, 0.999)},
    ),
    "adam": Entry(Adam, "Adam", "#D55E00", "-", _ADAM, _ADAM_GRID),
    "amsgrad": Entry(AMSGrad, "AMSGrad", "#009E73", "--", _ADAM, _ADAM_GRID),
    "adamnc": Entry(
        AdamNC,
        title="AdamNC",
        color="#CC79A7",
        dashes=(0, (3, 1, 1, 1, 1, 1, 1, 1)),
        names=_NC,
        grid={**_RATES, "beta1": (0.9, 0.99)},
    ),
    "adabound": Entry(AdaBound, "AdaBound", "#0072B2", (0, (6, 1.5)), _BOUNDED, _ADAM_GRID),
    "amsbound": Entry(AMSBound, "AMSBound", "#56B4E9", (0, (1, 1)), _BOUNDED, _ADAM_GRID),
}


def entry(name: str) -> Entry:
    """Return the entry of a name; raise ValueError with the nearest one if there is none."""
    return OPTIMIZERS[known("optimizer", name, OPTIMIZERS)]


def in_paper(name: str, **options: Any) -> Optimizer:
    """Return an optimizer in the papers' form: no bias correction, epsilon = 0.

    Parameters
    ----------
    name : str
        A key of `OPTIMIZERS`.
    **options
        lr, schedule, feasible; and beta1, beta2, final_lr, gamma (None for 1 - beta2), bounds,
        eps_root. What an optimizer does not have is left aside.

    Raises
    ------
    TypeError, ValueError
        If the name is unknown or a hyperparameter out of range.

    Examples
    --------
    >>> in_paper("adagrad", lr=0.5, beta1=0.9, schedule="inv-sqrt").hyper.eps
    0.0
    """
    own = {key: value for key, value in options.items() if key in entry(name).names}
    shared = {key: options[key] for key in ("lr", "schedule", "feasible") if key in options}
    optimizer: Optimizer = entry(name).cls.as_in_paper(**_arguments(entry(name), own), **shared)
    return optimizer


def released(name: str, params: Iterable[Any] | None = None, **given: Any) -> Optimizer:
    """Return an optimizer in the released form; what is not given is the constructor's default.

    Parameters
    ----------
    name : str
        A key of `OPTIMIZERS`.
    params : iterable, optional
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
    >>> released("sgdm-dampened", lr=0.1).defaults["dampening"]
    0.9
    >>> released("adam", beta2=0.99).defaults["betas"]
    (0.9, 0.99)
    """
    names_among(name, given, takes(name))
    optimizer: Optimizer = entry(name).cls(params, **_arguments(entry(name), given))
    return optimizer


def _arguments(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments from hyperparameters under their common names."""
    values = {**entry.defaults, **given}
    arguments: dict[str, Any] = {
        argument: value
        for key, value in values.items()
        for argument in entry.names.get(key, (key,))
    }
    if "betas" in arguments:
        own = entry.cls(None).defaults["betas"]
        arguments["betas"] = (values.get("beta1", own[0]), values.get("beta2", own[1]))
    if not np.any(arguments.get("momentum", 1)):  # nothing is left to look ahead with
        return arguments
    return {**arguments, **entry.fixed}


def takes(name: str) -> tuple[str, ...]:
    """The hyperparameters of an optimizer's released form, out of `HYPERPARAMETERS`.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> takes("sgdm")
    ('lr', 'beta1', 'weight_decay')
    """
    names = ("lr", "weight_decay", *entry(name).names)
    return tuple(h for h in HYPERPARAMETERS if h in names)


def grid(name: str) -> list[dict[str, float]]:
    """The points of an optimizer's grid, the first axis slowest.

    Examples
    --------
    >>> grid("sgdm")[:2], len(grid("adabound"))
    ([{'lr': 100.0}, {'lr': 10.0}], 20)
    """
    axes = entry(name).grid
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


#: Styles of optimizers that are not in the roster.
_OTHER_COLORS = ("#332288", "#117733", "#882255", "#661100", "#44AA99", "#AA4499", "#999933")


def style(name: str) -> dict[str, Any]:
    """Colour and line style of an optimizer's line, as Matplotlib's keywords.

    A name that is not in the roster has a style too, always the same.

    Examples
    --------
    >>> style("adam"), sorted(style("padam"))
    ({'color': '#D55E00', 'linestyle': '-'}, ['color', 'linestyle'])
    """
    if name in OPTIMIZERS:
        return {"color": OPTIMIZERS[name].color, "linestyle": OPTIMIZERS[name].dashes}
    number = zlib.crc32(name.encode())
    dashes = (7, 1 + number // 7 % 3, 1 + number // 21 % 3, 1 + number // 63 % 3)
    return {"color": _OTHER_COLORS[number % 7], "linestyle": (0, dashes)}


def title(name: str) -> str:
    """The name as the papers write it; a name that is not in the roster as it is.

    Examples
    --------
    >>> title("amsgrad"), title("padam")
    ('AMSGrad', 'padam')
    """
    return OPTIMIZERS[name].title if name in OPTIMIZERS else name


def hyperparameters(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer's hyperparameters as plain values, for records: no feasible set."""
    return {name: _plain(value) for name, value in optimizer.defaults.items() if name != "feasible"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
