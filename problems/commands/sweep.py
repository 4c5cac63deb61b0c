"""Run a grid or a random search over constants, seeds and optimizers; it can be resumed."""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from adabound_np.checks import known
from problems.commands.options import add_optimizers, name_of, seed_list, whole
from problems.online.engines import ENGINES
from problems.online.sequences import SEQUENCES
from problems.online.setting import BrokenConditionError
from problems.optimizers import STORY
from problems.sweeps.cells import AXES
from problems.sweeps.plan import SCHEDULES, Plan, Span, spaced
from problems.sweeps.records import read
from problems.sweeps.runner import SweepError, connect, pool, sweep
from problems.text import counted

HELP = "a grid or random search over constants, seeds and optimizers, on many processors"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--problem", type=name_of("problem", SEQUENCES), default="reddi-online", metavar="NAME",
        help=f"one of {', '.join(SEQUENCES)} (default: %(default)s)",
    )  # fmt: skip
    add("--steps", type=whole, default=100_000, metavar="T", help="default: %(default)s")
    add_optimizers(parser, STORY)
    add(
        "--grid", type=grid_axis, action="append", default=[], metavar="AXIS=VALUES",
        help=f"an axis ({', '.join(AXES)}) and its values: a,b,c or lo:hi:count or "
        "log:lo:hi:count; may be repeated",
    )  # fmt: skip
    add(
        "--random", type=random_axis, action="append", default=[], metavar="AXIS=RANGE",
        help="an axis to draw from lo:hi or log:lo:hi or a,b,c; may be repeated",
    )  # fmt: skip
    add("--samples", type=whole, metavar="N", help="draws of the axes of --random")
    add("--search-seed", type=int, default=0, help="seed of the draws (default: %(default)s)")
    add(
        "--seeds", type=seed_list, default=[0], metavar="SEEDS",
        help="seeds of stochastic problems: a,b,c, or 0:5 for 0 to 4 (default: 0)",
    )  # fmt: skip
    add(
        "--schedule", type=name_of("schedule", SCHEDULES), default="inv-sqrt", metavar="NAME",
        help="alpha_t: inv-sqrt (alpha/sqrt(t), the default) or constant",
    )  # fmt: skip
    add(
        "--engine", type=name_of("engine", ENGINES), default="auto", metavar="NAME",
        help="auto (the default), steps (one after the other) or parallel (many at once)",
    )  # fmt: skip
    add("--force", action="store_true", help="run even if constants break the paper's conditions")
    add("--workers", type=whole, metavar="N", help="processes (default: one per processor)")
    add("--scheduler", metavar="ADDRESS", help="run on the Dask cluster of this scheduler instead")
    add(
        "--scheduler-timeout", type=seconds, default=10.0, metavar="SECONDS",
        help="time to wait for its answer (default: %(default)g)",
    )  # fmt: skip
    add("--out", metavar="FILE", help="results file (default: results/sweep-PROBLEM.jsonl)")
    add("--resume", action="store_true", help="finish what FILE misses, recompute nothing")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def seconds(text: str) -> float:
    """A positive number."""
    value = float(text)
    if not (0 < value < math.inf):
        raise argparse.ArgumentTypeError(f"must be in (0, inf), got {text!r}")
    return value


def grid_axis(text: str) -> tuple[str, tuple[float, ...]]:
    """``AXIS=a,b,c``, ``AXIS=lo:hi:count`` or ``AXIS=log:lo:hi:count``."""
    forms = "a,b,c or lo:hi:count or log:lo:hi:count"
    name, values, parts = axis(text, forms)
    if len(parts) == 1:
        return name, numbers(text, values.split(","), forms)
    log = parts[0] == "log"
    if len(parts) != 3 + log:
        raise misread(text, forms)
    low, high = numbers(text, parts[log:-1], forms)
    if not parts[-1].isdecimal():
        raise misread(text, forms)
    return name, reading(spaced, name, Span(low, high, log), int(parts[-1]))


def random_axis(text: str) -> tuple[str, Span | tuple[float, ...]]:
    """``AXIS=lo:hi``, ``AXIS=log:lo:hi`` or ``AXIS=a,b,c``."""
    forms = "lo:hi or log:lo:hi or a,b,c"
    name, values, parts = axis(text, forms)
    if len(parts) == 1:
        return name, numbers(text, values.split(","), forms)
    log = parts[0] == "log"
    if len(parts) != 2 + log:
        raise misread(text, forms)
    low, high = numbers(text, parts[log:], forms)
    return name, reading(Span(low, high, log).checked, name)


def axis(text: str, forms: str) -> tuple[str, str, list[str]]:
    """An axis's name, what is said of it, and that in its parts."""
    name, equals, values = text.partition("=")
    if not equals:
        raise misread(text, forms)
    name = reading(known, "axis", name.strip().replace("-", "_"), AXES)
    return name, values, [part.strip() for part in values.split(":")]


def numbers(text: str, parts: list[str], forms: str) -> tuple[float, ...]:
    """Each part as a number."""
    try:
        return tuple(float(part) for part in parts)
    except ValueError:
        raise misread(text, forms) from None


