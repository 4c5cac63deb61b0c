"""Runs the code's own lines and notes what each computed, to compare with its equation."""

import __future__

import ast
import copy
import importlib
import re
from functools import cache

import numpy as np

from problems.reading.equations import PACKAGES, listing, sources
from problems.reading.latex import split
from problems.reading.notation import symbols_at
from problems.reading.values import Values

RESULT = "__result__"
#: How often the lines of a loop are compared.
FIRST = 2


class MismatchError(AssertionError):
    """A line that did not compute its equation."""

    def __init__(self, equation, why):
        super().__init__(
            f"{equation.file}:{equation.line}: the line does not compute its equation\n"
            f"    equation  {equation.latex}        [{equation.source}]\n"
            f"    code      {equation.code}\n"
            f"    {why}"
        )


@cache
def module_of(place):
    """The module's name, its syntax tree and its namespace."""
    fits = [
        s
        for package in PACKAGES
        for s in sources(package)
        if f"{place}.".startswith(f"{s.module}.")
    ]
    source = max(fits, key=lambda source: len(source.module))
    return source.module, ast.parse(source.text), vars(importlib.import_module(source.module))


def node_at(place):
    """The function at a place, as a syntax tree."""
    name, node, _ = module_of(place)
    for part in place.removeprefix(f"{name}.").split("."):
        node = next(n for n in node.body if getattr(n, "name", None) == part)
    return node


@cache
def equations_at(place):
    """The equations of a function, with those of functions within it."""
    return tuple(e for e in listing() if f"{e.place}.".startswith(f"{place}."))


class _Notes(ast.NodeTransformer):
    """Puts notes of all local variables around the statements with equations, and at returns."""

    def __init__(self, equations):
        self.first = {e.line: e for e in equations}
        self.last = {e.nodes[-1].lineno: e.line for e in equations}
        self.targets = {}  # first line of a statement with an equation -> what it assigns to

    def visit_FunctionDef(self, node):
        node.decorator_list = []
        return self.generic_visit(node)

    def visit(self, node):
        new = super().visit(node)
        if not isinstance(node, ast.stmt) or isinstance(node, ast.FunctionDef):
            return new
        before, after, line = [], [], node.lineno
        if line in self.first:
            before = [self.note(line, "before")]
            self.targets[line] = "return" if isinstance(node, ast.Return) else ast.unparse(
                node.targets[0] if isinstance(node, ast.Assign) else node.target
            )  # fmt: skip
        if isinstance(node, ast.Return) and node.value is not None:
            kept = ast.Assign([ast.Name(RESULT, ast.Store())], node.value)
            give = ast.Return(ast.Name(RESULT, ast.Load()))
            return [*before, kept, self.note(line, "after"), self.note(0, "return"), give]
        if line in self.last:
            after = [self.note(self.last[line], "after")]
        return [*before, new, *after] if before or after else new

    @staticmethod
    def note(line, when):
        return ast.parse(f"__note__({line}, {when!r}, locals())").body[0]


