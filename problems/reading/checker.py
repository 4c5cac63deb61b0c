"""Compares what a function's lines computed with the equations above them.

The function may be one of the packages, a mutant of it, or one in another file under the same
dotted name, whose errors then show that file's lines::

    module = Module.of(Source("adabound_np.adam", "student/adam.py", text), namespace)
    traced = Traced("adabound_np.adam.Adam.moments", module=module)
    wrong = [result.error for result in check(traced, cases) if result.error]
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from types import CodeType
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from problems.reading.equations import Equation
from problems.reading.lines import RESULT, Traced
from problems.reading.notation import symbols_at
from problems.reading.tokens import split
from problems.reading.values import Values

__all__ = [
    "RETURNING",
    "MismatchError",
    "Result",
    "agree",
    "check",
    "check_line",
    "check_returned",
    "check_target",
    "compare",
    "left_side",
    "values_at",
]

Local: TypeAlias = Mapping[str, Any]
Functions: TypeAlias = Callable[[Local], Mapping[str, Callable[..., Any]]]

#: Ends of the places of functions whose results are what their last lines computed.
RETURNING = (".moments", ".learning_rate")

_ELEMENT = re.compile(r"(?P<symbol>.*[^_])_(?:\{(?P<more>[a-z]+)\}|(?P<one>[a-z]))")


class MismatchError(AssertionError):
    """A line that did not compute its equation; the message shows both.

    Parameters
    ----------
    equation : Equation
        Equation, with its line and the line's code.
    why : str
        What differs.
    """

    def __init__(self, equation: Equation, why: str) -> None:
        super().__init__(
            f"{equation.file}:{equation.line}: the line does not compute its equation\n"
            f"    equation  {equation.latex}        [{equation.source}]\n"
            f"    code      {equation.code}\n"
            f"    {why}"
        )
        self.equation, self.why = equation, why


class Result(NamedTuple):
    """What a check found at one equation, in one case.

    Parameters
    ----------
    equation : Equation or None
        Equation; None for what the function returns.
    evaluated : int
        How often its line was compared with it.
    error : AssertionError or None
        What is wrong, None if nothing is.
    """

    equation: Equation | None
    evaluated: int
    error: AssertionError | None


def check(
    traced: Traced,
    cases: Iterable[tuple[tuple[Any, ...], Mapping[str, int]]],
    functions: Functions | None = None,
) -> Iterator[Result]:
    """Compare a function's lines with their equations, on each case; yield what was found.

    A wrong line does not end the check: the caller stops at the first error or collects them.

    Parameters
    ----------
    traced : Traced
        Function to run.
    cases : iterable of tuple
        Arguments of a call, and the lengths of the indices' ranges by their letters.
    functions : callable, optional
        Function of the local variables that returns meanings of functions by their LaTeX.

    Yields
    ------
    Result
        The wrong targets; then, for each case, one result for each equation, and one more if
        the function returns something else than its lines computed.

    Examples
    --------
    >>> from adabound_np import DynamicBounds
    >>> lower = Traced("adabound_np.bounds.DynamicBounds.eta_l")
    >>> cases = [((DynamicBounds(0.1, 1e-3), t), {}) for t in (1, 10)]
    >>> [(result.evaluated, result.error) for result in check(lower, cases)]
    [(1, None), (1, None)]
    """
    for equation in traced.equations:
        error = _error_of(check_target, traced, equation)
        if error:
            yield Result(equation, 0, error)
    for args, sizes in cases:
        returned = traced(*args)
        for equation in traced.equations:
            error = _error_of(check_line, traced, equation, sizes, functions)
            yield Result(equation, len(traced.pairs(equation)), error)
        if traced.place.endswith(RETURNING):
            error = _error_of(check_returned, traced, returned)
            if error:
                yield Result(None, 0, error)


def _error_of(find: Callable[..., object], *args: Any) -> AssertionError | None:
    try:
        find(*args)
    except AssertionError as error:
        return error
    return None


def check_target(traced: Traced, equation: Equation) -> None:
    """Compare what a line gives its value to with the left side of its equation.

    Raises
    ------
    MismatchError
        If it is another name.
    """
    symbols = {**traced.symbols, **symbols_at(equation.place)}
    given = traced.targets[equation.line]
    if given != _target_of(equation, symbols):
        raise MismatchError(equation, f"the code gives a value to {given or 'no name'}")


def check_line(
    traced: Traced,
    equation: Equation,
    sizes: Mapping[str, int] | None = None,
    functions: Functions | None = None,
) -> int:
    """Compare the first times a line ran, in the last call, with its equation.

    Parameters
    ----------
    traced : Traced
        Function that has run.
    equation : Equation
        One of its equations.
    sizes : mapping of str to int, optional
        Length of the range of an index, by its letter.
    functions : callable, optional
        Function of the local variables that returns meanings of functions by their LaTeX.

    Returns
    -------
    int
        How often the line was compared, 0 if it did not run.

    Raises
    ------
    MismatchError
        If the values differ, or the equation's are not finite.
    """
    pairs = traced.pairs(equation)
    for before, after in pairs:
        given = functions(before) if functions else None
        compare(equation, before, after, traced.namespace, sizes, given, traced.symbols)
    return len(pairs)


def compare(
    equation: Equation,
    before: Local,
    after: Local,
    namespace: dict[str, Any],
    sizes: Mapping[str, int] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    symbols: Mapping[str, str] | None = None,
) -> None:
    """Compare an equation with the local variables before and after its line.

    Parameters
    ----------
    equation : Equation
        Equation.
    before, after : mapping of str to object
        Local variables by their names.
    namespace : dict
        Global names of the code.
    sizes : mapping of str to int, optional
        Length of the range of an index, by its letter.
    functions : mapping of str to callable, optional
        Meanings of functions by their LaTeX.
    symbols : mapping of str to str, optional
        LaTeX -> code, beside the notation of the equation's place.

    Raises
    ------
    MismatchError
        If the values differ, or the equation's are not finite.
    """
    left, right, _ = split(equation.latex)
    values = values_at(equation, before, namespace, sizes, functions, symbols)
    symbol, indices = left_side(left, values.symbols)
    actual = _look_up_in(after, namespace)(_target_of(equation, values.symbols))
    agree(equation, values.elements(right, indices), actual)
    if not symbol:  # both sides are expressions, and the line's value is both
        agree(equation, values.of(left), actual)


def check_returned(traced: Traced, returned: Any) -> None:
    """Compare what ``moments`` or ``learning_rate`` returned with what its last lines computed.

    Parameters
    ----------
    traced : Traced
        Function that has run.
    returned : object
        What it returned.

    Raises
    ------
    AssertionError
        If it is something else: the update rule has the right lines and does not use them.
    """
    ((local),) = traced.notes[0, "return"]
    if traced.place.endswith(".moments"):
        m, state = returned
        named = [("m", m), *state._asdict().items()]
    else:
        named = [("eta", returned)]
    for name, value in named:
        if not np.array_equal(value, local[name]):
            raise AssertionError(f"{traced.place} returns another {name} than it computed")


def left_side(left: str, symbols: Mapping[str, str]) -> tuple[str, str]:
    """Return the symbol of a left side, "" for an expression, and the indices of its element.

    Examples
    --------
    >>> left_side("x_{ij}", {"x": "x"})
    ('x', 'ij')
    >>> left_side("x_t", {"x": "x", "x_t": "x"})
    ('x_t', '')
    """
    if left in symbols:
        return left, ""
    match = _ELEMENT.fullmatch(left)
    if match and match["symbol"] in symbols:
        return match["symbol"], match["more"] or match["one"]
    return "", ""


def values_at(
    equation: Equation,
    local: Local,
    namespace: dict[str, Any],
    sizes: Mapping[str, int] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    symbols: Mapping[str, str] | None = None,
) -> Values:
    """Return the values of expressions where an equation stands.

    Parameters
    ----------
    equation : Equation
        Equation, whose place says which symbols hold.
    local : mapping of str to object
        Local variables by their names.
    namespace : dict
        Global names of the code.
    sizes : mapping of str to int, optional
        Length of the range of an index, by its letter.
    functions : mapping of str to callable, optional
        Meanings of functions by their LaTeX.
    symbols : mapping of str to str, optional
        LaTeX -> code, beside the notation of the equation's place.
    """
    symbols = {**(symbols or {}), **symbols_at(equation.place)}
    matrices = frozenset[str]()
    if equation.place.startswith("autograd_lite."):  # its capitals are matrices
        matrices = frozenset(s for s in symbols if re.match(r"(\\bar\{)?[A-Z]", s))
    return Values(symbols, _look_up_in(local, namespace), sizes, functions, matrices)


def agree(
    equation: Equation, expected: ArrayLike, actual: ArrayLike, *, rtol: float = 1e-10
) -> None:
    """Compare an equation's value with the code's.

    Parameters
    ----------
    equation : Equation
        Equation, for the message.
    expected, actual : array_like
        Values of the equation and of the code.
    rtol : float
        Largest difference, relative to the equation's value.

    Raises
    ------
    MismatchError
        If values or shapes differ, or the equation's values are not finite.
    """
    expected, actual = np.asarray(expected, np.float64), np.asarray(actual, np.float64)
    if expected.ndim == 2 < actual.ndim and expected.shape[1] == actual.shape[-1]:
        actual = actual.reshape(-1, actual.shape[-1])  # a matrix's rows, along several axes
    if expected.shape != actual.shape and expected.size > 1 and actual.size > 1:
        raise MismatchError(equation, f"shapes {actual.shape} of the code, {expected.shape} of it")
    if not np.all(np.isfinite(expected)):
        raise MismatchError(equation, "the equation is not finite: the check needs other values")
    if not np.allclose(actual, expected, rtol=rtol, atol=1e-14 * np.max(np.abs(expected))):
        actual, expected = np.broadcast_arrays(actual, expected)
        worst = np.unravel_index(np.argmax(np.abs(actual - expected)), actual.shape)
        a, e = actual[worst], expected[worst]
        raise MismatchError(equation, f"the code gives {a:.17g}, the equation {e:.17g}")


def _target_of(equation: Equation, symbols: Mapping[str, str]) -> str:
    """The code that the line of an equation gives its value to."""
    symbol, _ = left_side(split(equation.latex)[0], symbols)
    return symbols.get(symbol, "return")


def _look_up_in(local: Local, namespace: dict[str, Any]) -> Callable[..., Any]:
    """What a piece of code is worth where these local variables are."""

    def look_up(code: str, indices: Mapping[str, Any] = {}) -> Any:
        if code == "return":
            return local[RESULT]
        return eval(_compiled(code), namespace, {**local, **indices})

    return look_up


@cache
def _compiled(code: str) -> CodeType:
    return compile(code, "<notation>", "eval")
