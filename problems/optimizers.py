"""The roster: each optimizer once, with its forms, its grid of hyperparameters, and its style.

An optimizer has two forms, which `problems.forms` makes: the papers' (step size alpha/sqrt(t), no
bias correction, no epsilon), and the form of the released code and PyTorch (the constructor's own
defaults). Both take hyperparameters under the same names for all optimizers: SGD's momentum is
beta1, RMSprop's smoothing constant (PyTorch's `alpha`) is beta2.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

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
from adabound_np.checks import known
from problems.loading import call, load

__all__ = [
    "BOUNDS",
    "HYPERPARAMETERS",
    "OPTIMIZERS",
    "STORY",
    "Entry",
    "Spec",
    "entry",
    "grid",
    "label",
    "labelled",
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
    label : str
        The name in tables.
    given : mapping of str to object
        Hyperparameters given with the name.
    as_given : bool
        Whether the constructor gets nothing but `given`, and F: the entry is an instance's.
    """

    cls: Any
    title: str
    color: str
    dashes: Any
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grid: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    defaults: Mapping[str, float] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    as_given: bool = False


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


#: What names an optimizer: a key of `OPTIMIZERS`, ``module:Name``, either of them with values
#: (``adam(eps=1e-3)``), a class, or an instance, whose hyperparameters are taken as they are.
Spec: TypeAlias = str | type[Optimizer] | Optimizer


def entry(spec: Spec) -> Entry:
    """Return the entry of an optimizer: the roster's, or one made from a class of the user's.

    The name of a class (``AdaBound``) stands for its first entry.

    Raises
    ------
    ValueError
        If a name is unknown, or a module cannot be imported.
    TypeError
        If it names something else than an optimizer.

    Examples
    --------
    >>> entry("adam(eps=1e-3)").given, entry(AMSGrad).label
    ({'eps': 0.001}, 'AMSGrad')
    """
    if isinstance(spec, Optimizer):
        own = {name: value for name, value in spec.defaults.items() if name != "feasible"}
        if spec.defaults["feasible"] is not None:
            own["feasible"] = spec.defaults["feasible"]
        return replace(_entry_of(type(spec)), given=own, as_given=True)
    if not isinstance(spec, str):
        return _entry_of(spec)
    name, given = call(spec)
    if ":" in name:
        found = _entry_of(load(name), name)
    else:
        name = _BY_CLASS.get(name, name)
        found = OPTIMIZERS[known("optimizer", name, OPTIMIZERS)]
    label = spec.rpartition(":")[2] if ":" in name else spec
    return replace(found, given=given, label=label)


#: Name of a class -> its first name in the roster.
_BY_CLASS = {entry.cls.__name__: name for name, entry in reversed(OPTIMIZERS.items())}


def _entry_of(cls: Any, name: str | None = None) -> Entry:
    """The entry of a class that is not in the roster."""
    name = name or getattr(cls, "__name__", repr(cls))
    if not (isinstance(cls, type) and issubclass(cls, Optimizer)):
        raise TypeError(f"{name} must be a class derived from adabound_np.Optimizer, got {cls!r}")
    for method in ("moments", "learning_rate", "symbols"):
        if getattr(cls, method) is getattr(Optimizer, method):
            raise TypeError(f"{name} must define {method}, which {cls.__name__} does not")
    try:
        defaults = cls(None).defaults  # type: ignore[call-arg]
    except Exception as error:
        raise TypeError(f"{name}(None) must make an optimizer, got {error!r}") from error
    names = {key: (key,) for key in _COMMON if key in defaults}
    if "betas" in defaults:
        names |= {"beta1": ("betas",), "beta2": ("betas",)}
    elif "momentum" in defaults:
        names["beta1"] = ("momentum",)
    return Entry(cls, cls.__name__, *_style_of(cls.__name__), names, label=cls.__name__)


_COMMON = ("beta1", "beta2", "eps", "eps_root", "final_lr", "gamma", "bounds")


def label(spec: Spec) -> str:
    """Name of an optimizer in tables, figures and records.

    Examples
    --------
    >>> label("adam"), label("mymodule:Mine(p=1)"), label(AMSGrad)
    ('adam', 'Mine(p=1)', 'AMSGrad')
    """
    if isinstance(spec, str):
        return spec.rpartition(":")[2] if ":" in spec.partition("(")[0] else spec
    return (spec if isinstance(spec, type) else type(spec)).__name__


def labelled(specs: Iterable[Spec] | Mapping[str, Spec]) -> dict[str, Spec]:
    """Optimizers by label; equal labels are numbered.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> list(labelled(["adam", AMSGrad(), AMSGrad(lr=0.1)]))
    ['adam', 'AMSGrad', 'AMSGrad-2']
    """
    named: dict[str, Spec] = {}
    if isinstance(specs, Mapping):
        named.update(specs)
    else:
        for spec in dict.fromkeys([specs] if isinstance(specs, (str, type, Optimizer)) else specs):
            name, number = label(spec), 1
            while name in named:
                number += 1
                name = f"{label(spec)}-{number}"
            named[name] = spec
    if not named:
        raise ValueError("optimizers must name at least one optimizer, got none")
    return named


def takes(spec: Spec) -> tuple[str, ...]:
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
    names = ("lr", "weight_decay", *entry(spec).names)
    return tuple(h for h in HYPERPARAMETERS if h in names)


def grid(spec: Spec) -> list[dict[str, float]]:
    """The points of an optimizer's grid, the first axis slowest; one empty point without a grid.

    Examples
    --------
    >>> grid("sgdm")[:2], len(grid("adabound"))
    ([{'lr': 100.0}, {'lr': 10.0}], 20)
    """
    axes = entry(spec).grid
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


#: Colours of optimizers that are not in the roster.
_OTHER_COLORS = ("#332288", "#117733", "#882255", "#661100", "#44AA99", "#AA4499", "#999933")


def _style_of(name: str) -> tuple[str, Any]:
    """Colour and dashes of a name that is not in the roster, always the same."""
    number = zlib.crc32(name.encode())
    dashes = (7, 1 + number // 7 % 3, 1 + number // 21 % 3, 1 + number // 63 % 3)
    return _OTHER_COLORS[number % 7], (0, dashes)


def style(label: str) -> dict[str, Any]:
    """Colour and line style of an optimizer's line, as Matplotlib's keywords.

    Examples
    --------
    >>> style("adam"), sorted(style("Padam"))
    ({'color': '#D55E00', 'linestyle': '-'}, ['color', 'linestyle'])
    """
    known = OPTIMIZERS.get(label)
    color, dashes = (known.color, known.dashes) if known else _style_of(label)
    return {"color": color, "linestyle": dashes}


def title(label: str) -> str:
    """The name as the papers write it; a name that is not in the roster as it is.

    Examples
    --------
    >>> title("amsgrad"), title("Padam")
    ('AMSGrad', 'Padam')
    """
    return OPTIMIZERS[label].title if label in OPTIMIZERS else label
