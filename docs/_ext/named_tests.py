"""Tests that a page names, as short links to their source.

Pages write `` `test_torch.py::test_float64` ``. In the site that is the link "float64" to the
test's line, in a copy of the file that is made when the site is.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

__all__ = ["line_of", "linked", "setup"]

TESTS = Path(__file__).resolve().parents[2] / "tests"
NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")
FOLDER = "tests"


def linked(text: str) -> str:
    """Give a page's names of tests the role ``test``.

    Examples
    --------
    >>> linked("see `test_torch.py::test_float64`")
    'see {test}`test_torch.py::test_float64`'
    """
    return NAMED.sub(lambda match: "{test}" + match[0], text)


def _file(name: str) -> Path:
    """The one test file of this name."""
    (found,) = TESTS.rglob(name)
    return found


def line_of(file: str, test: str) -> int:
    """The line on which a test begins."""
    tree = ast.parse(_file(file).read_text(encoding="utf-8"))
    return next(node.lineno for node in ast.walk(tree) if getattr(node, "name", None) == test)


def _role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any
) -> tuple[list[Any], list[Any]]:
    file, _, test = text.partition("::")
    env = inliner.document.settings.env
    up = "../" * env.docname.count("/")
    target = f"{up}{FOLDER}/{file.removesuffix('.py')}.html#L-{line_of(file, test)}"
    words = test.removeprefix("test_").replace("_", " ")
    link = nodes.reference(rawtext, words, refuri=target, reftitle=text, classes=["test"])
    return [link], []


def _write(app: Any, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    pages = [Path(app.env.doc2path(docname)) for docname in app.env.found_docs]
    named = {
        match[1]
        for page in pages
        if page.suffix == ".md"
        for match in NAMED.finditer(page.read_text(encoding="utf-8"))
    }
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    for file in sorted(named):
        look = HtmlFormatter(full=True, title=file, linenos="inline", lineanchors="L")
        text = highlight(_file(file).read_text(encoding="utf-8"), PythonLexer(), look)
        (folder / f"{file.removesuffix('.py')}.html").write_text(text, encoding="utf-8")


def _read(app: Any, docname: str, source: list[str]) -> None:
    source[0] = linked(source[0])


def setup(app: Any) -> dict[str, Any]:
    """Register the role, and what is done to pages and at the end."""
    app.add_role("test", _role)
    app.connect("source-read", _read)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
