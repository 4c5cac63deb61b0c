"""Run optimizers on a convex problem that Adam fails: a table, a figure, the series as CSV."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from problems.commands.options import add_optimizers, name_of, output_folder, to_json
from problems.commands.problem_options import add_constants, add_problem, in_a_line, parameters
from problems.commands.problem_options import optimizer as make
from problems.commands.problem_options import setting as setting_of
from problems.files import write_csv
from problems.forms import hyperparameters
from problems.online.engines import ENGINES, choose
from problems.online.setting import Setting
from problems.online.side_by_side import summarize_all
from problems.online.summary import Series, Summary
from problems.online.verdict import place, trend
from problems.optimizers import STORY
from problems.plots import counterexample_figure, save

HELP = "Adam on convex problems it fails, beside the other optimizers (the default)"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add_problem(parser, "reddi-theorem1", 5_000_000)
    add_optimizers(parser, STORY)
    add_constants(parser)
    add(
        "--engine", type=name_of("engine", ENGINES), default="auto", metavar="NAME",
        help="auto (the default), steps (one after the other) or parallel (many at once)",
    )  # fmt: skip
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    T = options.steps
    setting = setting_of(options)
    try:
        optimizers = {name: make(name, setting, options) for name in options.optimizers}
        for optimizer in optimizers.values():
            choose(options.engine, setting.problem, optimizer, setting.x1)
    except (TypeError, ValueError, OverflowError) as error:
        options.parser.error(str(error))
    try:
        folder = output_folder(options.out)
    except OSError as error:
        options.parser.error(f"--out must be a folder that can be written, got {error}")
    total = T * len(optimizers)
    # new processes take half a second to start
    workers = min(os.cpu_count() or 1, len(optimizers)) if total >= 100_000_000 else 1
    with tqdm(total=total, unit="step", unit_scale=True, delay=1, leave=False, disable=None) as bar:
        runs = summarize_all(
            setting.problem, optimizers, T, setting.x1, options.engine, workers, bar.update
        )
    record = {
        "problem": options.problem,
        "parameters": parameters(setting, options),
        "feasible": [setting.problem.feasible.lo, setting.problem.feasible.hi],
        "optimum": next(iter(runs.values())).optimum,
        "steps": T,
        "results": [
            {
                "optimizer": name,
                "hyperparameters": hyperparameters(optimizers[name]),
                "x_final": summary.x,
                "regret": summary.regret,
                "average_regret": summary.average_regret,
                "last_decade": summary.series.last_decade()._asdict(),
                "seconds": summary.seconds,
            }
            for name, summary in runs.items()
        ],
    }
    try:
        written = write(setting, record, runs, folder / f"counterexample-{options.problem}")
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(to_json(record), indent=2, allow_nan=False))
    else:
        print(table(setting, record, runs))
        print("\nwrote " + ", ".join(written))
    return 0


def table(setting: Setting, record: dict[str, Any], runs: dict[str, Summary]) -> str:
    """The record as a table."""
    lo, hi = record["feasible"]
    lines = [
        f"{record['problem']}: {setting.problem.formula()}, on [{lo:g}, {hi:g}]",
        f"best fixed point x* = {record['optimum']:g}; T = {record['steps']:,} steps",
        in_a_line(record["parameters"]),
        *(f"note: the paper's condition does not hold: {c.text}"
          for c in setting.conditions if not c.holds),
        "",
        f"{'optimizer':<13} {'x_T':>8} {'R_T':>14} {'R_T/T':>11}  where it went",
    ]  # fmt: skip
    for name, run in runs.items():
        lines.append(
            f"{name:<13} {run.x:>8.4f} {run.regret:>14,.1f} {run.average_regret:>11.5g}  "
            f"{place(setting.problem, run)}, regret per step {trend(run)}"
        )
    return "\n".join(lines)


def write(
    setting: Setting, record: dict[str, Any], runs: dict[str, Summary], stem: Path
) -> list[str]:
    """Write figure and series; return the files' names."""
    given = record["parameters"]
    marks = {r"$1/\gamma$": 1 / given["gamma"]} if {"adabound", "amsbound"} & set(runs) and \
        "gamma" in given else {}  # fmt: skip
    figure = counterexample_figure(setting.problem, runs, marks)
    rows = (
        (name, *(value.item() for value in row))
        for name, summary in runs.items()
        for row in zip(*summary.series, strict=True)
    )
    write_csv(stem.with_suffix(".csv"), ["optimizer", *Series._fields], rows)
    return [str(path) for path in (*save(figure, stem), stem.with_suffix(".csv"))]
