"""The explorer: a page that runs the translated lines in a browser."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from problems.files import write_text
from problems.optimizers import OPTIMIZERS, Spec, label, labelled
from problems.results.result import Result

if TYPE_CHECKING:
    from problems.explorer.module import Module

__all__ = ["Explorer", "explore"]


@dataclass(frozen=True)
class Explorer(Result):
    """The page, and the module that it runs.

    Attributes
    ----------
    specs : list of str, class or Optimizer
        The optimizers on the page.
    made : Module
        Their translated lines, and what runs them.
    """

    specs: list[Spec]
    made: Module
    command = "explore"
    stem = "explorer"

    @property
    def module(self) -> str:
        """The translated lines and what runs them, as an ES module."""
        return self.made.exported()

    @cached_property
    def html(self) -> str:
        """The page: one file that needs no network.

        Raises
        ------
        ModuleNotFoundError
            If the package latex2mathml, of the extra ``course``, is missing.
        """
        from problems.explorer.html import page

        return page(self.made, self.specs)

    def table(self) -> list[dict[str, Any]]:
        """The size of the page and of its module."""
        parts = {"page": self.html, "module": self.module}
        return [{"part": name, "bytes": len(text.encode())} for name, text in parts.items()]

    def record(self) -> dict[str, Any]:
        """Return the optimizers and the sizes."""
        return {"optimizers": [label(spec) for spec in self.specs], "parts": self.table()}

    def text(self) -> str:
        """Return the sizes in a line."""
        sizes = (f"{row['part']} {row['bytes'] / 1000:.0f} kB" for row in self.table())
        return f"The explorer, with {len(self.specs)} optimizers: {', '.join(sizes)}"

    def _repr_html_(self) -> str:
        """The page in a frame."""
        page = html.escape(self.html, quote=True)
        frame = f'<iframe title="The explorer" width="100%" height="900" srcdoc="{page}"></iframe>'
        return f"{super()._repr_html_()}\n{frame}"

    def write(self, stem: Path) -> list[Path]:
        """Write the page."""
        path = stem.with_suffix(".html")
        write_text(path, self.html)
        return [path]


def explore(optimizers: Iterable[Spec] = tuple(OPTIMIZERS)) -> Explorer:
    """Translate the optimizers' lines to JavaScript, and make the page that runs them.

    Parameters
    ----------
    optimizers : iterable of str, class or Optimizer
        As for `counterexample`; by default all of the roster.

    Returns
    -------
    Explorer
        With ``html``, the page, and ``module``, an ES module.

    Raises
    ------
    TypeError, ValueError
        If an optimizer is unknown, or has a line that has no translation: its file and line are
        named.

    Examples
    --------
    >>> import problems
    >>> "class Adam {" in problems.explore(["adam"]).module
    True
    """
    from problems.explorer.module import module

    specs = list(labelled(optimizers).values())
    return Explorer(specs, module(specs))
