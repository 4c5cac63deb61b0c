"""What every function of `problems` returns."""

from __future__ import annotations

import base64
import html
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from problems.manifest import manifest, to_json

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["Result", "file_name", "read_result"]

R = TypeVar("R", bound="Result")

#: Rows of a table that a notebook shows.
ROWS = 100


class Result(ABC):
    """A result that shows itself: as text, as a table and figure in a notebook, as JSON, as files.

    Subclasses say what they hold: `table` (rows), `figures`, `record` (for JSON), `text`, `stem`.
    """

    #: Name of the function that made it.
    command: str

    @property
    def failure(self) -> str:
        """What went wrong, though there is a result; empty if nothing did."""
        return ""

    @abstractmethod
    def table(self) -> list[dict[str, Any]]:
        """The rows of the result, a dict each."""

    @abstractmethod
    def record(self) -> dict[str, Any]:
        """All of the result as plain values, without the manifest."""

    @abstractmethod
    def text(self) -> str:
        """The result as a terminal shows it."""

    @property
    @abstractmethod
    def stem(self) -> str:
        """Name of the result's files, without an ending."""

    def figures(self) -> dict[str, Picture]:
        """The figures by what is added to the files' name; none if there is nothing to draw."""
        return {}

    @property
    def written(self) -> list[Path]:
        """Files that were written while it was made."""
        return []

    def write(self, stem: Path) -> list[Path]:
        """Write what is not a figure, beside the figures; return the files."""
        return []

    def plot(self) -> Picture:
        """Return the figure (the first, if there are several); a notebook shows it.

        Raises
        ------
        ValueError
            If there is nothing to draw.
        """
        figures = self.figures()
        if not figures:
            raise ValueError(f"{self.command} has nothing to draw here")
        return next(iter(figures.values()))

    def save(self, folder: str | Path = "results") -> list[Path]:
        """Write the figures as PNG and SVG, and the data; return the files.

        Raises
        ------
        OSError
            If the folder cannot be written to.
        """
        stem = Path(folder) / file_name(self.stem)
        stem.parent.mkdir(parents=True, exist_ok=True)
        drawn = list[Path]()
        for name, figure in self.figures().items():
            from problems.plots import save

            drawn += save(figure, stem.with_name(stem.name + name))
        return [*drawn, *self.write(stem)]

    def to_dict(self) -> dict[str, Any]:
        """Return all of the result as plain values that JSON can say, with a manifest."""
        record: dict[str, Any] = to_json(self.record())
        return {**record, "manifest": manifest(self.command, getattr(self, "seed", None))}

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        """The table, and the first figure, for a notebook."""
        shown = [_table(self.table())]
        figures = self.figures()
        if figures:
            code = base64.b64encode(next(iter(figures.values()))._repr_png_()).decode()
            title = html.escape(self.text().splitlines()[0], quote=True)
            shown.append(f'<img alt="{title}" src="data:image/png;base64,{code}">')
        return "\n".join(shown)


def read_result(path: Path, kind: str, made: Callable[[Any], R]) -> R:
    """Return the result that a JSON file of an earlier one says.

    Parameters
    ----------
    path : Path
        File given as ``show``.
    kind : str
        Name of such files, for messages.
    made : callable
        Makes the result from what the file holds.

    Raises
    ------
    ValueError
        If the file cannot be read, or is not what it should be.
    """
    try:
        result = made(json.loads(path.read_text(encoding="utf-8")))
        result.text()
        return result
    except OSError as error:
        raise ValueError(f"show must be a file that can be read, got {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"show must be a {kind}, got {str(path)!r} ({reason})") from error


def file_name(text: str) -> str:
    """Text as the name of a file, without an ending.

    Examples
    --------
    >>> file_name("sweep-mymodule:bursts")
    'sweep-mymodule-bursts'
    """
    return re.sub(r"[^\w+-]+", "-", text)


def _table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as an HTML table."""
    if not rows:
        return "<p>no rows</p>"
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(_shown(row.get(n)))}</td>" for n in names) + "</tr>"
        for row in rows[:ROWS]
    )
    more = f"\n<p>{len(rows) - ROWS:,} more rows</p>" if len(rows) > ROWS else ""
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{more}"


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
