"""What the optimizers run on, and what is concluded: a function for each command.

>>> import problems
>>> result = problems.counterexample("reddi-theorem1", ["adam", "amsgrad"], steps=20_000)
>>> for row in result.table():
...     print(row["optimizer"], row["where it went"])
adam stuck at the worst point
amsgrad at the best point

What a function returns shows itself in a notebook and has `table()`, `plot()`, `save(folder)`,
`to_dict()` and plain attributes. Wherever an optimizer or a problem is named, one of your own may
stand: a class or an object, or ``module:Name``.
"""

from __future__ import annotations

from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from problems.results.counterexample import Counterexample
    from problems.scipy_method import Method

__all__ = ["as_method", "counterexample", "export"]

# A file of the user's with the name of a package is found first, where Python is started beside it.
for _name in ("adabound_np", "autograd_lite"):
    _spec = _find_spec(_name)
    if _spec is not None and _spec.submodule_search_locations is None:
        raise ImportError(
            f"{_spec.origin} hides the package {_name}, which is installed in "
            f"{_Path(__file__).parents[1]}: rename that file, or start Python in another folder",
            name=__name__,
        )


def as_method(optimizer: _Any) -> Method:
    """Return an optimizer as a method of `scipy.optimize.minimize`.

    ``minimize(fun, x0, jac=..., method=problems.as_method(AdaBound), options={"lr": 1e-2})``; see
    `problems.scipy_method.as_method`.
    """
    from problems.scipy_method import as_method as make

    return make(optimizer)


def counterexample(
    problem: _Any = "reddi-theorem1",
    optimizers: _Any = ("adam", "amsgrad", "adabound", "amsbound"),
    **options: _Any,
) -> Counterexample:
    """Run optimizers side by side on a convex problem that Adam fails.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        A name (``python -m problems counterexample --help`` lists them), a problem or a setting
        of your own, a function that returns one, or ``module:Name``; constants may follow the
        name, as in ``"reddi-online(C=5)"``.
    optimizers : list or dict
        Names, classes, instances, or ``module:Name``; hyperparameters may follow a name, as in
        ``"adabound(gamma=0.1)"``. The keys of a dict are the labels.
    **options
        steps (int, default 5,000,000), engine ("auto", "steps" or "parallel"), schedule
        ("inv-sqrt" or "constant"), final_lr, gamma (a number, or "paper" for 1 - beta2), seed,
        force (run even if constants break the paper's conditions), and the problem's constants:
        lr, beta1, beta2, x1, C, delta, epsilon, K, bounds.

    Returns
    -------
    Counterexample
        With ``runs``, a `problems.online.Summary` for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a constant is out of range or breaks the paper's conditions.
    """
    from problems.results.counterexample import counterexample as run

    return run(problem, optimizers, **options)


def export(optimizer: _Any) -> str:
    """Return an optimizer as the text of one Python file that needs NumPy alone.

    Parameters
    ----------
    optimizer : str or class
        An optimizer of `adabound_np`.

    Raises
    ------
    TypeError, ValueError
        If it is none.

    Examples
    --------
    >>> import problems
    >>> "class AdaBound" in problems.export("AdaBound")
    True
    """
    from problems.optimizers import entry
    from problems.reading.export import exported

    return exported(entry(optimizer).cls)
