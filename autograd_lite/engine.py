r"""The engine: tensors, the graph that operations leave behind, and the way back through it.

An operation (`Primitive`) computes a value and leaves a record of itself on the result:

>>> import autograd_lite as ag
>>> a, b = ag.Tensor(2.0, requires_grad=True), ag.Tensor(3.0, requires_grad=True)
>>> y = a * b                       # y holds 6.0 and the record (multiply, of a and b)

The records are the graph. `Tensor.backward` walks it from the result to the leaves. Each record
turns the gradient of the loss with respect to its result, \bar{y}, into the gradients with
respect to its arguments, \bar{a} = \bar{y} b and \bar{b} = \bar{y} a, and where a tensor was
used several times its gradients are added up. That is all reverse-mode differentiation is:

>>> y.backward()
>>> float(a.grad), float(b.grad)
(3.0, 2.0)

Read on from top to bottom: the table of operations, `Record`, `Primitive`, `Tensor` with
`backward` and the operators, `no_grad`. The operations themselves are in `autograd_lite.ops`;
they import this module and enter themselves into its table. `guards` has the checks.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from autograd_lite import guards
from autograd_lite.within import within

__all__ = ["NUMPY", "TABLE", "Array", "Primitive", "Record", "Tensor"]
__all__ += ["composed", "graph", "no_grad", "primitive"]

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])
#: A NumPy array of any dtype.
Array: TypeAlias = NDArray[Any]

#: The table of operations, by name; the modules of `autograd_lite.ops` fill it.
TABLE: dict[str, Callable[..., Any]] = {}
#: The same operations by the functions that they stand for: np.multiply, operator.getitem.
NUMPY: dict[Any, Callable[..., Tensor]] = {}


def primitive(*functions: Any, saves: bool = False) -> Callable[[Callable[P, Any]], Primitive[P]]:
    """Enter a function on arrays into the table as a `Primitive`.

    `functions` are NumPy's and Python's that it stands for when they are called with a tensor.
    With `saves` it returns a pair: the value, and what its rules get in place of the value.
    """
    return lambda forward: composed(*functions)(Primitive(forward, saves))


def composed(*functions: Any) -> Callable[[F], F]:
    """Enter a function made of operations into the table; it needs no rules of its own."""

    def enter(operation: F) -> F:
        TABLE[operation.__name__] = operation
        NUMPY.update(dict.fromkeys(functions, operation))
        return operation

    return enter


@dataclass(slots=True, eq=False)
class Record:
    """What an operation leaves on its result: all that is needed to differentiate it."""

    op: Primitive[Any]
    args: tuple[Any, ...] | None  # positional, tensors replaced by arrays; None once freed
    options: dict[str, Any]  # keyword arguments
    kept: Any  # the result, or what the forward pass saved in its place
    parents: tuple[Tensor | None, ...]  # for each argument, the tensor that needs a gradient
    marks: tuple[bytes | None, ...]  # fingerprints of the arguments, to notice in-place changes
    depth: int  # one more than the deepest parent's

    def free(self) -> None:
        """Let go of everything but the operation's name."""
        self.args = self.kept = None
        self.parents = self.marks = ()


