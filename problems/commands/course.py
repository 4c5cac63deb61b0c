"""Make assignments from the source, and grade them line by line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from problems.commands.options import folder_of, whole

ACTIONS = ("list", "make", "grade", "export")
FORMATS = ("gradescope", "otter", "nbgrader")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("action", choices=ACTIONS, metavar="ACTION", help=", ".join(ACTIONS))
    add(
        "what",
        nargs="*",
        metavar="TASK|PATH",
        help="numbers or names of tasks to make or export (default: all); folders or ZIPs to "
        "grade, one per student",
    )
    add(
        "--format",
        choices=FORMATS,
        metavar="NAME",
        help=f"tool to export for: {', '.join(FORMATS)}",
    )
    add(
        "--no-wheels",
        action="store_true",
        help="leave NumPy's wheels out of Gradescope's zip; its image gets them from the network",
    )
    add("--solution", action="store_true", help="make the solutions, too")
    add(
        "--cohort",
        type=int,
        default=0,
        metavar="SEED",
        help="seed of the constants, the same for make and grade (default: %(default)s)",
    )
    add("--seconds", type=whole, default=20, help="seconds that a graded function may take")
    add("--megabytes", type=whole, default=2048, help="memory that it may take")
    add("--out", default="course", metavar="DIR", help="folder to write to (default: %(default)s)")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit code."""
    from problems.course import tasks  # other commands need none of it

    if options.action == "list":
        for task in tasks.TASKS:
            print(f"{task.number}  {task.name:<14}{task.minutes:>4} min  {task.title}")
        return 0
    if options.cohort < 0:
        options.parser.error(f"--cohort must be 0 or more, got {options.cohort}")
    folder = folder_of(options)
    try:
        return {"make": _make, "grade": _grade, "export": _export}[options.action](options, folder)
    except ValueError as error:
        return int(options.parser.error(str(error)))  # which ends the process
    except ImportError as error:
        print(f"{error}; python -m pip install 'adabound-np[course]'", file=sys.stderr)
        return 1
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1


def _make(options: argparse.Namespace, folder: Path) -> int:
    from problems.course.make import make
    from problems.course.tasks import TASKS, task_of

    for task in [task_of(text) for text in options.what] or TASKS:
        for path in make(task, folder, options.cohort, solution=options.solution):
            print(f"wrote {path}")
    return 0


def _export(options: argparse.Namespace, folder: Path) -> int:
    from problems.course.export import export
    from problems.course.tasks import TASKS, task_of

    if options.format is None:
        options.parser.error(f"export needs --format, one of {', '.join(FORMATS)}")
    tasks = [task_of(text) for text in options.what] or TASKS
    for path in export(options.format, tasks, folder, options.cohort, wheels=not options.no_wheels):
        print(f"wrote {path}")
    return 0


def _grade(options: argparse.Namespace, folder: Path) -> int:
    from problems.course.grade import grade
    from problems.course.process import Limits
    from problems.course.report import save, table

    if not options.what:
        options.parser.error("grade needs submissions: folders or ZIPs, one per student")
    limits = Limits(seconds=options.seconds, megabytes=options.megabytes)
    graded = grade([Path(text) for text in options.what], options.cohort, limits)
    files = save(graded, folder)
    print(table(graded))
    for student in graded:
        if student.error:
            print(f"{student.student}: {student.error}")
    print(f"wrote {len(files)} files to {folder}")
    return 0
