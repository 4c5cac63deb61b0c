"""What the optimizers run on, and what is concluded: a function for each command.

>>> import problems
>>> result = problems.counterexample("reddi-theorem1", ["adam", "amsgrad"], steps=20_000)
>>> for row in result.table():
...     print(row["optimizer"], row["where it went"])
adam stuck at the worst point
amsgrad at the best point

What a function returns shows itself in a notebook, and has ``table()``, ``plot()``,
``save(folder)``, ``to_dict()`` and plain attributes. Wherever an optimizer or a problem is named,
your own is accepted: a class or an object, or ``module:Name``.
"""

from __future__ import annotations

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from problems.conformance import check_optimizer, check_problem
    from problems.reading.export import export
    from problems.results.counterexample import counterexample
    from problems.results.curvature import curvature
    from problems.results.effective_lr import effective_lr
    from problems.results.equations import equations
    from problems.results.explore import explore
    from problems.results.figures import figures
    from problems.results.phase import phase
    from problems.results.sweep import sweep
    from problems.results.theorems import theorems
    from problems.results.trace import trace
    from problems.results.train import train
    from problems.results.wilson import wilson
    from problems.scipy_method import as_method

__all__ = [
    "as_method",
    "check_optimizer",
    "check_problem",
    "counterexample",
    "curvature",
    "effective_lr",
    "equations",
    "explore",
    "export",
    "figures",
    "phase",
    "sweep",
    "theorems",
    "trace",
    "train",
    "wilson",
]

#: Module of each function that is not in the module of its name in `problems.results`.
_ELSEWHERE = {
    "as_method": "problems.scipy_method",
    "check_optimizer": "problems.conformance",
    "check_problem": "problems.conformance",
    "export": "problems.reading.export",
}

# A file of the user's with the name of a package is found first, where Python is started beside it.
for _name in ("adabound_np", "autograd_lite"):
    _spec = _find_spec(_name)
    if _spec is not None and _spec.submodule_search_locations is None:
        raise ImportError(
            f"{_spec.origin} hides the package {_name}, which is installed in "
            f"{_Path(__file__).parents[1]}: rename that file, or start Python in another folder",
            name=__name__,
        )


def __getattr__(name: str) -> _Any:
    """Import a function when it is first used: the command line starts without any of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    function = getattr(_import_module(_ELSEWHERE.get(name, f"{__name__}.results.{name}")), name)
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
