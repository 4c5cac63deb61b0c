"""The networks beside the same ones written with PyTorch: scores and gradients."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import ops
from problems.learning.models import DenseNet, LanguageModel, ResNet
from tests.oracles import torch_models
from tests.oracles.peers import peer
from tests.oracles.twins import copy_weights


@pytest.fixture
def torch():
    return peer("torch")


def compare(torch, ours, theirs, x, labels, rtol=1e-9):
    """Scores and all gradients, in float64, in training and in evaluation."""
    copy_weights(torch, ours, theirs)
    scores, expected = ours(x), theirs(torch.tensor(x))
    if isinstance(scores, tuple):
        scores, expected = scores[0], expected[0]
    np.testing.assert_allclose(scores.data, expected.detach().numpy(), rtol=rtol, atol=1e-10)
    ops.cross_entropy(scores, labels).backward()
    torch.nn.functional.cross_entropy(expected, torch.tensor(labels)).backward()
    named = dict(theirs.named_parameters())
    assert set(named) == {name for name, _ in ours.named_parameters()}
    for name, p in ours.named_parameters():
        np.testing.assert_allclose(
            p.grad, named[name].grad.numpy(), rtol=1e-6, atol=1e-10, err_msg=name
        )
    ours.eval()
    theirs.eval()
    scores, expected = ours(x), theirs(torch.tensor(x))
    if isinstance(scores, tuple):
        scores, expected = scores[0], expected[0]
    np.testing.assert_allclose(scores.data, expected.detach().numpy(), rtol=rtol, atol=1e-10)


def images(channels):
    rng = np.random.default_rng(0)
    return rng.normal(size=(5, channels, 8, 8)), rng.integers(10, size=5)


@pytest.mark.parametrize(("blocks", "widths"), [([1, 1, 1], [4, 8, 8]), ([2, 1], [6, 6])])
def test_resnet(torch, blocks, widths):
    ours = ResNet(blocks, widths, 3, rng=0, dtype=np.float64)
    compare(torch, ours, torch_models.resnet(torch, blocks, widths, 3).double(), *images(3))


@pytest.mark.parametrize(("blocks", "reduction"), [([2, 2], 0.5), ([1, 2, 1], 0.7)])
def test_densenet(torch, blocks, reduction):
    ours = DenseNet(blocks, 4, reduction, 1, rng=0, dtype=np.float64)
    compare(torch, ours, torch_models.densenet(torch, blocks, 4, reduction, 1).double(), *images(1))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_language_model(torch, layers):
    rng = np.random.default_rng(0)
    tokens, labels = rng.integers(7, size=(6, 3)), rng.integers(7, size=18)
    ours = LanguageModel(7, 5, layers, rng=0, dtype=np.float64)
    compare(torch, ours, torch_models.language_model(torch, 7, 5, layers).double(), tokens, labels)


@pytest.mark.parametrize(
    ("name", "args"), [("GELU", ()), ("Softmax", (1,)), ("Softmax", (-1,)), ("Identity", ())]
)
def test_activations_are_torchs(torch, name, args):
    x = np.random.default_rng(0).normal(size=(4, 3, 2))
    own, other = ag.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, expected = getattr(ag.nn, name)(*args)(own), getattr(torch.nn, name)(*args)(other)
    np.testing.assert_allclose(y.data, expected.detach().numpy(), rtol=1e-12)
    np.square(y).sum().backward()
    expected.square().sum().backward()
    np.testing.assert_allclose(own.grad, other.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_names_in_a_module_list_are_torchs(torch):
    ours = ag.nn.Module()
    ours.layers = ag.nn.ModuleList([ag.nn.Linear(2, 3, rng=0), ag.nn.Linear(3, 2, rng=0)])
    theirs = torch.nn.Module()
    theirs.layers = torch.nn.ModuleList([torch.nn.Linear(2, 3), torch.nn.Linear(3, 2)])
    ours.load_state_dict(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        np.testing.assert_array_equal(ours.state_dict()[key], value.numpy())
