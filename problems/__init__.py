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
    from problems.results.equations import Equations
    from problems.results.phase import PhaseMap
    from problems.results.sweep import Sweep
    from problems.results.trace import Trace

__all__ = ["counterexample", "equations", "phase", "sweep", "trace"]

# A file of the user's with the name of a package is found first, where Python is started beside it.
for _name in ("adabound_np", "autograd_lite"):
    _spec = _find_spec(_name)
    if _spec is not None and _spec.submodule_search_locations is None:
        raise ImportError(
            f"{_spec.origin} hides the package {_name}, which is installed in "
            f"{_Path(__file__).parents[1]}: rename that file, or start Python in another folder",
            name=__name__,
        )


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


def equations(*, only: str = "", format: str = "text", notation: bool = False) -> Equations:
    r"""List the equations beside the lines that compute them.

    Parameters
    ----------
    only : str
        Text that occurs in the dotted name of each function, such as ``"adabound.AdaBound"``.
    format : {"text", "markdown", "html"}
        Format in which they are printed and saved.
    notation : bool
        Whether to show the table of symbols in their place, in Markdown.

    Returns
    -------
    Equations
        With ``equations``: LaTeX, source, code, file and line of each.

    Raises
    ------
    ValueError
        If the format is unknown, or no function has such a name.

    Examples
    --------
    >>> import problems
    >>> print(problems.equations(only="InvSqrt.__call__"))  # doctest: +ELLIPSIS
    adabound_np/schedules.py  InvSqrt.__call__
       ...  s_t = 1 / \sqrt{t}    return 1 / sqrt(t)
    """
    from problems.results.equations import equations as run

    return run(only=only, format=format, notation=notation)


def phase(problem: _Any = "reddi-theorem2", optimizer: _Any = "adam", **options: _Any) -> PhaseMap:
    """Map where an optimizer ends over a plane of two constants.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `counterexample`.
    optimizer : str, class or Optimizer
        A name, a class, or ``module:Name``, with or without hyperparameters; an instance, whose
        hyperparameters can be no axis.
    **options
        x and y (the axes, such as ``"beta1=0:0.99:60"``, ``"lr=log:0.01:1:40"`` or
        ``("lr", [0.1, 0.5])``), steps (int, default 50,000), show ("regret" or "x"), schedule,
        final_lr, gamma, seed, and the problem's constants, as for `counterexample`.

    Returns
    -------
    PhaseMap
        With ``x_final``, ``average_regret``, ``C`` and ``holds``, arrays of shape
        (len(y.values), len(x.values)).

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a constant is out of range, or no cell has constants.

    Examples
    --------
    >>> import problems
    >>> result = problems.phase("reddi-online", x="lr=0.1:1:2", y="beta2=0.9,0.99", steps=100)
    >>> result.x_final.shape, result.x.values
    ((2, 2), (0.1, 1.0))
    """
    from problems.results.phase import phase as run

    return run(problem, optimizer, **options)


def sweep(
    problem: _Any = "reddi-online",
    optimizers: _Any = ("adam", "amsgrad", "adabound", "amsbound"),
    **options: _Any,
) -> Sweep:
    """Search constants by a grid or at random, with every seed and every optimizer.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `counterexample`.
    optimizers : list or dict
        As for `counterexample`.
    **options
        grid (a mapping of axes to values, or a list such as ``["lr=log:0.01:1:5"]``), random
        (such as ``{"lr": "log:0.01:1"}``) with samples and search_seed, seeds, steps (int,
        default 100,000), schedule, engine, force; workers (int: 1, the default, is this process,
        None is one per core), or scheduler (the address of a Dask scheduler) and
        scheduler_timeout (seconds); file (of records, or a folder with a slash at its end; none
        is written by default) and resume (bool: finish that file).

    Returns
    -------
    Sweep
        With ``records``, one for each cell, and ``best``, one for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, cells break the paper's conditions or are out of range, or the file
        cannot be used.
    problems.sweeps.runner.SweepError
        If a worker dies, or a cell fails; with a file, it can be resumed.

    Examples
    --------
    >>> import problems
    >>> result = problems.sweep("reddi-online", ["adam"], grid={"lr": [0.1, 1.0]}, steps=20_000)
    >>> [round(record["x_final"], 3) for record in result.records]
    [0.176, 0.995]
    """
    from problems.results.sweep import sweep as run

    return run(problem, optimizers, **options)


def trace(problem: _Any = None, optimizer: _Any = "adabound", **options: _Any) -> Trace:
    """Take the first steps of an optimizer and keep every quantity of its algorithm box.

    Parameters
    ----------
    problem : str, problem, Setting or callable, optional
        As for `counterexample`, in one variable. Without one, an example in which AdaBound's rate
        is clipped from above, from below, and not at all.
    optimizer : str, class or Optimizer
        As for `phase`.
    **options
        steps (int, default 6), exact (bool: fractions in place of floats), format ("table",
        "markdown", "latex", "csv" or "json"), digits (int), all (bool: every quantity in the
        table), schedule, final_lr, gamma, seed, force, and the problem's constants, as for
        `counterexample`.

    Returns
    -------
    Trace
        With ``columns``, the quantities, and ``rows``, their numbers at each step.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a constant is out of range or breaks the paper's conditions.

    Examples
    --------
    >>> import problems
    >>> [row["clip"] for row in problems.trace().table()]
    ['-', '-', 'upper', 'lower', '-', 'upper']
    """
    from problems.results.trace import trace as run

    return run(problem, optimizer, **options)
