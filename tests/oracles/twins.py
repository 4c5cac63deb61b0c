"""The same networks here and in PyTorch: written once, over a library that is either."""

from __future__ import annotations

from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_lite import nn, ops


def library_here(dtype: Any) -> SimpleNamespace:
    """Return the layers and functions of autograd_lite, seeded 0, 1, 2, ..."""
    seeds = count()

    def seeded(layer: Any) -> Any:
        return lambda *args, **options: layer(*args, **options, rng=next(seeds), dtype=dtype)

    return SimpleNamespace(
        Module=nn.Module,
        Sequential=nn.Sequential,
        Linear=seeded(nn.Linear),
        Conv2d=seeded(nn.Conv2d),
        Embedding=seeded(nn.Embedding),
        LSTM=seeded(nn.LSTM),
        BatchNorm2d=lambda c: nn.BatchNorm2d(c, dtype=dtype),
        relu=ops.relu,
        concatenate=ops.concatenate,
        avg_pool2d=ops.avg_pool2d,
        global_avg_pool2d=ops.global_avg_pool2d,
        cross_entropy=ops.cross_entropy,
    )


def library_torch(torch: Any, dtype: Any) -> SimpleNamespace:
    """Return the same for torch."""

    def cast(layer: Any) -> Any:
        return lambda *args, **options: layer(*args, **options).to(dtype)

    return SimpleNamespace(
        Module=torch.nn.Module,
        Sequential=torch.nn.Sequential,
        Linear=cast(torch.nn.Linear),
        Conv2d=cast(torch.nn.Conv2d),
        Embedding=cast(torch.nn.Embedding),
        LSTM=cast(torch.nn.LSTM),
        BatchNorm2d=cast(torch.nn.BatchNorm2d),
        relu=torch.relu,
        concatenate=torch.cat,
        avg_pool2d=torch.nn.functional.avg_pool2d,
        global_avg_pool2d=lambda x: x.mean((2, 3)),
        cross_entropy=torch.nn.functional.cross_entropy,
    )


def mlp(lib: SimpleNamespace, *sizes: int) -> Any:
    """Linear layers with relu between."""

    class MLP(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layers = lib.Sequential(*[lib.Linear(a, b) for a, b in pairwise(sizes)])

        def forward(self, x: Any) -> Any:
            *hidden, last = self.layers
            for layer in hidden:
                x = lib.relu(layer(x))
            return last(x)

    return MLP()


def resnet(lib: SimpleNamespace, shapes: list[tuple[int, int, int]], classes: int) -> Any:
    """Residual blocks (channels in, channels out, stride), global average pool, linear."""

    class Block(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self, c_in: int, c_out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = lib.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
            self.bn1 = lib.BatchNorm2d(c_out)
            self.conv2 = lib.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
            self.bn2 = lib.BatchNorm2d(c_out)
            self.project = None
            if (c_in, stride) != (c_out, 1):
                self.project = lib.Conv2d(c_in, c_out, 1, stride, bias=False)

        def forward(self, x: Any) -> Any:
            y = lib.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            return lib.relu(y + (x if self.project is None else self.project(x)))

    class ResNet(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = lib.Sequential(*[Block(*shape) for shape in shapes])
            self.head = lib.Linear(shapes[-1][1], classes)

        def forward(self, x: Any) -> Any:
            return self.head(lib.global_avg_pool2d(self.blocks(x)))

    return ResNet()


def densenet(lib: SimpleNamespace, channels: int, growth: int, layers: int, classes: int) -> Any:
    """Two dense blocks (bn-relu-conv, concatenated) with a transition between, then linear."""

    class Dense(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self, c: int) -> None:
            super().__init__()
            self.bn = lib.BatchNorm2d(c)
            self.conv = lib.Conv2d(c, growth, 3, 1, 1, bias=False)

        def forward(self, x: Any) -> Any:
            return lib.concatenate([x, self.conv(lib.relu(self.bn(x)))], 1)

    class Transition(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self, c: int) -> None:
            super().__init__()
            self.bn = lib.BatchNorm2d(c)
            self.conv = lib.Conv2d(c, c // 2, 1, bias=False)

        def forward(self, x: Any) -> Any:
            return lib.avg_pool2d(self.conv(lib.relu(self.bn(x))), 2)

    class DenseNet(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            middle = channels + growth * layers
            first = [Dense(channels + growth * k) for k in range(layers)]
            second = [Dense(middle // 2 + growth * k) for k in range(layers)]
            self.features = lib.Sequential(*first, Transition(middle), *second)
            self.head = lib.Linear(middle // 2 + growth * layers, classes)

        def forward(self, x: Any) -> Any:
            return self.head(lib.global_avg_pool2d(lib.relu(self.features(x))))

    return DenseNet()


def language_model(lib: SimpleNamespace, vocabulary: int, width: int, layers: int) -> Any:
    """Embedding, LSTM, linear: scores of the next token, shape (T * B, vocabulary)."""

    class LanguageModel(lib.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = lib.Embedding(vocabulary, width)
            self.lstm = lib.LSTM(width, width, layers)
            self.head = lib.Linear(width, vocabulary)

        def forward(self, tokens: Any) -> Any:
            y, _ = self.lstm(self.embedding(tokens))
            return self.head(y).reshape(-1, vocabulary)

    return LanguageModel()


def copy_weights(torch: Any, ours: Any, theirs: Any) -> None:
    """Load the weights of the network here into its twin in torch."""
    theirs.load_state_dict({k: torch.tensor(np.array(v)) for k, v in ours.state_dict().items()})
