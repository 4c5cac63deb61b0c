"""Files are written whole or not at all, with other writers in the folder."""

import io
import pickle
import sys

import numpy as np
import pytest

from problems.files import arrays_of, leftovers, replacing, write_text
from problems.sweeps.records import RecordsError, locked


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("new")
        assert leftovers(path) == [temporary]
        1 / 0  # noqa: B018
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_planted_links_are_not_followed(tmp_path, monkeypatch):
    victim, path = tmp_path / "victim", tmp_path / "a.txt"
    victim.write_text("mine")
    monkeypatch.setattr("secrets.token_hex", lambda n: "0" * 2 * n)
    (tmp_path / f".a.{'0' * 16}.txt").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_text(path, "text")
    (tmp_path / "a.txt.lock").symlink_to(victim)
    with pytest.raises(RecordsError), locked(path):
        pass
    assert victim.read_text() == "mine"


def test_leftovers_are_those_of_this_file(tmp_path):
    for name in (f".a.{'0' * 16}.npz", f".a.b.{'0' * 16}.npz", ".a.1.npz", f".a.{'0' * 16}.csv"):
        (tmp_path / name).touch()
    assert [p.name for p in leftovers(tmp_path / "a.npz")] == [f".a.{'0' * 16}.npz"]
    assert leftovers(tmp_path / "[a].npz") == []


def test_what_is_no_archive_is_not_loaded():
    """And nobody is told to load it as a pickle."""
    stream = io.BytesIO()
    np.savez(stream, a=np.arange(3), b=np.ones(2))
    assert arrays_of(stream.getvalue()).keys() == {"a", "b"}
    array = io.BytesIO()
    np.save(array, np.arange(3))
    for content in (b"", b"PK", b"random", pickle.dumps([1]), array.getvalue()):
        with pytest.raises(ValueError, match=r"^it is no \.npz file$"):
            arrays_of(content)


def test_a_damaged_archive_is_named_in_one_line():
    stream = io.BytesIO()
    np.savez(stream, a=np.arange(300))
    content, header = stream.getvalue(), b"\x93NUMPY\x01\x00"
    at = content.index(header) + len(header)
    for damaged in (content[:100], content[:at] + b"\xff\xff" + content[at + 2 :]):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            arrays_of(damaged)
