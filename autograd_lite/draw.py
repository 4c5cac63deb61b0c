"""The computation graph as text for Graphviz, and a layout of it for any other drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autograd_lite.engine import Tensor, graph

__all__ = ["GraphNode", "draw", "layout"]


@dataclass(frozen=True)
class GraphNode:
    """A tensor of the graph and its place in a drawing.

    Attributes
    ----------
    label : str
        The operation, or the leaf's name, and the shape.
    is_leaf : bool
        Whether backward leaves a gradient there.
    column, row : float
        Place: leaves at column 0, every operation right of its arguments; rows around 0.
    arguments : tuple of int
        Indices, in the list of nodes, of what it was computed from.
    """

    label: str
    is_leaf: bool
    column: int
    row: float
    arguments: tuple[int, ...]


def _column(node: Tensor) -> int:
    return node._record.depth if node._record else 0


def layout(loss: Tensor, names: Mapping[str, Tensor] | None = None) -> list[GraphNode]:
    """Return the nodes of the graph that led to `loss`, arguments before results.

    Parameters
    ----------
    loss : Tensor
        Before its backward pass, which frees the graph.
    names : mapping of str to Tensor, optional
        Names of leaves, such as ``dict(model.named_parameters())``.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> [(node.label, node.column) for node in layout((x * x).sum(), {"x": x})]
    [('x (2,)', 0), ('multiply (2,)', 1), ('sum ()', 2)]
    """
    order = sorted(graph(loss), key=_column)
    place = {id(node): i for i, node in enumerate(order)}
    known = {id(tensor): name for name, tensor in (names or {}).items()}
    columns = [_column(node) for node in order]
    nodes, used = [], dict.fromkeys(columns, 0)
    for node, column in zip(order, columns, strict=True):
        row = used[column] - (columns.count(column) - 1) / 2
        used[column] += 1
        record = node._record
        name = record.op.name if record else known.get(id(node), "leaf")
        parents = record.parents if record else ()
        arguments = tuple(place[id(parent)] for parent in parents if parent is not None)
        nodes.append(GraphNode(f"{name} {node.shape}", record is None, column, row, arguments))
    return nodes


def draw(loss: Tensor, names: Mapping[str, Tensor] | None = None) -> str:
    """Return the graph that led to `loss` in Graphviz's DOT language.

    Parameters
    ----------
    loss, names
        As for `layout`.

    Examples
    --------
    >>> x = Tensor(2.0, requires_grad=True)
    >>> print(draw(x * x, {"x": x}))
    digraph {
      rankdir=LR;
      n0 [label="x ()", shape=box];
      n1 [label="multiply ()", shape=ellipse];
      n0 -> n1;
      n0 -> n1;
    }
    """
    lines = ["digraph {", "  rankdir=LR;"]
    for i, node in enumerate(layout(loss, names)):
        label = node.label.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'  n{i} [label="{label}", shape={"box" if node.is_leaf else "ellipse"}];')
        lines.extend(f"  n{argument} -> n{i};" for argument in node.arguments)
    return "\n".join([*lines, "}"])
