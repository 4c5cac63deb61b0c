"""ResNet, DenseNet-BC and LSTM language models written with PyTorch, with the same names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def resnet(torch: Any, blocks: Sequence[int], widths: Sequence[int], channels: int) -> Any:
    """The counterpart of `problems.learning.models.ResNet`, for ten classes."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, c_in: int, c_out: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(c_out)
            self.shortcut = nn.Sequential()
            if stride != 1 or c_in != c_out:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out)
                )

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
            return F.relu(y + self.shortcut(x))

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(widths[0])
            c = widths[0]
            for k, (count, width) in enumerate(zip(blocks, widths, strict=True)):
                stage = []
                for i in range(count):
                    stage.append(Block(c, width, 2 if k and not i else 1))
                    c = width
                setattr(self, f"layer{k + 1}", nn.Sequential(*stage))
            self.linear = nn.Linear(c, 10)

        def forward(self, x: Any) -> Any:
            y = F.relu(self.bn1(self.conv1(x)))
            for k in range(len(blocks)):
                y = getattr(self, f"layer{k + 1}")(y)
            return self.linear(F.adaptive_avg_pool2d(y, 1).flatten(1))

    return Net()


def densenet(
    torch: Any, blocks: Sequence[int], growth: int, reduction: float, channels: int
) -> Any:
    """The counterpart of `problems.learning.models.DenseNet`, for ten classes."""
    nn, F = torch.nn, torch.nn.functional

    class Bottleneck(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, c: int) -> None:
            super().__init__()
            self.bn1 = nn.BatchNorm2d(c)
            self.conv1 = nn.Conv2d(c, 4 * growth, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(4 * growth)
            self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

        def forward(self, x: Any) -> Any:
            y = self.conv2(F.relu(self.bn2(self.conv1(F.relu(self.bn1(x))))))
            return torch.cat([y, x], 1)

    class Transition(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, c: int, kept: int) -> None:
            super().__init__()
            self.bn = nn.BatchNorm2d(c)
            self.conv = nn.Conv2d(c, kept, 1, bias=False)

        def forward(self, x: Any) -> Any:
            return F.avg_pool2d(self.conv(F.relu(self.bn(x))), 2)

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            c = 2 * growth
            self.conv1 = nn.Conv2d(channels, c, 3, padding=1, bias=False)
            for k, count in enumerate(blocks, 1):
                layers = [Bottleneck(c + growth * i) for i in range(count)]
                setattr(self, f"dense{k}", nn.Sequential(*layers))
                c += growth * count
                if k < len(blocks):
                    setattr(self, f"trans{k}", Transition(c, int(c * reduction)))
                    c = int(c * reduction)
            self.bn = nn.BatchNorm2d(c)
            self.linear = nn.Linear(c, 10)

        def forward(self, x: Any) -> Any:
            y = self.conv1(x)
            for k in range(1, len(blocks) + 1):
                y = getattr(self, f"dense{k}")(y)
                if k < len(blocks):
                    y = getattr(self, f"trans{k}")(y)
            return self.linear(F.adaptive_avg_pool2d(F.relu(self.bn(y)), 1).flatten(1))

    return Net()


def language_model(torch: Any, vocabulary: int, width: int, layers: int) -> Any:
    """The counterpart of `problems.learning.models.LanguageModel`, without dropout."""
    nn = torch.nn

    class Net(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, width)
            self.layers = nn.Sequential(*[nn.LSTM(width, width) for _ in range(layers)])
            self.head = nn.Linear(width, vocabulary)

        def forward(self, tokens: Any) -> Any:
            y = self.embedding(tokens)
            for layer in self.layers:
                y, _ = layer(y)
            return self.head(y).reshape(-1, vocabulary), None

    return Net()
