"""Python's operators, ndarray's methods and NumPy's functions, looked up in the table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from autograd_lite.tensor import Tensor

__all__ = ["NUMPY", "TABLE", "Array", "Operators"]

#: A NumPy array of any dtype.
Array: TypeAlias = NDArray[Any]
#: The table of operations, by name; the modules of `autograd_lite.ops` fill it.
TABLE: dict[str, Callable[..., Tensor]] = {}
#: The same operations by the NumPy function that they answer to.
NUMPY: dict[Any, Callable[..., Any]] = {}
#: NumPy's functions whose results are shapes, integers or booleans: nothing to differentiate.
UNDIFFERENTIATED: tuple[Any, ...] = (
    *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    *(np.isnan, np.isinf, np.isfinite, np.isclose, np.allclose, np.array_equal),
    *(np.argmax, np.argmin, np.argsort, np.shape, np.ndim, np.size),
    *(np.zeros_like, np.ones_like),
)


def _plain(value: Any) -> Any:
    """Replace tensors by their arrays, also within lists and tuples."""
    if isinstance(value, Operators):
        return value.data
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value


def _full_name(function: Any) -> str:
    """Return "np.linalg.norm"; the bare name of a ufunc that is not NumPy's and does not tell."""
    name: str = function.__name__
    if isinstance(function, np.ufunc):
        return f"np.{name}" if getattr(np, name, None) is function else name
    return f"{function.__module__}.{name}".replace("numpy.", "np.", 1)


def _assigned(symbol: str, name: str) -> Callable[[Operators, Any], Tensor]:
    """Return the method of x += y and the like: x = x + y, but no leaf may be lost by it."""

    def operate(self: Operators, other: Any) -> Tensor:
        if self._needs_grad and self._record is None:
            raise TypeError(
                f"p {symbol}= y would bind the name p to a new tensor and leave the leaf as it "
                f"is; to change the leaf write p.data {symbol}= y, to compute p = p {symbol} y"
            )
        return TABLE[name](self, other)

    return operate


class Operators:
    """What a tensor can be asked to do, in the spelling of Python and of NumPy."""

    __slots__ = ()
    data: Array
    grad: Array | None
    _needs_grad: bool
    _record: Any

    def __add__(self, other: Any) -> Tensor:
        return TABLE["add"](self, other)

    def __radd__(self, other: Any) -> Tensor:
        return TABLE["add"](other, self)

    def __sub__(self, other: Any) -> Tensor:
        return TABLE["subtract"](self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return TABLE["subtract"](other, self)

    def __mul__(self, other: Any) -> Tensor:
        return TABLE["multiply"](self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return TABLE["multiply"](other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return TABLE["divide"](self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return TABLE["divide"](other, self)

    def __pow__(self, other: Any) -> Tensor:
        return TABLE["power"](self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return TABLE["power"](other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return TABLE["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return TABLE["matmul"](other, self)

    def __neg__(self) -> Tensor:
        return TABLE["negative"](self)

    def __abs__(self) -> Tensor:
        return TABLE["abs"](self)

    def __getitem__(self, index: Any) -> Tensor:
        return TABLE["getitem"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "a tensor cannot be assigned to in place; build the result with where, concatenate "
            "or stack, or write to the .data of a leaf before it enters a graph"
        )

    def __eq__(self, other: object) -> Any:
        return self.data == _plain(other)

    def __ne__(self, other: object) -> Any:
        return self.data != _plain(other)

    def __lt__(self, other: Any) -> Any:
        return self.data < _plain(other)

    def __le__(self, other: Any) -> Any:
        return self.data <= _plain(other)

    def __gt__(self, other: Any) -> Any:
        return self.data > _plain(other)

    def __ge__(self, other: Any) -> Any:
        return self.data >= _plain(other)

    __hash__ = object.__hash__

    __iadd__ = _assigned("+", "add")
    __isub__ = _assigned("-", "subtract")
    __imul__ = _assigned("*", "multiply")
    __itruediv__ = _assigned("/", "divide")
    __ipow__ = _assigned("**", "power")
    __imatmul__ = _assigned("@", "matmul")

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise TypeError(f"a tensor without axes has no parts to iterate over, got {self!r}")
        return (self[i] for i in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        if self._record:
            raise TypeError(
                "a result is part of a graph and is neither pickled nor copied; its .detach() is"
            )
        return type(self), (self.data, self._needs_grad), (None, {"grad": self.grad})

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return float(self.item())

    def item(self) -> Any:
        """Return the only element as a Python number; ValueError if there are more."""
        return self.data.item()

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the elements."""
        return self.data.dtype

    @property
    def T(self) -> Tensor:  # noqa: N802 - ndarray's name
        """The axes in reverse order, as `transpose`."""
        return TABLE["transpose"](self)

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """Sum over `axis` (an int, a tuple, or None for all axes)."""
        return TABLE["sum"](self, axis, keepdims=keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """Mean over `axis`."""
        return TABLE["mean"](self, axis, keepdims=keepdims)

    def var(self, axis: Any = None, *, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Variance over `axis`, the sum of squares divided by n - `ddof`."""
        return TABLE["var"](self, axis, ddof=ddof, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """Maximum over `axis`; ties share the gradient."""
        return TABLE["max"](self, axis, keepdims=keepdims)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Tensor:
        """Minimum over `axis`; ties share the gradient."""
        return TABLE["min"](self, axis, keepdims=keepdims)

    def clip(self, a_min: Any, a_max: Any) -> Tensor:
        """Limit to [`a_min`, `a_max`]."""
        return TABLE["clip"](self, a_min, a_max)

    def reshape(self, *shape: Any) -> Tensor:
        """Return the same elements in another shape, given as a tuple or as several ints."""
        return TABLE["reshape"](self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """Permute the axes, given as a tuple or as several ints; reverse them by default."""
        order = axes[0] if len(axes) == 1 else axes
        return TABLE["transpose"](self, order or None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Exchange two axes."""
        return TABLE["swapaxes"](self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Tensor:
        """Remove axes of length 1."""
        return TABLE["squeeze"](self, axis)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer NumPy's elementwise functions: np.exp(x), array + x."""
        if method == "__call__" and not options:
            if ufunc in NUMPY:
                return NUMPY[ufunc](*inputs)
            if ufunc in UNDIFFERENTIATED:
                return ufunc(*map(_plain, inputs))
        call = _full_name(ufunc) + ("" if method == "__call__" else f".{method}")
        given = f" with {', '.join(options)}=" if options else ""
        raise TypeError(f"{call}{given} {_UNSUPPORTED}")

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        """Answer NumPy's other functions: np.sum(x, axis=0), np.concatenate([x, y])."""
        if function in NUMPY:
            return NUMPY[function](*args, **options)
        if function in UNDIFFERENTIATED:
            return function(*_plain(args), **{k: _plain(v) for k, v in options.items()})
        raise TypeError(f"{_full_name(function)} {_UNSUPPORTED}")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self._needs_grad:
            raise TypeError(
                "a tensor that requires a gradient does not turn into an array by itself, since "
                "what is computed from the array would be a constant; write x.data if it should, "
                "and np.stack([x, y]) for an array of tensors"
            )
        return np.array(self.data, dtype=dtype, copy=copy)


_UNSUPPORTED = (
    "cannot be differentiated here: autograd_lite.ops lists what can; to compute with the "
    "numbers, as constants, pass x.data"
)
