"""Fit Wilson's construction with full gradients, and see what becomes of new points."""

from __future__ import annotations

import argparse
import math

import problems
from problems.commands.options import add_optimizers, add_output, carry_out, whole
from problems.results.wilson import GAMMAS, OPTIMIZERS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--points", type=whole, default=100, metavar="N", help="to fit (default: %(default)s)")
    add("--new", type=whole, default=1000, metavar="N", help="new points (default: %(default)s)")
    add("--p", type=float, default=0.7, help="P(y = 1), in (1/2, 1) (default: %(default)s)")
    add("--steps", type=whole, default=3000, metavar="T", help="default: %(default)s")
    add("--seed", type=int, default=0, help="seed of the labels (default: %(default)s)")
    add_optimizers(parser, OPTIMIZERS)
    add("--lr", type=float, metavar="X", help="default: one that suits each optimizer")
    add(
        "--gammas",
        type=numbers,
        default=GAMMAS,
        metavar="G,...",
        help=f"speeds of the bounds (default: {','.join(f'{g:g}' for g in GAMMAS)})",
    )
    add_output(parser)


def numbers(text: str) -> list[float]:
    """Positive numbers, ``a,b,c``."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(0 < value < math.inf for value in values):
        raise argparse.ArgumentTypeError(f"must be positive numbers a,b,c, got {text!r}")
    return values


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    names = ("points", "new", "p", "steps", "seed", "lr", "gammas")
    given = {name: getattr(options, name) for name in names}
    return carry_out(options, lambda: problems.wilson(options.optimizers, **given))
