"""Data sets for the networks: what is always there, and readers of official files.

``digits`` and ``topics`` are real data that come with scikit-learn and with Python. ``mnist``,
``cifar10`` and ``penn_treebank`` read the official files from a folder and never download;
``fetch`` does.
"""

from problems.learning.batches import crop_and_flip, minibatches, streams
from problems.learning.fetch import fetch
from problems.learning.images import CLASSES, Images, cifar10, digits, mnist
from problems.learning.sources import SOURCES, DataError, Download, Source
from problems.learning.text import EOS, UNKNOWN, Corpus, characters, penn_treebank, topics

__all__ = [
    "CLASSES",
    "EOS",
    "SOURCES",
    "UNKNOWN",
    "Corpus",
    "DataError",
    "Download",
    "Images",
    "Source",
    "characters",
    "cifar10",
    "crop_and_flip",
    "digits",
    "fetch",
    "minibatches",
    "mnist",
    "penn_treebank",
    "streams",
    "topics",
]
