"""List every equation beside the line that computes it."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import carry_out, name_of
from problems.results.equations import FORMATS


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--format",
        type=name_of("format", FORMATS),
        default="text",
        metavar="NAME",
        help="text (the default), markdown, or html: a page that needs no network",
    )
    add(
        "--only",
        default="",
        metavar="TEXT",
        help="only functions in whose dotted name this occurs, such as adabound.AdaBound; several "
        "are separated by commas",
    )
    add(
        "--notation",
        action="store_true",
        help="print the table of their symbols instead, in Markdown",
    )
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    return carry_out(
        options,
        lambda: problems.equations(
            only=options.only, format=options.format, notation=options.notation
        ),
        write=False,
    )
