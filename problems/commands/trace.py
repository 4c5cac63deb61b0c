"""Show the first steps of an optimizer with every quantity of its algorithm box."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_optimizer, carry_out, name_of
from problems.commands.problem_options import add_constants, add_problem, given
from problems.reading.numerals import EXACT_DIGITS, FLOAT_DIGITS
from problems.results.trace import EXAMPLE, FORMATS, PROBLEM


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add_optimizer(parser, "adabound")
    constants = ", ".join(f"{name} {value:g}" for name, value in EXAMPLE.items())
    add_problem(parser, None, 6, f"{PROBLEM} with {constants}")
    add_constants(parser)
    add(
        "--format",
        type=name_of("format", FORMATS),
        default="table",
        metavar="NAME",
        help=f"{', '.join(FORMATS)} (default: %(default)s)",
    )
    add(
        "--digits",
        type=digits,
        metavar="N",
        help=f"significant digits (default: {FLOAT_DIGITS} in tables, all in csv and json; with "
        f"--exact fractions, and {EXACT_DIGITS} of irrational numbers)",
    )
    add(
        "--all",
        action="store_true",
        help="every quantity in the table, also of floats, which shows eight in a line of 80 "
        "characters otherwise",
    )
    add(
        "--exact",
        action="store_true",
        help="without rounding: fractions, and 50 digits after an irrational root; decimals given "
        "are taken as written (0.9 is 9/10); a last column has the error of x in float64",
    )
    parser.set_defaults(json=False)


def digits(text: str) -> int:
    """A number of digits from 1 to 50."""
    if not text.isdecimal() or not 1 <= int(text) <= 50:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 50, got {text!r}")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    return carry_out(
        options,
        lambda: problems.trace(
            options.problem,
            options.optimizer,
            steps=options.steps,
            exact=options.exact,
            digits=options.digits,
            all=options.all,
            format=options.format,
            **given(options),
        ),
        write=False,
    )
