"""The first steps of an optimizer with every quantity of its algorithm box."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from adabound_np import Box
from adabound_np.checks import known, positive_int
from problems.files import write_csv
from problems.forms import on
from problems.loading import described
from problems.manifest import suffix
from problems.online.sequences import setting as setting_of
from problems.online.setting import Setting, formula_of, name_of, title_of
from problems.optimizers import BOUNDS, Spec, label
from problems.reading import trace as room
from problems.reading.exact import DIGITS, Exact
from problems.reading.numerals import printed, shown, typeset
from problems.reading.trace import CLIP, Column
from problems.results.counterexample import bounds_of, constants_of, in_a_line, refuse_bounds
from problems.results.result import Result
from problems.text import printable

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["EXAMPLE", "FORMATS", "PROBLEM", "Trace", "trace"]

#: Steps that a table may have.
MOST = 100_000
#: Characters of a line, in a terminal.
WIDTH = 80
#: What is run where no problem is named: AdaBound's rate is clipped from above, from below and not
#: at all within six steps. A constant that is given replaces the one here.
PROBLEM = "reddi-online"
EXAMPLE = {"C": 3.0, "beta1": 0.5, "beta2": 0.5, "final_lr": 0.03, "gamma": 2.0}
#: By how much floats of 64 bits miss x_{t+1}.
ERROR = Column("float64 - x_{t+1}", r"\mathrm{float64} - x_{t+1}", lambda q: None)


@dataclass(frozen=True)
class Trace(Result):
    """The first steps of an optimizer.

    Attributes
    ----------
    setting : Setting
        Problem, first point, and the hyperparameters of the construction.
    problem, optimizer : str
        What was run.
    columns : list of Column
        The quantities, in the order of the algorithm box.
    rows : list of list
        The numbers of each step: floats, or `Exact`.
    x1 : float or Exact
        First point.
    constants : dict of str to object
        What defines the run beside the optimizer.
    exact : bool
        Whether nothing is rounded.
    digits : int or None
        Significant digits of what is shown.
    all : bool
        Whether the table of floats has every quantity.
    format : str
        How it is printed, one of `FORMATS`.
    """

    setting: Setting
    problem: str
    optimizer: str
    columns: list[Column]
    rows: list[list[Any]]
    x1: Any
    constants: dict[str, Any]
    exact: bool
    digits: int | None
    all: bool
    format: str
    seed: int
    added: str
    command = "trace"

    @property
    def stem(self) -> str:
        """Name of the files."""
        names = (name.partition("(")[0] for name in (self.problem, self.optimizer))
        return f"trace-{'-'.join(names)}{self.added}"

    def table(self) -> list[dict[str, Any]]:
        """One row per step, by the quantities' names in ASCII; exact numbers are strings."""

        def value(column: Column, cell: str) -> Any:
            if column.key == "t":
                return int(cell)
            text = column is CLIP or (self.exact and column is not ERROR)
            return cell if text else float(cell)

        return [
            {c.key: value(c, cell) for c, cell in zip(self.columns, row, strict=True)}
            for row in self.cells(whole=True)
        ]

    def record(self) -> dict[str, Any]:
        """All of it as plain values."""
        x1 = shown(self.x1, self.digits, whole=True)
        return {
            "optimizer": self.optimizer,
            "problem": self.problem,
            "exact": self.exact,
            "parameters": self.constants,
            "x_1": x1 if self.exact else float(x1),
            "rows": self.table(),
        }

    def text(self) -> str:
        """The steps in the format asked for."""
        return FORMATS[self.format](self)

    def title(self) -> list[str]:
        """The run in words, and its constants, in lines of at most ``WIDTH`` characters."""
        problem, F = self.setting.problem, self.setting.problem.feasible
        where = f"[{F.lo:g}, {F.hi:g}]" if isinstance(F, Box) else repr(F)
        run = f"{self.optimizer} on {self.problem}: {formula_of(problem)}, on {where}"
        texts = (run, in_a_line(self.constants))
        return [line for text in texts for line in textwrap.wrap(text, WIDTH)]

    def cells(self, whole: bool = False) -> list[list[str]]:
        """All numbers as text; the error of floats, however exact the rest, with three digits."""
        return [
            [
                shown(value, 3, False)
                if column is ERROR and not whole
                else shown(value, self.digits, whole)
                for column, value in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]

    def figures(self) -> dict[str, Picture]:
        """x_t, and the rates with their bounds."""
        from problems.reading.trace_figure import trace_figure

        numbers = {
            column.key: [float(row[k]) for row in self.rows]
            for k, column in enumerate(self.columns)
            if column is not CLIP
        }
        names = {column.key: column.latex for column in self.columns}
        title = f"{self.optimizer} on {self.problem}"
        return {"": trace_figure(numbers, names, float(self.x1), title)}

    def write(self, stem: Path) -> list[Path]:
        """The steps as CSV."""
        path = stem.with_name(stem.name + ".csv")
        write_csv(path, [c.key for c in self.columns], self.cells(whole=True))
        return [path]


def trace(
    problem: Any = None,
    optimizer: Spec = "adabound",
    *,
    steps: int = 6,
    exact: bool = False,
    digits: int | None = None,
    all: bool = False,
    format: str = "table",
    schedule: str = "inv-sqrt",
    final_lr: float | None = None,
    gamma: float | str | None = None,
    seed: int = 0,
    force: bool = False,
    **constants: Any,
) -> Trace:
    """Take the first steps of an optimizer and keep every quantity of its algorithm box.

    Parameters
    ----------
    problem : str, problem, Setting or callable, optional
        As for `counterexample`, in one variable. Without one, an example in which AdaBound's rate
        is clipped from above, from below, and not at all.
    optimizer : str, class or Optimizer
        As for `phase`.
    steps : int
        Number of steps.
    exact : bool
        Whether to compute with fractions and roots in place of floats.
    digits : int, optional
        Number of significant digits in the table.
    all : bool
        Whether the table shows every quantity.
    format : {"table", "markdown", "latex", "csv", "json"}
        Format in which the trace is printed and saved.
    schedule : {"inv-sqrt", "constant"}
        s_t, which multiplies every step size: 1/sqrt(t) or 1.
    final_lr, gamma : float, optional
        Constants of the bounds of AdaBound and AMSBound; ``gamma="paper"`` is 1 - beta2.
    seed : int
        Seed of a random problem.
    force : bool
        Whether to run even if constants break the paper's conditions.
    **constants
        The problem's: lr, beta1, beta2, x1, C, delta, epsilon, K, bounds, whichever it has.

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
    known("format", format, FORMATS)
    if digits is not None and positive_int("digits", digits) > DIGITS:
        raise ValueError(f"digits must be a whole number from 1 to {DIGITS}, got {digits}")
    if positive_int("steps", steps) > MOST:
        raise ValueError(f"steps must be at most {MOST:,} for a table, got {steps:,}")
    given = {**constants, "final_lr": final_lr, "gamma": gamma}
    given = {name: value for name, value in given.items() if value is not None}
    if problem is None:
        problem, given = PROBLEM, {**EXAMPLE, **given}
    rates = {name: given.pop(name, None) for name in BOUNDS}
    s = setting_of(problem, seed=seed, force=force or None, **given)
    if s.bounds is not None:
        refuse_bounds(name_of(s.problem), **rates)
    if np.ndim(s.x1):
        raise ValueError(f"problem must be in one variable, got x1 of shape {np.shape(s.x1)}")
    bounds = bounds_of(**rates)
    columns, rows, x1 = _steps(s, optimizer, steps, exact, {**bounds, "schedule": schedule})
    used = constants_of(s, bounds, schedule)
    names: dict[str, Any] = {"problem": title_of(problem), "optimizer": label(optimizer)}
    specs = {"problem": described(problem), "optimizer": described(optimizer)}
    plain = {what: name.partition("(")[0] for what, name in names.items()}
    example = setting_of(PROBLEM, C=EXAMPLE["C"], beta1=EXAMPLE["beta1"], beta2=EXAMPLE["beta2"])
    usual = {**constants_of(example, EXAMPLE, "inv-sqrt"), "exact": False, "steps": 6}
    return Trace(
        setting=s,
        **names,
        columns=columns,
        rows=rows,
        x1=x1,
        constants=used,
        exact=exact,
        digits=digits,
        all=all,
        format=format,
        seed=seed,
        added=suffix({**used, **specs, "exact": exact, "steps": steps}, {**usual, **plain}),
    )


def _steps(
    s: Setting, optimizer: Spec, steps: int, exact: bool, options: dict[str, Any]
) -> tuple[list[Column], list[list[Any]], Any]:
    """The quantities, their numbers at each step, and x_1."""
    rounded = on(s, optimizer, **options)
    opt, x1 = rounded, s.x1
    if exact:
        opt = on(s, optimizer, number=room.without_rounding, **options)
        x1 = room.without_rounding(float(s.x1))
    columns = room.columns_of(opt)
    rows = [[c.value(q) for c in columns] for q in room.steps(s.problem, opt, steps, x1)]
    if exact:
        columns.append(ERROR)
        for row, q in zip(rows, room.steps(s.problem, rounded, steps, s.x1), strict=True):
            row.append(float(Exact(float(q.x)) - row[-1]))
    return columns, rows, x1


def as_table(trace: Trace) -> str:
    """Columns of one width, for a terminal."""
    columns = trace.columns
    if not trace.exact and not trace.all:
        columns = room.short(columns)
    kept = [k for k, column in enumerate(trace.columns) if column in columns]
    cells = [[row[k] for k in kept] for row in trace.cells()]
    table = [[printable(column.name) for column in columns], *cells]
    widths = [max(map(printed, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(" " * (n - printed(cell)) + cell for cell, n in zip(row, widths, strict=True))
        for row in table
    ]
    return "\n".join([*trace.title(), "", *lines])


def as_markdown(trace: Trace) -> str:
    """A table in Markdown, with the paper's symbols as heads."""
    lines = [[f"${c.latex}$" for c in trace.columns], ["---:"] * len(trace.columns), *trace.cells()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def as_latex(trace: Trace) -> str:
    """A tabular environment."""
    heads = " & ".join(f"${c.latex}$" for c in trace.columns)
    body = [" & ".join(f"${typeset(cell)}$" for cell in row) + r" \\" for row in trace.cells()]
    begin = r"\begin{tabular}{" + "r" * len(trace.columns) + "}"
    return "\n".join([begin, heads + r" \\ \hline", *body, r"\end{tabular}"])


def as_csv(trace: Trace) -> str:
    """Comma-separated values under the symbols in ASCII."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.key for c in trace.columns])
    writer.writerows(trace.cells(whole=True))
    return out.getvalue().rstrip("\n")


def as_json(trace: Trace) -> str:
    """One object; exact numbers are strings."""
    return json.dumps(trace.to_dict(), indent=2, allow_nan=False)


#: Name on the command line -> function.
FORMATS: dict[str, Callable[[Trace], str]] = {
    "table": as_table,
    "markdown": as_markdown,
    "latex": as_latex,
    "csv": as_csv,
    "json": as_json,
}
