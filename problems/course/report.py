"""Results of grading: a table, Gradescope's results.json, a CSV of the class, an HTML page."""

from __future__ import annotations

import csv
import html
import io
import json
from pathlib import Path

from problems.course.grade import Graded

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
        files[folder / student.student / "results.json"] = _gradescope(student)
        files[folder / student.student / "report.html"] = _page(student)
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return list(files)


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) else cell


def _gradescope(student: Graded) -> str:
    """The documented form of Gradescope's autograder: a test for each line."""
    tests = [
        {
            "name": f"{task.folder}: {v.place}: {v.latex}",
            "score": int(v.right),
            "max_score": 1,
            "status": "passed" if v.right else "failed",
            "output": str(v),
        }
        for task, verdicts in student.verdicts.items()
        for v in verdicts
    ]
    points, most = student.total
    output = student.error or f"{points} of {most} points"
    return json.dumps({"score": points, "output": output, "tests": tests}, indent=1) + "\n"


_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.4rem;
text-align:left;vertical-align:top}code{white-space:pre-wrap;font-size:.85rem}
.wrong{background:#fdecea}.right td:first-child{color:#1a7f37}.wrong td:first-child{color:#b42318}
"""


def _page(student: Graded) -> str:
    """The student's lines beside their equations."""
    points, most = student.total
    name = html.escape(student.student)
    parts = [
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f"<h1>{name}: {points} of {most} points</h1>",
        f"<p>{html.escape(student.error)}</p>" if student.error else "",
    ]
    for task, verdicts in student.verdicts.items():
        right, of = student.points(task)
        parts.append(
            f"<h2>{task.number}. {html.escape(task.title)}: {right} of {of}</h2>\n<table>"
            "<tr><th></th><th>Points</th><th>Function</th><th>Equation</th><th>Your line</th></tr>"
        )
        for v in verdicts:
            line = f"line {v.line}: " if v.line else ""
            why = f"<br>{html.escape(v.why)}" if v.why else ""
            parts.append(
                f'<tr class="{"right" if v.right else "wrong"}"><td>{"✓" if v.right else "✗"}</td>'
                f"<td>{int(v.right)} of 1</td><td>{html.escape(v.place)}</td>"
                f"<td><code>{html.escape(v.latex)}</code></td>"
                f"<td>{line}<code>{html.escape(v.code)}</code>{why}</td></tr>"
            )
        parts.append("</table>")
    return "\n".join([*parts, "</body></html>", ""])
