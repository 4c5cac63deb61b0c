"""Python's operators and ndarray's methods on tensors."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ops
from tests.autograd_lite.samples import leaf


def test_assignment_to_elements_is_refused():
    with pytest.raises(TypeError, match="cannot be assigned to in place"):
        leaf(1.0)[0] = 2.0


def subtract(p):
    p -= 0.1


def add(p):
    p += 1


def multiply(p):
    p *= 2


def divide(p):
    p /= 2


def power(p):
    p **= 2


def matmul(p):
    p @= np.ones(2)


IN_PLACE = [
    (subtract, "-="),
    (add, r"\+="),
    (multiply, r"\*="),
    (divide, "/="),
    (power, r"\*\*="),
    (matmul, "@="),
]


@pytest.mark.parametrize(("change", "symbol"), IN_PLACE)
def test_a_leaf_is_not_lost_by_an_assignment(change, symbol):
    p = leaf(1.0, 2.0)
    with pytest.raises(TypeError, match=rf"write p\.data {symbol} y"):
        change(p)
    with pytest.raises(TypeError, match=rf"write p\.data {symbol} y"), ag.no_grad():
        change(p)
    assert p.data.tolist() == [1, 2]


def test_descent_in_a_loop_is_no_silent_nothing():
    p = leaf(1.0)
    ops.square(p).sum().backward()
    with pytest.raises(TypeError, match="leave the leaf as it is"):
        p -= 0.1 * p.grad
    p.data -= 0.1 * p.grad
    assert p.data.tolist() == [0.8]


def test_results_and_constants_keep_pythons_meaning():
    x, loss = leaf(2.0), 0.0
    for _ in range(3):
        loss += (x * x).sum()
    loss -= x.sum()
    loss *= 2
    loss /= 4
    loss **= 2
    kept = total = ag.Tensor([1.0, 1.0])
    total += 1
    total @= np.ones(2)
    assert kept.data.tolist() == [1, 1]
    assert total.item() == 4
    loss.backward()
    assert loss.item() == 25
    assert x.grad == 2 * 5 * (6 * 2 - 1) / 2


@pytest.mark.parametrize("iterate", [sum, list, max, lambda s: 1.0 in s, lambda s: [*s], np.stack])
def test_a_tensor_without_axes_is_not_iterated_over(iterate):
    for s in (ag.Tensor(3.0), leaf(1.0, 2.0).sum()):
        with pytest.raises(
            TypeError, match=r"without axes has no parts to iterate over|not iterable"
        ):
            iterate(s)
    assert sum(leaf(1.0, 2.0)).item() == 3


def positive(*shape):
    array = np.random.default_rng(0).uniform(0.5, 1, size=shape)
    return ag.Tensor(array, requires_grad=True)


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
        (lambda x, a: +x, lambda x, a: +x),
    ],
)
@pytest.mark.parametrize("other", [2.0, 3, np.float64(1.5), np.full((2, 3), 1.5)], ids=repr)
def test_operators_with_numbers_and_arrays_on_either_side(operator, expected, other):
    x = positive(2, 3)
    y = operator(x, other)
    assert isinstance(y, ag.Tensor)
    np.testing.assert_allclose(y.data, expected(x.data, other), rtol=1e-13)
    y.sum().backward()
    assert x.grad.shape == (2, 3)


def test_matmul_operator_with_arrays_on_either_side():
    x, a = positive(2, 3), np.ones((3, 2))
    np.testing.assert_allclose((x @ a).data, x.data @ a)
    np.testing.assert_allclose((a @ x).data, a @ x.data)


def test_methods_are_ndarrays():
    x = positive(2, 1, 3)
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
        ("std", (2,)),
        ("prod", (0,)),
        ("cumsum", (2,)),
        ("cumsum", ()),
        ("dot", (np.ones(3),)),
        ("trace", (1, 0, 2)),
        ("repeat", (2, 0)),
        ("ravel", ()),
        ("flatten", ()),
    ]:
        ours, numpys = getattr(x, name)(*args), getattr(x.data, name)(*args)
        np.testing.assert_allclose(ours.data, numpys, rtol=1e-13, err_msg=name)
    assert x.T.shape == (3, 1, 2)
    assert (x.ndim, x.size, len(x), x.dtype) == (3, 6, 2, np.float64)


def test_scalars_turn_into_python_numbers():
    x = ag.Tensor([0.5], requires_grad=True)
    assert float(x) == x.item() == 0.5
    assert bool(x)
    with pytest.raises(ValueError):
        float(positive(3))


def test_a_loss_is_formatted_and_rounded_as_a_number():
    loss = leaf(1.23456, 2.0)[0]
    assert f"{loss:.4f}" == "1.2346"
    assert f"{loss:>8.2e}|{ag.Tensor(3):03d}" == "1.23e+00|003"
    assert f"{loss}" == str(loss) == "Tensor(1.23456, made by getitem)"
    assert f"{ag.Tensor([1.0, 2.0])}" == "Tensor([1., 2.])"
    assert (round(loss, 2), round(loss), int(-loss)) == (1.23, 1, -1)
    assert type(round(loss)) is type(int(loss)) is int
    assert f"{ag.Tensor(np.float32(0.1)):.3f}" == "0.100"


@pytest.mark.parametrize(
    "convert", [float, int, round, "{:.4f}".format, lambda x: x.item()], ids=str
)
@pytest.mark.parametrize("shape", [(2, 3), (0,)])
def test_only_one_element_is_a_number(convert, shape):
    with pytest.raises(ValueError, match=rf"must have one element.*got \({shape[0]},"):
        convert(ag.Tensor(np.ones(shape)))


def test_tensor_indexes_a_tensor():
    x = positive(4)
    x[ag.Tensor([0, 0, 3])].sum().backward()
    assert x.grad.tolist() == [2, 0, 0, 1]
    assert [float(part) for part in x] == x.data.tolist()
