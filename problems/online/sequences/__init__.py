"""The papers' linear sequences, by their names on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from adabound_np.checks import known
from problems.loading import call, load
from problems.online.sequences.luo_theorem1 import luo_theorem1
from problems.online.sequences.reddi_online import reddi_online
from problems.online.sequences.reddi_stochastic import reddi_stochastic
from problems.online.sequences.reddi_theorem1 import reddi_theorem1
from problems.online.sequences.reddi_theorem2 import reddi_theorem2
from problems.online.sequences.reddi_theorem3 import reddi_theorem3
from problems.online.sequences.reddi_theorem6 import reddi_theorem6
from problems.online.sequences.savarese import FAMILIES, savarese
from problems.online.setting import HYPERPARAMETERS, Setting, around, name_of

__all__ = ["CONSTANTS", "FAMILIES", "SEQUENCES", "setting", "takes"]

#: Name -> the function that chooses its constants.
SEQUENCES: dict[str, Callable[..., Setting]] = {
    "reddi-online": reddi_online,
    "reddi-stochastic": reddi_stochastic,
    "reddi-theorem1": reddi_theorem1,
    "reddi-theorem2": reddi_theorem2,
    "reddi-theorem3": reddi_theorem3,
    "reddi-theorem6": reddi_theorem6,
    "luo-theorem1": luo_theorem1,
    "savarese": savarese,
}

#: Name -> the constants it takes.
CONSTANTS = {
    name: tuple(inspect.signature(function).parameters) for name, function in SEQUENCES.items()
}


def setting(spec: Any, seed: int = 0, **constants: Any) -> Setting:
    """Return a problem's setting; constants that are None are chosen by its conditions.

    Parameters
    ----------
    spec : str, Setting, OnlineProblem or callable
        A key of `SEQUENCES`; ``module:Name``, which names one of the following; either of them
        with constants, such as ``reddi-online(C=5)``; a setting; a problem, which gets the
        hyperparameters of `around`; or a function or class that returns a setting or a problem
        from the constants it takes.
    seed : int
        Seed of a stochastic problem; the others have no use for it.
    **constants
        By the names in ``CONSTANTS[name]``, or of the function's parameters. Of a setting or a
        problem beta1, beta2, lr and x1 can be set.

    Raises
    ------
    BrokenConditionError
        If the constants break the paper's conditions, unless ``force=True``.
    TypeError, ValueError
        If a constant is out of range, or the problem does not have it.

    Examples
    --------
    >>> setting("reddi-theorem2", beta1=0.9, beta2=0.999).problem.C
    42620
    """
    given = {key: value for key, value in constants.items() if value is not None}
    name = getattr(spec, "__name__", type(spec).__name__)
    if isinstance(spec, str):
        name, own = call(spec)
        for key in own.keys() & given.keys():
            raise TypeError(f"{key} must be given once for {spec}, got {given[key]!r} beside it")
        given |= own
        spec = load(name) if ":" in name else SEQUENCES[known("problem", name, SEQUENCES)]
    parameters = inspect.signature(spec).parameters if _makes(spec) else ()
    own = {key: given.pop(key) for key in parameters if key in given}
    _only(name, given, (*HYPERPARAMETERS, "force"))
    given.pop("force", None)
    if _makes(spec):
        spec = spec(**own, **({"seed": seed} if "seed" in parameters else {}))
    if isinstance(spec, Setting):
        return _checked(replace(spec, **given))
    if not _is_problem(spec):
        raise TypeError(
            f"problem {name} must be a problem (with feasible, reveal, comparator, best_losses), a "
            f"Setting, or a function that returns one, got {spec!r}"
        )
    return _checked(around(spec, **given))


def _checked(setting: Setting) -> Setting:
    """A setting; raise ValueError if f_1 has a gradient of another shape than x's."""
    _, f_1 = next(iter(setting.problem.reveal(1)))
    found, wanted = np.shape(f_1.gradient(setting.x1)), np.shape(setting.x1)
    if found != wanted:
        raise ValueError(
            f"problem {name_of(setting.problem)} must have gradients of x's shape {wanted}, "
            f"got {found}"
        )
    return setting


def takes(spec: Any) -> tuple[str, ...]:
    """The constants of a problem, by their names as keywords of `setting`.

    Raises
    ------
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> takes("reddi-online")
    ('C', 'beta1', 'beta2', 'lr', 'x1', 'force')
    """
    if isinstance(spec, str):
        name, _ = call(spec)
        if ":" not in name:
            return CONSTANTS[known("problem", name, SEQUENCES)]
        spec = load(name)
    own = inspect.signature(spec).parameters if _makes(spec) else ()
    return tuple(dict.fromkeys([*own, *HYPERPARAMETERS]))


def _makes(value: Any) -> bool:
    """Whether a value is what a problem or a setting is made by."""
    return isinstance(value, type) or (callable(value) and not _is_problem(value))


def _is_problem(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("feasible", "reveal", "comparator", "best_losses"))


def _only(name: str, given: dict[str, Any], allowed: tuple[str, ...]) -> None:
    for key, value in given.items():
        if key not in allowed:
            raise TypeError(f"{key} must not be given for {name}, which has none, got {value!r}")
