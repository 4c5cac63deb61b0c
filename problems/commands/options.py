"""What options of several commands share: how their values are read and refused."""

from __future__ import annotations

import argparse
import json
import math
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from adabound_np.checks import known
from problems.errors import RunError
from problems.loading import split
from problems.online.setting import BrokenConditionError
from problems.optimizers import OPTIMIZERS, entry
from problems.results.index import add_to_index
from problems.results.result import Result

__all__ = [
    "add_optimizer",
    "add_optimizers",
    "add_output",
    "carry_out",
    "name_of",
    "names_of",
    "optimizer_of",
    "optimizers_of",
    "output_folder",
    "seconds",
    "seed_list",
    "whole",
]

#: Files that are listed by name.
MOST = 4


def whole(text: str) -> int:
    """A whole number of at least 1, such as 5000, 5_000 or 5e3."""
    try:
        number = float(text)
        value = int(text) if text.replace("_", "").isdigit() else int(number)
        if number != value or not 1 <= value <= 10**15:
            raise ValueError
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"must be a whole number of at least 1 (to 10^15), got {text!r}"
        ) from None
    return value


def add_optimizers(parser: argparse.ArgumentParser, default: Iterable[str]) -> None:
    """Declare --optimizers."""
    parser.add_argument(
        "--optimizers",
        type=optimizers_of,
        default=",".join(default),
        metavar="A,B,...",
        help=f"all, or some of {', '.join(OPTIMIZERS)}, or module:Name for your own; values "
        "may follow, as in adabound(gamma=0.1) (default: %(default)s)",
    )


def add_optimizer(parser: argparse.ArgumentParser, default: str) -> None:
    """Declare --optimizer."""
    parser.add_argument(
        "--optimizer",
        type=optimizer_of,
        default=default,
        metavar="NAME",
        help=f"one of {', '.join(OPTIMIZERS)}, or module:Name for your own; values may "
        "follow, as in adabound(gamma=0.1) (default: %(default)s)",
    )


def name_of(what: str, choices: Iterable[str]) -> Callable[[str], str]:
    """A reader of one name out of `choices`."""

    def read(text: str) -> str:
        try:
            return known(what, text, choices)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def names_of(what: str, choices: Iterable[str]) -> Callable[[str], list[str]]:
    """A reader of a comma-separated list of names out of `choices`, or ``all``."""
    choices = list(choices)
    one = name_of(what, choices)

    def read(text: str) -> list[str]:
        if text == "all":
            return choices
        return list(dict.fromkeys(one(name.strip()) for name in text.split(",")))

    return read


def optimizer_of(text: str) -> str:
    """An optimizer's name, or ``module:Name``, with or without values in brackets."""
    try:
        entry(text)
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text.strip()


def optimizers_of(text: str) -> list[str]:
    """A comma-separated list of optimizers, or ``all``."""
    if text == "all":
        return list(OPTIMIZERS)
    return list(dict.fromkeys(optimizer_of(name) for name in split(text)))


def add_output(parser: argparse.ArgumentParser, default: str = "results") -> None:
    """Declare --out and --json."""
    add = parser.add_argument
    add("--out", default=default, metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def carry_out(
    options: argparse.Namespace, perform: Callable[[], Result], write: bool = True
) -> int:
    """Make a result, write its files unless told not to, print it; return the exit code.

    What cannot be done ends in one line: with exit code 2 if the arguments are to blame, with 1
    if a run fails or the files cannot be written.
    """
    parser: argparse.ArgumentParser = options.parser
    later = "; resume it with --resume" if hasattr(options, "resume") else ""
    folder = folder_of(options) if write else None
    try:
        result = perform()
    except BrokenConditionError as error:
        parser.error(f"{error}; --force runs it anyway")
    except (TypeError, ValueError, OverflowError, OSError, ModuleNotFoundError) as error:
        parser.error(str(error))
    except RunError as error:
        print(f"{parser.prog}: {error}{later if error.resumable else ''}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"interrupted{later}", file=sys.stderr)
        return 130
    try:
        files = result.written if folder is None else result.save(folder)
        if files:
            command = " ".join(("python -m problems", *map(shlex.quote, options.given)))
            add_to_index(folder or files[0].parent, command, str(result), files)
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    written = list(map(str, files))
    if options.json:
        record = {**result.to_dict(), **({"written": written} if write else {})}
        print(json.dumps(record, indent=2, allow_nan=False))
    else:
        print(result)
        if written:
            several = f"{len(written)} files to {files[0].parent}"
            print("\nwrote " + (", ".join(written) if len(written) <= MOST else several))
    if result.failure:
        print(result.failure, file=sys.stderr)
    return 1 if result.failure else 0


def output_folder(text: str) -> Path:
    """Return a folder that can be written to; it need not be there yet.

    Raises
    ------
    OSError
        If it cannot be made or written to.
    """
    folder = Path(text)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    with tempfile.TemporaryFile(dir=there):
        return folder


def folder_of(options: argparse.Namespace) -> Path:
    """The folder of --out; if it cannot be written to, the command ends."""
    parser: argparse.ArgumentParser = options.parser
    try:
        return output_folder(options.out)
    except OSError as error:
        parser.error(f"--out must be a folder that can be written, got {error}")


def seconds(text: str) -> float:
    """A number of at least 0."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"must be in [0, inf), got {text!r}")
    return value


def seed_list(text: str) -> list[int]:
    """``a,b,c``, or ``first:end`` without its end."""
    try:
        if ":" not in text:
            return [int(part) for part in text.split(",")]
        first, end = (int(part) for part in text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be whole numbers a,b,c or first:end, got {text!r}"
        ) from None
    if not first < end <= first + 1_000_000:
        raise argparse.ArgumentTypeError(
            f"must go from a number to a greater one, at most 1,000,000 on, got {text!r}"
        )
    return list(range(first, end))
