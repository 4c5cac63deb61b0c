"""State belongs to a parameter, and a step changes all parameters at once or none."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import adabound_np.optimizer
from adabound_np import SGD, AdaBound, AdaGrad, Adam, AMSGrad, Box, Constant, L2Ball
from tests.roster import CASES

ONE = np.ones(1)


class Tensor:
    def __init__(self, data, grad=None):
        self.data, self.grad = data, grad


# -- hyperparameters are copied on entry


@pytest.mark.parametrize(
    "lr", [1e-3, np.array(1e-3), np.array([1e-3])], ids=["float", "0-d", "1-d"]
)
def test_an_lr_changed_in_place_scales_the_rate_and_the_bounds(lr):
    x = np.ones(1)
    opt = AdaBound([x], lr=lr, final_lr=0.1, gamma=0.1)
    for step in range(20):
        if step == 10:
            opt.param_groups[0]["lr"] *= 0.1
        opt.step(grads=[ONE])
    assert x[0] == pytest.approx(0.7919214002002481, rel=1e-14)
    assert opt.param_groups[0]["initial_lr"] == opt.defaults["lr"] == 1e-3


def test_groups_share_no_hyperparameters_with_each_other_or_the_caller():
    betas, lr = [0.9, 0.999], np.array([0.1])
    opt = Adam([{"params": [np.ones(1)]}, {"params": [np.ones(1)]}], lr=lr, betas=betas)
    opt.param_groups[0]["betas"][0] = 0.5
    opt.param_groups[0]["lr"][:] = 7.0
    betas[1] = lr[0] = 0.25
    for values in (opt.defaults, opt.param_groups[1]):
        assert values["betas"] == [0.9, 0.999]
        assert values["lr"] == 0.1
    assert opt.hyper.alpha == 0.1


def test_schedules_bounds_and_sets_keep_copies_of_arrays():
    a = np.array([1.0, 2.0])
    parts = Constant(a), Box(-a, a), L2Ball(1.0, center=a)
    before = copy.deepcopy(parts)
    a[:] = 9.0
    assert repr(parts) == repr(before)


def test_betas_changed_in_place_are_seen():
    x, y = np.ones(1), np.ones(1)
    opt, other = Adam([x], betas=[0.9, 0.999]), Adam([y], betas=(0.9, 0.999))
    for step in range(4):
        if step == 2:
            opt.param_groups[0]["betas"][0] = 0.5
            other.param_groups[0]["betas"] = (0.5, 0.999)
        opt.step(grads=[ONE])
        other.step(grads=[ONE])
    assert x == y


# -- state belongs to a parameter


def three_groups():
    xs = [np.ones(1) for _ in range(3)]
    opt = Adam([{"params": [x]} for x in xs], lr=0.1)
    for _ in range(10):
        opt.step(grads=[ONE, 100 * ONE, 1e-3 * ONE])
    return xs, opt


def test_a_group_removed_takes_its_state_with_it():
    """The values of PyTorch."""
    xs, opt = three_groups()
    del opt.param_groups[1]
    for _ in range(5):
        opt.step(grads=[ONE, 1e-3 * ONE])
    assert xs[0][0] == pytest.approx(-0.499999985, rel=1e-9)
    assert xs[2][0] == pytest.approx(-0.4999850001499971, rel=1e-12)
    assert [s.t for s in opt.state] == [15, 15]


def test_groups_in_another_order_and_a_group_that_returns():
    xs, opt = three_groups()
    removed = opt.param_groups.pop(1)
    opt.param_groups.reverse()
    opt.param_groups.append(removed)
    for _ in range(5):
        opt.step(grads=[1e-3 * ONE, ONE, 100 * ONE])
    for x, alone in zip(xs, three_groups()[0], strict=True):
        np.testing.assert_allclose(x, alone - 0.5, rtol=1e-4)
    assert [s.t for s in opt.state] == [15, 15, 15]


def test_a_parameter_put_into_a_group_starts_afresh():
    xs, opt = three_groups()
    new = np.ones(1)
    opt.param_groups[0]["params"].insert(0, new)
    opt.step(grads=[ONE, ONE, 100 * ONE, 1e-3 * ONE])
    assert [s.t for s in opt.state] == [1, 11, 11, 11]
    assert new[0] == pytest.approx(0.9)
    opt.param_groups[0]["params"].append(xs[1])  # now in two groups
    with pytest.raises(ValueError, match=r"params\[3\] must not occur twice"):
        opt.step(grads=[ONE] * 5)
    opt.param_groups[0]["params"][-1] = np.zeros(1, int)
    with pytest.raises(TypeError, match=r"params\[2\] must be a float array"):
        opt.step(grads=[ONE] * 5)
    assert [s.t for s in opt.state if s is not None] == [1, 11, 11, 11]


@pytest.mark.parametrize("resume", [copy.deepcopy, lambda opt: pickle.loads(pickle.dumps(opt))])
def test_state_survives_copies_of_the_optimizer(resume):
    xs, opt = three_groups()
    other = resume(opt)
    del opt.param_groups[1], other.param_groups[1]
    for o in (opt, other):
        o.step(grads=[ONE, 1e-3 * ONE])
    ys = [group["params"][0] for group in other.param_groups]
    assert ys == [xs[0], xs[2]]
    assert ys[0] is not xs[0]


def test_a_group_appended_by_hand_must_be_complete():
    _, opt = three_groups()
    opt.param_groups.append({"params": [np.ones(1)], "lr": 0.1})
    with pytest.raises(ValueError, match=r"param_groups\[3\] lacks the hyperparameters \['betas'"):
        opt.step(grads=[ONE] * 4)
    assert [s.t for s in opt.state[:3]] == [10, 10, 10]


# -- all or nothing


@pytest.mark.parametrize("size", [3, 100_000])
@pytest.mark.parametrize("case", CASES)
def test_a_parameter_that_became_read_only_stops_the_step(case, size):
    cls, kw = CASES[case]
    a, b = (Tensor(np.ones(size), np.ones(size)) for _ in range(2))
    opt = cls([a, b], **kw)
    opt.step()
    b.data = np.clip(b.data, -1, 1)
    b.data.flags.writeable = False
    before = pickle.dumps((a.data, b.data, opt.state))
    with pytest.raises(ValueError, match=r"params\[1\] must be writable"):
        opt.step()
    assert pickle.dumps((a.data, b.data, opt.state)) == before


@pytest.mark.parametrize("value", [1e200, 1e-170, 1e-320])
@pytest.mark.parametrize("size", [1, 100_000])
def test_numpys_error_state_is_no_part_of_a_step(size, value):
    g = np.ones(size)
    g[-1] = value
    x, y = np.ones(size), np.ones(size)
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for opt in (SGD([x], lr=1e-201), SGD([y], lr=1e-201)):
            opt.step(grads=[g])
            opt.effective_lr()
    np.testing.assert_array_equal(x, y)
    np.testing.assert_allclose(x[-1], 1 - 1e-201 * value, rtol=1e-15)


@pytest.mark.parametrize("cls", [Adam, AMSGrad, AdaBound, AdaGrad])
@pytest.mark.parametrize("size", [1, 100_000])
@pytest.mark.parametrize(
    ("dtype", "value"), [(np.float32, 2e19), (np.float32, 1e20), (float, 1e200)]
)
def test_a_gradient_whose_square_overflows_is_refused(cls, size, dtype, value):
    """A moment of infinity would stop its coordinate for good."""
    x, y = np.ones(3, dtype), np.ones(size, dtype)
    g = np.ones(size, dtype)
    opt = cls([x, y])
    opt.step(grads=[np.ones(3, dtype), g])
    before = pickle.dumps((x, y, opt.state))
    g[-1] = value
    with np.errstate(all="raise"), pytest.raises(ValueError, match=r"params\[1\] must not be so"):
        opt.step(grads=[np.ones(3, dtype), g])
    assert pickle.dumps((x, y, opt.state)) == before
    with pytest.raises(ValueError, match=r"g must not be so large that [vG] overflows float"):
        opt.update(y, g, opt.init(y))


def test_a_sum_that_overflows_later_is_refused_too():
    x = np.ones(1, np.float32)
    opt = AdaGrad([x])
    g = np.full(1, 1.5e19, np.float32)
    opt.step(grads=[g])
    with pytest.raises(ValueError, match="G overflows float32"):
        opt.step(grads=[g])
    y = np.full(1, 1e25, np.float32)
    with pytest.raises(ValueError, match="v overflows float32"):
        Adam([y], weight_decay=0.1).step(grads=[np.ones(1, np.float32)])


@pytest.mark.parametrize("name", ["v", "v_hat"])
def test_a_negative_second_moment_is_refused(name):
    opt = AMSGrad([np.ones(2)])
    opt.step(grads=[np.ones(2)])
    packed = opt.state_dict()
    packed["state"][0][name][1] = -1e-9
    with pytest.raises(ValueError, match=rf"{name} of params\[0\] must be at least 0, got -1e-09"):
        opt.load_state_dict(packed)


# -- gradients and parameters that share memory


@pytest.mark.parametrize("feasible", [None, Box(-9, 9), L2Ball(1e9)])
@pytest.mark.parametrize("size", [1, 100_000])
def test_parameters_that_are_each_others_gradients(size, feasible):
    """min-max on f(x, y) = xy."""
    x, y = np.full(size, 1.0), np.full(size, 2.0)
    SGD([x, y], lr=0.1, feasible=feasible).step(grads=[y, x])
    np.testing.assert_allclose(x, 0.8, rtol=1e-12)
    np.testing.assert_allclose(y, 1.9, rtol=1e-12)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_small_and_a_large_parameter_in_one_buffer(reverse):
    buffer = np.arange(200_001.0)
    before = buffer.copy()
    views = [buffer[:1], buffer[1:]]
    others = [before[1:2].copy(), before[:-1].copy()]
    grads = [buffer[1:2], buffer[:-1]]
    order = [1, 0] if reverse else [0, 1]
    SGD([views[i] for i in order], lr=0.5).step(grads=[grads[i] for i in order])
    np.testing.assert_array_equal(buffer[:1], before[:1] - 0.5 * others[0])
    np.testing.assert_array_equal(buffer[1:], before[1:] - 0.5 * others[1])


@pytest.mark.parametrize("shift", [1, -1])
def test_a_gradient_that_is_the_shifted_parameter(shift, monkeypatch):
    monkeypatch.setattr(adabound_np.optimizer, "BLOCK", 64)
    buffer = np.arange(100.0)
    x, g = (buffer[1:], buffer[:-1]) if shift == 1 else (buffer[:-1], buffer[1:])
    expected = x - 0.5 * g
    SGD([x], lr=0.5).step(grads=[g])
    np.testing.assert_array_equal(x, expected)


def test_state_is_no_view_of_a_gradient():
    class Keeps(SGD):
        @staticmethod
        def moments(h, s, g, t):
            return g, SGD.State(t, g)

    x, g = np.ones(2), np.ones(2)
    opt = Keeps([x])
    opt.step(grads=[g])
    _, s = opt.update(x, g, opt.init(x))
    g[:] = 7.0
    np.testing.assert_array_equal([opt.state[0].b, s.b], 1.0)


def test_parameters_that_overlap_are_refused():
    flat = np.zeros(8)
    Adam([flat[:4], flat[4:]]).step(grads=[np.ones(4), np.ones(4)])
    np.testing.assert_allclose(flat, -1e-3, rtol=1e-6)
    Adam([flat[::2], flat[1::2]])
    for views in ([flat, flat[2:3]], [flat[:5], flat[4:]], [flat[2:6], np.ones(1), flat[::3]]):
        with pytest.raises(ValueError, match=r"params\[\d\] must not share memory with another"):
            Adam(views)
    opt = Adam([flat[:4]])
    with pytest.raises(ValueError, match=r"params\[1\] must not share memory"):
        opt.add_param_group({"params": [flat[3:]]})
    assert len(opt.param_groups) == 1
    same = np.lib.stride_tricks.as_strided(np.zeros(2), (3,), (0,))
    with pytest.raises(ValueError, match=r"params\[0\] must not have entries that share memory"):
        Adam([same])
    p, q = Tensor(np.zeros(3), np.ones(3)), Tensor(np.zeros(3), np.ones(3))
    opt = Adam([p, q])
    p.data = q.data[:]
    with pytest.raises(ValueError, match="must not share memory"):
        opt.step()
    assert not q.data.any()


def test_a_state_whose_hyperparameters_do_not_fit_changes_nothing():
    x = np.ones(2)
    opt = Adam([x])
    opt.step(grads=[x.copy()])
    before = opt.state_dict()
    state = opt.state_dict()
    state["param_groups"][0]["lr"] = np.full(3, 0.1)
    with pytest.raises(ValueError, match=r"a parameter of the state_dict .*\(3,\)"):
        opt.load_state_dict(state)
    assert repr(opt.state_dict()) == repr(before)
    state = opt.state_dict()
    state["param_groups"][0][7] = 0.1
    with pytest.raises(TypeError, match="has no hyperparameter 7"):
        opt.load_state_dict(state)


@pytest.mark.parametrize("betas", [np.array(0.1), [0.9], 0.9, "ab", None])
def test_betas_that_are_no_pair_are_named(betas):
    with pytest.raises((TypeError, ValueError), match="betas"):
        Adam(betas=betas)


def test_bounds_that_are_no_pair_are_named():
    with pytest.raises(TypeError, match="bounds must be"):
        AdaBound(bounds=np.array(0.1))


def test_hyperparameters_that_do_not_fit_each_other_are_named():
    with pytest.raises(ValueError, match=r"hyperparameters must broadcast to one shape, got"):
        Adam(lr=np.full(3, 0.1), eps=np.full(2, 1e-8))
