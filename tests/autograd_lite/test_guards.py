"""What backward checks, and what the graph keeps of its arguments."""

import array
import copy
from collections import deque

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ops
from tests.autograd_lite.samples import leaf


def test_seed_is_needed_for_more_than_one_element():
    with pytest.raises(ValueError, match=r"shape \(2,\) needs a seed"):
        (leaf(1.0, 2.0) * 2).backward()
    with pytest.raises(ValueError, match=r"seed must have shape \(2,\), got \(3,\)"):
        (leaf(1.0, 2.0) * 2).backward(np.ones(3))


def test_backward_twice_is_refused_and_writes_nothing():
    x = leaf(1.0)
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match="graph of multiply was freed"):
        y.backward()
    with pytest.raises(RuntimeError, match="graph of multiply was freed"):
        (y + x).backward()
    assert x.grad == 2.0


def test_backward_needs_something_to_differentiate_for():
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        ag.Tensor(1.0).backward()


def test_change_of_one_element_is_noticed():
    x = ag.Tensor(np.ones(16_384), requires_grad=True)
    y = (x * x).sum()
    x.data[5] = 2.0
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize("size", [3, 100_000])
def test_change_in_place_of_a_value_the_graph_needs_is_noticed(size):
    x = ag.Tensor(np.ones(size), requires_grad=True)
    y = (x * x).sum()
    x.data += 1e-9
    with pytest.raises(RuntimeError, match=r"argument 0 of multiply, of shape .* changed in place"):
        y.backward()
    assert x.grad is None


def test_change_in_place_of_one_element_of_a_constant_is_noticed():
    x, constant = leaf(1.0, 2.0), np.ones(2)
    y = (x * constant).sum()
    constant[1] = 5
    with pytest.raises(RuntimeError, match="argument 1 of multiply"):
        y.backward()


@pytest.mark.parametrize("data", [[1, 2], [True], np.float16(1)])
def test_gradients_need_floats(data):
    with pytest.raises(TypeError, match="float32 or float64, got"):
        ag.Tensor(data, requires_grad=True)


def test_argument_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="clip has no gradient for its argument 1"):
        ops.clip(leaf(1.0), leaf(0.0), 2.0)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_first_operation_that_is_not_finite_is_named_forward():
    x = leaf(1.0, 0.0, 2.0)
    y = np.exp(np.log(x) * 2).sum()
    with pytest.raises(FloatingPointError, match=r"log has -inf at \(1,\) of shape \(3,\)"):
        y.backward(check_finite=True)
    assert x.grad is None


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_first_operation_that_is_not_finite_is_named_backward():
    x = leaf(4.0, 0.0)
    y = (np.sqrt(x) * 2).sum()
    with pytest.raises(
        FloatingPointError, match=r"gradient of sqrt for its argument 0 has inf at \(1,\)"
    ):
        y.backward(check_finite=True)
    assert x.grad is None


def test_finite_graph_passes_the_check():
    x = leaf(4.0)
    np.sqrt(x).backward(check_finite=True)
    assert x.grad == 0.25


@pytest.mark.parametrize("wrap", [np.asarray, ag.Tensor])
def test_index_in_a_tuple_changed_in_place_is_noticed(wrap):
    x, i = leaf(1.0, 2.0, 3.0), np.array([0, 1])
    y = x[wrap(i),].sum()
    i[:] = 2
    with pytest.raises(RuntimeError, match="argument 1 of getitem was changed in place"):
        y.backward()


def test_read_only_view_of_a_changed_array_is_noticed():
    x, a = leaf(1.0, 2.0, 3.0), np.ones(1)
    y = (x * np.broadcast_to(a, 3)).sum()
    a[:] = 2
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_an_index_that_is_reversed_later_does_not_count():
    x, w, p = leaf(0.0, 0.0, 0.0), np.array([1.0, 10.0, 100.0]), [0, 1, 2]
    loss = (x[p] * w).sum()
    p.reverse()
    loss = loss + (x[p] * w).sum()
    loss.backward()
    assert x.grad.tolist() == [101, 20, 101]


def changed(kept):
    """Set every number in a list, an array or what contains them to 0."""
    for i, part in enumerate(kept):
        if isinstance(part, (list, tuple, np.ndarray)) and np.ndim(part):
            changed(part)
        elif not isinstance(kept, tuple):
            kept[i] = 0


