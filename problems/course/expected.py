"""What the right lines compute, and what the known wrong answers do."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from problems.course.causes import wrong_answers
from problems.course.judge import all_same
from problems.course.marking import write
from problems.course.process import Limits, ask
from problems.course.tasks import Task

__all__ = ["answers", "expected"]

#: The solution runs with every known wrong answer in turn.
_AMPLE = Limits(call=10.0, seconds=120)


def answers(task: Task, seed: int, runs: list[dict[str, Any]]) -> list[Any]:
    """Return what the solution of a task answers.

    Raises
    ------
    RuntimeError
        If it does not run.
    """
    with tempfile.TemporaryDirectory() as name:
        write(task.files(seed, solution=True), Path(name))
        found = ask(Path(name), runs, _AMPLE)
    if isinstance(found, str):
        raise RuntimeError(f"the solution of task {task.number} does not run: {found}")
    return found


@cache
def expected(task: Task, seed: int) -> list[dict[str, Any]]:
    """Return what `problems.course.judge.judged` needs, for each function of a task.

    Raises
    ------
    RuntimeError
        If the solution does not run, or raises an error.
    """
    specs = task.specs(seed)
    right = answers(task, seed, [{"spec": spec} for spec in specs])
    changed = [
        (k, key, cause, {"spec": spec, "replaced": {key: code}})
        for k, (spec, answer) in enumerate(zip(specs, right, strict=True))
        for key, row in answer["lines"].items()
        for cause, code in wrong_answers(row[3])
    ]
    wrong = answers(task, seed, [run for *_, run in changed]) if changed else []
    found = []
    for k, (spec, answer) in enumerate(zip(specs, right, strict=True)):
        errors = [answer["error"], *(call["error"] for call in answer["calls"])]
        if any(errors):
            raise RuntimeError(f"the solution of {spec['place']}: {next(filter(None, errors))}")
        known: dict[str, list[Any]] = {}
        for (of, key, cause, _), other in zip(changed, wrong, strict=True):
            notes = [call["notes"].get(key, []) for call in other["calls"]]
            should = [call["notes"].get(key, []) for call in answer["calls"]]
            differs = not all(
                all_same(*pair, task.rtol) for pair in zip(should, notes, strict=True)
            )
            if of == k and differs:
                known.setdefault(key, []).append([cause, notes])
        found.append({"spec": spec, "calls": answer["calls"], "wrong": known, "rtol": task.rtol})
    return found
