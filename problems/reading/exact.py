"""Numbers without rounding, on which the optimizers' own lines run unchanged.

A number is a fraction as long as no irrational root occurs, then a decimal of `DIGITS` digits.
NumPy's functions work on it: `np.sqrt` calls its method `sqrt`, `np.clip` and `np.maximum`
compare.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from numbers import Real
from typing import Any, TypeAlias

__all__ = ["DIGITS", "Exact", "exactly"]

#: Significant digits where a root is irrational.
DIGITS = 50
_CONTEXT = Context(prec=DIGITS)
Value: TypeAlias = Fraction | Decimal


class Exact:
    """A fraction, or a decimal of `DIGITS` digits.

    With infinity or NaN, which are floats, the result of an operation is a float; a division by
    zero gives one.

    Parameters
    ----------
    value : Fraction, Decimal, int, str or float
        A float counts as the binary fraction that it is; see `exactly` for decimals.

    Raises
    ------
    TypeError, ValueError
        If `value` is none of these, or not finite.

    Examples
    --------
    >>> import numpy as np
    >>> np.sqrt(Exact("0.49")), 1 / Exact(3), Exact(1) / 0
    (Exact('7/10'), Exact('1/3'), inf)
    >>> Exact(2).sqrt()
    Exact('1.4142135623730950488016887242096980785696718753769')
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        raw = Fraction(value) if isinstance(value, str) else _raw(value)
        if raw is None or isinstance(raw, float):
            error = TypeError if raw is None else ValueError
            raise error(f"value must be a finite number, got {value!r}")
        self.value: Value = raw

    @property
    def rational(self) -> bool:
        """Whether no irrational root has gone into it."""
        return isinstance(self.value, Fraction)

    def decimal(self) -> Decimal:
        """The number as a decimal of `DIGITS` digits."""
        return _decimal(self.value)

    def sqrt(self) -> Exact:
        """The square root: a fraction if there is one.

        Raises
        ------
        ValueError
            If it is negative.
        """
        if self.value < 0:
            raise ValueError(f"value must be at least 0 to have a root, got {self!r}")
        if isinstance(self.value, Fraction):
            top, bottom = (math.isqrt(n) for n in self.value.as_integer_ratio())
            if Fraction(top * top, bottom * bottom) == self.value:
                return Exact(Fraction(top, bottom))
        return Exact(_CONTEXT.sqrt(_decimal(self.value)))

    def __add__(self, other: Any) -> Any:
        return _apply(operator.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return _apply(operator.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return _apply(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _apply(operator.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return _apply(operator.mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        return _apply(operator.mul, other, self)

    def __truediv__(self, other: Any) -> Any:
        return _apply(_divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _apply(_divide, other, self)

    def __pow__(self, other: Any) -> Any:
        return _apply(_power, self, other)

    def __rpow__(self, other: Any) -> Any:
        return _apply(_power, other, self)

    def __neg__(self) -> Exact:
        return Exact(-self.value if self.rational else _CONTEXT.minus(_decimal(self.value)))

    def __abs__(self) -> Exact:
        return self if self.value >= 0 else -self

    def __eq__(self, other: object) -> Any:
        return _compare(operator.eq, self, other)

    def __lt__(self, other: Any) -> Any:
        return _compare(operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return _compare(operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return _compare(operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return _compare(operator.ge, self, other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __index__(self) -> int:
        if self.value != int(self.value):
            raise TypeError(f"value must be whole to count, got {self!r}")
        return int(self.value)

    def __repr__(self) -> str:
        return f"Exact('{self.value}')"

    def __str__(self) -> str:
        return str(float(self))

    def __format__(self, spec: str) -> str:
        return format(float(self), spec)


Real.register(Exact)


def exactly(number: Any) -> Any:
    """A float as the shortest decimal that is read as it: what someone meant who wrote 0.9.

    Anything but a finite float is returned as it is.

    Examples
    --------
    >>> exactly(0.9), Exact(0.5), exactly("adam")
    (Exact('9/10'), Exact('1/2'), 'adam')
    """
    if isinstance(number, float) and math.isfinite(number):
        return Exact(repr(float(number)))
    return number


def _raw(number: Any) -> Value | float | None:
    """A number as a fraction or decimal; infinity and NaN as floats; None for anything else."""
    if isinstance(number, Exact):
        return number.value
    if isinstance(number, (Fraction, Decimal)):
        return number
    if isinstance(number, float) and not math.isfinite(number):
        return number
    return Fraction(number) if isinstance(number, (int, float)) else None


def _decimal(value: Value) -> Decimal:
    if isinstance(value, Decimal):
        return value
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


def _apply(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Compute with fractions if both are, with decimals if one is, with floats beyond them."""
    a, b = _raw(left), _raw(right)
    if a is None or b is None:
        return NotImplemented
    if isinstance(a, float) or isinstance(b, float):
        return operation(float(a), float(b))
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        result = operation(a, b)
    else:
        with localcontext(_CONTEXT):
            result = operation(_decimal(a), _decimal(b))
    return result if isinstance(result, float) else Exact(result)


def _divide(a: Any, b: Any) -> Any:
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a)
    return a / b


def _power(a: Any, b: Any) -> Any:
    """a^b: exact for whole b, and for halves where the root is."""
    if isinstance(a, float) or isinstance(b, float):
        return a**b
    if b == int(b):
        return a ** int(b)
    if 2 * b == int(2 * b):
        return (Exact(a).sqrt() ** int(2 * b)).value
    return _CONTEXT.power(_decimal(a), _decimal(b))


def _compare(relation: Callable[[Any, Any], bool], left: Exact, right: Any) -> Any:
    b = _raw(right)
    if b is None:
        return NotImplemented
    return relation(Fraction(left.value), b if isinstance(b, float) else Fraction(b))
