"""The optimizers as methods of `scipy.optimize.minimize`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, OptimizeResult, approx_fprime

from adabound_np import Box
from adabound_np.checks import positive_int, within
from problems.forms import released
from problems.optimizers import Spec

__all__ = ["Method", "as_method"]

#: Step of finite differences in float64: the root of its precision.
STEP = float(np.sqrt(np.finfo(np.float64).eps))


class Method:
    """What `as_method` returns; SciPy calls it.

    Parameters
    ----------
    spec : str, class or Optimizer
        As in `problems.optimizers.entry`.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self._made([np.zeros(1)])  # refuses what is no optimizer at once

    def _made(self, params: list[NDArray[Any]], **options: Any) -> Any:
        """The optimizer, in the released form; `options` are constructor arguments."""
        usual = released(self.spec)
        return type(usual)(params, **{**usual.defaults, **options})

    def __call__(
        self,
        fun: Callable[..., Any],
        x0: NDArray[Any],
        args: tuple[Any, ...] = (),
        *,
        jac: Callable[..., Any] | None = None,
        bounds: Any = None,
        constraints: Any = (),
        callback: Callable[..., Any] | None = None,
        maxiter: int = 1000,
        gtol: float = 1e-5,
        tol: float | None = None,
        hess: Any = None,
        hessp: Any = None,
        **options: Any,
    ) -> OptimizeResult:
        """Minimize `fun` from `x0`; see `as_method`."""
        if np.size(constraints):
            raise ValueError(f"constraints must be none (bounds are allowed), got {constraints!r}")
        maxiter = positive_int("maxiter", maxiter)
        gtol = float(within("gtol", gtol if tol is None else tol, "[0, inf)"))
        box = _box(bounds, len(x0))
        x = np.clip(x0, box.lo, box.hi).astype(x0.dtype)
        opt = self._made([x], **{**({} if bounds is None else {"feasible": box}), **options})
        calls = {"nfev": 0, "njev": 0}

        def value(x: NDArray[Any]) -> float:
            calls["nfev"] += 1
            return float(np.squeeze(fun(x, *args)))

        def gradient(x: NDArray[Any]) -> NDArray[Any]:
            calls["njev"] += 1
            if callable(jac):
                return np.asarray(jac(x.copy(), *args), x.dtype).reshape(x.shape)
            wide = x.astype(np.float64)
            steps = STEP * np.maximum(1, np.abs(wide))
            steps = np.where(wide + steps > box.hi, -steps, steps)  # stay where fun is defined
            return np.asarray(approx_fprime(wide, value, steps), x.dtype)

        status, message, nit = 1, "maxiter steps have been taken", 0
        f, g = value(x.copy()), gradient(x)
        while True:
            if not (np.isfinite(f) and np.isfinite(g).all()):
                status, message = 2, "the function or its gradient is not finite"
                break
            if np.max(np.abs(x - np.clip(x - g, box.lo, box.hi)), initial=0.0) <= gtol:
                status, message = 0, "the projected gradient is at most gtol"
                break
            if nit == maxiter:
                break
            opt.step(grads=[g])
            nit += 1
            f, g = value(x.copy()), gradient(x)
            if callback is not None and _stops(callback, OptimizeResult(x=x.copy(), fun=f)):
                status, message = 99, "the callback has raised StopIteration"
                break
        return OptimizeResult(
            x=x, fun=f, jac=g, nit=nit, success=status == 0, status=status, message=message, **calls
        )


def as_method(spec: Spec) -> Method:
    """Return an optimizer as a method of `scipy.optimize.minimize`.

    Parameters
    ----------
    spec : str, class or Optimizer
        A name of the roster, ``module:Name``, a class, or an instance, whose hyperparameters are
        taken.

    Returns
    -------
    callable
        To be given as ``method=``. Of SciPy's arguments it takes jac (None is differentiated by
        `scipy.optimize.approx_fprime`), bounds in every form, callback (either form; its
        StopIteration ends the run with status 99) and tol; no constraints. Its options are
        maxiter (default 1000), gtol (default 1e-5: largest component of the projected gradient)
        and the optimizer's own constructor arguments: lr, schedule, ...

        The status is 0 at gtol, 1 after maxiter steps, 2 if the function is not finite, 99 after
        the callback's StopIteration. The x of a float32 `x0` is float32.

    Raises
    ------
    TypeError, ValueError
        If `spec` is no optimizer.

    Examples
    --------
    >>> from adabound_np import AdaBound
    >>> from scipy.optimize import minimize, rosen, rosen_der
    >>> method = as_method(AdaBound)
    >>> options = {"lr": 1e-2, "final_lr": 1e-3, "maxiter": 50_000}
    >>> found = minimize(rosen, [-1.0, 1.0], jac=rosen_der, method=method, options=options)
    >>> found.x.round(3).tolist(), found.success
    ([1.0, 1.0], True)
    """
    return Method(spec)


def _box(bounds: Any, n: int) -> Box:
    """Bounds in any form of SciPy's as a box with n ends."""
    if bounds is None:
        return Box(np.full(n, -np.inf), np.full(n, np.inf))
    if isinstance(bounds, Bounds):
        lo, hi = bounds.lb, bounds.ub
    else:
        pairs = [(-np.inf if a is None else a, np.inf if b is None else b) for a, b in bounds]
        if len(pairs) != n:
            raise ValueError(f"bounds must be a pair for each of {n} variables, got {len(pairs)}")
        lo, hi = np.array(pairs, np.float64).T
    return Box(
        np.broadcast_to(np.asarray(lo, np.float64), n),
        np.broadcast_to(np.asarray(hi, np.float64), n),
    )


def _stops(callback: Callable[..., Any], result: OptimizeResult) -> bool:
    """Call a callback of either form; whether it ends the run."""
    try:
        named = set(inspect.signature(callback).parameters) == {"intermediate_result"}
    except (TypeError, ValueError):  # a builtin that does not tell
        named = False
    try:
        callback(intermediate_result=result) if named else callback(result.x)
    except StopIteration:
        return True
    return False
