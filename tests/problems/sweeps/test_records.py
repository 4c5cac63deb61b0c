"""A file of records: its lines, its lock, and what is on disk when."""

import json
import math
import os
import sys

import pytest

from problems.sweeps import records as module
from problems.sweeps.records import RecordsError, decode, encode, locked, read, recording

HEADER = {"cells": 9, "problem": "p"}


def nothing(cell):
    return {}


def opened(path, resume=False, **header):
    return recording(path, {**HEADER, **header}, nothing, (), resume)


def written(path, *cells):
    """A file with records of these cells, in this order."""
    with opened(path) as records:
        records.append({"cell": cell, "x": 1.5} for cell in cells)
    return path


def test_lines():
    line = encode({"cell": 0, "x": 1.5})
    assert decode(line) == {"cell": 0, "x": 1.5}
    body = line.removesuffix(b"}\n")
    for damaged in (
        line.replace(b"1.5", b"1.6"),
        line.replace(b": ", b":"),
        line.replace(b"cell", b"sell"),
        line[:-1],
        body + b', "y": 1}\n',
        b"[1]\n",
    ):
        assert decode(damaged) is None
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            encode({"x": value})


@pytest.mark.parametrize(
    "first", [b"{}\n", encode({"kind": "another"}), encode({"cell": 0}), b"text\n"]
)
def test_a_file_that_does_not_begin_as_one_of_a_sweep(first, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(first + encode({"cell": 0}))
    with pytest.raises(RecordsError, match=r"a\.jsonl must be a file of a sweep's results"):
        read(path)
    assert path.read_bytes() == first + encode({"cell": 0})


def test_places_are_where_lines_are(tmp_path):
    path = tmp_path / "a.jsonl"
    with opened(path) as records:
        records.append([{"cell": 3}, {"cell": 10, "x": "longer"}, {"cell": 0}])
        records.append([])
        records.append([{"cell": 7}])
        data = path.read_bytes()
        found = {cell: decode(data[a:b])["cell"] for cell, (a, b) in records.places.items()}
    assert list(found.items()) == [(3, 3), (10, 10), (0, 0), (7, 7)]


def test_resumed_places_are_those_of_the_one_who_wrote(tmp_path):
    path = tmp_path / "a.jsonl"
    with opened(path) as records:
        records.append([{"cell": 3}, {"cell": 1, "x": "longer"}])
        places = dict(records.places)
    with opened(path, resume=True) as records:
        assert records.places == places
        records.append([{"cell": 2}])
        records.sort()
    assert [record["cell"] for record in read(path)[1]] == [1, 2, 3]


def test_records_that_are_not_written_have_no_place(tmp_path, monkeypatch):
    path = written(tmp_path / "a.jsonl", 0)
    with opened(path, resume=True) as records:
        places, end = dict(records.places), records.end

        def full(file):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(module, "_to_disk", full)
        with pytest.raises(OSError, match="No space left"):
            records.append([{"cell": 1}])
        assert (records.places, records.end) == (places, end)


def test_what_is_cut_short_is_cut_off(tmp_path):
    path = written(tmp_path / "a.jsonl", 0, 1)
    data = path.read_bytes()
    for cut in (1, 5):
        path.write_bytes(data[:-cut])
        with opened(path, resume=True) as records:
            assert list(records.places) == [0]
            assert len(path.read_bytes()) == records.end
            records.append([{"cell": 1, "x": 1.5}])
        assert path.read_bytes() == data


@pytest.mark.parametrize("content", [None, b""])
def test_an_empty_file_is_begun(content, tmp_path):
    path = tmp_path / "folder" / "of" / "a.jsonl"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with opened(path):
        assert read(path)[0]["cells"] == 9


def test_a_file_of_one_byte_is_not_empty(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b" ")
    with pytest.raises(RecordsError, match="must be a new file"), opened(path):
        pass
    assert path.read_bytes() == b" "


def test_a_sorted_file_is_left_as_it_is(tmp_path):
    path = written(tmp_path / "a.jsonl", 0, 1, 2)
    before = path.stat()
    with opened(path, resume=True) as records:
        records.sort()
    assert os.path.samestat(before, path.stat())
    path = written(tmp_path / "b.jsonl", 2, 0, 1)
    with opened(path, resume=True) as records:
        records.sort()
        assert records.file.closed  # Windows replaces no open file
    assert path.read_bytes() == (tmp_path / "a.jsonl").read_bytes()


def test_all_is_on_disk_before_it_is_relied_on(tmp_path, monkeypatch):
    """The size of a file when it is synced, and what has its name then."""
    really, synced, path = os.fsync, [], tmp_path / "a.jsonl"

    def fsync(descriptor):
        synced.append((os.fstat(descriptor).st_size, path.exists() and path.stat().st_size))
        really(descriptor)

    monkeypatch.setattr(module.os, "fsync", fsync)
    with opened(path) as records:
        header = path.stat().st_size
        assert synced.pop() == (header, False)
        records.append([{"cell": 1}])
        one = path.stat().st_size
        assert synced.pop() == (one, one)
        records.append([{"cell": 0}])
        both = path.stat().st_size
        assert synced.pop() == (both, both)
        records.sort()
        assert synced == [(both, both)]
    assert [record["cell"] for record in read(path)[1]] == [0, 1]


@pytest.mark.parametrize("length", [57, 58, 59])
def test_long_values_are_shortened(length, tmp_path):
    """To 60 characters, quotes and all."""
    path = tmp_path / "a.jsonl"
    with opened(path, problem="a" * length):
        pass
    text = json.dumps("a" * length)
    shown = text if length <= 58 else text[:57] + "..."
    assert len(shown) <= 60
    message = f'problem is {shown} there, "b" here'
    with pytest.raises(RecordsError) as caught, opened(path, resume=True, problem="b"):
        pass
    assert str(caught.value).endswith(message)


@pytest.fixture
def descriptors(monkeypatch):
    """What was opened as a lock."""
    really, found = os.open, []

    def kept(*args):
        found.append(really(*args))
        return found[-1]

    monkeypatch.setattr(module.os, "open", kept)
    return found


def is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_a_lock_is_let_go(tmp_path, descriptors):
    path = tmp_path / "a.jsonl"
    with locked(path):
        assert (tmp_path / "a.jsonl.lock").stat().st_mode & 0o111 == 0
        with pytest.raises(RecordsError, match="must have one writer"), locked(path):
            pass
        first, second = descriptors
        assert (is_open(first), is_open(second)) == (True, False)
    assert not is_open(first)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_another_has_removed_is_let_go(tmp_path, descriptors, monkeypatch):
    """The holder removed the file between our opening and our locking it."""
    answers = iter([False, True])
    monkeypatch.setattr(module, "_is", lambda lock, path: next(answers))
    with locked(tmp_path / "a.jsonl"):
        first, second = descriptors
        assert first == second  # the least that is free, so that the first was closed


@pytest.mark.skipif(sys.platform == "win32", reason="there a lock is removed once it is closed")
def test_the_lock_of_the_next_one_is_not_removed(tmp_path, monkeypatch):
    """Who waited for the lock makes its file as soon as it is closed."""
    really, beside = os.close, tmp_path / "a.jsonl.lock"

    def close(descriptor):
        really(descriptor)
        beside.touch()

    with monkeypatch.context() as patch:
        with locked(tmp_path / "a.jsonl"):
            patch.setattr(module.os, "close", close)
        assert beside.exists()


def test_a_lock_that_cannot_be_removed_is_left(tmp_path, monkeypatch):
    """In a folder that was made read-only meanwhile; what was done under it is done."""
    path = tmp_path / "a.jsonl"

    def unlink(self, missing_ok=False):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch, locked(path):
        patch.setattr(type(path), "unlink", unlink)
    assert (tmp_path / "a.jsonl.lock").exists()
    with locked(path):
        pass
    assert not (tmp_path / "a.jsonl.lock").exists()


def test_places_where_no_file_can_be(tmp_path):
    (tmp_path / "a").write_text("")
    (tmp_path / "b.jsonl").mkdir()
    for path, message in (
        (tmp_path / "a" / "b.jsonl", "must be a file that can be written"),
        (tmp_path / "b.jsonl", "must be a file, but is not"),
    ):
        with pytest.raises(RecordsError, match=message), opened(path):
            pass


def test_a_file_that_cannot_be_opened_again(tmp_path, monkeypatch):
    """For writing, after it was read."""
    path = written(tmp_path / "a.jsonl", 0)
    really = type(path).open

    def opens(self, mode="r", *args, **options):
        if mode == "r+b":
            raise PermissionError(13, "Permission denied")
        return really(self, mode, *args, **options)

    monkeypatch.setattr(type(path), "open", opens)
    message = r"a\.jsonl must be a file that can be written, got .*Permission denied"
    with pytest.raises(RecordsError, match=message), opened(path, resume=True):
        pass
