"""PyTorch's habits: groups, closures, gradients, checkpoints, pickles."""

import pickle
import sys

import numpy as np
import pytest

from adabound_np import AdaBound, Adam, DynamicBounds, Geometric, StepDecay
from problems.conformance.alike import RESUMED, gradients, nothing_is_lost
from tests.roster import CASES


class Tensor:
    """A tensor by duck type."""

    def __init__(self, data):
        self.data, self.grad = np.array(data), None


def test_tensors_by_duck_type():
    a, b = Tensor([1.0, 2.0]), Tensor(3.0)
    opt = Adam([a, b], lr=0.1, eps=0.0)
    a.grad = np.array([1.0, -1.0])
    opt.step()  # b has no gradient yet
    np.testing.assert_allclose(a.data, [0.9, 2.1])
    assert b.data == 3.0
    assert opt.state[1] is None
    assert opt.effective_lr()[1] is None
    opt.zero_grad()
    assert a.grad is None
    b.grad = np.array(2.0)
    opt.step()
    assert [s.t for s in opt.state] == [1, 1]  # each parameter counts its own steps
    opt.zero_grad(set_to_none=False)
    assert b.grad == 0.0


def test_gradients_may_be_wrapped_themselves():
    a = Tensor([1.0])
    a.grad = Tensor([1.0])
    opt = Adam([a], lr=0.5, eps=0.0)
    opt.step()
    assert a.data == 0.5
    opt.zero_grad(set_to_none=False)
    assert a.grad.data == 0.0


def test_closure():
    x = Tensor([3.0])
    opt = Adam([x], lr=0.5, eps=0.0)

    def closure():
        x.grad = 2 * x.data
        return float((x.data**2).sum())

    assert opt.step(closure) == 9.0
    assert x.data == 2.5


def test_groups_have_hyperparameters_of_their_own():
    a, b, c = (np.zeros(2) for _ in range(3))
    opt = AdaBound([{"params": a}, {"params": [b], "lr": 0.5, "gamma": 0.5}], lr=0.01)
    opt.add_param_group({"params": [c], "bounds": (0.25, 0.25)})
    g = np.ones(2)
    for _ in range(3):
        opt.step(grads=[g, g, g])
    for i, (x, kw) in enumerate(
        ((a, {"lr": 0.01}), (b, {"lr": 0.5, "gamma": 0.5}), (c, {"bounds": (0.25, 0.25)}))
    ):
        alone = np.zeros(2)
        one = AdaBound([alone], **{"lr": 0.01, **kw})
        for _ in range(3):
            one.step(grads=[g])
        np.testing.assert_array_equal(x, alone)
        np.testing.assert_array_equal(opt.effective_lr()[i], one.effective_lr()[0])
    assert [group["initial_lr"] for group in opt.param_groups] == [0.01, 0.5, 0.01]


def test_the_effective_rate_is_that_of_the_last_step_even_if_lr_changed_since():
    x = np.zeros(2)
    opt = AdaBound([x])
    opt.step(grads=[np.ones(2)])
    eta = opt.effective_lr()[0]
    np.testing.assert_allclose(x, -eta * opt.state[0].m, rtol=1e-15)
    opt.param_groups[0]["lr"] *= 0.1
    np.testing.assert_array_equal(opt.effective_lr()[0], eta)
    assert opt.effective_lr()[0] is not eta


@pytest.mark.parametrize("how", RESUMED)
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_lost(case, how):
    """The released AdaBound loses base_lrs when unpickled, and dies at the next step."""
    cls, kw = CASES[case]
    nothing_is_lost(cls(**kw), RESUMED[how])


def test_a_state_dict_is_a_copy():
    x = np.ones(2)
    opt = Adam([x])
    opt.step(grads=[np.ones(2)])
    packed = opt.state_dict()
    assert set(packed) == {"state", "param_groups"}
    assert set(packed["state"][0]) == {"t", "m", "v"}
    assert packed["param_groups"][0]["params"] == [0]
    before = packed["state"][0]["m"].copy()
    opt.step(grads=[np.ones(2)])
    np.testing.assert_array_equal(packed["state"][0]["m"], before)
    opt.load_state_dict(packed)
    opt.step(grads=[np.ones(2)])
    np.testing.assert_array_equal(packed["state"][0]["m"], before)


def test_schedules_survive():
    x = np.ones(2)
    opt = Adam([x], betas=(Geometric(0.9, 0.5), 0.9), schedule=StepDecay([3]))
    group = pickle.loads(pickle.dumps(opt)).param_groups[0]
    assert group["betas"] == (Geometric(0.9, 0.5), 0.9)
    assert group["schedule"] == StepDecay([3])


