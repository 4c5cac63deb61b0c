"""The package ``student`` of a handout: functions of the source, and all that they need.

A right side that is assigned becomes ``TODO("...")``; imports are rewritten, annotations and
what the functions do not reach are left out.
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from problems.course.modules import equations_in, right_side, stem
from problems.reading.equations import Source

__all__ = ["package"]

_TODO = '''"""Lines that are still to be written."""


def TODO(what):
    """Stand where a right side is to be written."""
    raise NotImplementedError(f"{what} is still to be written")
'''
_DROPPED = re.compile(r"  # (noqa|type: ignore).*$", re.MULTILINE)


def package(
    places: Iterable[str], modules: Mapping[str, Source], blank: frozenset[str]
) -> dict[str, str]:
    """Return the files of the package ``student``: path -> text.

    Parameters
    ----------
    places : iterable of str
        Functions, as ``module.Class.function``, and rules, as ``module.operation.vjps``.
    modules : mapping of str to Source
        All modules by their names.
    blank : frozenset of str
        Right sides, as ``ast.unparse`` writes them, that become ``TODO("...")`` where they stand
        under an equation, or in a rule.
    """
    files = {"student/__init__.py": '"""Your package."""\n', "student/todo.py": _TODO}
    wanted: dict[str, dict[str, set[str] | None]] = {}
    for place in places:
        module = stem(place, modules)
        name, _, member = place.removeprefix(f"{module}.").partition(".")
        members = wanted.setdefault(module, {}).setdefault(name, set())
        if member and not member.startswith("vjps") and members is not None:
            members.add(member)
        else:
            wanted[module][name] = None
    found = _reached(wanted, modules)
    for module, names in found.items():
        file = f"student/{module.rpartition('.')[2]}.py"
        files[file] = _Text(modules[module], names, modules).written(blank)
    return files


def _reached(
    wanted: dict[str, dict[str, set[str] | None]], modules: Mapping[str, Source]
) -> dict[str, dict[str, set[str] | None]]:
    """What is wanted, and all that it reaches: module -> name -> members, None for all."""
    waiting = [(m, n) for m, names in wanted.items() for n in names]
    while waiting:
        module, name = waiting.pop()
        text = _Text(modules[module], wanted[module], modules)
        for used in text.uses(name):
            where = (module, used) if used in text.pieces else text.inside.get(used)
            if where is None:
                continue
            of, named = where
            new = _names(modules[of]) if named == "*" else [named]
            for n in new:
                if n not in wanted.setdefault(of, {}):
                    wanted[of][n] = None
                    waiting.append((of, n))
    return wanted


def _names(source: Source) -> list[str]:
    return [n for node in source.tree.body for n in _defined(node) if n != "__all__"]


def _defined(node: ast.stmt) -> list[str]:
    """The names that a top-level statement defines, or to which it adds rules."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        named = [t.value if isinstance(t, ast.Attribute) else t for t in targets]
        return [t.id for t in named if isinstance(t, ast.Name)]
    return []


def _home(module: str, name: str, modules: Mapping[str, Source]) -> str:
    """The module that defines a name which a package may import from there."""
    for node in modules[module].tree.body:
        if isinstance(node, ast.ImportFrom) and name in (a.asname or a.name for a in node.names):
            return _home(node.module or "", name, modules)
    return module


class _Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


