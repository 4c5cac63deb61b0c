"""A Dask scheduler and its workers, as processes that may be killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["ENV", "running", "scheduler", "wait_for", "worker", "workers"]

ENV = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
_LOCAL = ("--host", "127.0.0.1", "--no-dashboard")


@contextmanager
def running(*args: str, output: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
    """A Python module's process, which is stopped at the end, if it has not ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", *args], env=ENV, stdout=output, stderr=output, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], Any], seconds: float = 1200) -> None:
    """Return once something is so; the seconds are an upper limit."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


@contextmanager
def scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A scheduler's address, and its process."""
    contact = folder / "scheduler.json"
    contact.unlink(missing_ok=True)

    def address() -> Any:
        try:
            return json.loads(contact.read_text())["address"]
        except (FileNotFoundError, ValueError):
            return None

    command = ("dask", "scheduler", *_LOCAL, "--port", "0", "--scheduler-file", str(contact))
    with running(*command, output=subprocess.DEVNULL) as process:
        wait_for(address)
        yield address(), process


def worker(address: str, folder: Path) -> Any:
    """A worker that nothing starts again when it dies."""
    options = (*_LOCAL, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder))
    return running("dask", "worker", address, *options, output=subprocess.DEVNULL)


@contextmanager
def workers(address: str, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Two of them."""
    with worker(address, folder / "1") as one, worker(address, folder / "2") as two:
        yield [one, two]
