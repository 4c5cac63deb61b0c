"""The two forms of an optimizer: the papers' and the released code's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from adabound_np import Optimizer
from adabound_np.checks import names_among
from problems.optimizers import BOUNDS, Entry, Spec, entry, label, takes

__all__ = ["hyperparameters", "in_paper", "on", "plain", "released", "settled"]


def in_paper(spec: Spec, **options: Any) -> Optimizer:
    """Return an optimizer in the papers' form: no bias correction, epsilon = 0.

    Parameters
    ----------
    spec : str, class or Optimizer
        See `entry`. An instance keeps its hyperparameters; it is given F if it has none.
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
    return _in_paper(entry(spec), options)


def _in_paper(e: Entry, options: Mapping[str, Any]) -> Optimizer:
    given: dict[str, Any]
    if e.as_given:
        given = {"feasible": options.get("feasible")}
        optimizer = e.cls(None, **(given | dict(e.given)))
    else:
        own = {key: value for key, value in options.items() if key in e.names}
        given = {key: options[key] for key in ("lr", "schedule", "feasible") if key in options}
        optimizer = e.cls.as_in_paper(**{**given, **_arguments(e, own)})
    assert isinstance(optimizer, Optimizer)
    return optimizer


def on(
    setting: Any,
    spec: Spec,
    *,
    schedule: str = "inv-sqrt",
    number: Callable[[Any], Any] = lambda value: value,
    **bounds: Any,
) -> Optimizer:
    """Return an optimizer in the papers' form, with the hyperparameters of a problem's setting.

    Parameters
    ----------
    setting : Setting
        Its lr, beta1, beta2, bounds, eps_root and F are taken.
    spec : str, class or Optimizer
        See `entry`.
    schedule : str
        "inv-sqrt" or "constant".
    number : callable
        Applied to each hyperparameter: the update lines also run on numbers that do not round.
    **bounds
        final_lr and gamma, where they are not the constructor's.

    Raises
    ------
    TypeError, ValueError
        As `in_paper`.
    """
    own = {key: getattr(setting, key) for key in ("lr", "beta1", "beta2", "bounds", "eps_root")}
    values = {**own, **BOUNDS, **bounds, "feasible": setting.problem.feasible}
    numbers = {key: number(value) for key, value in values.items()}
    e = entry(spec)
    given = {
        key: tuple(map(number, value)) if isinstance(value, tuple) else number(value)
        for key, value in e.given.items()
    }
    return _in_paper(replace(e, given=given), {**numbers, "schedule": schedule})


def settled(spec: Spec) -> set[str]:
    """The constants that an optimizer has values of its own for, whatever its problem asks for.

    Examples
    --------
    >>> settled("adam"), settled("adam(lr=0.1)")
    (set(), {'lr'})
    """
    e = entry(spec)
    names: dict[str, tuple[str, ...]] = {
        **e.names,
        "lr": ("lr",),
        "epsilon": e.names.get("eps_root", ()),
    }
    if e.as_given:
        return set(names)
    return {key for key, own in names.items() if {key, *own} & e.given.keys()}


def released(spec: Spec, params: Iterable[Any] | None = None, **given: Any) -> Optimizer:
    """Return an optimizer in the released form; what is not given is the constructor's default.

    Parameters
    ----------
    spec : str, class or Optimizer
        See `entry`. Of an instance, the class and the hyperparameters are taken.
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
    names_among(label(spec), given, takes(spec))
    e = entry(spec)
    optimizer = e.cls(params, **_arguments(e, given))
    assert isinstance(optimizer, Optimizer)
    return optimizer


def _arguments(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments from hyperparameters under their common names."""
    values = {**entry.defaults, **given, **entry.given}
    arguments: dict[str, Any] = {
        argument: value
        for key, value in values.items()
        for argument in entry.names.get(key, (key,))
    }
    if "betas" in arguments and "betas" not in entry.given:
        own = entry.cls(None).defaults["betas"]
        arguments["betas"] = (values.get("beta1", own[0]), values.get("beta2", own[1]))
    if not np.any(arguments.get("momentum", 1)):  # nothing is left to look ahead with
        return arguments
    return {**arguments, **entry.fixed}


def hyperparameters(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer's hyperparameters as plain values, for records: no feasible set."""
    return plain(optimizer.defaults)


def plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperparameters as plain values, for records: no feasible set.

    Examples
    --------
    >>> plain({"betas": (0.9, 0.99), "feasible": None})
    {'betas': [0.9, 0.99]}
    """
    return {name: _plain(value) for name, value in given.items() if name != "feasible"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
