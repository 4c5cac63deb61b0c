r"""The update lines as JavaScript, translated from the installed source.

The lines are elementwise arithmetic, so they mean the same in both languages: a number of
JavaScript is a float64, and + - * / and square roots round alike. Powers, exponentials and
logarithms may differ in the last place. What a line of a class calls is translated with it; what
has no translation is refused, with its file and line.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from adabound_np.schedules import RunningProduct
from problems.reading.equations import Equation, Source, in_source
from problems.reading.javascript_expressions import (
    Expressions,
    File,
    Here,
    UntranslatableError,
    is_method,
)
from problems.reading.javascript_names import literal, word

__all__ = ["METHODS", "Translation", "translate"]

#: Methods of a class that are translated, where it has them, with those that they call.
METHODS = (
    *("__post_init__", "__call__", "product", "eta_l", "eta_u", "project"),
    *("slopes", "least", "value", "partials"),
    *("symbols", "fresh", "moments", "learning_rate", "move", "advance"),
)
#: Attributes of a class that its objects carry.
_CARRIED = ("feasible", "minimum")


class Translation(NamedTuple):
    """Classes in JavaScript.

    Attributes
    ----------
    code : str
        Declarations of functions and classes, in an order in which they can stand.
    names : dict of type to str
        The name of each class.
    equations : list of Equation
        The equations that ``note`` is called with the number of, where lines are traced.
    """

    code: str
    names: dict[Any, str]
    equations: list[Equation]


def translate(
    classes: Iterable[type], traced: bool = False, functions: Iterable[Callable[..., Any]] = ()
) -> Translation:
    """Translate classes and what they use.

    Parameters
    ----------
    classes : iterable of type
        Optimizers; schedules, bounds, sets and problems that are data classes.
    traced : bool
        Whether each line with an equation also calls ``note(number, value, filled)``: the number
        of its equation, what it computed, and a function that gives the line as text with its
        numbers filled in.
    functions : iterable of function
        Functions of modules that are called by name.

    Raises
    ------
    UntranslatableError
        If a line has no translation, naming file and line.

    Examples
    --------
    >>> from adabound_np import InvSqrt
    >>> "return (1 / sqrt(t));" in translate([InvSqrt]).code
    True
    """
    work = _Work(traced)
    for item in (*classes, *functions):
        work.name_of(item)
    done: dict[Any, str] = {}
    while len(done) < len(work.names):
        todo = next(item for item in work.names if item not in done)
        done[todo] = work.class_(todo) if isinstance(todo, type) else work.function(todo)
    code = "\n".join(done[item] for item in reversed(work.names))
    names = {item: name for item, name in work.names.items() if isinstance(item, type)}
    return Translation(code, names, work.equations)


@cache
def _file(path: str, module: str) -> File:
    text = Path(path).read_text(encoding="utf-8")
    top = module.partition(".")[0]
    inside = top in ("adabound_np", "autograd_lite", "problems")
    name = path[path.rindex(top) :].replace("\\", "/") if inside else path
    equations = {e.line: e for e in in_source(Source(module, name, text))}
    return File(name, ast.parse(text), equations)


class _Work(Expressions):
    """What is translated, and what has still to be."""

    def __init__(self, traced: bool) -> None:
        super().__init__()
        self.traced = traced
        self.equations: list[Equation] = []

    def function(self, function: FunctionType) -> str:
        """A function of a module."""
        file = _file_of(function)
        node = _named(file, file.tree, function.__name__)
        self.here = Here(file, function.__globals__)
        return f"function {self.names[function]}{self.body(node)}"

    def class_(self, cls: type) -> str:
        """A class with its methods, inherited ones included."""
        parts = [self.constructor(cls)]
        self.called = [method for method in METHODS if is_method(cls, method)]
        for name in self.called:  # grows while its methods are translated
            base, _, method = name.rpartition("$")
            owners = [k for k in cls.__mro__ if method in vars(k)]
            owner = next(k for k in owners if not base or k.__name__ == base)
            file, node = _file_of(owner), getattr(owner, method)
            tree: Any = file.tree
            for part in node.__qualname__.split("."):
                tree = _named(file, tree, part)
            self.here = Here(file, node.__globals__, cls, owner)
            static = "static " if hasattr(cls, "State") else ""
            parts.append(f"{static}{name}{self.body(tree)}")
        kept = " extends Remembering" if issubclass(cls, RunningProduct) else ""
        return _block(f"class {self.names[cls]}{kept}", parts)

    def constructor(self, cls: type) -> str:
        """The constructor; an optimizer has none, but the class of its state."""
        if hasattr(cls, "State"):
            return f"static State = {self.name_of(cls.State)};"
        if not hasattr(cls, "_fields") and not dataclasses.is_dataclass(cls):
            raise UntranslatableError(f"{cls.__qualname__} must be an optimizer or a data class")
        given, body, before = list[str](), list[str](), ""
        if hasattr(cls, "_fields"):
            before = f"static fields = {json.dumps(cls._fields)};\n"
            given = [word(name) for name in cls._fields]
            body = [f"this.{name} = {name};" for name in given]
        elif dataclasses.is_dataclass(cls):
            body = ["super();"] if issubclass(cls, RunningProduct) else []
            for f in dataclasses.fields(cls):
                known = f.default is not dataclasses.MISSING
                value = literal(f.default, self.name_of) if known else ""
                if f.init:
                    given.append(word(f.name) + (f" = {value}" if known else ""))
                if f.init or known:
                    body.append(f"this.{word(f.name)} = {word(f.name) if f.init else value};")
            fields = {f.name for f in dataclasses.fields(cls)}
            for name in _CARRIED:
                carried = getattr(cls, name, None)
                if name not in fields and carried is not None:
                    body.append(f"this.{name} = {literal(carried, self.name_of)};")
        if is_method(cls, "__post_init__"):
            body.append("this.__post_init__();")
        return before + _block(f"constructor({', '.join(given)})", body)

    def body(self, node: ast.FunctionDef) -> str:
        """Parameters and body of a function."""
        a = node.args
        if a.vararg or a.kwarg or a.kwonlyargs or a.defaults:
            raise self.refusal(node)
        arguments = [argument.arg for argument in (*a.posonlyargs, *a.args)]
        stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
        assigned = {n.id for n in stored if isinstance(n.ctx, ast.Store)} - set(arguments)
        self.here = self.here._replace(locals=frozenset({*arguments, *assigned} - {"self"}))
        lines = list(self.statements(node.body))
        if assigned:
            lines.insert(0, f"let {', '.join(sorted(map(word, assigned)))};")
        given = (word(argument) for argument in arguments if argument != "self")
        return _block(f"({', '.join(given)})", lines)

    def statements(self, nodes: list[ast.stmt]) -> Iterator[str]:
        """Statements, without what a known test leaves out."""
        for node in nodes:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue  # a docstring
            if not isinstance(node, ast.If):
                yield self.visit(node)
                continue
            test = self.visit(node.test)
            if test in ("true", "false"):
                known = node.body if test == "true" else node.orelse
                yield from self.statements(known)
                if known and isinstance(known[-1], (ast.Return, ast.Raise)):
                    return
                continue
            yield _block(f"if ({test})", list(self.statements(node.body)))
            if node.orelse:
                yield _block("else", list(self.statements(node.orelse)))

    def visit_For(self, node: ast.For) -> str:
        target, over = self.visit(node.target), node.iter
        if node.orelse:
            raise self.refusal(node)
        if isinstance(over, ast.Call) and ast.unparse(over.func) == "range" and len(over.args) == 2:
            first, last = self.all(over.args)
            head = f"{target} = {first}; {target} < {last}; {target}++"
        else:
            head = f"{target} of {self.visit(over)}"
        return _block(f"for ({head})", list(self.statements(node.body)))

    def visit_Return(self, node: ast.Return) -> str:
        return self.noted(node, node.value or ast.Constant(None), "return ")

    def visit_Assign(self, node: ast.Assign) -> str:
        return self.noted(node, node.value, "".join(f"{t} = " for t in self.all(node.targets)))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> str:
        return self.noted(node, node.value or ast.Constant(None), f"{self.visit(node.target)} = ")

    def visit_AugAssign(self, node: ast.AugAssign) -> str:
        value = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        return self.noted(node, value, f"{self.visit(node.target)} = ")

    def visit_Raise(self, node: ast.Raise) -> str:
        if not isinstance(node.exc, ast.Call):
            raise self.refusal(node)
        return f"throw new RangeError({', '.join(self.all(node.exc.args))});"

    def visit_Expr(self, node: ast.Expr) -> str:
        return f"{self.visit(node.value)};"

    def noted(self, node: ast.stmt, value: ast.expr, into: str) -> str:
        """An assignment or return; one with an equation is traced, if that is asked for."""
        code, equation = self.visit(value), self.here.file.equations.get(node.lineno)
        if not self.traced or equation is None:
            return f"{into}{code};"
        if equation not in self.equations:
            self.equations.append(equation)
        number = self.equations.index(equation)
        return f"{into}note({number}, () => {code}, () => `{self.filled(value)}`);"


def _file_of(item: Any) -> File:
    """The file of a class or function."""
    try:
        path = inspect.getsourcefile(item)
    except TypeError:
        path = None
    if path is None or not Path(path).is_file():
        raise UntranslatableError(f"the source of {item.__qualname__} must be in a file")
    return _file(path, item.__module__)


def _named(file: File, tree: Any, name: str) -> Any:
    """A class or function in a tree; the last of its name, as in Python."""
    found = [node for node in getattr(tree, "body", ()) if getattr(node, "name", None) == name]
    if not found:
        raise UntranslatableError(f"{file.name} must have {name} as a class or function of its own")
    return found[-1]


def _block(head: str, body: list[str]) -> str:
    inside = "\n".join(body).replace("\n", "\n  ")
    return f"{head} {{\n  {inside}\n}}"