class Primitive(Generic[P]):
    r"""A row of the table: a function on arrays with the rules of its derivatives.

    Called with tensors it returns a tensor and records itself. The rules are given in one of two
    ways, whichever is shorter:

    - `vjps`, a tuple of functions: each returns the gradient of one argument, the first arguments
      in order; an argument after them has none.
    - `joint_vjp`, one function: it returns a tuple with the gradients of all arguments, or None
      for one without, or a function that is called if that gradient is needed.

    Both get (y_bar, kept, \*args, \*\*options), where `kept` is the result y or, if the forward
    function returns a pair (`saves`), the pair's second half. They return new arrays, y_bar itself
    or views of it, and change nothing; the engine sums a gradient over broadcast axes and casts it
    to its argument's dtype.
    """

    def __init__(self, forward: Callable[P, Any], saves: bool = False) -> None:
        update_wrapper(self, forward)
        self.forward: Callable[..., Any] = forward
        self.name, self.saves = forward.__name__, saves
        self.vjps: tuple[Callable[..., Any], ...] = ()
        self.joint_vjp: Callable[..., tuple[Any, ...]] | None = None

    def __call__(self, *args: P.args, **options: P.kwargs) -> Tensor:
        """Compute, and record the computation if any argument requires a gradient."""
        values = tuple([a.data if isinstance(a, Tensor) else a for a in args])
        if options and any(isinstance(value, Tensor) for value in options.values()):
            raise TypeError(f"{self.name} takes tensors as positional arguments only")
        y = self.forward(*values, **options)
        y, kept = y if self.saves else (y, None)
        out = Tensor(y)
        parents = [a if isinstance(a, Tensor) and a._needs_grad else None for a in args]
        depths = [p._record.depth if p._record else 0 for p in parents if p is not None]
        if depths and not _paused.get():
            if self.joint_vjp is None and len(parents) > len(self.vjps):
                guards.has_rules(self.name, len(self.vjps), parents)
            out._needs_grad = True
            for value in values:
                if value is y:  # the result is read-only, the argument is not
                    out.data = out.data.view()
            out.data.setflags(write=False)
            named: Any = options
            if options or len(depths) < len(values):  # not all of them are a tensor's own
                values, named = guards.kept(values, options)
            marks = tuple(map(guards.fingerprint, values))
            kept = kept if self.saves else out.data
            out._record = Record(self, values, named, kept, tuple(parents), marks, 1 + max(depths))
        return out

    def pull(self, y_bar: Any, record: Record) -> Iterator[tuple[int, Tensor, Any]]:
        """Yield (i, tensor, gradient) for every argument i that needs a gradient."""
        args: Any = record.args
        given = (y_bar, record.kept, *args)
        x_bars = self.joint_vjp(*given, **record.options) if self.joint_vjp else None
        for i, parent in enumerate(record.parents):
            if parent is not None:
                x_bar = x_bars[i] if x_bars else self.vjps[i](*given, **record.options)
                x_bar = x_bar() if callable(x_bar) else x_bar
                yield i, parent, _fit(x_bar, args[i])


def _fit(x_bar: Any, x: Any) -> Any:
    """Sum a gradient over the axes along which `x` was broadcast; give it the dtype of `x`."""
    if x_bar.shape != x.shape:
        extra = x_bar.ndim - x.ndim
        ones = [extra + i for i, n in enumerate(x.shape) if n == 1]
        x_bar = x_bar.sum(axis=(*range(extra), *ones)).reshape(x.shape)
    return x_bar if x_bar.dtype is x.dtype else x_bar.astype(x.dtype, copy=False)


def graph(result: Tensor) -> list[Tensor]:
    """Return all tensors that `result` was computed from and that need gradients, deepest first.

    An operation is deeper than its arguments, so this order has every tensor after all that was
    computed from it: when the way back arrives at a tensor, its gradient is complete.
    """
    found, seen = [result], {id(result)}
    for node in found:  # which grows meanwhile
        for parent in node._record.parents if node._record else ():
            if parent is not None and id(parent) not in seen:
                seen.add(id(parent))
                found.append(parent)
    found.sort(key=lambda node: node._record.depth if node._record else 0, reverse=True)
    return found


def _method(function: Callable[..., Any]) -> Callable[..., Tensor]:
    """Return a method such as x.sum: the operation that stands for a function such as np.sum."""

    def method(self: Tensor, *args: Any, **options: Any) -> Tensor:
        return NUMPY[function](self, *args, **options)

    method.__doc__ = f"Return `ops.{function.__name__}` of this tensor; it takes the same options."
    return method


def _operators(symbol: str, function: np.ufunc) -> tuple[Callable[..., Tensor], ...]:
    """Return the methods of x + y, of y + x, and of x += y, by which no leaf may be lost."""

    def operate(self: Tensor, other: Any) -> Tensor:
        return NUMPY[function](self, other)

    def reflected(self: Tensor, other: Any) -> Tensor:
        return NUMPY[function](other, self)

    def assigned(self: Tensor, other: Any) -> Tensor:
        if self._needs_grad and self._record is None:
            raise TypeError(
                f"p {symbol}= y would bind the name p to a new tensor and leave the leaf as it "
                f"is; to change the leaf write p.data {symbol}= y, to compute p = p {symbol} y"
            )
        return NUMPY[function](self, other)

    return operate, reflected, assigned


def _comparison(compare: Callable[[Any, Any], Any]) -> Any:
    """Return the method of x < y: a comparison of the numbers, which has no gradient."""
    return lambda self, other: compare(self.data, _plain(other))


def _conversion(convert: Callable[..., Any]) -> Any:
    """Return the method of float(x): a number of Python's, made of the only element."""
    return lambda self, *options: convert(self.item(), *options)


