"""Mutants of a module: in each, one condition, constant, operator or statement is changed."""

import ast
import copy
from pathlib import Path
from typing import NamedTuple

from tests.equations.mutants import BINARY, COMPARED, OPERATORS

#: Exchanged when they are called, as functions of Python or of NumPy.
_CALLED = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
}
_PREDICATES = {"all", "any", "isinstance", "issubclass", "isfinite", "hasattr", "callable"}


class Mutant(NamedTuple):
    """A change of a module.

    Parameters
    ----------
    file : str
        The module's path in the repository.
    place : str
        Function or class that is changed, with dots; "" for the module's own statements.
    lines : range
        Lines of the changed expression or statement; of the whole file in a cached function.
    before, after : str
        The statement, or the head of a compound one, as it is and as it becomes.
    change : tuple
        Number of the changed node in `ast.walk`, and of its change.
    running : bool
        Whether it is inside a function, so that tests run it; else imports do.
    """

    file: str
    place: str
    lines: range
    before: str
    after: str
    change: tuple[int, int]
    running: bool


def mutants(file: str, spared: frozenset[int] = frozenset()) -> list[Mutant]:
    """All mutants of a file, in the order of its lines; none of statements on `spared` lines."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    numbers = {id(node): k for k, node in enumerate(ast.walk(tree))}
    # a cached function runs in one test alone, so any test of the module may notice
    cached = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any("cache" in ast.unparse(decorator) for decorator in node.decorator_list)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    found: list[Mutant] = []

    def visit(node, place, statement, running, outer):
        if isinstance(node, ast.stmt):
            if _left_alone(node) or (node.lineno in spared and not hasattr(node, "body")):
                return
            statement = node
        for k in range(len(changes(node, outer))):
            other = copy.deepcopy(statement)
            order = {id(n): i for i, n in enumerate(ast.walk(statement))}
            at = order[id(node)]
            changed = _apply(other, at, k, outer)
            found.append(
                Mutant(
                    file,
                    place,
                    _lines(node) if node.lineno not in cached else range(1, 10_000),
                    _text(statement),
                    _text(changed),
                    (numbers[id(node)], k),
                    running,
                )
            )
        inside = isinstance(node, ast.FunctionDef | ast.Lambda)
        name = f"{place}.{node.name}".lstrip(".") if hasattr(node, "name") and node.name else place
        bodies = ast.FunctionDef | ast.ClassDef
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns"):
                continue
            deeper = running or (inside and field == "body")
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    there = name if isinstance(node, bodies) else place
                    visit(child, there, statement, deeper, (node, field))

    visit(tree, "", tree, False, (tree, ""))
    return found


def changed_tree(mutant: Mutant) -> ast.Module:
    """The syntax tree of a mutant's module."""
    tree = ast.parse(Path(mutant.file).read_text(encoding="utf-8"))
    number, k = mutant.change
    nodes = list(ast.walk(tree))
    node = nodes[number]
    outer = next(
        (parent, field)
        for parent in nodes
        for field, value in ast.iter_fields(parent)
        if value is node or (isinstance(value, list) and any(v is node for v in value))
    )
    return _apply(tree, number, k, outer)


def _apply(tree, number, k, outer):
    """Make change k of the node with this number in a tree; return the tree."""
    node = list(ast.walk(tree))[number]
    new = changes(node, outer)[k](node)
    if new is not node:
        if tree is node:
            tree = new
        for parent in ast.walk(tree):
            for field, value in ast.iter_fields(parent):
                if value is node and parent is not new:
                    setattr(parent, field, new)
                elif isinstance(value, list) and parent is not new:
                    value[:] = [new if v is node else v for v in value]
    return ast.fix_missing_locations(tree)


def _left_alone(node):
    """Statements that change nothing that runs, and what only readers see."""
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in ast.unparse(node.test) or "__name__" in ast.unparse(node.test)
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.annotation) == "TypeAlias"
    return isinstance(node, ast.Import | ast.ImportFrom)


def _head(node):
    """What of a compound statement has its condition."""
    return getattr(node, "test", node) if isinstance(node, ast.If | ast.While) else node


