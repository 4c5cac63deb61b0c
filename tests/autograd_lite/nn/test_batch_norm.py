"""Normalisation: the shapes it takes, in training as in evaluation, and its precision."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops

TAKEN = [
    (nn.BatchNorm1d, (5, 3)),
    (nn.BatchNorm1d, (5, 3, 4)),
    (nn.BatchNorm2d, (5, 3, 4, 2)),
]
REFUSED = [
    *[(nn.BatchNorm1d, shape) for shape in ((3,), (5, 4), (5, 2, 4), (5, 3, 4, 2), (5, 1), ())],
    *[(nn.BatchNorm2d, s) for s in ((5, 3), (5, 3, 4), (5, 4, 2, 2), (5, 1, 2, 2), (3,), (5,) * 5)],
]


def data(shape):
    return np.random.default_rng(0).normal(3, 2, size=shape)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("kind", "shape"), REFUSED)
def test_other_shapes_are_refused_and_change_nothing(kind, shape, training):
    layer = kind(3).train(training)
    before = layer.state_dict()
    with pytest.raises(ValueError, match=r"x must have shape \(N, C.*with C = 3, got \("):
        layer(np.ones(shape))
    for name, value in layer.state_dict().items():
        assert np.array_equal(before[name], value)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("kind", "shape"), TAKEN)
def test_channels_are_the_second_axis(kind, shape, training):
    layer = kind(3, momentum=1.0, dtype=np.float64)
    layer.weight.data[:], layer.bias.data[:] = [1.0, 2.0, 3.0], [0.0, 5.0, 6.0]
    x = data(shape)
    layer(x)
    axes, per_channel = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2))
    mean = x.mean(axes).reshape(per_channel)
    var = x.var(axes, ddof=0 if training else 1).reshape(per_channel)
    y = layer.train(training)(x)
    expected = (x - mean) / np.sqrt(var + 1e-5) * np.reshape([1.0, 2.0, 3.0], per_channel)
    expected += np.reshape([0.0, 5.0, 6.0], per_channel)
    np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("kind", "shape"), TAKEN)
def test_gradients_in_evaluation(kind, shape):
    layer = kind(3, dtype=np.float64)
    layer(data(shape))
    layer.eval()

    def call(x, weight, bias):
        layer.weight, layer.bias = weight, bias
        return layer(x)

    ag.gradcheck(call, data(shape), np.array([1.0, 2.0, 3.0]), np.ones(3))


def test_batch_of_one_leaves_no_trace():
    layer = nn.BatchNorm1d(2)
    before = layer.state_dict()
    with pytest.raises(ValueError, match="two values per channel"):
        layer(np.ones((1, 2), np.float32))
    for name, value in layer.state_dict().items():
        assert np.array_equal(before[name], value)


@pytest.mark.parametrize("mean", [0.0, 1e4])
@pytest.mark.parametrize("mode", ["training", "evaluation", "layer_norm"])
def test_float32_is_precise_whatever_the_mean(mean, mode):
    x = (mean + np.random.default_rng(0).normal(size=(64, 8, 6, 6))).astype(np.float32)
    exact = x.astype(np.float64)
    if mode == "layer_norm":
        y = ops.layer_norm(x, np.ones(6, np.float32), np.zeros(6, np.float32))
        mu, var = exact.mean(-1, keepdims=True), exact.var(-1, keepdims=True)
    else:
        layer = nn.BatchNorm2d(8, momentum=1.0)
        y = layer(x)
        mu, var = (f((0, 2, 3), keepdims=True) for f in (exact.mean, exact.var))
        np.testing.assert_allclose(layer.running_mean, mu.ravel(), rtol=3e-7, atol=3e-7)
        np.testing.assert_allclose(layer.running_var * (2303 / 2304), var.ravel(), rtol=1e-6)
        if mode == "evaluation":
            y = layer.eval()(x)
            mu, var = (
                v.astype(np.float64).reshape(1, 8, 1, 1)
                for v in (layer.running_mean, layer.running_var)
            )
    np.testing.assert_allclose(y.data, (exact - mu) / np.sqrt(var + 1e-5), atol=2e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.batch_norm(x, np.ones(1), np.zeros(3)),
        lambda x: ops.batch_norm(x, np.ones(3), np.zeros(2)),
        lambda x: ops.batch_norm(x, np.ones(3), np.zeros(3), running=(np.zeros(3), np.ones(1))),
        lambda x: ops.batch_norm(x[0], np.ones(3), np.zeros(3)),
    ],
)
def test_shapes_of_the_operation_must_fit(call):
    with pytest.raises(ValueError, match=r"x \(N, C, ...\), weight \(C,\), bias \(C,\)"):
        call(np.ones((5, 3)))


def test_integers_are_normalised_as_the_floats_they_equal():
    x = np.arange(12).reshape(6, 2)
    weight = np.array([0.5, 1.5])
    expected = ops.batch_norm(x.astype(float), weight, weight)
    assert np.array_equal(ops.batch_norm(x, weight, weight).data, expected.data)


def test_running_statistics_may_move_on_before_backward():
    layer = nn.BatchNorm1d(2)
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    (layer(x).sum() + layer(2 * x).sum()).backward()
    assert layer.num_batches_tracked == 2
