"""Tokens and sides of equations in LaTeX."""

from __future__ import annotations

import re
from functools import cache

__all__ = ["EquationError", "split", "tokens"]

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]|\d+(?:\.\d+)?|\S")
_SPACES = {r"\,", r"\;", r"\!", r"\left", r"\right"}


class EquationError(ValueError):
    """An equation that cannot be read or evaluated."""


def tokens(latex: str) -> list[str]:
    r"""Return the tokens of an expression, without spaces and without ``\left`` and ``\right``.

    Examples
    --------
    >>> tokens(r"\left( 1 - \beta_2 \right)")
    ['(', '1', '-', '\\beta', '_', '2', ')']
    """
    return [token for token in _TOKEN.findall(latex) if token not in _SPACES]


@cache
def split(latex: str) -> tuple[str, str, bool]:
    r"""Return the sides of an equation, and whether it gives a new value (an arrow).

    Raises
    ------
    EquationError
        If neither "=" nor an arrow stands outside all brackets.

    Examples
    --------
    >>> split(r"x \leftarrow 2 x")
    ('x', '2 x', True)
    """
    for sign in (r"\leftarrow", "="):
        depth = 0
        for match in _TOKEN.finditer(latex):
            depth += (match[0] in "([{") - (match[0] in ")]}")
            if match[0] == sign and not depth:
                left, right = latex[: match.start()], latex[match.end() :]
                return left.strip(), right.strip(), sign == r"\leftarrow"
    raise EquationError(f"{latex!r} has no '=' or arrow")
