"""NumPy's own functions on tensors."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops
from autograd_lite.engine import NUMPY, TABLE
from tests.autograd_lite.samples import SAMPLES


def positive(*shape):
    array = np.random.default_rng(0).uniform(0.5, 1, size=shape)
    return ag.Tensor(array, requires_grad=True)


NAMES = {id(row): name for name, row in TABLE.items()}


@pytest.mark.parametrize("function", NUMPY, ids=lambda f: f.__name__)
def test_numpys_function_gives_numpys_value_as_a_tensor(function):
    for case in SAMPLES[NAMES[id(NUMPY[function])]]:
        xs = [ag.Tensor(a, requires_grad=True) for a in case.arrays()]
        ours, numpys = case.call(function, xs), case.call(function, case.arrays())
        if not isinstance(ours, (list, tuple)):
            ours, numpys = [ours], [numpys]
        for own, expected in zip(ours, numpys, strict=True):
            assert isinstance(own, ag.Tensor)
            assert own.requires_grad
            np.testing.assert_allclose(own.data, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (np.floor, "np.floor "),
        (np.rint, "np.rint "),
        (lambda x: np.arctan2(x, 1.0), "np.arctan2 "),
        (np.cumprod, "np.cumprod "),
        (np.linalg.cond, "np.linalg.cond "),
        (lambda x: np.inner(x, x), "np.inner "),
        (np.add.reduce, "np.add.reduce "),
        (lambda x: np.add(x, x, out=np.ones(3)), "np.add with out= "),
        (lambda x: np.exp(x, where=np.ones(3, bool)), "np.exp with where= "),
        (lambda x: np.multiply.outer(x, x), "np.multiply.outer "),
        (np.round, "np.round "),
    ],
)
def test_unsupported_function_is_named(call, name):
    with pytest.raises(TypeError, match=f"^{name}cannot be differentiated"):
        call(positive(3))


def test_unsupported_option_is_named():
    with pytest.raises(TypeError, match="dtype"):
        np.sum(positive(3), dtype=np.float32)
    with pytest.raises(ValueError, match="mode must be 'constant', got 'edge'"):
        np.pad(positive(3), 1, "edge")


def test_positional_dtype_is_not_taken_for_keepdims():
    for function in (np.sum, np.mean, np.var):
        with pytest.raises(TypeError, match="positional argument"):
            function(positive(3), 0, np.float32)


def test_numpys_names_of_options_are_known():
    x = positive(2, 3)
    assert np.array_equal(np.clip(x, a_min=0.6, a_max=0.8).data, np.clip(x.data, 0.6, 0.8))
    assert np.array_equal(np.max(x, axis=1, keepdims=True).data, x.data.max(1, keepdims=True))
    assert np.array_equal(np.moveaxis(x, source=0, destination=1).data, x.data.T)
    assert np.array_equal(np.squeeze(x[:1], axis=0).data, x.data[0])


def test_array_plus_equals_tensor_is_refused():
    array = np.ones(3)
    with pytest.raises(TypeError, match=r"np\.add with out="):
        array += positive(3)


def test_no_function_turns_a_tensor_into_a_constant():
    x = positive(3)
    for convert in (np.asarray, np.array, lambda x: np.ones(3)[x]):
        with pytest.raises((TypeError, IndexError)):
            convert(x)
    array = np.ones(3)
    with pytest.raises(TypeError, match=r"write x\.data"):
        array[:] = x
    assert np.asarray(x.detach()) is not None


@pytest.mark.parametrize(
    "function",
    [np.floor, np.rint, np.cumprod, np.sort, np.ptp, np.median, np.diff, np.inner, np.cross],
)
def test_what_is_not_in_the_table_raises_rather_than_returning(function):
    with pytest.raises(TypeError, match="cannot be differentiated"):
        function(positive(3)) if function not in (np.inner, np.cross) else function(
            positive(3), positive(3)
        )


def test_undifferentiated_questions_are_answered_in_plain_values():
    x = positive(2, 3)
    assert np.shape(x) == (2, 3)
    assert np.argmax(x) == np.argmax(x.data)
    assert np.isfinite(x).all()
    assert np.allclose(x, x.data)
    assert np.array_equal(x > 0.7, x.data > 0.7)
    assert np.array_equal(np.greater(x, 0.7), x.data > 0.7)
    assert type(np.zeros_like(x)) is np.ndarray
    assert (
        (x == x.data).all()
        and not (x != x.data).any()
        and (x <= x.data).all()
        and (x >= x.data).all()
    )
    assert (x < 2).all()


x32 = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


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
]


@pytest.mark.parametrize("make", [np.array, np.asarray, ag.Tensor])
@pytest.mark.parametrize("data", [1.0, [1.0, 2.0]])
def test_an_array_of_tensors_is_pointed_to_stack(make, data):
    t = ag.Tensor(data, requires_grad=True)
    for tensors in ([t, t], [2 * t, t], [[t], [t]]):
        with pytest.raises(TypeError, match=r"np\.stack"):
            make(tensors)
    assert np.stack([t, t]).requires_grad


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (np.linalg.cond, "np.linalg.cond"),
        (np.linalg.det, "np.linalg.det"),
        (np.fft.fft, "np.fft.fft"),
        (np.cumprod, "np.cumprod"),
        (np.floor, "np.floor"),
        (np.frompyfunc(abs, 1, 1), "abs (vectorized)"),
    ],
)
def test_functions_are_named_with_their_module(function, name):
    with pytest.raises(TypeError) as caught:
        function(ag.Tensor(np.eye(2), requires_grad=True))
    assert str(caught.value).startswith(f"{name} cannot be differentiated here")