def _lines(node):
    return range(node.lineno, (_head(node).end_lineno or node.lineno) + 1)


def _text(statement):
    text = ast.unparse(statement)
    if isinstance(statement, ast.If | ast.While | ast.For | ast.With):
        return text.partition("\n")[0]
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return next(line for line in text.splitlines() if not line.startswith("@"))
    return text


def changes(node, outer):
    """Functions that change a node, in place or into what they return; `outer` is what has it."""
    parent, field = outer
    if isinstance(parent, ast.JoinedStr | ast.FormattedValue):
        return []
    if isinstance(parent, ast.keyword) and parent.arg == "strict":
        return []  # zip's: it says that lengths are known to agree
    found = [_always(value) for value in _instead(node, parent, field)]
    if isinstance(node, ast.BoolOp):
        found.append(_set("op", ast.Or() if isinstance(node.op, ast.And) else ast.And()))
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        # the first of two is the other side of the boundary; the last one is the opposite
        others = COMPARED.get(type(node.ops[0]), ())
        found += [_set("ops", [other()]) for other in (others[:-1] if found else others)]
    elif isinstance(node, ast.Compare):
        found += [
            _set("ops", [*node.ops[:i], COMPARED[type(op)][0](), *node.ops[i + 1 :]])
            for i, op in enumerate(node.ops)
            if type(op) in COMPARED
        ]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        found.append(lambda n: n.operand)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and not _of_text(node):
        signs = BINARY.get(type(node.op), "")[:1]
        found += [_set("op", OPERATORS[sign]()) for sign in signs]
    elif isinstance(node, ast.Constant):
        found += [_set("value", value) for value in _others(node.value)]
    elif isinstance(node, ast.Call) and _called(node) in _CALLED and node.args:
        found.append(_renamed)
    if _can_go(node, parent):
        found.append(_gone)
    return found


def _instead(node, parent, field):
    """What a condition is replaced by: True, False or both."""
    if field == "test" and isinstance(parent, ast.While):
        return [False]
    condition = field == "test" and isinstance(parent, ast.If | ast.IfExp | ast.Assert)
    filtered = field == "ifs" and isinstance(parent, ast.comprehension)
    stands = _is_predicate(node) and not isinstance(parent, ast.BoolOp | ast.UnaryOp | ast.Expr)
    return [True, False] if condition or filtered or stands else []


def _always(value):
    """An expression that is always so; the one in its place is still there, and never runs."""

    def change(node):
        operator = ast.Or() if value else ast.And()
        return ast.copy_location(ast.BoolOp(operator, [ast.Constant(value), node]), node)

    return change


def _set(name, value):
    def change(node):
        setattr(node, name, value)
        return node

    return change


def _renamed(node):
    function = node.func
    name = "attr" if isinstance(function, ast.Attribute) else "id"
    setattr(function, name, _CALLED[getattr(function, name)])
    return node


def _gone(node):
    """A statement that never runs; what it names still counts for closures."""
    never = ast.If(ast.Constant(False), [node], [])
    return ast.copy_location(never, node)


def _can_go(node, parent):
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant | ast.Yield)
    if isinstance(node, ast.Raise):  # one that is all of an if is gone with the condition
        return not (isinstance(parent, ast.If) and parent.body == [node])
    if isinstance(node, ast.Assign):
        return any(isinstance(t, ast.Attribute | ast.Subscript) for t in node.targets)
    return isinstance(node, ast.AugAssign | ast.Continue | ast.Break | ast.Delete)


def _called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _is_predicate(node):
    if isinstance(node, ast.Compare | ast.BoolOp):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Not)
    return isinstance(node, ast.Call) and _called(node) in _PREDICATES


def _of_text(node):
    """Whether an operator joins or fills in texts."""
    sides = [node.value] if isinstance(node, ast.AugAssign) else [node.left, node.right]
    return any(
        isinstance(s, ast.JoinedStr) or (isinstance(s, ast.Constant) and isinstance(s.value, str))
        for side in sides
        for s in ast.walk(side)
    )


def _others(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1 if abs(value) < 1000 else 2 * value]
    return []
