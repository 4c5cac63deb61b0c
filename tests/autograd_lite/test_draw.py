"""Layouts and drawings of the graph."""

import numpy as np

import autograd_lite as ag
from autograd_lite import ops
from autograd_lite.draw import layout


def small_graph():
    x, w = (ag.Tensor(np.ones(2), requires_grad=True) for _ in range(2))
    return ops.tanh(x * w).sum() + (x * x).sum(), {"x": x, 'the "w"': w}


def test_layout_puts_arguments_left_of_results():
    loss, names = small_graph()
    nodes = layout(loss, names)
    assert [node.label for node in nodes if node.is_leaf] == ["x (2,)", 'the "w" (2,)']
    for node in nodes:
        assert all(nodes[i].column < node.column for i in node.arguments)
    assert len({(node.column, node.row) for node in nodes}) == len(nodes)
    assert nodes[-1].label == "add ()"


def test_dot_has_every_node_and_edge():
    loss, names = small_graph()
    text = ag.draw(loss, names)
    nodes = layout(loss, names)
    assert text.count("[label=") == len(nodes)
    assert text.count("->") == sum(len(node.arguments) for node in nodes)
    assert '[label="the \\"w\\" (2,)", shape=box]' in text
    loss.backward()  # drawing leaves the graph as it was
