"""Run the paper's experiments on small tasks, and draw its figures and tables from them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from problems.commands.options import names_of, output_folder, whole
from problems.commands.train import one_thread_each
from problems.experiments.drawing import draw
from problems.experiments.results import conclude, tables
from problems.experiments.runs import Experiment, Run, seconds_an_epoch
from problems.experiments.settings import FIGURES, FULL, QUICK
from problems.files import replacing
from problems.learning.tasks import TASKS
from problems.plots import save
from problems.sweeps.records import RecordsError
from problems.sweeps.runner import SweepError, pool, processors
from problems.text import counted

HELP = "the paper's figures and tables, from runs on small tasks"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--quick", action="store_true", help="a quick look: fewer tasks, epochs, seeds, points")
    add(
        "--only", type=names_of("figure", FIGURES), default="all", metavar="A,B,...",
        help=f"all (the default), or some of {', '.join(FIGURES)}",
    )  # fmt: skip
    add("--workers", type=whole, metavar="N", help="processes (default: one per processor)")
    add("--out", default="results/figures", metavar="DIR",
        help="folder to write to (default: %(default)s)")  # fmt: skip
    add("--resume", action="store_true", help="finish what the runs in DIR miss, repeat none")
    add("--show", metavar="FILE", help="print the tables of a figures.json; run nothing")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    if options.show is not None:
        return show(options)
    settings = QUICK if options.quick else FULL
    names = [name for name in FIGURES if name in options.only and name in settings.figures()]
    if not names:
        options.parser.error(
            f"--only must name a figure of --quick ({', '.join(settings.figures())}), "
            f"got {','.join(options.only)}"
        )
    try:
        folder = output_folder(options.out)
    except OSError as error:
        options.parser.error(f"--out must be a folder that can be written, got {error}")
    experiment = Experiment(settings, folder / "runs.jsonl")
    try:
        for task in {run.task for run in experiment.needed(names)}:
            TASKS[task].load(Path("data"), True)
    except ModuleNotFoundError as error:
        options.parser.error(str(error))
    workers, since = options.workers or processors(), time.perf_counter()
    aside = sys.stderr if options.json else sys.stdout
    try:
        with (
            one_thread_each(),
            pool(workers) as executor,
            tqdm(unit="run", leave=False, disable=None) as bar,
        ):

            def begin(missing: list[Run]) -> None:
                print(plan(missing, workers), file=aside, flush=True)
                bar.reset(len(missing))

            records = experiment.perform(names, executor, options.resume, begin, bar.update)
    except RecordsError as error:
        options.parser.error(str(error))
    except SweepError as error:
        print(f"{options.parser.prog}: {error}; finish it with --resume", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; finish it with --resume", file=sys.stderr)
        return 130
    results = conclude(experiment, records)
    try:
        written = write(results, draw(results, records, names), folder)
    except OSError as error:
        print(f"the results cannot be written: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps({"results": results, "written": written}, indent=2, allow_nan=False))
    else:
        print(f"\n{tables(results, names)}\n\nwrote {len(written)} files to {folder}")
        print(f"{time.perf_counter() - since:.0f} s")
    return 0


def show(options: argparse.Namespace) -> int:
    """Print the tables of a file of results."""
    try:
        results = json.loads(Path(options.show).read_text(encoding="utf-8"))
        text = tables(results, options.only)
    except OSError as error:
        options.parser.error(f"--show must be a file that can be read, got {error}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        options.parser.error(
            f"--show must be a figures.json, got {options.show!r} ({type(error).__name__}: {error})"
        )
    print(json.dumps(results, indent=2) if options.json else text or "no results of these figures")
    return 0


def plan(missing: Sequence[Run], workers: int) -> str:
    """How many runs there are to do, and how long they may take, from an epoch of each task."""
    if not missing:
        return "no runs to do"
    stages = Counter(run.stage.split()[0] for run in missing)
    epochs = Counter[str]()
    for run in missing:
        epochs[run.task] += run.epochs
    costs = {task: seconds_an_epoch(task) for task in epochs}
    total = sum(costs[task] * count for task, count in epochs.items())
    lines = [
        f"{counted(len(missing), 'run')}: "
        + ", ".join(f"{n} {stage}" for stage, n in stages.items())
    ]
    lines += [
        f"  {task:<16} {counted(count, 'epoch'):>13} of {costs[task]:.2f} s"
        for task, count in epochs.items()
    ]
    return "\n".join(
        [*lines, f"about {total / workers / 60:.0f} min on {counted(workers, 'process')}"]
    )


def write(results: Mapping[str, Any], figures: Mapping[str, Any], folder: Path) -> list[str]:
    """Write figures and results; return the files' names."""
    written = []
    for name, figure in figures.items():
        written += save(figure, folder / name)
    path = folder / "figures.json"
    with replacing(path) as temporary:
        temporary.write_text(
            json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )
    return [str(name) for name in (*written, path)]
