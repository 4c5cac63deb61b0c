"""Arguments of other shapes, types and dtypes than the operations and layers take."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops

LOSSES = [ops.mse_loss, ops.l1_loss, ops.hinge_loss, ops.binary_cross_entropy_with_logits]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(
    ("x", "target"),
    [((4, 1), (4,)), ((4,), (4, 1)), ((4,), (1,)), ((2, 4), (4,)), ((), (4,)), ((4,), (3,))],
)
def test_losses_of_different_shapes_are_refused(loss, reduction, x, target):
    with pytest.raises(ValueError, match=r"target must have the shape \(.*\) of x, got \("):
        loss(ag.Tensor(np.ones(x), requires_grad=True), np.ones(target), reduction=reduction)


@pytest.mark.parametrize("loss", LOSSES)
def test_one_number_is_a_target_for_all(loss):
    grads = []
    for target in (1.0, np.ones((3, 2))):
        x = ag.Tensor(np.arange(6.0).reshape(3, 2) / 4, requires_grad=True)
        loss(x, target).backward()
        grads.append(x.grad)
    assert np.array_equal(*grads)


x32 = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


weight32, images32 = np.ones(3, np.float32), x32.reshape(1, 1, 4, 3)


HYPERPARAMETERS = {
    "dropout": lambda x, n: ops.dropout(x, n(0.5), 0),
    "Dropout": lambda x, n: nn.Dropout(n(0.5), rng=0)(x),
    "label_smoothing": lambda x, n: ops.cross_entropy(x, [0, 1, 2, 0], n(0.1)),
    "leaky_relu": lambda x, n: ops.leaky_relu(x, n(0.1)),
    "LeakyReLU": lambda x, n: nn.LeakyReLU(n(0.1))(x),
    "layer_norm": lambda x, n: ops.layer_norm(x, weight32, weight32, n(0.1)),
    "LayerNorm": lambda x, n: nn.LayerNorm(3, n(0.1))(x),
    "batch_norm": lambda x, n: ops.batch_norm(x, weight32, weight32, n(0.1)),
    "BatchNorm1d": lambda x, n: nn.BatchNorm1d(3, n(0.1), n(0.2))(x),
    "in evaluation": lambda x, n: nn.BatchNorm1d(3, n(0.1), n(0.2)).eval()(x),
    "eps set later": lambda x, n: with_eps(nn.BatchNorm1d(3).eval(), n(0.1))(x),
    "LayerNorm set later": lambda x, n: with_eps(nn.LayerNorm(3), n(0.1))(x),
    "clip": lambda x, n: ops.clip(x, n(-0.1), n(0.1)),
    "np.clip": lambda x, n: np.clip(x, n(-0.1), n(0.1)),
    "pad": lambda x, n: ops.pad(x, 1, constant_values=n(0.1)),
    "var": lambda x, n: ops.var(x, ddof=n(1.0)),
    "std": lambda x, n: ops.std(x, ddof=n(1.0)),
}


def weighted(weight=None, labels=(0, 1, 2, 0), **options):
    return ops.cross_entropy(x32, np.array(labels), weight=weight, **options)


def with_eps(layer, eps):
    layer.eps = eps
    return layer


@pytest.mark.parametrize("call", HYPERPARAMETERS.values(), ids=HYPERPARAMETERS)
@pytest.mark.parametrize("kind", [np.float64, np.float32, float, np.array])
def test_numbers_of_numpy_leave_float32_alone(call, kind):
    x = ag.Tensor(x32, requires_grad=True)
    y = call(x, kind)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    expected = call(ag.Tensor(x32), float)
    np.testing.assert_allclose(y.data, expected.data, rtol=1e-6)


def test_clip_takes_the_ends_in_the_dtype_of_x():
    end = np.float32(0.1)
    for low, high in [(np.float64(0.1), 1.0), (-1.0, np.float64(0.1)), (0.1, 0.1)]:
        x = ag.Tensor(end, requires_grad=True)
        ops.clip(x, low, high).backward()
        assert x.grad == 1


IMAGES = np.ones((1, 2, 4, 4), np.float32)


LINEAR, RECURRENT = nn.Linear(4, 2, rng=0), nn.LSTM(3, 2, rng=0)


lstm_args = [np.ones(s) for s in ((5, 2, 3), (2, 4), (2, 4), (16, 3), (16, 4), (16,), (16,))]


def lstm_with(i, shape):
    return ops.lstm(*lstm_args[:i], np.ones(shape), *lstm_args[i + 1 :])


UNCLEAR = [
    (lambda: ops.max_pool2d(IMAGES[0], 2), ValueError, "max_pool2d: x must be images"),
    (lambda: ops.avg_pool2d(IMAGES[0], 2), ValueError, "avg_pool2d: x must be images"),
    (lambda: ops.global_avg_pool2d(IMAGES[0]), ValueError, "global_avg_pool2d: x must be"),
    (lambda: ops.global_avg_pool2d(np.ones((1,) * 5)), ValueError, "global_avg_pool2d: x"),
    (lambda: nn.MaxPool2d(2)(IMAGES[0]), ValueError, "must be images"),
    (lambda: ops.conv2d(IMAGES[0], IMAGES), ValueError, r"x \(N, C, H, W\) and weight"),
    (lambda: nn.Conv2d(2, 3, 2, rng=0)(IMAGES[0]), ValueError, r"x \(N, C, H, W\)"),
    (lambda: ops.conv2d(IMAGES, IMAGES, np.ones(2)), ValueError, r"bias must have shape \(1,"),
    (lambda: nn.Conv2d(2, 3, (3, 3), rng=0), TypeError, r"kernel_size must be one int, got \("),
    (lambda: nn.Conv2d(2, 3, 3, (1, 1), rng=0), TypeError, r"stride must be one int, got \("),
    (lambda: nn.Conv2d(2, 3, 3, padding="same", rng=0), TypeError, "padding .* got 'same'"),
    (lambda: nn.Conv2d(2, 3, 3, padding=-1, rng=0), ValueError, "padding must be at least 0"),
    (lambda: nn.Conv2d(2, 3, 3, 0, rng=0), ValueError, "stride must be at least 1, got 0"),
    (lambda: nn.Conv2d(0, 3, 3, rng=0), ValueError, "in_channels must be at least 1, got 0"),
    (lambda: nn.Conv2d(2, 3.0, 3, rng=0), TypeError, "out_channels must be one int, got 3.0"),
    (lambda: nn.MaxPool2d((2, 2)), TypeError, r"kernel_size must be one int, got \(2, 2\)"),
    (lambda: nn.AvgPool2d(2, (2, 2)), TypeError, r"stride must be one int, got \(2, 2\)"),
    (lambda: nn.MaxPool2d(2, 0), ValueError, "stride must be at least 1, got 0"),
    (lambda: ops.conv2d(IMAGES, IMAGES, None, (1, 1)), TypeError, r"stride .* got \(1, 1\)"),
    (lambda: ops.conv2d(IMAGES, IMAGES, padding="same"), TypeError, "padding .* got 'same'"),
    (lambda: ops.max_pool2d(IMAGES, (2, 2)), TypeError, r"size must be one int, got \(2, 2\)"),
    (lambda: ops.max_pool2d(IMAGES, 2, padding="same"), TypeError, "padding .* got 'same'"),
    (lambda: ops.avg_pool2d(IMAGES, 2, 0), ValueError, "stride must be at least 1, got 0"),
    (lambda: ops.avg_pool2d(IMAGES, 2, 2.0), TypeError, "stride must be one int, got 2.0"),
    (lambda: LINEAR(np.ones((5, 3))), ValueError, r"weight \(out, in\): got \(5, 3\) and \(2, 4"),
    (lambda: LINEAR(np.float32(1)), ValueError, r"weight \(out, in\): got \(\) and"),
    (lambda: ops.linear(np.ones(3), np.ones(3)), ValueError, r"x \(..., in\) and weight"),
    (lambda: ops.linear(np.ones(3), np.ones((2, 3)), [1.0]), ValueError, r"bias must have shape"),
    (lambda: nn.Linear(0, 2, rng=0), ValueError, "in_features must be at least 1, got 0"),
    (lambda: nn.Linear(2, "3", rng=0), TypeError, "out_features must be one int, got '3'"),
    (lambda: nn.Embedding(2.5, 2, rng=0), TypeError, "num_embeddings must be one int, got 2.5"),
    (lambda: nn.BatchNorm2d(0), ValueError, "num_features must be at least 1, got 0"),
    (lambda: RECURRENT(np.ones((5, 3))), ValueError, r"\(T, B, I\) with I = 3.*got \(5, 3\)"),
    (lambda: RECURRENT(np.ones((5, 1, 2))), ValueError, r"I = 3 and T > 0, got \(5, 1, 2\)"),
    (lambda: RECURRENT(np.ones((0, 1, 3))), ValueError, r"T > 0, got \(0, 1, 3\)"),
    (lambda: nn.LSTM(3, 2, batch_first=True, rng=0)(np.ones((5, 3))), ValueError, r"\(B, T, I\)"),
    (lambda: nn.LSTM(3, 2, 1.0, rng=0), TypeError, "num_layers must be one int, got 1.0"),
    (lambda: nn.LSTM(3, 0, rng=0), ValueError, "hidden_size must be at least 1, got 0"),
    (lambda: RECURRENT(np.ones((4, 1, 3)), np.ones((1, 1, 2))), ValueError, r"got \(1, 2\)$"),
    (lambda: lstm_with(0, (5, 3)), ValueError, r"x must have shape \(T, B, I\)"),
    *[
        (lambda i=i, shape=shape: lstm_with(i, shape), ValueError, f"{name} must have shape")
        for i, name, shape in [
            *((1, "h0", (1, 4)), (2, "c0", (2, 3)), (3, "w_ih", (16, 2))),
            *((4, "w_hh", (4, 4)), (5, "b_ih", (4,)), (6, "b_hh", (1,))),
        ]
    ],
    (lambda: ops.layer_norm(np.ones((2, 3)), np.ones(2), np.ones(2)), ValueError, "last axes"),
    (lambda: ops.layer_norm(np.ones((2, 1)), np.ones(4), np.ones(4)), ValueError, "last axes"),
    (lambda: ops.layer_norm(np.ones((2, 4)), np.ones(4), np.ones(1)), ValueError, "last axes"),
    (lambda: ops.embedding(np.ones(3), [0]), ValueError, r"weight must have shape \(V, D\)"),
    (lambda: ops.einsum("ij,j", np.ones((1, 1))), ValueError, "are for 2 operands, got 1"),
    (lambda: ops.dropout(np.ones(2), "0.5", 0), TypeError, "p must be a number, got '0.5'"),
    (lambda: nn.Dropout(None, rng=0), TypeError, "p must be a number, got None"),
    (lambda: nn.Dropout(np.nan, rng=0), ValueError, r"p must be in \[0, 1\), got nan"),
    (lambda: nn.LayerNorm(3, 10**400), TypeError, "eps must be a number, got 10000"),
    (lambda: nn.LayerNorm(3, -1e-5), ValueError, r"eps must be in \[0, inf\), got -1e-05"),
    (lambda: nn.BatchNorm1d(3, momentum=None), TypeError, "momentum must be a number, got None"),
    (lambda: nn.LeakyReLU("0.1"), TypeError, "negative_slope must be a number, got '0.1'"),
    (lambda: ops.leaky_relu(np.ones(2), [0.1]), TypeError, r"slope must be a number, got \[0"),
    (lambda: ops.cross_entropy(x32, [0] * 4, "a"), TypeError, "label_smoothing must be a num"),
    (lambda: weighted([1.0, 2.0]), ValueError, r"weight must be 3 numbers .* got \[1.0, 2.0\]"),
    (lambda: weighted([1.0, -2.0, 1.0]), ValueError, "weight must be 3 numbers of at least 0"),
    (lambda: weighted([1.0, np.nan, 1.0]), ValueError, "weight must be 3 numbers of at least 0"),
    (lambda: weighted(["a", "b", "c"]), TypeError, "weight must be an array of real numbers"),
    (lambda: weighted(ignore_index=0.5), TypeError, "ignore_index must be one int, got 0.5"),
    (lambda: weighted(ignore_index=None), TypeError, "ignore_index must be one int, got None"),
    (lambda: weighted(labels=[0, -1, 1, 3]), ValueError, r"in \[0, 3\), got -1 to 3"),
    (lambda: weighted(labels=[0, -1, 1, 3], ignore_index=3), ValueError, "got -1 to 1"),
    (lambda: weighted(reduction="avg"), ValueError, "reduction must be 'mean'.* got 'avg'"),
    *[
        (lambda f=f, x=x: f(x), np.linalg.LinAlgError, f"{name}: a must be square .* got shape")
        for name, f in {
            **{name: getattr(ops, name) for name in ("inv", "slogdet", "cholesky")},
            "solve": lambda a: ops.solve(a, np.ones(2)),
        }.items()
        for x in (np.ones((2, 3)), np.ones(2), 1.0)
    ],
    (lambda: ops.solve(np.eye(2), np.ones(3)), ValueError, r"b must have shape \(2,\) or .*\(3,\)"),
    (lambda: ops.solve(np.eye(2), np.ones((2, 3, 1))), ValueError, r"\(..., 2, k\), got \(2, 3, 1"),
    (lambda: ops.solve(np.eye(2), 1.0), ValueError, r"b must have shape .* got \(\)"),
    (lambda: ops.cholesky([[2.0, 1.0], [0.0, 2.0]]), ValueError, "cholesky: a must be symmetric"),
    (lambda: ops.dot(x32, images32), ValueError, r"b must have at most two axes, got shape \(1, 1"),
    (lambda: ops.norm(x32, 1), ValueError, "ord must be None or, for matrices, 'fro', got 1"),
    (lambda: ops.norm(x32, 2), ValueError, "ord must be None or, for matrices, 'fro', got 2"),
    (lambda: ops.norm(x32, "fro", 1), ValueError, "ord must be None or, for vectors, 2, got 'fro'"),
    (lambda: ops.norm(x32[0], np.inf), ValueError, "ord must be None or, for vectors, 2, got inf"),
    (lambda: ops.norm(x32, "nuc", (0, 1)), ValueError, "for matrices, 'fro', got 'nuc'"),
    (lambda: ops.trace(x32, 0.5), TypeError, "offset must be one int, got 0.5"),
    (lambda: ops.trace(x32[0]), ValueError, "axis 1 is out of bounds"),
    (lambda: ops.repeat(x32, 0.5), TypeError, "repeats must be integers, got 0.5"),
    (lambda: ops.repeat(x32, [1, 2], 1), ValueError, r"repeats must be one int, or 3, .* \[1, 2\]"),
    (lambda: ops.repeat(x32, -1), ValueError, "repeats must be one int, .* got -1"),
    (lambda: nn.Softmax(0.5), TypeError, "dim must be one int, got 0.5"),
]


@pytest.mark.parametrize(("call", "error", "message"), UNCLEAR)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_pools_of_integers_are_those_of_the_floats_they_equal():
    x = np.arange(16).reshape(1, 1, 4, 4)
    for pool in (ops.max_pool2d, ops.avg_pool2d):
        assert np.array_equal(pool(x, 3, 2, 1).data, pool(x.astype(float), 3, 2, 1).data)


def test_average_over_windows_in_a_wide_margin():
    assert ops.avg_pool2d(np.ones((1, 1, 1, 1)), 1, 1, 1).data.sum() == 1
