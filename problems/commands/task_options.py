"""Options of the commands that train networks."""

from __future__ import annotations

import argparse

from problems.learning.tasks import task_named

__all__ = ["add_data", "task_of"]


def task_of(text: str) -> str:
    """A task's name, or ``module:Name``."""
    try:
        task_named(text)
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def add_data(parser: argparse.ArgumentParser) -> None:
    """Declare --data."""
    parser.add_argument(
        "--data", default="data", metavar="DIR", help="folder of all data (default: %(default)s)"
    )
