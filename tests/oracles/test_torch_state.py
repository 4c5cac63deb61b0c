"""PyTorch stopped at step 500, going on here to 1,000, and the reverse."""

import numpy as np
import pytest

from adabound_np import CSGD, SGD, AdaBound, AdaGrad, Adam, AMSBound, AMSGrad, InverseTime, RMSprop
from adabound_np.torch_state import from_torch, to_torch
from tests.oracles.peers import peer
from tests.roster import gradients

SHAPES = ((2, 3), (4,))

#: (class here, its arguments, name there, its arguments)
PAIRS = {
    "adam": (Adam, {}, "Adam", {}),
    "adam-l2": (Adam, {"weight_decay": 0.1}, "Adam", {"weight_decay": 0.1}),
    "adamw": (
        Adam,
        {"weight_decay": 0.1, "decoupled_weight_decay": True},
        "AdamW",
        {"weight_decay": 0.1},
    ),
    "amsgrad": (AMSGrad, {}, "Adam", {"amsgrad": True}),
    "adabound": (AdaBound, {}, "AdaBound", {}),
    "amsbound": (AMSBound, {"gamma": 0.01}, "AdaBound", {"amsbound": True, "gamma": 0.01}),
    "sgd": (SGD, {}, "SGD", {}),
    "sgdm": (SGD, {"momentum": 0.9}, "SGD", {"momentum": 0.9}),
    "sgdm-dampened": (
        SGD,
        {"momentum": 0.9, "dampening": 0.5},
        "SGD",
        {"momentum": 0.9, "dampening": 0.5},
    ),
    "nesterov": (
        SGD,
        {"momentum": 0.9, "nesterov": True},
        "SGD",
        {"momentum": 0.9, "nesterov": True},
    ),
    "adagrad": (AdaGrad, {"schedule": InverseTime(0.01)}, "Adagrad", {"lr_decay": 0.01}),
    "rmsprop": (RMSprop, {}, "RMSprop", {}),
}


def made(cls, kw, name, options):
    """Both optimizers over equal parameters in two groups, the second with another lr."""
    torch = peer("torch")
    module = peer("adabound") if name == "AdaBound" else torch.optim
    xs = [np.ones(shape) for shape in SHAPES]
    ps = [torch.ones(shape, dtype=torch.float64, requires_grad=True) for shape in SHAPES]

    def groups(params):
        return [{"params": [params[0]]}, {"params": [params[1]], "lr": 0.02}]

    ours = cls(groups(xs), lr=0.01, **kw)
    theirs = getattr(module, name)(groups(ps), lr=0.01, **options)
    return torch, ours, xs, theirs, ps


def steps_there(torch, theirs, ps, grads):
    for g in grads:
        for p, g_p in zip(ps, g, strict=True):
            p.grad = torch.tensor(g_p)
        theirs.step()


GRADS = list(zip(*(gradients(1000, shape, seed=i) for i, shape in enumerate(SHAPES)), strict=True))


@pytest.mark.parametrize("case", PAIRS)
@pytest.mark.parametrize("there_first", [True, False])
@pytest.mark.filterwarnings("ignore::UserWarning")  # of adabound, for an old form of add_
def test_the_other_one_goes_on(case, there_first):
    torch, ours, xs, theirs, ps = made(*PAIRS[case])
    _, _, _, alone, qs = made(*PAIRS[case])
    steps_there(torch, alone, qs, GRADS)  # without a stop
    if there_first:
        steps_there(torch, theirs, ps, GRADS[:500])
        theirs.param_groups[0]["lr"] = 0.01  # as it is: what a checkpoint holds
        from_torch(ours, theirs.state_dict(), steps=500)
        for x, p in zip(xs, ps, strict=True):
            x[...] = p.detach().numpy()
        for g in GRADS[500:]:
            ours.step(grads=list(g))
        found = xs
    else:
        for g in GRADS[:500]:
            ours.step(grads=list(g))
        theirs.load_state_dict(to_torch(ours, torch.tensor))
        for x, p in zip(xs, ps, strict=True):
            p.data = torch.tensor(x)
        steps_there(torch, theirs, ps, GRADS[500:])
        found = [p.detach().numpy() for p in ps]
    for x, q in zip(found, qs, strict=True):
        np.testing.assert_allclose(x, q.detach().numpy(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("case", PAIRS)
def test_there_and_back(case):
    torch, ours, _, _, _ = made(*PAIRS[case])
    for g in GRADS[:5]:
        ours.step(grads=list(g))
    before = ours.state_dict()
    _, other, _, _, _ = made(*PAIRS[case])
    from_torch(other, to_torch(ours, torch.tensor), steps=5)
    after = other.state_dict()
    assert before["param_groups"] == after["param_groups"]
    for i, s in before["state"].items():
        for name, value in s.items():
            np.testing.assert_array_equal(value, after["state"][i][name])


def test_refusals():
    torch, ours, _, theirs, ps = made(Adam, {}, "Adam", {"amsgrad": True})
    steps_there(torch, theirs, ps, GRADS[:1])
    with pytest.raises(ValueError, match="amsgrad must be False to be taken over, got True"):
        from_torch(ours, theirs.state_dict())
    assert ours.state == [None, None]
    _, ours, _, theirs, _ = made(RMSprop, {}, "RMSprop", {"momentum": 0.5})
    with pytest.raises(ValueError, match=r"momentum must be 0 to be taken over, got 0\.5"):
        from_torch(ours, theirs.state_dict())
    _, ours, _, theirs, _ = made(SGD, {}, "SGD", {"maximize": True})
    with pytest.raises(ValueError, match="maximize must be False"):
        from_torch(ours, theirs.state_dict())
    with pytest.raises(TypeError, match="CSGD has no counterpart in torch"):
        to_torch(CSGD([np.ones(1)]))
    with pytest.raises(ValueError, match=r"eps_root must be 0\.0 to be given to torch, got 0\.5"):
        to_torch(Adam([np.ones(1)], eps_root=0.5))
    with pytest.raises(ValueError, match="state_dict must have 1 groups, got 2"):
        from_torch(SGD([np.ones(1)]), theirs.state_dict())
