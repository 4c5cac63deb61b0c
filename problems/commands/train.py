"""Train a network with several optimizers and seeds; it can be resumed."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import (
    add_optimizers,
    add_output,
    carry_out,
    seconds,
    seed_list,
    whole,
)
from problems.commands.task_options import add_data, task_of
from problems.learning.tasks import TASKS
from problems.optimizers import HYPERPARAMETERS, STORY

#: What the options of hyperparameters are.
WHAT = {
    "lr": "learning rate",
    "beta1": "beta1, or the momentum of SGD",
    "beta2": "beta2, or RMSprop's smoothing constant",
    "final_lr": "alpha* of the bounds",
    "gamma": "speed of the bounds",
    "eps": "epsilon in the denominator",
    "weight_decay": "L2 penalty",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add(
        "--task",
        type=task_of,
        default="digits-mlp",
        metavar="NAME",
        help=f"one of {', '.join(TASKS)}, or module:Name for your own task (default: %(default)s)",
    )
    add_optimizers(parser, ("sgdm", *STORY))
    add(
        "--seeds",
        type=seed_list,
        default=[0],
        metavar="SEEDS",
        help="seeds of weights and batches: a,b,c, or 0:5 for 0 to 4 (default: 0)",
    )
    add("--epochs", type=whole, metavar="N", help="number of epochs (default: the task's)")
    add("--batch-size", type=whole, metavar="N", help="batch size (default: the task's)")
    for name in HYPERPARAMETERS:
        add(
            f"--{name.replace('_', '-')}",
            type=float,
            metavar="X",
            help=f"{WHAT[name]}, for optimizers that have it (default: the task's)",
        )
    add_data(parser)
    add("--no-verify", action="store_true", help="skip the checksums of data files")
    add(
        "--validate",
        action="store_true",
        help="test on a held-out part of the training data",
    )
    add(
        "--workers",
        type=whole,
        metavar="N",
        help="number of processes (default: one per core, at most one per run); 1 shows each step",
    )
    add(
        "--checkpoint-seconds",
        type=seconds,
        default=10.0,
        metavar="S",
        help="seconds between two checkpoints of a run; 0 for each step (default: %(default)g)",
    )
    add("--resume", action="store_true", help="resume from the checkpoints in DIR")
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    given = {name: getattr(options, name) for name in HYPERPARAMETERS}
    return carry_out(
        options,
        lambda: problems.train(
            options.task,
            options.optimizers,
            seeds=options.seeds,
            epochs=options.epochs,
            batch_size=options.batch_size,
            validate=options.validate,
            data=options.data,
            verify=not options.no_verify,
            workers=options.workers,
            folder=options.out,
            every=options.checkpoint_seconds,
            resume=options.resume,
            **{name: value for name, value in given.items() if value is not None},
        ),
    )
