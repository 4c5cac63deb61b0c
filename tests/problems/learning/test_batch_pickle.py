"""Limits of the reader of pickled batches: each admits what reaches it, and nothing beyond."""

import pickle
import pickletools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from problems.learning import batch_pickle
from problems.learning.batch_pickle import check_program, read_batch
from problems.learning.sources import DataError

PLAIN = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def depth(thing):
    """The most containers around anything in a thing."""
    inside = list(thing.values()) if isinstance(thing, dict) else thing
    if not isinstance(thing, (list, tuple, dict)) or not inside:
        return 0
    return 1 + max(depth(one) for one in inside)


def refusal(data):
    """What is said of a program, None if it is admitted."""
    try:
        check_program(data)
    except DataError as error:
        return str(error)
    return None


def batch(images, labels):
    return pickle.dumps({"data": images, "labels": labels}, protocol=4)


def read(data, width=3):
    return read_batch(data, Path("batch"), width)


@given(PLAIN, st.integers(0, 4))
@settings(max_examples=50, deadline=None)
def test_depth_is_that_of_what_is_built(thing, protocol):
    """In all protocols, with lists and dicts filled one by one or at once, and shared tuples."""
    shared = (thing, 1)
    for one in (thing, [shared, 2, [[shared], 3]]):
        data = pickle.dumps(one, protocol)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(batch_pickle, "DEPTH", depth(one))
            assert refusal(data) is None
            patch.setattr(batch_pickle, "DEPTH", depth(one) - 1)
            assert refusal(data) == f"nests deeper than {depth(one) - 1} containers"


def test_bytes_and_steps(monkeypatch):
    data = batch(np.zeros((2, 3), np.uint8), [1, 1])
    steps = len(list(pickletools.genops(data)))
    for name, size, message in (
        ("BYTES", len(data), f"has more than {len(data) - 1} bytes"),
        ("STEPS", steps, f"has more than {steps - 1} steps"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(batch_pickle, name, size)
            assert refusal(data) is None
            patch.setattr(batch_pickle, name, size - 1)
            assert refusal(data) == message


def test_as_many_keys_and_calls_as_are_allowed():
    keys = b"\x80\x02}(" + b"K\x01N" * 64 + b"u."
    calls = b"\x80\x02cnumpy\nndarray\nq\x00" + b"h\x00)R0" * 64 + b"."
    for data, more in ((keys, b"(K\x01Nu."), (keys, b"K\x01Ns."), (calls, b")R."), (calls, b"Nb.")):
        assert refusal(data) is None
        assert refusal(data[:-1] + more) == "has more than 64 keys and calls"
    for data in (b"\x80\x04\x8f.", b"\x80\x04(\x91."):
        assert refusal(data) == "has a set"


def test_places_of_the_memo():
    """At most the number of the step, which is the second here."""
    assert refusal(b"]q\x02.") is None
    assert refusal(b"]q\x03.") == "has a memo with gaps"
    assert refusal(b"]q\x01]q\x00h\x01.") is None
    with pytest.raises(KeyError):
        check_program(b"]q\x01h\x00.")
    assert refusal(b"\x80\x04]\x94]\x94h\x01.") is None  # the next free places, 0 and 1
    with pytest.raises(KeyError):
        check_program(b"\x80\x04]\x94]\x94h\x02.")


def test_as_many_images_as_the_bytes_allow():
    """A list is written by the thousand, which does not make it deeper."""
    x = np.arange(60_000, dtype=np.uint8).reshape(20_000, 3)
    images, labels = read(batch(x, list(range(20_000))))
    assert np.array_equal(images, x)
    assert labels.tolist() == list(range(20_000))


class Made:
    """Pickled as a call of something of NumPy, with a state."""

    def __init__(self, *parts):
        self.parts = parts

    def __reduce__(self):
        return self.parts


RECONSTRUCT, BYTE = np._core.multiarray._reconstruct, np.dtype("u1")


def made(how=RECONSTRUCT, dtype=BYTE, shape=(2, 3)):
    """An array of six bytes, with a part of another kind."""
    return Made(how, (), (1, shape, dtype, False, bytes(range(6))))


def test_arrays_are_of_the_parts_of_one():
    images, _ = read(batch(made(), [1, 1]))
    assert images.tolist() == [[0, 1, 2], [3, 4, 5]]
    for thing, message in (
        (made(how=np.ndarray), "got Piece"),
        (Made(np.ndarray, (), [1, 2]), "got Piece"),
        (Made(RECONSTRUCT, (), (1, (2, 3))), "got Piece"),
        ((1, (2, 3), np.dtype("u1"), False, bytes(6)), "got tuple"),
        (made(dtype="u1"), "got another dtype"),
        (made(dtype=Made(np.ndarray, ("u1",))), "got another dtype"),
        (made(dtype=np.dtype("i1")), "got another dtype"),
        (made(shape=(0, 3)), r"got shape \(0, 3\)"),
        (made(shape=(-2, -3)), r"got shape \(-2, -3\)"),
        (made(shape=(2, 4)), r"got shape \(2, 4\)"),
        (made(shape=(6, 1)), r"got shape \(6, 1\)"),
        (made(shape=[2, 3]), "got another shape"),
        (made(shape=(2**63 - 1, 4)), r"got shape \(9223372036854775807, 4\)"),
        (made(shape=(2**63, 3)), "got another shape"),
        (made(shape=(10**5000, 3)), "got another shape"),
        (made(shape=(1, 3)), "with other than 3 bytes"),
    ):
        with pytest.raises(DataError, match=rf"of shape \(n, 3\), .*{message}"):
            read(batch(thing, [1, 1]))


def test_one_image_and_none():
    images, _ = read(batch(np.ones((1, 3), np.uint8), [1]))
    assert images.tolist() == [[1, 1, 1]]
    with pytest.raises(DataError, match=r"of shape \(n, 3\), got shape \(0, 3\)"):
        read(batch(np.ones((0, 3), np.uint8), []))


def test_labels_are_of_64_bits():
    x = np.zeros((2, 3), np.uint8)
    assert read(batch(x, [2**63 - 1, 1 - 2**63]))[1].tolist() == [2**63 - 1, 1 - 2**63]
    for label in (2**63, -(2**63) - 1):
        with pytest.raises(DataError, match="labels must be a list of integers"):
            read(batch(x, [0, label]))
