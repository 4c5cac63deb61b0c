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
    "norm": (np.linalg.norm, (0,)),
    "norms": (lambda a: np.linalg.norm(a, axis=1), (2, 0)),
    "prod": (np.prod, (0, 2)),
    "products": (lambda a: np.prod(a, axis=1), (2, 0)),
    "products of nothing": (lambda a: np.prod(a, axis=0), (2, 0)),
    "cumsum": (np.cumsum, (2, 0)),
    "repeat": (lambda a: np.repeat(a, 3, axis=0), (0, 2)),
    "repeat never": (lambda a: np.repeat(a, 0), (3, 2)),
    "ravel": (np.ravel, (2, 0)),
    "vstack": (lambda a, b: np.vstack([a, b]), (0,), (0,)),
    "hstack": (lambda a, b: np.hstack([a, b]), (0,), (3,)),
    "outer": (np.outer, (0,), (3,)),
    "trace": (np.trace, (0, 3)),
    "dot": (np.dot, (0,), (0,)),
    "solve": (np.linalg.solve, (0, 0), (0, 2)),
    "inv": (np.linalg.inv, (2, 0, 0)),
    "logabsdet": (lambda a: np.linalg.slogdet(a).logabsdet, (0, 0)),
    "cholesky": (np.linalg.cholesky, (0, 0)),
    "gelu": (ops.gelu, (0, 2)),
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("function", "x"),
    [
        (np.linalg.norm, np.zeros(3)),
        (lambda x: np.linalg.norm(x, axis=1), np.zeros((2, 3))),
        (np.std, np.full(3, 2.0)),
        (np.std, np.full(10, 0.1)),  # whose mean is rounded
        (lambda x: np.std(x, axis=0), np.full((3, 2), 0.1)),
        (np.sign, np.array([-2.0, 0.0, 3.0])),
    ],
)
def test_a_gradient_of_zero_where_there_is_none_or_any(function, x, dtype):
    x = ag.Tensor(x.astype(dtype), requires_grad=True)
    function(x).sum().backward()
    assert x.grad.dtype == dtype
    np.testing.assert_array_equal(x.grad, np.zeros(x.shape))


def test_a_norm_that_is_zero_leaves_the_others_alone():
    _, x = gradients(lambda x: np.linalg.norm(x, axis=1), [[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(x, [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize(
    ("x", "gradient"),
    [
        ([2.0, 3.0, 4.0], [12, 8, 6]),
        ([0.0, 3.0, 4.0], [12, 0, 0]),
        ([0.0, 3.0, 0.0], [0, 0, 0]),
        ([5.0], [1]),
        ([], []),
    ],
)
def test_gradient_of_a_product_with_zeros(x, gradient):
    assert gradients(np.prod, x)[1].tolist() == gradient


def test_logaddexp_far_apart():
    y, a, b = gradients(np.logaddexp, [1e4, -np.inf, np.inf], [-1e4, 0.0, 0.0])
    assert y.tolist() == [1e4, 0, np.inf]
    assert a.tolist() == [1, 0, 1]
    assert b.tolist() == [0, 1, 0]


def test_gelu_keeps_its_digits_far_below_zero():
    y, x = gradients(ops.gelu, [-10.0, 0.0, 40.0])
    np.testing.assert_allclose(y, [-10 * 7.619853024160527e-24, 0, 40], rtol=1e-12)
    np.testing.assert_allclose(x[1:], [0.5, 1])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_where_all_labels_are_ignored(reduction, smoothing):
    labels = np.array([-100, -100])
    y, grad = gradients(
        lambda x: ops.cross_entropy(x, labels, smoothing, reduction), [[1.0, 2.0], [3.0, 4.0]]
    )
    assert np.isnan(y) if reduction == "mean" else not y.any()
    assert not grad.any()


@pytest.mark.parametrize("options", [{}, {"weight": [1.0, 2.0, 0.5]}, {"label_smoothing": 0.2}])
def test_ignored_cases_count_for_nothing(options):
    x, labels = np.random.default_rng(0).normal(size=(5, 3)), np.array([0, 7, 2, 7, 1])
    used = labels != 7
    y, grad = gradients(lambda x: ops.cross_entropy(x, labels, ignore_index=7, **options), x)
    few, part = gradients(lambda x: ops.cross_entropy(x, labels[used], **options), x[used])
    np.testing.assert_allclose(y, few, rtol=1e-14)
    np.testing.assert_allclose(grad[used], part, rtol=1e-14)
    assert not grad[~used].any()


def test_an_impossible_class_of_an_ignored_case_is_no_loss():
    with np.errstate(divide="ignore"):
        y, _ = gradients(
            lambda x: ops.cross_entropy(x, np.array([-100, 0])), [[-np.inf, 0.0], [0.0, 0.0]]
        )
    assert y == np.log(2)


def test_weights_changed_after_the_loss_do_not_change_its_gradient():
    weight, grads = np.array([1.0, 2.0]), []
    for change in (0, 5):
        x = ag.Tensor([[1.0, 2.0]], requires_grad=True)
        loss = ops.cross_entropy(x, [0], weight=weight, reduction="sum")
        weight += change
        loss.backward()
        grads.append(x.grad)
    assert np.array_equal(*grads)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_singular_matrix_is_named_on_the_way_back():
    a = ag.Tensor(np.ones((2, 2)), requires_grad=True)
    sign, logabsdet = np.linalg.slogdet(a)
    assert (sign.item(), logabsdet.item()) == (0, -np.inf)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        logabsdet.backward()
    assert a.grad is None
    for function in (np.linalg.inv, lambda a: np.linalg.solve(a, np.ones(2)), np.linalg.cholesky):
        with pytest.raises(np.linalg.LinAlgError):
            function(a)


def test_slogdet_has_numpys_fields():
    a = ag.Tensor(np.diag([-2.0, 3.0]), requires_grad=True)
    found = np.linalg.slogdet(a)
    assert (found.sign.item(), found.logabsdet.item()) == (-1, np.log(6))
    (found.sign + found.logabsdet).backward()
    np.testing.assert_allclose(a.grad, np.diag([-1 / 2, 1 / 3]))


def test_cholesky_takes_what_rounding_leaves_of_symmetry():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 40)).astype(np.float32)
    a = x @ x.T
    a += rng.normal(size=a.shape).astype(np.float32) * 1e-6
    y = ops.cholesky(a)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.data @ y.data.T, a, atol=1e-3)


def test_the_gradient_through_cholesky_is_symmetric():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 4))
    a = ag.Tensor(x @ x.T + np.eye(4), requires_grad=True)
    np.linalg.cholesky(a).backward(rng.normal(size=(4, 4)))
    np.testing.assert_allclose(a.grad, a.grad.T, rtol=1e-12)
