"""Draw where an optimizer ends over a plane of two constants, with the theory's boundaries."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

import numpy as np
from tqdm import tqdm

from problems.commands.options import name_of, output_folder, whole
from problems.commands.problem_options import add_bounds, set_bounds
from problems.files import write_csv
from problems.online.sequences import SEQUENCES
from problems.online.sequences.savarese import FAMILIES
from problems.optimizers import OPTIMIZERS
from problems.plots import save
from problems.sweeps.phase import AXES, Axis, Phase, phase, phase_figure

HELP = "a map of x_T or R_T/T over two constants"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--problem", type=name_of("problem", SEQUENCES), default="reddi-theorem2", metavar="NAME",
        help=f"one of {', '.join(SEQUENCES)} (default: %(default)s)",
    )  # fmt: skip
    add(
        "--optimizer", type=name_of("optimizer", OPTIMIZERS), default="adam", metavar="NAME",
        help=f"one of {', '.join(OPTIMIZERS)} (default: %(default)s)",
    )  # fmt: skip
    for which, default in (("x", "beta1=0:0.99:60"), ("y", "beta2=0.5:0.999:60")):
        add(
            f"--{which}", type=axis, default=default, metavar="NAME=LO:HI:COUNT",
            help=f"an axis: a constant ({', '.join(AXES)}) and its values, evenly spaced, or "
            "NAME=log:LO:HI:COUNT, on a log scale (default: %(default)s)",
        )  # fmt: skip
    add("--steps", type=whole, default=50_000, metavar="T", help="a cell (default: %(default)s)")
    add("--show", type=name_of("value", ["regret", "x"]), default="regret", metavar="VALUE",
        help="what the map shows: regret (R_T/T, the default) or x (x_T)")  # fmt: skip
    for name, what in (("lr", "alpha"), ("beta1", "beta1"), ("beta2", "beta2"), ("x1", "x_1"),
                       ("cycle", "C"), ("delta", "delta"), ("epsilon", "epsilon")):  # fmt: skip
        add(f"--{name}", type=float, help=f"{what}, where it is no axis (default: the problem's)")
    add("--K", type=float, help="steps for which savarese's bounds stay open")
    add("--bounds", type=name_of("bounds", FAMILIES), metavar="NAME",
        help="bounds in savarese: savarese (the default) or paper")  # fmt: skip
    add_bounds(parser)
    add(
        "--schedule", type=name_of("schedule", ["inv-sqrt", "constant"]), default="inv-sqrt",
        metavar="NAME", help="alpha_t: inv-sqrt (the default) or constant",
    )  # fmt: skip
    add("--seed", type=int, default=0, help="seed of stochastic problems (default: %(default)s)")
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def axis(text: str) -> Axis:
    """An axis from ``NAME=LO:HI:COUNT`` or ``NAME=log:LO:HI:COUNT``."""
    name, _, spread = text.partition("=")
    parts = spread.split(":")
    try:
        log = parts[0] == "log"
        low, high, count = (float(part) for part in parts[log:])
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise ValueError("LO must be below HI")
        if not (2 <= count <= 1000 and count.is_integer()):
            raise ValueError("COUNT must be an integer from 2 to 1000")
        if log and low <= 0:
            raise ValueError("LO must be positive on a log scale")
        values = (np.geomspace if log else np.linspace)(low, high, int(count))
        return Axis("C" if name == "cycle" else name, values, log)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"must be NAME=LO:HI:COUNT or NAME=log:LO:HI:COUNT, got {text!r} ({error})"
        ) from None


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    set_bounds(options, options.problem)
    given = {
        "lr": options.lr, "beta1": options.beta1, "beta2": options.beta2, "x1": options.x1,
        "C": options.cycle, "delta": options.delta, "epsilon": options.epsilon,
        "K": options.K, "bounds": options.bounds,
        "final_lr": options.final_lr, "gamma": options.gamma, "schedule": options.schedule,
        "seed": options.seed,
    }  # fmt: skip
    try:
        folder = output_folder(options.out)
    except OSError as error:
        options.parser.error(f"--out must be a folder that can be written, got {error}")
    try:
        with tqdm(total=options.steps, unit="step", delay=1, leave=False, disable=None) as bar:
            result = phase(
                options.problem, options.optimizer, options.x, options.y, options.steps, given,
                tick=bar.update,
            )  # fmt: skip
    except (TypeError, ValueError, OverflowError) as error:
        options.parser.error(str(error))
    stem = folder / f"phase-{options.problem}-{options.optimizer}"
    title = f"{options.optimizer} on {options.problem}, T = {options.steps:,}"
    header = (result.x.name, result.y.name, "C", "holds", "x_final", "average_regret")
    try:
        written = save(phase_figure(result, options.show, title), stem)
        write_csv(stem.with_suffix(".csv"), header, rows(result))
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(record(result, options)))
    else:
        print(summary(result, options))
        print("\nwrote " + ", ".join(str(path) for path in (*written, stem.with_suffix(".csv"))))
    return 0


def rows(result: Phase) -> Any:
    """One row per cell."""
    for i, y in enumerate(result.y.values.tolist()):
        for j, x in enumerate(result.x.values.tolist()):
            yield (
                x, y, result.C[i, j], bool(result.holds[i, j]), result.x_final[i, j],
                result.average_regret[i, j],
            )  # fmt: skip


def record(result: Phase, options: argparse.Namespace) -> dict[str, Any]:
    """The result as plain values; null where the problem has no constants."""

    def plain(values: Any) -> Any:
        return [[None if math.isnan(v) else v for v in row] for row in values.tolist()]

    return {
        "problem": options.problem,
        "optimizer": options.optimizer,
        "steps": options.steps,
        "x": {"name": result.x.name, "values": result.x.values.tolist()},
        "y": {"name": result.y.name, "values": result.y.values.tolist()},
        "C": plain(result.C),
        "holds": result.holds.tolist(),
        "x_final": plain(result.x_final),
        "average_regret": plain(result.average_regret),
    }


def summary(result: Phase, options: argparse.Namespace) -> str:
    """The result in a few lines."""
    cells, empty = result.x_final.size, int(np.isnan(result.x_final).sum())
    regret = result.average_regret[~np.isnan(result.average_regret)]
    return "\n".join([
        f"{options.optimizer} on {options.problem}, T = {options.steps:,} steps a cell",
        f"{len(result.x.values)} x {len(result.y.values)} cells of {result.x.name} and "
        f"{result.y.name}: {int(result.holds.sum())} meet the construction's conditions, "
        f"{empty} of {cells} have no constants",
        f"R_T/T from {regret.min():.4g} to {regret.max():.4g}, median {np.median(regret):.4g}",
    ])  # fmt: skip
