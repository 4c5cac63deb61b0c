"""Properties that hold whatever the shapes are."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import ops

quick = settings(max_examples=100, deadline=None, derandomize=True)
shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def inner(a, b):
    return float(np.sum(np.asarray(a) * np.asarray(b)))


def assert_adjoint(function, *arrays):
    """Check <function(x), s> = <x, gradient for the seed s> in each argument it is linear in."""
    xs = [ag.Tensor(array, requires_grad=True) for array in arrays]
    y = function(*xs)
    seed = numbers(y.shape, 1)
    y.backward(seed)
    for x in xs:
        assert np.isclose(inner(y.data, seed), inner(x.data, x.grad), rtol=1e-9, atol=1e-9)


@quick
@given(st.data(), shapes)
def test_indexing_is_undone_by_its_adjoint(data, shape):
    some = [hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)]
    some += [hnp.integer_array_indices(shape), hnp.arrays(bool, shape)]
    index = data.draw(st.one_of(some))
    x = numbers(shape)
    np.testing.assert_array_equal(ag.Tensor(x)[index].data, x[index])
    assert_adjoint(lambda t: t[index], x)


@quick
@given(st.data(), shapes)
def test_reductions_over_any_axes(data, shape):
    axis = data.draw(st.one_of(st.none(), hnp.valid_tuple_axes(len(shape), min_size=1)))
    keepdims = data.draw(st.booleans())
    x = numbers(shape)
    for name in ("sum", "mean", "var", "max", "min"):
        ours = getattr(ag.Tensor(x), name)(axis=axis, keepdims=keepdims)
        np.testing.assert_allclose(ours.data, getattr(x, name)(axis=axis, keepdims=keepdims))
    assert_adjoint(lambda t: t.sum(axis=axis, keepdims=keepdims), x)
    assert_adjoint(lambda t: t.mean(axis=axis, keepdims=keepdims), x)
    weights = ag.Tensor(x, requires_grad=True)
    ops.logsumexp(weights, axis, keepdims=keepdims).sum().backward()
    np.testing.assert_allclose(weights.grad.sum(axis=axis), 1)  # they are softmax's


@quick
@given(st.data(), shapes)
def test_moves_are_undone_by_their_adjoints(data, shape):
    axes = data.draw(st.permutations(range(len(shape))))
    x = numbers(shape)
    assert_adjoint(lambda t: t.transpose(axes), x)
    assert_adjoint(lambda t: np.concatenate([t, t], axis=axes[0]), x)
    assert_adjoint(lambda t: np.stack([t, 2.0 * t], axis=axes[0]), x)
    assert_adjoint(lambda t: np.pad(t, 2), x)
    assert_adjoint(lambda t: np.broadcast_to(t, (2, *shape)), x)
    assert_adjoint(lambda t: t.reshape(-1), x)


@quick
@given(
    n=st.integers(1, 3),
    c=st.integers(1, 3),
    k=st.integers(1, 3),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    window=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
)
def test_convolution_is_its_sum_and_undone_by_its_adjoint(n, c, k, size, window, stride, padding):
    assume(all(m + 2 * padding >= w for m, w in zip(size, window, strict=True)))
    x, weight = numbers((n, c, *size)), numbers((k, c, *window), 1)
    edge = (padding, padding)
    image = np.pad(x, ((0, 0), (0, 0), edge, edge))
    windows = np.lib.stride_tricks.sliding_window_view(image, window, axis=(2, 3))
    expected = np.einsum("ncpqij,kcij->nkpq", windows[:, :, ::stride, ::stride], weight)
    y = ops.conv2d(x, weight, None, stride, padding)
    np.testing.assert_allclose(y.data, expected, atol=1e-12)
    assert_adjoint(lambda t, w: ops.conv2d(t, w, None, stride, padding), x, weight)
    wide = window[0]
    if 2 * padding <= wide and min(size) + 2 * padding >= wide:
        assert_adjoint(lambda t: ops.avg_pool2d(t, wide, stride, padding), x)
        assert_adjoint(lambda t: ops.max_pool2d(t, wide, stride, padding), x)


@quick
@given(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3))
def test_products_of_any_shapes(shapes):
    a, b = (numbers(shape, i) for i, shape in enumerate(shapes.input_shapes))
    np.testing.assert_allclose((ag.Tensor(a) @ b).data, a @ b, atol=1e-12)
    assert_adjoint(lambda x, y: x @ y, a, b)
