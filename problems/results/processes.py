"""Worker processes: how many threads each has, and what cannot travel to one."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from problems.sweeps.runner import processors

__all__ = ["one_thread_each", "why_here", "workers_for"]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes that start within it compute on one thread each, unless the user says otherwise."""
    unset = [name for name in THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(unset, "1"))
    try:
        yield
    finally:
        for name in unset:
            del os.environ[name]


def workers_for(workers: int | None, most: int, travels: Mapping[str, Any]) -> int:
    """Return a number of processes: one per core, at most `most`, if `workers` is None.

    It is 1, this process, if one of the values that have to travel cannot.

    Raises
    ------
    ValueError
        If more are asked for than `travels` lets there be.
    """
    reason = why_here(travels)
    if reason is None or workers == 1:
        return min(workers or processors(), most)
    if workers is None:
        return 1
    raise ValueError(f"workers must be 1 here, got {workers}: {reason}")


def why_here(travels: Mapping[str, Any]) -> str | None:
    """Why values cannot go to other processes of this machine; None if they can."""
    for name, value in travels.items():
        try:
            code = pickle.dumps(value)
        except Exception as error:  # whatever an object of the user's raises
            return f"{name} cannot be pickled ({error})"
        if b"__main__" in code and not hasattr(sys.modules["__main__"], "__file__"):
            return f"{name} is defined in a notebook, which other processes cannot import"
    return None
