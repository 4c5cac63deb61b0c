"""Draw where an optimizer ends over a plane of two constants, with the theory's boundaries."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_optimizer, add_output, carry_out, name_of
from problems.commands.problem_options import add_constants, add_problem, given
from problems.results.phase import SHOWN, X, Y
from problems.sweeps.axes import AXES


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add_problem(parser, "reddi-theorem2", 50_000)
    add_optimizer(parser, "adam")
    for which, default in (("x", X), ("y", Y)):
        add(
            f"--{which}",
            default=default,
            metavar="NAME=LO:HI:COUNT",
            help=f"an axis: a constant ({', '.join(AXES)}) and its values, evenly spaced, or "
            "NAME=log:LO:HI:COUNT, on a log scale, or NAME=A,B,... (default: %(default)s)",
        )
    add(
        "--show",
        type=name_of("value", SHOWN),
        default="regret",
        metavar="VALUE",
        help="what the map shows: regret (R_T/T, the default) or x (x_T)",
    )
    add_constants(parser, force=False)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    return carry_out(
        options,
        lambda: problems.phase(
            options.problem,
            options.optimizer,
            x=options.x,
            y=options.y,
            steps=options.steps,
            show=options.show,
            **given(options),
        ),
    )
