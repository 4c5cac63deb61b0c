"""NumPy's own functions on tensors."""

import numpy as np
import pytest

import autograd_lite as ag
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
