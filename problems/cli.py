"""The command line: ``python -m problems [COMMAND] [OPTIONS]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import numpy as np

from adabound_np import __version__
from adabound_np.checks import nearest
from problems.citations import bibtex
from problems.commands import (
    check,
    counterexample,
    course,
    effective_lr,
    equations,
    export,
    fetch,
    figures,
    phase,
    sweep,
    theorems,
    trace,
    train,
    wilson,
)
from problems.commands.streams import checked

__all__ = ["main"]

COMMANDS = {
    "counterexample": counterexample,
    "phase": phase,
    "sweep": sweep,
    "theorems": theorems,
    "effective-lr": effective_lr,
    "figures": figures,
    "train": train,
    "wilson": wilson,
    "equations": equations,
    "trace": trace,
    "check": check,
    "export": export,
    "course": course,
    "fetch": fetch,
}
DEFAULT = "counterexample"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code, or raise SystemExit with it.

    0 if all went well, 1 if it could not be finished, 2 for bad usage, 130 if it was interrupted,
    141 if nobody reads its output any more.
    """
    with checked():
        return _main(argv)


class _Cite(argparse.Action):
    """Prints the citations and ends, as --version does."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(bibtex())
        parser.exit()


def _main(argv: Sequence[str] | None) -> int:
    args = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="python -m problems",
        description="Run the papers' problems and draw conclusions. "
        f"Without a command: {DEFAULT}, which takes the options of that name.",
        epilog="Exit codes: 0; 1 if the command could not be finished; 2 for bad usage; "
        "130 if interrupted; 141 if nobody reads the output any more.",
    )
    parser.add_argument("--version", action="version", version=f"adabound-np {__version__}")
    cite = "print BibTeX for this software and the papers, and exit"
    parser.add_argument("--cite", action=_Cite, nargs=0, help=cite)
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_options(command)
        command.set_defaults(run=module.run, parser=command)
    if not args or (
        args[0].startswith("-") and args[0] not in ("-h", "--help", "--version", "--cite")
    ):
        args.insert(0, DEFAULT)
    if not args[0].startswith("-") and args[0] not in COMMANDS:
        parser.error(
            f"unknown command {args[0]!r}{nearest(args[0], COMMANDS)} "
            f"(allowed: {', '.join(COMMANDS)})"
        )
    options = parser.parse_args(args)
    try:
        # a number that overflows is shown as what it is, inf or nan
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            code: int = options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return code
