"""Runs a function's own lines and notes its local variables around those with equations."""

from __future__ import annotations
import __future__

import ast
import copy
import importlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from problems.reading.equations import PACKAGES, Equation, Source, in_source, sources

__all__ = ["RESULT", "Module", "Traced", "define", "equations_at", "module_of", "node_at"]

#: Name under which the notes hold what a function returns.
RESULT = "__result__"
#: How often the lines of a loop are compared.
_FIRST = 2


class Module(NamedTuple):
    """A module whose lines carry equations.

    Parameters
    ----------
    source : Source
        Its dotted name, the path of its file, and its text. The symbols of the equations are
        looked up under the dotted name, and errors name the file.
    tree : ast.Module
        Its syntax tree.
    namespace : dict
        Its global names.
    equations : tuple of Equation
        Its equations, in the order of the lines.
    symbols : mapping of str to str
        LaTeX -> code, beside the notation of its place.
    """

    source: Source
    tree: ast.Module
    namespace: dict[str, Any]
    equations: tuple[Equation, ...]
    symbols: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def of(cls, source: Source, namespace: dict[str, Any]) -> Module:
        """Return the module of a source whose global names are known.

        Raises
        ------
        ValueError
            If a comment is nearly an equation, as `problems.reading.equations.in_source`.
        SyntaxError
            If the text is not Python.
        """
        return cls(source, ast.parse(source.text), namespace, in_source(source))

    def node_at(self, place: str) -> Any:
        """Return the function or class at a place, as a syntax tree.

        Raises
        ------
        LookupError
            If there is none.
        """
        name = self.source.module
        node: Any = self.tree
        for part in place.removeprefix(f"{name}.").split("."):
            named = [n for n in node.body if getattr(n, "name", None) == part]
            if not named:
                raise LookupError(f"no function or class {place!r} in {self.source.file}")
            node = named[0]
        return node

    def equations_at(self, place: str) -> tuple[Equation, ...]:
        """Return the equations of a function, with those of functions within it."""
        return tuple(e for e in self.equations if f"{e.place}.".startswith(f"{place}."))


@cache
def module_of(place: str) -> Module:
    """Return the module of the packages that a place is in.

    Raises
    ------
    LookupError
        If the place is in no module of adabound_np or autograd_lite.

    Examples
    --------
    >>> module_of("adabound_np.adam.Adam.moments").source.file
    'adabound_np/adam.py'
    """
    every = [source for package in PACKAGES for source in sources(package)]
    fits = [source for source in every if f"{place}.".startswith(f"{source.module}.")]
    if not fits:
        raise LookupError(f"place must be in a module of {' or '.join(PACKAGES)}, got {place!r}")
    source = max(fits, key=lambda source: len(source.module))
    return Module.of(source, vars(importlib.import_module(source.module)))


def node_at(place: str) -> Any:
    """Return the function or class at a place of the packages, as a syntax tree.

    Raises
    ------
    LookupError
        If there is none.

    Examples
    --------
    >>> node_at("adabound_np.adam.Adam.moments").name
    'moments'
    """
    return module_of(place).node_at(place)


@cache
def equations_at(place: str) -> tuple[Equation, ...]:
    r"""Return the equations of a function of the packages, with those of functions within it.

    Raises
    ------
    LookupError
        If the place is in no module of the packages.

    Examples
    --------
    >>> [equation.latex for equation in equations_at("adabound_np.bounds.DynamicBounds.eta_l")]
    ['\\eta_l(t) = \\alpha^* (1 - 1 / (\\gamma t + 1))']
    """
    return module_of(place).equations_at(place)


def define(tree: ast.FunctionDef, namespace: dict[str, Any], place: str) -> Callable[..., Any]:
    """Define a function in a namespace; return it.

    Parameters
    ----------
    tree : ast.FunctionDef
        The function.
    namespace : dict
        Global names, to which the function's own is added.
    place : str
        Name of the code in tracebacks.

    Examples
    --------
    >>> tree = ast.parse("def double(x): return k * x").body[0]
    >>> define(tree, {"k": 2}, "an example")(3)
    6
    """
    module = ast.fix_missing_locations(ast.Module([tree], []))
    flags = __future__.annotations.compiler_flag
    exec(compile(module, place, "exec", flags, dont_inherit=True), namespace)
    function: Callable[..., Any] = namespace[tree.name]
    return function


