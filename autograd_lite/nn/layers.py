"""Layers. Weights have PyTorch's names, shapes and default distributions.

Every layer with weights takes `rng`, a Generator or a seed, and `dtype` (float32 by default).
Sizes are ints, windows are square. A layer that is made with anything else raises TypeError, or
ValueError for a number out of range, and the forward computation raises what its operation does.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ops
from autograd_lite.engine import Array, Tensor
from autograd_lite.nn import init
from autograd_lite.nn.init import Seed
from autograd_lite.nn.module import Module
from autograd_lite.ops.arguments import number, whole


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
        in_features = whole("in_features", in_features, 1)
        out_features = whole("out_features", out_features, 1)
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
        in_channels = whole("in_channels", in_channels, 1)
        out_channels = whole("out_channels", out_channels, 1)
        kernel_size = whole("kernel_size", kernel_size, 1)
        rng, shape = np.random.default_rng(rng), (out_channels, in_channels, *[kernel_size] * 2)
        bound = 1 / math.sqrt(init.fans(shape)[0])
        self.weight = _parameter(init.uniform(shape, bound, rng, dtype))
        self.bias = _parameter(init.uniform((out_channels,), bound, rng, dtype)) if bias else None
        self.stride, self.padding = whole("stride", stride, 1), whole("padding", padding, 0)

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, in_channels, H, W)."""
        return ops.conv2d(x, self.weight, self.bias, self.stride, self.padding)


class _BatchNorm(Module):
    """Normalise each channel by the batch's statistics, in evaluation by running ones."""

    shapes: ClassVar[dict[int, str]]  # of x that it takes: number of axes -> in words

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        num_features = whole("num_features", num_features, 1)
        self.weight = _parameter(np.ones(num_features, dtype))
        self.bias = _parameter(np.zeros(num_features, dtype))
        self.running_mean = np.zeros(num_features, dtype)
        self.running_var = np.ones(num_features, dtype)
        self.num_batches_tracked = np.zeros((), np.int64)
        self.eps, self.momentum = number("eps", eps, 0), number("momentum", momentum)

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, num_features, ...); in training also move the running statistics."""
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if x.ndim not in self.shapes or x.shape[1] != len(self.running_mean):
            raise ValueError(
                f"x must have shape {' or '.join(self.shapes.values())} with "
                f"C = {len(self.running_mean)}, got {x.shape}"
            )
        if self.training:
            y = ops.batch_norm(
                x,
                self.weight,
                self.bias,
                self.eps,
                running=(self.running_mean, self.running_var),
                momentum=self.momentum,
            )
            self.num_batches_tracked += 1
            return y
        per_channel = (-1, *[1] * (x.ndim - 2))
        scale = self.weight * (1 / np.sqrt(self.running_var + float(self.eps)))
        centred = x - self.running_mean.reshape(per_channel)
        return ops.add(centred * scale.reshape(per_channel), self.bias.reshape(per_channel))


class BatchNorm1d(_BatchNorm):
    """Normalise each feature of x (N, C) or (N, C, L); in evaluation by running statistics.

    Examples
    --------
    >>> BatchNorm1d(2)(np.array([[1.0, 2.0], [3.0, 2.0]], np.float32)).data.round(3)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """

    shapes: ClassVar = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images (N, C, H, W); in evaluation by running statistics.

    Examples
    --------
    >>> layer = BatchNorm2d(4)
    >>> sorted(layer.state_dict())
    ['bias', 'num_batches_tracked', 'running_mean', 'running_var', 'weight']
    """

    shapes: ClassVar = {4: "(N, C, H, W)"}


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
        self.eps = number("eps", eps, 0)

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
        shape = (
            whole("num_embeddings", num_embeddings, 1),
            whole("embedding_dim", embedding_dim, 1),
        )
        self.weight = _parameter(init.normal(shape, 1.0, rng, dtype))

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
        self.p, self.rng = number("p", p, 0, 1), np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """Apply to x of any shape."""
        return ops.dropout(x, self.p, self.rng) if self.training else x


class _Pool2d(Module):
    """Square windows on images."""

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        self.kernel_size = whole("kernel_size", kernel_size, 1)
        self.stride = self.kernel_size if stride is None else whole("stride", stride, 1)
        self.padding = whole("padding", padding, 0)


class MaxPool2d(_Pool2d):
    """Maximum over square windows of images (N, C, H, W); stride as the window by default.

    >>> MaxPool2d(2)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 2, 2)
    """

    def forward(self, x: Any) -> Tensor:
        """Apply to x (N, C, H, W)."""
        return ops.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """Mean over square windows of images (N, C, H, W); stride as the window by default.

    >>> AvgPool2d(2)(np.ones((1, 3, 4, 4))).shape
    (1, 3, 2, 2)
    """

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
        n, *rest = np.shape(x)
        return ops.reshape(x, (n, math.prod(rest)))
