"""Numbers as text, in a terminal and in LaTeX."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

from problems.reading.exact import DIGITS, Exact

__all__ = ["EXACT_DIGITS", "FLOAT_DIGITS", "printed", "shown", "typeset"]

#: Significant digits of a table, of floats and of irrational exact numbers.
FLOAT_DIGITS, EXACT_DIGITS = 5, 20


def shown(number: Any, places: int | None, whole: bool) -> str:
    """A number as text: fractions and floats in short, unless `places` or `whole` says more.

    Examples
    --------
    >>> shown(Exact("11/10"), None, False), shown(Exact("11/10"), 6, False)
    ('11/10', '1.1')
    >>> shown(0.1 + 0.2, None, False), shown(0.1 + 0.2, None, True)
    ('0.3', '0.30000000000000004')
    >>> shown(Exact(2).sqrt(), None, False), shown(float("inf"), None, False)
    ('1.4142135623730950488', 'inf')
    """
    if isinstance(number, str):
        return number
    if isinstance(number, Exact):
        if number.rational and places is None:
            return str(number.value)
        return tidy(f"{number.decimal():.{places or (DIGITS if whole else EXACT_DIGITS)}g}")
    number = float(number)
    if not math.isfinite(number):
        return str(number)
    text = repr(number) if whole and places is None else f"{number:.{places or FLOAT_DIGITS}g}"
    return text.removesuffix(".0")


def tidy(text: str) -> str:
    """A decimal without zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text.lower() else text


def printed(text: str) -> int:
    """The width of a text in a terminal, where a hat takes no room of its own."""
    return sum(not unicodedata.combining(letter) for letter in text)


def typeset(cell: str) -> str:
    r"""A number in LaTeX.

    Examples
    --------
    >>> typeset("11/10"), typeset("1e-05"), typeset("inf")
    ('11/10', '1 \\cdot 10^{-5}', '\\infty')
    """
    if cell in ("upper", "lower"):
        return rf"\mathrm{{{cell}}}"
    if "inf" in cell:
        return cell.replace("inf", r"\infty")
    mantissa, e, exponent = cell.lower().partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else cell
