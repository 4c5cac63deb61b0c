"""The figure of a computation graph shows every node and every edge."""

import numpy as np

from autograd_lite import Tensor, draw, nn, ops
from problems.reading.graph_figure import draw_figure


def test_figure_has_the_nodes_and_edges_of_the_dot_text(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.ReLU(), nn.Linear(4, 2, rng=1))
    names = dict(model.named_parameters())
    loss = ops.cross_entropy(model(Tensor(np.ones((5, 3), np.float32))), np.zeros(5, int))
    text, figure = draw(loss, names), draw_figure(loss, names)
    written = [t.get_text() for t in figure.axes[0].texts]
    assert sum(label != "" for label in written) == text.count("[label=")
    assert sum(label == "" for label in written) == text.count("->")
    assert {"0.weight (4, 3)", "relu (5, 4)", "cross_entropy ()"} <= set(written)
    figure.savefig(tmp_path / "graph.png")
    loss.backward()
