"""Check your own optimizer or problem for all that runs rely on."""

from __future__ import annotations

import argparse

import problems
from adabound_np import Optimizer
from problems.loading import call, load
from problems.optimizers import OPTIMIZERS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "name", metavar="NAME", help="module:Name, from the current folder; or a built-in name"
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return 0 if all holds, 1 if something fails."""
    try:
        name, _ = call(options.name)
        found = load(name) if ":" in name else None
        is_class = isinstance(found, type) and issubclass(found, Optimizer)
        optimizer = name in OPTIMIZERS or is_class or isinstance(found, Optimizer)
        check = problems.check_optimizer if optimizer else problems.check_problem
        report = check(found if isinstance(found, Optimizer) else options.name)
    except (TypeError, ValueError) as error:
        options.parser.error(str(error))
    print(report)
    return 0 if report else 1