def damaged(key):
    x = np.ones(2)
    opt = Adam([x])
    opt.step(grads=[np.ones(2)])
    d = opt.state_dict()
    match key:
        case "keys":
            d["extra"] = 1
        case "groups":
            d["param_groups"].append(d["param_groups"][0])
        case "hyperparameter":
            d["param_groups"][0]["lrr"] = 1.0
        case "missing":
            del d["param_groups"][0]["initial_lr"]
        case "value":
            d["param_groups"][0]["betas"] = (1.0, 1.0)
        case "numbers":
            d["state"][7] = d["state"][0]
        case "names":
            d["state"][0]["w"] = d["state"][0].pop("v")
        case "shape":
            d["state"][0]["v"] = np.ones(3)
        case "dtype":
            d["state"][0]["v"] = np.ones(2, np.float32)
        case "t":
            d["state"][0]["t"] = -1
    return opt, d


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("keys", 'keys "state" and "param_groups"'),
        ("groups", r"groups of \[1\] parameters, got \[1, 1\]"),
        ("hyperparameter", "no hyperparameter 'lrr'; did you mean 'lr'"),
        ("missing", r"lacks the hyperparameters \['initial_lr'\]"),
        ("value", r"betas\[0\] must be in"),
        ("numbers", "must number parameters 0 to 0"),
        ("names", "the state of params"),
        ("shape", r"v of params\[0\] must have shape \(2,\)"),
        ("dtype", r"v of params\[0\] must have shape .* and dtype float64"),
        ("t", r"t of params\[0\] must be an integer from 0 to 2\^53 - 1, got -1"),
    ],
)
def test_a_damaged_checkpoint_changes_nothing(key, message):
    opt, d = damaged(key)
    before = pickle.dumps((opt.param_groups, opt.state))
    with pytest.raises((TypeError, ValueError), match=message):
        opt.load_state_dict(d)
    assert pickle.dumps((opt.param_groups, opt.state)) == before


def test_a_checkpoint_of_another_memory_order():
    """State in Fortran's order, parameter in C's: no update of the state is lost."""
    g = gradients(8, (3, 4))
    x = np.asfortranarray(np.ones((3, 4)))
    opt = Adam([x])
    for g_t in g[:4]:
        opt.step(grads=[np.asfortranarray(g_t)])
    y = np.ascontiguousarray(x)
    other = Adam([y])
    other.load_state_dict(opt.state_dict())
    for g_t in g[4:]:
        opt.step(grads=[np.asfortranarray(g_t)])
        other.step(grads=[g_t])
        np.testing.assert_array_equal(x, y)
        np.testing.assert_array_equal(opt.state[0].m, other.state[0].m)


def test_a_parameter_replaced_by_one_of_another_shape():
    p, q = Tensor([1.0, 2.0]), Tensor([1.0, 2.0])
    opt = Adam([p, q])
    p.grad = q.grad = np.ones(2)
    opt.step()
    q.data, q.grad = np.ones(3), np.ones(3)
    before = p.data.copy()
    with pytest.raises(ValueError, match=r"params\[1\] must keep the shape and dtype of its state"):
        opt.step()
    np.testing.assert_array_equal(p.data, before)
    assert opt.state[0].t == 1


def test_array_hyperparameters_hidden_in_initial_lr_and_bounds():
    x = np.ones((2, 3))
    opt = Adam([x], lr=np.array([0.1, 0.2, 0.3]))
    opt.step(grads=[np.ones((2, 3))])
    opt.param_groups[0]["lr"] = 0.1
    opt.step(grads=[np.ones((2, 3))])
    assert np.all(np.diff(x, axis=0) == 0)
    y = np.ones((2, 3))
    AdaBound([y], bounds=DynamicBounds(np.array([0.1, 0.2, 0.3]), 1e-3)).step(grads=[y.copy()])
    assert np.all(np.diff(y, axis=0) == 0)


def test_the_product_of_a_callable_schedule_is_remembered():
    calls = []

    def beta1(t):
        calls.append(t)
        return 0.9

    x = np.ones(2)
    opt = Adam([x], betas=(beta1, 0.9))
    for _ in range(50):
        opt.step(grads=[np.ones(2)])
    assert len(calls) < 50 * 10  # not one for every step before, at every step


@pytest.mark.parametrize(
    "cls", sorted({cls for cls, _ in CASES.values()}, key=lambda c: c.__name__)
)
def test_a_step_makes_few_calls(cls):
    """What has been checked is not checked again: most calls are the algorithm's own."""
    calls = []

    def count(frame, event, arg):
        if event == "call":
            calls.append(frame.f_code.co_name)

    x, g = np.ones(3), np.ones(3)
    opt = cls([x])
    opt.step(grads=[g])
    sys.setprofile(count)
    try:
        opt.step(grads=[g])
    finally:
        sys.setprofile(None)
    assert len(calls) <= 45, calls
    assert "check_group" not in calls
