"""Record effective learning rates during runs: quantiles, histograms, the funnel, its shares."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure
from tqdm import tqdm

from adabound_np.bounds import DynamicBounds
from problems.commands.options import (
    add_optimizers,
    name_of,
    output_folder,
    to_json,
    whole,
)
from problems.commands.problem_options import add_bounds, set_bounds
from problems.forms import in_paper
from problems.learning.tasks import TASKS
from problems.learning.training import prepare, train
from problems.online.sequences import SEQUENCES, setting
from problems.optimizers import BOUNDS, STORY, takes
from problems.plots import save
from problems.rates.figures import (
    figure1_parameters,
    funnel_figure,
    heat_figure,
    histogram_figure,
    shares_figure,
)
from problems.rates.record import PERCENTS, RateRecord
from problems.rates.recorder import Recorder, mixed_grid, record_online
from problems.text import counted

HELP = "effective learning rates during a run, against AdaBound's bounds"
TASK = "digits-resnet"
#: Quantiles of the table, in percent.
SHOWN = (0, 1, 50, 99, 100)
#: Steps of an online problem; with --quick.
STEPS, FEW = 50_000, 2000
#: --quick divides a task's epochs by it.
QUICK = 6


class Recorded(NamedTuple):
    """What was recorded.

    Attributes
    ----------
    title : str
        What ran.
    of : str
        What the distributions are over: "coordinates" or "steps".
    records : dict of str to RateRecord
        By optimizer.
    ends : dict of str to float or None
        The test metric of training after the last epoch; empty for online problems.
    """

    title: str
    of: str
    records: dict[str, RateRecord]
    ends: dict[str, float | None]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--task", type=name_of("task", TASKS), metavar="NAME",
        help=f"a network to train: one of {', '.join(TASKS)} (default: {TASK})",
    )  # fmt: skip
    what.add_argument(
        "--problem", type=name_of("problem", SEQUENCES), metavar="NAME",
        help=f"an online problem instead: one of {', '.join(SEQUENCES)}",
    )  # fmt: skip
    add_optimizers(parser, STORY)
    add("--epochs", type=whole, metavar="N", help="epochs of a task (default: its own)")
    add("--steps", type=whole, metavar="T", help=f"steps of an online problem (default: {STEPS})")
    add("--quick", action="store_true",
        help=f"a sixth of a task's epochs, or {FEW} steps, unless they are given")  # fmt: skip
    add("--lr", type=float, help="step size alpha (default: the task's or the problem's)")
    add_bounds(parser)
    add("--seed", type=int, default=0, help="seed of what is random (default: %(default)s)")
    add("--data", default="data", metavar="DIR", help="folder of the data (default: %(default)s)")
    add("--out", default="results", metavar="DIR", help="folder to write to (default: %(default)s)")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    if options.task is None and options.problem is None:
        options.task = TASK
    name = options.task or options.problem
    own = TASKS[name].hyperparameters("adabound") if options.task else {}
    set_bounds(options, options.problem, final_lr=own.get("final_lr", BOUNDS["final_lr"]))
    try:
        bounds = DynamicBounds(options.final_lr, options.gamma)
        perform = record_task if options.task else record_problem
        recorded = perform(options, bounds)
    except (TypeError, ValueError, OverflowError, OSError, ModuleNotFoundError) as error:
        options.parser.error(str(error))
    except RunError as error:
        print(f"{options.parser.prog}: {error}", file=sys.stderr)
        return 1
    rows = [row(n, record, recorded.ends) for n, record in recorded.records.items()]
    try:
        stem = Path(options.out) / f"effective-lr-{name}"
        written = write(recorded, stem)
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    if options.json:
        result = {
            "task" if options.task else "problem": name,
            **{key: getattr(options, key) for key in ("final_lr", "gamma", "seed")},
            "results": rows,
            "written": written,
        }
        print(json.dumps(to_json(result), indent=2, allow_nan=False))
    else:
        print(f"{recorded.title}\n\n{table(rows)}\n\nwrote {len(written)} files: {stem}-*")
    return 0


class RunError(RuntimeError):
    """A run ended before there was anything to record."""


def record_problem(options: argparse.Namespace, bounds: DynamicBounds) -> Recorded:
    """Run the optimizers, in the paper's form, on an online problem."""
    if options.epochs is not None:
        raise ValueError(f"--epochs must not be given with --problem, got {options.epochs}")
    steps = options.steps or (FEW if options.quick else STEPS)
    s = setting(options.problem, seed=options.seed, lr=options.lr)
    optimizers = {
        name: in_paper(
            name, lr=s.lr, beta1=s.beta1, beta2=s.beta2, final_lr=options.final_lr,
            gamma=options.gamma, bounds=s.bounds, eps_root=s.eps_root, schedule="inv-sqrt",
            feasible=s.problem.feasible,
        )
        for name in options.optimizers
    }  # fmt: skip
    output_folder(options.out)
    records = {}
    with tqdm(
        total=steps * len(optimizers), unit="step", delay=1, leave=False, disable=None
    ) as bar:
        for name, optimizer in optimizers.items():
            records[name] = record_online(
                s.problem, optimizer, steps, s.x1, reference=s.bounds or bounds, tick=bar.update
            )
    return Recorded(f"{options.problem}: {s.problem.formula()}", "steps", records, {})


