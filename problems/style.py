"""How figures look, whatever Matplotlib is set to where they are drawn."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatterSciNotation

__all__ = ["Picture", "Powers", "fixed_style"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


class Powers(LogFormatterSciNotation):
    """Labels of a logarithmic axis in Unicode; as formulas they would take half of the drawing.

    Examples
    --------
    >>> from matplotlib.axis import XAxis
    >>> axes = Picture().subplots()
    >>> axes.set(xscale="log", xlim=(1e-3, 1e3))[1]
    (0.001, 1000.0)
    >>> axes.xaxis.set_major_formatter(Powers())
    >>> axes.xaxis.get_major_formatter()(1e-2)
    '10⁻²'
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of a tick."""
        text = str(super().__call__(x, pos)).replace(r"\times", "×")
        text = re.sub(r"\^\{([-\d]+)\}", lambda found: found[1].translate(_RAISED), text)
        return re.sub(r"\$\\mathdefault\{(.*)\}\$", r"\1", text)
