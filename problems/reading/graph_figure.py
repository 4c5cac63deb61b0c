"""The computation graph of a loss as a figure, without Graphviz."""

from __future__ import annotations

from collections.abc import Mapping

from autograd_lite import Tensor
from autograd_lite.draw import layout
from problems.style import Picture, fixed_style

__all__ = ["draw_figure"]


@fixed_style()
def draw_figure(loss: Tensor, names: Mapping[str, Tensor] | None = None) -> Picture:
    """Draw the operations that led to `loss`, arguments left of results, leaves in boxes.

    Parameters
    ----------
    loss, names
        As for `autograd_lite.draw.layout`.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> figure = draw_figure((x * x).sum(), {"x": x})
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    ['x (2,)', 'multiply (2,)', 'sum ()']
    """
    nodes = layout(loss, names)
    rows, last = [node.row for node in nodes], max(node.column for node in nodes)
    size = (2 * (1 + last), 1.5 + 0.8 * (max(rows) - min(rows)))
    figure = Picture(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.6, last + 0.6)
    axes.set_ylim(min(rows) - 0.6, max(rows) + 0.6)
    patches = []
    for node in nodes:
        box = (
            {"boxstyle": "square", "facecolor": "#F0E442"}
            if node.is_leaf
            else {"boxstyle": "round", "facecolor": "white"}
        )
        text = axes.text(
            node.column, node.row, node.label, ha="center", va="center", fontsize=8, bbox=box
        )
        patches.append(text.get_bbox_patch())
    for i, node in enumerate(nodes):
        for k in node.arguments:
            start, end = (nodes[k].column, nodes[k].row), (node.column, node.row)
            bend = 0.0 if end[0] - start[0] == 1 else 0.2  # around what lies between
            style = {"arrowstyle": "->", "connectionstyle": f"arc3,rad={bend}", "color": "0.5"}
            ends = {"patchA": patches[k], "patchB": patches[i]}
            axes.annotate("", end, start, arrowprops={**style, **ends})
    return figure