class Tensor:
    """An array that remembers how it was computed.

    Parameters
    ----------
    data : array_like
        Any shape. An array is wrapped, not copied, and keeps its dtype.
    requires_grad : bool
        Whether `backward` leaves a gradient in `grad`; needs dtype float32 or float64.

    Attributes
    ----------
    data : ndarray
        The value. Results of recorded operations are read-only, since the graph may need them.
    grad : ndarray or None
        Gradient, of `data`'s shape and dtype, that `backward` left; the gradients of several passes
        add up until it is set to None.

    Raises
    ------
    TypeError
        If `data` is not numeric, or `requires_grad` is asked for integers or booleans.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    array([2., 4.])
    """

    __slots__ = ("__weakref__", "_needs_grad", "_record", "data", "grad")
    data: Array
    grad: Array | None
    _record: Record | None

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.data = np.asarray(data.data if isinstance(data, Tensor) else data)
        if self.data.dtype.kind not in "fiub":
            raise TypeError(f"data must be real numbers, got dtype {self.data.dtype}: {data!r}")
        self.grad = self._record = None
        self._needs_grad = False
        if requires_grad:
            self.requires_grad = True

    def __repr__(self) -> str:
        made_by = f", made by {self._record.op.name}" if self._record else ""
        asked = ", requires_grad=True" if self._needs_grad and not self._record else ""
        numbers = np.array2string(self.data, separator=", ", prefix="Tensor(")
        return f"Tensor({numbers}{asked}{made_by})"

    @property
    def requires_grad(self) -> bool:
        """True for leaves that were asked for it, or set to, and for all computed from them."""
        return self._needs_grad

    @requires_grad.setter
    def requires_grad(self, needed: bool) -> None:
        guards.settable(self.data, needed, is_leaf=self._record is None)
        self._needs_grad = bool(needed)

    def detach(self) -> Tensor:
        """Return a tensor of the same array (not a copy) that no graph leads to."""
        return Tensor(self.data)

    def backward(
        self, seed: Any = None, *, retain_graph: bool = False, check_finite: bool = False
    ) -> None:
        r"""Add the gradient of this tensor to the `grad` of every leaf it was computed from.

        Parameters
        ----------
        seed : array_like, optional
            \bar{y}, of this tensor's shape; 1 by default, which needs a tensor of one element.
        retain_graph : bool
            Keep the graph for another backward pass instead of freeing it.
        check_finite : bool
            Look for the first operation that made a NaN or an infinity, forward or backward.

        Raises
        ------
        ValueError
            If `seed` is missing for a non-scalar, or has another shape.
        RuntimeError
            If nothing here requires a gradient, the graph has been freed by an earlier backward
            pass, or a value it needs was changed in place. No gradient is written then.
        FloatingPointError
            If `check_finite` found something; the message names the operation.
        """
        grads: dict[int, Any] = {id(self): guards.seed(self.data, _plain(seed), self._needs_grad)}
        leaves: list[tuple[Tensor, Any]] = []
        order = graph(self)[::-1]
        for node in order:
            if node._record is None:
                guards.floats(node.data)  # which may have been replaced
            else:
                guards.intact(node._record.op.name, node._record.args, node._record.marks)
        for node in order if check_finite else ():
            guards.finite("value", node._record.op.name if node._record else "a leaf", node.data)
        while order:  # a result that is no longer needed is let go of: its memory serves the rest
            node = order.pop()
            y_bar, record = grads.pop(id(node)), node._record
            if record is None:
                leaves.append((node, y_bar))
                continue
            for i, parent, x_bar in record.op.pull(y_bar, record):
                if check_finite:
                    what = f"the gradient of {record.op.name} for its argument {i}"
                    guards.finite("gradient", what, x_bar)
                if parent._record is None and (x_bar is y_bar or x_bar.base is not None):
                    x_bar = x_bar.copy()  # noqa: PLW2901 - a leaf's gradient is its own array
                known = grads.get(id(parent))
                grads[id(parent)] = x_bar if known is None else known + x_bar
            if not retain_graph:
                record.free()
        for leaf, x_bar in leaves:
            leaf.grad = np.asarray(x_bar if leaf.grad is None else leaf.grad + x_bar)

    # Python's operators, ndarray's methods and NumPy's functions, by what the table has for them.

    __add__, __radd__, __iadd__ = _operators("+", np.add)
    __sub__, __rsub__, __isub__ = _operators("-", np.subtract)
    __mul__, __rmul__, __imul__ = _operators("*", np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = _operators("/", np.divide)
    __pow__, __rpow__, __ipow__ = _operators("**", np.power)
    __matmul__, __rmatmul__, __imatmul__ = _operators("@", np.matmul)
    __eq__, __ne__ = _comparison(operator.eq), _comparison(operator.ne)
    __lt__, __le__ = _comparison(operator.lt), _comparison(operator.le)
    __gt__, __ge__ = _comparison(operator.gt), _comparison(operator.ge)
    __hash__ = object.__hash__
    __float__, __int__, __round__ = _conversion(float), _conversion(int), _conversion(round)
    __pos__, __neg__, __abs__ = _method(np.positive), _method(np.negative), _method(np.absolute)
    __getitem__ = _method(operator.getitem)
    sum, mean, var = _method(np.sum), _method(np.mean), _method(np.var)
    max, min, clip = _method(np.max), _method(np.min), _method(np.clip)
    std, prod, cumsum, dot = _method(np.std), _method(np.prod), _method(np.cumsum), _method(np.dot)
    trace, repeat, swapaxes = _method(np.trace), _method(np.repeat), _method(np.swapaxes)
    squeeze, ravel, flatten = _method(np.squeeze), _method(np.ravel), _method(np.ravel)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise TypeError(
            "a tensor cannot be assigned to in place; build the result with where, concatenate "
            "or stack, or write to the .data of a leaf before it enters a graph"
        )

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

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def item(self) -> Any:
        """Return the only element as a Python number; ValueError if there are more, or none."""
        if self.size != 1:
            raise ValueError(f"a tensor must have one element to be a number, got {self.shape}")
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
        return self.transpose()

    def reshape(self, *shape: Any) -> Tensor:
        """Return the same elements in another shape, given as a tuple or as several ints."""
        return NUMPY[np.reshape](self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """Permute the axes, given as a tuple or as several ints; reverse them by default."""
        order = axes[0] if len(axes) == 1 else axes
        return NUMPY[np.transpose](self, order or None)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Answer NumPy's elementwise functions: np.exp(x), array + x."""
        if method == "__call__" and not options:
            if ufunc in NUMPY:
                return NUMPY[ufunc](*inputs)
            if ufunc in _UNDIFFERENTIATED:
                return ufunc(*map(_plain, inputs))
        raise guards.unsupported(ufunc, method, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        """Answer NumPy's other functions: np.sum(x, axis=0), np.concatenate([x, y])."""
        if function in NUMPY:
            return NUMPY[function](*args, **options)
        if function in _UNDIFFERENTIATED:
            return function(*_plain(args), **{k: _plain(v) for k, v in options.items()})
        raise guards.unsupported(function)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if self._needs_grad:
            raise TypeError(
                "a tensor that requires a gradient does not turn into an array by itself, since "
                "what is computed from the array would be a constant; write x.data if it should, "
                "and np.stack([x, y]) for an array of tensors"
            )
        return np.array(self.data, dtype=dtype, copy=copy)


#: NumPy's functions whose results are shapes, integers or booleans: nothing to differentiate.
_UNDIFFERENTIATED: tuple[Any, ...] = (
    *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    *(np.isnan, np.isinf, np.isfinite, np.isclose, np.allclose, np.array_equal),
    *(np.argmax, np.argmin, np.argsort, np.shape, np.ndim, np.size),
    *(np.zeros_like, np.ones_like),
)


def _plain(value: Any) -> Any:
    """Replace tensors by their arrays, also within lists and tuples."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value


#: How many `no_grad` blocks this thread or task is in; within one, operations leave no record.
_paused: ContextVar[int] = ContextVar("paused", default=0)


class no_grad:  # noqa: N801 - PyTorch's name
    """Compute without recording a graph, as a context or as a decorator.

    One object may be entered any number of times. A decorated generator computes each of its
    values without recording; the code that it yields to records as before.

    Raises
    ------
    TypeError
        If an asynchronous generator is decorated.

    Examples
    --------
    >>> from autograd_lite import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (2 * x).requires_grad
    False
    """

    def __enter__(self) -> None:
        _paused.set(_paused.get() + 1)

    def __exit__(self, *_: object) -> None:
        _paused.set(_paused.get() - 1)

    def __call__(self, function: F) -> F:
        """Return the function as one that does not record."""
        return within(self, function)
