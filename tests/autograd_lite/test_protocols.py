"""NumPy's own functions on tensors."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.engine import NUMPY, TABLE
from tests.autograd_lite.samples import SAMPLES


def leaf(*shape):
    array = np.random.default_rng(0).uniform(0.5, 1, size=shape)
    return ag.Tensor(array, requires_grad=True)


NAMES = {id(row): name for name, row in TABLE.items()}


@pytest.mark.parametrize("function", NUMPY, ids=lambda f: f.__name__)
def test_numpys_function_gives_numpys_value_as_a_tensor(function):
    for case in SAMPLES[NAMES[id(NUMPY[function])]]:
        xs = [ag.Tensor(a, requires_grad=True) for a in case.arrays()]
        ours, numpys = case.call(function, xs), case.call(function, case.arrays())
        if not isinstance(ours, list):
            ours, numpys = [ours], [numpys]
        for own, expected in zip(ours, numpys, strict=True):
            assert isinstance(own, ag.Tensor)
            assert own.requires_grad
            np.testing.assert_allclose(own.data, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (lambda x, a: x + a, lambda x, a: x + a),
        (lambda x, a: a + x, lambda x, a: a + x),
        (lambda x, a: x - a, lambda x, a: x - a),
        (lambda x, a: a - x, lambda x, a: a - x),
        (lambda x, a: x * a, lambda x, a: x * a),
        (lambda x, a: a * x, lambda x, a: a * x),
        (lambda x, a: x / a, lambda x, a: x / a),
        (lambda x, a: a / x, lambda x, a: a / x),
        (lambda x, a: x**a, lambda x, a: x**a),
        (lambda x, a: a**x, lambda x, a: a**x),
        (lambda x, a: -abs(x), lambda x, a: -abs(x)),
    ],
)
@pytest.mark.parametrize("other", [2.0, 3, np.float64(1.5), np.full((2, 3), 1.5)], ids=repr)
def test_operators_with_numbers_and_arrays_on_either_side(operator, expected, other):
    x = leaf(2, 3)
    y = operator(x, other)
    assert isinstance(y, ag.Tensor)
    np.testing.assert_allclose(y.data, expected(x.data, other), rtol=1e-13)
    y.sum().backward()
    assert x.grad.shape == (2, 3)


def test_matmul_operator_with_arrays_on_either_side():
    x, a = leaf(2, 3), np.ones((3, 2))
    np.testing.assert_allclose((x @ a).data, x.data @ a)
    np.testing.assert_allclose((a @ x).data, a @ x.data)


def test_methods_are_ndarrays():
    x = leaf(2, 1, 3)
    for name, args in [
        ("sum", (0,)),
        ("mean", ((0, 2),)),
        ("var", (2,)),
        ("max", ()),
        ("min", (1,)),
        ("clip", (0.6, 0.8)),
        ("reshape", (3, 2)),
        ("reshape", ((3, 2),)),
        ("transpose", ()),
        ("transpose", (1, 2, 0)),
        ("transpose", ((1, 2, 0),)),
        ("swapaxes", (0, 2)),
        ("squeeze", (1,)),
    ]:
        ours, numpys = getattr(x, name)(*args), getattr(x.data, name)(*args)
        np.testing.assert_allclose(ours.data, numpys, rtol=1e-13, err_msg=name)
    assert x.T.shape == (3, 1, 2)
    assert (x.ndim, x.size, len(x), x.dtype) == (3, 6, 2, np.float64)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (np.floor, "np.floor "),
        (np.sign, "np.sign "),
        (lambda x: np.arctan2(x, 1.0), "np.arctan2 "),
        (np.cumsum, "np.cumsum "),
        (np.linalg.norm, "np.linalg.norm "),
        (lambda x: np.dot(x, x), "np.dot "),
        (np.add.reduce, "np.add.reduce "),
        (lambda x: np.add(x, x, out=np.ones(3)), "np.add with out= "),
        (lambda x: np.exp(x, where=np.ones(3, bool)), "np.exp with where= "),
        (lambda x: np.multiply.outer(x, x), "np.multiply.outer "),
        (np.round, "np.round "),
    ],
)
def test_unsupported_function_is_named(call, name):
    with pytest.raises(TypeError, match=f"^{name}cannot be differentiated"):
        call(leaf(3))


def test_unsupported_option_is_named():
    with pytest.raises(TypeError, match="dtype"):
        np.sum(leaf(3), dtype=np.float32)
    with pytest.raises(ValueError, match="mode must be 'constant', got 'edge'"):
        np.pad(leaf(3), 1, "edge")


def test_positional_dtype_is_not_taken_for_keepdims():
    for function in (np.sum, np.mean, np.var):
        with pytest.raises(TypeError, match="positional argument"):
            function(leaf(3), 0, np.float32)


def test_numpys_names_of_options_are_known():
    x = leaf(2, 3)
    assert np.array_equal(np.clip(x, a_min=0.6, a_max=0.8).data, np.clip(x.data, 0.6, 0.8))
    assert np.array_equal(np.max(x, axis=1, keepdims=True).data, x.data.max(1, keepdims=True))
    assert np.array_equal(np.moveaxis(x, source=0, destination=1).data, x.data.T)
    assert np.array_equal(np.squeeze(x[:1], axis=0).data, x.data[0])


def test_array_plus_equals_tensor_is_refused():
    array = np.ones(3)
    with pytest.raises(TypeError, match=r"np\.add with out="):
        array += leaf(3)


def test_no_function_turns_a_tensor_into_a_constant():
    x = leaf(3)
    for convert in (np.asarray, np.array, lambda x: np.ones(3)[x]):
        with pytest.raises((TypeError, IndexError)):
            convert(x)
    array = np.ones(3)
    with pytest.raises(TypeError, match=r"write x\.data"):
        array[:] = x
    assert np.asarray(x.detach()) is not None


@pytest.mark.parametrize(
    "function",
    [np.floor, np.sign, np.cumsum, np.sort, np.prod, np.median, np.std, np.dot, np.cross],
)
def test_what_is_not_in_the_table_raises_rather_than_returning(function):
    with pytest.raises(TypeError, match="cannot be differentiated"):
        function(leaf(3)) if function not in (np.dot, np.cross) else function(leaf(3), leaf(3))


def test_undifferentiated_questions_are_answered_in_plain_values():
    x = leaf(2, 3)
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


def test_scalars_turn_into_python_numbers():
    x = ag.Tensor([0.5], requires_grad=True)
    assert float(x) == x.item() == 0.5
    assert bool(x)
    with pytest.raises(ValueError):
        float(leaf(3))


def test_tensor_indexes_a_tensor():
    x = leaf(4)
    x[ag.Tensor([0, 0, 3])].sum().backward()
    assert x.grad.tolist() == [2, 0, 0, 1]
    assert [float(part) for part in x] == x.data.tolist()
