"""A small generative adversarial network [Goodfellow14] on a ring of Gaussians."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn, no_grad, ops
from autograd_lite.nn.init import Seed

__all__ = [
    "MODES",
    "NOISE",
    "RADIUS",
    "STD",
    "Coverage",
    "Gan",
    "coverage",
    "energy_distance",
    "ring",
]

#: The mixture: as many Gaussians, of this standard deviation, on a circle of this radius.
MODES, STD, RADIUS = 8, 0.05, 1.0
#: Dimensions of what the generator starts from.
NOISE = 8

Points = NDArray[np.float32]


def centres() -> NDArray[np.float64]:
    """The means of the Gaussians, shape (MODES, 2)."""
    angle = 2 * math.pi * np.arange(MODES) / MODES
    return RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def ring(count: int, rng: np.random.Generator) -> Points:
    """Draw points from the mixture, shape (count, 2).

    Examples
    --------
    >>> ring(5, np.random.default_rng(0)).shape
    (5, 2)
    """
    chosen = rng.integers(MODES, size=positive_int("count", count))
    return (centres()[chosen] + STD * rng.normal(size=(count, 2))).astype(np.float32)


class Gan(nn.Module):
    """Generator and discriminator, both perceptrons with two hidden layers.

    Parameters
    ----------
    hidden : int
        Units of each hidden layer.
    rng : Generator or int
        Draws the weights.
    dtype
        float32 or float64.

    Examples
    --------
    >>> gan = Gan(16, rng=0)
    >>> gan.discriminator(gan.generator(np.zeros((3, NOISE), np.float32))).shape
    (3, 1)
    """

    def __init__(self, hidden: int = 64, *, rng: Seed, dtype: DTypeLike = np.float32) -> None:
        rng = np.random.default_rng(rng)

        def network(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Linear(inputs, hidden, rng=rng, dtype=dtype),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, hidden, rng=rng, dtype=dtype),
                nn.LeakyReLU(0.2),
                nn.Linear(hidden, outputs, rng=rng, dtype=dtype),
            )

        self.generator = network(NOISE, 2)
        self.discriminator = network(2, 1)

    def forward(self, noise: Any) -> Tensor:
        """Points (N, 2) of noise (N, NOISE)."""
        points: Tensor = self.generator(noise)
        return points

    def discriminator_loss(self, real: Points, noise: Points) -> Tensor:
        r"""-(log D(x) + log(1 - D(G(z)))) / 2, means over both; for the discriminator's step."""
        with no_grad():
            fake = self.generator(noise).data
        scores = self.discriminator(np.concatenate([real, fake]))
        target = np.zeros(scores.shape, np.float32)
        target[: len(real)] = 1
        return ops.binary_cross_entropy_with_logits(scores, target)

    def generator_loss(self, noise: Points) -> Tensor:
        r"""-log D(G(z)), the loss that does not saturate [Goodfellow14 Sec. 3]."""
        scores = self.discriminator(self.generator(noise))
        return ops.binary_cross_entropy_with_logits(scores, np.ones(scores.shape, np.float32))


class Coverage(NamedTuple):
    """How samples lie on the mixture.

    Attributes
    ----------
    modes : int
        Gaussians with at least a tenth of their fair share of good samples.
    quality : float
        The share of good samples: nearer to a mean than 3 standard deviations.
    """

    modes: int
    quality: float


def coverage(points: Points) -> Coverage:
    """Count the Gaussians that points cover.

    Examples
    --------
    >>> coverage(ring(1000, np.random.default_rng(0))).modes
    8
    """
    distance = np.linalg.norm(points[:, None] - centres(), axis=2)
    near = distance.argmin(axis=1)[distance.min(axis=1) < 3 * STD]
    counts = np.bincount(near, minlength=MODES)
    return Coverage(int(np.sum(counts >= 0.1 * len(points) / MODES)), len(near) / len(points))


def energy_distance(x: Points, y: Points) -> float:
    r"""2 E|x - y| - E|x - x'| - E|y - y'|, from all pairs: 0 for equal distributions [Szekely13].

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> energy_distance(ring(500, rng), ring(500, rng)) < 0.01 < energy_distance(
    ...     ring(500, rng), np.zeros((500, 2), np.float32))
    True
    """

    def mean(a: Any, b: Any) -> float:
        d = a.T[:, :, None] - b.T[:, None, :]
        return float(np.mean(np.sqrt(d[0] * d[0] + d[1] * d[1])))

    a, b = np.asarray(x, np.float64), np.asarray(y, np.float64)
    return 2 * mean(a, b) - mean(a, a) - mean(b, b)
