"""The core: the graph, the way back, and what it refuses."""

import gc
import threading
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import nn, ops


def leaf(*values, dtype=np.float64):
    return ag.Tensor(np.array(values, dtype), requires_grad=True)


def test_core_is_at_most_250_lines():
    source = Path(ag.__file__).parent / "tensor.py"
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 250


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


def test_chain_that_is_dropped_without_backward_is_freed():
    y = leaf(1.0)
    for _ in range(100_000):
        y = y + 1.0
    del y


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


def test_no_grad_decorates_and_ends_with_an_error():
    @ag.no_grad()
    def square(x):
        return x * x

    assert not square(leaf(1.0)).requires_grad
    with pytest.raises(ZeroDivisionError), ag.no_grad():
        raise ZeroDivisionError
    assert (leaf(1.0) * 2).requires_grad


def test_no_grad_is_of_one_thread_only():
    seen = []
    with ag.no_grad():
        thread = threading.Thread(target=lambda: seen.append((leaf(1.0) * 2).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


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


def test_retained_graph_serves_again():
    x = leaf(3.0)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad == 12.0


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


def test_assignment_to_elements_is_refused():
    with pytest.raises(TypeError, match="cannot be assigned to in place"):
        leaf(1.0)[0] = 2.0


@pytest.mark.parametrize("data", [[1, 2], [True], np.float16(1)])
def test_gradients_need_floats(data):
    with pytest.raises(TypeError, match="float32 or float64, got"):
        ag.Tensor(data, requires_grad=True)


@pytest.mark.parametrize("data", [["a"], [None], [1j], {}])
def test_data_must_be_numbers(data):
    with pytest.raises(TypeError, match="real numbers"):
        ag.Tensor(data)


def test_integer_tensors_are_constants():
    x = leaf(1.0, 2.0)
    (x * ag.Tensor([3, 4])).sum().backward()
    assert x.grad.tolist() == [3, 4]


def test_argument_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="clip has no gradient for its argument 1"):
        ops.clip(leaf(1.0), leaf(0.0), 2.0)


def test_tensor_as_keyword_is_refused():
    with pytest.raises(TypeError, match="positional"):
        ops.add(leaf(1.0), b=leaf(2.0))


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


def test_repr_tells_values_and_origin():
    assert repr(leaf(1.0, 2.0)) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(leaf(1.0) * 2) == "Tensor([2.], made by multiply)"


class GarbageCollectorOff:
    def __enter__(self):
        gc.collect()
        gc.disable()

    def __exit__(self, *_):
        gc.enable()


def test_no_cycle_keeps_a_graph_alive():
    with GarbageCollectorOff():
        x = leaf(1.0, 2.0)
        y = np.tanh(x * 2)
        loss = (y * y).sum()
        alive = [weakref.ref(y), weakref.ref(loss)]
        del y, loss  # a graph that is dropped
        assert [ref() for ref in alive] == [None, None]
        y = np.tanh(x * 2)
        middle = weakref.ref(y)
        loss = (y * y).sum()
        del y
        loss.backward()  # a graph that is walked, while its loss is kept
        assert middle() is None


def network():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, rng=0),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1, rng=1),
        nn.Linear(64, 10, rng=2),
    )


def training_step():
    """A function that does one step of a convolutional network and of an LSTM."""
    model, rng = network(), np.random.default_rng(0)
    recurrent = nn.LSTM(4, 8, num_layers=2, rng=3)
    x = rng.normal(size=(16, 1, 8, 8)).astype(np.float32)
    text = rng.normal(size=(10, 16, 4)).astype(np.float32)
    labels = rng.integers(10, size=16)

    def step():
        loss = ops.cross_entropy(model(x), labels) + ops.square(recurrent(text)[0]).mean()
        loss.backward()
        for p in [*model.parameters(), *recurrent.parameters()]:
            p.data -= 0.01 * p.grad
            p.grad = None

    return step


def test_200_training_steps_do_not_grow_the_process():
    resource = pytest.importorskip("resource")
    step = training_step()

    def high_water():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # in KiB, on Linux

    with GarbageCollectorOff():
        for _ in range(20):
            step()
        before = high_water()
        for _ in range(200):
            step()
    assert high_water() - before < 4 * 1024  # graphs that stay would be 50 MB


def test_200_training_steps_leave_nothing_allocated():
    step = training_step()

    def memory():
        """Bytes in use, Python's own free lists emptied; nothing may be left to collect."""
        assert gc.collect() == 0
        return tracemalloc.get_traced_memory()[0]

    with GarbageCollectorOff():
        for _ in range(5):
            step()
        tracemalloc.start()
        try:
            step()
            before = memory()
            for _ in range(200):
                step()
            growth = memory() - before
        finally:
            tracemalloc.stop()
    assert growth < 40_000  # bytes, 200 a step: less than one tensor; a graph has 250 000


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
