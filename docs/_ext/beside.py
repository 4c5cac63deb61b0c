r"""The directive ``beside``: the update lines of functions, each beside the equation above it.

.. code-block:: rst

    .. beside:: adabound_np/adabound.py
       :pyobject: AdaBound.moments, AdaBound.learning_rate

Both columns are read from the source: the comment above a line is its equation in LaTeX and, in
brackets, where that stands. `problems.reading.equations` finds them, here as for the tests that
evaluate them. Nothing is typed twice, so the page cannot differ from the code.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective
from tex import wrap

from problems.reading.equations import Source, in_source

__all__ = ["Beside", "Row", "rows_of", "setup"]

ROOT = Path(__file__).resolve().parents[2]


class Row(NamedTuple):
    """Lines of code from line `first` on, and the equation above them, if they have one."""

    first: int
    code: list[str]
    tex: str = ""
    source: str = ""


def rows_of(path: Path, pyobject: str) -> list[Row]:
    """The rows of the function `pyobject` ("Class.method") of a file.

    Raises
    ------
    ValueError
        If the file has no such object, or no equation stands in it.
    """
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    scope = _found(ast.parse(text), pyobject, path.name)
    first, last = scope.lineno, scope.end_lineno
    found = in_source(Source(path.stem, path.name, text))
    equations = {e.line: e for e in found if first <= e.line <= last}
    if not equations:
        raise ValueError(f"no equation stands in {pyobject} of {path.name}")
    skipped = _docstrings(scope)
    rows, number = [Row(first, [])], first
    while number <= last:
        if e := equations.get(number):
            rows[-1] = _without_comment(rows[-1])
            rows += [
                Row(number, lines[number - 1 : e.last], e.latex, e.source),
                Row(e.last + 1, []),
            ]
            number = e.last + 1
        elif number in skipped:  # what follows has its own line numbers
            number += 1
            rows.append(Row(number, []))
        else:
            rows[-1].code.append(lines[number - 1])
            number += 1
    return [row for row in map(_trimmed, rows) if row.code]


def _without_comment(row: Row) -> Row:
    """A row without the comment at its end, which is the next row's equation."""
    code = list(row.code)
    while code and code[-1].lstrip().startswith("#"):
        code.pop()
    return row._replace(code=code)


def _trimmed(row: Row) -> Row:
    """A row without empty lines at its ends."""
    code, first = list(row.code), row.first
    while code and not code[0].strip():
        code, first = code[1:], first + 1
    while code and not code[-1].strip():
        code.pop()
    return row._replace(first=first, code=code)


def _found(scope: Any, pyobject: str, file: str) -> Any:
    """The function of this name in a syntax tree."""
    for name in pyobject.split("."):
        inside = [node for node in scope.body if getattr(node, "name", None) == name]
        if not inside:
            raise ValueError(f"{file} has no {pyobject}")
        scope = inside[0]
    return scope


def _docstrings(scope: ast.AST) -> set[int]:
    """The lines of the docstrings in a syntax tree."""
    lines: set[int] = set()
    for node in ast.walk(scope):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            text = node.body[0]
            lines.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return lines


class Beside(SphinxDirective):
    """Equations in the left column, the lines that compute them in the right."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"pyobject": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """One container, with two containers for each row."""
        path = ROOT / self.arguments[0]
        self.env.note_dependency(str(path))
        grid = nodes.container(classes=["beside"])
        try:
            for name in self.options["pyobject"].split(", "):
                grid += self._rows(rows_of(path, name), name)
        except (KeyError, OSError, ValueError) as error:
            raise self.error(str(error)) from error
        self.set_source_info(grid)
        return [grid]

    def _rows(self, rows: list[Row], name: str) -> list[nodes.Node]:
        indent = len(rows[0].code[0]) - len(rows[0].code[0].lstrip())
        cells: list[nodes.Node] = []
        for row in rows:
            left = nodes.container(classes=["beside-equation"])
            if row.tex:
                left += self._equation(row)
            else:
                left["classes"].append("beside-empty")
            if row is rows[0]:
                left += self._caption(name)
            cut = indent if row is rows[0] else indent + 4  # the body of the function
            code = "\n".join(line[cut:] for line in row.code)
            block = nodes.literal_block(code, code, language="python", linenos=True)
            block["highlight_args"] = {"linenostart": row.first}
            cells += [left, nodes.container("", block, classes=["beside-code"])]
        return cells

    def _equation(self, row: Row) -> list[nodes.Node]:
        math = nodes.math_block(row.tex, row.tex, number=None, label=None)
        math["nowrap"] = math["no-wrap"] = False
        math["docname"] = self.env.docname
        cited = nodes.paragraph("", "[", classes=["beside-source"])
        for i, text in enumerate(re.split(r":math:`(.+?)`", wrap(row.source))):
            cited += nodes.math(text, text) if i % 2 else nodes.Text(text.replace("\\ ", ""))
        cited += nodes.Text("]")
        return [math, cited]

    def _caption(self, name: str) -> nodes.Node:
        where = f", {self.arguments[0]}"
        return nodes.paragraph(
            "", "", nodes.literal(name, name), nodes.Text(where), classes=["beside-caption"]
        )


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("beside", Beside)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
