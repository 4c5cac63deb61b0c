"""The command line: ``python -m problems [COMMAND] [OPTIONS]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from problems.commands import COMMANDS, module_of
from problems.commands.streams import checked

__all__ = ["main"]

DEFAULT = "counterexample"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code, or raise SystemExit with it.

    0 if all went well, 1 if it could not be finished, 2 for bad usage, 130 if it was interrupted,
    141 if nobody reads its output any more.
    """
    try:
        with checked():
            return _main(argv)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


class _Version(argparse.Action):
    """Prints the version and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from adabound_np import __version__

        print(f"adabound-np {__version__}")
        parser.exit()


class _Cite(argparse.Action):
    """Prints the citations and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from problems.citations import bibtex

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
    version = "print the version, and exit"
    parser.add_argument("--version", action=_Version, nargs=0, help=version)
    cite = "print BibTeX for this software and the papers, and exit"
    parser.add_argument("--cite", action=_Cite, nargs=0, help=cite)
    if not args or (
        args[0].startswith("-") and args[0] not in ("-h", "--help", "--version", "--cite")
    ):
        args.insert(0, DEFAULT)
    if not args[0].startswith("-") and args[0] not in COMMANDS:
        from adabound_np.checks import nearest

        parser.error(
            f"unknown command {args[0]!r}{nearest(args[0], COMMANDS)} "
            f"(allowed: {', '.join(COMMANDS)})"
        )
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name == args[0]:
            module = module_of(name)
            command.description = module.__doc__
            module.add_options(command)
            command.set_defaults(run=module.run, parser=command, given=args)
    options = parser.parse_args(args)
    import numpy as np

    # a number that overflows is shown as what it is, inf or nan
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        code: int = options.run(options)
    return code
