"""What the graph keeps of its arguments, and what becomes of leaves and results."""

import array
import copy
import pickle
from collections import deque

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import nn, ops


def leaf(*values):
    return ag.Tensor(np.array(values, np.float64), requires_grad=True)


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


def test_running_statistics_may_move_on_before_backward():
    layer = nn.BatchNorm1d(2)
    x = np.random.default_rng(0).normal(size=(4, 2)).astype(np.float32)
    (layer(x).sum() + layer(2 * x).sum()).backward()
    assert layer.num_batches_tracked == 2


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


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.float16])
def test_requires_grad_set_later_is_checked(dtype):
    x = ag.Tensor(np.ones(2, dtype))
    with pytest.raises(TypeError, match="float32 or float64, got"):
        x.requires_grad = True
    assert not x.requires_grad
    x.requires_grad = False


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


def test_integers_put_into_a_leaf_are_noticed():
    x = leaf(1.0, 2.0)
    x.data = np.array([1, 2])
    y = (x * 0.5).sum()
    with pytest.raises(TypeError, match="float32 or float64, got int64"):
        y.backward()
    assert x.grad is None


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


@pytest.mark.parametrize("duplicate", COPIES[1:])
def test_copies_of_modules_share_what_the_module_shares(duplicate):
    module = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1))
    module[1].weight = module[0].weight
    twin = duplicate(module)
    assert twin[1].weight is twin[0].weight
    twin[0].weight.data += 1
    assert not np.array_equal(twin[0].weight.data, module[0].weight.data)
