"""What an equation is worth: SymPy's tree evaluated on arrays."""

import numpy as np
import sympy
from scipy.special import expit, gamma
from sympy.core.function import AppliedUndef

from problems.reading.latex import NAMES, EquationError, read

#: What functions and relations are worth; that of the projection is given by the caller.
MEANINGS = {
    r"\mathrm{Clip}": lambda x, lo, hi: np.minimum(np.maximum(x, lo), hi),
    r"\mathrm{sign}": lambda x: (x > 0) * 1.0 - (x < 0),
    r"\max": lambda *x: np.maximum(*x) if len(x) > 1 else np.max(*x, axis=-1, keepdims=True),
    r"\log": np.log,
    r"\exp": np.exp,
    r"\cos": np.cos,
    r"\sin": np.sin,
    r"\tanh": np.tanh,
    r"\Gamma": gamma,
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


class Values:
    """Values of an expression, given those of the notation's symbols.

    Parameters
    ----------
    symbols : dict
        LaTeX -> code.
    look_up : callable
        (code, indices) -> value.
    sizes : dict
        Length of the range of an index, by its letter.
    functions : dict
        LaTeX -> function, beside `FUNCTIONS`.
    matrices : container of str
        Symbols whose products are those of matrices.
    """

    def __init__(self, symbols, look_up, sizes=None, functions=None, matrices=()):
        self.symbols, self.look_up = symbols, look_up
        self.sizes, self.matrices = sizes or {}, matrices
        self.functions = {**MEANINGS, **(functions or {})}
        self.kinds = {
            sympy.Number: self.number,
            sympy.Symbol: self.symbol,
            sympy.Add: self.sum,
            sympy.Mul: self.product,
            sympy.Pow: self.power,
            sympy.factorial: self.factorial,
            (sympy.Sum, sympy.Product): self.folded,
            AppliedUndef: self.applied,
        }

    def of(self, latex, indices=None):
        """The value of an expression; `indices` are those of the left side."""
        indices = indices or {}
        tree, self.plain = read(latex, tuple(self.symbols), tuple(sorted(indices)))
        return self.value(tree, indices)

    def value(self, node, indices):
        for kinds, evaluate in self.kinds.items():
            if isinstance(node, kinds):
                return evaluate(node, indices)
        raise EquationError(f"cannot evaluate {node.func}")

    def parts(self, node, indices):
        return [self.value(part, indices) for part in node.args]

    def number(self, node, indices):
        return int(node) if node.is_Integer else float(node)

    def sum(self, node, indices):
        first, *rest = self.parts(node, indices)
        return sum(rest, first)

    def power(self, node, indices):
        base, exponent = self.parts(node, indices)
        return np.asarray(base, np.float64) ** exponent

    def factorial(self, node, indices):
        return gamma(self.value(node.args[0], indices) + 1.0)

    def symbol(self, node, indices):
        if node.name in indices:
            return indices[node.name]
        value = self.look_up(self.symbols[self.plain[node.name]], indices)
        return value * 1 if isinstance(value, (bool, np.bool_)) else value

    def product(self, node, indices):
        parts = self.parts(node, indices)
        out, matrix = parts[0], self.is_matrix(node.args[0])
        for factor, part in zip(node.args[1:], parts[1:], strict=True):
            other = self.is_matrix(factor)
            both = (matrix or other) and np.ndim(out) and np.ndim(part)
            out, matrix = (out @ part if both else out * part), matrix or other
        return out

    def is_matrix(self, node):
        """Whether a factor is a matrix, its transpose or a product of such."""
        if isinstance(node, sympy.Symbol):
            return self.plain.get(node.name) in self.matrices
        transposed = node.func.__name__ == f"F_{{{NAMES.index('^T')}}}"
        return (transposed or isinstance(node, sympy.Mul)) and any(map(self.is_matrix, node.args))

    def applied(self, node, indices):
        kind, number = node.func.__name__[0], int(node.func.__name__[3:-1])
        args = [self.value(arg, indices) for arg in node.args]
        if kind == "F":
            return self.functions[NAMES[number]](*args)
        array = np.asarray(self.look_up(self.symbols[self.plain[f"Q_{{{number}}}"]], indices))
        sizes = array.shape[array.ndim - len(args) :]
        args = np.broadcast_arrays(*args)
        exists = np.logical_and.reduce(
            [
                (arg == np.floor(arg)) & (arg >= 0) & (arg < n)
                for arg, n in zip(args, sizes, strict=True)
            ]
        )
        places = tuple(np.where(exists, arg, 0).astype(int) for arg in args)
        # fewer indices than axes: the others are a batch, and stay
        elements = array[places] if len(args) == array.ndim else array[(..., *places, None)]
        return np.where(exists, elements, 0)

    def folded(self, node, indices):
        body, *limits = node.args
        (index, first, last), *rest = limits
        if rest:
            body, (index, first, last) = node.func(body, *limits[:-1]), limits[-1]
        name = index.name
        if last == sympy.Symbol("N"):
            places = range(self.sizes[name])
        else:
            places = range(int(self.value(first, indices)), int(self.value(last, indices)) + 1)
        terms = [self.value(body, {**indices, name: place}) for place in places]
        if isinstance(node, sympy.Product):
            return np.prod(np.array(terms, dtype=np.float64), axis=0)
        return sum(terms[1:], terms[0]) if terms else 0.0
