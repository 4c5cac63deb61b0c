r"""Equations in LaTeX, read by SymPy and evaluated on arrays.

The LaTeX is first spelt in a subset that SymPy's grammar reads without doubt: every symbol of
the notation becomes a plain one (Q_{7}), every function F_{2}(...), every element of an array
A_{3}(i, j), and every product gets its dot. An unknown token is an error; SymPy's parser is
strict. What SymPy decides is precedence and structure.
"""

import re
from functools import cache

from sympy.parsing.latex import parse_latex

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]|\d+(?:\.\d+)?|\S")
_SPACES = {r"\,", r"\;", r"\!", r"\left", r"\right"}

#: Functions, as the equations write them.
FUNCTIONS = (
    r"\mathrm{mean}", r"\mathrm{Clip}", r"\mathrm{sign}", r"\max", r"\log", r"\cos", r"\sin",
    r"\tanh", r"\Gamma", r"\log_2", r"\sigma", "H", r"\exp",
    r"\Pi_{F, \mathrm{diag}(\eta_t^{-1})}", "^T", "|", r"\lfloor",
)  # fmt: skip
#: Relations in Iverson's brackets; "true" and "\\neg" are those of [a] and [\neg a].
RELATIONS = ("<", ">", r"\le", r"\ge", "=", "true", r"\neg")
#: Their plain names are F_{0}, F_{1}, ...
NAMES = (*FUNCTIONS, *RELATIONS)


class EquationError(ValueError):
    """An equation that cannot be read."""


def tokens(latex):
    return [token for token in _TOKEN.findall(latex) if token not in _SPACES]


_FUNCTION_TOKENS = sorted(((tokens(f), f) for f in FUNCTIONS if f not in ("^T", "|", r"\lfloor")),
                          key=lambda pair: -len(pair[0]))  # fmt: skip


