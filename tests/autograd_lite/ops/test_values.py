"""Values and gradients at infinities, at zeros, and where there are no elements."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops
from tests.autograd_lite.samples import leaf


def gradients(call, *arrays):
    """The result of a call, and the gradients of the sum of its elements."""
    xs = [ag.Tensor(np.asarray(a, np.float64), requires_grad=True) for a in arrays]
    y = call(*xs)
    y.backward(np.ones(y.shape))
    return y.data, *[x.grad for x in xs]


@pytest.mark.parametrize("op", [ops.maximum, ops.minimum])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_infinities_share_the_gradient(op, dtype):
    a = ag.Tensor(np.array([np.inf, -np.inf, 1.0, np.inf, -np.inf], dtype), requires_grad=True)
    b = ag.Tensor(np.array([np.inf, -np.inf, 1.0, -np.inf, np.inf], dtype), requires_grad=True)
    op(a, b).backward(np.ones(5, dtype))
    first, second = (1, 0) if op is ops.maximum else (0, 1)
    assert a.grad.tolist() == [0.5, 0.5, 0.5, first, second]
    assert b.grad.tolist() == [0.5, 0.5, 0.5, second, first]


def test_what_is_no_number_has_no_gradient():
    _, a, b = gradients(ops.maximum, [np.nan, 1.0], [1.0, np.nan])
    assert np.isnan([a, b]).all()


def test_power_of_zero():
    y, a, b = gradients(ops.power, np.zeros(3), [0.0, 1.0, 2.0])
    assert y.tolist() == [1, 0, 0]
    assert a.tolist() == [0, 1, 0]
    assert b.tolist() == [0, 0, 0]
    assert gradients(lambda b: ops.power(0.0, b), [0.0])[1] == 0
    assert gradients(lambda b: ops.power(0, b), 0.0)[1] == 0


def test_power_of_zero_to_a_negative():
    with np.errstate(divide="ignore"):
        y, _, b = gradients(ops.power, 0.0, -1.0)
    assert (y, b) == (np.inf, -np.inf)


@pytest.mark.parametrize("b", [0, 0.0, np.zeros(3)])
def test_power_zero_is_flat(b):
    _, a = gradients(lambda a: ops.power(a, b), [0.0, np.inf, -2.0])
    assert a.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("low", "high", "y", "slope"),
    [
        (2.0, 1.0, [1, 1, 1, 1], [0, 0, 0, 0]),
        (1.0, 2.0, [1, 1, 1.5, 2], [0, 1, 1, 1]),
        (None, 1.0, [0, 1, 1, 1], [1, 1, 0, 0]),
        (1.5, None, [1.5, 1.5, 1.5, 2], [0, 0, 1, 1]),
        ([2.0, 1.0, 1.0, 3.0], 1.5, [1.5, 1, 1.5, 1.5], [0, 1, 1, 0]),
        (-np.inf, np.inf, [0, 1, 1.5, 2], [1, 1, 1, 1]),
    ],
)
def test_clip_follows_its_rule(low, high, y, slope):
    value, x = gradients(lambda x: ops.clip(x, low, high), [0.0, 1.0, 1.5, 2.0])
    assert value.tolist() == y
    assert x.tolist() == slope


@pytest.mark.parametrize("window", [(2, 2, 1), (3, 2, 1), (3, 1, 1), (4, 3, 2)])
def test_max_pool_gives_the_gradient_to_a_pixel_not_to_the_margin(window):
    x, (_, stride, padding) = np.full((1, 2, 5, 6), -np.inf), window
    y, grad = gradients(lambda x: ops.max_pool2d(x, *window), x)
    assert grad.sum() == y.size
    for axis in (2, 3):
        firsts = {max(u * stride - padding, 0) for u in range(y.shape[axis])}
        assert set(np.nonzero(grad)[axis].tolist()) == firsts


def test_max_pool_of_the_margin_and_one_pixel():
    _, grad = gradients(lambda x: ops.max_pool2d(x, 2, 2, 1), np.full((1, 1, 2, 2), -np.inf))
    assert np.array_equal(grad, np.ones((1, 1, 2, 2)))


def test_einsum_broadcasts_an_axis_of_length_one():
    y, a, b = gradients(lambda a, b: ops.einsum("i,i", a, b), [2.0, 2.0], [2.0])
    assert y == 8
    assert a.tolist() == [2, 2]
    assert b.tolist() == [4]


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("i,i->i", [(3,), (1,)]),
        ("ij,jk->ik", [(2, 1), (3, 4)]),
        ("ij,jk->ik", [(2, 3), (1, 4)]),
        ("ij,ij,ij", [(2, 1), (1, 3), (1, 1)]),
        ("...i,...i->...", [(2, 3), (1, 3)]),
        ("...i,i->...", [(2, 3), (1,)]),
        ("ii,i->i", [(3, 3), (1,)]),
        ("ii,i->", [(1, 1), (3,)]),
        ("i,j,i", [(1,), (2,), (4,)]),
    ],
)
def test_gradients_of_broadcasting_einsum(subscripts, shapes):
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in shapes]
    assert ag.gradcheck(lambda *xs: ops.einsum(subscripts, *xs), *arrays).error < 1e-6


EMPTY = {
    "matmul": (ops.matmul, (2, 3, 0), (0, 4)),
    "matmul of no rows": (ops.matmul, (0, 3), (3, 4)),
    "batched matmul": (ops.matmul, (0, 2, 3), (3, 4)),
    "vector": (ops.matmul, (0,), (0, 4)),
    "linear": (ops.linear, (2, 3, 0), (4, 0)),
    "linear of no rows": (ops.linear, (0, 3), (4, 3)),
    "linear of no sequences": (ops.linear, (0, 2, 3), (4, 3), (4,)),
    "einsum": (lambda a, b: ops.einsum("ij,jk", a, b), (2, 0), (0, 3)),
    "embedding": (lambda w: ops.embedding(w, [0, 1]), (3, 0)),
    "embedding of nothing": (lambda w: ops.embedding(w, np.zeros(0, int)), (3, 2)),
    "flatten": (nn.Flatten(), (0, 2, 3)),
    "flatten nothing": (nn.Flatten(), (2, 0, 3)),
    "concatenate": (lambda a, b: ops.concatenate([a, b]), (0, 2), (3, 2)),
    "sum": (lambda a: a.sum(0), (0, 2)),
    "layer_norm": (ops.layer_norm, (0, 3), (3,), (3,)),
    "softmax": (ops.softmax, (0, 3)),
    "cross_entropy": (lambda x: ops.cross_entropy(x, np.zeros(0, int), reduction="sum"), (0, 3)),
    "mse_loss": (lambda x: ops.mse_loss(x, np.zeros((0, 3)), reduction="sum"), (0, 3)),
    "max_pool2d": (lambda x: ops.max_pool2d(x, 2), (0, 1, 4, 4)),
    "avg_pool2d": (lambda x: ops.avg_pool2d(x, 2), (0, 1, 4, 4)),
    "conv2d": (ops.conv2d, (0, 2, 4, 4), (3, 2, 3, 3), (3,)),
    "lstm": (ops.lstm, (2, 0, 3), (0, 1), (0, 1), (4, 3), (4, 1), (4,), (4,)),
    "lstm of no steps": (ops.lstm, (0, 2, 3), (2, 1), (2, 1), (4, 3), (4, 1), (4,), (4,)),
}


@pytest.mark.parametrize("case", EMPTY.values(), ids=EMPTY)
def test_what_has_no_elements_has_gradients_of_zero(case):
    call, *shapes = case
    y, *grads = gradients(call, *[np.ones(shape) for shape in shapes])
    assert [g.shape for g in grads] == shapes
    if not y.size:
        assert not any(g.any() for g in grads)


def test_product_over_no_elements():
    y, a, b = gradients(ops.matmul, np.ones((2, 3, 0)), np.ones((0, 4)))
    assert np.array_equal(y, np.zeros((2, 3, 4)))
    assert (a.shape, b.shape) == ((2, 3, 0), (0, 4))


@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:invalid value", "ignore:divide by")
def test_variance_without_freedom():
    y, x = gradients(lambda x: ops.var(x, ddof=1), [3.0])
    assert np.isnan([y, x[0]]).all()
    y, x = gradients(lambda x: ops.var(x, 1, ddof=1), [[3.0], [4.0]])
    assert np.isnan(y).all()
    assert np.isnan(x).all()
    y, x = gradients(lambda x: ops.var(x, ddof=3), [3.0, 5.0])
    assert y == np.inf
    assert x.tolist() == [-np.inf, np.inf]


def test_variance_with_freedom():
    _, x = gradients(lambda x: ops.var(x, ddof=1), [3.0, 5.0, 7.0])
    assert x.tolist() == [-2, 0, 2]


@pytest.mark.parametrize(
    ("shape", "index", "gradient"),
    [
        ((2, 2), ((0, 0), (1, 1)), [[0, 2], [0, 0]]),
        ((2, 2), (ag.Tensor([0, 0]), 1), [[0, 2], [0, 0]]),
        ((2, 2), (range(1), [True, False]), [[1, 0], [0, 0]]),
        ((3,), ((0, 0, 2),), [2, 0, 1]),
        ((3,), (..., None, np.int64(1)), [0, 1, 0]),
    ],
)
def test_places_that_an_index_repeats_collect_all_gradients(shape, index, gradient):
    x = ag.Tensor(np.ones(shape), requires_grad=True)
    x[index].sum().backward()
    np.testing.assert_array_equal(x.grad, gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logsumexp_of_infinities(dtype):
    x = np.array([[-np.inf, -np.inf], [np.inf, 1.0], [np.inf, 1e4], [-np.inf, 1e4]], dtype)
    y = ops.logsumexp(x, axis=1)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y.data, [-np.inf, np.inf, np.inf, 1e4])
    assert ops.logsumexp([-np.inf, -np.inf]).item() == -np.inf
    assert ops.logsumexp([np.inf, 1.0]).item() == np.inf


def test_split_takes_a_numpy_integer():
    x = leaf(1.0, 2.0, 3.0, 4.0)
    first, second = np.split(x, np.int64(2))
    (first + 2 * second).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1, 2, 2])
