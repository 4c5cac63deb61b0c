"""Random expression graphs against HIPS autograd."""

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import autograd_lite as ag
from tests.oracles.peers import peer

SHAPES = [(), (3,), (2, 1), (2, 3), (1, 3)]
UNARY = ["tanh", "sin", "cos", "negative", "square", "absolute", "ravel"]
BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "logaddexp"]
REDUCE = ["sum", "mean", "max", "var", "prod"]

step = st.one_of(
    st.tuples(st.sampled_from(UNARY), st.integers(0, 99)),
    st.tuples(st.sampled_from(BINARY), st.integers(0, 99), st.integers(0, 99)),
    st.tuples(st.sampled_from(REDUCE), st.integers(0, 99), st.integers(-1, 1), st.booleans()),
    st.tuples(st.sampled_from(["safe_log", "safe_divide"]), st.integers(0, 99), st.integers(0, 99)),
    st.tuples(st.sampled_from(["transpose", "getitem", "concatenate"]), st.integers(0, 99)),
)


def run(numpy, xs, program):
    """Run a program with NumPy's functions: each step uses earlier values and appends one."""
    values = list(xs)
    for name, k, *rest in program:
        x = values[k % len(values)]
        if name in UNARY or name == "transpose":
            y = getattr(numpy, name)(x)
        elif name in BINARY:
            y = getattr(numpy, name)(x, values[rest[0] % len(values)])
        elif name in REDUCE:
            axis, keepdims = rest
            axis = axis if -x.ndim <= axis < x.ndim else None
            y = getattr(numpy, name)(x, axis=axis, keepdims=keepdims)
        elif name == "safe_log":
            y = numpy.log(1.0 + x * x)
        elif name == "safe_divide":
            other = values[rest[0] % len(values)]
            y = x / numpy.sqrt(1.0 + other * other)
        elif name == "getitem":
            y = x[..., ::-1][..., [0, 0]] if x.ndim else x * 1.0
        else:
            y = numpy.concatenate([x, x * 2.0], axis=-1) if x.ndim else x + 0.5
        values.append(numpy.tanh(y))  # keeps the numbers small
    return sum((numpy.sum(value) for value in values), 0.0)


def fits(arrays, program):
    """Whether all shapes of the program broadcast."""
    try:
        run(np, arrays, program)
    except ValueError:
        return False
    return True


@settings(max_examples=120, deadline=None, derandomize=True)
@given(
    shapes=st.lists(st.sampled_from(SHAPES), min_size=2, max_size=3),
    program=st.lists(step, min_size=1, max_size=12),
    seed=st.integers(0, 2**16),
)
def test_random_graphs(shapes, program, seed):
    hips, hips_np = peer("autograd"), peer("autograd.numpy")
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=shape) for shape in shapes]
    assume(fits(arrays, program))
    xs = [ag.Tensor(a, requires_grad=True) for a in arrays]
    loss = run(np, xs, program)
    loss.backward()
    value_and_grad = hips.value_and_grad(
        lambda *a: run(hips_np, a, program), list(range(len(arrays)))
    )
    value, grads = value_and_grad(*arrays)
    np.testing.assert_allclose(loss.item(), value, rtol=1e-10, atol=1e-10)
    for x, expected in zip(xs, grads, strict=True):
        np.testing.assert_allclose(x.grad, expected, rtol=1e-8, atol=1e-10)
