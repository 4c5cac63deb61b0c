"""What the optimizers run on, and what is concluded: a function for each command.

>>> import problems
>>> result = problems.counterexample("reddi-theorem1", ["adam", "amsgrad"], steps=20_000)
>>> for row in result.table():
...     print(row["optimizer"], row["where it went"])
adam stuck at the worst point
amsgrad at the best point

What a function returns shows itself in a notebook, and has ``table()``, ``plot()``,
``save(folder)``, ``to_dict()`` and plain attributes. Wherever an optimizer or a problem is named,
one of your own may stand: a class or an object, or ``module:Name``.
"""

from __future__ import annotations

from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from problems.conformance import Report
    from problems.results.counterexample import Counterexample
    from problems.results.effective_lr import EffectiveLr
    from problems.results.equations import Equations
    from problems.results.figures import Figures
    from problems.results.phase import PhaseMap
    from problems.results.sweep import Sweep
    from problems.results.theorems import Theorems
    from problems.results.trace import Trace
    from problems.results.train import Train
    from problems.results.wilson import Wilson
    from problems.scipy_method import Method

__all__ = [
    "as_method",
    "check_optimizer",
    "check_problem",
    "counterexample",
    "effective_lr",
    "equations",
    "export",
    "figures",
    "phase",
    "sweep",
    "theorems",
    "trace",
    "train",
    "wilson",
]

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


def check_optimizer(optimizer: _Any) -> Report:
    """Check an optimizer of your own for all that runs rely on.

    Parameters
    ----------
    optimizer : str, class or Optimizer
        ``module:Name``, a class, or an instance.

    Returns
    -------
    Report
        True if nothing fails; ``print(report)`` shows a line for each check, with the first
        counterexample of what fails.

    Raises
    ------
    TypeError, ValueError
        If it is no optimizer at all.
    """
    from problems.conformance import check_optimizer as check
    from problems.optimizers import entry

    return check(entry(optimizer).cls if isinstance(optimizer, (str, type)) else optimizer)


def check_problem(problem: _Any) -> Report:
    """Check a problem of your own: gradients, convexity, the comparator, F.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `counterexample`.

    Returns
    -------
    Report
        True if nothing fails; ``print(report)`` shows a line for each check.

    Raises
    ------
    TypeError, ValueError
        If it is no problem at all.
    """
    from problems.conformance import check_problem as check
    from problems.online.sequences import setting

    return check(setting(problem))


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


def effective_lr(
    task_or_problem: _Any = "digits-resnet",
    optimizers: _Any = ("adam", "amsgrad", "adabound", "amsbound"),
    **options: _Any,
) -> EffectiveLr:
    """Record effective learning rates while networks are trained, or on an online problem.

    Parameters
    ----------
    task_or_problem : str, Task, problem, Setting or callable
        The name of a task (``python -m problems effective-lr --help`` lists them), a
        `problems.learning.tasks.Task`, or a problem as for `counterexample`, in one variable.
    optimizers : list or dict
        As for `counterexample`.
    **options
        epochs (int) of a task; steps (int, default 50,000) of a problem; quick (bool, a sixth of
        the epochs or 2,000 steps); lr; final_lr and gamma (a number, or "paper") of AdaBound and
        of the bounds that other rates are compared with; seed; data, the folder of all data.

    Returns
    -------
    EffectiveLr
        With ``records``, a `problems.rates.record.RateRecord` for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a value out of range.
    OSError
        If a task's data cannot be read.
    problems.results.result.RunError
        If a run diverges before there is anything to record.

    Examples
    --------
    >>> result = effective_lr("reddi-online", ["adam", "adabound"], steps=2000)
    >>> [row["between"] for row in result.table()]  # share of rates between the bounds
    [0.0, 0.0]
    """
    from problems.results.effective_lr import effective_lr as run

    return run(task_or_problem, optimizers, **options)


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


