"""Words for readers, in the characters that their terminal has."""

from __future__ import annotations

import codecs
import sys
import unicodedata

__all__ = ["SPELLED", "counted", "printable", "spelled"]

#: Name of the handler of characters that an encoding lacks.
SPELLED = "adabound_np.spelled"
_SYMBOLS = {
    "\u0302": "_hat",
    "√": "sqrt",
    "≤": "<=",
    "≥": ">=",
    "−": "-",
    "–": "-",
    "×": "x",
    "…": "...",
    "∞": "inf",
    "·": "*",
    "⁻": "^-",
    "←": "<-",
    "→": "->",
    "∂": "d",
    "∇": "grad ",
    "Σ": "sum",
}


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


def counted(number: int, what: str) -> str:
    """A number of things.

    Examples
    --------
    >>> counted(1, "epoch"), counted(1000, "epoch"), counted(2, "process")
    ('1 epoch', '1,000 epochs', '2 processes')
    """
    ending = "" if number == 1 else "es" if what.endswith("s") else "s"
    return f"{number:,} {what}{ending}"
