"""Run the papers' theorems: each claim, its assumptions, what was measured, the verdict."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_output, carry_out, names_of
from problems.ledger import LEDGER


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--id",
        type=names_of("theorem", LEDGER),
        default="all",
        metavar="A,B,...",
        help=f"all (the default), or some of {', '.join(LEDGER)}",
    )
    parser.add_argument("--quick", action="store_true", help="shorter runs")
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code: 1 if a verdict is not the expected one."""
    return carry_out(options, lambda: problems.theorems(options.id, quick=options.quick))
