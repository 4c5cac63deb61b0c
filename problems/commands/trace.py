"""Show the first steps of an optimizer with every quantity of its algorithm box."""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Any

from problems.commands.options import name_of, to_json
from problems.commands.problem_options import (
    add_constants,
    add_problem,
    in_a_line,
    optimizer,
    parameters,
    setting,
)
from problems.commands.streams import printable
from problems.online.setting import Setting
from problems.optimizers import OPTIMIZERS
from problems.reading.exact import DIGITS, Exact
from problems.reading.trace import CLIP, Column, columns_of, short, steps, without_rounding

HELP = "the first steps with every intermediate quantity"
FORMATS = ("table", "markdown", "latex", "csv", "json")
#: Steps that a table may have.
MOST = 100_000
#: Significant digits of a table, of floats and of irrational exact numbers.
FLOAT_DIGITS, EXACT_DIGITS = 5, 20
#: Characters of a line, in a terminal.
WIDTH = 80
#: What is run where no problem is named: AdaBound's rate is clipped from above, from below and not
#: at all within six steps. A constant on the command line replaces the one here.
EXAMPLE = {"problem": "reddi-online", "cycle": 3.0, "beta1": 0.5, "beta2": 0.5, "final_lr": 0.03,
           "gamma": 2.0}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--optimizer", type=name_of("optimizer", OPTIMIZERS), default="adabound", metavar="NAME",
        help=f"one of {', '.join(OPTIMIZERS)} (default: %(default)s)",
    )  # fmt: skip
    given = ", ".join(f"{name} {value:g}" for name, value in EXAMPLE.items() if name != "problem")
    add_problem(parser, None, 6, f"{EXAMPLE['problem']} with {given}")
    add_constants(parser)
    add(
        "--format", type=name_of("format", FORMATS), default="table", metavar="NAME",
        help=f"{', '.join(FORMATS)} (default: %(default)s)",
    )  # fmt: skip
    add(
        "--digits", type=digits, metavar="N",
        help=f"significant digits (default: {FLOAT_DIGITS} in tables, all in csv and json; with "
        f"--exact fractions, and {EXACT_DIGITS} of irrational numbers)",
    )  # fmt: skip
    add("--all", action="store_true", help="every quantity in the table, also of floats, which "
        "shows eight in a line of 80 characters otherwise")  # fmt: skip
    add(
        "--exact", action="store_true",
        help="without rounding: fractions, and 50 digits after an irrational root; decimals given "
        "are taken as written (0.9 is 9/10); a last column has the error of x in float64",
    )  # fmt: skip


