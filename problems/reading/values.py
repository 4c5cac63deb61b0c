"""What an equation is worth: SymPy's tree evaluated on arrays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import sympy  # type: ignore[import-untyped]
from numpy.typing import NDArray
from scipy.special import expit, gamma, ndtr
from sympy.core.function import AppliedUndef  # type: ignore[import-untyped]

from problems.reading.latex import NAMES, read
from problems.reading.tokens import EquationError

__all__ = ["MEANINGS", "Values"]

#: Values of functions and relations; the caller gives the projection's.
MEANINGS: dict[str, Callable[..., Any]] = {
    r"\mathrm{Clip}": lambda x, lo, hi: np.minimum(np.maximum(x, lo), hi),
    r"\mathrm{sign}": lambda x: (x > 0) * 1.0 - (x < 0),
    r"\max": lambda x, *y: np.maximum(x, *y) if y else np.max(x, axis=-1, keepdims=True),
    r"\min": np.minimum,
    r"\log": np.log,
    r"\exp": np.exp,
    r"\cos": np.cos,
    r"\sin": np.sin,
    r"\tanh": np.tanh,
    r"\Gamma": gamma,
    r"\Phi": ndtr,
    r"\mathrm{copyltu}": lambda x: np.where(np.tri(x.shape[-1]), x, np.swapaxes(x, -1, -2)),
    r"\log_2": np.log2,
    r"\lfloor": np.floor,
    "|": np.abs,
    r"H": lambda x: np.heaviside(x, 0.5),
    r"\sigma": expit,
    "^T": lambda x: np.swapaxes(x, -1, -2),
    "<": lambda a, b: np.less(a, b) * 1.0,
    ">": lambda a, b: np.greater(a, b) * 1.0,
    r"\le": lambda a, b: np.less_equal(a, b) * 1.0,
    r"\ge": lambda a, b: np.greater_equal(a, b) * 1.0,
    "=": lambda a, b: np.equal(a, b) * 1.0,
    "true": lambda a: np.not_equal(a, 0) * 1.0,
    r"\neg": lambda a: np.equal(a, 0) * 1.0,
}

_TRANSPOSED = f"F_{{{NAMES.index('^T')}}}"


class Values:
    r"""Values of expressions, given those of the notation's symbols.

    Parameters
    ----------
    symbols : mapping of str to str
        LaTeX of each symbol -> its code, as `problems.reading.notation.symbols_at` returns it.
    look_up : callable
        Function of (code, indices) that returns the code's value: a number or an array.
        The indices map letters to numbers or arrays.
    sizes : mapping of str to int, optional
        Length of the range of an index, by its letter.
    functions : mapping of str to callable, optional
        Meanings of functions by their LaTeX, beside `MEANINGS`.
    matrices : collection of str
        Symbols whose products are those of matrices.

    Examples
    --------
    >>> known = {"beta2": 0.75, "g": np.array([1.0, 2.0])}
    >>> values = Values({r"\beta_2": "beta2", "g_t": "g"}, lambda code, indices: known[code])
    >>> values.of(r"(1 - \beta_2) g_t^2")
    array([0.25, 1.  ])
    """

    def __init__(
        self,
        symbols: Mapping[str, str],
        look_up: Callable[[str, Mapping[str, Any]], Any],
        sizes: Mapping[str, int] | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        matrices: Collection[str] = (),
    ) -> None:
        self.symbols, self.look_up = symbols, look_up
        self.sizes, self.matrices = sizes or {}, matrices
        self.functions = {**MEANINGS, **(functions or {})}
        self._plain: Mapping[str, str] = {}
        self._kinds: dict[Any, Callable[[Any, Mapping[str, Any]], Any]] = {
            sympy.Number: self._number,
            sympy.Symbol: self._symbol,
            sympy.Add: self._sum,
            sympy.Mul: self._product,
            sympy.Pow: self._power,
            sympy.factorial: self._factorial,
            (sympy.Sum, sympy.Product): self._folded,
            AppliedUndef: self._applied,
        }

    def of(self, latex: str, indices: Mapping[str, Any] | None = None) -> Any:
        """Return the value of an expression, a number or an array.

        Parameters
        ----------
        latex : str
            Expression, one side of an equation.
        indices : mapping of str to int or array of int, optional
            Values of the indices that are bound outside the expression, by their letters.

        Raises
        ------
        EquationError
            If the expression cannot be read or evaluated.
        KeyError
            If a function has no meaning or an index no size.
        """
        indices = indices or {}
        tree, self._plain = read(latex, tuple(self.symbols), tuple(sorted(indices)))
        return self._value(tree, indices)

    def elements(self, latex: str, letters: str) -> Any:
        """Return the value of an expression for every value of some indices.

        Parameters
        ----------
        latex : str
            Right side of an equation.
        letters : str
            Letters of the left side's indices; "" if it has none.

        Returns
        -------
        number or array
            An axis for each letter, as long as its range.

        Raises
        ------
        KeyError
            If a letter has no size.
        EquationError
            As `of`.

        Examples
        --------
        >>> Values({}, lambda code, indices: None, {"i": 2, "j": 3}).elements("i + j", "ij")
        array([[0, 1, 2],
               [1, 2, 3]])
        """
        if not letters:
            return self.of(latex)
        lengths = [self.sizes[letter] for letter in letters]
        places = np.ix_(*map(np.arange, lengths))
        return np.broadcast_to(self.of(latex, dict(zip(letters, places, strict=True))), lengths)

    def _value(self, node: Any, indices: Mapping[str, Any]) -> Any:
        for kinds, evaluate in self._kinds.items():
            if isinstance(node, kinds):
                return evaluate(node, indices)
        raise EquationError(f"cannot evaluate {node.func}")

    def _parts(self, node: Any, indices: Mapping[str, Any]) -> list[Any]:
        return [self._value(part, indices) for part in node.args]

    def _number(self, node: Any, indices: Mapping[str, Any]) -> Any:
        return int(node) if node.is_Integer else float(node)

    def _sum(self, node: Any, indices: Mapping[str, Any]) -> Any:
        first, *rest = self._parts(node, indices)
        return sum(rest, first)

    def _power(self, node: Any, indices: Mapping[str, Any]) -> Any:
        base, exponent = self._parts(node, indices)
        return np.asarray(base, np.float64) ** exponent

    def _factorial(self, node: Any, indices: Mapping[str, Any]) -> Any:
        return gamma(self._value(node.args[0], indices) + 1.0)

    def _symbol(self, node: Any, indices: Mapping[str, Any]) -> Any:
        if node.name in indices:
            return indices[node.name]
        value = self.look_up(self.symbols[self._plain[node.name]], indices)
        return value * 1 if isinstance(value, (bool, np.bool_)) else value

    def _product(self, node: Any, indices: Mapping[str, Any]) -> Any:
        first, *rest = self._parts(node, indices)
        out, matrix = first, self._is_matrix(node.args[0])
        for factor, part in zip(node.args[1:], rest, strict=True):
            other = self._is_matrix(factor)
            both = (matrix or other) and np.ndim(out) and np.ndim(part)
            out, matrix = (out @ part if both else out * part), matrix or other
        return out

    def _is_matrix(self, node: Any) -> bool:
        """Whether a factor is a matrix, its transpose or a product of such."""
        if isinstance(node, sympy.Symbol):
            return self._plain.get(node.name) in self.matrices
        within = node.func.__name__ == _TRANSPOSED or isinstance(node, sympy.Mul)
        return within and any(map(self._is_matrix, node.args))

    def _applied(self, node: Any, indices: Mapping[str, Any]) -> Any:
        """A function F_{k} of its arguments, or the element A_{k} of an array."""
        kind, number = node.func.__name__[0], node.func.__name__[3:-1]
        args = self._parts(node, indices)
        if kind == "F":
            return self.functions[NAMES[int(number)]](*args)
        array = self.look_up(self.symbols[self._plain[f"Q_{{{number}}}"]], indices)
        return _element(np.asarray(array), args)

    def _folded(self, node: Any, indices: Mapping[str, Any]) -> Any:
        """A sum or a product over the last of its indices, of that over the others."""
        body, *inner, (index, first, last) = node.args
        if inner:
            body = node.func(body, *inner)
        if last == sympy.Symbol("N"):
            places = range(self.sizes[index.name])
        else:
            places = range(int(self._value(first, indices)), int(self._value(last, indices)) + 1)
        terms = [self._value(body, {**indices, index.name: place}) for place in places]
        if isinstance(node, sympy.Product):
            return np.prod(np.array(terms, dtype=np.float64), axis=0)
        return sum(terms[1:], terms[0]) if terms else 0.0


def _element(array: NDArray[Any], args: list[Any]) -> Any:
    """The elements at some places, 0 where there is none; axes before the places' stay."""
    sizes = array.shape[array.ndim - len(args) :]
    places = np.broadcast_arrays(*args)
    exists = np.logical_and.reduce(
        [(p == np.floor(p)) & (p >= 0) & (p < n) for p, n in zip(places, sizes, strict=True)]
    )
    found = tuple(np.where(exists, place, 0).astype(int) for place in places)
    elements = array[found] if len(args) == array.ndim else array[(..., *found, None)]
    return np.where(exists, elements, 0)
