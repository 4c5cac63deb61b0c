"""What options of several commands share: how their values are read and refused."""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from adabound_np import DynamicBounds
from adabound_np.checks import known
from problems.optimizers import OPTIMIZERS

__all__ = [
    "add_optimizers",
    "check_bounds",
    "name_of",
    "names_of",
    "output_folder",
    "seconds",
    "seed_list",
    "to_json",
    "whole",
]

T = TypeVar("T")


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
        type=names_of("optimizer", OPTIMIZERS),
        default=",".join(default),
        metavar="A,B,...",
        help=f"all, or some of {', '.join(OPTIMIZERS)} (default: %(default)s)",
    )


def check_bounds(final_lr: float, gamma: float | None) -> None:
    """Raise ValueError if a constant of the bounds is out of range, even if no run uses it."""
    DynamicBounds(final_lr, 1.0 if gamma is None else gamma)


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


def to_json(value: Any) -> Any:
    """`value` with what JSON cannot say, infinity and NaN, as strings."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def output_folder(text: str) -> Path:
    """Return a folder to write to, made if need be.

    Raises
    ------
    OSError
        If it cannot be made or written to.
    """
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        return folder


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
