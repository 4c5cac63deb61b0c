"""Digests of figures: what is drawn, whatever Matplotlib makes of it on a page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

__all__ = ["KEY", "digest", "digest_in"]

#: The entry of a PNG file's metadata that holds its figure's digest.
KEY = "Digest"
#: Significant digits that count: more than a picture shows, fewer than machines agree on.
DIGITS = 6
#: Numbers below it count as 0: they are rounding errors.
TINY = 1e-14


def digest(figure: Figure) -> str:
    """SHA-256 of a figure's words and of the numbers behind its lines, areas, bars and images.

    Numbers count to `DIGITS` significant digits, and as 0 below 1e-14. Fonts, colours and sizes do
    not count.

    Parameters
    ----------
    figure : Figure
        Figure to describe; it need not have been rendered.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> def drawn(*y):
    ...     figure = Figure()
    ...     figure.subplots().plot(y)
    ...     return digest(figure)
    >>> drawn(1.0, 2.0) == drawn(1.0, 2.0 + 1e-12), drawn(1.0, 2.0) == drawn(1.0, 2.001)
    (True, False)
    """
    total = hashlib.sha256()
    for part in _parts(figure):
        if isinstance(part, str):
            total.update(part.encode() + b"\0")
            continue
        numbers = np.ma.filled(np.ma.asarray(part, np.float64), np.nan).ravel()
        numbers = np.where(np.abs(numbers) < TINY, 0.0, numbers)
        # The corners of a mesh are many, but few of them differ.
        values, where = np.unique(numbers + 0.0, return_inverse=True)
        words = np.array([f"{x:.{DIGITS - 1}e} " for x in values], object)
        total.update("".join(words[where]).encode())
    return total.hexdigest()


def digest_in(path: Path) -> str | None:
    """The digest that `problems.plots.save` wrote into a PNG file; None without one."""
    with Image.open(path) as image:
        written: str | None = image.info.get(KEY)
    return written


def _parts(figure: Figure) -> Iterator[Any]:
    """Words and arrays of a figure, in the order of drawing."""
    for text in figure.texts:
        yield text.get_text()
    yield figure.get_suptitle()
    for axes in figure.axes:
        yield from (axes.get_title(), axes.get_xlabel(), axes.get_ylabel())
        yield from (axes.get_xscale(), axes.get_yscale(), axes.get_xlim(), axes.get_ylim())
        for text in axes.texts:
            yield text.get_text()
        for line in axes.lines:
            yield str(line.get_label())
            yield line.get_xydata()
        for patch in axes.patches:
            yield patch.get_path().vertices
            yield patch.get_patch_transform().get_matrix()
        for collection in axes.collections:
            paths = collection.get_paths()
            yield np.concatenate([path.vertices for path in paths]) if paths else []
            yield collection.get_offsets()
        for image in (*axes.images, *axes.collections):
            if image.get_array() is not None:
                yield image.get_array()
