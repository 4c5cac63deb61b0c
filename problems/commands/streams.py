"""Standard streams that may be closed or full."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

from problems.text import SPELLED

__all__ = ["checked"]


class _Stream:
    """A standard stream that remembers the first text it could not write, and continues."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write what can be written."""
        self._try(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """Flush what can be written."""
        self._try(self._stream.flush)

    def _try(self, function: Callable[..., Any], *args: str) -> None:
        try:
            function(*args)
        except OSError as error:
            self.lost = self.lost or error
            _discard(self._stream)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _discard(stream: TextIO) -> None:
    """Send what a stream holds to nowhere, so that Python's exit does not fail on it."""
    with suppress(OSError, ValueError):  # a stream without a file of the system
        number = stream.fileno()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, number)
        os.close(null)


@contextmanager
def checked() -> Iterator[None]:
    """Within it, output is never lost in silence.

    Characters that the encoding of standard output lacks are spelled in ASCII. A reader that has
    gone ends the process with code 141, as the signal SIGPIPE would; output that cannot be written
    for another reason, a file that cannot be used or a lack of memory, with code 1 and one line on
    standard error. Standard error itself may be closed or full.

    Raises
    ------
    SystemExit
        In these cases.
    """
    with ExitStack() as stack:
        # A closed stream is None, and its number would go to the next file that is opened.
        if sys.stdout is None:
            stack.enter_context(redirect_stdout(open(os.devnull, encoding="utf-8")))  # noqa: PTH123, SIM115
        if sys.stderr is None:
            nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
            stack.enter_context(redirect_stderr(nowhere))
        if isinstance(sys.stdout, io.TextIOWrapper):
            stack.callback(sys.stdout.reconfigure, errors=sys.stdout.errors)
            if sys.stdout.errors in ("strict", "surrogateescape"):
                sys.stdout.reconfigure(errors=SPELLED)
        out, err = _Stream(sys.stdout), _Stream(sys.stderr)
        stack.enter_context(redirect_stdout(cast(TextIO, out)))
        stack.enter_context(redirect_stderr(cast(TextIO, err)))
        try:
            yield
        except OSError as error:
            raise _failed(str(error)) from None
        except MemoryError as error:
            raise _failed(f"not enough memory: {error}") from None
        finally:
            out.flush()
            err.flush()
            if isinstance(out.lost, BrokenPipeError):
                raise SystemExit(141)
            if out.lost:
                raise _failed(f"the output cannot be written: {out.lost}")


def _failed(reason: str) -> SystemExit:
    print(f"python -m problems: {reason}", file=sys.stderr)
    return SystemExit(1)