def digits(text: str) -> int:
    """A number of digits from 1 to 50."""
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 50, got {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    if options.problem is None:
        for name, value in EXAMPLE.items():
            default = options.parser.get_default(name)
            if getattr(options, name, default) is default:  # a number given is another object
                setattr(options, name, value)
    chosen = setting(options)
    T, problem, x1 = options.steps, chosen.problem, chosen.x1
    if T > MOST:
        options.parser.error(f"--steps must be at most {MOST:,} for a table, got {T:,}")
    try:
        rounded = optimizer(options.optimizer, chosen, options)
        opt = optimizer(options.optimizer, chosen, options, without_rounding) \
            if options.exact else rounded  # fmt: skip
    except (TypeError, ValueError, OverflowError) as error:
        options.parser.error(str(error))
    columns = columns_of(opt)
    if options.format == "table" and not options.exact and not options.all:
        columns = short(columns)
    start = without_rounding(float(x1)) if options.exact else x1
    rows = [[c.value(q) for c in columns] for q in steps(problem, opt, T, start)]
    if options.exact:
        columns.append(ERROR)
        for row, q in zip(rows, steps(problem, rounded, T, x1), strict=True):
            row.append(float(Exact(float(q.x)) - row[-1]))
    print(WRITERS[options.format](Sheet(options, chosen, columns, rows, start)))
    return 0


#: By how much floats of 64 bits miss x_{t+1}.
ERROR = Column("float64 - x_{t+1}", r"\mathrm{float64} - x_{t+1}", lambda q: None)


class Sheet:
    """What is to be written: the run, its columns, and rows of numbers."""

    def __init__(
        self, options: argparse.Namespace, setting: Setting, columns: list[Column],
        rows: list[list[Any]], x1: Any,
    ) -> None:  # fmt: skip
        self.options, self.problem = options, setting.problem
        self.parameters = parameters(setting, options)
        self.columns, self.rows, self.x1 = columns, rows, x1

    def title(self) -> list[str]:
        """The run in words, and its constants, in lines of at most `WIDTH` characters."""
        o, lo, hi = self.options, self.problem.feasible.lo, self.problem.feasible.hi
        run = f"{o.optimizer} on {o.problem}: {self.problem.formula()}, on [{lo:g}, {hi:g}]"
        texts = (run, in_a_line(self.parameters))
        return [line for text in texts for line in textwrap.wrap(text, WIDTH)]

    def shown(self, number: Any, whole: bool = False) -> str:
        """A number as text; in whole precision (also of floats) unless digits are asked for."""
        return shown(number, self.options.digits, whole)

    def cells(self, whole: bool = False) -> list[list[str]]:
        """All numbers as text; the error of floats, however exact the rest, with three digits."""
        return [
            [
                shown(value, 3, False)
                if column is ERROR and not whole
                else self.shown(value, whole)
                for column, value in zip(self.columns, row, strict=True)
            ]
            for row in self.rows
        ]


def shown(number: Any, places: int | None, whole: bool) -> str:
    """A number as text: see `add_options` on its digits.

    Examples
    --------
    >>> shown(Exact("11/10"), None, False), shown(Exact("11/10"), 6, False)
    ('11/10', '1.1')
    >>> shown(0.1 + 0.2, None, False), shown(0.1 + 0.2, None, True)
    ('0.3', '0.30000000000000004')
    >>> shown(Exact(2).sqrt(), None, False), shown(float("inf"), None, False)
    ('1.4142135623730950488', 'inf')
    """
    if isinstance(number, str):
        return number
    if isinstance(number, Exact):
        if number.rational and places is None:
            return str(number.value)
        return tidy(f"{number.decimal():.{places or (DIGITS if whole else EXACT_DIGITS)}g}")
    number = float(number)
    if not math.isfinite(number):
        return str(number)
    text = repr(number) if whole and places is None else f"{number:.{places or FLOAT_DIGITS}g}"
    return text.removesuffix(".0")


def tidy(text: str) -> str:
    """A decimal without zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text.lower() else text


def as_table(sheet: Sheet) -> str:
    """Columns of one width, for a terminal."""
    table = [[printable(c.name) for c in sheet.columns], *sheet.cells()]
    widths = [max(map(printed, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(" " * (n - printed(cell)) + cell for cell, n in zip(row, widths, strict=True))
        for row in table
    ]
    return "\n".join([*sheet.title(), "", *lines])


def printed(text: str) -> int:
    """The width of a text in a terminal, where a hat takes no room of its own."""
    return sum(not unicodedata.combining(letter) for letter in text)


def as_markdown(sheet: Sheet) -> str:
    """A table in Markdown, with the paper's symbols as heads."""
    lines = [[f"${c.latex}$" for c in sheet.columns], ["---:"] * len(sheet.columns), *sheet.cells()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def as_latex(sheet: Sheet) -> str:
    """A tabular environment."""
    heads = " & ".join(f"${c.latex}$" for c in sheet.columns)
    body = [" & ".join(f"${typeset(cell)}$" for cell in row) + r" \\" for row in sheet.cells()]
    begin = r"\begin{tabular}{" + "r" * len(sheet.columns) + "}"
    return "\n".join([begin, heads + r" \\ \hline", *body, r"\end{tabular}"])


def typeset(cell: str) -> str:
    r"""A number in LaTeX.

    Examples
    --------
    >>> typeset("11/10"), typeset("1e-05"), typeset("inf")
    ('11/10', '1 \\cdot 10^{-5}', '\\infty')
    """
    if cell in ("upper", "lower"):
        return rf"\mathrm{{{cell}}}"
    if "inf" in cell:
        return cell.replace("inf", r"\infty")
    mantissa, e, exponent = cell.lower().partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else cell


def as_csv(sheet: Sheet) -> str:
    """Comma-separated values under the symbols in ASCII."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.key for c in sheet.columns])
    writer.writerows(sheet.cells(whole=True))
    return out.getvalue().rstrip("\n")


def as_json(sheet: Sheet) -> str:
    """One object; exact numbers are strings."""
    o = sheet.options

    def value(column: Column, cell: str) -> Any:
        if column.key == "t":
            return int(cell)
        if column is CLIP:
            return cell
        return cell if o.exact and column is not ERROR else float(cell)

    rows = [
        {c.key: value(c, cell) for c, cell in zip(sheet.columns, row, strict=True)}
        for row in sheet.cells(whole=True)
    ]
    x1 = sheet.shown(sheet.x1, whole=True)
    record = {"optimizer": o.optimizer, "problem": o.problem, "exact": o.exact,
              "parameters": sheet.parameters, "x_1": x1 if o.exact else float(x1),
              "rows": rows}  # fmt: skip
    return json.dumps(to_json(record), indent=2, allow_nan=False)


WRITERS: dict[str, Callable[[Sheet], str]] = {
    "table": as_table, "markdown": as_markdown, "latex": as_latex, "csv": as_csv, "json": as_json,
}  # fmt: skip