class Traced:
    """A function of the packages, or a mutant of it, that notes its local variables.

    A function from elsewhere comes with its syntax tree in place of the mutant, its equations,
    its namespace, and notation beside that of its place.
    """

    def __init__(self, place, mutant=None, equations=None, namespace=None, symbols=None):
        self.place, self.symbols = place, symbols or {}
        self.equations = equations_at(place) if equations is None else equations
        notes = _Notes(self.equations)
        tree = notes.visit(copy.deepcopy(mutant or node_at(place)))
        self.targets = notes.targets
        outside = module_of(place)[2] if namespace is None else namespace
        self.namespace = {**outside, "__note__": self.note}
        flags = __future__.annotations.compiler_flag
        module = ast.fix_missing_locations(ast.Module([tree], []))
        exec(compile(module, place, "exec", flags, dont_inherit=True), self.namespace)
        self.function = self.namespace[tree.name]
        self.notes = {}

    def note(self, line, when, local):
        copied = {k: v.copy() if isinstance(v, np.ndarray) else v for k, v in local.items()}
        self.notes.setdefault((line, when), []).append(copied)

    def __call__(self, *args, **options):
        """Run it; the notes are then those of this run."""
        self.notes = {}
        return self.function(*args, **options)

    def pairs(self, equation):
        """Local variables before and after the lines, of the first times they ran.

        When Newton's method has converged, its steps are differences of nearly equal numbers.
        """
        before = self.notes.get((equation.line, "before"), [])
        after = self.notes.get((equation.line, "after"), [])
        return list(zip(before, after, strict=True))[:FIRST]

    def symbols_of(self, equation):
        """LaTeX -> code where an equation stands."""
        return {**self.symbols, **symbols_at(equation.place)}

    def check_targets(self):
        """Raise MismatchError if a line gives its value to another name than its equation does."""
        for equation in self.equations:
            symbols, given = self.symbols_of(equation), self.targets[equation.line]
            symbol, _ = left_side(split(equation.latex)[0], symbols)
            if given != symbols.get(symbol, "return"):
                raise MismatchError(equation, f"the code gives a value to {given}")

    def check(self, equation, sizes=None, functions=None):
        """Compare the first times the lines ran with the equation; return how often that was."""
        symbols = self.symbols_of(equation)
        symbol, _ = left_side(split(equation.latex)[0], symbols)
        pairs = self.pairs(equation)
        target = symbols.get(symbol, "return")
        capitals = matrices(equation.place, symbols)
        for before, after in pairs:
            given = functions(before) if functions else None
            values = Values(symbols, look_up_in(before, self.namespace), sizes, given, capitals)
            actual = look_up_in(after, self.namespace)(target)
            compare(equation, values, actual)
        return len(pairs)

    def check_returned(self, result):
        """What moments and learning_rate return is what their last lines computed.

        Raises
        ------
        AssertionError
            If it is not: the update rule has the right lines and gives something else.
        """
        ((local),) = self.notes[0, "return"]
        if self.place.endswith(".moments"):
            m, state = result
            returned = [("m", m), *state._asdict().items()]
        else:
            returned = [("eta", result)]
        for name, value in returned:
            if not np.array_equal(value, local[name]):
                raise AssertionError(f"{self.place} returns another {name} than it computed")


def look_up_in(local, namespace):
    """What a piece of code is worth where these local variables are."""

    def look_up(code, indices=()):
        if code == "return":
            return local[RESULT]
        return eval(compiled(code), namespace, {**local, **dict(indices)})

    return look_up


@cache
def compiled(code):
    return compile(code, "<notation>", "eval")


_ELEMENT = re.compile(r"(?P<symbol>.*[^_])_(?:\{(?P<more>[a-z]+)\}|(?P<one>[a-z]))")


def left_side(left, symbols):
    """The symbol on the left, "" for an expression, and the indices of its element, if any."""
    if left in symbols:
        return left, ""
    match = _ELEMENT.fullmatch(left)
    if match and match["symbol"] in symbols:
        return match["symbol"], match["more"] or match["one"]
    return "", ""


def matrices(place, symbols):
    """Symbols whose products are those of matrices: capital letters, in the engine."""
    if not place.startswith("autograd_lite."):
        return frozenset()
    return frozenset(s for s in symbols if re.match(r"(\\bar\{)?[A-Z]", s))


def expected_of(right, indices, values):
    """The right side, for every element of the left."""
    if not indices:
        return values.of(right)
    lengths = [values.sizes[index] for index in indices]
    places = np.ix_(*map(np.arange, lengths))
    return np.broadcast_to(values.of(right, dict(zip(indices, places, strict=True))), lengths)


def compare(equation, values, actual):
    """Raise MismatchError unless the equation's right side has the actual values.

    `actual` is what the line made of the left side.
    """
    left, right, _ = split(equation.latex)
    symbol, indices = left_side(left, values.symbols)
    agree(equation, expected_of(right, indices, values), actual)
    if not symbol:  # both sides are expressions, and the line's value is both
        agree(equation, values.of(left), actual)


def agree(equation, expected, actual, rtol=1e-10):
    expected, actual = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    if expected.ndim == 2 < actual.ndim and expected.shape[1] == actual.shape[-1]:
        actual = actual.reshape(-1, actual.shape[-1])  # a matrix's rows, along several axes
    if expected.shape != actual.shape and expected.size > 1 and actual.size > 1:
        raise MismatchError(equation, f"shapes {actual.shape} of the code, {expected.shape} of it")
    if not np.all(np.isfinite(expected)):
        raise MismatchError(equation, "the equation is not finite: the check needs other values")
    if not np.allclose(actual, expected, rtol=rtol, atol=1e-14 * np.max(np.abs(expected))):
        worst = np.unravel_index(
            np.argmax(np.abs(actual - expected)), np.broadcast(actual, expected).shape
        )
        a, e = (np.broadcast_to(v, np.broadcast(actual, expected).shape)[worst]
                for v in (actual, expected))  # fmt: skip
        raise MismatchError(equation, f"the code gives {a:.17g}, the equation {e:.17g}")
