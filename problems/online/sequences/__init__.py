"""The papers' linear sequences, by their names on the command line."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from adabound_np.checks import known
from problems.online.sequences.luo_theorem1 import luo_theorem1
from problems.online.sequences.reddi_online import reddi_online
from problems.online.sequences.reddi_stochastic import reddi_stochastic
from problems.online.sequences.reddi_theorem1 import reddi_theorem1
from problems.online.sequences.reddi_theorem2 import reddi_theorem2
from problems.online.sequences.reddi_theorem3 import reddi_theorem3
from problems.online.sequences.reddi_theorem6 import reddi_theorem6
from problems.online.sequences.savarese import savarese
from problems.online.setting import Setting

__all__ = ["CONSTANTS", "SEQUENCES", "setting"]

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


def setting(name: str, seed: int = 0, **constants: Any) -> Setting:
    """Return a sequence's setting; constants that are None are chosen by its conditions.

    Parameters
    ----------
    name : str
        A key of `SEQUENCES`.
    seed : int
        Seed of a stochastic problem; the others have no use for it.
    **constants
        By the names in ``CONSTANTS[name]``.

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
    takes = CONSTANTS[known("problem", name, SEQUENCES)]
    given = {key: value for key, value in constants.items() if value is not None}
    for key, value in given.items():
        if key not in takes:
            raise TypeError(f"{key} must not be given for {name}, which has none, got {value!r}")
    return SEQUENCES[name](**given, **({"seed": seed} if "seed" in takes else {}))
