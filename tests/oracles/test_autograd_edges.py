"""Infinities, zeros, margins, large means and no elements, against PyTorch."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops
from tests.oracles.peers import peer

INF = np.inf


def both_ways(torch, ours, theirs, *arrays):
    """Compare value and gradients of the sum of all elements."""
    own = [ag.Tensor(np.asarray(a, np.float64), requires_grad=True) for a in arrays]
    other = [torch.tensor(np.asarray(a, np.float64), requires_grad=True) for a in arrays]
    y, expected = ours(*own), theirs(*other)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-12)
    y.backward(np.ones(y.shape))
    expected.backward(torch.ones_like(expected))
    for a, b in zip(own, other, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_infinities_of_the_larger_and_the_smaller(name):
    torch = peer("torch")
    pairs = np.array([[a, b] for a in (INF, -INF, 0.0, 1.0) for b in (INF, -INF, 0.0, 1.0)])
    both_ways(torch, getattr(ops, name), getattr(torch, name), pairs[:, 0], pairs[:, 1])


@pytest.mark.parametrize("b", [0.0, 0.5, 1.0, 2.0, -1.0])
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_power_at_zero(b):
    torch = peer("torch")
    both_ways(torch, ops.power, torch.pow, [0.0, 0.0, 2.0], [b, b, b])


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (None, 0.5), (0.5, None), (-1.0, -1.0)])
def test_clip_of_infinities(low, high):
    torch = peer("torch")
    x = [-INF, -1.0, 0.0, 0.5, 1.0, INF]
    both_ways(torch, lambda x: ops.clip(x, low, high), lambda x: x.clip(low, high), x)


@pytest.mark.parametrize("window", [(2, 2, 1), (3, 2, 1), (3, 1, 1), (4, 3, 2), (2, 1, 0)])
def test_max_pool_of_minus_infinity(window):
    torch, x = peer("torch"), np.random.default_rng(0).normal(size=(2, 3, 6, 7))
    x[x < 0.5] = -INF
    both_ways(
        torch,
        lambda x: ops.max_pool2d(x, *window),
        lambda x: torch.max_pool2d(x, *window),
        x,
    )


@pytest.mark.parametrize(
    ("spec", "shapes"), [("i,i", [(2,), (1,)]), ("ij,jk->ik", [(3, 1), (2, 4)])]
)
def test_einsum_with_an_axis_of_length_one(spec, shapes):
    torch, rng = peer("torch"), np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in shapes]
    both_ways(
        torch, lambda *xs: ops.einsum(spec, *xs), lambda *xs: torch.einsum(spec, *xs), *arrays
    )


@pytest.mark.parametrize("shapes", [((2, 3, 0), (0, 4)), ((0, 2, 3), (3, 4)), ((0, 3), (3, 4))])
def test_matrix_products_of_nothing(shapes):
    torch = peer("torch")
    both_ways(torch, ops.matmul, torch.matmul, *[np.ones(shape) for shape in shapes])


@pytest.mark.filterwarnings("ignore")
def test_variance_of_one_element():
    torch = peer("torch")
    both_ways(torch, lambda x: ops.var(x, ddof=1), lambda x: torch.var(x, correction=1), [3.0])


EDGES = {
    "norm at 0": (np.linalg.norm, lambda torch: torch.linalg.norm, [0.0, 0.0]),
    "norm of nothing": (np.linalg.norm, lambda torch: torch.linalg.norm, []),
    "norm of infinity": (np.linalg.norm, lambda torch: torch.linalg.norm, [INF, 1.0]),
    "std at 0": (np.std, lambda torch: lambda x: torch.std(x, correction=0), [2.0, 2.0]),
    "std of equals": (np.std, lambda torch: lambda x: torch.std(x, correction=0), [0.5] * 7),
    "prod of nothing": (np.prod, lambda torch: torch.prod, []),
    "prod with a zero": (np.prod, lambda torch: torch.prod, [2.0, 0.0, 3.0]),
    "prod with zeros": (np.prod, lambda torch: torch.prod, [0.0, 0.0, 3.0]),
    "cumsum of nothing": (np.cumsum, lambda torch: lambda x: torch.cumsum(x, 0), []),
    "sign": (np.sign, lambda torch: torch.sign, [0.0, -0.0, INF, -INF]),
    "gelu": (ops.gelu, lambda torch: torch.nn.functional.gelu, [0.0, -3.0, 9.0, 1e3, -1e3]),
    "positive": (np.positive, lambda torch: torch.positive, [0.0, INF]),
}


@pytest.mark.parametrize("case", EDGES.values(), ids=EDGES)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_edges_of_one_argument(case):
    ours, theirs, x = case
    both_ways(peer("torch"), ours, theirs(peer("torch")), x)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_infinities_of_logaddexp():
    torch = peer("torch")
    pairs = np.array([[a, b] for a in (INF, -INF, 0.0, 1e3) for b in (INF, -INF, 0.0, 1e3)])
    both_ways(torch, np.logaddexp, torch.logaddexp, pairs[:, 0], pairs[:, 1])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    ("labels", "smoothing"),
    [([-100] * 3, 0.0), ([-100] * 3, 0.1), ([2, -100, 0], 0.0), ([2, 1, 0], 0.1), ([1] * 3, 0.0)],
)
@pytest.mark.parametrize("weight", [None, [0.5, 0.0, 3.0]])
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_ignored_labels_and_weights_of_zero(labels, weight, smoothing, reduction):
    torch, x = peer("torch"), np.random.default_rng(0).normal(size=(3, 3))
    options = {"label_smoothing": smoothing, "reduction": reduction}
    given = None if weight is None else torch.tensor(weight, dtype=torch.float64)
    both_ways(
        torch,
        lambda x: ops.cross_entropy(x, labels, weight=weight, **options),
        lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(labels), given, **options),
        x,
    )


NORMALISED = {
    "BatchNorm1d": ((256, 8), lambda module: module.BatchNorm1d(8)),
    "BatchNorm1d of sequences": ((32, 8, 9), lambda module: module.BatchNorm1d(8)),
    "BatchNorm2d": ((32, 8, 6, 6), lambda module: module.BatchNorm2d(8)),
    "LayerNorm": ((64, 32), lambda module: module.LayerNorm(32)),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("case", NORMALISED.values(), ids=NORMALISED)
def test_normalisation_around_a_large_mean_is_as_close_as_torchs(case, training):
    torch, (shape, make) = peer("torch"), case
    rng = np.random.default_rng(0)
    x = (1e4 + rng.normal(size=shape)).astype(np.float32)
    seed = rng.normal(size=shape).astype(np.float32)
    exact = make(torch.nn).double()
    results = []
    for model, dtype in ((exact, torch.float64), (make(torch.nn), torch.float32)):
        given = torch.tensor(x, dtype=dtype, requires_grad=True)
        model(given)
        y = model.train(training)(given)
        y.backward(torch.tensor(seed, dtype=dtype))
        results.append([y.detach().numpy(), given.grad.numpy()])
    layer, own = make(nn), ag.Tensor(x, requires_grad=True)
    layer(x)
    y = layer.train(training)(own)
    y.backward(seed)
    for ours, theirs, right in zip([y.data, own.grad], results[1], results[0], strict=True):
        error, allowed = np.abs(ours - right).max(), np.abs(theirs - right).max()
        assert error <= max(allowed, 4e-7 * np.abs(right).max())
