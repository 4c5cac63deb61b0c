"""Expressions of the update lines as JavaScript; `problems.reading.javascript` has the rest."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import inspect
from contextlib import suppress
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from adabound_np import checks
from adabound_np.schedules import RunningProduct
from problems.reading.equations import Equation
from problems.reading.javascript_names import NAMES, RESERVED, literal, word

__all__ = ["Expressions", "File", "Here", "UntranslatableError", "is_method"]

#: How a call reads with its numbers filled in; of others only the value is shown.
_READS = {"Math.sqrt": "√", "clip": "Clip", "Math.max": "max", "Math.min": "min", "Math.exp": "exp"}
_OPERATORS: dict[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"},
    **{ast.BitOr: "|", ast.BitAnd: "&", ast.USub: "-", ast.UAdd: "+", ast.Not: "!"},
    **{ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "===", ast.NotEq: "!=="},
    **{ast.Is: "===", ast.IsNot: "!==", ast.And: "&&", ast.Or: "||"},
}
_SIGNS = {"*": "×", "-": "−", "**": "^"}
_BINDING = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.Pow: 3}
#: What the type of a number is known to be. On an array the lines would branch; here they do not.
_TYPES = {"float": "true", "(int, float)": "true", "np.ndarray": "false"}
_NOT = {"true": "false", "false": "true"}


class UntranslatableError(ValueError):
    """A line that has no translation."""


class File(NamedTuple):
    """A file of Python: its name in messages, its tree, its equations by the line below them."""

    name: str
    tree: ast.Module
    equations: dict[int, Equation]


class Here(NamedTuple):
    """Where a node stands: its file, its global names, its class and local names."""

    file: File
    globals: dict[str, Any]
    cls: type = object
    owner: type = object
    locals: frozenset[str] = frozenset()


class Expressions(ast.NodeVisitor):
    """Translates expressions, and keeps the names of the classes and functions that they need."""

    here: Here

    def __init__(self) -> None:
        #: Name of each class and function, in the order in which they were met.
        self.names: dict[Any, str] = {}
        #: Methods of the class at hand that are to be translated.
        self.called: list[str] = []

    def name_of(self, item: Any) -> str:
        """The name of a class or function, which is translated in its turn."""
        if item not in self.names:
            name, number = item.__name__, 1
            while name in self.names.values() or name in RESERVED:
                number += 1
                name = f"{item.__name__}_{number}"
            self.names[item] = name
        return self.names[item]

    def refusal(self, node: Any) -> UntranslatableError:
        """The error that names a node's file, line and code."""
        code = ast.unparse(node).splitlines()[0]
        place = f"{self.here.file.name}:{node.lineno}"
        return UntranslatableError(f"{place}: this cannot be translated to JavaScript: {code}")

    def generic_visit(self, node: ast.AST) -> str:
        """Refuse what no other method translates."""
        raise self.refusal(node)

    def all(self, nodes: list[Any]) -> list[str]:
        """The translations of several expressions."""
        return [self.visit(node) for node in nodes]

    def visit_Constant(self, node: ast.Constant) -> str:
        if not isinstance(node.value, (bool, int, float, str, type(None))):
            raise self.refusal(node)
        return literal(node.value, self.name_of)

    def visit_Name(self, node: ast.Name) -> str:
        if node.id == "self":
            return "this"
        return word(node.id) if node.id in self.here.locals else self.known(node)

    def visit_Attribute(self, node: ast.Attribute) -> str:
        if self.resolved(node) is not None:
            return self.known(node)
        cls = self.here.cls
        if _is_self(node.value) and _is_constant(cls, node.attr):
            return literal(getattr(cls, node.attr), self.name_of)
        return f"{self.visit(node.value)}.{word(node.attr)}"

    def known(self, node: ast.expr) -> str:
        """A global name: of a class, a function, a number or text."""
        value = self.resolved(node)
        if isinstance(value, (int, float, str)):
            return literal(value, self.name_of)
        if callable(value) and value in NAMES:
            return NAMES[value]
        if isinstance(value, (type, FunctionType)):
            return self.name_of(value)
        raise self.refusal(node)

    def resolved(self, node: ast.expr) -> Any:
        """What a name stands for in its module; None for what is only known when it runs."""
        if isinstance(node, ast.Name) and node.id not in self.here.locals and node.id != "self":
            found = self.here.globals.get(node.id, vars(builtins).get(node.id))
            if found is None:
                raise self.refusal(node)
            return found
        if isinstance(node, ast.Attribute) and not isinstance(node.value, ast.Call):
            inner = self.resolved(node.value) if isinstance(node.value, _NAMED) else None
            return None if inner is None else getattr(inner, node.attr, None)
        return None

    def visit_BinOp(self, node: ast.BinOp) -> str:
        a, b = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.Mod):
            return f"mod({a}, {b})"
        if isinstance(node.op, ast.Pow):
            return f"pow({a}, {b})"
        if isinstance(node.op, ast.FloorDiv):
            return f"Math.floor({a} / {b})"
        return f"({a} {self.operator(node, node.op)} {b})"

    def visit_BoolOp(self, node: ast.BoolOp) -> str:
        every, stop = ("true", "false") if isinstance(node.op, ast.And) else ("false", "true")
        parts = [part for part in self.all(node.values) if part != every]
        if stop in parts:
            return stop
        return f"({f' {_OPERATORS[type(node.op)]} '.join(parts)})" if parts else every

    def visit_UnaryOp(self, node: ast.UnaryOp) -> str:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.Not) and operand in _NOT:
            return _NOT[operand]
        return f"({self.operator(node, node.op)}{operand})"

    def visit_Compare(self, node: ast.Compare) -> str:
        values = self.all([node.left, *node.comparators])
        signs = [self.operator(node, op) for op in node.ops]
        parts = [f"({values[k]} {sign} {values[k + 1]})" for k, sign in enumerate(signs)]
        return parts[0] if len(parts) == 1 else f"({' && '.join(parts)})"

    def operator(self, node: ast.expr, op: ast.AST) -> str:
        """The sign of an operator."""
        if type(op) not in _OPERATORS:
            raise self.refusal(node)
        return _OPERATORS[type(op)]

    def visit_IfExp(self, node: ast.IfExp) -> str:
        test = self.visit(node.test)
        if test in _NOT:
            return str(self.visit(node.body if test == "true" else node.orelse))
        return f"({test} ? {self.visit(node.body)} : {self.visit(node.orelse)})"

    def visit_Tuple(self, node: ast.Tuple | ast.List) -> str:
        return f"[{', '.join(self.all(node.elts))}]"

    visit_List = visit_Tuple

    def visit_Starred(self, node: ast.Starred) -> str:
        return f"...{self.visit(node.value)}"

    def visit_Dict(self, node: ast.Dict) -> str:
        if None in node.keys:
            raise self.refusal(node)
        pairs = zip(self.all(node.keys), self.all(node.values), strict=True)
        return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"

    def visit_Subscript(self, node: ast.Subscript) -> str:
        return f"{self.visit(node.value)}[{self.visit(node.slice)}]"

    def visit_JoinedStr(self, node: ast.JoinedStr) -> str:
        parts = list[str]()
        for value in node.values:
            if isinstance(value, ast.Constant):
                text = str(value.value).replace("\\", "\\\\")
                parts.append(text.replace("`", "\\`").replace("${", "\\${"))
            elif isinstance(value, ast.FormattedValue) and value.format_spec is None:
                parts.append(f"${{shown({self.visit(value.value)})}}")
            else:
                raise self.refusal(node)
        return f"`{''.join(parts)}`"

    def visit_Call(self, node: ast.Call) -> str:
        function = self.resolved(node.func)
        special = {isinstance: self.instance, object.__setattr__: self.put, np.select: self.select}
        if function in special:
            return str(special[function](node))
        given = self.given(node, function)
        # Of an array there is one number here: np.arange(start, stop) is the step `start`.
        known = {
            np.ndim: "false",
            np.zeros_like: "0",
            np.arange: given[:1],
            np.full_like: given[1:],
        }
        if function in known:
            return "".join(known[function])
        if function is np.where:
            return f"({given[0]} ? {given[1]} : {given[2]})"
        made = "new " if isinstance(function, type) and function not in NAMES else ""
        return f"{made}{self.callee(node.func)}({', '.join(given)})"

    def given(self, node: ast.Call, function: Any) -> list[str]:
        """Arguments; those by name must stand where the function expects them."""
        names, expected = [k.arg for k in node.keywords], list[str]()
        if names and callable(function):
            with suppress(ValueError):  # some of C have no signature
                expected = list(inspect.signature(function).parameters)
        if names != expected[len(node.args) :][: len(names)]:
            raise self.refusal(node)
        return self.all([*node.args, *(k.value for k in node.keywords)])

    def put(self, node: ast.Call) -> str:
        """``object.__setattr__(self, name, value)``, as data classes that are frozen do."""
        return f"this.{ast.literal_eval(node.args[1])} = {self.visit(node.args[2])}"

    def select(self, node: ast.Call) -> str:
        """``np.select``: the value of the first case that holds."""
        cases, values, default = node.args
        if not isinstance(cases, ast.List) or not isinstance(values, ast.List):
            raise self.refusal(node)
        pairs = zip(self.all(cases.elts), self.all(values.elts), strict=True)
        return f"({''.join(f'{case} ? {value} : ' for case, value in pairs)}{self.visit(default)})"

    def instance(self, node: ast.Call) -> str:
        """``isinstance``: what is a number is known."""
        value, what = self.visit(node.args[0]), ast.unparse(node.args[1])
        if what in _TYPES:
            return _TYPES[what]
        kinds = {"bool": f"(typeof {value} === 'boolean')", "int": f"Number.isInteger({value})"}
        return kinds.get(what) or f"isinstance({value}, {self.visit(node.args[1])})"

    def callee(self, node: ast.expr) -> str:
        """What is called; a method of this class is translated with it."""
        if isinstance(node, ast.Name) and node.id == "self":
            return "this.__call__"
        if not isinstance(node, ast.Attribute) or self.resolved(node) is not None:
            return str(self.visit(node))
        method, cls = node.attr, self.here.cls
        if ast.unparse(node.value) == "super()":
            later = cls.__mro__[cls.__mro__.index(self.here.owner) + 1 :]
            owner = next(k for k in later if method in vars(k))
            return f"this.{self.needed(f'{owner.__name__}${method}')}"
        if _is_self(node.value) and is_method(cls, method):
            remembered = any(method in vars(k) for k in cls.__mro__ if k is RunningProduct)
            return f"this.{method if remembered else self.needed(method)}"
        return f"{self.visit(node.value)}.{word(method)}"

    def needed(self, method: str) -> str:
        """A method of the class at hand, which is translated in its turn."""
        self.called += [method] if method not in self.called else []
        return method

    def filled(self, node: ast.expr) -> str:
        """An expression as the inside of a template in which its numbers are filled in."""
        if isinstance(node, ast.BinOp) and type(node.op) in _BINDING:
            a, b = self.filled(node.left), self.filled(node.right)
            a = f"({a})" if _looser(node.left, node.op) else a
            b = f"({b})" if _looser(node.right, node.op, right=True) else b
            sign = _OPERATORS[type(node.op)]
            return f"{a} {_SIGNS.get(sign, sign)} {b}"
        if isinstance(node, ast.IfExp):
            test = self.visit(node.test)
            if test in _NOT:
                return self.filled(node.body if test == "true" else node.orelse)
            return f"${{{test} ? `{self.filled(node.body)}` : `{self.filled(node.orelse)}`}}"
        if isinstance(node, ast.Call):
            function = self.resolved(node.func)
            name = "Math.sqrt" if function is checks.sqrt else NAMES.get(function, "")
            if name in _READS:
                return f"{_READS[name]}({', '.join(map(self.filled, node.args))})"
        return f"${{number({self.visit(node)})}}"


_NAMED = (ast.Name, ast.Attribute)


def is_method(cls: type, name: str) -> bool:
    """Whether a class has a method that is translated; a state of zeros is of runtime.js.

    Examples
    --------
    >>> from adabound_np import AdaGrad, Adam
    >>> is_method(AdaGrad, "fresh"), is_method(Adam, "fresh")
    (True, False)
    """
    found = getattr(cls, name, None)
    return isinstance(found, FunctionType) and found.__qualname__ != "Algorithm.fresh"


def _is_constant(cls: type, name: str) -> bool:
    """Whether self.name is a constant of the class."""
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    value = getattr(cls, name, None)
    return name not in {f.name for f in fields} and isinstance(value, (int, float, str, tuple))


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _looser(inner: ast.expr, outer: ast.operator, right: bool = False) -> bool:
    """Whether an operation inside another needs parentheses."""
    if not isinstance(inner, ast.BinOp):
        return False
    a, b = _BINDING.get(type(inner.op), 0), _BINDING[type(outer)]
    return a < b or (a == b and (right or isinstance(outer, ast.Pow)))
