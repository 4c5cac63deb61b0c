"""One step of an optimizer on small and large parameters, one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

import adabound_np as ab
from adabound_np import optimizer
from tests.benchmarks.rows import Row, imported, measure

#: Shapes of the parameters of small networks.
SMALL = {
    "784-100-10": [(100, 784), (100,), (10, 100), (10,)],
    "8-16-4": [(16, 8), (16,), (4, 16), (4,)],
    "24 parameters": [(32, 32), (32,)] * 12,
}
LARGE = 10**7


def _arrays(shapes: list[tuple[int, ...]], dtype: Any) -> tuple[list[Any], list[Any]]:
    rng = np.random.default_rng(0)
    x, g = ([rng.standard_normal(shape).astype(dtype) for shape in shapes] for _ in range(2))
    return x, g


def here(cls: type, shapes: list[tuple[int, ...]], dtype: Any = np.float32) -> Callable[[], Any]:
    """A step of an optimizer of this package."""
    x, g = _arrays(shapes, dtype)
    opt = cls(x)
    return lambda: opt.step(grads=g)


def in_torch(shapes: Any, dtype: Any = np.float32, **options: Any) -> Callable[[], Any] | None:
    """A step of torch.optim.Adam."""
    torch = imported("torch")
    if torch is None:
        return None
    torch.set_num_threads(1)
    x, g = ([torch.from_numpy(a) for a in arrays] for arrays in _arrays(shapes, dtype))
    for p, grad in zip(x, g, strict=True):
        p.requires_grad_()
        p.grad = grad
    step: Callable[[], Any] = torch.optim.Adam(x, **options).step
    return step


def by_hand(bounded: bool, shapes: Any, dtype: Any = np.float32) -> Callable[[], Any]:
    """A step in NumPy, in place, written for speed alone: the floor."""
    x, g = _arrays(shapes, dtype)
    m, v = ([np.zeros_like(p) for p in x] for _ in range(2))
    spare = [np.empty_like(p) for p in x]
    t = 0

    def step() -> None:
        nonlocal t
        t += 1
        rate = 1e-3 * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t)
        low, high = 0.1 * (1 - 1 / (1e-3 * t + 1)), 0.1 * (1 + 1 / (1e-3 * t))
        for p, grad, first, second, w in zip(x, g, m, v, spare, strict=True):
            first *= 0.9  # noqa: PLW2901 - in place
            np.multiply(grad, 0.1, out=w)
            first += w  # noqa: PLW2901
            second *= 0.999  # noqa: PLW2901
            np.multiply(grad, grad, out=w)
            w *= 0.001  # noqa: PLW2901
            second += w  # noqa: PLW2901
            np.sqrt(second, out=w)
            w += 1e-8  # noqa: PLW2901
            np.divide(rate, w, out=w)
            if bounded:
                np.clip(w, low, high, out=w)
            w *= first  # noqa: PLW2901
            p -= w  # noqa: PLW2901

    return step


def on_two_threads(cls: type) -> Callable[[], Any]:
    """A step whose blocks are shared by two threads: what an option for it would give."""
    (x,), (g,) = _arrays([(LARGE,)], np.float32)
    opt = cls([x])
    opt.step(grads=[g])
    h, s, pool = opt.check_group(opt.param_groups[0]), opt.state[0], ThreadPoolExecutor(2)
    length = optimizer.BLOCK // x.itemsize

    def part(first: int, last: int) -> None:
        with np.errstate(all="ignore"):
            for start in range(first, last, length):
                block = slice(start, min(start + length, last))
                arrays = [a[block] for a in s[1:]]
                x[block], new = opt.advance(h, x[block], g[block], opt.State(s.t, *arrays))
                for old, array in zip(arrays, new[1:], strict=True):
                    old[:] = array

    half = LARGE // 2
    return lambda: list(pool.map(part, [0, half], [half, LARGE]))


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows."""
    for name, shapes in SMALL.items():
        us = measure(
            {
                "Adam": here(ab.Adam, shapes),
                "AdaBound": here(ab.AdaBound, shapes),
                "torch Adam": in_torch(shapes),
                "NumPy in place Adam": by_hand(False, shapes),
                "NumPy in place AdaBound": by_hand(True, shapes),
            },
            rounds=20 if quick else 200,
            count=10,
        )
        for cls, bar in (("Adam", 3.3), ("AdaBound", 3.7)):
            hand = f"NumPy in place {cls}"
            for peer, allowed in (("torch Adam", 0.8), (hand, bar)):
                what, mine, other = f"{cls}, {name}", us[cls], us[peer]
                assert mine is not None
                scaled = None if other is None else 1e6 * other
                yield Row("small step", what, peer, 1e6 * mine, scaled, allowed, "us")
    for dtype in (np.float32, np.float64):
        yield from _large(dtype, 4 if quick else 15)


def _large(dtype: Any, rounds: int) -> Iterator[Row]:
    shapes = [(LARGE,)]
    single = dtype is np.float32
    s = measure(
        {
            "Adam": here(ab.Adam, shapes, dtype),
            "AdaBound": here(ab.AdaBound, shapes, dtype),
            "torch Adam": in_torch(shapes, dtype),
            "torch Adam, fused": in_torch(shapes, dtype, fused=True) if single else None,
            "NumPy in place": by_hand(False, shapes, dtype),
            "two threads": on_two_threads(ab.Adam) if single else None,
        },
        rounds,
    )
    size = f"10^7 {np.dtype(dtype).name}"
    for cls in ("Adam", "AdaBound"):
        mine = s[cls]
        assert mine is not None
        peers = {"torch Adam": 0.5, "torch Adam, fused": None, "NumPy in place": None}
        for peer, bar in peers.items():
            if single or "fused" not in peer:
                other = s[peer]
                scaled = None if other is None else 1e3 * other
                yield Row("large step", f"{cls}, {size}", peer, 1e3 * mine, scaled, bar)
    if single and s["two threads"] and s["Adam"]:
        both, one = 1e3 * s["two threads"], 1e3 * s["Adam"]
        yield Row("large step", f"Adam, {size}, on two threads", "one thread", both, one, 1 / 1.5)