def reading(function: Any, *args: Any) -> Any:
    """A function's value; its ValueError as argparse wants it."""
    try:
        return function(*args)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def misread(text: str, forms: str) -> argparse.ArgumentTypeError:
    """What to raise for text that has none of the forms."""
    return argparse.ArgumentTypeError(f"must be AXIS={forms}, with numbers, got {text!r}")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    path = Path(options.out or f"results/sweep-{options.problem}.jsonl")
    progress = Progress()
    try:
        plan = plan_of(options)
        plan.check()
        with executor_of(options) as executor, progress:
            ran = sweep(plan, executor, path, options.resume, progress.show)
    except BrokenConditionError as error:
        options.parser.error(f"{error}; --force runs them anyway")
    except (TypeError, ValueError) as error:  # of the plan, the file or the scheduler
        options.parser.error(str(error))
    except SweepError as error:
        print(f"{options.parser.prog}: {error}; finish it with --resume", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; finish it with --resume", file=sys.stderr)
        return 130
    _, records = read(path)
    record = {
        "problem": plan.problem,
        "steps": plan.steps,
        "file": str(path),
        "cells": len(plan),
        "computed": ran,
        "best": [best(plan, records, name) for name in plan.optimizers],
    }
    print(json.dumps(record, indent=2) if options.json else table(plan, record))
    return 0


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that the options describe."""
    for name in ("grid", "random"):
        axes = [axis for axis, _ in getattr(options, name)]
        for axis in axes:
            if axes.count(axis) > 1:
                raise ValueError(f"--{name} must have each axis once, got {axis!r} twice")
    if options.random and options.samples is None:
        raise ValueError("--samples must say how many draws --random takes, got none")
    return Plan(
        options.problem, tuple(options.optimizers), options.steps, dict(options.grid),
        dict(options.random), options.samples or 1, options.search_seed, tuple(options.seeds),
        options.schedule, options.engine, options.force,
    )  # fmt: skip


@contextmanager
def executor_of(options: argparse.Namespace) -> Iterator[Executor]:
    """What the cells run on: a Dask cluster, or processes of this machine."""
    if options.scheduler is None:
        with pool(options.workers) as executor:
            yield executor
        return
    if options.workers is not None:
        raise ValueError(f"--workers must not be given with --scheduler, got {options.workers}")
    with connect(options.scheduler, options.scheduler_timeout) as client:
        if not client.nthreads():
            print("note: the cluster has no workers yet; cells wait for one", file=sys.stderr)
        yield client.get_executor(pure=False)


class Progress:
    """A bar on standard error, once a sweep has said how much there is."""

    def __init__(self) -> None:
        self.bar: Any = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *failure: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, done: int, total: int) -> None:
        """Say how far it is."""
        if self.bar is None:
            self.bar = tqdm(desc="sweep", total=total, initial=done, unit="cell", delay=1,
                            leave=False, disable=None)  # fmt: skip
        self.bar.update(done - self.bar.n)


def best(plan: Plan, records: list[dict[str, Any]], optimizer: str) -> dict[str, Any] | None:
    """An optimizer's point of least average regret, by its mean over seeds; None if none has one.

    `std` is the sample standard deviation over seeds, None for a single one.
    """
    points: dict[int, list[dict[str, Any]]] = {}
    for record in records:
        if record["optimizer"] == optimizer:
            point = record["cell"] // (len(plan.seeds) * len(plan.optimizers))
            points.setdefault(point, []).append(record)
    rows = [
        {
            "optimizer": optimizer,
            "parameters": runs[0]["parameters"],
            "seeds": len(runs),
            "average_regret": {"mean": statistics.fmean(values), "std": deviation(values)},
            "x_final": {"mean": statistics.fmean(ends), "std": deviation(ends)},
        }
        for runs in points.values()
        if None not in (values := [run["average_regret"] for run in runs])
        and None not in (ends := [run["x_final"] for run in runs])
    ]
    return min(rows, key=lambda row: row["average_regret"]["mean"], default=None)


def deviation(values: list[float]) -> float | None:
    """The sample standard deviation of two values or more."""
    return statistics.stdev(values) if len(values) > 1 else None


def table(plan: Plan, record: dict[str, Any]) -> str:
    """The best points as a table."""
    seeds = f", mean and standard deviation over {len(plan.seeds)} seeds"
    names = plan.axes
    heads = [*names, "R_T/T", "std", "x_T", "std"]
    lines = [
        f"{plan.problem}: {counted(len(plan), 'cell')} of {counted(plan.steps, 'step')}, "
        f"{record['computed']:,} of them run now",
        f"least average regret of each optimizer{seeds if len(plan.seeds) > 1 else ''}",
        "",
        f"{'optimizer':<10}" + "".join(f" {head:>11}" for head in heads),
    ]
    for name, row in zip(plan.optimizers, record["best"], strict=True):
        if row is None:
            lines.append(f"{name:<10} no finite result")
            continue
        values = [row["parameters"][axis] for axis in names]
        for result in (row["average_regret"], row["x_final"]):
            values += [result["mean"], result["std"]]
        cells = ("-" if value is None else f"{value:.5g}" for value in values)
        lines.append(f"{name:<10}" + "".join(f" {cell:>11}" for cell in cells))
    return "\n".join([*lines, "", f"wrote {record['file']}"])
