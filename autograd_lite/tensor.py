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
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec

import numpy as np

from autograd_lite import checks
from autograd_lite.operators import Array, Operators
from autograd_lite.recording import is_recording

__all__ = ["Primitive", "Record", "Tensor", "graph"]

P = ParamSpec("P")


class Record:
    """What an operation leaves on its result: all that is needed to differentiate it."""

    __slots__ = ("args", "depth", "kept", "marks", "op", "options", "parents")

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


class Tensor(Operators):
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
        Gradient with `data`'s shape and dtype after `backward`; the gradients of several backward
        passes add up until it is set to None.

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
        checks.settable(self, needed)
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
        grads: dict[int, Any] = {id(self): checks.seed(self, seed)}
        leaves: list[tuple[Tensor, Any]] = []
        order = graph(self)
        checks.intact(order)
        if check_finite:
            checks.forward(order)
        for node in order:
            y_bar, record = grads.pop(id(node)), node._record
            if record is None:
                leaves.append((node, y_bar))
                continue
            for i, parent, x_bar in record.op.pull(y_bar, record):
                if check_finite:
                    checks.backward(record.op, i, x_bar)
                if parent._record is None and (x_bar is y_bar or x_bar.base is not None):
                    x_bar = x_bar.copy()  # noqa: PLW2901 - a leaf's gradient is its own array
                known = grads.get(id(parent))
                grads[id(parent)] = x_bar if known is None else known + x_bar
        for leaf, x_bar in leaves:
            leaf.grad = np.asarray(x_bar if leaf.grad is None else leaf.grad + x_bar)
        for node in () if retain_graph else order:
            if node._record is not None:
                node._record.free()


class Primitive(Generic[P]):
    r"""A row of the table: a function on arrays with the rules of its derivatives.

    Called with tensors it returns a tensor and records itself. `vjps` holds one function per
    argument that can be differentiated, the first arguments of the function in order; `joint`,
    in their place, is one function that returns a tuple with one gradient per argument (or None,
    or a function to be called if that gradient is needed). Both kinds get (y_bar, kept, \*args,
    \*\*options), where `kept` is the result y or, if the function returns a pair (`saves`), the
    pair's second half. They return new arrays, y_bar itself or views of it, and change nothing;
    the engine sums a gradient over broadcast axes and casts it to its argument's dtype.
    """

    def __init__(self, forward: Callable[P, Any], saves: bool = False) -> None:
        update_wrapper(self, forward)
        self.forward: Callable[..., Any] = forward
        self.name, self.saves = forward.__name__, saves
        self.vjps: tuple[Callable[..., Any], ...] = ()
        self.joint: Callable[..., tuple[Any, ...]] | None = None

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
        if depths and is_recording():
            checks.arguments(self, parents)
            out._needs_grad = True
            for value in values:
                if value is y:  # the result is read-only, the argument is not
                    out.data = out.data.view()
            out.data.setflags(write=False)
            out._record = record = Record()
            record.op, record.args, record.options = self, values, options
            if options or len(depths) < len(values):  # not all of them are a tensor's own
                record.args, record.options = checks.kept(values, options)
            record.kept, record.parents = kept if self.saves else out.data, tuple(parents)
            record.marks = tuple([checks.fingerprint(value) for value in record.args])
            record.depth = 1 + max(depths)
        return out

    def pull(self, y_bar: Any, record: Record) -> list[tuple[int, Tensor, Any]]:
        """Return (i, tensor, gradient) for every argument i that needs a gradient."""
        args: Any = record.args
        needed = [(i, parent) for i, parent in enumerate(record.parents) if parent is not None]
        if self.joint is not None:
            x_bars = self.joint(y_bar, record.kept, *args, **record.options)
            called = {i: x_bars[i]() if callable(x_bars[i]) else x_bars[i] for i, _ in needed}
            return [(i, parent, _fit(called[i], args[i])) for i, parent in needed]
        return [
            (i, p, _fit(self.vjps[i](y_bar, record.kept, *args, **record.options), args[i]))
            for i, p in needed
        ]


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


def _fit(x_bar: Any, x: Any) -> Any:
    """Sum a gradient over the axes along which `x` was broadcast; give it the dtype of `x`."""
    if x_bar.shape != x.shape:
        extra = x_bar.ndim - x.ndim
        ones = [extra + i for i, n in enumerate(x.shape) if n == 1]
        x_bar = x_bar.sum(axis=(*range(extra), *ones)).reshape(x.shape)
    return x_bar if x_bar.dtype is x.dtype else x_bar.astype(x.dtype, copy=False)
