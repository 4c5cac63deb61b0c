"""Training steps here and in the peers, side by side on one thread: prints a table of ratios.

Run as ``OMP_NUM_THREADS=1 python -m tests.benchmarks.bench_autograd`` (names of rows as
arguments select some). Times of peers are taken in turn, round by round, and each reported
time is the median over the rounds, so that a busy machine slows all alike. ``--profile`` prints
where the step of a row spends its time.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import numpy as np

import autograd_lite as ag
from autograd_lite import nn, ops
from tests.oracles import twins

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import autograd as hips
    import autograd.numpy as hips_np
    import mygrad
    import torch

torch.set_num_threads(1)
Step = Callable[[], object]
RATE = 0.01


def sgd_here(model: nn.Module) -> None:
    for p in model.parameters():
        np.subtract(p.data, RATE * p.grad, out=p.data)
        p.grad = None


def sgd_torch(model: torch.nn.Module) -> None:
    with torch.no_grad():
        for p in model.parameters():
            p.sub_(p.grad, alpha=RATE)
            p.grad = None


def classify(make: Callable[[Any], Any], x: np.ndarray, labels: np.ndarray) -> dict[str, Step]:
    """Classification steps of the same network here and in torch, from the same weights."""
    ours = make(twins.library_here(np.float32))
    theirs = make(twins.library_torch(torch, torch.float32))
    twins.copy_weights(torch, ours, theirs)
    tx, tl = torch.tensor(x), torch.tensor(labels)

    def here() -> float:
        loss = ops.cross_entropy(ours(x), labels)
        loss.backward()
        sgd_here(ours)
        return loss.item()

    def there() -> float:
        loss = torch.nn.functional.cross_entropy(theirs(tx), tl)
        loss.backward()
        sgd_torch(theirs)
        return loss.item()

    return {"here": here, "torch": there}


def mlp() -> dict[str, Step]:
    """784-100-10, relu, cross entropy, batch 128, SGD."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(128, 784)).astype(np.float32)
    labels = rng.integers(10, size=128)
    sizes = (784, 100, 10)
    steps = classify(lambda lib: twins.mlp(lib, *sizes), x, labels)
    state = twins.mlp(twins.library_here(np.float32), *sizes).state_dict()
    weights = [np.ascontiguousarray(w.T) for w in state.values()]
    rows = np.arange(128)

    tensors = [mygrad.tensor(w.copy()) for w in weights]

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

    value_and_grad = hips.value_and_grad(hips_loss, (0, 1, 2, 3))
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

    return {**steps, "MyGrad": with_mygrad, "HIPS": with_hips, "by hand": by_hand}


def images(channels: int) -> tuple[np.ndarray, np.ndarray]:
    """128 images of 8 x 8 pixels, and labels."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(128, channels, 8, 8)).astype(np.float32)
    return x, rng.integers(10, size=128)


def resnet() -> dict[str, Step]:
    """Three residual blocks of 16, 32, 64 channels on 8x8x16 images, batch 128, SGD."""
    shapes = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
    return classify(lambda lib: twins.resnet(lib, shapes, 10), *images(16))


def resnet_wide() -> dict[str, Step]:
    """Three residual blocks without strides on 8x8x64 images, batch 128, SGD."""
    return classify(lambda lib: twins.resnet(lib, [(64, 64, 1)] * 3, 10), *images(64))


def lstm() -> dict[str, Step]:
    """One layer, 128 units, 64 steps, batch 32, 128 inputs, mean square of the outputs, SGD."""
    x = np.random.default_rng(0).normal(size=(64, 32, 128)).astype(np.float32)
    ours, theirs, tx = nn.LSTM(128, 128, rng=0), torch.nn.LSTM(128, 128), torch.tensor(x)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})

    def here() -> float:
        loss = ops.square(ours(x)[0]).mean()
        loss.backward()
        sgd_here(ours)
        return loss.item()

    def there() -> float:
        loss = theirs(tx)[0].square().mean()
        loss.backward()
        sgd_torch(theirs)
        return loss.item()

    return {"here": here, "torch": there}


def tiny() -> dict[str, Step]:
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
    theirs = [torch.tensor(v, requires_grad=True, dtype=torch.float64) for v in (1.5, 0.5)]
    return {
        "here": lambda: graph(*ours, ops.tanh, ops.exp),
        "torch": lambda: graph(*theirs, torch.tanh, torch.exp),
    }


#: name: steps, rounds, steps per round, allowed ratios to the peers
ROWS = {
    "mlp": (mlp, 60, 20, {"torch": 1.0, "MyGrad": 1.0, "HIPS": 0.6}),
    "resnet": (resnet, 40, 3, {"torch": 1.5}),
    "resnet_wide": (resnet_wide, 15, 1, {"torch": 1.5}),
    "lstm": (lstm, 40, 2, {"torch": 1.5}),
    "tiny": (tiny, 60, 200, {"torch": 1.0}),
}


def measure(steps: dict[str, Step], rounds: int, count: int) -> dict[str, float]:
    """Return the median time of a step of each, in seconds, taken in turn."""
    first = {name: step() for name, step in steps.items()}
    if max(first.values()) - min(first.values()) > 1e-3:
        raise AssertionError(f"they do not compute the same loss: {first}")
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(count):
                step()
            times[name].append((time.perf_counter() - start) / count)
    return {name: statistics.median(values) for name, values in times.items()}


def profile(step: Step, count: int) -> None:
    """Print where the time of a step goes."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(count):
        step()
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(14)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help=", ".join(ROWS))
    parser.add_argument("--profile", action="store_true")
    given = parser.parse_args()
    print(f"{'step':12}{'peer':>9}{'here ms':>10}{'peer ms':>10}{'ratio':>8}{'bar':>6}")
    for name in given.rows or ROWS:
        make, rounds, count, bars = ROWS[name]
        steps = make()
        times = measure(steps, rounds, count)
        for other in [n for n in times if n != "here"]:
            ratio, bar = times["here"] / times[other], bars.get(other)
            verdict = "" if bar is None else f"{bar:6.2f}" + ("" if ratio <= bar else "  missed")
            print(
                f"{name:12}{other:>9}{times['here'] * 1e3:10.4f}{times[other] * 1e3:10.4f}"
                f"{ratio:8.2f}{verdict}"
            )
        if given.profile:
            profile(steps["here"], 20 * count)


if __name__ == "__main__":
    main()
