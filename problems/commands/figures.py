"""Run the paper's experiments on small tasks, and draw its figures and tables from them."""

from __future__ import annotations

import argparse
import sys

import problems
from problems.commands.options import add_output, carry_out, names_of, whole
from problems.experiments.settings import FIGURES


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--quick", action="store_true", help="a quick look: fewer tasks, epochs, seeds, points")
    add(
        "--only",
        type=names_of("figure", FIGURES),
        default="all",
        metavar="A,B,...",
        help=f"all (the default), or some of {', '.join(FIGURES)}",
    )
    add("--workers", type=whole, metavar="N", help="number of processes (default: one per core)")
    add("--resume", action="store_true", help="run only what is missing from DIR")
    add("--show", metavar="FILE", help="print the tables of a figures.json; run nothing")
    add_output(parser, "results/figures")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    aside = sys.stderr if options.json else sys.stdout
    return carry_out(
        options,
        lambda: problems.figures(
            options.only,
            quick=options.quick,
            workers=options.workers,
            folder=options.out,
            resume=options.resume,
            show=options.show,
            report=lambda text: print(text, file=aside, flush=True),
        ),
        write=options.show is None,
    )
