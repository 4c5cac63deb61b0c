"""Runs functions of the package ``student`` and notes what their lines compute.

This file needs NumPy alone. A copy of it serves the tests of a handout; grading starts it in its
own process, which receives inputs and returns values.
"""

from __future__ import annotations

import ast
import importlib
import traceback
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

#: A function: its place, its lines (key, target, nth), its calls, and how often a line is noted.
Spec = dict[str, Any]
#: Exceptions that end a call, not the process.
_STOPS = (Exception, SystemExit, RecursionError, MemoryError)


class Table:
    """A function of the step t, by its values at t = 1, 2, ...; and the products of the first t."""

    def __init__(self, values: list[Any], products: list[Any]) -> None:
        self.values, self.products = values, products

    def __call__(self, t: int) -> Any:
        """Return the value at step t."""
        if not 1 <= t <= len(self.values):
            raise ValueError(f"t must be in 1, ..., {len(self.values)} here, got {t}")
        return self.values[t - 1]

    def product(self, t: int) -> Any:
        """Return the product of the values at steps 1 to t."""
        return self.products[t]


def plain(value: Any) -> Any:
    """Return a value as JSON has it: arrays as lists, tuples as {"tuple": [...]}."""
    if isinstance(value, tuple):
        return {"tuple": [plain(v) for v in value]}
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (bool, int, float, list, str, type(None))):
        return value
    raise TypeError(f"a number or an array is needed, got {type(value).__name__}")


def built(value: Any, owner: Any = None) -> Any:
    """Return the argument that JSON describes; `owner` is the class of a method's self."""
    if isinstance(value, list):
        return np.array(value)
    if not isinstance(value, dict):
        return value
    (kind, given), *_ = value.items()
    if kind == "table":
        return Table(*given)
    fields = {name: built(v) for name, v in given.items()}
    if kind == "state":
        return namedtuple("State", fields)(**fields)
    if kind == "self":
        this = object.__new__(owner)
        this.__dict__.update(fields)
        return this
    return SimpleNamespace(**fields)


def located(tree: ast.Module, place: str) -> ast.FunctionDef:
    """Return the function at a place such as adam.Adam.moments, or the rule multiply.vjps[0]."""
    path = place.split(".")[1:]
    node: Any = tree
    if path[-1].startswith("vjps["):
        name = f"{path[0]}.vjps"
        for found in ast.walk(tree):
            if isinstance(found, ast.Assign) and ast.unparse(found.targets[0]) == name:
                rule = found.value.elts[int(path[-1][5:-1])]  # type: ignore[attr-defined]
                back = ast.copy_location(ast.Return(rule.body), rule.body)
                function = ast.parse("def rule(): pass").body[0]
                function.args, function.body = rule.args, [back]  # type: ignore[attr-defined]
                return function  # type: ignore[return-value]
        raise LookupError(f"no {name} in the file")
    for part in path:
        named = [n for n in node.body if getattr(n, "name", None) == part]
        if not named:
            raise LookupError(f"no {part} in the file")
        node = named[-1]
    node.decorator_list = []
    return node  # type: ignore[no-any-return]


class _Noting(ast.NodeTransformer):
    """Puts a note after each line that is asked for, and other right sides where given."""

    def __init__(self, lines: list[dict[str, Any]], replaced: dict[str, str], given: Any) -> None:
        self.wanted = {(line["target"], line["nth"]): line["key"] for line in lines}
        self.replaced, self.given, self.count = replaced, given, dict[str, int]()
        self.found: dict[str, ast.stmt] = {}
        self.original: dict[str, str] = {}

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Go through a function's statements, and those within them."""
        self.block(node)
        return node

    def block(self, node: Any) -> None:
        """Go through all lists of statements in a node."""
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                setattr(node, name, [new for k, s in enumerate(body) for new in self.line(body, k)])

    def line(self, body: list[Any], k: int) -> list[ast.stmt]:
        """Return the statements in place of body[k]."""
        node = body[k]
        self.block(node)
        target = target_of(node)
        nth = self.count.get(target, 0)
        if isinstance(node, ast.AugAssign) or not target:
            return [node, *self._noted_after(body, k)]
        self.count[target] = nth + 1
        key = self.wanted.get((target, nth))
        if key is None:
            return [node]
        self.found[key], self.original[key] = node, ast.unparse(node.value)
        if key in self.given:
            node.value = _expression(f"__given__({key!r})", node)
        elif key in self.replaced:
            node.value = _expression(self.replaced[key], node)
        if isinstance(node, ast.Return):
            call = _expression(f"__note__({key!r}, 0)", node)
            call.args[1] = node.value  # type: ignore[attr-defined]
            node.value = call
            return [node]
        node.__dict__["key"] = key
        changed = k + 1 < len(body) and isinstance(body[k + 1], ast.AugAssign)
        return [node] if changed and target_of(body[k + 1]) == target else [node, _note(key, node)]

    def _noted_after(self, body: list[Any], k: int) -> list[ast.stmt]:
        """The note after the last of the statements that change in place what a line made."""
        target, first = target_of(body[k]), k
        while first > 0 and isinstance(body[first], ast.AugAssign):
            first -= 1
        key = body[first].__dict__.get("key")
        more = k + 1 < len(body) and isinstance(body[k + 1], ast.AugAssign)
        if key is None or not target or target_of(body[first]) != target:
            return []
        return [] if more and target_of(body[k + 1]) == target else [_note(key, body[k])]


