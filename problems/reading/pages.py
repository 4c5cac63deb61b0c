"""The listing of equations as text, as Markdown and as a page that needs no network."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

from matplotlib.path import Path
from matplotlib.textpath import TextPath

from problems.reading.equations import Equation
from problems.style import fixed_style

__all__ = ["FORMATS", "as_html", "as_markdown", "as_text", "body", "svg"]


def by_place(equations: Iterable[Equation]) -> Iterator[tuple[str, str, list[Equation]]]:
    """Consecutive equations of one function: file, the function's name within it, equations."""
    for (file, place), group in groupby(equations, lambda e: (e.file, e.place)):
        module = file.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        yield file, place.removeprefix(f"{module}."), list(group)


def as_text(equations: Sequence[Equation]) -> str:
    r"""Line, equation and code side by side, function by function.

    Examples
    --------
    >>> from problems.reading.equations import listing
    >>> lines = [e for e in listing() if e.place.endswith("InvSqrt.__call__")]
    >>> print(as_text(lines))  # doctest: +ELLIPSIS
    adabound_np/schedules.py  InvSqrt.__call__
       ...  s_t = 1 / \sqrt{t}    return 1 / sqrt(t)
    """
    lines = []
    for file, name, group in by_place(equations):
        lines += ["", f"{file}  {name}"]
        width = max(len(e.latex) for e in group)
        for e in group:
            first, *rest = e.code.splitlines()
            lines.append(f"  {e.line:>4}  {e.latex:<{width}}    {first}")
            lines += [f"  {'':4}  {'':{width}}    {line}" for line in rest]
    return "\n".join(lines[1:])


def as_markdown(equations: Sequence[Equation]) -> str:
    """A table for each function: line, equation, code, source."""
    lines = []
    for file, name, group in by_place(equations):
        lines += ["", f"### `{name}` in `{file}`", ""]
        lines += ["| Line | Equation | Code | Source |", "|---:|---|---|---|"]
        for e in group:
            code = "<br>".join(
                f"<code>{html.escape(line).replace(' ', '&nbsp;')}</code>"
                for line in e.code.splitlines()
            )
            cells = [str(e.line), f"${_unbarred(e.latex)}$", code, e.source]
            lines.append("| " + " | ".join(cell.replace("|", "&#124;") for cell in cells) + " |")
    return "\n".join(lines[1:])


def _unbarred(latex: str) -> str:
    """Write norms without the character that ends a table's cell."""
    return latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>adabound-np: every equation beside its line</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem;
       color: #1a1a1a; background: #fff; }}
h2 {{ font-size: 1.1rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }}
h2 small {{ font-weight: normal; color: #595959; }}
dl {{ display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 1.5rem;
     margin: 0; }}
dt, dd {{ margin: 0; padding: .5rem 0; border-top: 1px solid #ddd; overflow-x: auto; }}
dt svg {{ width: auto; max-width: none; fill: currentColor; vertical-align: middle; }}
dt small {{ display: block; color: #595959; }}
pre {{ margin: 0; font: 14px/1.5 ui-monospace, monospace; }}
@media (max-width: 45rem) {{
  dl {{ grid-template-columns: minmax(0, 1fr); }}
  dd {{ border-top: 0; padding-top: 0; }}
}}
@media (prefers-color-scheme: dark) {{
  body {{ color: #eee; background: #161616; }}
  h2 small, dt small {{ color: #aaa; }}
  dt, dd {{ border-color: #444; }}
}}
</style>
</head>
<body>
<h1>Every equation beside its line</h1>
<p>{count} equations. Each is evaluated against what its lines compute.</p>
{body}
</body>
</html>"""


def as_html(equations: Sequence[Equation]) -> str:
    """One page: equations typeset as paths, code beside them, below them on a narrow screen."""
    return _PAGE.format(count=len(equations), body=body(equations))


def body(equations: Sequence[Equation]) -> str:
    """The page's headings and lists."""
    parts = []
    for file, name, group in by_place(equations):
        parts.append(f"<h2>{html.escape(name)} <small>{html.escape(file)}</small></h2>\n<dl>")
        for e in group:
            source, code = html.escape(e.source), html.escape(e.code)
            parts.append(f"<dt>{svg(e.latex)}<small>[{source}], line {e.line}</small></dt>")
            parts.append(f"<dd><pre>{code}</pre></dd>")
        parts.append("</dl>")
    return "\n".join(parts)


@cache
@fixed_style()
def svg(latex: str) -> str:
    """An equation as an SVG element, drawn by Matplotlib: no fonts, no scripts, no network.

    Raises
    ------
    ValueError
        If Matplotlib cannot read it.

    Examples
    --------
    >>> svg("x")[:45]
    '<svg xmlns="http://www.w3.org/2000/svg" role='
    """
    drawn = TextPath(
        (0, 0), f"${latex}$".replace(r"\le ", r"\leq ").replace(r"\ge ", r"\geq "), size=20
    )
    data = " ".join(_segments(drawn))
    (left, bottom), (right, top) = drawn.vertices.min(axis=0) - 1, drawn.vertices.max(axis=0) + 1
    top, bottom = max(top, 20), min(bottom, -6)  # most equations are of one height
    box = f"{left:.1f} {-top:.1f} {right - left:.1f} {top - bottom:.1f}"
    label = html.escape(latex, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" viewBox="{box}"'
        f' style="height: {(top - bottom) / 20:.2f}em"><path d="{data}"/></svg>'
    )


def _segments(drawn: Path) -> Iterator[str]:
    """SVG's commands for Matplotlib's; y points down in SVG."""
    letters = {Path.MOVETO: "M", Path.LINETO: "L", Path.CURVE3: "Q", Path.CURVE4: "C"}
    for points, code in drawn.iter_segments(curves=True, simplify=False):
        if code == Path.CLOSEPOLY:
            yield "Z"
        elif code in letters:
            pairs = points.reshape(-1, 2) * (1, -1)
            yield letters[code] + " ".join(f"{x:.1f} {y:.1f}" for x, y in pairs)


#: Name on the command line -> function.
FORMATS: dict[str, Callable[[Sequence[Equation]], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "html": as_html,
}
