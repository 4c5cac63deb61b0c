"""Every operation of the table: the loops are over the table, so none can be left out."""

import ast
import inspect
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ops
from autograd_lite.engine import TABLE, Primitive
from autograd_lite.reference import rules
from tests.autograd_lite.samples import SAMPLES

CASES = [(name, i) for name in sorted(TABLE) for i in range(len(SAMPLES.get(name, [])))]


def joined(result):
    """One tensor of all that an operation returned."""
    return (
        ops.concatenate([r.reshape(-1) for r in result])
        if isinstance(result, (list, tuple))
        else result
    )


def test_every_operation_has_samples_of_several_shapes():
    assert set(TABLE) == set(SAMPLES)
    few = [
        name
        for name, cases in SAMPLES.items()
        if len({str([a.shape for a in c.arrays()]) for c in cases}) < 2
    ]
    assert few == []


def test_every_operation_is_public():
    assert set(TABLE) == set(ops.__all__)
    assert all(getattr(ops, name) is TABLE[name] for name in TABLE)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_gradient_is_that_of_central_differences(name, i):
    case = SAMPLES[name][i]
    report = ag.gradcheck(lambda *xs: joined(case.call(TABLE[name], xs)), *case.arrays())
    assert report.entries == sum(array.size for array in case.arrays())


@pytest.mark.parametrize(("name", "i"), CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_is_kept_forward_and_back(name, i, dtype):
    case = SAMPLES[name][i]
    xs = [ag.Tensor(a.astype(dtype), requires_grad=True) for a in case.arrays()]
    y = joined(call_in(case, name, xs, dtype))
    assert y.dtype == dtype
    y.backward(np.ones(y.shape, dtype))
    for x in xs:
        assert x.grad.dtype == dtype
        assert x.grad.shape == x.shape
        assert isinstance(x.grad, np.ndarray)


def call_in(case, name, xs, dtype):
    """Call with the constants too in the dtype."""

    def cast(value):
        is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
        return value.astype(dtype) if is_array else value

    def op(*args, **options):
        args = [[cast(p) for p in a] if isinstance(a, list) else cast(a) for a in args]
        return TABLE[name](*args, **options)

    return case.call(op, xs)


@pytest.mark.parametrize(("name", "i"), CASES)
def test_float32_gradient_is_near_the_float64_one(name, i):
    case = SAMPLES[name][i]
    grads = []
    for dtype in (np.float32, np.float64):
        xs = [
            ag.Tensor(a.astype(np.float32).astype(dtype), requires_grad=True) for a in case.arrays()
        ]
        y = joined(call_in(case, name, xs, dtype))
        y.backward(np.ones(y.shape, dtype))
        grads.append([x.grad for x in xs])
    for low, high in zip(*grads, strict=True):
        np.testing.assert_allclose(low, high, rtol=2e-3, atol=2e-3 * (1 + np.abs(high).max()))


@pytest.mark.parametrize(("name", "i"), CASES)
def test_gradients_share_no_memory(name, i):
    case = SAMPLES[name][i]
    xs = [ag.Tensor(a.copy(), requires_grad=True) for a in case.arrays()]
    y = joined(case.call(TABLE[name], xs))
    seed = np.ones(y.shape)
    y.backward(seed)
    arrays = [seed, y.data, *(x.data for x in xs), *(x.grad for x in xs)]
    for k, x in enumerate(xs):
        others = arrays[: 2 + len(xs) + k] + arrays[3 + len(xs) + k :]
        assert not any(np.shares_memory(x.grad, other) for other in others)
        x.grad *= 2  # may be written to


@pytest.mark.parametrize(("name", "i"), CASES)
def test_operation_changes_neither_arguments_nor_seed(name, i):
    case = SAMPLES[name][i]
    xs = [ag.Tensor(a.copy(), requires_grad=True) for a in case.arrays()]
    y = joined(case.call(TABLE[name], xs))
    value, seed = y.data.copy(), np.full(y.shape, 0.7)
    y.backward(seed)
    assert np.array_equal(y.data, value)
    assert np.all(seed == 0.7)
    for x, array in zip(xs, case.arrays(), strict=True):
        assert np.array_equal(x.data, array)
        assert x.data.flags.writeable


@pytest.mark.parametrize("name", sorted(TABLE))
def test_only_the_gradients_that_are_asked_for_are_given(name):
    case = SAMPLES[name][0]
    for k in range(len(case.arrays())):
        xs = [ag.Tensor(a, requires_grad=j == k) for j, a in enumerate(case.arrays())]
        y = joined(case.call(TABLE[name], xs))
        y.backward(np.ones(y.shape))
        assert [x.grad is not None for x in xs] == [j == k for j in range(len(xs))]


@pytest.mark.parametrize("name", sorted(n for n in TABLE if isinstance(TABLE[n], Primitive)))
def test_every_rule_stands_under_its_equation(name):
    row = TABLE[name]
    if row.joint_vjp is not None:
        assert rules(row)
        return
    source = Path(inspect.getsourcefile(row.forward)).read_text(encoding="utf-8")
    for tree in ast.walk(ast.parse(source)):
        if isinstance(tree, ast.Assign) and ast.unparse(tree.targets[0]) == f"{name}.vjps":
            assert len(rules(row)) == len(row.vjps) > 0
            lines = source.splitlines()
            for rule, (latex, origin) in zip(tree.value.elts, rules(row), strict=True):
                above = "".join(lines[rule.lineno - 3 : rule.lineno - 1])
                assert f"# {latex} " in above + " "
                assert above.endswith(f" [{origin}]")
            return
    raise AssertionError(f"{name} has no rules beside it")
