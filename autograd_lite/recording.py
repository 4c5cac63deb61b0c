"""The switch that tells whether operations leave records; each thread and task has its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["is_recording", "no_grad"]

_recording: ContextVar[bool] = ContextVar("recording", default=True)
#: Return whether operations leave records now, in this thread or task.
is_recording = _recording.get


@contextmanager
def no_grad() -> Iterator[None]:
    """Compute without recording a graph, as a context or as a decorator.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (2 * x).requires_grad
    False
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)
