"""Every equation beside the line that computes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adabound_np.checks import known
from problems.manifest import suffix
from problems.reading.equations import Equation, listing
from problems.reading.notation import markdown, symbols_in
from problems.results.result import Result

__all__ = ["FORMATS", "Equations", "equations"]

#: Name on the command line -> ending of the file.
FORMATS = {"text": ".txt", "markdown": ".md", "html": ".html"}


@dataclass(frozen=True)
class Equations(Result):
    """Equations and the lines that compute them.

    Attributes
    ----------
    equations : tuple of Equation
        In the order of files and lines.
    only : str
        Text in each function's dotted name.
    format : str
        How they are printed, one of `FORMATS`.
    notation : bool
        Whether the table of symbols is printed in their place.
    """

    equations: tuple[Equation, ...]
    only: str
    format: str
    notation: bool
    command = "equations"

    @property
    def stem(self) -> str:
        """Name of the file."""
        return "notation" if self.notation else f"equations{suffix({'': self.only}, {'': ''})}"

    def table(self) -> list[dict[str, Any]]:
        """One row per equation, or a symbol."""
        if self.notation:
            return [symbol._asdict() for symbol in symbols_in(self.equations)]
        names = ("latex", "source", "code", "file", "line", "place")
        return [{name: getattr(e, name) for name in names} for e in self.equations]

    def record(self) -> dict[str, Any]:
        """All of them as plain values."""
        return {"symbols" if self.notation else "equations": self.table()}

    def text(self) -> str:
        """The equations in the format asked for, or the table of symbols in Markdown."""
        if self.notation:
            return markdown(symbols_in(self.equations))
        from problems.reading import pages

        text = pages.FORMATS[self.format](self.equations)
        if self.format == "html":  # which says that it is UTF-8, whatever standard output is
            text = text.encode("ascii", "xmlcharrefreplace").decode()
        return text

    def write(self, stem: Path) -> list[Path]:
        """What is printed, as a file."""
        path = stem.with_name(stem.name + (".md" if self.notation else FORMATS[self.format]))
        path.write_text(self.text() + "\n", encoding="utf-8")
        return [path]

    def _repr_html_(self) -> str:
        """The equations typeset, code beside them."""
        if self.notation:
            return super()._repr_html_()
        from problems.reading import pages

        return pages.body(self.equations)


def equations(*, only: str = "", format: str = "text", notation: bool = False) -> Equations:
    r"""List the equations beside the lines that compute them.

    Parameters
    ----------
    only : str
        Text that occurs in the dotted name of each function, such as ``"adabound.AdaBound"``;
        several are separated by commas.
    format : {"text", "markdown", "html"}
        Format in which they are printed and saved.
    notation : bool
        Whether to show the table of their symbols in their place, in Markdown.

    Returns
    -------
    Equations
        With ``equations``: LaTeX, source, code, file and line of each.

    Raises
    ------
    ValueError
        If the format is unknown, or no function has such a name.

    Examples
    --------
    >>> import problems
    >>> print(problems.equations(only="InvSqrt.__call__"))  # doctest: +ELLIPSIS
    adabound_np/schedules.py  InvSqrt.__call__
       ...  s_t = 1 / \sqrt{t}    return 1 / sqrt(t)
    """
    known("format", format, FORMATS)
    chosen = tuple(e for e in listing() if any(text in e.place for text in only.split(",")))
    if not chosen:
        raise ValueError(f"only must occur in a function's dotted name, got {only!r}")
    return Equations(chosen, only, format, notation)