def target_of(node: ast.AST) -> str:
    """Return what a statement gives a value to, "return" if it returns one, "" if neither."""
    if isinstance(node, ast.Return):
        return "return" if node.value is not None else ""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    if isinstance(node, (ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        return ast.unparse(node.target)
    return ""


def _expression(text: str, at: Any) -> ast.expr:
    node = ast.parse(text, mode="eval").body
    for part in ast.walk(node):
        part.__dict__.update(lineno=at.lineno, col_offset=0, end_lineno=at.lineno, end_col_offset=0)
    return node


def _note(key: str, node: Any) -> ast.stmt:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return ast.Expr(_expression(f"__note__({key!r}, {ast.unparse(target)})", node))


class Function:
    """A function of the student's, whose lines are noted when it is called.

    Parameters
    ----------
    folder : Path
        Folder of the package ``student``.
    spec : dict
        Place, lines and calls.
    replaced : dict of str to str
        Right sides to put in place of lines, by the lines' keys.
    given : dict of str to list
        Values, for each call, in place of lines, by the lines' keys.
    """

    def __init__(
        self, folder: Path, spec: Spec, replaced: dict[str, str], given: dict[str, Any]
    ) -> None:
        stem, *path = spec["place"].split(".")
        self.file, self.spec, self.given = folder / "student" / f"{stem}.py", spec, given
        text = self.file.read_text(encoding="utf-8")
        tree = located(ast.parse(text), spec["place"])
        noting = _Noting(spec["lines"], replaced, given)
        noting.visit(tree)
        lines = text.splitlines()
        #: Of each line that was found: its number, its text, whether it is to be done, its right
        #: side.
        self.lines = {
            key: [
                node.lineno,
                "\n".join(lines[node.lineno - 1 : node.end_lineno]).strip(),
                any(
                    isinstance(n, ast.Call) and getattr(n.func, "id", "") == "TODO"
                    for n in ast.walk(ast.parse(noting.original[key]))
                ),
                noting.original[key],
            ]
            for key, node in noting.found.items()
        }
        module = importlib.import_module(f"student.{stem}")
        self.owner = getattr(module, path[0], None) if len(path) > 1 else None
        self.namespace = vars(module)
        local = {**self.namespace, "__note__": self._note, "__given__": self._given}
        code = ast.fix_missing_locations(ast.Module([tree], []))
        exec(compile(code, str(self.file), "exec", dont_inherit=True), local)
        self.function = local[tree.name]
        self.name = tree.name

    def _note(self, key: str, value: Any) -> Any:
        noted = self.notes.setdefault(key, [])
        if len(noted) < self.spec["most"]:
            noted.append(plain(value))
        return value

    def _given(self, key: str) -> Any:
        values = self.given[key][self.call]
        k = self.times[key] = self.times.get(key, -1) + 1
        value = values[min(k, len(values) - 1)] if values else 0.0
        return np.array(value) if isinstance(value, list) else value

    def results(self, seconds: float) -> list[dict[str, Any]]:
        """Return, for each call, the notes, what was returned, and the error if there was one."""
        return [self._result(k, call, seconds) for k, call in enumerate(self.spec["calls"])]

    def _result(self, k: int, call: Any, seconds: float) -> dict[str, Any]:
        self.call, self.times, self.notes = k, dict[str, int](), dict[str, list[Any]]()
        found: dict[str, Any] = {"notes": self.notes, "returned": None, "error": "", "line": 0}
        try:
            with _Limit(seconds), np.errstate(all="ignore"):
                found["returned"] = plain(self._called(call))
        except _STOPS as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame.lineno for frame in frames if frame.filename == str(self.file)]
            found["error"] = f"{type(error).__name__}: {error}"[:500]
            found["line"] = own[-1] if own else 0
        return found

    def _called(self, call: Any) -> Any:
        if isinstance(call, str):  # a program, which needs the method in its class
            before = getattr(self.owner, self.name)
            setattr(self.owner, self.name, self.function)
            try:
                local = dict(self.namespace)
                exec(call, local)
                return local["result"]
            finally:
                setattr(self.owner, self.name, before)
        return self.function(*(built(value, self.owner) for value in call))


class _Limit:
    """Ends what takes longer, where the system has an alarm."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self._set(self.seconds)

    def __exit__(self, *_: object) -> None:
        self._set(0.0)

    def _set(self, seconds: float) -> None:
        import signal  # absent in some builds of Python

        def stop(*_: object) -> None:
            raise TimeoutError(f"the call took longer than {self.seconds:g} seconds")

        if seconds and hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, stop)
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, seconds)


def run(folder: Path, request: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the variants of functions that a request names.

    Parameters
    ----------
    folder : Path
        Folder of the package ``student``, which must be importable.
    request : dict
        "runs": a list of dicts with "spec", and perhaps "replaced" and "given", as `Function`;
        "seconds": limit of a call.

    Returns
    -------
    list of dict
        For each run: "lines" (see `Function.lines`), "calls" (see
        `Function.results`), "error" if the function could not be had.
    """
    answers = []
    for wanted in request["runs"]:
        try:
            function = Function(
                folder, wanted["spec"], wanted.get("replaced", {}), wanted.get("given", {})
            )
            calls = function.results(request["seconds"])
            answers.append({"lines": function.lines, "calls": calls, "error": ""})
        except _STOPS as error:
            why = f"{type(error).__name__}: {error}"[:500]
            answers.append({"lines": {}, "calls": [], "error": why})
    return answers
