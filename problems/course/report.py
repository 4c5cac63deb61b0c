"""Results of grading: a table, Gradescope's results.json, a CSV of the class, an HTML page."""

from __future__ import annotations

import csv
import html
import io
import json
from pathlib import Path

from problems.course.grade import Graded
from problems.course.judge import Verdict
from problems.course.marking import gradescope
from problems.reading.mathml import mathml

__all__ = ["save", "table"]


def table(graded: list[Graded]) -> str:
    """Return points by student and task, as text."""
    rows = _rows(graded)
    widths = [max(len(str(row[k])) for row in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            str(cell).ljust(width) if k == 0 else str(cell).rjust(width)
            for k, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _rows(graded: list[Graded]) -> list[list[str]]:
    tasks = list(graded[0].verdicts)
    rows = [["student", *(task.folder for task in tasks), "points", "of"]]
    for student in graded:
        points, most = student.total
        each = [str(student.points(task)[0]) for task in tasks]
        rows.append([student.student, *each, str(points), str(most)])
    return rows


def save(graded: list[Graded], folder: Path) -> list[Path]:
    """Write ``class.csv`` and, in a folder for each student, ``results.json`` and ``report.html``.

    Returns
    -------
    list of Path
        Files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [_safe(c) for c in row] for row in _rows(graded)
    )
    files = {folder / "class.csv": text.getvalue()}
    for student in graded:
        lines = [(task.folder, v) for task, found in student.verdicts.items() for v in found]
        results = gradescope(lines, student.error)
        files[folder / student.student / "results.json"] = json.dumps(results, indent=1) + "\n"
        files[folder / student.student / "report.html"] = _page(student)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return list(files)


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


_STYLE = """
:root { color-scheme: light dark; --line: #8884; --wrong: #b42318; --right: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --wrong: #ff8a80; --right: #7ee787; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid var(--line); padding: .6rem 0 .6rem 2rem; position: relative; }
article::before { position: absolute; left: .3rem; font-weight: bold; }
.right::before { content: "✓"; color: var(--right); }
.wrong::before { content: "✗"; color: var(--wrong); }
.place, .points { font-size: .85rem; opacity: .75; }
.points { float: right; }
math { font-size: 1.15rem; }
.equation, pre { overflow: auto hidden; margin: .2rem 0; padding: .2rem 0; }
pre { font-size: .85rem; white-space: pre-wrap; }
.why { color: var(--wrong); margin: 0; }
"""


def _page(student: Graded) -> str:
    """The student's lines beside their equations."""
    points, most = student.total
    name = html.escape(student.student)
    parts = [
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>{name}: {points} of {most} points</h1>",
        f"<p>{html.escape(student.error)}</p>" if student.error else "",
    ]
    for task, verdicts in student.verdicts.items():
        right, of = student.points(task)
        parts.append(f"<h2>{task.number}. {html.escape(task.title)}: {right} of {of}</h2>")
        parts += map(_line, verdicts)
    return "\n".join([*parts, "</body></html>", ""])


def _line(verdict: Verdict) -> str:
    """A line of the student's under its equation, and what is wrong with it."""
    word = "right" if verdict.right else "wrong"
    place = f"{verdict.place}, line {verdict.line}" if verdict.line else verdict.place
    name, colon, rest = verdict.why.partition(": ")
    is_symbol = colon and verdict.latex.startswith(name)
    why = f"{mathml(name)}: {html.escape(rest)}" if is_symbol else html.escape(verdict.why)
    return (
        f'<article class="{word}"><span class="points">{int(verdict.right)} of 1 point</span>'
        f'<span class="place">{html.escape(place)}</span>'
        f'<div class="equation">{mathml(verdict.latex)}</div>'
        + (f"<pre><code>{html.escape(verdict.code)}</code></pre>" if verdict.code else "")
        + (f'<p class="why">{why}</p>' if why else "")
        + "</article>"
    )
