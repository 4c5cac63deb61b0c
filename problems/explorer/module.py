"""The JavaScript module: the translated lines, what they call, and what runs them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.resources import files
from typing import Any

import numpy as np

from adabound_np import Box, Unconstrained, __version__
from adabound_np.algorithm import at_rest
from adabound_np.bounds import DynamicBounds, PairOfBounds, SavareseBounds
from adabound_np.schedules import (
    Constant,
    Geometric,
    Harmonic,
    InverseTime,
    InvSqrt,
    OneMinusInverse,
    Scaled,
)
from problems.forms import in_paper, on, released
from problems.online.functions import Fixed, Quadratic, Quadratic2D, Rescaled, Rosenbrock
from problems.online.problem import Linear
from problems.online.sequences import setting
from problems.optimizers import OPTIMIZERS, Spec, entry, label, style, title
from problems.reading.equations import Equation
from problems.reading.javascript import Translation, translate
from problems.reading.javascript_names import literal
from problems.reading.trace import clipped, columns_of

__all__ = ["FUNCTIONS", "OWN", "SEEDS", "SEQUENCES", "Module", "module", "page_file"]

#: Sequences of the page, and what of their problem can be set.
SEQUENCES = {
    "reddi-theorem1": ("C",),
    "reddi-online": ("C",),
    "reddi-stochastic": ("seed",),
    "reddi-theorem2": ("C",),
    "luo-theorem1": ("C",),
    "savarese": ("seed", "C"),
}
#: Constants of the page that are not those of the theorem: cycles short enough to watch.
OWN: dict[str, dict[str, Any]] = {
    "reddi-theorem2": {"C": 40.0},
    "savarese": {"K": 5000.0},
}
#: Functions of the page, and what of them can be set.
FUNCTIONS: dict[str, tuple[type[Fixed], tuple[str, ...]]] = {
    "quadratic": (Quadratic, ("scale",)),
    "quadratic-2d": (Quadratic2D, ("scale", "condition")),
    "rosenbrock": (Rosenbrock, ("scale",)),
}
#: Seeds of the random sequences.
SEEDS = 10
#: Classes that lines of JavaScript name, beside the optimizers and the problems.
_CLASSES = (
    *(InvSqrt, Constant, InverseTime, Geometric, Harmonic, OneMinusInverse, Scaled),
    *(DynamicBounds, SavareseBounds, PairOfBounds, Box, Unconstrained, Linear, Rescaled),
)


class Module:
    """The module as text, with the equations of its traced lines.

    Attributes
    ----------
    code : str
        An ES module without exports, as a page or a worker needs it.
    equations : list of Equation
        The equations whose numbers `box` gives.
    """

    def __init__(self, optimizers: dict[str, Spec]) -> None:
        plain, traced = (_translated(optimizers, traced) for traced in (False, True))
        self.equations: list[Equation] = traced.equations
        parts = [
            f"// Translated from the lines of adabound-np {__version__}: the classes are not "
            "written by hand.",
            f"const SEEDS = [{', '.join(map(_state, range(SEEDS)))}];",
            f"const DATA = {json.dumps(_data(optimizers), allow_nan=False)};",
            page_file("runtime.js"),
            _set("plain", "clip", plain, optimizers),
            _set("traced", "noted_clip", traced, optimizers),
            page_file("engine.js"),
            page_file("course.js"),
        ]
        self.code = "\n".join(parts)

    def exported(self) -> str:
        """The module with its exports."""
        names = "DATA, Run, box, course, ends, plane, plain, quantities, traced, within"
        return f"{self.code}\nexport {{ {names} }};\n"


def module(optimizers: Iterable[Spec] = tuple(OPTIMIZERS)) -> Module:
    """Translate optimizers, and the problems of the page.

    Raises
    ------
    UntranslatableError
        If a line has no translation, naming file and line.
    """
    return Module({label(spec): spec for spec in optimizers})


def page_file(name: str) -> str:
    """Text of a file of the page."""
    return (files("problems.explorer") / "page" / name).read_text(encoding="utf-8")


def _translated(optimizers: dict[str, Spec], traced: bool) -> Translation:
    classes = [entry(spec).cls for spec in optimizers.values()]
    sequences = [type(setting(name).problem) for name in SEQUENCES]
    functions = [cls for cls, _ in FUNCTIONS.values()]
    return translate([*classes, *_CLASSES, *sequences, *functions], traced, [at_rest, clipped])


def _set(name: str, clip: str, made: Translation, optimizers: dict[str, Spec]) -> str:
    """The translated classes in a scope of their own, with what makes objects of them."""
    names = made.names
    lines = [
        f"    {json.dumps(key)}: {_optimizer(spec, names)}," for key, spec in optimizers.items()
    ]
    lines += ["  },", "  problems: {"]
    for problem, fields in SEQUENCES.items():
        cls = names[type(setting(problem).problem)]
        inner = f"new {cls}({', '.join(f'p.{field}' for field in fields)})"
        bounds = (
            "bounds: (p) => new SavareseBounds(p.alpha, p.C, p.beta2, p.K)"
            if problem == "savarese"
            else ""
        )
        lines.append(
            f'    "{problem}": {{ make: (p) => new Rescaled({inner}, p.scale), {bounds} }},'
        )
    for problem, (function, fields) in FUNCTIONS.items():
        inner = f"new {names[function]}({', '.join(f'p.{field}' for field in fields)})"
        lines.append(f'    "{problem}": {{ make: (p) => {inner} }},')
    body = "\n".join([made.code, page_file("lines.js"), "return {", "  optimizers: {", *lines])
    classes = ", ".join(names.values())
    given = f"classes: {{ {classes} }},\n  at_rest, clipped, fresh, hyperparameters"
    return f"const {name} = ((clip) => {{\n{body}\n  }},\n  {given},\n}};\n}})({clip});"


def _optimizer(spec: Spec, names: dict[Any, str]) -> str:
    """An optimizer's class, and the arguments of its two forms."""
    e = entry(spec)

    def of(cls: type) -> str:
        return names[cls]

    forms = {"paper": in_paper(spec, schedule="inv-sqrt"), "released": released(spec)}
    parts = [
        f"{form}: {literal({**optimizer.defaults, 'feasible': None}, of)}"
        for form, optimizer in forms.items()
    ]
    given = {key: True for key in e.names if {key, *e.names[key]} & e.given.keys()}
    common = literal({"names": dict(e.names), "given": given}, of)
    return f"{{ cls: {names[e.cls]}, {', '.join(parts)}, ...{common} }}"


