"""gradcheck and draw."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ops
from autograd_lite.draw import layout
from autograd_lite.operators import TABLE
from tests.autograd_lite.samples import SAMPLES


def test_gradcheck_reports_the_worst_entry():
    @ag.tensor.Primitive
    def wrong(x):
        return x * x

    wrong.vjps = (lambda y_bar, y, x: np.where(np.arange(3) == 1, 2.1, 2.0) * y_bar * x,)
    message = r"worst of 3 derivatives: argument 0 at \(1,\), backward gives .*differences"
    with pytest.raises(AssertionError, match=message):
        ag.gradcheck(wrong, [1.0, 2.0, 3.0])
    assert ag.gradcheck(wrong, [1.0, 2.0, 3.0], tolerance=1.0).index == (1,)


def test_gradcheck_notices_an_unused_argument_and_nan():
    assert ag.gradcheck(lambda x, y: x * 2, [1.0], [2.0]).entries == 2

    @ag.tensor.Primitive
    def wrong(x):
        return x * x

    wrong.vjps = (lambda y_bar, y, x: np.full(x.shape, np.nan),)
    with pytest.raises(AssertionError, match="nan"):
        ag.gradcheck(wrong, [1.0, 2.0])
    with pytest.raises(ValueError, match="an entry to check"):
        ag.gradcheck(lambda: ag.Tensor(1.0, requires_grad=True) * 2)


@pytest.mark.parametrize("name", ["exp", "multiply", "sum", "matmul", "conv2d", "lstm", "getitem"])
def test_a_broken_rule_is_found(name, monkeypatch):
    row = TABLE[name]
    if row.joint is not None:
        joint = row.joint

        def broken(*args, **options):
            grads = joint(*args, **options)
            return (*grads[:3], grads[3] * 1.0001, *grads[4:])

        monkeypatch.setattr(row, "joint", broken)
    else:
        first = row.vjps[0]
        rules = (lambda *args, **options: first(*args, **options) * 1.0001, *row.vjps[1:])
        monkeypatch.setattr(row, "vjps", rules)
    case = SAMPLES[name][1]
    with pytest.raises(AssertionError, match="gradients differ"):
        ag.gradcheck(lambda *xs: case.call(row, xs), *case.arrays())


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
