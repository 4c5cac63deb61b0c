"""List every equation beside the line that computes it."""

from __future__ import annotations

import argparse

from problems.commands.options import name_of
from problems.reading.equations import listing
from problems.reading.notation import markdown
from problems.reading.pages import FORMATS

HELP = "every equation beside its line"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--format", type=name_of("format", FORMATS), default="text", metavar="NAME",
        help="text (the default), markdown, or html: a page that needs no network",
    )  # fmt: skip
    add(
        "--only", default="", metavar="TEXT",
        help="only functions in whose dotted name this occurs, such as adabound.AdaBound",
    )  # fmt: skip
    add("--notation", action="store_true", help="print the table of symbols instead, in Markdown")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    if options.notation:
        print(markdown())
        return 0
    chosen = [equation for equation in listing() if options.only in equation.place]
    if not chosen:
        options.parser.error(f"--only must occur in a function's name, got {options.only!r}")
    text = FORMATS[options.format](chosen)
    if options.format == "html":  # which says that it is UTF-8, whatever standard output is
        text = text.encode("ascii", "xmlcharrefreplace").decode()
    print(text)
    return 0
