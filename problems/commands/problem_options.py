"""Options of the commands that run optimizers on one of the papers' sequences."""

from __future__ import annotations

import argparse
from typing import Any

from problems.commands.options import name_of, whole
from problems.loading import call, load
from problems.online.sequences import FAMILIES, SEQUENCES
from problems.optimizers import BOUNDS

__all__ = ["CONSTANTS", "add_bounds", "add_constants", "add_problem", "given", "problem_of"]

#: Option -> the constant's name in Python.
CONSTANTS = {
    "lr": "lr",
    "beta1": "beta1",
    "beta2": "beta2",
    "x1": "x1",
    "cycle": "C",
    "delta": "delta",
    "epsilon": "epsilon",
    "K": "K",
    "bounds": "bounds",
    "final_lr": "final_lr",
    "gamma": "gamma",
    "schedule": "schedule",
    "seed": "seed",
    "force": "force",
}


def problem_of(text: str) -> str:
    """A problem's name, or ``module:Name``, with or without constants in brackets."""
    try:
        name, _ = call(text)
        if ":" in name:
            load(name)
        else:
            name_of("problem", SEQUENCES)(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text.strip()


def add_problem(
    parser: argparse.ArgumentParser, problem: str | None, steps: int, default: str = "%(default)s"
) -> None:
    """Declare --problem and --steps with these defaults; `default` says what the problem's is."""
    add = parser.add_argument
    add(
        "--problem",
        type=problem_of,
        default=problem,
        metavar="NAME",
        help=f"one of {', '.join(SEQUENCES)}, or module:Name for your own; constants may "
        f"follow, as in reddi-online(C=5) (default: {default})",
    )
    add("--steps", type=whole, default=steps, metavar="T", help="default: %(default)s")


def add_constants(parser: argparse.ArgumentParser, force: bool = True) -> None:
    """Declare the constants of problems and optimizers."""
    add = parser.add_argument
    add("--lr", type=float, help="step size alpha (default: the problem's)")
    add("--beta1", type=float, help="beta1, or the momentum of sgdm, ... (default: the problem's)")
    add("--beta2", type=float, help="default: the problem's")
    add_bounds(parser)
    add(
        "--schedule",
        type=name_of("schedule", ["inv-sqrt", "constant"]),
        default="inv-sqrt",
        metavar="NAME",
        help="alpha_t: inv-sqrt (alpha/sqrt(t), the default) or constant",
    )
    add("--cycle", type=float, metavar="C", help="the problem's C (default: by its conditions)")
    add("--delta", type=float, help="mean slope of reddi-theorem3 and savarese (default: 1)")
    add("--epsilon", type=float, help="epsilon under the root, of reddi-theorem6 (default: 1e-8)")
    add("--K", type=float, help="steps for which savarese's bounds stay open")
    add(
        "--bounds",
        type=name_of("bounds", FAMILIES),
        metavar="NAME",
        help="bounds of savarese: savarese (the default) or paper",
    )
    add("--x1", type=float, help="first point, in F (default: the problem's)")
    add("--seed", type=int, default=0, help="seed of stochastic problems (default: %(default)s)")
    if force:
        add("--force", action="store_true", help="run even if constants break conditions")


def add_bounds(parser: argparse.ArgumentParser) -> None:
    """Declare the constants of the bounds."""
    add = parser.add_argument
    add("--final-lr", type=float, help=f"alpha* of the bounds (default: {BOUNDS['final_lr']:g})")
    add(
        "--gamma",
        type=gamma,
        help=f"speed of the bounds, or 'paper' for 1 - beta2 (default: {BOUNDS['gamma']:g})",
    )


def gamma(text: str) -> float | str:
    """A number, or ``paper``."""
    return text if text == "paper" else float(text)


def given(options: argparse.Namespace) -> dict[str, Any]:
    """The constants that are given, as keywords of the functions of `problems`."""
    values = {name: getattr(options, option, None) for option, name in CONSTANTS.items()}
    return {name: value for name, value in values.items() if value is not None}
