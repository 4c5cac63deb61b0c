"""Residual networks [He16], in the form for small images that [Luo19]'s experiments use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn, ops
from autograd_lite.nn.init import Seed

__all__ = ["ResNet", "resnet34"]


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a way around them; a projection where the shape changes.

    Parameters
    ----------
    c_in, c_out, stride : int
        Channels, and the step of the first convolution.
    rng, dtype
        Generator and dtype of the weights.
    """

    def __init__(self, c_in: int, c_out: int, stride: int, *, rng: Seed, dtype: DTypeLike) -> None:
        options: Any = {"bias": False, "rng": rng, "dtype": dtype}
        self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, **options)
        self.bn1 = nn.BatchNorm2d(c_out, dtype=dtype)
        self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, **options)
        self.bn2 = nn.BatchNorm2d(c_out, dtype=dtype)
        self.shortcut = nn.Sequential()
        if (c_in, stride) != (c_out, 1):
            self.shortcut = nn.Sequential(
                nn.Conv2d(c_in, c_out, 1, stride, **options), nn.BatchNorm2d(c_out, dtype=dtype)
            )

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, c_in, H, W)."""
        y = ops.relu(self.bn1(self.conv1(x)))
        return ops.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """A 3 x 3 convolution, stages of basic blocks, the mean over pixels, a linear layer.

    Parameters
    ----------
    blocks, widths : sequence of int
        Blocks and channels of each stage, up to four stages; from the second on, a stage halves
        height and width.
    channels, classes : int
        Number of channels of the images, and of classes.
    rng : Generator or int
        Draws the weights; parameter names are those of the usual PyTorch code for CIFAR.
    dtype
        float32 or float64.

    Raises
    ------
    TypeError, ValueError
        If a number is not positive, or `blocks` and `widths` do not pair.

    Examples
    --------
    >>> model = ResNet([1, 1], [8, 16], channels=1, rng=0)
    >>> model(np.zeros((2, 1, 8, 8), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self,
        blocks: Sequence[int],
        widths: Sequence[int],
        channels: int = 3,
        classes: int = 10,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        if len(blocks) != len(widths) or not blocks:
            raise ValueError(f"blocks and widths must pair, got {blocks!r} and {widths!r}")
        rng = np.random.default_rng(rng)
        self.conv1 = nn.Conv2d(channels, widths[0], 3, 1, 1, bias=False, rng=rng, dtype=dtype)
        self.bn1 = nn.BatchNorm2d(widths[0], dtype=dtype)
        self.stages, c_in = len(blocks), widths[0]
        for k, (count, width) in enumerate(zip(blocks, widths, strict=True), 1):
            strides = [1 if k == 1 else 2] + [1] * (positive_int("blocks", count) - 1)
            inputs = [c_in] + [width] * (count - 1)
            stage = [
                BasicBlock(c, width, stride, rng=rng, dtype=dtype)
                for c, stride in zip(inputs, strides, strict=True)
            ]
            setattr(self, f"layer{k}", nn.Sequential(*stage))
            c_in = width
        self.linear = nn.Linear(c_in, classes, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """Scores (N, classes) of images (N, channels, H, W)."""
        y = ops.relu(self.bn1(self.conv1(x)))
        for k in range(1, self.stages + 1):
            y = vars(self)[f"layer{k}"](y)
        scores: Tensor = self.linear(ops.global_avg_pool2d(y))
        return scores


def resnet34(classes: int = 10, *, rng: Seed, dtype: DTypeLike = np.float32) -> ResNet:
    """The 34-layer network of [Luo19] Sec. 5 for images of 3 x 32 x 32: 21,282,122 parameters.

    Parameters
    ----------
    classes : int
        Number of classes.
    rng, dtype
        As for `ResNet`.
    """
    return ResNet([3, 4, 6, 3], [64, 128, 256, 512], 3, classes, rng=rng, dtype=dtype)
