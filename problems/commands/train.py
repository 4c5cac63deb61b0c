"""Train a network with several optimizers and seeds; it can be resumed."""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from problems.commands.options import (
    add_optimizers,
    name_of,
    output_folder,
    seconds,
    seed_list,
    to_json,
    whole,
)
from problems.learning.run import History
from problems.learning.tasks import TASKS, Task
from problems.learning.trials import Inline, Trial, run_trial, run_trials
from problems.optimizers import HYPERPARAMETERS, STORY, takes
from problems.sweeps.plan import listed
from problems.sweeps.runner import SweepError, pool, processors
from problems.text import counted

HELP = "train a network with several optimizers and seeds"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--task", type=name_of("task", TASKS), default="digits-mlp", metavar="NAME",
        help=f"one of {', '.join(TASKS)} (default: %(default)s)",
    )  # fmt: skip
    add_optimizers(parser, ("sgdm", *STORY))
    add(
        "--seeds", type=seed_list, default=[0], metavar="SEEDS",
        help="seeds of weights and batches: a,b,c, or 0:5 for 0 to 4 (default: 0)",
    )  # fmt: skip
    add("--epochs", type=whole, metavar="N", help="default: the task's")
    add("--batch-size", type=whole, metavar="N", help="default: the task's")
    for name, what in (
        ("lr", "the rate"), ("beta1", "momentum of the SGDs, too"),
        ("beta2", "RMSprop's smoothing constant, too"), ("final-lr", "the last rate"),
        ("gamma", "speed of the bounds"), ("eps", "in the denominator"), ("weight-decay", "L2"),
    ):  # fmt: skip
        add(
            f"--{name}", type=float, metavar="X",
            help=f"{what}, for those optimizers that have it (default: the task's)",
        )  # fmt: skip
    add("--data", default="data", metavar="DIR", help="folder of the data (default: %(default)s)")
    add("--no-verify", action="store_true", help="read files that are not the official ones, too")
    add(
        "--validate", action="store_true",
        help="test on a part of the training data, which is kept from training, instead",
    )  # fmt: skip
    add(
        "--workers", type=whole, metavar="N",
        help="processes (default: one per processor, at most one per run); 1 shows every step",
    )  # fmt: skip
    add(
        "--out", default="results", metavar="DIR",
        help="folder of train-TASK.csv and the checkpoints (default: %(default)s)",
    )  # fmt: skip
    add(
        "--checkpoint-seconds", type=seconds, default=10.0, metavar="S",
        help="between two savings of a run; 0 to save after each step (default: %(default)g)",
    )  # fmt: skip
    add("--resume", action="store_true", help="go on from the checkpoints there are")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    task = TASKS[options.task]
    try:
        trials = trials_of(options, output_folder(options.out))
        metrics = Path(options.out, f"train-{task.name}.csv")
        workers = min(options.workers or processors(), len(trials))
        histories, ran = carry_out(trials, workers, metrics, options.resume)
    except (TypeError, ValueError, OSError, ModuleNotFoundError) as error:
        options.parser.error(str(error))
    except SweepError as error:
        print(f"{options.parser.prog}: {error}; finish it with --resume", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; finish it with --resume", file=sys.stderr)
        return 130
    results = [summary(name, histories) for name in options.optimizers]
    record = {
        "task": task.name,
        "metric": task.metric,
        "part": "validation" if options.validate else "test",
        "epochs": histories[0].identity["epochs"],
        "batch_size": histories[0].identity["batch_size"],
        "file": str(metrics),
        "runs": len(trials),
        "computed": ran,
        "results": results,
    }
    print(json.dumps(to_json(record), indent=2) if options.json else table(task, record))
    return 0


def trials_of(options: argparse.Namespace, folder: Path) -> list[Trial]:
    """The runs that the options ask for: seeds outermost, then optimizers."""
    given = {name: getattr(options, name) for name in HYPERPARAMETERS}
    given = {name: value for name, value in given.items() if value is not None}
    for name in given:
        if not any(name in takes(optimizer) for optimizer in options.optimizers):
            raise ValueError(
                f"--{name.replace('_', '-')} must be of an optimizer that has it, got "
                f"{', '.join(options.optimizers)}"
            )
    listed("--seeds", options.seeds)
    shared = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "validate": options.validate,
    }
    pairs = [(seed, name) for seed in options.seeds for name in options.optimizers]
    return [
        Trial(
            number, options.task, name, seed,
            {**shared, **{key: given[key] for key in takes(name) if key in given}},
            options.data, not options.no_verify,
            str(folder / f"train-{options.task}" / f"{name}-seed{seed}.npz"),
            options.checkpoint_seconds,
        )
        for number, (seed, name) in enumerate(pairs)
    ]  # fmt: skip


