r"""Equations in LaTeX, read by SymPy and evaluated on arrays.

The LaTeX is first spelt in a subset that SymPy's grammar reads without doubt: every symbol of
the notation becomes a plain one (Q_{7}), every function F_{2}(...), every element of an array
A_{3}(i, j), and every product gets its dot. An unknown token is an error; SymPy's parser is
strict. What SymPy decides is precedence and structure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sympy.parsing.latex import parse_latex  # type: ignore[import-untyped]
from sympy.parsing.latex.errors import LaTeXParsingError  # type: ignore[import-untyped]

from problems.reading.tokens import EquationError, tokens

__all__ = ["FUNCTIONS", "NAMES", "RELATIONS", "read"]

_AROUND = ("^T", "|", r"\lfloor")

#: Functions, as the equations write them.
FUNCTIONS = (
    r"\mathrm{mean}",
    r"\mathrm{Clip}",
    r"\mathrm{sign}",
    r"\mathrm{copyltu}",
    r"\max",
    r"\min",
    r"\log",
    r"\cos",
    r"\sin",
    r"\tanh",
    r"\Gamma",
    r"\Phi",
    r"\log_2",
    r"\sigma",
    "H",
    r"\exp",
    r"\Pi_{F, \mathrm{diag}(\eta_t^{-1})}",
    *_AROUND,
)
#: Relations in Iverson's brackets; "true" and "\\neg" are those of [a] and [\neg a].
RELATIONS = ("<", ">", r"\le", r"\ge", "=", "true", r"\neg")
#: Functions, then relations; the plain name of number k is F_{k}.
NAMES = (*FUNCTIONS, *RELATIONS)


def _longest_first(names: Iterable[str]) -> list[tuple[list[str], str]]:
    """(tokens, name) for each name, so that no name hides a longer one."""
    return sorted(((tokens(name), name) for name in names), key=lambda pair: -len(pair[0]))


_FUNCTION_TOKENS = _longest_first(name for name in FUNCTIONS if name not in _AROUND)


class _Reader:
    """Spells one side of an equation for SymPy."""

    def __init__(self, symbols: Iterable[str], indices: Iterable[str]) -> None:
        self.symbols = _longest_first(symbols)
        self.numbers: dict[str, int] = {}  # symbol of the notation -> k of its plain name Q_{k}
        self.indices = set(indices)
        self.todo: list[str] = []

    def read(self, latex: str) -> Any:
        """Parse; the result is an expression in plain symbols."""
        self.todo = tokens(latex)
        spelt = self.series(())
        if self.todo:
            raise EquationError(f"cannot read {' '.join(self.todo)!r} in {latex!r}")
        try:
            return parse_latex(spelt, backend="antlr", strict=True)
        except LaTeXParsingError as error:
            raise EquationError(f"cannot read {latex!r}: {error}") from error

    # Each method consumes tokens from the left and returns what SymPy is to read.

    def pop(self) -> str:
        if not self.todo:
            raise EquationError("the expression ends where more is expected")
        return self.todo.pop(0)

    def at(self, *expected: str) -> bool:
        return self.todo[: len(expected)] == list(expected)

    def take(self, *expected: str) -> None:
        if not self.at(*expected):
            raise EquationError(f"expected {''.join(expected)!r} before {' '.join(self.todo)!r}")
        del self.todo[: len(expected)]

    def series(self, ends: Collection[str]) -> str:
        """Terms and factors up to one of the tokens `ends`, with a dot in every product."""
        out, open_factor = list[str](), False
        while self.todo and self.todo[0] not in ends:
            token = self.todo[0]
            if token in ("+", "-", "/", r"\cdot", r"\odot"):
                self.pop()
                out.append({r"\odot": r"\cdot"}.get(token, token))
                open_factor = False
            elif token == "^" and open_factor:
                out.append(self.power(out))
            elif token == "!" and open_factor:
                out.append(self.pop())
            else:
                if open_factor:
                    out.append(r"\cdot")
                open_factor = token not in (r"\sum", r"\prod")
                out.append(self.factor() if open_factor else self.big())
        return " ".join(out)

    def power(self, out: list[str]) -> str:
        """An exponent; a transposition takes its operand back from `out`."""
        self.take("^")
        if self.at("T"):
            self.take("T")
            return f"{self.function('^T')}({out.pop()})"
        return "^{" + self.group() + "}"

    def group(self) -> str:
        """One token, or what stands in braces."""
        if self.at("{"):
            self.take("{")
            inner = self.series("}")
            self.take("}")
            return inner
        return self.factor()

    def factor(self) -> str:
        named = self.named()
        if named:
            return named
        if self.at("("):
            return self.arguments()
        if self.at("e", "^"):
            self.take("e", "^")
            return self.function(r"\exp") + f"({self.group()})"
        token = self.pop()
        if token in self.indices or re.fullmatch(r"\d+(\.\d+)?", token):
            return token
        starts = {"[": self.bracket, r"\sqrt": self.root, "|": self.size, r"\lfloor": self.floor}
        if token in starts:
            return starts[token]()
        raise EquationError(f"{token!r} is neither a symbol of the notation nor an index")

    def root(self) -> str:
        return r"\sqrt{" + self.group() + "}"

    def size(self) -> str:
        return self.closed("|", "|")

    def floor(self) -> str:
        return self.closed(r"\lfloor", r"\rfloor")

    def closed(self, function: str, end: str) -> str:
        """A function written around its argument, the start of which is read."""
        inner = self.series(end)
        self.take(end)
        return f"{self.function(function)}({inner})"

    def named(self) -> str | None:
        """A symbol, an element of an array, or a function with its arguments."""
        for symbol, latex in self.symbols:
            if symbol[0] in self.indices and len(symbol) == 1:
                continue
            if self.at(*symbol) and not self.continues(len(symbol), latex):
                self.take(*symbol)
                return self.element(latex)
        for function, latex in _FUNCTION_TOKENS:
            if self.at(*function) and (latex.startswith("\\") or self.at(*function, "(")):
                self.take(*function)
                return self.function(latex) + self.arguments()
        return None

    def continues(self, length: int, latex: str) -> bool:
        """Whether what follows belongs to another symbol or a function."""
        following = self.todo[length : length + 1]
        if following == ["'"]:
            return True
        return latex in FUNCTIONS and following == ["("]

    def arguments(self) -> str:
        if self.at("("):
            self.take("(")
            inner = self.separated(")")
            self.take(")")
            return f"({inner})"
        return f"({self.factor()})"

    def separated(self, end: str) -> str:
        parts = [self.series((",", end))]
        while self.at(","):
            self.take(",")
            parts.append(self.series((",", end)))
        return ", ".join(parts)

    def element(self, latex: str) -> str:
        """A symbol, or with a subscript of indices an element of it."""
        number = self.numbers.setdefault(latex, len(self.numbers))
        if not self.at("_"):
            return f"Q_{{{number}}}"
        self.take("_")
        if self.at("{"):
            self.take("{")
            places = self.places()
            self.take("}")
        else:
            places = self.factor()
        return f"A_{{{number}}}({places})"

    def places(self) -> str:
        """Indices with commas between them; letters side by side are indices each."""
        parts: list[list[str]] = [[]]
        while self.todo and not self.at("}"):
            token = self.pop()
            if token == ",":
                parts.append([])
            else:
                parts[-1].append(token)
        places: list[str] = []
        for part in parts:
            places += part if set(part) <= self.indices else [self.inner(part)]
        return ", ".join(places)

    def function(self, latex: str) -> str:
        return f"F_{{{NAMES.index(latex)}}}"

    def bracket(self) -> str:
        if self.at(r"\neg"):
            self.take(r"\neg")
            inner = self.series("]")
            self.take("]")
            return self.function(r"\neg") + f"({inner})"
        sides, relations = [self.series((*RELATIONS, "]"))], []
        while not self.at("]"):
            relations.append(self.pop())
            sides.append(self.series((*RELATIONS, "]")))
        self.take("]")
        if not relations:
            return self.function("true") + f"({sides[0]})"
        pairs = zip(relations, sides[:-1], sides[1:], strict=True)
        return r" \cdot ".join(f"{self.function(r)}({a}, {b})" for r, a, b in pairs)

    def big(self) -> str:
        r"""\sum_{i, j} over the whole range of the indices, \prod_{i \le t} from 1 to t."""
        token = self.pop()
        self.take("_")
        inside = [self.pop()]
        if inside == ["{"]:
            inside = []
            while not self.at("}"):
                inside.append(self.pop())
            self.take("}")
        if r"\le" in inside:
            index, _, *last = inside
            self.indices.add(index)
            return f"{token}_{{{index}=1}}^{{{self.inner(last)}}}"
        out = []
        for index in (i for i in inside if i != ","):
            self.indices.add(index)
            out.append(f"{token}_{{{index}=0}}^{{N}}")
        return " ".join(out)

    def inner(self, part: Sequence[str]) -> str:
        """Tokens taken from elsewhere, spelt on their own."""
        kept, self.todo = self.todo, list(part)
        spelt = self.series(())
        self.todo = kept
        return spelt


@cache
def read(
    latex: str, symbols: tuple[str, ...], indices: tuple[str, ...]
) -> tuple[Any, dict[str, str]]:
    r"""Return an expression as a tree of SymPy, and what its plain symbols stand for.

    Parameters
    ----------
    latex : str
        Expression, one side of an equation.
    symbols : tuple of str
        Symbols of the notation, in LaTeX.
    indices : tuple of str
        Letters of the indices that are bound outside the expression.

    Returns
    -------
    tree : sympy.Basic
        Expression in plain symbols Q_{k}, elements A_{k}(i, ...) and functions F_{k}(...).
    plain : dict
        Plain name Q_{k} -> symbol of the notation.

    Raises
    ------
    EquationError
        If a token is neither a symbol, a function nor an index, an operand is missing, the
        brackets do not match, or SymPy cannot parse what the expression is spelt as.

    Examples
    --------
    >>> read(r"(1 - \beta) g_t", (r"\beta", "g_t"), ())
    (Q_{1}*(1 - Q_{0}), {'Q_{0}': '\\beta', 'Q_{1}': 'g_t'})
    """
    reader = _Reader(symbols, indices)
    tree = reader.read(latex)
    return tree, {f"Q_{{{number}}}": symbol for symbol, number in reader.numbers.items()}
