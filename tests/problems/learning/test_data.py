"""Data sets: readers of official formats, batches, and what bad files lead to."""

import dataclasses
import gzip
import hashlib
import os
import pickle
import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from problems.learning import data, sources
from problems.learning import images as images_module
from problems.learning.batch_pickle import read_batch
from problems.learning.extras import optional
from problems.learning.sources import DataError
from tests.faults.pickles import HOSTILE

RNG = np.random.default_rng(0)
PARTS = {"train": 12, "t10k": 5}
BATCHES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def idx_bytes(array):
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def mnist_folder(tmp_path):
    for part, n in PARTS.items():
        images = RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        labels = np.arange(n, dtype=np.uint8) % 10
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    return tmp_path


def cifar_arrays(n=3):
    return {
        name: (
            RNG.integers(0, 256, (n, 3072), dtype=np.uint8),
            RNG.integers(0, 10, n).astype(np.uint8),
        )
        for name in BATCHES
    }


def write_binary(folder, arrays):
    for name, (x, y) in arrays.items():
        (folder / f"{name}.bin").write_bytes(np.hstack([y[:, None], x]).tobytes())


class Python2Pickler(pickle._Pickler):
    """Strings and bytes both as Python 2's str, as in the official files."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012

    def save_text(self, text):
        raw = text.encode("latin1") if isinstance(text, str) else text
        head = b"U" + bytes([len(raw)]) if len(raw) < 256 else b"T" + struct.pack("<i", len(raw))
        self.write(head + raw)
        self.memoize(text)

    dispatch[str] = dispatch[bytes] = save_text


def python2_pickle(thing, tmp_path):
    with (tmp_path / "scratch").open("wb") as file:
        Python2Pickler(file, protocol=2).dump(thing)
    raw = (tmp_path / "scratch").read_bytes()
    (tmp_path / "scratch").unlink()
    return raw.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")


def batch_of(x, y):
    return {"batch_label": "a batch", "labels": y.tolist(), "data": x, "filenames": ["a.png"] * 3}


def check_cifar(got, arrays):
    x = np.concatenate([arrays[name][0] for name in BATCHES[:5]]).reshape(-1, 3, 32, 32)
    assert got.train_images.dtype == got.test_images.dtype == np.float32
    assert got.train_labels.dtype == got.test_labels.dtype == np.int64
    np.testing.assert_array_equal(got.train_images, (x / 255).astype(np.float32))
    np.testing.assert_array_equal(
        got.train_labels, np.concatenate([arrays[name][1] for name in BATCHES[:5]])
    )
    test = arrays["test_batch"][0].reshape(-1, 3, 32, 32)
    np.testing.assert_array_equal(got.test_images, (test / 255).astype(np.float32))
    np.testing.assert_array_equal(got.test_labels, arrays["test_batch"][1])


# What is always there


def test_digits():
    one, two, other = data.digits(), data.digits(), data.digits(seed=1)
    for a, b in zip(dataclasses.astuple(one), dataclasses.astuple(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one.train_labels, other.train_labels)
    for images in (one.train_images, one.test_images):
        assert images.dtype == np.float32
        assert (images.min(), images.max()) == (0, 1)
    assert one.train_labels.dtype == one.test_labels.dtype == np.int64
    assert len(one.train_images) + len(one.test_images) == 1797
    rows = np.concatenate([one.train_images, one.test_images]).reshape(1797, -1)
    rows_other = np.concatenate([other.train_images, other.test_images]).reshape(1797, -1)
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], rows_other[np.lexsort(rows_other.T)])
    assert set(one.test_labels) == set(range(10))
    with pytest.raises(ValueError, match=r"test_share must be in \(0, 1\), got 1"):
        data.digits(test_share=1)
    for count in (1, 1796):
        assert len(data.digits(test_share=count / 1797).test_images) == count
    with pytest.raises(ValueError, match=r"of 1797 images to either part, got 0\.9999"):
        data.digits(test_share=0.9999)
    with pytest.raises(ValueError, match=r"at least one of 1797 images to either part, got 1e-09"):
        data.digits(test_share=1e-9)


@pytest.mark.parametrize(
    ("module", "call", "extra"),
    [
        ("sklearn", lambda folder: data.digits(), "test"),
        ("pooch", lambda folder: data.fetch("mnist", folder), "data"),
    ],
)
def test_an_absent_package_names_the_extra(module, call, extra, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    for name in [name for name in sys.modules if name.startswith(module + ".")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match=rf'the extra "{extra}" installs: .*\[{extra}\]'):
        call(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_checksums_where_md5_is_forbidden_for_security(monkeypatch):
    """As on machines in FIPS mode; here it only tells a damaged file from a whole one."""
    real = hashlib.new

    def new(name, content, *, usedforsecurity=True):
        assert name != "md5" or not usedforsecurity
        return real(name, content)

    monkeypatch.setattr(hashlib, "new", new)
    assert sources.digest(b"", "md5:") == "md5:d41d8cd98f00b204e9800998ecf8427e"


def test_a_package_that_lacks_something_of_its_own(tmp_path, monkeypatch):
    """What it says is said, and no extra is named."""
    (tmp_path / "lame.py").write_text("import no_such_package.part")
    (tmp_path / "mute.py").write_text("raise ModuleNotFoundError('something is missing')")
    monkeypatch.syspath_prepend(tmp_path)
    for module, message in (
        ("lame", "No module named 'no_such_package'"),
        ("mute", "something is missing"),
    ):
        with pytest.raises(ModuleNotFoundError, match=f"^{message}$"):
            optional(module, "test", "this test")


def test_topics():
    from pydoc_data.topics import topics

    corpus = data.topics()
    ids = np.concatenate([corpus.train, corpus.valid, corpus.test])
    text = "".join(corpus.vocabulary[i] for i in ids)
    assert text == "\n".join(text for _, text in sorted(topics.items()))
    assert corpus.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert ids.dtype == np.int64
    assert len(corpus.valid) == len(corpus.test) == round(0.05 * len(text))
    assert len(text) > 300_000
    code = "from problems.learning.data import topics; print(topics().sha256)"
    root = Path(__file__).parents[3]
    other = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout.strip() == corpus.sha256


def test_topics_are_sorted(monkeypatch):
    import pydoc_data.topics as module

    expected = data.topics().sha256
    monkeypatch.setattr(module, "topics", dict(reversed(module.topics.items())))
    assert data.topics().sha256 == expected


@pytest.mark.parametrize(("text", "held_out"), [("", 0.05), ("a", 0.4), ("ab", 0.05), ("ab", 0.4)])
def test_an_empty_text(text, held_out):
    with pytest.raises(data.DataError, match=f"three parts, got {len(text)} characters"):
        data.characters(text, held_out=held_out)


def test_the_shortest_texts():
    """A character for each part; as many for training as they leave."""
    for text, held_out, count in (("abc", 0.33, 1), ("abcde", 0.4, 2), ("abcd", 0.25, 1)):
        corpus = data.characters(text, held_out=held_out)
        train, valid, test = (part.tolist() for part in (corpus.train, corpus.valid, corpus.test))
        assert train + valid + test == list(range(len(text)))
        assert len(valid) == len(test) == count


# MNIST


@pytest.mark.parametrize("zipped", [False, True])
def test_mnist(zipped, mnist_folder):
    expected = data.mnist(mnist_folder, verify=False)
    raw = (mnist_folder / "train-images-idx3-ubyte").read_bytes()
    pixels = np.frombuffer(raw[16:], np.uint8).reshape(12, 1, 28, 28)
    if zipped:
        for path in list(mnist_folder.iterdir()):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    got = data.mnist(mnist_folder, verify=False)
    np.testing.assert_array_equal(got.train_images, (pixels / 255).astype(np.float32))
    np.testing.assert_array_equal(got.train_labels, np.arange(12) % 10)
    assert got.train_images.dtype == np.float32
    assert got.train_labels.dtype == np.int64
    assert got.test_images.shape == (5, 1, 28, 28)
    for a, b in zip(dataclasses.astuple(got), dataclasses.astuple(expected), strict=True):
        np.testing.assert_array_equal(a, b)


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (IMAGES, lambda b: b"", "magic number 0x00000803 .*got 0x$"),
        (IMAGES, lambda b: b"\x00\x00\x08\x01" + b[4:], "0x00000803 .*3 axes.*got 0x00000801"),
        (IMAGES, lambda b: b"\x00\x00\x0d\x03" + b[4:], "unsigned bytes.*got 0x00000d03$"),
        (LABELS, lambda b: b"\x00\x00\x08\x02" + b[4:], r"0x00000801 \(unsigned bytes, 1 axis\)"),
        (IMAGES, lambda b: b[:10], "a header of 16 bytes, got 10"),
        (IMAGES, lambda b: b[:4] + struct.pack(">I", 13) + b[8:], "10,192 bytes.*got 9,408"),
        (IMAGES, lambda b: b[:4] + b"\xff" * 12 + b[16:], "got 9,408: is it cut short"),
        (IMAGES, lambda b: b[:4] + bytes(4) + b[8:16], r"at least 1, got \(0, 28, 28\)"),
        (IMAGES, lambda b: b[:-1], "9,408 bytes.*got 9,407: is it cut short"),
        (IMAGES, lambda b: b + b"\x00", "9,408 bytes.*got 9,409"),
        (LABELS, lambda b: b[:-1] + b"\x0a", "labels must be from 0 to 9, got 10 at index 11"),
        (LABELS, lambda b: idx_bytes(np.zeros(11, np.uint8)), "12 images, .* 11 labels"),
        (LABELS, lambda b: gzip.compress(b)[:-9], "whole gzip file.*cut short"),
        (LABELS, lambda b: gzip.compress(b)[:4], "whole gzip file.*cut short"),
        (LABELS, lambda b: gzip.compress(b)[:-8] + bytes(8), "whole gzip file.*CRC"),
    ],
)
def test_bad_idx(name, damage, message, mnist_folder):
    path = mnist_folder / name
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(data.DataError, match=message) as caught:
        data.mnist(mnist_folder, verify=False)
    assert name in str(caught.value)


def test_images_of_training_and_testing_have_one_shape(mnist_folder):
    small = idx_bytes(np.zeros((5, 20, 24), np.uint8))
    (mnist_folder / "t10k-images-idx3-ubyte").write_bytes(small)
    message = r"have shape \(1, 28, 28\), test images \(1, 20, 24\); they must agree"
    with pytest.raises(data.DataError, match=message):
        data.mnist(mnist_folder, verify=False)


@pytest.mark.parametrize(("verify", "most"), [(False, "ANY"), (True, "OFFICIAL")])
def test_a_gz_that_holds_too_much(verify, most, mnist_folder, monkeypatch):
    """It is not read to its end."""
    path = mnist_folder / IMAGES
    content = path.read_bytes()
    path.rename(path.with_name(IMAGES + ".gz")).write_bytes(gzip.compress(content))
    monkeypatch.setattr(images_module, most, len(content))
    if verify:
        with pytest.raises(data.DataError, match="is not the official MNIST file"):
            data.mnist(mnist_folder)
    else:
        data.mnist(mnist_folder, verify=False)
    monkeypatch.setattr(images_module, most, len(content) - 1)
    with pytest.raises(data.DataError, match="must hold at most 9,423 bytes, got more"):
        data.mnist(mnist_folder, verify=verify)


def test_a_gz_that_is_none(mnist_folder):
    path = mnist_folder / LABELS
    path.rename(path.with_name(LABELS + ".gz"))
    with pytest.raises(data.DataError, match="must be a whole gzip file"):
        data.mnist(mnist_folder, verify=False)


def test_other_files_are_not_the_official_ones(mnist_folder):
    expected = sources.SOURCES["mnist"].files[IMAGES]
    message = f"{IMAGES} is not the official MNIST file: expected {expected}, got sha256:.* fetch"
    with pytest.raises(data.DataError, match=message):
        data.mnist(mnist_folder)
    with pytest.raises(TypeError, match="verify must be True or False, got 'no'"):
        data.mnist(mnist_folder, verify="no")


@pytest.mark.parametrize(
    ("read", "names"),
    [
        (data.mnist, ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "fetch mnist"]),
        (data.cifar10, ["data_batch_1.bin", "test_batch.bin", "cifar.html", "fetch cifar10"]),
        (data.penn_treebank, ["ptb.train.txt", "ptb.test.txt", "fetch ptb"]),
    ],
)
def test_absent_files(read, names, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        read(tmp_path / "nowhere")
    for name in [*names, "nowhere"]:
        assert name in str(caught.value)


def test_only_what_is_missing_is_listed(mnist_folder):
    (mnist_folder / IMAGES).unlink()
    with pytest.raises(FileNotFoundError, match=IMAGES) as caught:
        data.mnist(mnist_folder)
    assert LABELS not in str(caught.value)


# CIFAR-10


@pytest.mark.parametrize("folder", ["", "cifar-10-batches-bin"])
def test_cifar_binary(folder, tmp_path):
    arrays = cifar_arrays()
    (tmp_path / folder).mkdir(exist_ok=True)
    write_binary(tmp_path / folder, arrays)
    check_cifar(data.cifar10(tmp_path, verify=False), arrays)
    with pytest.raises(data.DataError, match="not the official"):
        data.cifar10(tmp_path)


@pytest.mark.parametrize("form", ["python 2", "fortran order", "bytes keys", 3, 4])
def test_cifar_python(form, tmp_path):
    arrays = cifar_arrays()
    for name, (x, y) in arrays.items():
        batch = batch_of(np.asfortranarray(x) if form == "fortran order" else x, y)
        if form in ("python 2", "fortran order"):
            raw = python2_pickle(batch, tmp_path)
            assert b"cnumpy.core.multiarray\n_reconstruct" in raw
        else:
            if form == "bytes keys":
                batch = {key.encode(): value for key, value in batch.items()}
            raw = pickle.dumps(batch, protocol=form if isinstance(form, int) else 4)
        plain = pickle.loads(raw, encoding="latin1")  # a pickle like any other
        np.testing.assert_array_equal(plain.get("data", plain.get(b"data")), x)
        (tmp_path / name).write_bytes(raw)
    check_cifar(data.cifar10(tmp_path, verify=False), arrays)
    with pytest.raises(data.DataError, match="expected md5:"):
        data.cifar10(tmp_path)


@pytest.mark.parametrize("cut", [1, 3072])
def test_a_binary_batch_cut_short(cut, tmp_path):
    write_binary(tmp_path, cifar_arrays())
    path = tmp_path / "data_batch_3.bin"
    path.write_bytes(path.read_bytes()[:-cut])
    message = rf"data_batch_3.bin must have .* 3073 bytes.*got {9219 - cut:,} bytes: is it cut"
    with pytest.raises(data.DataError, match=message):
        data.cifar10(tmp_path, verify=False)
    path.write_bytes(b"")
    with pytest.raises(data.DataError, match="got 0 bytes"):
        data.cifar10(tmp_path, verify=False)


def test_cifar_labels_out_of_range(tmp_path):
    arrays = cifar_arrays()
    arrays["test_batch"][1][1] = 10
    write_binary(tmp_path, arrays)
    with pytest.raises(data.DataError, match=r"test_batch.bin: .*0 to 9, got 10 at index 1"):
        data.cifar10(tmp_path, verify=False)


ZEROS = np.zeros((3, 3072), np.uint8)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([1, 2], "a pickled dict, got list"),
        ({"data": ZEROS}, r"keys 'data' and 'labels', but lacks 'labels'"),
        ({"data": ZEROS, "labels": [0, 1]}, "3 images and 2 labels"),
        ({"data": ZEROS, "labels": [0, 1, -1]}, "0 to 9, got -1 at index 2"),
        ({"data": ZEROS, "labels": [0, 1, 2**70]}, "a list of integers"),
        ({"data": ZEROS, "labels": "012"}, "a list of integers"),
        ({"data": ZEROS, "labels": [0, 1, 2.5]}, "a list of integers"),
        ({"data": ZEROS.tolist(), "labels": [0] * 3}, "unsigned bytes.*got list"),
        ({"data": ZEROS.astype(np.float32), "labels": [0] * 3}, "got another dtype"),
        ({"data": np.zeros((3, 3072), object), "labels": [0] * 3}, "got another dtype"),
        ({"data": ZEROS[:, :-1].copy(), "labels": [0] * 3}, r"\(n, 3072\).*got shape \(3, 3071\)"),
        ({"data": ZEROS.ravel(), "labels": [0] * 3}, "got another shape"),
    ],
)
def test_bad_python_batches(batch, message, tmp_path):
    for name in BATCHES:
        (tmp_path / name).write_bytes(pickle.dumps(batch, protocol=4))
    with pytest.raises(data.DataError, match=message) as caught:
        data.cifar10(tmp_path, verify=False)
    assert "data_batch_1" in str(caught.value)


def test_a_python_batch_whose_bytes_do_not_fill_its_shape(tmp_path):
    raw = pickle.dumps({"data": ZEROS, "labels": [0, 0]}, protocol=4)
    shape = b"K\x03M\x00\x0c"  # (3, 3072)
    assert raw.count(shape) == 1
    for name in BATCHES:
        (tmp_path / name).write_bytes(raw.replace(shape, b"K\x02" + shape[2:]))
    with pytest.raises(data.DataError, match=r"shape \(2, 3072\) with other than 6144 bytes"):
        data.cifar10(tmp_path, verify=False)


def test_a_python_batch_cut_anywhere(tmp_path):
    x, y = cifar_arrays()["test_batch"]
    raw = python2_pickle(batch_of(x, y), tmp_path)
    for name in BATCHES:
        (tmp_path / name).write_bytes(raw)
    for end in [*range(200), *range(200, len(raw) - 1, 487), len(raw) - 1]:
        (tmp_path / "data_batch_2").write_bytes(raw[:end])
        with pytest.raises(data.DataError, match=r"data_batch_2 .*cut short or corrupt"):
            data.cifar10(tmp_path, verify=False)


class Attack:
    def __init__(self, call, *args):
        self.call = (call, args)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("how", ["system", "exec", "open", "import", "hidden in an array"])
def test_a_pickle_that_executes_is_refused(how, tmp_path, monkeypatch):
    """Nothing runs; the same pickle under the standard library does run."""
    witness = tmp_path / "ran"
    if how == "system":
        raw = pickle.dumps({"data": Attack(os.system, f"echo > '{witness}'")})
    elif how == "exec":
        raw = pickle.dumps({"data": Attack(exec, f"open({str(witness)!r}, 'w').close()")})
    elif how == "open":
        raw = pickle.dumps(Attack(open, str(witness), "x"))
    elif how == "import":  # importing the module a name is in would be enough
        (tmp_path / "evil_module.py").write_text(f"open({str(witness)!r}, 'w').close()\nthing = 1")
        monkeypatch.syspath_prepend(tmp_path)
        raw = b"cevil_module\nthing\n."
    else:
        array = np.array([Attack(exec, f"open({str(witness)!r}, 'w').close()")], object)
        raw = pickle.dumps({"data": array, "labels": [0]}, protocol=4)
    for name in BATCHES:
        (tmp_path / name).write_bytes(raw)
    with pytest.raises(
        data.DataError, match=r"data_batch_1 must .* names something else; it was not executed"
    ):
        data.cifar10(tmp_path, verify=False)
    assert not witness.exists()
    assert "evil_module" not in sys.modules
    thing = pickle.loads(raw)
    if how == "open":
        thing.close()
    assert witness.exists()
    sys.modules.pop("evil_module", None)


# Penn Treebank


PARTS_OF_TEXT = ("train", "valid", "test")


def write_ptb(folder, train, valid="a b\n", test="b\n"):
    for name, text in zip(PARTS_OF_TEXT, (train, valid, test), strict=True):
        raw = text if isinstance(text, bytes) else text.encode()
        (folder / f"ptb.{name}.txt").write_bytes(raw)


def test_penn_treebank(tmp_path):
    write_ptb(tmp_path, " b a b \n c <unk> b \n", " a new b \n", " c \n")
    corpus = data.penn_treebank(tmp_path, verify=False)
    assert corpus.vocabulary == ("b", "<eos>", "<unk>", "a", "c")
    assert corpus.train.tolist() == [0, 3, 0, 1, 4, 2, 0, 1]
    assert corpus.valid.tolist() == [3, 2, 0, 1]
    assert corpus.test.tolist() == [4, 1]
    assert corpus.train.dtype == np.int64
    whole = b"".join((tmp_path / f"ptb.{part}.txt").read_bytes() for part in PARTS_OF_TEXT)
    assert corpus.sha256 == hashlib.sha256(whole).hexdigest()
    with pytest.raises(data.DataError, match=r"ptb.train.txt is not the official .*expected md5:"):
        data.penn_treebank(tmp_path)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["", "a", "a"], r"ptb.train.txt must have words, got a file of 0 bytes"),
        (["a", " \n\n", "a"], r"ptb.valid.txt must have words, got a file of 3 bytes"),
        (["a", "a", b"\xff\xfe"], r"ptb.test.txt must be text in UTF-8"),
        (["a", "a", "a z"], r"ptb.test.txt: every word must be .*<unk>; got 'z'"),
    ],
)
def test_bad_texts(texts, message, tmp_path):
    write_ptb(tmp_path, *texts)
    with pytest.raises(data.DataError, match=message):
        data.penn_treebank(tmp_path, verify=False)


# Batches


def test_minibatches():
    x, y = np.arange(10.0)[:, None], np.arange(10)
    rng = np.random.default_rng(3)
    epochs = [list(data.minibatches(x, y, 4, rng)) for _ in range(2)]
    for epoch in epochs:
        assert [len(labels) for _, labels in epoch] == [4, 4, 2]
        assert sorted(np.concatenate([labels for _, labels in epoch])) == list(range(10))
        for images, labels in epoch:
            np.testing.assert_array_equal(images[:, 0], labels)
    order = [np.concatenate([labels for _, labels in epoch]).tolist() for epoch in epochs]
    assert order[0] != order[1]
    again = list(data.minibatches(x, y, 4, np.random.default_rng(3)))
    assert np.concatenate([labels for _, labels in again]).tolist() == order[0]
    dropped = list(data.minibatches(x, y, 4, np.random.default_rng(3), drop_last=True))
    assert np.concatenate([labels for _, labels in dropped]).tolist() == order[0][:8]
    assert [labels.tolist() for _, labels in data.minibatches(x[:1], y[:1], 1)] == [[0]]
    plain = list(data.minibatches(x, y, 3))
    assert [labels.tolist() for _, labels in plain] == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "message"),
    [
        ((0,), {}, ValueError, "batch_size must be an integer of at least 1, got 0"),
        ((2.0,), {}, TypeError, "batch_size must be an integer of at least 1, got 2.0"),
        ((11,), {"drop_last": True}, ValueError, "at least one batch of 10 images, got 11"),
        ((2, 0), {}, TypeError, "rng must be a numpy.random.Generator, got 0"),
        ((2,), {"drop_last": 1}, TypeError, "drop_last must be True or False, got 1"),
    ],
)
def test_bad_minibatches(args, kwargs, error, message):
    with pytest.raises(error, match=message):
        data.minibatches(np.zeros((10, 2)), np.zeros(10, np.int64), *args, **kwargs)
    with pytest.raises(ValueError, match="one length, got 10 and 9"):
        data.minibatches(np.zeros((10, 2)), np.zeros(9, np.int64), 2)


def test_crop_and_flip():
    """Each result is one of the 81 x 2 crops; all places and both sides occur, evenly."""
    image = RNG.random((1, 2, 6, 5)).astype(np.float32)
    images = np.repeat(image, 6000, axis=0)
    out = data.crop_and_flip(images, np.random.default_rng(0))
    assert out.shape == images.shape
    assert out.dtype == np.float32
    padded = np.zeros((2, 14, 13), np.float32)
    padded[:, 4:10, 4:9] = image[0]
    counts = {}
    for down in range(9):
        for right in range(9):
            crop = padded[:, down : down + 6, right : right + 5]
            for side in (1, -1):
                key = crop[..., ::side].tobytes()
                counts[key] = 0
    assert len(counts) == 162
    for crop in out:
        counts[crop.tobytes()] += 1  # a KeyError if it is no such crop
    assert min(counts.values()) > 10
    assert max(counts.values()) < 80
    np.testing.assert_array_equal(images[0], image[0])
    np.testing.assert_array_equal(out, data.crop_and_flip(images, np.random.default_rng(0)))
    with pytest.raises(ValueError, match=r"images must have shape \(n, channels"):
        data.crop_and_flip(image[0], np.random.default_rng(0))
    with pytest.raises(TypeError, match="rng must be"):
        data.crop_and_flip(image, 0)


@pytest.mark.parametrize(("n", "lanes", "bptt"), [(100, 4, 7), (103, 5, 19), (8, 4, 3), (50, 1, 1)])
def test_streams(n, lanes, bptt):
    ids = RNG.integers(0, 50, n)
    batches = list(data.streams(ids, lanes, bptt))
    length = n // lanes
    inputs = np.concatenate([x for x, _ in batches])
    targets = np.concatenate([y for _, y in batches])
    for lane in range(lanes):
        stream = ids[lane * length : (lane + 1) * length]
        np.testing.assert_array_equal(inputs[:, lane], stream[:-1])
        np.testing.assert_array_equal(targets[:, lane], stream[1:])
    assert all(x.shape == y.shape == (bptt, lanes) for x, y in batches[:-1])
    assert 1 <= len(batches[-1][0]) <= bptt


def test_bad_streams():
    for args, message in (
        ((np.arange(7), 4, 2), "two for each of 4 streams, got 7"),
        ((np.arange(0), 1, 2), "two for each of 1 streams, got 0"),
        ((np.zeros((2, 9), int), 1, 2), "one axis, got shape"),
        ((np.arange(9), 0, 2), "batch_size must be"),
        ((np.arange(9), 1, 0), "bptt must be"),
    ):
        with pytest.raises(ValueError, match=message):
            data.streams(*args)


def test_the_tables_of_checksums():
    lengths = {"sha256": 64, "md5": 32}
    for key, source in sources.SOURCES.items():
        assert source.key == key
        sums = [*source.files.values(), *(download.checksum for download in source.downloads)]
        assert len(set(sums)) >= len(source.files)
        for text in sums:
            algorithm, _, value = text.partition(":")
            assert re.fullmatch(f"[0-9a-f]{{{lengths[algorithm]}}}", value)
        for download in source.downloads:
            assert set(download.members) <= set(source.files)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused_before_they_are_loaded(name, tmp_path, monkeypatch):
    """Neither executed nor built: a deep one would crash Python, a large one fill the memory."""
    monkeypatch.chdir(tmp_path)
    named = ("a builtin", "a module", "a command", "a persistent", "an instance", "an extension")
    if not name.startswith((*named, "an array of objects")):  # these are refused by what they name
        monkeypatch.setattr("problems.learning.batch_pickle.Reader.load", no_loading)
    with pytest.raises(data.DataError, match="batch must be") as caught:
        read_batch(HOSTILE[name], Path("batch"), 12)
    assert "was loaded" not in str(caught.value)
    assert len(str(caught.value)) < 250
    assert list(tmp_path.iterdir()) == []


def no_loading(self):
    raise DataError("was loaded")
