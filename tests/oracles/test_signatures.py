"""What a user of another library types: order and defaults of the arguments."""

import inspect

import adabound_np as ab
from tests.oracles.peers import peer


def arguments(cls):
    """Names and defaults of a constructor's arguments, in order, after the parameters."""
    _, _, *rest = inspect.signature(cls.__init__).parameters.values()
    return {p.name: p.default for p in rest if p.kind is p.POSITIONAL_OR_KEYWORD}


def test_released():
    # One class with a switch there, two classes here; all else is equal, order included.
    theirs = arguments(peer("adabound").AdaBound)
    assert theirs.pop("amsbound") is False
    for cls in (ab.AdaBound, ab.AMSBound):
        assert list(arguments(cls).items()) == list(theirs.items())


def test_pytorch_optimizer():
    # final_lr comes before betas there, weight decay before epsilon.
    theirs, ours = arguments(peer("pytorch_optimizer").AdaBound), arguments(ab.AdaBound)
    assert list(theirs)[:3] == ["lr", "final_lr", "betas"]
    assert list(ours)[:3] == ["lr", "betas", "final_lr"]
    assert {name: theirs[name] for name in ours} == ours


def test_optax_has_no_adabound():
    optax = peer("optax")
    names = [*dir(optax), *dir(peer("optax.contrib"))]
    assert "adam" in names
    assert not [name for name in names if "bound" in name.lower()]


def test_torch_has_no_adabound():
    names = dir(peer("torch").optim)
    assert "Adam" in names
    assert not [name for name in names if "bound" in name.lower()]