def figures(only: _Any = "all", **options: _Any) -> Figures:
    """Run the paper's experiments on small tasks, and draw its figures and tables from them.

    Parameters
    ----------
    only : str or list of str
        "all", or some of `problems.experiments.settings.FIGURES`, such as "curves-digits-mlp".
    **options
        quick (bool): fewer tasks, epochs, seeds, points; workers (int, default one per core):
        processes; folder: where the runs are kept (default none) and, with resume (bool), gone on
        from; show: a file figures.json to read instead of running anything; report (callable):
        called with the plan.

    Returns
    -------
    Figures
        With ``results`` and ``records``.

    Raises
    ------
    ValueError
        If a name is unknown, or a file is not what it should be.
    problems.sweeps.runner.SweepError
        If a run fails.
    """
    from problems.results.figures import figures as run

    return run(only, **options)


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


def theorems(ids: _Any = "all", *, quick: bool = False) -> Theorems:
    """Run the papers' theorems: each claim, its assumptions, what was measured, the verdict.

    Parameters
    ----------
    ids : str or list of str
        "all", or some of `problems.ledger.LEDGER`, such as "reddi-1".
    quick : bool
        Whether to do shorter runs.

    Returns
    -------
    Theorems
        With ``results``, by id.

    Raises
    ------
    ValueError
        If there is no such theorem.

    Examples
    --------
    >>> theorems(["reddi-2", "luo-1"], quick=True).table()[0]["verdict"]
    'holds'
    """
    from problems.results.theorems import theorems as run

    return run(ids, quick=quick)


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


def train(
    task: _Any = "digits-mlp",
    optimizers: _Any = ("sgdm", "adam", "amsgrad", "adabound", "amsbound"),
    **options: _Any,
) -> Train:
    """Train a network with several optimizers and seeds.

    Parameters
    ----------
    task : str or Task
        The name of a task (``python -m problems train --help`` lists them), ``module:Name`` or a
        `problems.learning.tasks.Task`.
    optimizers : list or dict
        As for `counterexample`, in the form of the released code.
    **options
        seeds (int or list of int, default 0) of weights and batches; epochs and batch_size
        (default the task's); lr, beta1, beta2, final_lr, gamma, eps, weight_decay, for those
        optimizers that have them (default the task's); validate (bool, test on a part of the
        training data); data, the folder of all data, and verify (bool, whether its files must be
        the official ones); workers (int, default 1, this process; None for one per core);
        folder, where checkpoints and a CSV are kept (default none), every (seconds between two
        checkpoints of a run, default 10) and resume (bool, go on from them).

    Returns
    -------
    Train
        With ``histories``, a list of `problems.learning.run.History` for each optimizer.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a value out of range, or a checkpoint there is not of the same run.
    OSError
        If a task's data cannot be read.
    problems.sweeps.runner.SweepError
        If a run fails.

    Examples
    --------
    >>> result = train("digits-mlp", ["adam", "adabound"], epochs=5)
    >>> [row["test accuracy"] > 0.8 for row in result.table()]
    [True, True]
    """
    from problems.results.train import train as run

    return run(task, optimizers, **options)


def wilson(
    optimizers: _Any = (
        *("sgd", "sgdm", "adagrad", "rmsprop"),
        *("adam", "amsgrad", "adabound", "amsbound"),
    ),
    **options: _Any,
) -> Wilson:
    """Fit Wilson's construction with full gradients, and see what becomes of new points.

    Parameters
    ----------
    optimizers : list or dict
        As for `counterexample`. One that has a gamma is run with each of `gammas`, unless its
        own is given.
    **options
        points (int, default 100) to fit, new (int, default 1000) points, p (P(y = 1), default
        0.7), steps (int, default 3000), seed (int, default 0), lr (float, default one that suits
        each optimizer), gammas (list of float).

    Returns
    -------
    Wilson
        With ``problem`` and ``fits``.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a value out of range.

    Examples
    --------
    >>> for row in wilson(["sgd", "adam"], points=20, steps=1000).table():
    ...     print(row["optimizer"], row["test_accuracy"])
    sgd 1.0
    adam 0.682
    """
    from problems.results.wilson import wilson as run

    return run(optimizers, **options)
