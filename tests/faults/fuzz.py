"""Arguments, states and data files at random: an error names the cause, and changes nothing."""

from __future__ import annotations

import copy
import random
import struct
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd_lite import nn
from problems.forms import released
from problems.learning.data import cifar10, mnist, penn_treebank
from problems.learning.sources import DataError
from problems.optimizers import OPTIMIZERS
from tests.faults.table import Tally

__all__ = ["tallies"]

VALUES: tuple[Any, ...] = (
    *(0, 1, -1, 0.5, 1e-3, 2.0, -0.0, 1e308, 1e-320, float("nan"), float("inf"), -float("inf")),
    *(True, False, None, "", "0.1", "inv-sqrt", b"1", [], [1.0], (0.9, 0.999), (0.9,), {}, {1: 2}),
    *(np.float32(0.1), np.int64(3), np.array(0.1), np.array([0.1, 0.2]), np.array(["a"]), 1j),
    *(object(), int, lambda t: 0.9, lambda: 0.9, np.nan, 10**400, -(2**63), range(3)),
)


def tallies(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Try each."""
    yield _constructors(rng, trials)
    yield _optimizer_states(rng, trials)
    yield _module_states(rng, trials)
    yield from _readers(root, rng, trials)


def _constructors(rng: random.Random, trials: int) -> Tally:
    """A constructor takes its arguments, or says which one it does not."""
    tally = Tally("constructors of optimizers, any arguments")
    for _ in range(trials):
        cls = rng.choice([entry.cls for entry in OPTIMIZERS.values()])
        names = rng.sample(list(cls().defaults), rng.randint(1, 3))
        given = {name: rng.choice(VALUES) for name in names}
        x = np.ones(2)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                opt = cls([x], **given)
                opt.step(grads=[np.ones(2)])
        except (TypeError, ValueError, OverflowError) as error:
            own = "positional argument" in str(error)  # of the function that was given
            clear = own or any(name in str(error) for name in (*names, "hyperparameters", "grads"))
            kept = np.array_equal(x, np.ones(2))
            tally.note("refused" if clear and kept else "lost", f"{cls.__name__} {given}: {error}")
        except Exception as error:
            tally.note("lost", f"{cls.__name__} {given}: {type(error).__name__}: {error}")
        else:
            good = not np.isnan(x).any()  # a rate of 1e308 makes an infinite step
            tally.note("recovered" if good else "lost", f"{cls.__name__} {given}: {x}")
    return tally


def _spoiled(value: Any, rng: random.Random) -> Any:
    """A copy of nested dicts and lists in which one place is another value, absent, or one more."""
    value = copy.deepcopy(value)
    place = value
    while isinstance(place, (dict, list)) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = rng.choice(keys)
        if isinstance(place[key], (dict, list)) and place[key] and rng.random() < 0.8:
            place = place[key]
            continue
        act = rng.randrange(4)
        if act == 0:
            del place[key]
        elif act == 1 and isinstance(place, dict):
            place[rng.choice(["new", 7, "lr"])] = rng.choice(VALUES)
        elif isinstance(place[key], np.ndarray) and act == 2:
            array = np.atleast_1d(place[key])
            place[key] = rng.choice([array[:1], array * np.nan, array.astype("f2")])
        else:
            place[key] = rng.choice(VALUES)
        break
    return value


def _optimizer_states(rng: random.Random, trials: int) -> Tally:
    """A state_dict is taken over as it is, or refused with nothing changed."""
    tally = Tally("state_dict of optimizers, one place wrong")
    for _ in range(trials):
        name = rng.choice(list(OPTIMIZERS))
        x = np.array([1.0, -2.0])
        opt = released(name, [x])
        for _ in range(3):
            opt.step(grads=[x.copy()])
        before, spoiled = opt.state_dict(), _spoiled(opt.state_dict(), rng)
        try:
            opt.load_state_dict(spoiled)
            opt.step(grads=[x.copy()])
        except (TypeError, ValueError, OverflowError) as error:
            kept = repr(opt.state_dict()) == repr(before)
            tally.note("refused" if kept else "lost", f"{name}: {error}")
        except Exception as error:
            tally.note("lost", f"{name}: {type(error).__name__}: {error}")
        else:
            good = not np.isnan(x).any()
            tally.note("recovered" if good else "lost", f"{name} {spoiled}")
    return tally


def _module_states(rng: random.Random, trials: int) -> Tally:
    """The same for a module's state_dict, under any rule for floating-point errors."""
    tally = Tally("state_dict of modules, one place wrong")
    for _ in range(trials):
        model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.Linear(4, 2, rng=1))
        before = model.state_dict()
        spoiled = _spoiled({k: v.astype(float) for k, v in before.items()}, rng)
        key = rng.choice(list(before))
        if rng.random() < 0.3 and isinstance(spoiled.get(key), np.ndarray):
            spoiled[key] = np.full(np.shape(spoiled[key]), 1e300)  # overflows in float32
        try:
            with np.errstate(all="raise"):
                model.load_state_dict(spoiled)
        except (KeyError, TypeError, ValueError, FloatingPointError) as error:
            kept = all(np.array_equal(before[k], v) for k, v in model.state_dict().items())
            tally.note("refused" if kept else "lost", f"{error}")
        except Exception as error:
            tally.note("lost", f"{type(error).__name__}: {error}")
        else:
            tally.note("recovered")
    return tally


