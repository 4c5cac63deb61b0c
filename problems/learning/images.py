"""Labelled images: scikit-learn's digits, MNIST's and CIFAR-10's official files."""

from __future__ import annotations

import gzip
import io
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import flag, within
from problems.learning.batch_pickle import read_batch
from problems.learning.extras import optional
from problems.learning.sources import SOURCES, DataError, check, locate

__all__ = ["CLASSES", "Images", "cifar10", "digits", "mnist"]

#: All of these data sets have ten classes, labelled 0 to 9.
CLASSES = 10
#: The first two bytes of a gzip file.
GZIP = b"\x1f\x8b"
#: The most bytes that a gzip file may hold: an official one (they have 47 MB), any.
OFFICIAL, ANY = 2**26, 2**30
#: A CIFAR-10 image: channels, height, width; one plane after the other.
CIFAR_SHAPE = (3, 32, 32)
CIFAR_BYTES = 3 * 32 * 32

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Images:
    """Labelled images, in two parts.

    Attributes
    ----------
    train_images, test_images : array of float32, shape (n, channels, height, width)
        In [0, 1].
    train_labels, test_labels : array of int64, shape (n,)
        From 0 to `CLASSES` - 1.
    """

    train_images: NDArray[np.float32]
    train_labels: NDArray[np.int64]
    test_images: NDArray[np.float32]
    test_labels: NDArray[np.int64]


def digits(*, test_share: float = 0.2, seed: int = 0) -> Images:
    """The 1797 handwritten digits of scikit-learn: 8 x 8 pixels, one channel.

    They are the test part of [1]_, come with scikit-learn, and need no download.

    Parameters
    ----------
    test_share : float
        The share that is kept for testing, in (0, 1).
    seed : int
        Decides which; the same seed gives the same parts in the same order.

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn is absent (the extra ``test`` installs it).
    ValueError
        If `test_share` leaves a part empty, or is not in (0, 1).

    References
    ----------
    .. [1] E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
       Learning Repository, 1998.

    Examples
    --------
    >>> data = digits()
    >>> data.train_images.shape, data.test_images.shape
    ((1438, 1, 8, 8), (359, 1, 8, 8))
    """
    share = float(within("test_share", test_share, "(0, 1)"))
    loaded = optional("sklearn.datasets", "test", "the digits data set").load_digits()
    images = (loaded.images / 16.0).astype(np.float32)[:, None]
    labels = loaded.target.astype(np.int64)
    count = round(share * len(images))
    if not 0 < count < len(images):
        raise ValueError(
            f"test_share must leave at least one of {len(images)} images to either part, "
            f"got {test_share!r}"
        )
    order = np.random.default_rng(seed).permutation(len(images))
    test, train = order[:count], order[count:]
    return Images(images[train], labels[train], images[test], labels[test])


def mnist(folder: str | Path, *, verify: bool = True) -> Images:
    """MNIST from its four official IDX files, gzipped or not. Nothing is downloaded.

    Parameters
    ----------
    folder : str or Path
        Has ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``
        and ``t10k-labels-idx1-ubyte``, or these with ``.gz``.
    verify : bool
        Whether the (decompressed) files must have the official checksums. False reads any files
        of the format, such as Fashion-MNIST's, with images of any size.

    Returns
    -------
    Images
        Officially 60,000 and 10,000 images of shape (1, 28, 28).

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    DataError
        If one is truncated, corrupt, or not the official one.
    """
    verify = flag("verify", verify)
    source = SOURCES["mnist"]
    arrays = {}
    for name, path in locate(source, folder, ("", ".gz")).items():
        data = decompressed(path, OFFICIAL if verify else ANY)
        arrays[name] = idx(data, path, 3 if "images" in name else 1)
        if verify:
            check(source, name, path, data)
    parts: list[NDArray[np.float32] | NDArray[np.int64]] = []
    for part in ("train", "t10k"):
        images, labels = arrays[f"{part}-images-idx3-ubyte"], arrays[f"{part}-labels-idx1-ubyte"]
        if len(images) != len(labels):
            raise DataError(
                f"{folder}: {part}-images-idx3-ubyte has {len(images)} images, "
                f"{part}-labels-idx1-ubyte {len(labels)} labels; there must be as many"
            )
        parts += [scaled(images[:, None]), checked(labels, f"{folder}: {part}-labels-idx1-ubyte")]
    if parts[0].shape[1:] != parts[2].shape[1:]:
        raise DataError(
            f"{folder}: training images have shape {parts[0].shape[1:]}, test images "
            f"{parts[2].shape[1:]}; they must agree"
        )
    return Images(*parts)  # type: ignore[arg-type]


