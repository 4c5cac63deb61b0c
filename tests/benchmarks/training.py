"""Training steps here and in the peers, from the same weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd_lite as ag
from autograd_lite import nn, ops
from tests.benchmarks.rows import Row, imported, measure
from tests.oracles import twins

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    hips, mygrad, torch = imported("autograd"), imported("mygrad"), imported("torch")
    hips_np = imported("autograd.numpy")

if torch is not None:
    torch.set_num_threads(1)
Step = Callable[[], object]
RATE = 0.01


def sgd_here(model: nn.Module) -> None:
    for p in model.parameters():
        np.subtract(p.data, RATE * p.grad, out=p.data)
        p.grad = None


def sgd_torch(model: Any) -> None:
    with torch.no_grad():
        for p in model.parameters():
            p.sub_(p.grad, alpha=RATE)
            p.grad = None


def classify(
    make: Callable[[Any], Any], x: np.ndarray, labels: np.ndarray
) -> dict[str, Step | None]:
    """Classification steps of the same network here and in torch, from the same weights."""
    ours = make(twins.library_here(np.float32))
    if torch is None:
        return {"here": lambda: _classified(ours, x, labels)}
    theirs = make(twins.library_torch(torch, torch.float32))
    twins.copy_weights(torch, ours, theirs)
    tx, tl = torch.tensor(x), torch.tensor(labels)

    def there() -> float:
        loss = torch.nn.functional.cross_entropy(theirs(tx), tl)
        loss.backward()
        sgd_torch(theirs)
        return loss.item()

    return {"here": lambda: _classified(ours, x, labels), "torch": there}


def _classified(model: nn.Module, x: np.ndarray, labels: np.ndarray) -> float:
    loss = ops.cross_entropy(model(x), labels)
    loss.backward()
    sgd_here(model)
    return loss.item()


def mlp() -> dict[str, Step | None]:
    """784-100-10, relu, cross entropy, batch 128, SGD."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(128, 784)).astype(np.float32)
    labels = rng.integers(10, size=128)
    sizes = (784, 100, 10)
    steps = classify(lambda lib: twins.mlp(lib, *sizes), x, labels)
    state = twins.mlp(twins.library_here(np.float32), *sizes).state_dict()
    weights = [np.ascontiguousarray(w.T) for w in state.values()]
    rows = np.arange(128)

    tensors = [mygrad.tensor(w.copy()) for w in weights] if mygrad else []

    def with_mygrad() -> float:
        w1, b1, w2, b2 = tensors
        hidden = mygrad.nnet.relu(mygrad.matmul(x, w1) + b1)
        loss = mygrad.nnet.softmax_crossentropy(mygrad.matmul(hidden, w2) + b2, labels)
        loss.backward()
        for w in tensors:
            w.data -= RATE * w.grad
            w.null_grad()
        return loss.item()

    def hips_loss(w1, b1, w2, b2):
        hidden = hips_np.maximum(hips_np.dot(x, w1) + b1, 0)
        z = hips_np.dot(hidden, w2) + b2
        top = hips_np.max(z, axis=1, keepdims=True)
        lse = hips_np.log(hips_np.sum(hips_np.exp(z - top), axis=1)) + top[:, 0]
        return hips_np.mean(lse - z[rows, labels])

    value_and_grad = hips.value_and_grad(hips_loss, (0, 1, 2, 3)) if hips else None
    arrays = [w.copy() for w in weights]

    def with_hips() -> float:
        loss, grads = value_and_grad(*arrays)
        for w, g in zip(arrays, grads, strict=True):
            np.subtract(w, RATE * g, out=w)
        return float(loss)

    hand = [w.copy() for w in weights]

    def by_hand() -> float:
        w1, b1, w2, b2 = hand
        h = x @ w1
        h += b1
        np.maximum(h, 0, out=h)
        z = h @ w2
        z += b2
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1, keepdims=True)
        loss = float(np.mean(np.log(total[:, 0]) - z[rows, labels]))
        p /= total
        p[rows, labels] -= 1
        p /= 128
        h_bar = p @ w2.T
        h_bar *= h > 0
        for w, g in zip(hand, (x.T @ h_bar, h_bar.sum(0), h.T @ p, p.sum(0)), strict=True):
            np.subtract(w, RATE * g, out=w)
        return loss

    peers = {"MyGrad": with_mygrad if mygrad else None, "HIPS": with_hips if hips else None}
    return {**steps, **peers, "NumPy in place": by_hand}


