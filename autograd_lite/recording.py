"""The switch that tells whether operations leave records; each thread and task has its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

__all__ = ["is_recording", "no_grad"]

F = TypeVar("F", bound=Callable[..., Any])

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_entered: ContextVar[int] = ContextVar("entered", default=0)
#: Return whether operations leave records now, in this thread or task.
is_recording = _recording.get


class no_grad:  # noqa: N801 - PyTorch's name
    """Compute without recording a graph, as a context or as a decorator.

    One object may be entered any number of times. A decorated generator computes each of its
    values without recording; the code that it yields to records as before.

    Raises
    ------
    TypeError
        If an asynchronous generator is decorated.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (2 * x).requires_grad
    False
    """

    def __enter__(self) -> None:
        _entered.set(_entered.get() + 1)
        _recording.set(False)

    def __exit__(self, *_: object) -> None:
        _entered.set(_entered.get() - 1)
        _recording.set(not _entered.get())

    def __call__(self, function: F) -> F:
        """Return the function as one that does not record."""
        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f"no_grad cannot decorate the asynchronous generator {function.__qualname__}; "
                "enter no_grad() inside, between the yields"
            )
        if inspect.isgeneratorfunction(function):
            return cast(F, self._stepped(function))
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def awaited(*args: Any, **options: Any) -> Any:
                with self:
                    return await function(*args, **options)

            return cast(F, awaited)

        @wraps(function)
        def called(*args: Any, **options: Any) -> Any:
            with self:
                return function(*args, **options)

        return cast(F, called)

    def _stepped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a generator function each of whose steps is taken without recording."""

        @wraps(function)
        def steps(*args: Any, **options: Any) -> Generator[Any, Any, Any]:
            inner = function(*args, **options)
            resume, sent = inner.send, None
            while True:
                try:
                    with self:
                        value = resume(sent)
                except StopIteration as end:
                    return end.value
                try:
                    resume, sent = inner.send, (yield value)
                except BaseException as error:  # the generator's to handle
                    resume, sent = inner.throw, error

        return steps
