"""Functions that run within a context, also those that stop in between."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, TypeVar, cast

__all__ = ["within"]

F = TypeVar("F", bound=Callable[..., Any])


def within(context: AbstractContextManager[Any], function: F) -> F:
    """Return a function, a generator function or a coroutine function that runs within a context.

    A generator is in the context while it computes, and out of it where it yields. The context is
    entered any number of times.

    Raises
    ------
    TypeError
        If the function is an asynchronous generator.

    Examples
    --------
    >>> import numpy as np
    >>> strict = within(np.errstate(divide="raise"), np.log)
    >>> strict(0.0)
    Traceback (most recent call last):
        ...
    FloatingPointError: divide by zero encountered in log
    """
    if inspect.isasyncgenfunction(function):
        name = type(context).__name__
        raise TypeError(
            f"{name} cannot decorate the asynchronous generator {function.__qualname__}; "
            f"enter {name}() inside, between the yields"
        )
    if inspect.isgeneratorfunction(function):
        return cast(F, _stepped(context, function))
    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def awaited(*args: Any, **options: Any) -> Any:
            with context:
                return await function(*args, **options)

        return cast(F, awaited)

    @wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        with context:
            return function(*args, **options)

    return cast(F, called)


def _stepped(context: AbstractContextManager[Any], function: Callable[..., Any]) -> Any:
    """Return a generator function each of whose steps is taken within the context."""

    @wraps(function)
    def steps(*args: Any, **options: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **options)
        resume, sent = inner.send, None
        while True:
            try:
                with context:
                    value = resume(sent)
            except StopIteration as end:
                return end.value
            try:
                resume, sent = inner.send, (yield value)
            except BaseException as error:  # the generator's to handle
                resume, sent = inner.throw, error

    return steps
