"""States of PyTorch's form, made by hand: without torch, which tests/oracles compares with."""

import numpy as np
import pytest

from adabound_np import (
    SGD,
    AdaBound,
    AdaGrad,
    Adam,
    AdamNC,
    AMSBound,
    AMSGrad,
    Box,
    InverseTime,
    RMSprop,
)
from adabound_np.torch_state import from_torch, to_torch

G = [np.array([1.0, -2.0]), np.array([0.5, 0.25])]
MAPS = {
    Adam: ({"m": "exp_avg", "v": "exp_avg_sq"}, {"amsgrad": False}),
    AMSGrad: (
        {"m": "exp_avg", "v": "exp_avg_sq", "v_hat": "max_exp_avg_sq"},
        {"amsgrad": True},
    ),
    AdaBound: ({"m": "exp_avg", "v": "exp_avg_sq"}, {"amsbound": False}),
    AMSBound: (
        {"m": "exp_avg", "v": "exp_avg_sq", "v_hat": "max_exp_avg_sq"},
        {"amsbound": True},
    ),
    SGD: ({"b": "momentum_buffer"}, {}),
    AdaGrad: ({"G": "sum"}, {"lr_decay": 0.0}),
    RMSprop: ({"v": "square_avg"}, {}),
}


def stepped(cls, **options):
    x = np.ones(2)
    opt = cls([x], lr=0.1, **options)
    for g in G:
        opt.step(grads=[g])
    return x, opt


@pytest.mark.parametrize("cls", MAPS)
def test_there_and_back(cls):
    x, opt = stepped(cls)
    names, flags = MAPS[cls]
    there = to_torch(opt, tensor=lambda a: ("tensor", a))
    entry = there["state"][0]
    for mine, theirs in names.items():
        assert entry[theirs][0] == "tensor"
        np.testing.assert_array_equal(entry[theirs][1], getattr(opt.state[0], mine))
    if cls is SGD:
        assert set(entry) == {"momentum_buffer"}
    elif cls in (AdaBound, AMSBound):
        assert entry["step"] == 2
    else:
        assert entry["step"] == ("tensor", np.float32(2))
    (group,) = there["param_groups"]
    assert flags.items() <= group.items()
    assert group["params"] == [0]
    assert group["lr"] == 0.1
    assert ("lr_decay" in group) == (cls is AdaGrad)
    other = x.copy()
    fresh = cls([other], lr=0.7)
    from_torch(fresh, to_torch(opt), steps=2 if cls is SGD else 9)
    for one in (opt, fresh):
        one.step(grads=[G[0]])
    np.testing.assert_array_equal(x, other)
    assert fresh.state[0].t == 3
    assert fresh.param_groups[0]["lr"] == 0.1


def test_numbers_become_pythons():
    _, opt = stepped(Adam)
    there = to_torch(opt)
    there["param_groups"][0].update(lr=np.array(0.25), betas=(np.float64(0.5), np.array(0.75)))
    from_torch(opt, there)
    group = opt.param_groups[0]
    assert (group["lr"], group["betas"]) == (0.25, (0.5, 0.75))
    assert [type(v) for v in (group["lr"], *group["betas"])] == [float] * 3


def test_a_decay_of_adagrads_rate():
    _, opt = stepped(AdaGrad, schedule=InverseTime(0.5))
    there = to_torch(opt)
    assert there["param_groups"][0]["lr_decay"] == 0.5
    fresh = AdaGrad([np.ones(2)], lr=0.1)
    from_torch(fresh, there)
    assert fresh.param_groups[0]["schedule"] == InverseTime(0.5)
    from_torch(fresh, to_torch(stepped(AdaGrad)[1]))
    assert fresh.param_groups[0]["schedule"] == "constant"


def test_parameters_without_a_state():
    """Those that never had a gradient, and SGD's without momentum."""
    there = to_torch(stepped(SGD)[1])
    there["state"] = {0: {"momentum_buffer": None}}
    fresh = SGD([np.ones(2)], lr=0.1)
    from_torch(fresh, there)
    assert fresh.state == [None]
    partly = to_torch(stepped(Adam)[1])
    del partly["state"][0]["exp_avg_sq"]
    fresh = Adam([np.ones(2)])
    with pytest.raises(KeyError, match="exp_avg_sq"):
        from_torch(fresh, partly)
    assert fresh.state == [None]


@pytest.mark.parametrize(
    ("cls", "change", "message"),
    [
        (Adam, {"maximize": True}, "maximize must be False to be taken over, got True"),
        (Adam, {"amsgrad": True}, "amsgrad must be False to be taken over, got True"),
        (AMSBound, {"amsbound": False}, "amsbound must be True to be taken over, got False"),
        (RMSprop, {"momentum": 0.9}, "momentum must be 0 to be taken over, got 0.9"),
        (RMSprop, {"centered": True}, "centered must be False to be taken over, got True"),
    ],
)
def test_what_is_not_here_is_not_taken_over(cls, change, message):
    x, opt = stepped(cls)
    there, before = to_torch(opt), x.copy()
    there["param_groups"][0].update(change)
    with pytest.raises(ValueError, match=message):
        from_torch(opt, there)
    np.testing.assert_array_equal(x, before)
    from_torch(
        opt, {**there, "param_groups": [{**there["param_groups"][0], **dict.fromkeys(change)}]}
    )


def test_groups_are_counted():
    _, opt = stepped(Adam)
    there = to_torch(opt)
    there["param_groups"] *= 2
    with pytest.raises(ValueError, match="state_dict must have 1 groups, got 2"):
        from_torch(opt, there)


@pytest.mark.parametrize(
    ("cls", "options", "message"),
    [
        (Adam, {"schedule": "inv-sqrt"}, "schedule must be 'constant' to be given to torch"),
        (Adam, {"schedule": InverseTime(0.5)}, "schedule must be 'constant' to be given to torch"),
        (AdaGrad, {"schedule": "inv-sqrt"}, "schedule must be 'constant' to be given to torch"),
        (AdaGrad, {"decoupled_weight_decay": True}, "decoupled_weight_decay must be False"),
        (RMSprop, {"feasible": Box(-1.0, 1.0)}, "feasible must be None to be given to torch"),
    ],
)
def test_what_is_not_there_is_not_given(cls, options, message):
    with pytest.raises(ValueError, match=message):
        to_torch(stepped(cls, **options)[1])


def test_no_counterpart():
    opt = AdamNC([np.ones(2)])
    for attempt in (lambda: to_torch(opt), lambda: from_torch(opt, {})):
        with pytest.raises(
            TypeError, match=r"AdamNC has no counterpart in torch\.optim or adabound"
        ):
            attempt()