def _readers(root: Path, rng: random.Random, trials: int) -> Iterator[Tally]:
    """Damaged data files: with checksums refused, without them read in range or refused."""
    for name, (write, load) in READERS.items():
        folder = root / name
        for verify in (True, False):
            tally = Tally(f"damaged {name} files, {'verified' if verify else 'not verified'}")
            for k in range(trials):
                folder.mkdir(exist_ok=True)
                files = write(folder)
                path = rng.choice(files)
                content = bytearray(path.read_bytes())
                at = int(len(content) * (k + rng.random()) / trials)
                content[at : at + rng.randint(0, 4)] = rng.randbytes(rng.randint(0, 5))
                path.write_bytes(content)
                try:
                    good = load(folder, verify)
                except (DataError, FileNotFoundError) as error:
                    clear = folder.name in str(error)
                    tally.note("refused" if clear else "lost", f"{name}: {error}")
                except Exception as error:
                    tally.note("lost", f"{name}: {type(error).__name__}: {error}")
                else:
                    tally.note("recovered" if good and not verify else "lost", f"{name}: read")
            yield tally


def _write_mnist(folder: Path) -> list[Path]:
    files = []
    for part, n in (("train", 4), ("t10k", 2)):
        images = folder / f"{part}-images-idx3-ubyte"
        pixels = (bytes(range(256)) * 4)[: 28 * 28]
        images.write_bytes(struct.pack(">iiii", 2051, n, 28, 28) + pixels * n)
        labels = folder / f"{part}-labels-idx1-ubyte"
        labels.write_bytes(struct.pack(">ii", 2049, n) + bytes(range(n)))
        files += [images, labels]
    return files


def _write_cifar(folder: Path) -> list[Path]:
    names = [f"data_batch_{k}.bin" for k in range(1, 6)] + ["test_batch.bin"]
    for k, name in enumerate(names):
        (folder / name).write_bytes((bytes([k]) + bytes(range(256)) * 12) * 2)
    return [folder / name for name in names]


def _write_ptb(folder: Path) -> list[Path]:
    names = [f"ptb.{part}.txt" for part in ("train", "valid", "test")]
    for name in names:
        (folder / name).write_text(" a b a <unk> N \n b a \n" * 5)
    return [folder / name for name in names]


def _images(read: Callable[..., Any]) -> Callable[[Path, bool], bool]:
    def load(folder: Path, verify: bool) -> bool:
        data = read(folder, verify=verify)
        images, labels = data.train_images, data.train_labels
        return bool(
            images.dtype == np.float32
            and np.all((images >= 0) & (images <= 1))
            and np.all((labels >= 0) & (labels < 10))
            and len(images) == len(labels)
        )

    return load


def _texts(folder: Path, verify: bool) -> bool:
    data = penn_treebank(folder, verify=verify)
    return bool(np.all((data.train >= 0) & (data.train < len(data.vocabulary))))


READERS: dict[str, tuple[Callable[[Path], list[Path]], Callable[[Path, bool], bool]]] = {
    "MNIST": (_write_mnist, _images(mnist)),
    "CIFAR-10": (_write_cifar, _images(cifar10)),
    "Penn Treebank": (_write_ptb, _texts),
}