class Reader:
    """Spells one side of an equation for SymPy."""

    def __init__(self, symbols):
        self.symbols = sorted(((tokens(s), s) for s in symbols), key=lambda pair: -len(pair[0]))
        self.plain = {}  # plain name -> symbol of the notation
        self.indices = set()

    def read(self, latex):
        """Parse; the result is an expression in plain symbols."""
        self.todo = tokens(latex)
        spelt = self.series(())
        if self.todo:
            raise EquationError(f"cannot read {' '.join(self.todo)!r} in {latex!r}")
        return parse_latex(spelt, backend="antlr", strict=True)

    # Each method consumes tokens from the left and returns what SymPy is to read.

    def at(self, *expected):
        return self.todo[: len(expected)] == list(expected)

    def take(self, *expected):
        if not self.at(*expected):
            raise EquationError(f"expected {''.join(expected)!r} before {' '.join(self.todo)!r}")
        del self.todo[: len(expected)]

    def series(self, ends):
        """Terms and factors up to one of the tokens `ends`, with a dot in every product."""
        out, open_factor = [], False
        while self.todo and self.todo[0] not in ends:
            token = self.todo[0]
            if token in ("+", "-", "/", r"\cdot", r"\odot"):
                self.todo.pop(0)
                out.append({r"\odot": r"\cdot"}.get(token, token))
                open_factor = False
            elif token == "^" and open_factor:
                out.append(self.power(out))
            elif token == "!" and open_factor:
                out.append(self.todo.pop(0))
            else:
                if open_factor:
                    out.append(r"\cdot")
                open_factor = token not in (r"\sum", r"\prod")
                out.append(self.factor() if open_factor else self.big())
        return " ".join(out)

    def power(self, out):
        self.take("^")
        if self.at("T"):
            self.take("T")
            return out.pop().join([self.function("^T") + "(", ")"])
        return "^{" + self.group() + "}"

    def group(self):
        """One token, or what stands in braces."""
        if self.at("{"):
            self.take("{")
            inner = self.series("}")
            self.take("}")
            return inner
        return self.factor()

    def factor(self):
        named = self.named()
        if named:
            return named
        if self.at("("):
            return self.arguments()
        if self.at("e", "^"):
            self.take("e", "^")
            return self.function(r"\exp") + f"({self.group()})"
        token = self.todo.pop(0)
        if token in self.indices or re.fullmatch(r"\d+(\.\d+)?", token):
            return token
        starts = {"[": self.bracket, r"\sqrt": self.root, "|": self.size, r"\lfloor": self.floor}
        if token in starts:
            return starts[token]()
        raise EquationError(f"{token!r} is neither a symbol of the notation nor an index")

    def root(self):
        return r"\sqrt{" + self.group() + "}"

    def size(self):
        return self.closed("|", "|")

    def floor(self):
        return self.closed(r"\lfloor", r"\rfloor")

    def closed(self, function, end):
        """A function written around its argument, the start of which is read."""
        inner = self.series(end)
        self.take(end)
        return f"{self.function(function)}({inner})"

    def named(self):
        """A symbol, an element of an array, or a function with its arguments."""
        for symbol, latex in self.symbols:
            if symbol[0] in self.indices and len(symbol) == 1:
                continue
            if self.at(*symbol) and not self.continues(len(symbol), latex):
                self.take(*symbol)
                return self.element(latex)
        for function, latex in _FUNCTION_TOKENS:
            if self.at(*function) and (self.todo[len(function) :][:1] == ["("]
                                       or latex.startswith("\\")):  # fmt: skip
                self.take(*function)
                return self.function(latex) + self.arguments()
        return None

    def continues(self, length, latex):
        """Whether what follows shows that another symbol or a function is meant."""
        following = self.todo[length : length + 1]
        if following == ["'"]:
            return True
        return latex in FUNCTIONS and following == ["("]

    def arguments(self):
        if self.at("("):
            self.take("(")
            inner = self.list(")")
            self.take(")")
            return f"({inner})"
        return f"({self.factor()})"

    def list(self, end):
        parts = [self.series((",", end))]
        while self.at(","):
            self.take(",")
            parts.append(self.series((",", end)))
        return ", ".join(parts)

    def element(self, latex):
        """A symbol, or with a subscript of indices an element of it."""
        number = list(self.plain.values()).index(latex) if latex in self.plain.values() else None
        if number is None:
            number = len(self.plain)
            self.plain[f"Q_{{{number}}}"] = latex
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

    def places(self):
        """Indices with commas between them; letters side by side are indices each."""
        parts = [[]]
        while self.todo and not self.at("}"):
            token = self.todo.pop(0)
            if token == ",":
                parts.append([])
            else:
                parts[-1].append(token)
        places = []
        for part in parts:
            places += part if set(part) <= self.indices else [self.inner(part)]
        return ", ".join(places)

    def function(self, latex):
        return f"F_{{{NAMES.index(latex)}}}"

    def bracket(self):
        if self.at(r"\neg"):
            self.take(r"\neg")
            inner = self.series("]")
            self.take("]")
            return self.function(r"\neg") + f"({inner})"
        sides, relations = [self.series((*RELATIONS, "]"))], []
        while not self.at("]"):
            relations.append(self.todo.pop(0))
            sides.append(self.series((*RELATIONS, "]")))
        self.take("]")
        if not relations:
            return self.function("true") + f"({sides[0]})"
        pairs = zip(relations, sides[:-1], sides[1:], strict=True)
        return r" \cdot ".join(f"{self.function(r)}({a}, {b})" for r, a, b in pairs)

    def big(self):
        r"""\sum_{i, j} over the whole range of the indices, \prod_{i \le t} from 1 to t."""
        token = self.todo.pop(0)
        self.take("_")
        if self.at("{"):
            self.take("{")
            inside = []
            while not self.at("}"):
                inside.append(self.todo.pop(0))
            self.take("}")
        else:
            inside = [self.todo.pop(0)]
        if r"\le" in inside:
            index, _, *last = inside
            self.indices.add(index)
            return f"{token}_{{{index}=1}}^{{{self.inner(last)}}}"
        out = []
        for index in (i for i in inside if i != ","):
            self.indices.add(index)
            out.append(f"{token}_{{{index}=0}}^{{N}}")
        return " ".join(out)

    def inner(self, part):
        kept, self.todo = self.todo, list(part)
        spelt = self.series(())
        self.todo = kept
        return spelt


@cache
def read(latex, symbols, indices):
    reader = Reader(symbols)
    reader.indices.update(indices)
    return reader.read(latex), dict(reader.plain)


@cache
def split(latex):
    """Return the sides of an equation, and whether it gives a new value (an arrow)."""
    for sign in (r"\leftarrow", "="):
        depth, parts = 0, tokens(latex)
        for k, token in enumerate(parts):
            depth += (token in "([{") - (token in ")]}")
            if token == sign and not depth:
                at = 0
                for part in parts[:k]:  # where the k-th token stands in the text
                    at = latex.index(part, at) + len(part)
                at = latex.index(sign, at)
                return latex[:at].strip(), latex[at + len(sign) :].strip(), sign == r"\leftarrow"
    raise EquationError(f"{latex!r} has no '=' or arrow")