class _Text:
    """A module's text, of which some names are kept."""

    def __init__(
        self, source: Source, kept: dict[str, set[str] | None], modules: Mapping[str, Source]
    ) -> None:
        self.source, self.kept, self.raw = source, kept, source.text.encode()
        self.tree = source.tree
        self.starts = [0]
        for line in self.raw.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.pieces: dict[str, list[ast.stmt]] = {}
        for node in self.tree.body:
            for name in _defined(node):
                self.pieces.setdefault(name, []).append(node)
        #: Bound name -> (module, name) of the solved packages, "*" for a module; or the import.
        self.inside: dict[str, tuple[str, str]] = {}
        self.outside: dict[str, str] = {}
        for node in self.tree.body:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node, modules)

    def _import(self, node: ast.Import | ast.ImportFrom, modules: Mapping[str, Source]) -> None:
        origin = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            bound = alias.asname or alias.name
            renamed = f" as {alias.asname}" if alias.asname else ""
            if f"{origin}.{alias.name}" in modules:
                self.inside[bound] = (f"{origin}.{alias.name}", "*")
            elif origin in modules:
                self.inside[bound] = (_home(origin, alias.name, modules), alias.name)
            elif origin != "__future__":
                start = f"from {origin} import" if origin else "import"
                self.outside[bound] = f"{start} {alias.name}{renamed}"

    def members(self, node: ast.ClassDef, wanted: set[str]) -> list[ast.stmt]:
        """The methods of a class that are wanted, those they call, and its fields."""
        methods = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
        found, waiting = set[str](), set(wanted)
        while waiting:
            found |= waiting
            attributes = {
                a.attr
                for w in waiting
                for a in ast.walk(methods[w])
                if isinstance(a, ast.Attribute)
            }
            waiting = (attributes & set(methods)) - found
        fields = [n for n in node.body if isinstance(n, ast.AnnAssign) and node.decorator_list]
        return [n for n in node.body if n in fields or getattr(n, "name", None) in found]

    def parts(self, name: str) -> list[ast.AST]:
        """The nodes of a kept name: of a class of which some methods are kept, these."""
        wanted, parts = self.kept[name], list[ast.AST]()
        for node in self.pieces[name]:
            if isinstance(node, ast.ClassDef) and wanted is not None:
                parts += [*node.decorator_list, *self.members(node, wanted)]
            else:
                parts.append(node)
        return parts

    def uses(self, name: str) -> set[str]:
        """The names that a kept name's code uses."""
        bare = [_Bare().visit(copy.deepcopy(part)) for part in self.parts(name)]
        return {n.id for part in bare for n in ast.walk(part) if isinstance(n, ast.Name)}

    def written(self, blank: frozenset[str]) -> str:
        """Return the text of the file."""
        nodes = [n for n in self.tree.body if set(_defined(n)) & set(self.kept)]
        used = {u for name in self.kept for u in self.uses(name)}
        body = [self._piece(node, blank) for node in nodes]
        imports = {text for bound, text in self.outside.items() if bound in used}
        for bound, (module, name) in self.inside.items():
            if bound in used:
                own = module.rpartition(".")[2]
                imports.add(
                    f"from student import {own}"
                    if name == "*"
                    else f"from student.{own} import {name}"
                )
        if any("TODO(" in text for text in body):
            imports.add("from student.todo import TODO")
        plain = sorted(i for i in imports if "student" not in i)
        ours = sorted(i for i in imports if "student" in i)
        own = self.source.module.rpartition(".")[2]
        head = [f'"""The module {own}."""', "from __future__ import annotations"]
        head += ["\n".join(lines) for lines in (plain, ours) if lines]
        return "\n\n".join(head) + "\n\n\n" + "\n\n\n".join(body) + "\n"

    def at(self, line: int, column: int) -> int:
        """Offset of a place in the text."""
        return self.starts[line - 1] + column

    def _piece(self, node: ast.stmt, blank: frozenset[str]) -> str:
        names = set(_defined(node)) & set(self.kept)
        wanted = self.kept[names.pop()] if isinstance(node, ast.ClassDef) else None
        edits = list(self._edits(node, blank))
        if isinstance(node, ast.ClassDef) and wanted is not None:
            edits += self._pruned(node, wanted)
        lines = self.source.text.splitlines()
        first = self._first(node)
        while first > 1 and lines[first - 2].startswith("#"):
            first -= 1
        begin, end = self.at(first, 0), self.at(node.end_lineno or 0, node.end_col_offset or 0)
        text, done = b"", begin
        for start, stop, new in sorted(edits, key=lambda e: (e[0], -e[1])):
            if start >= done:
                text, done = text + self.raw[done:start] + new.encode(), stop
        text = (text + self.raw[done:end]).rstrip()
        tidy = re.sub(r"\n{3,}", "\n\n", _DROPPED.sub("", text.decode()))
        return re.sub(r"^(class .*:\n)\n", r"\1", tidy, flags=re.MULTILINE)

    @staticmethod
    def _first(node: ast.stmt) -> int:
        decorators: list[ast.expr] = getattr(node, "decorator_list", [])
        return min([node.lineno, *(d.lineno for d in decorators)])

    def _pruned(self, node: ast.ClassDef, wanted: set[str]) -> Iterator[tuple[int, int, str]]:
        """What takes the rest of a class away, and its bases."""
        after = self.at(node.lineno, node.col_offset)
        colon = self.raw.index(b":", self._end(node.bases[-1]) if node.bases else after)
        yield after, colon, f"class {node.name}"
        members, last = self.members(node, wanted), colon + 2
        for member in node.body:
            stop = self.starts[member.end_lineno or 0]
            if member not in members:
                yield last, stop, ""
            last = stop

    def _end(self, node: ast.AST) -> int:
        end: Any = node
        return int(self.at(end.end_lineno, end.end_col_offset))

    def _edits(self, piece: ast.stmt, blank: frozenset[str]) -> Iterator[tuple[int, int, str]]:
        """What takes annotations away, and right sides that are assigned."""
        under = {e.nodes[0].lineno: e for e in equations_in(self.source)}
        in_classes = {id(n) for c in ast.walk(piece) if isinstance(c, ast.ClassDef) for n in c.body}
        for node in ast.walk(piece):
            if isinstance(node, ast.FunctionDef):
                yield self._signature(node)
            elif isinstance(node, ast.AnnAssign) and node.value and id(node) not in in_classes:
                yield self._end(node.target), self._end(node.annotation), ""
            elif isinstance(node, ast.AnnAssign) and id(node) in in_classes:
                yield self._end(node.target), self._end(node.annotation), ": object"
            equation = under.get(getattr(node, "lineno", 0))
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Return, ast.Lambda)):
                is_rule = isinstance(node, ast.Lambda)
                if (equation is None and not is_rule) or not getattr(node, "value", is_rule):
                    continue
                value = right_side(node)
                if ast.unparse(value) in blank:
                    left = re.split(r"=|\\leftarrow", equation.latex)[0] if equation else "rule"
                    todo = _todo(left.strip())
                    yield self.at(value.lineno, value.col_offset), self._end(value), todo

    def _signature(self, node: ast.FunctionDef) -> tuple[int, int, str]:
        start = self.at(node.lineno, node.col_offset)
        arguments = [*node.args.args, *node.args.kwonlyargs, *node.args.defaults]
        others = [node.args.vararg, node.args.kwarg, node.returns, *node.args.kw_defaults]
        ends = [self._end(a) for a in (*arguments, *others) if a is not None]
        colon = self.raw.index(b":", max([start, *ends]))
        bare = _Bare().visit(copy.deepcopy(node))
        return start, colon, f"def {node.name}({ast.unparse(bare.args)})"


def _todo(left: str) -> str:
    text = f'TODO("{left}")'
    return f'TODO(r"{left}")' if "\\" in left else text
