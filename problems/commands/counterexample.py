"""Run optimizers on a convex problem that Adam fails: a table, a figure, the series as CSV."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_optimizers, add_output, carry_out, name_of
from problems.commands.problem_options import add_constants, add_problem, given
from problems.online.engines import ENGINES
from problems.optimizers import STORY


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_problem(parser, "reddi-theorem1", 5_000_000)
    add_optimizers(parser, STORY)
    add_constants(parser)
    parser.add_argument(
        "--engine",
        type=name_of("engine", ENGINES),
        default="auto",
        metavar="NAME",
        help="auto (the default), steps (one after the other) or parallel (many at once)",
    )
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    return carry_out(
        options,
        lambda: problems.counterexample(
            options.problem,
            options.optimizers,
            steps=options.steps,
            engine=options.engine,
            **given(options),
        ),
    )