class _Notes(ast.NodeTransformer):
    """Puts notes of all local variables around the statements with equations, and at returns."""

    def __init__(self, equations: Iterable[Equation]) -> None:
        self.first = {e.line for e in equations}
        self.last = {e.nodes[-1].lineno: e.line for e in equations}
        self.targets: dict[int, str] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)

    def visit(self, node: ast.AST) -> Any:
        new = super().visit(node)
        if not isinstance(node, ast.stmt) or isinstance(node, ast.FunctionDef):
            return new
        before, line = list[ast.stmt](), node.lineno
        if line in self.first:
            before = [self.note(line, "before")]
            self.targets[line] = _target(node)
        if isinstance(node, ast.Return) and node.value is not None:
            kept = ast.Assign([ast.Name(RESULT, ast.Store())], node.value)
            give = ast.Return(ast.Name(RESULT, ast.Load()))
            return [*before, kept, self.note(line, "after"), self.note(0, "return"), give]
        after = [self.note(self.last[line], "after")] if line in self.last else []
        return [*before, new, *after]

    @staticmethod
    def note(line: int, when: str) -> ast.stmt:
        return ast.parse(f"__note__({line}, {when!r}, locals())").body[0]


def _target(node: ast.stmt) -> str:
    """What a statement gives a value to: "return" if it returns it, "" if it is none of these."""
    if isinstance(node, ast.Return):
        return "return"
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    return ast.unparse(node.target) if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else ""


class Traced:
    """A function, or a mutant of it, that notes its local variables when it runs.

    Parameters
    ----------
    place : str
        Module, class and function, with dots.
    mutant : ast.FunctionDef, optional
        Function to run in its place, with the same numbers of lines.
    module : Module, optional
        Module with the function (default the packages' own).

    Attributes
    ----------
    equations : tuple of Equation
        Equations of the function and of those within it.
    targets : dict of int to str
        First line of each statement with an equation -> the code it gives a value to.
    namespace : dict
        Global names of the function.
    symbols : mapping of str to str
        LaTeX -> code, beside the notation of the place.
    notes : dict
        (line, "before" or "after") and (0, "return") -> local variables by name, a dict for
        each time that the statement ran; arrays are copies.

    Raises
    ------
    LookupError
        If there is no function at the place.

    Examples
    --------
    >>> from adabound_np import DynamicBounds
    >>> lower = Traced("adabound_np.bounds.DynamicBounds.eta_l")
    >>> lower(DynamicBounds(0.1, 1.0), 1)
    0.05
    >>> (line,) = lower.equations
    >>> [(before["t"], after[RESULT]) for before, after in lower.pairs(line)]
    [(1, 0.05)]
    """

    def __init__(
        self, place: str, mutant: ast.FunctionDef | None = None, module: Module | None = None
    ) -> None:
        module = module or module_of(place)
        self.place, self.equations = place, module.equations_at(place)
        self.symbols = module.symbols
        notes = _Notes(self.equations)
        tree = notes.visit(copy.deepcopy(mutant or module.node_at(place)))
        self.targets = notes.targets
        self.namespace = {**module.namespace, "__note__": self._note}
        self.notes: dict[tuple[int, str], list[dict[str, Any]]] = {}
        self._function = define(tree, self.namespace, place)

    def _note(self, line: int, when: str, local: dict[str, Any]) -> None:
        copied = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in local.items()}
        self.notes.setdefault((line, when), []).append(copied)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the function; the notes are then those of this run."""
        self.notes = {}
        return self._function(*args, **options)

    def pairs(self, equation: Equation) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Return the local variables before and after an equation's lines, the first two times.

        When Newton's method has converged, its steps are differences of nearly equal numbers.
        """
        before = self.notes.get((equation.line, "before"), [])
        after = self.notes.get((equation.line, "after"), [])
        return list(zip(before, after, strict=True))[:_FIRST]
