"""The graph, the way back through it, and what a tensor is."""

import copy
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import ops
from tests.autograd_lite.samples import leaf


def test_tensor_used_twice_collects_both_gradients():
    x = leaf(3.0)
    y = x * x + x
    y.backward()
    assert x.grad == 7.0


def test_gradients_of_two_passes_add_up():
    x = leaf(2.0)
    (x * x).backward()
    (3 * x).backward()
    assert x.grad == 7.0


def test_diamond_is_walked_once_per_node():
    calls = []

    @ag.engine.Primitive
    def count(x):
        return x * 1.0

    count.vjps = (lambda y_bar, y, x: (calls.append(1), y_bar * 1.0)[1],)
    y = count(leaf(1.0))
    for _ in range(20):
        y = y + y
    y.sum().backward()
    assert len(calls) == 1


def test_chain_of_100000_operations():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad == 1.0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3), st.integers(0, 999))
def test_gradients_have_the_shapes_of_their_tensors(shapes, seed):
    rng = np.random.default_rng(seed)
    a, b = (ag.Tensor(rng.normal(size=s), requires_grad=True) for s in shapes.input_shapes)
    y = a * b + a
    weights = rng.normal(size=y.shape)
    y.backward(weights)
    assert (a.grad.shape, b.grad.shape) == (a.shape, b.shape)
    copies = np.broadcast_to(a.data, y.shape)
    assert np.isclose(np.sum(a.grad), np.sum(weights * (np.broadcast_to(b.data, y.shape) + 1)))
    assert np.isclose(np.sum(b.grad), np.sum(weights * copies))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-9, 9)))
def test_backward_is_linear_in_the_seed(array):
    grads = []
    for seed in (1.0, 2.5):
        x = ag.Tensor(array, requires_grad=True)
        (np.tanh(x) * x).backward(np.full(array.shape, seed))
        grads.append(x.grad)
    np.testing.assert_allclose(2.5 * grads[0], grads[1], rtol=1e-12, atol=1e-12)


def test_float32_graph_stays_float32():
    x = leaf(1.0, 2.0, dtype=np.float32)
    y = ((x * 2.0 + 1) / 3.0 - x**2).mean()
    assert y.dtype == np.float32
    y.backward()
    assert x.grad.dtype == np.float32


def test_gradient_of_mixed_dtypes_takes_each_tensors_own():
    low, high = leaf(1.0, dtype=np.float32), leaf(2.0)
    (low * high).sum().backward()
    assert (low.grad.dtype, high.grad.dtype) == (np.float32, np.float64)


def test_detach_and_no_grad_cut_the_graph():
    x = leaf(2.0)
    y = x * x.detach()
    with ag.no_grad():
        z = x * x
    assert not z.requires_grad
    y.backward()
    assert x.grad == 2.0


def test_no_grad_is_of_one_thread_only():
    seen = []
    with ag.no_grad():
        thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_retained_graph_serves_again():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad == 12.0


def test_results_are_read_only_and_leaves_are_not():
    x = leaf(1.0, 2.0)
    y = x.reshape(2, 1)
    with pytest.raises(ValueError, match="read-only"):
        y.data[0] = 5
    x.data[0] = 5
    with pytest.raises(RuntimeError, match="argument 0 of reshape"):
        y.sum().backward()


def test_parameters_may_change_once_the_graph_is_walked():
    x = leaf(1.0)
    (x * x).backward()
    x.data -= 0.1 * x.grad
    x.grad = None
    (x * x).backward()
    assert np.isclose(x.grad, 1.6)


@pytest.mark.parametrize("data", [["a"], [None], [1j], {}])
def test_data_must_be_numbers(data):
    with pytest.raises(TypeError, match="real numbers"):
        ag.Tensor(data)


def test_integer_tensors_are_constants():
    x = leaf(1.0, 2.0)
    (x * ag.Tensor([3, 4])).sum().backward()
    assert x.grad.tolist() == [3, 4]


def test_tensor_as_keyword_is_refused():
    with pytest.raises(TypeError, match="positional"):
        ops.add(leaf(1.0), b=leaf(2.0))


def test_repr_tells_values_and_origin():
    assert repr(leaf(1.0, 2.0)) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(leaf(1.0) * 2) == "Tensor([2.], made by multiply)"


IDENTITIES = {
    "squeeze": ops.squeeze,
    "method": lambda x: x.squeeze(),
    "reshape": lambda x: x.reshape(3),
    "transpose": lambda x: x.T,
    "broadcast_to": lambda x: np.broadcast_to(x, (3,)),
    "getitem": lambda x: x[...],
    "einsum": lambda x: ops.einsum("i->i", x),
    "own": ag.engine.Primitive(lambda x: x),
}


IDENTITIES["own"].vjps = (lambda y_bar, y, x: y_bar,)


@pytest.mark.parametrize("name", IDENTITIES)
def test_a_result_is_read_only_and_its_leaf_is_not(name):
    x = leaf(1.0, 2.0, 3.0)
    y = IDENTITIES[name](x)
    assert not y.data.flags.writeable
    x.data -= 1.0
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()


def test_a_constant_that_is_returned_stays_writable():
    second = ag.engine.Primitive(lambda a, b: b)
    second.vjps = (lambda y_bar, y, a, b: 0 * y_bar,)
    constant = np.ones(1)
    y = second(leaf(1.0), constant)
    assert not y.data.flags.writeable
    constant += 1


def test_requires_grad_set_later_counts():
    x, y = ag.Tensor([1.0, 2.0]), leaf(3.0)
    x.requires_grad, y.requires_grad = True, False
    (x * y).sum().backward()
    assert x.grad.tolist() == [3, 3]
    assert y.grad is None


def test_requires_grad_of_a_result_is_not_set():
    y = 2 * leaf(1.0)
    for needed in (True, False):
        with pytest.raises(RuntimeError, match=r"leaves only.*detach"):
            y.requires_grad = needed
    assert y.requires_grad


COPIES = [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]


@pytest.mark.parametrize("duplicate", COPIES)
def test_results_are_not_copied_but_leaves_are(duplicate):
    x = leaf(1.0, 2.0)
    y = x * 2
    with pytest.raises(TypeError, match="neither pickled nor copied; its"):
        duplicate(y)
    y.sum().backward()
    with pytest.raises(TypeError, match="neither pickled nor copied"):
        duplicate(y)
    twin = duplicate(x)
    assert twin.requires_grad
    assert np.array_equal(twin.grad, x.grad)
    assert np.array_equal(twin.data, x.data)
    assert np.array_equal(duplicate(y.detach()).data, y.data)
    with ag.no_grad():
        assert duplicate(x * 3).data.tolist() == [3, 6]
