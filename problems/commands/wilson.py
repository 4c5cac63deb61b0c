"""Fit Wilson's construction with full gradients, and see what becomes of new points."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from tqdm import tqdm

from problems.commands.options import names_of, output_folder, to_json, whole
from problems.learning.wilson import RATES, Wilson, fit, wilson
from problems.learning.wilson_figure import wilson_figure
from problems.optimizers import OPTIMIZERS, takes
from problems.plots import save
from problems.text import counted

HELP = "least squares on which adaptive methods find a useless solution"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--points", type=whole, default=100, metavar="N", help="points (default: %(default)s)")
    add("--new", type=whole, default=1000, metavar="N", help="new points (default: %(default)s)")
    add("--p", type=float, default=0.7, help="P(y = 1), in (1/2, 1) (default: %(default)s)")
    add("--steps", type=whole, default=3000, metavar="T", help="default: %(default)s")
    add("--seed", type=int, default=0, help="seed of the labels (default: %(default)s)")
    add(
        "--optimizers", type=names_of("optimizer", OPTIMIZERS), metavar="A,B,...",
        default="sgd,sgdm,adagrad,rmsprop,adam,amsgrad,adabound,amsbound",
        help=f"all, or some of {', '.join(OPTIMIZERS)} (default: %(default)s)",
    )  # fmt: skip
    add("--lr", type=float, metavar="X", help="default: one that suits each optimizer")
    add(
        "--gammas", type=numbers, default=[1e-4, 1e-3, 1e-2, 1e-1, 1.0], metavar="G,...",
        help="speeds of the bounds (default: 0.0001,0.001,0.01,0.1,1)",
    )  # fmt: skip
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def numbers(text: str) -> list[float]:
    """Positive numbers, ``a,b,c``."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = [math.nan]
    if not all(0 < value < math.inf for value in values):
        raise argparse.ArgumentTypeError(f"must be positive numbers a,b,c, got {text!r}")
    return values


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    given = {} if options.lr is None else {"lr": options.lr}
    todo = [
        (name, extra)
        for name in options.optimizers
        for extra in ([{"gamma": g} for g in options.gammas] if "gamma" in takes(name) else [{}])
    ]
    try:
        problem = wilson(options.points, options.new, options.p, options.seed)
        folder = output_folder(options.out)
        with tqdm(total=len(todo) * options.steps, unit="step", unit_scale=True, delay=1,
                  leave=False, disable=None) as bar:  # fmt: skip
            rows = [
                result(problem, name, options.steps, bar.update, **given, **extra)
                for name, extra in todo
            ]
    except OSError as error:
        options.parser.error(f"--out must be a folder that can be written, got {error}")
    except (TypeError, ValueError) as error:
        options.parser.error(str(error))
    record = {
        "points": options.points,
        "new": options.new,
        "p": options.p,
        "seed": options.seed,
        "steps": options.steps,
        "c": problem.c,
        "majority_rate": problem.majority_rate,
        "results": rows,
    }
    title = f"Wilson's construction: {options.points} points to fit, {options.steps} steps"
    try:
        written = save(wilson_figure(rows, problem.majority_rate, title), folder / "wilson")
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(to_json(record), indent=2))
    else:
        print(table(problem, record))
        print("\nwrote " + ", ".join(str(path) for path in written))
    return 0


def result(
    problem: Wilson, optimizer: str, steps: int, tick: Callable[[], Any], **given: Any
) -> dict[str, Any]:
    """What an optimizer made of it, and how far it is from either solution."""
    found = fit(problem, optimizer, steps, tick, **given)
    scale = float(np.linalg.norm(problem.adaptive - problem.minimum_norm))
    return {
        "optimizer": optimizer,
        "lr": given.get("lr", RATES[optimizer]),
        "gamma": given.get("gamma"),
        "diverged": found.diverged,
        "loss": found.loss,
        "training_error": found.training_error,
        "test_accuracy": found.test_accuracy,
        "from_minimum_norm": float(np.linalg.norm(found.w - problem.minimum_norm)) / scale,
        "from_adaptive": float(np.linalg.norm(found.w - problem.adaptive)) / scale,
    }


def table(problem: Wilson, record: dict[str, Any]) -> str:
    """The results as a table."""
    lines = [
        f"{record['points']} points to fit in {problem.X.shape[1]} dimensions, "
        f"{counted(record['new'], 'new point')}; P(y = 1) = {record['p']:g}",
        f"X sign(X^T y) = c y holds with c = {record['c']:g}; "
        f"the majority's share of the new points is {record['majority_rate']:.3f}",
        f"{counted(record['steps'], 'step')} with full gradients; "
        "distances as shares of that between the two solutions",
        "",
        f"{'optimizer':<14}{'lr':>7}{'gamma':>8}{'training error':>16}{'test accuracy':>15}"
        f"{'to min. norm':>14}{'to sign(X^T y)/c':>18}",
    ]
    for row in record["results"]:
        gamma = "" if row["gamma"] is None else f"{row['gamma']:g}"
        head = f"{row['optimizer']:<14}{row['lr']:>7g}{gamma:>8}"
        if row["diverged"] is not None:
            lines.append(f"{head}  diverged at step {row['diverged']:,}")
            continue
        lines.append(
            f"{head}{row['training_error']:>16.3f}"
            f"{row['test_accuracy']:>15.3f}{row['from_minimum_norm']:>14.3f}"
            f"{row['from_adaptive']:>18.3f}"
        )
    return "\n".join(lines)
