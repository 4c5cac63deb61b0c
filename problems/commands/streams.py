"""Standard streams that may be closed or full, or lack the Greek letters."""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

__all__ = ["checked", "printable", "spelled"]

#: Name of the handler of characters that an encoding lacks.
SPELLED = "adabound_np.spelled"
_SYMBOLS = {
    "\u0302": "_hat", "√": "sqrt", "≤": "<=", "≥": ">=", "−": "-", "–": "-", "×": "x", "…": "...",
    "∞": "inf", "·": "*", "⁻": "^-", "←": "<-", "→": "->", "∂": "d", "∇": "grad ", "Σ": "sum",
}  # fmt: skip


def spelled(character: str) -> str:
    r"""Spell a character in ASCII, as the code does.

    Examples
    --------
    >>> "".join(map(spelled, "β₁ < √β₂, C², v̂_t, Γ_t, é, ☃"))
    'beta1 < sqrtbeta2, C^2, v_hat_t, Gamma_t, e, \\u2603'
    """
    if character.isascii() or character in _SYMBOLS:
        return _SYMBOLS.get(character, character)
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and words[2:3] == ["LETTER"] and len(words) == 4:
        return words[3].lower() if words[1] == "SMALL" else words[3].capitalize()
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    if not plain:
        return character.encode("ascii", "backslashreplace").decode()
    raised = unicodedata.decomposition(character).startswith("<super>")
    return f"^{plain}" if raised else plain


def _handler(error: UnicodeError) -> tuple[str | bytes, int]:
    """Spell one character; a byte of a file's name that is no text stays that byte."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character, after = error.object[error.start], error.start + 1
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), after
    return spelled(character), after


codecs.register_error(SPELLED, _handler)


def printable(text: str) -> str:
    """`text` as standard output shows it."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, SPELLED).decode(encoding, "replace")


class _Stream:
    """A standard stream that remembers the first text it could not write, and goes on."""

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
