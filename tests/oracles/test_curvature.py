"""The sharpness of a network agrees with torch's double backward."""

import numpy as np
import pytest

from problems.learning.objectives import squared_error
from problems.learning.training import prepare
from problems.rates.curvature import hessian, sharpness
from problems.rates.curvature_run import full_gradient, weights_of
from tests.oracles.peers import peer


@pytest.mark.parametrize("task", ["digits-tanh", "digits-logistic"])
def test_sharpness_is_torchs(task):
    torch = peer("torch")
    run = prepare(task, "adam", 3)
    gradient = full_gradient(run.model, run.objective.full_loss)
    x = weights_of(run.model)
    objective = run.objective
    images = (objective.data.train_images.astype(np.float64) - objective.mean) * objective.scale
    inputs = torch.tensor(images.reshape(len(images), -1))
    labels = torch.tensor(objective.data.train_labels)
    shapes = [p.shape for p in run.model.parameters()]
    sizes = [int(np.prod(shape)) for shape in shapes]

    def loss(flat):
        parts = [p.reshape(s) for p, s in zip(flat.split(sizes), shapes, strict=True)]
        scores = inputs
        for k in range(0, len(parts), 2):
            scores = torch.tanh(scores) if k else scores
            scores = scores @ parts[k].T + parts[k + 1]
        if objective.criterion is squared_error:
            wanted = torch.nn.functional.one_hot(labels, 10)
            return (scores - wanted).square().sum() / 2 / len(labels)
        return torch.nn.functional.cross_entropy(scores, labels)

    flat = torch.tensor(x, requires_grad=True)
    (g,) = torch.autograd.grad(loss(flat), flat, create_graph=True)
    np.testing.assert_allclose(gradient(x), g.detach().numpy(), rtol=1e-9, atol=1e-12)

    def product(v):
        return torch.autograd.grad(g, flat, torch.tensor(v), retain_graph=True)[0].numpy()

    v = np.random.default_rng(0).normal(size=len(x))
    ours = hessian(gradient, x).matvec(v)
    assert np.linalg.norm(ours - product(v)) <= 1e-6 * np.linalg.norm(ours)
    v /= np.linalg.norm(v)
    for _ in range(2000):  # by powers, another way than Lanczos'; H + 1 is positive here
        v = product(v) + v
        v /= np.linalg.norm(v)
    assert sharpness(gradient, x) == pytest.approx(float(v @ product(v)), rel=1e-4)
