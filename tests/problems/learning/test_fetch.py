"""Downloads, from a server on this machine."""

import hashlib
import http.server
import io
import tarfile
import threading

import pytest
from tqdm import tqdm

from problems.cli import main
from problems.learning import data, sources
from problems.learning.fetch import Resuming, fetch

pytest.importorskip("pooch")

CONTENT = bytes(range(256)) * 2000


def sha256(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        files, seen = self.server.files, self.server.seen
        wanted = self.headers.get("Range")
        seen.append((self.path, wanted))
        name = self.path[1:]
        if name not in files:
            self.send_error(404)
            return
        content, start = files[name], 0
        if wanted and self.server.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
        self.send_response(206 if start else 200)
        if self.server.lengths:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = self.server.cut.pop(name, len(content))  # the connection breaks here, once
        self.wfile.write(content[start:stop])

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.files, httpd.seen, httpd.cut = {}, [], {}
        httpd.ranges = httpd.lengths = True
        httpd.url = f"http://127.0.0.1:{httpd.server_port}/"
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def plain(server, name="a.bin", checksum=None):
    checksum = checksum or sha256(CONTENT)
    download = data.Download(server.url + name, checksum)
    return {"set": data.Source("set", "Set", server.url, {name: checksum}, (download,))}


def archive(members):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


def packed(server, members, raw):
    server.files["set.tar.gz"] = raw
    download = data.Download(server.url + "set.tar.gz", sha256(raw), tuple(members))
    sums = {name: sha256(content) for name, content in members.items()}
    return {"set": data.Source("set", "Set", server.url, sums, (download,))}


def test_download_and_what_is_already_there(server, tmp_path):
    server.files["a.bin"] = CONTENT
    (path,) = fetch("set", tmp_path, plain(server))
    assert path == tmp_path / "set" / "a.bin"
    assert path.read_bytes() == CONTENT
    assert [p.name for p in path.parent.iterdir()] == ["a.bin"]
    assert server.seen == [("/a.bin", None)]
    assert fetch("set", tmp_path, plain(server)) == [path]
    assert len(server.seen) == 1  # nothing was asked for
    path.write_bytes(CONTENT[:-1])
    fetch("set", tmp_path, plain(server))
    assert path.read_bytes() == CONTENT
    assert len(server.seen) == 2


def test_a_corrupted_download_is_not_kept(server, tmp_path):
    server.files["a.bin"] = CONTENT[:-1] + b"?"
    message = f"a.bin must have the checksum {sha256(CONTENT)}; .* not kept"
    with pytest.raises(data.DataError, match=message):
        fetch("set", tmp_path, plain(server))
    assert not list((tmp_path / "set").iterdir())
    server.files["a.bin"] = CONTENT
    (path,) = fetch("set", tmp_path, plain(server))
    assert path.read_bytes() == CONTENT


def test_md5(server, tmp_path):
    server.files["a.bin"] = CONTENT
    good = "md5:" + hashlib.md5(CONTENT).hexdigest()
    assert fetch("set", tmp_path, plain(server, checksum=good))
    with pytest.raises(data.DataError, match="must have the checksum md5:0"):
        fetch("set", tmp_path / "other", plain(server, checksum="md5:" + "0" * 32))


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_goes_on(ranges, server, tmp_path):
    server.files["a.bin"], server.ranges = CONTENT, ranges
    server.cut["a.bin"] = 300_000
    with pytest.raises(OSError, match=r"300,?000"):
        fetch("set", tmp_path, plain(server))
    (part,) = (tmp_path / "set").iterdir()
    assert part.name == "a.bin.part"
    held = part.stat().st_size
    assert 0 < held <= 300_000
    assert part.read_bytes() == CONTENT[:held]
    (path,) = fetch("set", tmp_path, plain(server))
    assert server.seen[-1] == ("/a.bin", f"bytes={held}-")
    assert path.read_bytes() == CONTENT
    assert not part.exists()


def test_a_whole_part_is_verified_and_a_wrong_one_dropped(server, tmp_path):
    server.files["a.bin"] = CONTENT
    (tmp_path / "set").mkdir()
    part = tmp_path / "set" / "a.bin.part"
    part.write_bytes(CONTENT)
    (path,) = fetch("set", tmp_path, plain(server))
    assert path.read_bytes() == CONTENT
    path.unlink()
    part.write_bytes(b"something else")
    with pytest.raises(data.DataError, match="must have the checksum"):
        fetch("set", tmp_path, plain(server))
    assert not list(part.parent.iterdir())
    assert fetch("set", tmp_path, plain(server)) == [path]


def test_a_server_that_does_not_say_the_length(server, tmp_path):
    server.files["a.bin"], server.lengths = CONTENT, False
    (path,) = fetch("set", tmp_path, plain(server))
    assert path.read_bytes() == CONTENT


class Response:
    """What a server says, in two pieces of 1,000 bytes."""

    url = "http://server/a.bin"

    def __init__(self, length):
        self.headers = {"Content-Length": str(length)}

    def iter_content(self, size):
        return iter([bytes(1000)] * 2)


def test_an_end_that_comes_early_or_late(tmp_path):
    """Whether the library that reads the answer notices it or not."""
    part = tmp_path / "a.bin.part"
    Resuming(part).collect(Response(2000), 0)
    Resuming(part).collect(Response(2000), 2000)
    assert part.stat().st_size == 4000
    for length in (1999, 2001):
        message = f"http://server/a.bin ended after 6,000 of {4000 + length:,} bytes"
        part.write_bytes(bytes(4000))
        with pytest.raises(ConnectionError, match=message):
            Resuming(part).collect(Response(length), 4000)


def test_the_bar_counts_bytes_and_goes_away(tmp_path, monkeypatch):
    bars, shown = [], io.StringIO()

    class Bar(tqdm):
        def __init__(self, **given):
            changed = {"disable": False, "file": shown, "delay": 0, "mininterval": 0}
            super().__init__(**{**given, **changed})
            bars.append((self, given))

    monkeypatch.setattr("problems.learning.fetch.tqdm", Bar)
    part = tmp_path / "a.bin.part"
    part.write_bytes(bytes(500))
    Resuming(part).collect(Response(2000), 500)
    ((bar, given),) = bars
    assert (bar.n, bar.total) == (2500, 2500)
    assert "2.50k/2.50k" in shown.getvalue()
    assert shown.getvalue().endswith(" \r")  # nothing is left of it
    assert given["disable"] is None  # only on a terminal
    assert given["delay"] == 1  # and only for what takes more than a second


def test_archives(server, tmp_path):
    members = {"in/a": b"one", "in/b": b"two"}
    raw = archive({**members, "../evil": b"outside", "in/other": b"not wanted"})
    paths = fetch("set", tmp_path, packed(server, members, raw))
    assert [path.read_bytes() for path in paths] == [b"one", b"two"]
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert files == {"set/in/a", "set/in/b", "set/set.tar.gz"}
    (tmp_path / "set" / "set.tar.gz").unlink()
    assert fetch("set", tmp_path, packed(server, members, raw)) == paths
    assert len(server.seen) == 1  # the archive is not needed any more
    for path, content in zip(paths, (b"one", b"two"), strict=True):
        path.write_bytes(b"damaged")
        fetch("set", tmp_path, packed(server, members, raw))
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (archive({"in/a": b"one"}), "lacks some"),
        (archive({"in/a": b"one", "in/b": b"other"}), r"b is not the official Set file"),
        (archive({"in/a": b"one", "in/b": b"two" * 99999})[:-40], "corrupt or lacks some"),
        (b"no archive", "corrupt or lacks some"),
    ],
    ids=["a member is missing", "a member is another", "cut short", "no archive"],
)
def test_bad_archives(raw, message, server, tmp_path):
    members = {"in/a": b"one", "in/b": b"two"}
    with pytest.raises(data.DataError, match=message):
        fetch("set", tmp_path, packed(server, members, raw))
    assert not (tmp_path / "set" / "in" / "b").exists()


