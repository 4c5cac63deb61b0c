"""Densely connected networks with bottlenecks and compression, DenseNet-BC [Huang17]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from adabound_np.checks import positive_int, within
from autograd_lite import Tensor, nn, ops
from autograd_lite.nn.init import Seed

__all__ = ["DenseNet", "densenet121"]


class Bottleneck(nn.Module):
    """bn, relu, 1 x 1 convolution to 4k channels, bn, relu, 3 x 3 to k, put before the input."""

    def __init__(self, c_in: int, growth: int, *, rng: Seed, dtype: DTypeLike) -> None:
        options: Any = {"bias": False, "rng": rng, "dtype": dtype}
        self.bn1 = nn.BatchNorm2d(c_in, dtype=dtype)
        self.conv1 = nn.Conv2d(c_in, 4 * growth, 1, **options)
        self.bn2 = nn.BatchNorm2d(4 * growth, dtype=dtype)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, 1, 1, **options)

    def forward(self, x: Any) -> Tensor:
        """From (N, c_in, H, W) to (N, growth + c_in, H, W)."""
        y = self.conv1(ops.relu(self.bn1(x)))
        y = self.conv2(ops.relu(self.bn2(y)))
        return ops.concatenate([y, x], 1)


class Transition(nn.Module):
    """bn, relu, 1 x 1 convolution to fewer channels, and the mean of 2 x 2 pixels."""

    def __init__(self, c_in: int, c_out: int, *, rng: Seed, dtype: DTypeLike) -> None:
        self.bn = nn.BatchNorm2d(c_in, dtype=dtype)
        self.conv = nn.Conv2d(c_in, c_out, 1, bias=False, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """From (N, c_in, H, W) to (N, c_out, H/2, W/2)."""
        return ops.avg_pool2d(self.conv(ops.relu(self.bn(x))), 2)


class DenseNet(nn.Module):
    """A 3 x 3 convolution, dense blocks with transitions between, mean over pixels, linear.

    Parameters
    ----------
    blocks : sequence of int
        Bottleneck layers of each dense block.
    growth : int
        k, the channels that each layer adds; the first convolution gives 2k.
    reduction : float
        The share of channels that a transition keeps, in (0, 1].
    channels, classes : int
        Number of channels of the images, and of classes.
    rng : Generator or int
        Draws the weights; parameter names are those of the usual PyTorch code for CIFAR.
    dtype
        float32 or float64.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Examples
    --------
    >>> model = DenseNet([2, 2], growth=8, channels=1, rng=0)
    >>> model(np.zeros((2, 1, 8, 8), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        blocks: Sequence[int],
        growth: int,
        reduction: float = 0.5,
        channels: int = 3,
        classes: int = 10,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if not blocks:
            raise ValueError(f"blocks must name at least one block, got {blocks!r}")
        within("reduction", reduction, "(0, 1]")
        rng, c = np.random.default_rng(rng), 2 * positive_int("growth", growth)
        self.conv1 = nn.Conv2d(channels, c, 3, 1, 1, bias=False, rng=rng, dtype=dtype)
        self.blocks = len(blocks)
        for k, count in enumerate(blocks, 1):
            layers = [
                Bottleneck(c + growth * i, growth, rng=rng, dtype=dtype)
                for i in range(positive_int("blocks", count))
            ]
            setattr(self, f"dense{k}", nn.Sequential(*layers))
            c += growth * count
            if k < len(blocks):
                kept = int(c * reduction)
                setattr(self, f"trans{k}", Transition(c, kept, rng=rng, dtype=dtype))
                c = kept
        self.bn = nn.BatchNorm2d(c, dtype=dtype)
        self.linear = nn.Linear(c, classes, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """Scores (N, classes) of images (N, channels, H, W)."""
        y = self.conv1(x)
        for k in range(1, self.blocks + 1):
            y = vars(self)[f"dense{k}"](y)
            if k < self.blocks:
                y = vars(self)[f"trans{k}"](y)
        scores: Tensor = self.linear(ops.global_avg_pool2d(ops.relu(self.bn(y))))
        return scores


def densenet121(classes: int = 10, *, rng: Seed, dtype: DTypeLike = np.float32) -> DenseNet:
    """The 121-layer network of [Luo19] Sec. 5 for images of 3 x 32 x 32: 6,956,298 parameters.

    Parameters
    ----------
    classes : int
        Number of classes.
    rng, dtype
        As for `DenseNet`.
    """
    return DenseNet([6, 12, 24, 16], 32, 0.5, 3, classes, rng=rng, dtype=dtype)
