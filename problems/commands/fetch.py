"""Download the official files of a data set, verified, going on where it was interrupted."""

from __future__ import annotations

import argparse
import sys

from problems.commands.options import name_of
from problems.learning.fetch import fetch
from problems.learning.sources import SOURCES, DataError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "name",
        type=name_of("data set", SOURCES),
        metavar="NAME",
        help=f"one of {', '.join(SOURCES)}",
    )
    parser.add_argument(
        "--data",
        default="data",
        metavar="DIR",
        help="folder for all data sets; NAME becomes a folder in it (default: %(default)s)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code (1 if the download failed)."""
    try:
        paths = fetch(options.name, options.data)
    except (DataError, OSError, ModuleNotFoundError) as error:
        print(f"{options.parser.prog}: error: {error}", file=sys.stderr)
        return 1
    for path in paths:
        print(path)
    return 0
