r"""The first steps of an optimizer with every quantity of its algorithm box.

The optimizer's own lines compute all of it: \alpha/\sqrt{V_t} is `learning_rate` with open
bounds and s_t = 1, \hat{\eta}_t is `learning_rate` with s_t = 1, \hat{x}_{t+1} is `move` on R^d.
They run on floats or, without rounding, on the numbers of `problems.reading.exact`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from adabound_np import Constant, Optimizer, Unconstrained
from adabound_np.algorithm import Hyperparameters, at_rest
from problems.online.problem import OnlineProblem
from problems.online.protocol import constrained, revealed
from problems.reading.exact import Exact, exactly

__all__ = ["CLIP", "Column", "columns_of", "short", "steps", "without_rounding"]


class Column(NamedTuple):
    """A quantity: its name in plain text and in LaTeX, and how a step knows it."""

    name: str
    latex: str
    value: Callable[[SimpleNamespace], Any]

    @property
    def key(self) -> str:
        """The name in ASCII, for CSV and JSON."""
        text = self.name
        for letter, plain in _ASCII.items():
            text = text.replace(letter, plain)
        return text


#: Where \alpha/\sqrt{V_t} lies: above \eta_u(t), between the bounds, or below \eta_l(t).
CLIP = Column("clip", r"\mathrm{clip}", lambda q: clipped(q.free, q.h.eta_l(q.t), q.h.eta_u(q.t)))

_ASCII = {
    "v\u0302": "v_hat",
    "η\u0302": "eta_hat",
    "x\u0302": "x_hat",
    "α/√V_t": "alpha/sqrt(V_t)",
    "η": "eta",
}

#: Arrays of the state, in the order of the boxes.
_STATE = {
    "b": Column("b_t", "b_t", lambda q: q.s.b),
    "v": Column("v_t", "v_t", lambda q: q.s.v),
    "v_hat": Column("v\u0302_t", r"\hat{v}_t", lambda q: q.s.v_hat),
    "G": Column("G_t", "G_t", lambda q: q.s.G),
}


def clipped(rate: Any, low: Any, high: Any) -> str:
    """Which bound a rate is clipped to.

    Examples
    --------
    >>> clipped(2.0, 0.1, 1.0), clipped(0.5, 0.1, 1.0), clipped(0.05, 0.1, 1.0)
    ('upper', '-', 'lower')
    """
    return "upper" if rate > high else "lower" if rate < low else "-"


#: Columns that the short form leaves out, in this order, until the rest is few enough.
_MINOR = ("x_hat_{t+1}", "eta_hat_t", "eta_t", "v_t", "v_hat_t")


def short(columns: list[Column], most: int = 8) -> list[Column]:
    """Return at most `most` of the columns: without what the others determine.

    Examples
    --------
    >>> from adabound_np import AMSBound
    >>> [column.key for column in short(columns_of(AMSBound()))]
    ['t', 'g_t', 'm_t', 'alpha/sqrt(V_t)', 'eta_l(t)', 'eta_u(t)', 'clip', 'x_{t+1}']
    """
    left_out = [c for key in _MINOR for c in columns if c.key == key][: max(len(columns) - most, 0)]
    return [column for column in columns if column not in left_out]


def columns_of(optimizer: Optimizer) -> list[Column]:
    """Return the quantities of an optimizer's algorithm box, in its order.

    Examples
    --------
    >>> from adabound_np import SGD, AMSBound
    >>> [column.name for column in columns_of(SGD(lr=0.1))]
    ['t', 'g_t', 'm_t', 'η_t', 'x̂_{t+1}', 'x_{t+1}']
    >>> [column.key for column in columns_of(AMSBound())][3:7]
    ['v_t', 'v_hat_t', 'alpha/sqrt(V_t)', 'eta_l(t)']
    """
    h, kept = optimizer.hyper, optimizer.State._fields
    columns = [
        Column("t", "t", lambda q: q.t),
        Column("g_t", "g_t", lambda q: q.g),
        Column("m_t", "m_t", lambda q: q.m),
    ]
    columns += [
        _STATE.get(name) or _own(name)
        for name in kept
        if name not in ("t", "m") and not _plain_momentum(h, name)
    ]
    adaptive, bounded = set(kept) - {"t", "m", "b"}, hasattr(h, "eta_l")
    if adaptive:
        columns.append(Column("α/√V_t", r"\alpha/\sqrt{V_t}", lambda q: q.free))
    if bounded:
        columns.append(Column("η_l(t)", r"\eta_l(t)", lambda q: q.h.eta_l(q.t)))
        columns.append(Column("η_u(t)", r"\eta_u(t)", lambda q: q.h.eta_u(q.t)))
        columns.append(CLIP)
    if bounded or (
        not adaptive and hasattr(h, "bias_correction")
    ):  # bias correction alone makes a rate, too
        columns.append(Column("η\u0302_t", r"\hat{\eta}_t", lambda q: q.eta_hat))
    return [
        *columns,
        Column("η_t", r"\eta_t", lambda q: q.eta),
        Column("x\u0302_{t+1}", r"\hat{x}_{t+1}", lambda q: q.x_hat),
        Column("x_{t+1}", "x_{t+1}", lambda q: q.x),
    ]


def _own(name: str) -> Column:
    """The column of an array that only an optimizer of the user's has."""
    latex = name if len(name) == 1 else rf"\mathrm{{{name}}}"
    return Column(f"{name}_t", f"{latex}_t", lambda q: getattr(q.s, name))


