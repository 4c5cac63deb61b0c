"""A picture knows its series: a change is noticed, a redraw is not."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from problems.digest import digest, digest_in
from problems.plots import save

X = np.linspace(0.1, 1, 5)
DRAWINGS = {
    "line": lambda axes, y: axes.plot(X, y),
    "area": lambda axes, y: axes.fill_between(X, 0, y),
    "bars": lambda axes, y: axes.bar(X, y),
    "histogram": lambda axes, y: axes.hist(X, weights=y, histtype="stepfilled"),
    "points": lambda axes, y: axes.scatter(X, y),
    "error bars": lambda axes, y: axes.errorbar(X, X, yerr=y / 2),
    "image": lambda axes, y: axes.imshow([y]),
    "mesh": lambda axes, y: axes.pcolormesh(X, [0, 1], np.ma.masked_less([y] * 2, 0.3)),
    "words": lambda axes, y: axes.text(0.5, 0.5, f"{y[2]:.2g}"),
    "title": lambda axes, y: axes.set_title(f"{y[2]:.2g}"),
    "suptitle": lambda axes, y: axes.figure.suptitle(f"{y[2]:.2g}"),
    "limits": lambda axes, y: axes.set_ylim(0, y[2]),
}


def figure_of(drawing, y):
    figure = Figure(layout="constrained")
    drawing(figure.subplots(), y)
    return figure


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_changed_series_is_noticed_and_a_redraw_is_not(name, tmp_path):
    drawing, changed = DRAWINGS[name], X.copy()
    changed[2] *= 1.02
    for number, figure in enumerate((figure_of(drawing, X), figure_of(drawing, X * (1 + 1e-15)))):
        before = digest(figure)
        png, _ = save(figure, tmp_path / str(number))
        assert digest_in(png) == before == digest(figure)  # drawing changes nothing
    assert digest_in(tmp_path / "0.png") == digest_in(tmp_path / "1.png")
    assert digest(figure_of(drawing, changed)) != before


def test_a_picture_without_a_digest(tmp_path):
    Figure().savefig(tmp_path / "bare.png")
    assert digest_in(tmp_path / "bare.png") is None
