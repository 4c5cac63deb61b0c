"""Layers. Weights have PyTorch's names, shapes and default distributions.

Every layer with weights takes `rng`, a Generator or a seed, and `dtype` (float32 by default).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ops
from autograd_lite.nn import init
from autograd_lite.nn.init import Seed
from autograd_lite.nn.module import Module
from autograd_lite.operators import Array
from autograd_lite.tensor import Tensor


def _parameter(array: Array) -> Tensor:
    return Tensor(array, requires_grad=True)


class Linear(Module):
    """x W^T + b, from (..., in_features) to (..., out_features).

    Examples
    --------
    >>> layer = Linear(3, 2, rng=0)
    >>> layer.weight.shape, layer.bias.shape
    ((2, 3), (2,))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        rng, bound = np.random.default_rng(rng), 1 / math.sqrt(in_features)
        self.weight = _parameter(init.uniform((out_features, in_features), bound, rng, dtype))
        self.bias = _parameter(init.uniform((out_features,), bound, rng, dtype)) if bias else None

    def forward(self, x: Any) -> Tensor:
        """Apply to x (..., in_features)."""
        return ops.linear(x, self.weight, self.bias)


class Conv2d(Module):
    """Correlation of images (N, in_channels, H, W) with square kernels.

    Examples
    --------
    >>> layer = Conv2d(3, 8, 3, padding=1, rng=0)
    >>> layer(Tensor(np.zeros((1, 3, 6, 6), np.float32))).shape
    (1, 8, 6, 6)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        rng, shape = np.random.default_rng(rng), (out_channels, in_channels, *[kernel_size] * 2)
        bound = 1 / math.sqrt(init.fans(shape)[0])
        self.weight = _parameter(init.uniform(shape, bound, rng, dtype))
        self.bias = _parameter(init.uniform((out_channels,), bound, rng, dtype)) if bias else None
        self.stride, self.padding = stride, padding

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, in_channels, H, W)."""
        return ops.conv2d(x, self.weight, self.bias, self.stride, self.padding)


class BatchNorm2d(Module):
    """Normalise each channel by the batch's statistics, in evaluation by running ones.

    Examples
    --------
    >>> layer = BatchNorm2d(4)
    >>> sorted(layer.state_dict())
    ['bias', 'num_batches_tracked', 'running_mean', 'running_var', 'weight']
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.weight = _parameter(np.ones(num_features, dtype))
        self.bias = _parameter(np.zeros(num_features, dtype))
        self.running_mean = np.zeros(num_features, dtype)
        self.running_var = np.ones(num_features, dtype)
        self.num_batches_tracked = np.zeros((), np.int64)
        self.eps, self.momentum = eps, momentum

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, num_features, H, W); in training also move the running statistics."""
        if self.training:
            self.num_batches_tracked += 1
            return ops.batch_norm(
                x,
                self.weight,
                self.bias,
                self.eps,
                running=(self.running_mean, self.running_var),
                momentum=self.momentum,
            )
        scale = self.weight * (1 / np.sqrt(self.running_var + self.eps))
        shift = self.bias - scale * self.running_mean
        return ops.add(x * scale.reshape(-1, 1, 1), shift.reshape(-1, 1, 1))


class LayerNorm(Module):
    """Normalise over the last axes, whose lengths are `normalized_shape`.

    Examples
    --------
    >>> LayerNorm(4)(Tensor(np.ones((2, 4), np.float32))).shape
    (2, 4)
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.weight = _parameter(np.ones(normalized_shape, dtype))
        self.bias = _parameter(np.zeros(normalized_shape, dtype))
        self.eps = eps

    def forward(self, x: Any) -> Tensor:
        """Apply to x (..., *normalized_shape)."""
        return ops.layer_norm(x, self.weight, self.bias, self.eps)


class Embedding(Module):
    """A vector for each of `num_embeddings` integers.

    Examples
    --------
    >>> Embedding(10, 4, rng=0)(np.array([[1, 2, 1]])).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.weight = _parameter(init.normal((num_embeddings, embedding_dim), 1.0, rng, dtype))

    def forward(self, indices: Any) -> Tensor:
        """Return shape (*indices.shape, embedding_dim)."""
        return ops.embedding(self.weight, indices)


class Dropout(Module):
    """Set elements to 0 with probability p in training; do nothing in evaluation.

    Examples
    --------
    >>> Dropout(0.5, rng=0).eval()(Tensor([1.0, 2.0]))
    Tensor([1., 2.])
    """

    def __init__(self, p: float = 0.5, *, rng: Seed) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p must be in [0, 1), got {p!r}")
        self.p, self.rng = p, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """Apply to x of any shape."""
        return ops.dropout(x, self.p, self.rng) if self.training else x


class MaxPool2d(Module):
    """Maximum over square windows of images (N, C, H, W); stride as the window by default.

    >>> MaxPool2d(2)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 2, 2)
    """

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, C, H, W)."""
        return ops.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(Module):
    """Mean over square windows of images (N, C, H, W); stride as the window by default.

    >>> AvgPool2d(2)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 2, 2)
    """

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, C, H, W)."""
        return ops.avg_pool2d(x, self.kernel_size, self.stride, self.padding)


class GlobalAvgPool2d(Module):
    """Mean over all pixels, from (N, C, H, W) to (N, C).

    >>> GlobalAvgPool2d()(np.ones((1, 3, 4, 4))).shape
    (1, 3)
    """

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, C, H, W)."""
        return ops.global_avg_pool2d(x)


class Flatten(Module):
    """All axes but the first made one.

    >>> Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, ...)."""
        return ops.reshape(x, (x.shape[0], -1))
