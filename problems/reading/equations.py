r"""The equations that stand above the lines of code, as data.

An equation is a comment in LaTeX, then eight spaces or a line break, then its source in
brackets; it belongs to the statement (or the rule of a derivative) below it::

    # v_t = \beta_2 v_{t-1} + (1 - \beta_2) g_t^2        [Luo19 Alg. 2]
    v = h.beta2 * s.v + (1 - h.beta2) * (g * g)

``python -m problems equations`` prints them; tests/equations evaluates each against what its
lines compute.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # the module is new in Python 3.11
    from importlib.resources.abc import Traversable

Node: TypeAlias = ast.stmt | ast.expr

__all__ = ["PACKAGES", "Equation", "Source", "in_source", "listing", "sources"]

#: Packages whose lines carry equations.
PACKAGES = ("adabound_np", "autograd_lite")

_COMMENT = re.compile(r"\s*# ?(.*)")
_TAG = re.compile(r"(?P<latex>\S.*?\S)(?: {8}|\n *)\[(?P<source>[^\n]*)\]", re.DOTALL)
_ALMOST = re.compile(r".*(?:=|\\leftarrow).*\s\[.*\]\s*", re.DOTALL)


@dataclass(frozen=True)
class Equation:
    """One equation and the lines it stands above.

    Attributes
    ----------
    latex, source : str
        The equation and where it is from.
    code : str
        The lines, without their indentation.
    file : str
        Path of the file from the packages' folder, with slashes.
    line, last : int
        First and last line of the code, from 1.
    place : str
        Package, module, class and function around it, with dots.
    nodes : tuple of ast.stmt or ast.expr
        The statements (one, or one and what follows it in place), or the rule's lambda.
    """

    latex: str
    source: str
    code: str
    file: str
    line: int
    last: int
    place: str
    nodes: tuple[Node, ...] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Source:
    """A module of a package: its dotted name, its path with slashes, its text."""

    module: str
    file: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree; not to be changed."""
        return ast.parse(self.text)


@lru_cache
def sources(package: str) -> tuple[Source, ...]:
    """Return a package's modules in the order of their names, also from a wheel.

    Examples
    --------
    >>> [source.module for source in sources("adabound_np")][:2]
    ['adabound_np', 'adabound_np.adabound']
    """
    return tuple(_walk(files(package), package))


def _walk(folder: Traversable, module: str) -> Iterator[Source]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        stem, dot, suffix = entry.name.partition(".")
        if entry.is_dir() and (entry / "__init__.py").is_file():
            yield from _walk(entry, f"{module}.{entry.name}")
        elif dot and suffix == "py":
            name = module if stem == "__init__" else f"{module}.{stem}"
            file = f"{module.replace('.', '/')}/{entry.name}"
            yield Source(name, file, entry.read_text(encoding="utf-8"))


@lru_cache
def listing() -> tuple[Equation, ...]:
    r"""Return every equation of the packages, in the order of files and lines.

    Raises
    ------
    ValueError
        As `in_source`.

    Examples
    --------
    >>> [e.latex for e in listing() if e.place == "adabound_np.sgd.SGD.learning_rate"]
    ['\\eta_t = s_t \\alpha']
    """
    return tuple(e for package in PACKAGES for s in sources(package) for e in in_source(s))


def in_source(source: Source) -> tuple[Equation, ...]:
    """Return a module's equations in the order of their lines.

    Raises
    ------
    ValueError
        Naming file and line, if a comment looks like an equation but is not in the format, or
        no statement stands below it.
    """
    lines = source.text.splitlines()
    above = _comments(source, lines)
    found = {}
    for place, body in _bodies(source.tree, source.module):
        for k, node in enumerate(body):
            if node.lineno in above and node.lineno not in found:
                latex, tag = above[node.lineno]
                nodes = (node, *_in_place(body, k)) if isinstance(node, ast.stmt) else (node,)
                last = _end(nodes[-1], lines)
                code = _dedented(lines[node.lineno - 1 : last])
                found[node.lineno] = Equation(
                    latex, tag, code, source.file, node.lineno, last, place, nodes
                )
    for line in above:
        if line not in found:
            raise ValueError(f"{source.file}:{line}: the equation above stands over no statement")
    return tuple(found[line] for line in sorted(found))


def _comments(source: Source, lines: list[str]) -> dict[int, tuple[str, str]]:
    """The equations among the comments: line below -> (LaTeX, source)."""
    above, block = {}, list[str]()
    for number, line in enumerate(lines, 1):
        comment = _COMMENT.fullmatch(line)
        if comment:
            block.append(comment[1])
            continue
        text, block = "\n".join(block), []
        match = _TAG.fullmatch(text)
        if match:
            above[number] = (" ".join(match["latex"].split()), match["source"])
        elif _ALMOST.fullmatch(text):
            raise ValueError(
                f"{source.file}:{number - 1}: an equation must be LaTeX, eight spaces or a line "
                f"break, and its source in brackets, got {text!r}"
            )
    return above


def _bodies(node: ast.AST, place: str) -> Iterator[tuple[str, list[Node]]]:
    """Every list of statements or of a tuple's elements, with the place it stands in."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        place = f"{place}.{node.name}"
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
        yield f"{place}.{ast.unparse(node.targets[0])}", list(node.value.elts)
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield place, body
    for child in ast.iter_child_nodes(node):
        yield from _bodies(child, place)


def _in_place(body: list[Node], k: int) -> list[Node]:
    """Statements after body[k] that change in place what it made, without a line between."""
    following, last = list[Node](), body[k]
    for node in body[k + 1 :]:
        if not isinstance(node, (ast.Expr, ast.AugAssign)) or node.lineno != _after(last):
            break
        following.append(node)
        last = node
    return following


def _end(node: Node, lines: list[str]) -> int:
    """Last line of a node; of a lambda in parentheses, the line of the closing one."""
    last = _after(node) - 1
    while isinstance(node, ast.Lambda) and last < len(lines) and lines[last].strip() in (")", "),"):
        if lines[last].startswith(")"):
            break
        last += 1
    return last


def _after(node: Node) -> int:
    """The line after a node."""
    return (node.end_lineno or node.lineno) + 1


def _dedented(lines: list[str]) -> str:
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines)
