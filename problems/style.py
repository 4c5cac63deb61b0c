"""How figures look, whatever Matplotlib is set to where they are drawn."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure

__all__ = ["Picture", "fixed_style"]


@contextmanager
def fixed_style() -> Iterator[None]:
    """Matplotlib's own defaults, as a context or a decorator; the user's settings return after it.

    SVG files have the same identifiers each time, so that the same figure is the same bytes.

    Examples
    --------
    >>> with matplotlib.rc_context({"text.usetex": True}):
    ...     with fixed_style():
    ...         inside = matplotlib.rcParams["text.usetex"]
    ...     inside, matplotlib.rcParams["text.usetex"]
    (False, True)
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams["svg.hashsalt"] = "adabound-np"
        yield


class Picture(Figure):
    """A figure that a notebook shows by itself, whether or not pyplot has been imported.

    Examples
    --------
    >>> Picture()._repr_png_()[1:4]
    b'PNG'
    """

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        with fixed_style():
            self.savefig(buffer, format="png", dpi=100)
        return buffer.getvalue()
