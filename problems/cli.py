"""The command line: ``python -m problems [COMMAND] [OPTIONS]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from adabound_np import __version__
from adabound_np.checks import nearest
from problems.commands import (
    counterexample,
    effective_lr,
    equations,
    fetch,
    figures,
    phase,
    sweep,
    theorems,
    trace,
    train,
    wilson,
)

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
    "fetch": fetch,
}
DEFAULT = "counterexample"


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code (2 for bad usage)."""
    args = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(
        prog="python -m problems",
        description="Run the papers' problems and draw conclusions. "
        f"Without a command: {DEFAULT}, which takes the options of that name.",
    )
    parser.add_argument("--version", action="version", version=f"adabound-np {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_options(command)
        command.set_defaults(run=module.run, parser=command)
    if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help", "--version")):
        args.insert(0, DEFAULT)
    if not args[0].startswith("-") and args[0] not in COMMANDS:
        parser.error(
            f"unknown command {args[0]!r}{nearest(args[0], COMMANDS)} "
            f"(allowed: {', '.join(COMMANDS)})"
        )
    options = parser.parse_args(args)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return code
