"""gradcheck, and that it finds every broken rule."""

import subprocess
import sys

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite.engine import TABLE
from tests.autograd_lite.samples import SAMPLES


def test_gradcheck_reports_the_worst_entry():
    @ag.engine.Primitive
    def wrong(x):
        return x * x

    wrong.vjps = (lambda y_bar, y, x: np.where(np.arange(3) == 1, 2.1, 2.0) * y_bar * x,)
    message = r"worst of 3 derivatives: argument 0 at \(1,\), backward gives .*differences"
    with pytest.raises(AssertionError, match=message):
        ag.gradcheck(wrong, [1.0, 2.0, 3.0])
    assert ag.gradcheck(wrong, [1.0, 2.0, 3.0], tolerance=1.0).index == (1,)


def test_gradcheck_fails_without_asserts():
    """Python's -O removes assert statements."""
    code = "import autograd_lite as ag; ag.gradcheck(lambda x: x * x.detach(), [2.0])"
    command = [sys.executable, "-O", "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "AssertionError: gradients differ" in done.stderr


def test_gradcheck_notices_an_unused_argument_and_nan():
    assert ag.gradcheck(lambda x, y: x * 2, [1.0], [2.0]).entries == 2

    @ag.engine.Primitive
    def wrong(x):
        return x * x

    wrong.vjps = (lambda y_bar, y, x: np.full(x.shape, np.nan),)
    with pytest.raises(AssertionError, match="nan"):
        ag.gradcheck(wrong, [1.0, 2.0])
    with pytest.raises(ValueError, match="an entry to check"):
        ag.gradcheck(lambda: ag.Tensor(1.0, requires_grad=True) * 2)


def broken(row, k, monkeypatch):
    """Make the gradient of argument k wrong by a thousandth."""
    if row.joint_vjp is None:
        right = row.vjps[k]
        rules = (*row.vjps[:k], lambda *a, **o: right(*a, **o) + 1e-3, *row.vjps[k + 1 :])
        monkeypatch.setattr(row, "vjps", rules)
    else:
        joint = row.joint_vjp

        def wrong(*args, **options):
            grads = joint(*args, **options)
            grad = grads[k]() if callable(grads[k]) else grads[k]
            return (*grads[:k], grad + 1e-3, *grads[k + 1 :])

        monkeypatch.setattr(row, "joint_vjp", wrong)


def arguments(row):
    """Numbers of the arguments that the row has rules for."""
    joint = {
        "einsum": range(1, 2),
        "batch_norm": range(3),
        "layer_norm": range(3),
        "lstm": range(7),
        "solve": range(2),
    }
    return range(len(row.vjps)) if row.joint_vjp is None else joint[row.name]


PRIMITIVES = [row for row in TABLE.values() if isinstance(row, ag.engine.Primitive)]


RULES = [(row, k) for row in PRIMITIVES for k in arguments(row)]


@pytest.mark.parametrize(("row", "k"), RULES, ids=lambda v: getattr(v, "name", v))
def test_a_broken_rule_is_found(row, k, monkeypatch):
    broken(row, k, monkeypatch)
    for case in SAMPLES[row.name]:
        try:
            ag.gradcheck(lambda *xs, case=case: case.call(row, xs), *case.arrays())
        except AssertionError as error:
            assert "gradients differ" in str(error)
            return
    raise AssertionError(f"no sample notices a wrong gradient of argument {k}")
