"""Run a grid or a random search over constants, seeds and optimizers; it can be resumed."""

from __future__ import annotations

import argparse

import problems
from problems.commands.options import add_optimizers, carry_out, name_of, seconds, seed_list, whole
from problems.commands.problem_options import add_problem
from problems.online.engines import ENGINES
from problems.optimizers import STORY
from problems.sweeps.axes import AXES
from problems.sweeps.plan import SCHEDULES


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add_problem(parser, "reddi-online", 100_000)
    add_optimizers(parser, STORY)
    add(
        "--grid",
        action="append",
        default=[],
        metavar="AXIS=VALUES",
        help=f"an axis ({', '.join(AXES)}) and its values: a,b,c or lo:hi:count or "
        "log:lo:hi:count; may be repeated",
    )
    add(
        "--random",
        action="append",
        default=[],
        metavar="AXIS=RANGE",
        help="an axis to draw from lo:hi or log:lo:hi or a,b,c; may be repeated",
    )
    add("--samples", type=whole, metavar="N", help="draws of the axes of --random")
    add("--search-seed", type=int, default=0, help="seed of the draws (default: %(default)s)")
    add(
        "--seeds",
        type=seed_list,
        default=[0],
        metavar="SEEDS",
        help="seeds of stochastic problems: a,b,c, or 0:5 for 0 to 4 (default: 0)",
    )
    add(
        "--schedule",
        type=name_of("schedule", SCHEDULES),
        default="inv-sqrt",
        metavar="NAME",
        help="alpha_t: inv-sqrt (alpha/sqrt(t), the default) or constant",
    )
    add(
        "--engine",
        type=name_of("engine", ENGINES),
        default="auto",
        metavar="NAME",
        help="auto (the default), steps (one after the other) or parallel (many at once)",
    )
    add("--force", action="store_true", help="run even if constants break the paper's conditions")
    add("--workers", type=whole, metavar="N", help="number of processes (default: one per core)")
    add("--scheduler", metavar="ADDRESS", help="run on the Dask cluster of this scheduler instead")
    add(
        "--scheduler-timeout",
        type=seconds,
        default=10.0,
        metavar="SECONDS",
        help="time to wait for its answer (default: %(default)g)",
    )
    add(
        "--out",
        default="results/",
        metavar="FILE",
        help="file of results, or a folder for sweep-PROBLEM.jsonl (default: %(default)s); axes "
        "and other constants add a short hash to that name",
    )
    add("--resume", action="store_true", help="run only the cells missing from FILE")
    add("--json", action="store_true", help="print one JSON object, and nothing else, on stdout")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    return carry_out(
        options,
        lambda: problems.sweep(
            options.problem,
            options.optimizers,
            steps=options.steps,
            grid=options.grid,
            random=options.random,
            samples=options.samples,
            search_seed=options.search_seed,
            seeds=options.seeds,
            schedule=options.schedule,
            engine=options.engine,
            force=options.force,
            workers=options.workers,
            scheduler=options.scheduler,
            scheduler_timeout=options.scheduler_timeout,
            file=options.out,
            resume=options.resume,
        ),
        write=False,
    )
