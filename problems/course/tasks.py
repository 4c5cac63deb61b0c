"""The nine assignments: which functions of the source each has, and what is expected of them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from problems.course.calls import calls
from problems.course.generated import constants, generated
from problems.course.modules import equations_of, right_side, sources_of, stem
from problems.course.runner import target_of
from problems.course.source import package
from problems.reading.equations import Equation, Source

__all__ = ["TASKS", "Task", "task_of"]


@dataclass(frozen=True)
class Task:
    """An assignment.

    Parameters
    ----------
    number : int
        Number, from 1.
    name, title : str
        Short name, as in files; title.
    section : str
        Section of the paper.
    minutes : int
        Time that it takes.
    places : tuple of str
        Functions whose lines are assigned: module, class and function, or an operation's rules.
    given : tuple of str
        Functions and classes that the handout has besides.
    rtol : float
        Relative error that is still right.
    shown : int or None
        Number of lines of each function whose values the visible tests have; None for all.
    """

    number: int
    name: str
    title: str
    section: str
    minutes: int
    places: tuple[str, ...]
    given: tuple[str, ...] = ()
    rtol: float = 1e-9
    shown: int | None = None

    @property
    def folder(self) -> str:
        """Name of the handout's folder."""
        return f"task{self.number}-{self.name}"

    def text(self, seed: int) -> str:
        """Return the assignment's text in Markdown, with the cohort's constants."""
        text = _resource(f"texts/{self.number}.md")
        for name, value in constants(seed).items():
            text = text.replace(f"{{{name}}}", f"{value:g}")
        return text

    @property
    def picture(self) -> str:
        """Return the script that draws the expected picture."""
        return _resource(f"pictures/{self.number}.py.txt")

    def files(self, seed: int, *, solution: bool) -> dict[str, str]:
        """Return the files of the package ``student``: path -> text."""
        blank = frozenset[str]() if solution else _assigned(seed)
        return package((*self.places, *self.given), sources_of(generated(seed)), blank)

    def specs(self, seed: int) -> list[dict[str, Any]]:
        """Return the assigned functions and rules, as `problems.course.runner` takes them."""
        modules = sources_of(generated(seed))
        return [spec for place in self.places for spec in _specs(place, modules, seed)]


def _specs(place: str, modules: Mapping[str, Source], seed: int) -> list[dict[str, Any]]:
    module = stem(place, modules)
    short = place.replace(module, module.rpartition(".")[2], 1)
    equations = equations_of(place, modules)
    if place.endswith(".vjps"):
        return [
            {
                "place": f"{short}[{k}]",
                "lines": [
                    {"key": "return#0", "target": "return", "nth": 0, "latex": equation.latex}
                ],
                "calls": calls(f"{place}[{k}]", seed),
                "most": 1,
            }
            for k, equation in enumerate(equations)
        ]
    lines = _lines(place.removeprefix(f"{module}."), modules[module], equations)
    inputs = calls(place, seed)
    most = 99 if isinstance(inputs[0], str) else 2  # of Newton's method the first steps
    return [{"place": short, "lines": lines, "calls": inputs, "most": most}]


def _lines(path: str, source: Source, equations: list[Equation]) -> list[dict[str, Any]]:
    """The lines of a function: which statement of those that give a value to a name it is."""
    node: Any = source.tree
    for part in path.split("."):
        node = next(n for n in node.body if getattr(n, "name", None) == part)
    statements = sorted(
        (n for n in ast.walk(node) if target_of(n) and not isinstance(n, ast.AugAssign)),
        key=lambda n: n.lineno,  # type: ignore[attr-defined]
    )
    lines, count = list[dict[str, Any]](), dict[str, int]()
    at = {e.line: e for e in equations}
    for statement in statements:
        target = target_of(statement)
        nth = count[target] = count.get(target, -1) + 1
        equation = at.get(statement.lineno)  # type: ignore[attr-defined]
        if equation:
            row = {"key": f"{target}#{nth}", "target": target, "nth": nth}
            lines.append({**row, "latex": equation.latex})
    return lines