def _plain_momentum(h: Hyperparameters, name: str) -> bool:
    """Whether b_t is only another name of g_t."""
    return name == "b" and isinstance(h.gamma, Constant) and bool(h.gamma.value == 0)


def steps(
    problem: OnlineProblem, optimizer: Optimizer, T: int, x1: Any
) -> Iterator[SimpleNamespace]:
    r"""Take steps 1, ..., T one after the other and yield what each computed.

    Parameters
    ----------
    problem : OnlineProblem
        f_t and F.
    optimizer : Optimizer
        Projects onto F unless it has its own feasible set; for exact numbers, from
        hyperparameters that are `Exact`.
    T : int
        Number of steps.
    x1 : float or Exact
        First point. If it is `Exact`, gradients and steps are, too.

    Yields
    ------
    SimpleNamespace
        t, g, m, s (the state after the step), free (\alpha/\sqrt{V_t}), eta_hat, eta,
        x_hat and x (x_{t+1}), and h, the hyperparameters.
    """
    h, exact = constrained(problem, optimizer).hyper, isinstance(x1, Exact)
    if exact and optimizer.defaults["feasible"] is None:
        h = _changed(h, feasible=without_rounding(h.feasible))
    once = _changed(h, schedule=Constant(1.0))
    free = _changed(once, eta_l=lambda t: 0.0, eta_u=lambda t: np.inf)
    number = exactly if exact else np.float64
    x, s = x1, optimizer.fresh(h, np.asarray(x1))
    for step, f_t in revealed(problem, T):
        t: Any = Exact(step) if exact else step
        g = number(f_t.gradient(x))
        with np.errstate(divide="ignore", invalid="ignore"):
            m, s = optimizer.moments(h, s, g + h.weight_decay * x if h.l2_decay else g, t)
            eta = at_rest(optimizer.learning_rate(h, s, t))
            x_hat = optimizer.move(_changed(h, feasible=Unconstrained()), x, m, eta, t)
            x = optimizer.move(h, x, m, eta, t)
            yield SimpleNamespace(
                t=t,
                g=g,
                m=m,
                s=s,
                h=h,
                eta=eta,
                x_hat=x_hat,
                x=x,
                free=optimizer.learning_rate(free, s, t),
                eta_hat=optimizer.learning_rate(once, s, t),
            )


def _changed(h: Hyperparameters, **other: Any) -> Hyperparameters:
    return Hyperparameters(**{**vars(h), **other})


def without_rounding(value: Any) -> Any:
    """A hyperparameter as an exact number; of bounds, each of their numbers.

    Examples
    --------
    >>> from adabound_np import DynamicBounds
    >>> without_rounding(DynamicBounds(0.1, 1e-3)).gamma
    Exact('1/1000')
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        numbers = {f.name: exactly(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **numbers)
    return exactly(value)
