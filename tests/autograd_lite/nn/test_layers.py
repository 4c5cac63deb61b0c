"""Modules: names, modes, weights in and out, initial values."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops
from autograd_lite.nn import init


def network():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, rng=0),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Sequential(nn.AvgPool2d(2), nn.LeakyReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Dropout(0.5, rng=1),
        nn.Linear(12, 4, rng=2),
    )


def images(n=6):
    return np.random.default_rng(0).normal(size=(n, 1, 8, 8)).astype(np.float32)


def test_names_are_pytorchs():
    assert [name for name, _ in network().named_parameters()] == [
        *("0.weight", "0.bias", "1.weight", "1.bias", "6.weight", "6.bias")
    ]
    buffers = {"1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert set(network().state_dict()) - buffers == {n for n, _ in network().named_parameters()}


def test_parameters_are_what_an_optimizer_needs():
    model = network()
    ops.cross_entropy(model(images()), np.zeros(6, int)).backward()
    for p in model.parameters():
        assert isinstance(p.data, np.ndarray)
        assert isinstance(p.grad, np.ndarray)
        assert (p.grad.dtype, p.grad.shape) == (p.data.dtype, p.data.shape)
        assert p.data.flags.writeable
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_shared_parameter_is_given_once():
    class Tied(nn.Module):
        def __init__(self):
            self.a = nn.Linear(3, 3, rng=0)
            self.b = nn.Linear(3, 3, rng=1)
            self.b.weight = self.a.weight

    assert [name for name, _ in Tied().named_parameters()] == ["a.weight", "a.bias", "b.bias"]


def test_modules_in_a_plain_list_are_refused():
    class Hidden(nn.Module):
        def __init__(self):
            self.layers = [nn.Linear(2, 2, rng=0)]

    with pytest.raises(TypeError, match="layers is a list of modules"):
        list(Hidden().parameters())


def test_train_and_eval_reach_every_part():
    model = network().eval()
    assert not any(module.training for module in model.modules())
    x = images()
    first, second = model(x), model(x)
    assert np.array_equal(first.data, second.data)
    assert all(module.training for module in model.train().modules())
    assert not np.array_equal(model(x).data, model(x).data)


def test_batch_norm_normalises_in_training_and_remembers():
    layer = nn.BatchNorm2d(2, momentum=0.5, dtype=np.float64)
    x = np.random.default_rng(0).normal(3, 2, size=(50, 2, 4, 4))
    y = layer(x).data
    np.testing.assert_allclose(y.mean((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var((0, 2, 3)), 1, rtol=1e-4)
    np.testing.assert_allclose(layer.running_mean, 0.5 * x.mean((0, 2, 3)))
    np.testing.assert_allclose(layer.running_var, 0.5 + 0.5 * x.var((0, 2, 3), ddof=1))
    assert layer.num_batches_tracked == 1
    layer.eval()
    mean, var = layer.running_mean.reshape(2, 1, 1), layer.running_var.reshape(2, 1, 1)
    np.testing.assert_allclose(layer(x).data, (x - mean) / np.sqrt(var + layer.eps))
    assert layer.num_batches_tracked == 1


def test_batch_norm_sums_float32_to_its_precision():
    x = np.random.default_rng(0).normal(5, 2, size=(128, 4, 32, 32)).astype(np.float32)
    layer = nn.BatchNorm2d(4, momentum=1.0)
    layer(x)
    mean, var = x.mean((0, 2, 3), dtype=np.float64), x.var((0, 2, 3), ddof=1, dtype=np.float64)
    np.testing.assert_allclose(layer.running_mean, mean, rtol=5e-7)
    np.testing.assert_allclose(layer.running_var, var, rtol=5e-7)


def test_batch_norm_needs_two_values():
    with pytest.raises(ValueError, match="two values per channel"):
        nn.BatchNorm2d(2)(np.ones((1, 2, 1, 1), np.float32))


def test_state_goes_round():
    one, other = network(), network()
    one(images())
    for p in one.parameters():
        p.data += 1
    other.load_state_dict(one.state_dict())
    for name, value in one.state_dict().items():
        assert np.array_equal(other.state_dict()[name], value), name
    saved = one.state_dict()
    next(one.parameters()).data += 1
    assert not np.array_equal(saved["0.weight"], one.state_dict()["0.weight"])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s.pop("0.bias"), KeyError, "lacks.*0.bias"),
        (lambda s: s.update(extra=1), KeyError, "unknown.*extra"),
        (lambda s: s.update({"6.bias": np.ones(5)}), ValueError, r"6.bias must have shape \(4,\)"),
    ],
)
def test_state_that_does_not_fit_changes_nothing(change, error, message):
    model = network()
    before, state = model.state_dict(), {k: v + 1 for k, v in model.state_dict().items()}
    change(state)
    with pytest.raises(error, match=message):
        model.load_state_dict(state)
    for name, value in model.state_dict().items():
        assert np.array_equal(before[name], value)


def test_same_seed_same_weights():
    for name, value in network().state_dict().items():
        assert np.array_equal(network().state_dict()[name], value)
    rng = np.random.default_rng(0)
    first, second = nn.Linear(3, 3, rng=rng), nn.Linear(3, 3, rng=rng)
    assert not np.array_equal(first.weight.data, second.weight.data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layers_keep_their_dtype(dtype):
    x = images().astype(dtype)
    for layer, argument in [
        (nn.Conv2d(1, 2, 3, rng=0, dtype=dtype), x),
        (nn.BatchNorm2d(1, dtype=dtype), x),
        (nn.BatchNorm2d(1, dtype=dtype).eval(), x),
        (nn.LayerNorm(8, dtype=dtype), x),
        (nn.Linear(8, 2, rng=0, dtype=dtype), x),
        (nn.LSTM(8, 2, rng=0, dtype=dtype), x[:, 0]),
        (nn.Embedding(4, 2, rng=0, dtype=dtype), np.array([1, 2])),
        (nn.Dropout(0.5, rng=0), x),
        (nn.Sequential(nn.Sigmoid(), nn.Tanh(), nn.Softplus(), nn.ReLU(), nn.LeakyReLU()), x),
        (nn.Sequential(nn.GELU(), nn.Softmax(), nn.Identity()), x),
        (nn.GlobalAvgPool2d(), x),
    ]:
        y = layer(argument)
        assert (y[0] if isinstance(y, tuple) else y).dtype == dtype, layer


def test_dropout_keeps_the_mean_and_the_share():
    y = ops.dropout(np.ones(100_000), 0.3, rng=0).data
    assert abs(np.mean(y == 0) - 0.3) < 0.01
    assert np.allclose(y[y != 0], 1 / 0.7)


def test_lstm_truncated_by_detach_stops_the_gradient():
    layer, x = nn.LSTM(2, 3, rng=0, dtype=np.float64), np.ones((4, 1, 2))
    first = ag.Tensor(x, requires_grad=True)
    _, (h, c) = layer(first)
    y, _ = layer(x, (h.detach(), c.detach()))
    y.sum().backward()
    assert first.grad is None
    y, _ = layer(x, layer(first)[1])
    y.sum().backward()
    assert np.all(first.grad != 0)


def test_lstm_in_chunks_is_the_whole():
    layer = nn.LSTM(2, 3, num_layers=2, rng=0, dtype=np.float64)
    x = np.random.default_rng(0).normal(size=(7, 2, 2))
    whole, (h, _) = layer(x)
    first, state = layer(x[:3])
    second, (h2, _) = layer(x[3:], state)
    np.testing.assert_allclose(np.concatenate([first, second]).data, whole.data, atol=1e-14)
    np.testing.assert_allclose(h2.data, h.data, atol=1e-14)
    np.testing.assert_allclose(h.data[-1], whole.data[-1])


INITIALISERS = [
    (init.kaiming_normal, lambda fan_in, fan_out: 2 / fan_in),
    (init.kaiming_uniform, lambda fan_in, fan_out: 2 / fan_in),
    (init.xavier_normal, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
    (init.xavier_uniform, lambda fan_in, fan_out: 2 / (fan_in + fan_out)),
]


@pytest.mark.parametrize(("draw", "variance"), INITIALISERS)
@pytest.mark.parametrize("shape", [(300, 200), (40, 20, 5, 5)])
def test_variance_of_initial_weights(draw, variance, shape):
    weights = draw(shape, rng=0)
    window = int(np.prod(shape[2:]))
    assert weights.dtype == np.float32
    expected = variance(shape[1] * window, shape[0] * window)
    np.testing.assert_allclose(np.var(weights), expected, rtol=0.03)
    assert abs(np.mean(weights)) < 5 * np.sqrt(expected / weights.size)
    assert np.array_equal(weights, draw(shape, rng=0))


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5), (4, 3, 2, 2)])
def test_orthogonal_rows_or_columns(shape):
    w = init.orthogonal(shape, rng=0, gain=2.0, dtype=np.float64).reshape(shape[0], -1)
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Dropout(1.0, rng=0), ValueError, r"p must be in \[0, 1\), got 1.0"),
        (lambda: nn.LSTM(2, 3, 0, rng=0), ValueError, "num_layers must be at least 1, got 0"),
        (lambda: init.fans((3,)), ValueError, "two axes or more"),
        (lambda: ops.dropout(np.ones(2), -0.1, 0), ValueError, r"got -0.1"),
        (lambda: nn.Embedding(3, 2, rng=0)(np.array([3])), IndexError, r"\[0, 3\), got 3 to 3"),
        (lambda: nn.Embedding(3, 2, rng=0)(np.array([0.5])), TypeError, "must be integers"),
        (lambda: nn.Conv2d(2, 2, 3, rng=0)(images()), ValueError, r"got \(6, 1, 8, 8\)"),
        (lambda: nn.Conv2d(1, 2, 9, rng=0)(images()), ValueError, "window 9"),
        (lambda: nn.MaxPool2d(2, padding=2)(images()), ValueError, "half of size=2, got 2"),
        (
            lambda: nn.AvgPool2d(2, stride=-1)(images()),
            ValueError,
            "stride must be at least 1, got -1",
        ),
        (lambda: ops.cross_entropy(np.ones((2, 3)), [0, 3]), ValueError, r"\[0, 3\), got 0 to 3"),
        (
            lambda: ops.cross_entropy(np.ones((2, 3)), [0.0, 1.0]),
            TypeError,
            "labels must be integers",
        ),
        (lambda: ops.cross_entropy(np.ones((2, 3)), [0]), ValueError, r"\(2, 3\) and \(1,\)"),
        (lambda: ops.cross_entropy(np.ones((1, 3)), [0], 2.0), ValueError, "label_smoothing"),
        (lambda: ops.mse_loss(np.ones(2), np.ones(2), "avg"), ValueError, "got 'avg'"),
        (lambda: ops.hinge_loss(np.ones(2), np.array([0, 1])), ValueError, "-1 or 1 everywhere"),
        (lambda: ops.einsum(np.ones(2), [0]), TypeError, "subscripts must be a string"),
        (lambda: ops.split(np.ones(5), 2), ValueError, "5 elements of axis 0, got 2"),
        (
            lambda: nn.LSTM(2, 3, rng=0)(np.ones((4, 1, 2)), (np.ones((1, 2, 3)),) * 2),
            ValueError,
            r"state must be two of shape \(1, 1, 3\)",
        ),
    ],
)
def test_errors_name_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lstm_reads_integers_as_the_floats_they_equal(dtype):
    x = np.random.default_rng(0).integers(-2, 3, (4, 2, 3))
    results = []
    for data in (x, x.astype(dtype)):
        layer = nn.LSTM(3, 5, 2, rng=0, dtype=dtype)
        y, (h, c) = layer(data)
        (y.sum() + h.sum() + c.sum()).backward()
        results.append([y.data, h.data, c.data, *(p.grad for p in layer.parameters())])
    for of_integers, of_floats in zip(*results, strict=True):
        np.testing.assert_allclose(of_integers, of_floats, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "loss", [ops.mse_loss, ops.l1_loss, ops.binary_cross_entropy_with_logits, ops.hinge_loss]
)
def test_losses_compute_in_the_dtype_of_the_prediction(loss):
    x, target = np.array([-2, 0, 3]), np.array([1, 1, 1])
    for reduction in ("mean", "none"):
        single = ag.Tensor(x.astype(np.float32), requires_grad=True)
        y = loss(single, target, reduction=reduction)
        y.sum().backward()
        assert y.dtype == single.grad.dtype == np.float32
        assert loss(x, target, reduction=reduction).dtype == np.float64
        np.testing.assert_allclose(loss(x, target, reduction=reduction).data, y.data, rtol=1e-6)


@pytest.mark.parametrize("loss", [ops.mse_loss, ops.l1_loss, ops.binary_cross_entropy_with_logits])
def test_losses_of_integers_keep_fractions_of_the_targets(loss):
    x, target = np.array([-2, 0, 3]), np.array([0.5, 0.25, 0.75])
    assert loss(x, target).item() == loss(x.astype(float), target).item()


def test_losses_of_unsigned_integers_do_not_wrap():
    x, target = np.array([1], np.uint8), np.array([3], np.uint8)
    assert (ops.mse_loss(x, target).item(), ops.l1_loss(x, target).item()) == (4.0, 2.0)