def images(channels: int) -> tuple[np.ndarray, np.ndarray]:
    """128 images of 8 x 8 pixels, and labels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(128, channels, 8, 8)).astype(np.float32)
    return x, rng.integers(10, size=128)


def resnet() -> dict[str, Step | None]:
    """Three residual blocks of 16, 32, 64 channels on 8x8x16 images, batch 128, SGD."""
    shapes = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
    return classify(lambda lib: twins.resnet(lib, shapes, 10), *images(16))


def resnet_wide() -> dict[str, Step | None]:
    """Three residual blocks without strides on 8x8x64 images, batch 128, SGD."""
    return classify(lambda lib: twins.resnet(lib, [(64, 64, 1)] * 3, 10), *images(64))


def lstm() -> dict[str, Step | None]:
    """One layer, 128 units, 64 steps, batch 32, 128 inputs, mean square of the outputs, SGD."""
    x = np.random.default_rng(0).normal(size=(64, 32, 128)).astype(np.float32)
    ours = nn.LSTM(128, 128, rng=0)

    def here() -> float:
        loss = ops.square(ours(x)[0]).mean()
        loss.backward()
        sgd_here(ours)
        return loss.item()

    if torch is None:
        return {"here": here}
    theirs, tx = torch.nn.LSTM(128, 128), torch.tensor(x)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})

    def there() -> float:
        loss = theirs(tx)[0].square().mean()
        loss.backward()
        sgd_torch(theirs)
        return loss.item()

    return {"here": here, "torch": there}


def tiny() -> dict[str, Step | None]:
    """Ten operations on scalars and backward."""

    def graph(x, w, tanh, exp):
        y = x * w + x
        z = tanh(y) * w - x
        u = z * z + y
        loss = exp(u) * z / y
        loss.backward()
        x.grad = w.grad = None
        return loss.item()

    ours = [ag.Tensor(v, requires_grad=True) for v in (1.5, 0.5)]
    steps: dict[str, Step | None] = {"here": lambda: graph(*ours, ops.tanh, ops.exp)}
    if torch is not None:
        theirs = [torch.tensor(v, requires_grad=True, dtype=torch.float64) for v in (1.5, 0.5)]
        steps["torch"] = lambda: graph(*theirs, torch.tanh, torch.exp)
    return steps


#: name: steps, rounds, steps per round, allowed ratios to the peers
ROWS = {
    "mlp": (mlp, 60, 20, {"torch": 0.85, "MyGrad": 1.0, "HIPS": 0.6, "NumPy in place": None}),
    "resnet": (resnet, 40, 3, {"torch": 1.1}),
    "resnet_wide": (resnet_wide, 15, 1, {"torch": 1.25}),
    "lstm": (lstm, 40, 2, {"torch": 1.15}),
    "tiny": (tiny, 60, 200, {"torch": 0.85}),
}


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows; the losses must agree."""
    for name, (make, rounds, count, bars) in ROWS.items():
        steps = make()
        first = [step() for step in steps.values() if step]
        if max(first) - min(first) > 1e-3:
            raise AssertionError(f"{name}: they do not compute the same loss: {first}")
        seconds = measure(steps, max(3, rounds // 6) if quick else rounds, count)
        mine = seconds["here"]
        assert mine is not None
        for peer, bar in bars.items():
            other = seconds.get(peer)
            scaled = None if other is None else 1e3 * other
            yield Row("training step", name, peer, 1e3 * mine, scaled, bar)
