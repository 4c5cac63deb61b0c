"""Handouts and their solutions; known wrong answers; the hidden tests, measured by mutants."""

import ast
import functools
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import sympy
from scipy.optimize import minimize
from sympy.parsing.latex import parse_latex

from adabound_np import AdaBound, Box
from problems.course.causes import CAUSES, wrong_answers
from problems.course.expected import answers, expected
from problems.course.generated import constants, generated
from problems.course.guard import SOLVED
from problems.course.judge import judged
from problems.course.make import handout, make
from problems.course.modules import equations_of, right_side, sources_of
from problems.course.tasks import TASKS, task_of
from tests.problems.course.helpers import submit, verdicts
from tests.problems.course.mutants import reason_for, survivors

by_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.folder)
#: The same, of which the default run tries the fourth.
mostly_slow = pytest.mark.parametrize(
    "task",
    [task if task.number == 4 else pytest.param(task, marks=pytest.mark.slow) for task in TASKS],
    ids=lambda task: task.folder,
)


@mostly_slow
def test_the_solution_has_all_points_and_the_handout_none(task, tmp_path):
    untouched = submit(task, tmp_path / "a", solution=False)
    solved = submit(task, tmp_path / "b")
    most = sum(len(known["spec"]["lines"]) for known in expected(task, 0))
    assert {v.why for v in verdicts(task, untouched)} == {"not done yet"}
    assert [v.right for v in verdicts(task, solved)] == [True] * most


