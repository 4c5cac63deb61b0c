r"""The directive ``beside``: a function's update lines, each beside the equation above it.

.. code-block:: rst

    .. beside:: adabound_np/adabound.py
       :pyobject: AdaBound.moments

Both columns are read from the source: the comment above a line is its equation in LaTeX and, in
brackets, where that stands. Nothing is typed twice, so the page cannot differ from the code.
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

__all__ = ["Beside", "Row", "cited", "rows_of", "setup"]

ROOT = Path(__file__).resolve().parents[2]
#: After an equation and some spaces, or alone on the next line, its source follows in brackets.
SOURCE = re.compile(r"^(?P<tex>.*?)\s{3,}\[(?P<source>[^\]]+(?:\][^\]]+)*)\]$")


class Row(NamedTuple):
    """Lines of code from line `first` on, and the equation above them, if they have one."""

    first: int
    code: list[str]
    tex: str = ""
    source: str = ""


def cited(line: str) -> re.Match[str] | None:
    """The equation, if it stands on this line, and the source of a comment that has one."""
    text = line.strip()
    return SOURCE.match(text.removeprefix("# ")) if text.startswith("# ") else None


def rows_of(path: Path, pyobject: str) -> list[Row]:
    """The rows of the function or class `pyobject` ("Class.method") of a file.

    Raises
    ------
    ValueError
        If the file has no such object, or no equation stands in it.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    scope: Any = ast.parse("\n".join(lines))
    for name in pyobject.split("."):
        found = [node for node in scope.body if getattr(node, "name", None) == name]
        if not found:
            raise ValueError(f"{path.name} has no {pyobject}")
        scope = found[0]
    first = scope.lineno
    skipped: set[int] = set()
    for node in ast.walk(scope):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            text = node.body[0]
            skipped.update(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    rows = [Row(first, [])]
    for number in range(first, (scope.end_lineno or first) + 1):
        line = lines[number - 1]
        if number in skipped:  # what follows has line numbers of its own
            rows.append(Row(number + 1, []))
            continue
        if match := cited(line):
            tex = match["tex"]
            if not tex:  # the source alone, below its equation
                tex = lines[number - 2].strip().removeprefix("# ")
                rows[-1].code.pop()
            rows.append(Row(number + 1, [], tex, match["source"]))
        else:
            rows[-1].code.append(line)
    if not any(row.tex for row in rows):
        raise ValueError(f"no equation stands in {pyobject} of {path.name}")
    return [row for row in rows if "".join(row.code).strip()]


class Beside(SphinxDirective):
    """Equations in the left column, the lines that compute them in the right."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"pyobject": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """One container, with two containers for each row."""
        path = ROOT / self.arguments[0]
        self.env.note_dependency(str(path))
        try:
            rows = rows_of(path, self.options["pyobject"])
        except (KeyError, OSError, ValueError) as error:
            raise self.error(str(error)) from error
        first, body = (len(row.code[0]) - len(row.code[0].lstrip()) for row in rows[:2])
        grid = nodes.container(classes=["beside"])
        for row in rows:
            left = nodes.container(classes=["beside-equation"])
            if row.tex:
                left += self._equation(row)
            else:
                left["classes"].append("beside-empty")
            if row is rows[0]:
                left += self._caption()
            signature = row.code[0].lstrip().startswith(("def ", "class "))
            indent = first if signature else body
            code = "\n".join(line[indent:] for line in row.code).strip("\n")
            block = nodes.literal_block(code, code, language="python", linenos=True)
            block["highlight_args"] = {"linenostart": row.first}
            right = nodes.container("", block, classes=["beside-code"])
            grid += [left, right]
        self.set_source_info(grid)
        return [grid]

    def _equation(self, row: Row) -> list[nodes.Node]:
        math = nodes.math_block(row.tex, row.tex, number=None, label=None)
        math["nowrap"] = math["no-wrap"] = False
        math["docname"] = self.env.docname
        cited = nodes.paragraph("", "[", classes=["beside-source"])
        for i, text in enumerate(re.split(r":math:`(.+?)`", wrap(row.source))):
            cited += nodes.math(text, text) if i % 2 else nodes.Text(text.replace("\\ ", ""))
        cited += nodes.Text("]")
        return [math, cited]

    def _caption(self) -> nodes.Node:
        name = self.options["pyobject"]
        where = f", {self.arguments[0]}"
        return nodes.paragraph(
            "", "", nodes.literal(name, name), nodes.Text(where), classes=["beside-caption"]
        )


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("beside", Beside)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