def _state(seed: int) -> str:
    """The state of NumPy's generator of a seed, and its increment."""
    state: Any = np.random.PCG64(seed).state["state"]
    return f"[{state['state']:#x}n, {state['inc']:#x}n]"


def _data(optimizers: dict[str, Spec]) -> dict[str, Any]:
    """What the page knows of optimizers and problems."""
    problems: dict[str, Any] = {}
    for name, fields in SEQUENCES.items():
        s = setting(name)
        own = {"beta1": s.beta1, "beta2": s.beta2, "alpha": s.lr, **_constants(s.problem, fields)}
        problems[name] = {"x1": s.x1, "defaults": {**own, **OWN.get(name, {})}}
    for name, (function, fields) in FUNCTIONS.items():
        start = function.start if len(function.start) > 1 else function.start[0]
        own = {"beta1": 0.9, "beta2": 0.999, "alpha": 0.1, **_constants(function(), fields)}
        problems[name] = {"x1": start, "defaults": own}
    shown = {
        name: {
            "title": title(name),
            "color": style(name)["color"],
            "columns": [c.key for c in columns_of(on(setting("reddi-online"), spec))],
        }
        for name, spec in optimizers.items()
    }
    return {"problems": problems, "optimizers": shown}


def _constants(problem: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: getattr(problem, field) for field in fields}
