"""The table of operations as text, with the equations from the comments above the rules.

``python -m autograd_lite.reference`` prints it; with the path of a Markdown page as argument it
replaces what the page has between the two marks.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograd_lite.engine import NUMPY, TABLE, Primitive

__all__ = ["rules", "table", "updated"]

#: LaTeX, then eight spaces or a line break, then the source in brackets.
_RULE = re.compile(r"^ *# (\S.*\S)(?: {8}|\n *# +)\[(.+)\]$", re.MULTILINE)
_MARKS = ("<!-- table of operations: begin -->\n", "<!-- table of operations: end -->\n")


def rules(row: Callable[..., Any]) -> list[tuple[str, str]]:
    r"""Return (LaTeX, source) of an operation's rules, none if it is composed of others.

    >>> from autograd_lite.ops import exp
    >>> rules(exp)
    [('\\bar{x} = \\bar{y} y', 'calculus')]
    """
    if not isinstance(row, Primitive):
        return []
    if row.joint_vjp is not None:
        source = inspect.getsource(row.joint_vjp)
    else:
        module = Path(inspect.getsourcefile(row.forward) or "").read_text(encoding="utf-8")
        source = module.split(f"\n{row.name}.vjps = (\n", 1)[1].split("\n)\n", 1)[0]
    return _RULE.findall(source)


def table() -> str:
    """Return the table in Markdown, a line per operation, in the order of the modules."""
    lines = ["| Operation | Stands for | What | Rule |", "|---|---|---|---|"]
    for name, row in TABLE.items():
        parameters = inspect.signature(row).parameters.values()
        call = f"{name}({', '.join(str(p).split(':')[0].split('=')[0] for p in parameters)})"
        numpys = ", ".join(f"`{f.__name__}`" for f, entry in NUMPY.items() if entry is row)
        what = (inspect.getdoc(row) or "").partition("\n")[0]
        equations = "<br>".join(f"${latex}$ [{_cited(source)}]" for latex, source in rules(row))
        lines.append(f"| `{call}` | {numpys} | {what} | {equations or 'made of others'} |")
    return "\n".join(lines) + "\n"


def _cited(source: str) -> str:
    """A source with the formula at its end, if it has one, as such."""
    return re.sub(r"(?<=[:,] )[^:,]*\\[^:,]*$", r"$\g<0>$", source)


def updated(page: str) -> str:
    """Return a page with the present table between its marks.

    Raises
    ------
    ValueError
        If the page lacks a mark.
    """
    begin, end = _MARKS
    if begin not in page or end not in page:
        raise ValueError(f"the page must have the lines {begin.strip()} and {end.strip()}")
    before, rest = page.split(begin, 1)
    return f"{before}{begin}\n{table()}\n{end}{rest.split(end, 1)[1]}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        path = Path(sys.argv[1])
        path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(table(), end="")