@pytest.mark.slow
@by_task
def test_a_handout_runs_by_the_command_of_its_readme(task, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for folder, code in zip(make(task, tmp_path, 0, solution=True), (1, 0), strict=True):
        assert (folder / "expected.png").read_bytes().startswith(b"\x89PNG")
        assert "python -m pytest -q" in (folder / "README.md").read_text(encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q"],
            cwd=folder, capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert ("passed" in done.stdout) == (code == 0)
    with pytest.raises(FileExistsError, match=task.folder):
        make(task, tmp_path, 0)


@functools.cache
def assigned():
    """The right sides of all tasks that say something."""
    modules = sources_of(generated(0))
    every = [e for t in TASKS for place in t.places for e in equations_of(place, modules)]
    sides = {ast.unparse(right_side(e.nodes[0])) for e in every}
    return {side for side in sides if len(side) > 8}


@by_task
def test_no_assigned_line_stands_in_the_handout(task):
    squeezed = {re.sub(r"\s", "", side) for side in assigned()}
    assert len(squeezed) > 40
    for name, text in handout(task, 0).items():
        if name == "tests/expected.json":  # numbers, and what causes wrong ones
            continue
        assert not [side for side in squeezed if side in re.sub(r"\s", "", text)], name
        if name.endswith(".py"):
            nodes = list(ast.walk(ast.parse(text)))
            assert not {ast.unparse(n) for n in nodes if isinstance(n, ast.expr)} & assigned()
            modules = [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
            modules += [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
            assert not {name.partition(".")[0] for name in modules} & set(SOLVED)


@by_task
def test_no_function_of_a_handout_has_the_bytecode_of_the_solution(task):
    files, solved = (task.files(0, solution=solution) for solution in (False, True))
    for known in expected(task, 0):
        stem, *path = known["spec"]["place"].split(".")
        name = f"student/{stem}.py"
        codes = [code_at(compile(text[name], name, "exec"), path[-1]) for text in (files, solved)]
        assert codes[0] is None or codes[0] != codes[1]


def code_at(code, name):
    """Instructions and constants of a function, None for a rule, which has no name."""
    inner = [c for c in code.co_consts if hasattr(c, "co_code")]
    for c in inner:
        found = (c.co_code, c.co_names) if c.co_name == name else code_at(c, name)
        if found:
            return found
    return None


@mostly_slow
def test_a_known_wrong_answer_costs_its_line_and_its_message_names_the_cause(task):
    every = expected(task, 0)
    right = answers(task, 0, [{"spec": known["spec"]} for known in every])
    wrong = [
        (known, key, cause, code)
        for known, answer in zip(every, right, strict=True)
        for key, row in answer["lines"].items()
        for cause, code in wrong_answers(row[3])
    ]
    runs = [{"spec": known["spec"], "replaced": {key: code}} for known, key, _, code in wrong]
    found = answers(task, 0, runs) if runs else []
    solved = {known["spec"]["place"]: a for known, a in zip(every, right, strict=True)}
    for (known, key, cause, code), answer in zip(wrong, found, strict=True):
        place = known["spec"]["place"]
        # with the right value given in its place, the function is the solution's
        run = {0: answer, 1: solved[place]}
        lines = judged(known, lambda given, run=run: run[len(given)])
        keys = [line["key"] for line in known["spec"]["lines"]]
        bad = {k: v.why for k, v in zip(keys, lines, strict=True) if not v.right}
        assert set(bad) == {key}, (code, bad)
        assert cause in bad[key], (code, bad)


def test_every_cause_belongs_to_a_line():
    lines = assigned()
    for cause, right, _ in CAUSES:
        assert any(re.search(right, line) for line in lines), cause


@mostly_slow
def test_no_mutant_of_an_assigned_line_survives_the_hidden_tests(task):
    every, alive = survivors(task, 0)
    assert every > 20
    assert [mutant for mutant in alive if not reason_for(*mutant)] == []


@pytest.mark.parametrize("seed", range(8))
def test_lines_of_the_new_bounds_compute_their_equations(seed):
    source = generated(seed)[2]
    space = {}
    exec(source.text, space)
    bounds, t = space["NewBounds"](0.3, 0.7), 3
    for name in ("eta_l", "eta_u"):
        modules = {source.module: source}
        speed, bound = (e.latex.split("=", 1)[1].split("[")[0] for e in equations_of(
            f"{source.module}.NewBounds.{name}", modules))  # fmt: skip
        values = {"gamma": 0.7, "t": t, "A": 0.3, "e": np.e}
        u = parse_latex(speed).subs(values)
        value = parse_latex(bound.replace(r"\alpha^*", r"A \cdot ")).subs({**values, "u": u})
        assert float(sympy.N(value)) == pytest.approx(getattr(bounds, name)(t), rel=1e-12)


def test_hidden_values_of_the_projection_are_those_of_slsqp():
    known = expected(task_of("projection"), 0)[1]
    for given, call in zip(known["spec"]["calls"], known["calls"], strict=True):
        ball, y, eta = given[0]["self"], np.array(given[1]), np.array(given[2])
        if ball.get("axis") is not None:
            continue  # a batch is rows of such points
        c, r, weight = np.array(ball["center"]), ball["radius"], eta.max() / eta
        inside = {"type": "ineq", "fun": lambda x, c=c, r=r: r**2 - np.sum((x - c) ** 2)}
        found = minimize(
            lambda x, y=y, w=weight: np.sum(w * (x - y) ** 2) / w.max(), call["returned"],
            method="SLSQP", constraints=inside, options={"ftol": 1e-15, "maxiter": 1000},
        )  # fmt: skip
        assert found.x == pytest.approx(call["returned"], rel=1e-4, abs=1e-4)


def test_cohorts_differ():
    assert len({generated(seed)[0].text for seed in range(8)}) == 8
    assert len({generated(seed)[2].text for seed in range(8)}) > 4
    one, other = ({k["spec"]["place"]: k["calls"] for k in expected(TASKS[3], s)} for s in (0, 1))
    assert one["adabound.AdaBound.moments"] != other["adabound.AdaBound.moments"]


def test_the_two_steps_are_those_of_the_optimizer():
    c, space = constants(3), {}
    exec(generated(3)[0].text, space)
    found = space["two_steps"]()
    optimizer = AdaBound.as_in_paper(
        lr=c["alpha"], betas=(c["beta1"], c["beta2"]), final_lr=c["final_lr"], gamma=c["gamma"],
        feasible=Box(-1, 1),
    )  # fmt: skip
    x, s = np.array(c["x1"]), optimizer.init(np.array(c["x1"]))
    for g, row in ((30.0, found[:5]), (-10.0, found[5:])):
        x, s = optimizer.update(x, np.array(g), s)
        assert row == pytest.approx(
            (s.m, s.v, row[3] * s.t**0.5, optimizer.rate(optimizer.hyper, s), x)
        )


def test_a_task_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"4 \(adabound\).*got 'adbound'"):
        task_of("adbound")
    assert handout(TASKS[0], 0)["task.txt"] == "1\n"
