"""A row of the table of benchmarks: a time here, the peer's in the same run, and the bar."""

from __future__ import annotations

import gc
import os
import platform
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["Row", "describe", "imported", "machine", "markdown", "measure", "table"]

PACKAGES = ("numpy", "scipy", "matplotlib", "torch", "jax", "optax", "mygrad", "autograd")


@dataclass(frozen=True)
class Row:
    """What was measured: `here` and `peer`, in `unit`, and the ratio that is allowed.

    A peer that is not installed is None; so is a bar where there is only something to see.
    """

    group: str
    what: str
    beside: str
    here: float
    peer: float | None
    bar: float | None = None
    unit: str = "ms"

    @property
    def ratio(self) -> float | None:
        """The time here in units of the peer's."""
        return None if self.peer is None else self.here / self.peer

    @property
    def verdict(self) -> str:
        """Whether the bar is met; empty where there is none."""
        if self.ratio is None:
            return "peer not installed"
        return "" if self.bar is None else "pass" if self.ratio <= self.bar else "short"

    def cells(self) -> list[str]:
        """The row as text."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        bar = "" if self.bar is None else f"{self.bar:.3g}"
        peer = "" if self.peer is None else f"{self.peer:.4g} {self.unit}"
        here = f"{self.here:.4g} {self.unit}"
        return [self.what, here, self.beside, peer, ratio, bar, self.verdict]


TITLES = ["what", "here", "beside", "peer", "ratio", "bar", ""]


def table(rows: Iterable[Row]) -> str:
    """Rows as a terminal shows them."""
    cells = [TITLES, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def markdown(rows: Iterable[Row]) -> str:
    """Rows as a page shows them."""
    lines = [TITLES, ["---"] * len(TITLES), *(row.cells() for row in rows)]
    text = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return re.sub(r" --(?=\w)", r" \-\-", text)


def imported(name: str) -> Any:
    """Return a module of a peer, or None if it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError:
        return None


def measure(
    contenders: Mapping[str, Callable[[], Any] | None], rounds: int, count: int = 1
) -> dict[str, float | None]:
    """Median seconds of a call of each.

    They are called in turn, so that a change in the machine's load meets them all; `count` calls
    are timed together, after two rounds to warm up.
    """
    there = {name: call for name, call in contenders.items() if call is not None}
    times: dict[str, list[float]] = {name: [] for name in there}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for k in range(-2, rounds):
            for name, call in there.items():
                begin = time.perf_counter()
                for _ in range(count):
                    call()
                if k >= 0:
                    times[name].append((time.perf_counter() - begin) / count)
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return {name: statistics.median(times[name]) if name in there else None for name in contenders}


def machine() -> dict[str, Any]:
    """What the figures depend on, besides the code."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    kernels = [
        info.get("architecture")
        for info in getattr(imported("threadpoolctl"), "threadpool_info", list)()
        if info.get("internal_api") == "openblas"
    ]
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "blas kernel": kernels[0] if kernels else None,
        "python": platform.python_version(),
        "platform": sys.platform,
        **versions,
    }


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in _lines(Path("/proc/cpuinfo"))
        if line.startswith("model name")
    ]
    return names[0] if names else platform.processor() or platform.machine()


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def describe(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as plain values, with ratio and verdict."""
    return [{**asdict(row), "ratio": row.ratio, "verdict": row.verdict} for row in rows]