def record_task(options: argparse.Namespace, bounds: DynamicBounds) -> Recorded:
    """Train the task's network with each optimizer, in the released code's form."""
    if options.steps is not None:
        raise ValueError(f"--steps must not be given with a task, got {options.steps}")
    task = TASKS[options.task]
    epochs = options.epochs or max(1, task.epochs // (QUICK if options.quick else 1))
    data = task.load(Path(options.data), True)
    runs: dict[str, dict[str, Any]] = {}
    for name in options.optimizers:
        own = [key for key in ("lr", "final_lr", "gamma") if key in takes(name)]
        runs[name] = {"epochs": epochs, "data": data}
        runs[name] |= {k: getattr(options, k) for k in own if getattr(options, k) is not None}
        total = prepare(task, name, options.seed, **runs[name]).total
    output_folder(options.out)
    records, ends = {}, {}
    with tqdm(total=total * len(runs), unit="step", delay=1, leave=False, disable=None) as bar:
        for name, given in runs.items():
            recorder = Recorder(mixed_grid(total).tolist(), seed=options.seed, reference=bounds)
            history = train(
                task, name, options.seed, observe=recorder, progress=lambda t, n: bar.update(),
                **given,
            )  # fmt: skip
            if history.diverged is not None:
                print(f"note: {name} diverged {history.diverged}", file=sys.stderr)
            if not recorder.rows:
                raise RunError(f"{name} diverged {history.diverged}: nothing to record")
            records[name] = recorder.record()
            ends[name] = None if history.diverged else float(history.column("test_metric")[-1])
    return Recorded(
        f"{task.name}: {task.title}, {counted(epochs, 'epoch')}", "coordinates", records, ends
    )


def draw(recorded: Recorded) -> dict[str, Figure]:
    """The figures by name."""
    title, of, records, _ = recorded
    figures = {
        "funnel": funnel_figure(records, title),
        "histogram": histogram_figure(records, title, of),
        "shares": shares_figure(records, title, of),
    }
    if of == "coordinates":
        name = "adam" if "adam" in records else next(iter(records))
        record = records[name]
        chosen = figure1_parameters(record.names[:-1], record.dims.tolist())
        figures["kernels"] = heat_figure(record, chosen, f"{name} on {title}")
    return figures


def write(recorded: Recorded, stem: Path) -> list[str]:
    """Write records and figures; return the files' names."""
    written = []
    for name, figure in draw(recorded).items():
        written += save(figure, stem.with_name(f"{stem.name}-{name}"))
    for name, record in recorded.records.items():
        path = stem.with_name(f"{stem.name}-{name}")
        record.save(path.with_suffix(".npz"))
        record.write_csv(path.with_suffix(".csv"))
        written += [path.with_suffix(".npz"), path.with_suffix(".csv")]
    return [str(path) for path in written]


def row(name: str, record: RateRecord, ends: Mapping[str, float | None]) -> dict[str, Any]:
    """The last step of a record, over all coordinates."""
    last = record.quantiles[-1, -1].tolist()
    shares, bounds = (
        None if math.isnan(values[0]) else values
        for values in (record.shares[-1, -1].tolist(), record.bounds[-1, -1].tolist())
    )
    return {
        "optimizer": name,
        "step": int(record.steps[-1]),
        "quantiles": dict(zip(map(str, PERCENTS), last, strict=True)),
        "shares": shares,
        "bounds": bounds,
        "bounded": record.bounded,
        **({"test_metric": ends[name]} if name in ends else {}),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a table: quantiles of the rates, and where they lie against the bounds."""
    heads = "".join(f" {f'{p} %':>10}" for p in SHOWN)
    lines = [
        f"effective learning rates at step {rows[0]['step']:,}: quantiles; shares at or below the",
        "lower bound, between, at or above the upper one (* compared with adabound's bounds)",
        "",
        f"{'optimizer':<14}{heads} {'lower':>8} {'between':>8} {'upper':>8}",
    ]
    for each in rows:
        quantiles = "".join(f" {each['quantiles'][str(p)]:>10.4g}" for p in SHOWN)
        shares = each["shares"] or []
        cells = "".join(f" {share:>8.4f}" for share in shares) or f" {'-':>8}" * 3
        lines.append(
            f"{each['optimizer']:<14}{quantiles}{cells}"
            + ("" if each["bounded"] or not shares else " *")
        )
    return "\n".join(lines)
