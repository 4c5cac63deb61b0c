"""The same networks trained here and in PyTorch for 50 steps, AdaBound here and there."""

import warnings

import numpy as np
import pytest

import adabound_np
import autograd_lite as ag
from tests.oracles import twins
from tests.oracles.peers import peer

STEPS = 50


def images(n, channels, size):
    rng = np.random.default_rng(1)
    return rng.normal(size=(n, channels, size, size)), rng.integers(5, size=n)


def tokens(t, b, vocabulary):
    rng = np.random.default_rng(2)
    text = rng.integers(vocabulary, size=(t + 1, b))
    return text[:-1], text[1:].ravel()


NETWORKS = {
    "mlp": (
        lambda lib: twins.mlp(lib, 12, 16, 5),
        lambda: (images(32, 3, 2)[0].reshape(32, 12), images(32, 3, 2)[1]),
    ),
    "resnet": (
        lambda lib: twins.resnet(lib, [(3, 4, 1), (4, 8, 2), (8, 8, 1)], 5),
        lambda: images(16, 3, 8),
    ),
    "densenet": (lambda lib: twins.densenet(lib, 3, 4, 3, 5), lambda: images(16, 3, 8)),
    "lstm": (lambda lib: twins.language_model(lib, 11, 8, 2), lambda: tokens(12, 6, 11)),
}


def train(lib, model, optimizer, x, labels):
    """Losses of 50 steps; the loop is the same for both libraries."""
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = lib.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


@pytest.mark.parametrize("name", NETWORKS)
def test_losses_of_50_steps_equal_torchs(name):
    torch, adabound = peer("torch"), peer("adabound")
    make, data = NETWORKS[name]
    x, labels = data()
    here, there = twins.library_here(np.float64), twins.library_torch(torch, torch.float64)
    ours, theirs = make(here), make(there)
    twins.copy_weights(torch, ours, theirs)
    options = {"lr": 1e-2, "final_lr": 0.1, "gamma": 1e-3}
    losses = train(here, ours, adabound_np.AdaBound(ours.parameters(), **options), x, labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its calls of torch are of an older kind
        optimizer = adabound.AdaBound(theirs.parameters(), **options)
        expected = train(there, theirs, optimizer, torch.tensor(x), torch.tensor(labels))
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-8)
    assert losses[-1] < 0.9 * losses[0]
    for key, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key], value.numpy(), rtol=0, atol=1e-6)


def test_weights_move_both_ways():
    torch = peer("torch")
    here, there = twins.library_here(np.float32), twins.library_torch(torch, torch.float32)
    for make, data in NETWORKS.values():
        ours, theirs, x = make(here), make(there), data()[0]
        x = x.astype(np.float32) if x.dtype.kind == "f" else x
        assert list(ours.state_dict()) == list(theirs.state_dict())
        ours.load_state_dict(theirs.state_dict())
        ours.eval()
        theirs.eval()
        expected = theirs(torch.tensor(x)).detach().numpy()
        np.testing.assert_allclose(ours(x).data, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch_first", [False, True])
def test_lstm_with_a_given_state_is_torchs(batch_first):
    torch = peer("torch")
    ours = ag.nn.LSTM(3, 4, num_layers=2, batch_first=batch_first, rng=0, dtype=np.float64)
    theirs = torch.nn.LSTM(3, 4, num_layers=2, batch_first=batch_first).double()
    twins.copy_weights(torch, ours, theirs)
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) for shape in [(5, 5, 3), (2, 5, 4), (2, 5, 4)]]
    own = [ag.Tensor(a, requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    results = []
    for layer, (x, h, c) in [(ours, own), (theirs, other)]:
        y, (h_n, c_n) = layer(x, (h, c))
        ((y * y).sum() + (h_n * c_n).sum()).backward()
        results.append([y, h_n, c_n])
    for ours_, theirs_ in zip(results[0], results[1], strict=True):
        np.testing.assert_allclose(ours_.data, theirs_.detach().numpy(), atol=1e-12)
    for ours_, theirs_ in zip(
        own + list(ours.parameters()), other + list(theirs.parameters()), strict=True
    ):
        np.testing.assert_allclose(ours_.grad, theirs_.grad.numpy(), atol=1e-10)
