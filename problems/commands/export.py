"""Write one optimizer as one Python file that needs NumPy alone, with its equations."""

from __future__ import annotations

import argparse
import sys

import problems
from problems.commands.options import folder_of, optimizer_of


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("optimizer", type=optimizer_of, metavar="NAME", help="such as AdaBound or adabound")
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    folder = folder_of(options)
    try:
        text = problems.export(options.optimizer)
    except (OSError, TypeError, ValueError) as error:
        options.parser.error(str(error))
    path = folder / f"{options.optimizer.lower()}.py"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"the file cannot be written: {error}", file=sys.stderr)
        return 1
    print(f"wrote {path}: {len(text.splitlines()):,} lines")
    return 0
