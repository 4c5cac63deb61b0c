"""Batches of images, augmentation, and streams of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import flag, positive_int

__all__ = ["crop_and_flip", "minibatches", "streams"]

Scalar = TypeVar("Scalar", bound=np.generic)


def minibatches(
    images: NDArray[Scalar],
    labels: NDArray[np.int64],
    batch_size: int,
    rng: np.random.Generator | None = None,
    *,
    drop_last: bool = False,
) -> Iterator[tuple[NDArray[Scalar], NDArray[np.int64]]]:
    """One epoch of mini-batches.

    Parameters
    ----------
    images : array, shape (n, ...)
        What to learn from.
    labels : array of int64, shape (n,)
        What belongs to it.
    batch_size : int
        B >= 1.
    rng : Generator, optional
        Draws the epoch's order, at once; the next call draws another. Without it, images keep
        their order, as for testing.
    drop_last : bool
        Whether to leave out a last batch of fewer than B.

    Yields
    ------
    images : array, shape (B, ...)
    labels : array of int64, shape (B,)

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these, the lengths differ, or no batch would remain.

    Examples
    --------
    >>> x, y = np.zeros((10, 1, 8, 8), np.float32), np.arange(10)
    >>> [len(y) for x, y in minibatches(x, y, 4, np.random.default_rng(0))]
    [4, 4, 2]
    """
    size, drop = positive_int("batch_size", batch_size), flag("drop_last", drop_last)
    count = len(images)
    if len(labels) != count:
        raise ValueError(f"images and labels must have one length, got {count} and {len(labels)}")
    end = count - count % size if drop else count
    if end < 1:
        raise ValueError(
            f"batch_size must leave at least one batch of {count} images, got {batch_size!r} with "
            f"drop_last={drop}"
        )
    order = np.arange(count) if rng is None else generator(rng).permutation(count)
    chosen = (order[start : min(start + size, end)] for start in range(0, end, size))
    return ((images[rows], labels[rows]) for rows in chosen)


def crop_and_flip(
    images: NDArray[Scalar], rng: np.random.Generator, padding: int = 4
) -> NDArray[Scalar]:
    """A random crop of every image, zero-padded on each side, and in half of the cases a flip.

    The augmentation of [Luo19] Sec. 5 on CIFAR-10, as the released code has it: pad by 4, crop to
    the former size anywhere, mirror left and right with probability 1/2.

    Parameters
    ----------
    images : array, shape (n, channels, height, width)
        Not changed.
    rng : Generator
        Draws the places and the flips.
    padding : int
        Pixels on each side, at least 1.

    Returns
    -------
    array, shape (n, channels, height, width)
        Augmented images, of the same dtype.

    Examples
    --------
    >>> crop_and_flip(np.ones((2, 3, 32, 32), np.float32), np.random.default_rng(0)).shape
    (2, 3, 32, 32)
    """
    pad = positive_int("padding", padding)
    if images.ndim != 4:
        raise ValueError(f"images must have shape (n, channels, height, width), got {images.shape}")
    n, _, height, width = images.shape
    down, right = generator(rng).integers(0, 2 * pad + 1, (2, n))
    flip = rng.random(n) < 0.5
    padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    cropped = windows[np.arange(n), :, down, right]
    cropped[flip] = cropped[flip, ..., ::-1]
    return cropped


def streams(
    ids: NDArray[np.int64], batch_size: int, bptt: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """A text as parallel streams, step by step, for truncated backpropagation through time.

    The text is cut into B streams of equal length (what does not fill them is left out), which are
    read side by side: batch k goes on in every stream where batch k - 1 ended, so that the LSTM's
    state can be carried over.

    Parameters
    ----------
    ids : array of int64, shape (n,)
        The text.
    batch_size : int
        B >= 1, the streams.
    bptt : int
        T >= 1, the steps of a batch; the last one may have fewer.

    Yields
    ------
    inputs, targets : array of int64, shape (T, B)
        Targets are the inputs' successors.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these, or the text has fewer than two steps a stream.

    Examples
    --------
    >>> for inputs, targets in streams(np.arange(11), 2, 3):
    ...     print(inputs.T.tolist(), targets.T.tolist())
    [[0, 1, 2], [5, 6, 7]] [[1, 2, 3], [6, 7, 8]]
    [[3], [8]] [[4], [9]]
    """
    lanes, steps = positive_int("batch_size", batch_size), positive_int("bptt", bptt)
    if ids.ndim != 1:
        raise ValueError(f"ids must have one axis, got shape {ids.shape}")
    length = len(ids) // lanes
    if length < 2:
        raise ValueError(
            f"ids must have at least two for each of {lanes} streams, got {len(ids)} in all"
        )
    text = ids[: lanes * length].reshape(lanes, length).T
    starts = range(0, length - 1, steps)
    ends = (min(start + steps, length - 1) for start in starts)
    return ((text[a:b], text[a + 1 : b + 1]) for a, b in zip(starts, ends, strict=True))


def generator(rng: np.random.Generator) -> np.random.Generator:
    """Return `rng` if it is a Generator; raise TypeError if not."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
    return rng
