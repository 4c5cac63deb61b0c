"""Whole processes: seconds and peak memory beside those of an import."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.rows import Row

ROOT = Path(__file__).resolve().parents[2]
NUMPY, FIGURE = "import numpy", "import numpy, matplotlib.figure"
#: Process -> what it is compared with -> the ratio of seconds that is allowed.
PROCESSES: dict[str, dict[str, float | None]] = {
    "problems --help": {NUMPY: 1.5},
    "problems": {NUMPY: None, FIGURE: 3.5},
    "problems trace": {NUMPY: None},
    "problems theorems --quick": {NUMPY: None, FIGURE: None},
}


def _run(what: str, folder: str) -> tuple[float, float]:
    """Seconds, and peak memory in megabytes, of a process."""
    args = ["-c", what] if what.startswith("import") else ["-m", *what.split()]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *args], cwd=folder, env=env, stdout=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{what} ended with {process.returncode}")
    return seconds, used.ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows."""
    names = [NUMPY, FIGURE, *PROCESSES]
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        for k in range(-1, 2 if quick else 7):
            for name in names:
                if not (name.endswith("--quick") and k > 1):  # 13 seconds each
                    found[name].append(_run(name, folder))
    for part, unit in enumerate(("s", "MB")):
        median = {
            name: statistics.median(x[part] for x in runs[1:]) for name, runs in found.items()
        }
        for name, beside in PROCESSES.items():
            for peer, bar in beside.items():
                bar = bar if unit == "s" else None  # noqa: PLW2901
                yield Row("start-up", name, peer, median[name], median[peer], bar, unit)