def test_what_archives_have_in_folders(server, tmp_path):
    members = {"in/deep/a": b"one"}
    (path,) = fetch("set", tmp_path, packed(server, members, archive(members)))
    assert path == tmp_path / "set" / "in" / "deep" / "a"
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        folder = tarfile.TarInfo("in/deep/a")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    message = "must have the file in/deep/a, got no regular file"
    with pytest.raises(data.DataError, match=message):
        fetch("set", tmp_path / "other", packed(server, members, raw.getvalue()))


def test_the_command(server, tmp_path, capsys, monkeypatch):
    server.files["a.bin"] = CONTENT
    for key, source in plain(server).items():
        monkeypatch.setitem(sources.SOURCES, key, source)
    args = ["fetch", "set", "--data", str(tmp_path)]
    assert main(args) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'set' / 'a.bin'}\n"
    (tmp_path / "set" / "a.bin").unlink()
    server.files.clear()
    assert main(args) == 1
    captured = capsys.readouterr()
    assert "404" in captured.err
    assert captured.out == ""
    server.files["a.bin"] = b"wrong"
    assert main(args) == 1
    assert "must have the checksum" in capsys.readouterr().err


def test_unknown_names(tmp_path, capsys):
    with pytest.raises(ValueError, match="unknown data set 'minst'; did you mean 'mnist'"):
        fetch("minst", tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["fetch", "minst"])
    assert stop.value.code == 2
    assert "did you mean 'mnist'?" in capsys.readouterr().err


def test_no_server(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    download = data.Download("http://127.0.0.1:9/a.bin", sha256(b""))
    table = {"set": data.Source("set", "Set", "home", {}, (download,))}
    with pytest.raises(OSError, match=r"127\.0\.0\.1"):
        fetch("set", tmp_path, table)
    assert not list((tmp_path / "set").iterdir())
