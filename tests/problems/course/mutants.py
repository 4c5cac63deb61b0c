"""Mutants of the solutions' lines, as a measure of the hidden tests.

python -m tests.problems.course.mutants      the table; exit code 1 if a mutant survives
"""

import ast
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

from problems.course.expected import expected
from problems.course.judge import same
from problems.course.marking import write
from problems.course.process import Limits, ask
from problems.course.runner import located, target_of
from problems.course.tasks import TASKS
from tests.equations.mutants import mutants

_BALL = "feasible.L2Ball.project"
#: Mutants that compute the same: function, line, pattern of the mutant, reason.
EQUIVALENT = (
    ("adabound.AdaBound.learning_rate", "eta_hat#0", r"clip\(h\.eta_l\(t\), alpha",
     "min(max(l, x), u), as the first two arguments may be exchanged"),
    ("scale.scaled", "adabound#0", r"clip\(eta_l, alpha",
     "min(max(l, x), u), as the first two arguments may be exchanged"),
    ("feasible.Box.project", "return#0", r"clip\(self\.lo, y",
     "min(max(l, x), u), as the first two arguments may be exchanged"),
    ("problem.LinearProblem.least", "end#0", "<=", "at slope 0 the end does not count"),
    ("problem.LinearProblem.least", "least#0", r"== 0, -?1\.0", "0 times it is 0"),
    (_BALL, "outside#0", ">= self.radius", "a point of the sphere is its own projection"),
    (_BALL, r"eta#1", r"^eta \* np|max\((norm|y|z)", "no positive factor of eta moves the minimum"),
    (_BALL, r"eta#1", r"finfo\((eta|z|norm)\.", "all are of one dtype"),
    (_BALL, r"z#0", r"dtype=eta\.dtype", "all are of one dtype"),
    (_BALL, r"return#1", r"astype\((?!y)|copy=True", "all are of one dtype"),
    (_BALL, r"lam#0", "zeros_like", "0, of a shape that broadcasts alike"),
    (_BALL, r"slope#0", "w", "another slope, with which the iteration ends at the same point"),
    (_BALL, r"rise#1", "outside", "Newton's steps rise, and an inward point moves nowhere"),
)  # fmt: skip
LIMITS = Limits(call=2.0, seconds=600)


def changed(task, folder, seed):
    """Yield (number of the function, key of the line, mutant of its right side)."""
    for k, known in enumerate(expected(task, seed)):
        place = known["spec"]["place"]
        tree = ast.parse((folder / "student" / f"{place.split('.')[0]}.py").read_text())
        owner = next((n for n in tree.body if getattr(n, "name", "") == place.split(".")[1]), None)
        function = located(tree, place)
        wanted = {(line["target"], line["nth"]): line["key"] for line in known["spec"]["lines"]}
        count, keys = Counter(), {}
        for node in sorted(
            (n for n in ast.walk(function) if target_of(n) and not isinstance(n, ast.AugAssign)),
            key=lambda n: n.lineno,
        ):
            target = target_of(node)
            if (target, count[target]) in wanted:
                keys[ast.unparse(node), node.lineno] = wanted[target, count[target]]
            count[target] += 1
        for (text, line), key in keys.items():
            statement = ast.parse(text).body[0] if target_of(ast.parse(text).body[0]) else None
            for before, after, _ in mutants(function, {line}, owner):
                if before != text:
                    continue
                new = ast.parse(after).body[0]
                if target_of(new) == target_of(statement):
                    yield k, key, ast.unparse(new.value)


def survivors(task, seed):
    """Return how many mutants a task has, and those that no hidden test notices."""
    with tempfile.TemporaryDirectory() as name:
        folder, known = Path(name), expected(task, seed)
        write(task.files(seed, solution=True), folder)
        every = list(dict.fromkeys(changed(task, folder, seed)))
        runs = [{"spec": known[k]["spec"], "replaced": {key: code}} for k, key, code in every]
        answers = ask(folder, runs, LIMITS)
    assert not isinstance(answers, str), answers
    alive = [
        (known[k]["spec"]["place"], key, code)
        for (k, key, code), answer in zip(every, answers, strict=True)
        if answer["calls"]
        and all(
            same(e["returned"], g["returned"], known[k]["rtol"])
            for e, g in zip(known[k]["calls"], answer["calls"], strict=True)
        )
    ]
    return len(every), alive


def reason_for(place, key, code):
    """Why a mutant computes the same, "" if nothing says so."""
    fits = (why for of, line, pattern, why in EQUIVALENT
            if of == place and line == key and re.search(pattern, code))  # fmt: skip
    return next(fits, "")


def main():
    """Print the table; return the exit code."""
    bad = 0
    print(f"{'task':<22}{'mutants':>9}{'killed':>9}{'equivalent':>12}{'survived':>10}")
    for task in TASKS:
        every, alive = survivors(task, 0)
        unknown = [mutant for mutant in alive if not reason_for(*mutant)]
        bad += len(unknown)
        print(
            f"{task.folder:<22}{every:>9}{every - len(alive):>9}"
            f"{len(alive) - len(unknown):>12}{len(unknown):>10}"
        )
        for place, key, code in unknown:
            print(f"    survived: {place}, {key}: {code}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