@cache
def _assigned(seed: int) -> frozenset[str]:
    """The right sides of all tasks."""
    modules = sources_of(generated(seed))
    every = [e for task in TASKS for place in task.places for e in equations_of(place, modules)]
    return frozenset(ast.unparse(right_side(e.nodes[0])) for e in every)


def _resource(path: str) -> str:
    return files("problems.course").joinpath(path).read_text(encoding="utf-8")


_A, _O, _E = "adabound_np", "problems.online", "autograd_lite"

TASKS: tuple[Task, ...] = (
    Task(
        1, "by-hand", "AdaBound by hand", "Luo et al., Algorithm 2", 45,
        ("course.by_hand.two_steps",), rtol=5e-4, shown=2,
    ),
    Task(
        2, "adam", "Adam and bias correction", "Luo et al., Table 1; Kingma and Ba, Algorithm 1",
        60,
        (f"{_A}.adam.Adam.moments", f"{_A}.adam.Adam.learning_rate"),
    ),
    Task(
        3, "amsgrad", "Why Adam fails", "Reddi et al., Theorem 1, Algorithm 2 and Section 6", 75,
        (
            f"{_A}.amsgrad.AMSGrad.moments",
            f"{_O}.sequences.reddi_theorem1.ReddiTheorem1.slopes",
            f"{_O}.sequences.reddi_online.ReddiOnline.slopes",
        ),
    ),
    Task(
        4, "adabound", "AdaBound: the clip and its bounds", "Luo et al., Section 4, Algorithm 2",
        90,
        (
            f"{_A}.adabound.AdaBound.moments",
            f"{_A}.adabound.AdaBound.learning_rate",
            f"{_A}.bounds.DynamicBounds.eta_l",
            f"{_A}.bounds.DynamicBounds.eta_u",
        ),
    ),
    Task(
        5, "projection", "The weighted projection", "Luo et al., Section 2 and Algorithm 1", 120,
        (f"{_A}.feasible.Box.project", f"{_A}.feasible.L2Ball.project"),
    ),
    Task(
        6, "regret", "Regret and the comparator", "Luo et al., Section 2", 45,
        (
            f"{_O}.problem.LinearProblem.least",
            f"{_O}.protocol.Trajectory.regret",
            f"{_O}.protocol.Trajectory.average_regret",
        ),
    ),
    Task(
        7, "reverse-mode", "Reverse mode", "none: how the gradients are made", 120,
        (
            f"{_E}.ops.elementwise.multiply.vjps",
            f"{_E}.ops.elementwise.divide.vjps",
            f"{_E}.ops.elementwise.exp.vjps",
            f"{_E}.engine._fit",
            f"{_E}.engine.Tensor.backward",
        ),
        given=(
            f"{_E}.engine.Tensor",
            f"{_E}.ops.elementwise.subtract",
            f"{_E}.ops.elementwise.negative",
        ),
    ),
    Task(
        8, "loss-scale", "The scale of the loss", "Luo et al., Algorithm 2 and Table 1", 60,
        ("course.scale.scaled",),
    ),
    Task(
        9, "new-bounds", "Bounds of no paper", "Luo et al., Section 4", 60,
        ("course.new_bounds.NewBounds.eta_l", "course.new_bounds.NewBounds.eta_u"),
    ),
)  # fmt: skip


def task_of(text: str) -> Task:
    """Return the task of a number, a name or a folder's name.

    Raises
    ------
    ValueError
        If there is none.

    Examples
    --------
    >>> task_of("4").name, task_of("adabound").number, task_of("task4-adabound").number
    ('adabound', 4, 4)
    """
    for task in TASKS:
        if text in (str(task.number), task.name, task.folder):
            return task
    names = ", ".join(f"{task.number} ({task.name})" for task in TASKS)
    raise ValueError(f"task must be one of {names}, got {text!r}")
