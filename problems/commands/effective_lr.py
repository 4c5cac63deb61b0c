"""Record effective learning rates during runs: quantiles, histograms, the funnel, its shares."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_optimizers, add_output, carry_out, seed_list, whole
from problems.commands.problem_options import add_bounds, problem_of
from problems.commands.task_options import add_data, task_of
from problems.learning.tasks import TASKS
from problems.online.sequences import SEQUENCES
from problems.optimizers import STORY
from problems.results.curvature import STEPS as CURVED_STEPS
from problems.results.curvature import TASK as CURVED
from problems.results.effective_lr import FEW, STEPS, TASK

#: Options that go with --curvature only.
CURVATURE = ("seeds", "beta2", "batch_size", "init_scale", "workers", "resume", "show")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--task",
        type=task_of,
        metavar="NAME",
        help=f"a network to train: one of {', '.join(TASKS)}, or module:Name for your own "
        f"task (default: {TASK})",
    )
    what.add_argument(
        "--problem",
        type=problem_of,
        metavar="NAME",
        help=f"an online problem instead: one of {', '.join(SEQUENCES)}, or module:Name for "
        "your own",
    )
    add_optimizers(parser, STORY)
    add("--epochs", type=whole, metavar="N", help="number of epochs of a task (default: its own)")
    add("--steps", type=whole, metavar="T", help=f"number of steps of a problem (default: {STEPS})")
    add(
        "--quick",
        action="store_true",
        help=f"a sixth of a task's epochs, or {FEW} steps, unless they are given",
    )
    add("--lr", type=float, help="step size alpha (default: the task's or the problem's)")
    add_bounds(parser)
    add("--seed", type=int, default=0, help="random seed (default: %(default)s)")
    add(
        "--curvature",
        action="store_true",
        help="measure the preconditioned sharpness and the stability threshold instead, on an "
        f"image task or a function module:Name (default: {CURVED})",
    )
    add("--seeds", type=seed_list, metavar="N", help="with --curvature: seeds, a,b,c or first:end")
    add("--beta2", type=float, metavar="X", help="with --curvature: beta2 of all optimizers")
    add("--batch-size", type=whole, metavar="N", help="with --curvature: batch size (default: all)")
    add(
        "--init-scale", type=float, metavar="X", help="with --curvature: scale of the first weights"
    )
    add("--workers", type=whole, metavar="N", help="with --curvature: number of processes")
    add("--resume", action="store_true", help="with --curvature: run only what is missing from DIR")
    add("--show", metavar="FILE", help="with --curvature: show a curvature-*.json; run nothing")
    add_data(parser)
    add_output(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    names = ("epochs", "steps", "quick", "lr", "final_lr", "gamma", "seed", "data")
    given = {name: getattr(options, name) for name in names}
    if options.curvature:
        return run_curvature(options)
    for name in CURVATURE:
        if getattr(options, name):
            options.parser.error(f"--{name.replace('_', '-')} must be given with --curvature only")
    what = options.task or options.problem or TASK
    return carry_out(options, lambda: problems.effective_lr(what, options.optimizers, **given))


def run_curvature(options: argparse.Namespace) -> int:
    """Measure curvature; return the exit code."""
    for name in ("epochs", "quick"):
        if getattr(options, name):
            options.parser.error(f"--{name} must not be given with --curvature, which has --steps")
    if options.gamma == "paper":
        options.parser.error("--gamma must be a number with --curvature, got 'paper'")
    names = ("lr", "final_lr", "gamma", "data", *CURVATURE)
    given = {name: getattr(options, name) for name in names}
    if options.init_scale is None:
        del given["init_scale"]
    what = options.task or options.problem or CURVED
    return carry_out(
        options,
        lambda: problems.curvature(
            what,
            options.optimizers,
            **{**given, "seeds": options.seeds or [options.seed]},
            steps=options.steps or CURVED_STEPS,
            folder=None if options.show else options.out,
        ),
        write=not options.show,
    )
