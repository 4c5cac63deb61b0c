"""A training step of CIFAR-10's ResNet-34 here and in PyTorch, from the same weights."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_lite import ops
from problems.forms import released
from problems.learning.models import resnet34
from tests.benchmarks.rows import Row, imported, measure


def rows(quick: bool) -> Iterator[Row]:
    """Forward, backward and AdaBound's update; the losses must agree."""
    batch = 8 if quick else 32
    rng = np.random.default_rng(0)
    x = rng.normal(size=(batch, 3, 32, 32)).astype(np.float32)
    labels = rng.integers(10, size=batch)
    model = resnet34(rng=0)
    opt = released("adabound", model.parameters())
    losses: dict[str, list[float]] = {"here": [], "torch": []}

    def here() -> None:
        opt.zero_grad()
        loss = ops.cross_entropy(model(x), labels)
        loss.backward()
        opt.step()
        losses["here"].append(loss.item())

    seconds = measure({"here": here, "torch": _in_torch(model, x, labels, losses["torch"])}, 3)
    if losses["torch"] and abs(losses["here"][0] - losses["torch"][0]) > 1e-3:
        raise AssertionError(f"they do not compute the same loss: {losses}")
    mine = seconds["here"]
    assert mine is not None
    yield Row(
        "training step", f"ResNet-34, batch {batch}", "torch", mine, seconds["torch"], unit="s"
    )


def _in_torch(model: Any, x: Any, labels: Any, losses: list[float]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch, adabound = imported("torch"), imported("adabound")
    if torch is None or adabound is None:
        return None
    from tests.oracles import torch_models
    from tests.oracles.twins import copy_weights

    torch.set_num_threads(1)
    theirs = torch_models.resnet(torch, [3, 4, 6, 3], [64, 128, 256, 512], 3)
    copy_weights(torch, model, theirs)
    opt = adabound.AdaBound(theirs.parameters())
    tx, tl = torch.tensor(x), torch.tensor(labels)

    def step() -> None:
        opt.zero_grad()
        loss = torch.nn.functional.cross_entropy(theirs(tx), tl)
        loss.backward()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opt.step()
        losses.append(loss.item())

    return step
