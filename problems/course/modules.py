"""The modules that assignments are made from, with an equation above every assigned line."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache

from problems.course.guard import SOLVED
from problems.reading.equations import Equation, Source, in_source, sources

__all__ = ["equations_in", "equations_of", "right_side", "sources_of", "stem"]

#: Packages with the solved lines.
#: Equations of lines that have none in the source: module -> (start of the line, equation).
_ADDED: dict[str, tuple[tuple[str, str], ...]] = {
    "problems.online.sequences.reddi_theorem1": (
        (
            "        return self.scale * np.where(np.arange",
            r"c_t = s (C [t \bmod 3 = 1] - [t \bmod 3 \ne 1])        [Reddi18 Thm. 1]",
        ),
    ),
    "problems.online.sequences.reddi_online": (
        (
            "        return np.where(np.arange",
            r"c_t = 10 C [t \bmod C = 1] - 10 [t \bmod C \ne 1]        [Reddi18 Sec. 6]",
        ),
    ),
    "problems.online.problem": (
        (
            "        end = np.where",
            r"e = u [c < 0] + l [c \ge 0]        [the end of F where c x is least]",
        ),
        (
            "        least: NDArray",
            r"\min_{x \in F} c x = [c \ne 0] c e        [0 for c = 0, also if e is infinite]",
        ),
    ),
    "problems.online.protocol": (
        ("        paid: NDArray", r"P_t = \sum_{i \le t} f_i(x_i)        [Luo19 Sec. 2]"),
        (
            "        return (paid.T",
            r"R_t = P_t - \min_{x \in F} \sum_{i \le t} f_i(x)        [Luo19 Sec. 2]",
        ),
        ("        average: NDArray", r"A_t = R_t / t        [Luo19 Sec. 2]"),
    ),
    "autograd_lite.engine": (
        (
            "        x_bar = x_bar.sum(",
            r"\bar{x} \leftarrow \sum \bar{x}        [over the axes along which x was broadcast]",
        ),
        (
            "                grads[id(parent)] = x_bar if",
            r"\bar{p} = \bar{p} + \bar{x}        [a node that was used before adds up]",
        ),
    ),
}


@lru_cache
def sources_of(generated: tuple[Source, ...] = ()) -> Mapping[str, Source]:
    """Return all modules by their dotted names, with the equations that the course adds."""
    found = {s.module: s for name in SOLVED for s in sources(name)}
    for module, rows in _ADDED.items():
        text = found[module].text
        for start, equation in rows:
            if text.count(f"\n{start}") != 1:
                raise ValueError(f"{module} must have one line that starts {start!r}")
            indent = start[: len(start) - len(start.lstrip())]
            text = text.replace(f"\n{start}", f"\n{indent}# {equation}\n{start}")
        found[module] = Source(module, found[module].file, text)
    return {**found, **{s.module: s for s in generated}}


def stem(place: str, modules: Iterable[str]) -> str:
    """Return the module that a place is in.

    Examples
    --------
    >>> stem("adabound_np.adam.Adam.moments", ["adabound_np", "adabound_np.adam"])
    'adabound_np.adam'
    """
    return max((m for m in modules if f"{place}.".startswith(f"{m}.")), key=len)


def equations_of(place: str, modules: Mapping[str, Source]) -> list[Equation]:
    """Return the equations of a function, or of the rules of an operation."""
    every = equations_in(modules[stem(place, modules)])
    return [e for e in every if f"{e.place}.".startswith(f"{place}.")]


@lru_cache
def equations_in(source: Source) -> tuple[Equation, ...]:
    """Return a module's equations in the order of their lines."""
    return in_source(source)


def right_side(node: ast.AST) -> ast.expr:
    """Return the right side of a statement, or the body of a rule."""
    value = node.body if isinstance(node, ast.Lambda) else getattr(node, "value", None)
    if not isinstance(value, ast.expr):
        raise TypeError(f"a line must have a right side, got {ast.unparse(node)!r}")
    return value