def carry_out(
    trials: list[Trial], workers: int, metrics: Path, resume: bool
) -> tuple[list[History], int]:
    """Run trials here, with a bar over steps, or on workers, with a bar over runs."""

    def ended(trial: Trial, history: History) -> None:
        if history.diverged:
            bar.write(
                f"note: {trial.optimizer}, seed {trial.seed}, diverged {history.diverged}",
                file=sys.stderr,
            )
        bar.update() if workers > 1 else bar.refresh()

    if workers > 1:
        bar = tqdm(desc="train", total=len(trials), unit="run", delay=1, leave=False, disable=None)
        with bar, one_thread_each(), pool(workers) as processes:
            return run_trials(trials, processes, metrics, resume, ended=ended)
    bar = tqdm(desc="train", unit="step", leave=False, disable=None)

    def here(trial: Trial) -> History:
        bar.set_description(f"{trial.optimizer}, seed {trial.seed} ({trial.number + 1} of "
                            f"{len(trials)})")  # fmt: skip
        return run_trial(trial, functools.partial(show, bar))

    with bar, Inline() as here_at_once:
        return run_trials(trials, here_at_once, metrics, resume, here, ended)


def show(bar: Any, done: int, total: int) -> None:
    """Say how far a run is."""
    if done < bar.n or bar.total != total:
        bar.reset(total)
    bar.update(done - bar.n)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that start within it compute on one thread each, unless the user says otherwise."""
    unset = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


def width(head: str) -> int:
    """Width of a column."""
    return max(len(head), 7) + 2


def summary(optimizer: str, histories: list[History]) -> dict[str, Any]:
    """An optimizer's results over seeds at the last epoch, of the runs that reached it."""
    own = [h for h in histories if h.identity["optimizer"] == optimizer]
    whole_runs = [h for h in own if h.diverged is None]
    last = [h.epochs[-1] for h in whole_runs]
    return {
        "optimizer": optimizer,
        "hyperparameters": own[0].identity["hyperparameters"],
        "seeds": [h.identity["seed"] for h in own],
        **{
            name: spread_of([getattr(epoch, name) for epoch in last])
            for name in ("train_loss", "train_metric", "test_loss", "test_metric")
        },
        "seconds": spread_of([float(h.column("seconds").sum()) for h in whole_runs]),
        "diverged": [{"seed": h.identity["seed"], "reason": h.diverged} for h in own if h.diverged],
    }


def spread_of(values: list[float]) -> dict[str, float | None]:
    """Mean and sample standard deviation, None where there are too few values."""
    finite = all(map(math.isfinite, values))
    return {
        "mean": statistics.fmean(values) if values else None,
        "std": statistics.stdev(values) if len(values) > 1 and finite else None,
    }


def table(task: Task, record: dict[str, Any]) -> str:
    """The results as a table."""
    count = len(record["results"][0]["seeds"])
    part, perplexity = record["part"], task.metric == "perplexity"
    heads = [f"{part} {task.metric}", "std", *(["bits/token"] if perplexity else []),
             f"train {task.metric}", f"{part} loss", "seconds"]  # fmt: skip
    lines = [
        f"{task.name}: {task.title}; {counted(record['epochs'], 'epoch')}, "
        f"batches of {record['batch_size']}",
        f"after the last epoch, mean over {counted(count, 'seed')}",
        "",
        f"{'optimizer':<14}" + "".join(f"{head:>{width(head)}}" for head in heads),
    ]
    for row in record["results"]:
        metric, loss = row["test_metric"], row["test_loss"]["mean"]
        bits = [loss / math.log(2) if loss is not None else None] if perplexity else []
        values = [metric["mean"], metric["std"], *bits, row["train_metric"]["mean"], loss]
        cells = ["-" if v is None else f"{v:.4f}" for v in values]
        time = row["seconds"]["mean"]
        cells.append("-" if time is None else f"{time:.1f}")
        shown = "".join(f"{cell:>{width(head)}}" for cell, head in zip(cells, heads, strict=True))
        n = len(row["diverged"])
        lines.append(f"{row['optimizer']:<14}{shown}" + (f"  {n} diverged" if n else ""))
    return "\n".join([*lines, "", f"wrote {record['file']}"])
