"""Record effective learning rates during runs: quantiles, histograms, the funnel, its shares."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_optimizers, add_output, carry_out, whole
from problems.commands.problem_options import add_bounds, problem_of
from problems.commands.task_options import add_data, task_of
from problems.learning.tasks import TASKS
from problems.online.sequences import SEQUENCES
from problems.optimizers import STORY
from problems.results.effective_lr import FEW, STEPS, TASK


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--task",
        type=task_of,
        metavar="NAME",
        help=f"a network to train: one of {', '.join(TASKS)}, or module:Name for a task of your "
        f"own (default: {TASK})",
    )
    what.add_argument(
        "--problem",
        type=problem_of,
        metavar="NAME",
        help=f"an online problem instead: one of {', '.join(SEQUENCES)}, or module:Name for one "
        "of your own",
    )
    add_optimizers(parser, STORY)
    add("--epochs", type=whole, metavar="N", help="epochs of a task (default: its own)")
    add("--steps", type=whole, metavar="T", help=f"steps of an online problem (default: {STEPS})")
    add(
        "--quick",
        action="store_true",
        help=f"a sixth of a task's epochs, or {FEW} steps, unless they are given",
    )
    add("--lr", type=float, help="step size alpha (default: the task's or the problem's)")
    add_bounds(parser)
    add("--seed", type=int, default=0, help="seed of what is random (default: %(default)s)")
    add_data(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    names = ("epochs", "steps", "quick", "lr", "final_lr", "gamma", "seed", "data")
    given = {name: getattr(options, name) for name in names}
    what = options.task or options.problem or TASK
    return carry_out(options, lambda: problems.effective_lr(what, options.optimizers, **given))
