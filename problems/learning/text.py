"""Texts as sequences of integers: Python's own help topics by character, Penn Treebank by word."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import flag, within
from problems.learning.sources import SOURCES, DataError, check, locate

__all__ = ["EOS", "UNKNOWN", "Corpus", "characters", "penn_treebank", "topics"]

#: Ends every line of Penn Treebank.
EOS = "<eos>"
#: What Penn Treebank's files have in place of rare words.
UNKNOWN = "<unk>"


@dataclass(frozen=True)
class Corpus:
    """A text in three parts, as indices into a vocabulary.

    Attributes
    ----------
    train, valid, test : array of int64, shape (n,)
        The parts, in reading order.
    vocabulary : tuple of str
        The characters or words.
    sha256 : str
        SHA-256 of the whole text in UTF-8: training, validation, test.
    """

    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    test: NDArray[np.int64]
    vocabulary: tuple[str, ...]
    sha256: str


def topics(*, held_out: float = 0.05) -> Corpus:
    """The help topics of Python's standard library, by character: about 465,000 of English.

    The module ``pydoc_data.topics`` is what ``help("LOOPING")`` shows. Its topics are put one
    after the other in the order of their names. **The text differs between versions of Python**,
    and with it every result: report `Corpus.sha256` beside results.

    Parameters
    ----------
    held_out : float
        The share of the text that is kept for validation, in (0, 0.5); as much again, at the end,
        for testing.

    Examples
    --------
    >>> corpus = topics()
    >>> text = "".join(corpus.vocabulary[i] for i in corpus.train)
    >>> "assert" in text and len(corpus.sha256) == 64
    True
    """
    from pydoc_data.topics import topics as by_name  # half a megabyte

    return characters("\n".join(by_name[name] for name in sorted(by_name)), held_out=held_out)


def characters(text: str, *, held_out: float = 0.05) -> Corpus:
    r"""Any text by character; the vocabulary is its characters in the order of their code points.

    Parameters
    ----------
    text : str
        The text.
    held_out : float
        As for `topics`.

    Raises
    ------
    DataError
        If the text is empty, or so short that a part would be.

    Examples
    --------
    >>> corpus = characters("abracadabra", held_out=0.2)
    >>> corpus.vocabulary, corpus.train, corpus.valid, corpus.test
    (('a', 'b', 'c', 'd', 'r'), array([0, 1, 4, 0, 2, 0, 3]), array([0, 1]), array([4, 0]))
    """
    share = float(within("held_out", held_out, "(0, 0.5)"))
    count = round(share * len(text))
    if count < 1 or len(text) - 2 * count < 1:
        raise DataError(
            f"text must be long enough for three parts, got {len(text)} characters with held_out "
            f"{held_out!r}"
        )
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    symbols, ids = np.unique(codes, return_inverse=True)
    train, valid, test = np.split(ids.astype(np.int64), [len(ids) - 2 * count, len(ids) - count])
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Corpus(train, valid, test, tuple(chr(code) for code in symbols), digest)


def penn_treebank(folder: str | Path, *, verify: bool = True) -> Corpus:
    """Penn Treebank by word, from Mikolov's three text files. Nothing is downloaded.

    Words are what white space separates; every line ends with `EOS`. The vocabulary is the
    training file's words, the most frequent first and equally frequent ones in alphabetical order
    (officially 10,000 with `EOS`); a word of another file that is not in it becomes `UNKNOWN`.

    Parameters
    ----------
    folder : str or Path
        Has ``ptb.train.txt``, ``ptb.valid.txt`` and ``ptb.test.txt``.
    verify : bool
        Whether the files must have the official checksums. False reads any text.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    DataError
        If one is empty, no UTF-8, or not the official one, or has a word that training has not
        while training has no `UNKNOWN`.
    """
    verify = flag("verify", verify)
    source, whole = SOURCES["ptb"], hashlib.sha256()
    parts: list[tuple[Path, list[str]]] = []
    for name, path in locate(source, folder).items():
        data = path.read_bytes()
        words = words_of(data, path)
        if verify:
            check(source, name, path, data)
        whole.update(data)
        parts.append((path, words))
    counts = Counter(parts[0][1])
    vocabulary = tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    index = {word: i for i, word in enumerate(vocabulary)}
    arrays = []
    for path, words in parts:
        unknown = [word for word in words if word not in index]
        if unknown and UNKNOWN not in index:
            raise DataError(
                f"{path}: every word must be among the training file's, or that must have "
                f"{UNKNOWN}; got {unknown[0]!r}"
            )
        arrays.append(np.array([index[w if w in index else UNKNOWN] for w in words], np.int64))
    train, valid, test = arrays
    return Corpus(train, valid, test, vocabulary, whole.hexdigest())


def words_of(data: bytes, path: Path) -> list[str]:
    """The words of a file, with the ends of lines."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} must be text in UTF-8, got {error}") from None
    if not text.split():
        raise DataError(f"{path} must have words, got a file of {len(data)} bytes without any")
    return [word for line in text.splitlines() for word in (*line.split(), EOS)]
