r"""The directive ``box``: an algorithm box, each line beside the code that computes it.

.. code-block:: rst

    .. box:: adabound_np/adabound.py

       m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t
       code: AdaBound.moments m_t
       The first moment, a moving average of the gradients.

Each part has the paper's line, where its code is, and a sentence. ``code:`` names a file (if it is
another), a function, and the left sides of the equations above the lines of code that are shown;
a function alone is linked. ``added:`` is the line in the released code's form, ``added code:``
further lines of code; a switch on the page shows both. A left side that the source does not have
is an error.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from beside import ROOT, rows_of
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

__all__ = ["Box", "Code", "Line", "lines_of", "setup"]

SWITCH = (
    '<label class="box-switch"><input type="checkbox"> Show what the released code adds</label>'
)


class Code(NamedTuple):
    """A function of a file, and the equations whose lines are shown, by their left sides."""

    path: str
    function: str
    symbols: tuple[str, ...]

    def shown(self) -> list[tuple[int, str]]:
        """First line number and text of each equation's lines.

        Raises
        ------
        ValueError
            If the function has no equation with such a left side.
        """
        if not self.symbols:
            return []
        rows = {
            re.split(r" = | \\leftarrow ", row.tex)[0]: row
            for row in rows_of(ROOT / self.path, self.function)
            if row.tex
        }
        missing = [symbol for symbol in self.symbols if symbol not in rows]
        if missing:
            raise ValueError(f"{self.function} of {self.path} has no equation of {missing[0]}")
        found = [rows[symbol] for symbol in self.symbols]
        cut = min(len(line) - len(line.lstrip()) for row in found for line in row.code)
        return [(row.first, "\n".join(line[cut:] for line in row.code)) for row in found]


class Line(NamedTuple):
    """A line of a box."""

    paper: str
    code: list[Code]
    added: str
    added_code: list[Code]
    prose: str


def lines_of(content: str, path: str) -> list[Line]:
    """The lines of a box from the directive's content.

    Raises
    ------
    ValueError
        If a line has no code or no sentence.
    """
    found = []
    for part in re.split(r"\n\s*\n", content.strip()):
        first, *rest = part.splitlines()
        fields: dict[str, str] = {"code": "", "added": "", "added code": "", "prose": ""}
        for line in rest:
            name, colon, value = line.partition(": ")
            if colon and name in fields:
                fields[name] = value.strip()
            else:
                fields["prose"] += line.strip() + " "
        codes = {
            name: [_code(each, path) for each in fields[name].split("; ") if each]
            for name in ("code", "added code")
        }
        if not codes["code"] or not fields["prose"]:
            raise ValueError(f"{first} must have code and a sentence")
        prose = fields["prose"].strip()
        found.append(Line(first, codes["code"], fields["added"], codes["added code"], prose))
    return found


def _code(text: str, path: str) -> Code:
    """Parse "[file] function [symbol, symbol]"."""
    words = text.split(" ")
    if words[0].endswith(".py"):
        path, *words = words
    return Code(path, words[0], tuple(s for s in " ".join(words[1:]).split(", ") if s))


class Box(SphinxDirective):
    """Equation and sentence in the left column, code in the right."""

    has_content = True
    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """One container, with a switch if anything is added, and a container for each line."""
        box = nodes.container(classes=["box"])
        try:
            lines = lines_of("\n".join(self.content), self.arguments[0])
            if any(line.added or line.added_code for line in lines):
                box += nodes.raw("", SWITCH, format="html")
            for line in lines:
                box += self._row(line)
        except (OSError, ValueError) as error:
            raise self.error(str(error)) from error
        self.set_source_info(box)
        return [box]

    def _row(self, line: Line) -> nodes.Node:
        left = nodes.container(classes=["box-equation"])
        home = line.code[0]
        left += self._linked(line.paper, home, ["paper"] if line.added else [])
        if line.added:
            left += self._linked(line.added, (line.added_code or line.code)[0], ["released"])
        sentence = nodes.container(classes=["box-sentence"])
        self.state.nested_parse(StringList([line.prose], "box"), self.content_offset, sentence)
        left += sentence
        right = nodes.container(classes=["box-code"])
        for codes, classes in ((line.added_code, ["released"]), (line.code, [])):
            for code in codes:
                right += self._block(code, classes)
        return nodes.container("", left, right, classes=["box-row"])

    def _link(self, code: Code) -> str:
        up = "../" * self.env.docname.count("/")
        return f"{up}_modules/{code.path.removesuffix('.py')}.html#{code.function}"

    def _linked(self, tex: str, code: Code, classes: list[str]) -> nodes.Node:
        math = nodes.math("", rf"\displaystyle {tex}")
        link = nodes.reference("", "", math, refuri=self._link(code), classes=["box-line"])
        link["reftitle"] = f"{code.function} in {code.path}"
        return nodes.paragraph("", "", link, classes=classes)

    def _block(self, code: Code, classes: list[str]) -> nodes.Node:
        self.env.note_dependency(str(ROOT / code.path))
        name = nodes.literal(code.function, code.function)
        link = nodes.reference("", "", name, refuri=self._link(code))
        where = nodes.Text(f", {Path(code.path).name}")
        block = nodes.container(classes=classes)
        block += nodes.paragraph("", "", link, where, classes=["box-caption"])
        for number, text in code.shown():
            shown = nodes.literal_block(text, text, language="python", linenos=True)
            shown["highlight_args"] = {"linenostart": number}
            block += shown
        return block


def setup(app: Any) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("box", Box)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
