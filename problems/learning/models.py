"""The networks: every one is drawn from a Generator or a seed, in float32 by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn, ops
from autograd_lite.nn.init import Seed
from problems.learning.densenet import DenseNet, densenet121
from problems.learning.gan import Gan
from problems.learning.language_model import LanguageModel
from problems.learning.resnet import ResNet, resnet34

__all__ = [
    "DenseNet",
    "Gan",
    "LanguageModel",
    "LogisticRegression",
    "Perceptron",
    "ResNet",
    "densenet121",
    "parameter_count",
    "resnet34",
]


class LogisticRegression(nn.Module):
    """Multinomial logistic regression: one linear layer over all pixels.

    Examples
    --------
    >>> LogisticRegression(64, 10, rng=0)(np.zeros((2, 1, 8, 8), np.float32)).shape
    (2, 10)
    """

    def __init__(
        self, inputs: int, classes: int, *, rng: Seed, dtype: DTypeLike = np.float32
    ) -> None:
        self.linear = nn.Linear(inputs, classes, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """Scores (N, classes) of x (N, ...)."""
        scores: Tensor = self.linear(ops.reshape(x, (x.shape[0], -1)))
        return scores


class Perceptron(nn.Module):
    """The perceptron with one hidden layer of [Luo19] Sec. 5, with relu or another activation.

    Examples
    --------
    >>> model = Perceptron(64, 100, 10, rng=0)
    >>> parameter_count(model)
    7510
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        classes: int,
        activation: Callable[[Any], Tensor] = ops.relu,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        rng, self.activation = np.random.default_rng(rng), activation
        self.hidden = nn.Linear(inputs, positive_int("hidden", hidden), rng=rng, dtype=dtype)
        self.linear = nn.Linear(hidden, classes, rng=rng, dtype=dtype)

    def forward(self, x: Any) -> Tensor:
        """Scores (N, classes) of x (N, ...)."""
        scores: Tensor = self.linear(self.activation(self.hidden(ops.reshape(x, (x.shape[0], -1)))))
        return scores


def parameter_count(model: nn.Module) -> int:
    """The number of trained numbers in a model."""
    return sum(p.data.size for p in model.parameters())