class Column:
    """An array of another library, which answers NumPy's functions itself."""

    def __init__(self, numbers):
        self.numbers = np.array(numbers)

    def __len__(self):
        return len(self.numbers)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numbers, dtype=dtype)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        plain = [np.asarray(value) for value in inputs]
        return getattr(ufunc, method)(*plain, **options)


def test_an_array_of_another_library_is_kept_as_it_was():
    x, column = leaf(1.0, 2.0), Column([3.0, 4.0])
    y = (x * column).sum()
    column.numbers[:] = 0
    y.backward()
    assert x.grad.tolist() == [3, 4]


KEPT = {
    "list in a tuple": (lambda x, p: x[p, 1], ([1, 2],)),
    "nested list": (ops.multiply, ([[1.0, 2.0, 3.0]] * 3,)),
    "list of arrays": (ops.multiply, ([np.array([1.0, 2.0, 3.0])] * 3,)),
    "list as left factor": (lambda x, p: ops.matmul(p, x), ([1.0, 2.0, 3.0],)),
    "list of axes": (lambda x, p: x.transpose(p) * np.arange(9.0).reshape(3, 3), ([1, 0],)),
    "widths": (lambda x, p: ops.pad(x, p) * np.arange(20.0).reshape(4, 5), ([[1, 0], [1, 1]],)),
    "keyword widths": (lambda x, p: ops.pad(x, pad_width=p), ([[1, 0], [1, 1]],)),
    "exponents": (lambda x, p: x**p, (array.array("d", [1.0, 2.0, 3.0]),)),
    "deque": (ops.multiply, (deque([1.0, 2.0, 3.0]),)),
    "keyword index": (lambda x, p: ops.getitem(x, index=p), (np.array([1, 2]),)),
    "keyword labels": (lambda x, p: ops.cross_entropy(x, labels=p), (np.array([1, 2, 1]),)),
    "keyword list": (lambda x, p: ops.cross_entropy(x, labels=p), ([1, 2, 1],)),
    "keyword target": (lambda x, p: ops.mse_loss(x, target=p), (np.ones((3, 3)),)),
    "embedding": (ops.embedding, ([[1, 2], [2, 2]],)),
    "einsum": (lambda x, p: ops.einsum("ij,j", x, p), ([1.0, 2.0, 3.0],)),
    "linear": (lambda x, p: ops.linear(p, x), ([[1.0, 2.0, 3.0]],)),
    "where": (lambda x, p: ops.where(p, x, 2.0), ([True, False, True],)),
    "clip": (lambda x, p: ops.clip(x, p, None), ([1.0, 2.0, 3.0],)),
}


@pytest.mark.parametrize("case", KEPT.values(), ids=KEPT)
def test_what_a_caller_changes_later_does_not_count(case):
    call, (kept,) = case
    grads = []
    for change in (False, True):
        x = ag.Tensor(np.arange(1.0, 10).reshape(3, 3), requires_grad=True)
        argument = copy.deepcopy(kept)
        y = call(x, argument)
        if change:
            changed(argument)
        y.sum().backward()
        grads.append(x.grad)
    assert np.array_equal(*grads)
    assert grads[0].any()


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.conv2d(x.data.tolist(), x, [0.5]),
        lambda x: ops.conv2d(x, x.data.tolist()),
        lambda x: ops.lstm([[[1.0]]], [[0.5]], [[0.5]], *lstm_weights(x)),
    ],
)
def test_lists_serve_as_constants(call):
    x = ag.Tensor(np.ones((1, 1, 1, 1)), requires_grad=True)
    call(x).sum().backward()
    assert np.isfinite(x.grad).all()


def lstm_weights(x):
    ones = x.reshape(1, 1)
    return [ops.concatenate([ones] * 4), [[1.0]] * 4, [0.0] * 4, [0.0] * 4]


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.float16])
def test_requires_grad_set_later_is_checked(dtype):
    x = ag.Tensor(np.ones(2, dtype))
    with pytest.raises(TypeError, match="float32 or float64, got"):
        x.requires_grad = True
    assert not x.requires_grad
    x.requires_grad = False


def test_integers_put_into_a_leaf_are_noticed():
    x = leaf(1.0, 2.0)
    x.data = np.array([1, 2])
    y = (x * 0.5).sum()
    with pytest.raises(TypeError, match="float32 or float64, got int64"):
        y.backward()
    assert x.grad is None