def cifar10(folder: str | Path, *, verify: bool = True) -> Images:
    """CIFAR-10 from its official files, binary or Python batches. Nothing is downloaded.

    Python batches are pickles; they are read without executing anything
    (`problems.learning.batch_pickle`).

    Parameters
    ----------
    folder : str or Path
        Has ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin``, or the same names
        without ``.bin``; or the folder ``cifar-10-batches-bin`` or ``cifar-10-batches-py`` with
        them, as the official archives do. Binary batches are preferred.
    verify : bool
        Whether the files must have the official checksums. False reads any of the format, with
        any number of images.

    Returns
    -------
    Images
        Officially 50,000 and 10,000 images of shape (3, 32, 32): 0.7 GB.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    DataError
        If one is truncated, corrupt, not the official one, or a pickle of something else.
    """
    verify = flag("verify", verify)
    source = SOURCES["cifar10"]
    try:
        paths = locate(source, folder)
    except FileNotFoundError:
        source = SOURCES["cifar10-python"]
        try:
            paths = locate(source, folder)
        except FileNotFoundError:
            source = SOURCES["cifar10"]
            paths = locate(source, folder)  # complains about the binary ones
    images, labels = [], []
    for name, path in paths.items():
        data = path.read_bytes()
        if source.key == "cifar10":
            x, y = cifar_records(data, path)
            if verify:
                check(source, name, path, data)
        else:
            if verify:
                check(source, name, path, data)
            x, y = read_batch(data, path, CIFAR_BYTES)
        images.append(x.reshape(-1, *CIFAR_SHAPE))
        labels.append(checked(y, str(path)))
    return Images(
        scaled(np.concatenate(images[:-1])),
        np.concatenate(labels[:-1]),
        scaled(images[-1]),
        labels[-1],
    )


def cifar_records(data: bytes, path: Path) -> tuple[Bytes, NDArray[np.int64]]:
    """Images (n, 3072) and labels (n,) of a binary batch: records of a label and an image."""
    size = 1 + CIFAR_BYTES
    if not data or len(data) % size:
        raise DataError(
            f"{path} must have a whole number of records of {size} bytes (officially 10,000 of "
            f"them, 30,730,000 bytes), got {len(data):,} bytes: is it cut short?"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, size)
    return records[:, 1:], records[:, 0].astype(np.int64)


def decompressed(path: Path, most: int) -> bytes:
    """A file's content, decompressed if it is gzipped."""
    data = path.read_bytes()
    if not data.startswith(GZIP) and path.suffix != ".gz":
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            content = file.read(most + 1)
    except (EOFError, OSError, zlib.error, struct.error) as error:
        raise DataError(
            f"{path} must be a whole gzip file, got one that is cut short or corrupt ({error})"
        ) from None
    if len(content) > most:
        raise DataError(f"{path} must hold at most {most:,} bytes, got more")
    return content


def idx(data: bytes, path: Path, ndim: int) -> Bytes:
    """The array of unsigned bytes in an IDX file.

    The format: two zero bytes, the type (8, unsigned byte), the number of axes, each axis' length
    as a big-endian 32-bit integer, the elements in C order.

    Raises
    ------
    DataError
        If the header or the length of what follows is wrong.
    """
    start = 4 + 4 * ndim
    magic = bytes([0, 0, 8, ndim])
    if data[:4] != magic:
        raise DataError(
            f"{path} must start with the IDX magic number 0x{magic.hex()} (unsigned bytes, "
            f"{ndim} {'axis' if ndim == 1 else 'axes'}), got 0x{data[:4].hex()}"
        )
    if len(data) < start:
        raise DataError(f"{path} must have a header of {start} bytes, got {len(data)} in all")
    shape = struct.unpack(f">{ndim}I", data[4:start])
    if 0 in shape:
        raise DataError(f"{path} must have dimensions of at least 1, got {shape}")
    if math.prod(shape) != len(data) - start:
        raise DataError(
            f"{path} must have {math.prod(shape):,} bytes after its header, as its dimensions "
            f"{shape} say, got {len(data) - start:,}: is it cut short?"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def checked(labels: NDArray[np.integer], where: str) -> NDArray[np.int64]:
    """Labels as int64, if all are classes."""
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES))
    if len(wrong):
        raise DataError(
            f"{where}: labels must be from 0 to {CLASSES - 1}, got {labels[wrong[0]]} at index "
            f"{wrong[0]}"
        )
    return labels.astype(np.int64)


def scaled(images: Bytes) -> NDArray[np.float32]:
    """Bytes as float32 in [0, 1]."""
    return np.divide(images, np.float32(255), dtype=np.float32)
