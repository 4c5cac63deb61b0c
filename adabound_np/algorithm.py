r"""[Luo19] Algorithm 1, the frame that every optimizer of this package fills in.

===============  ========================================================================
`moments`        \phi_t, \psi_t: m_t and V_t from g_t and the state
`learning_rate`  \eta_t from V_t and t
`move`           x_{t+1} = \Pi_{F, \mathrm{diag}(\eta_t^{-1})}(x_t - \eta_t \odot m_t), shared
===============  ========================================================================

The first two are pure functions of the hyperparameters `h`, the state `s`, the gradient `g`
and the step `t`, elementwise and without a loop. So the same lines run on one number, on an
array, on a batch of trajectories (hyperparameters as arrays), on blocks of a large array, and
on many steps at once (t as an array).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from adabound_np.bounds import PairOfBounds
from adabound_np.carries import Carry
from adabound_np.checks import (
    Array,
    array_of,
    common_shape,
    copied,
    flag,
    names_among,
    within,
)
from adabound_np.feasible import Box, Unconstrained
from adabound_np.parameters import check_gradient, check_shape
from adabound_np.schedules import FromCallable, Scaled, as_schedule

__all__ = ["SHARED", "Algorithm", "Hyperparameters", "at_rest", "check_state", "owned"]

#: Hyperparameters that every optimizer has, with their defaults.
SHARED: dict[str, Any] = {
    "weight_decay": 0.0,
    "decoupled_weight_decay": False,
    "fixed_decay": False,
    "schedule": "constant",
    "feasible": None,
}


class Hyperparameters(SimpleNamespace):
    """Hyperparameters under the paper's symbols: h.alpha, h.beta1(t), h.schedule(t), ...

    Examples
    --------
    >>> Hyperparameters(alpha=0.1).alpha
    0.1
    """


class Algorithm:
    """Algorithm 1 as pure functions: an optimizer without parameters.

    Parameters
    ----------
    hyperparameters : dict
        The optimizer's own, by constructor name.
    shared : dict
        Hyperparameters of `Optimizer` that every optimizer takes.

    Examples
    --------
    >>> from adabound_np import SGD
    >>> opt = SGD(lr=0.25)
    >>> x, s = opt.update(1.0, 2.0, opt.init(1.0))
    >>> float(x), s.t
    (0.5, 1)
    """

    #: Named tuple of the state: t, the number of steps taken, then arrays of x's shape.
    State: ClassVar[Any]
    #: How each array of the state crosses many steps at once; None if it is not known.
    carries: ClassVar[dict[str, Carry] | None] = None
    #: Names of the state's arrays that are never negative; a state_dict is held to it.
    nonnegative: ClassVar[tuple[str, ...]] = ("v", "v_hat", "G")

    def __init__(self, hyperparameters: dict[str, Any], shared: dict[str, Any]) -> None:
        names_among(type(self).__name__, shared, [*hyperparameters, *SHARED])
        given = {**hyperparameters, **SHARED, **shared}
        self.defaults: dict[str, Any] = {name: copied(value) for name, value in given.items()}
        self.hyper: Hyperparameters = self.check_group(self.defaults)

    @staticmethod
    def moments(h: Hyperparameters, s: Any, g: Any, t: Any) -> tuple[Any, Any]:
        r"""m_t = \phi_t(g_1, ..., g_t) and the state from which V_t follows."""
        raise NotImplementedError

    @staticmethod
    def learning_rate(h: Hyperparameters, s: Any, t: Any) -> Any:
        r"""\eta_t, from V_t and t; infinite where V_t = 0 and nothing bounds it."""
        raise NotImplementedError

    @staticmethod
    def symbols(group: dict[str, Any]) -> dict[str, Any]:
        """Check a group's own hyperparameters and return them under the paper's symbols."""
        raise NotImplementedError

    @staticmethod
    def move(h: Hyperparameters, x: Any, m: Any, eta: Any, t: Any) -> Any:
        r"""x_{t+1} = \Pi_{F, \mathrm{diag}(\eta_t^{-1})}(x_t - \eta_t \odot m_t)."""
        if h.decoupled_decay:
            # x_t \leftarrow (1 - \lambda (\delta + (1 - \delta) s_t \alpha)) x_t
            #     [Loshchilov & Hutter 2019, \delta = 0; the released AdaBoundW, \delta = 1]
            x = (1 - h.weight_decay * (1 if h.fixed_decay else h.schedule(t) * h.alpha)) * x
        # \hat{x}_{t+1} = x_t - \eta_t \odot m_t        [Luo19 Alg. 2]
        x_hat = x - eta * m
        # x_{t+1} = \Pi_{F, \mathrm{diag}(\eta_t^{-1})}(\hat{x}_{t+1})        [Luo19 Alg. 2]
        return h.feasible.project(x_hat, eta)

    def advance(self, h: Hyperparameters, x: Any, g: Any, s: Any) -> tuple[Any, Any]:
        """One step of Algorithm 1, unchecked: (x_t, g_t, state) to (x_{t+1}, state)."""
        t = s.t + 1
        if h.l2_decay:
            # g_t \leftarrow g_t + \lambda x_t        [L2 penalty]
            g = g + h.weight_decay * x
        m, s = self.moments(h, s, g, t)
        eta = at_rest(self.learning_rate(h, s, t))
        return self.move(h, x, m, eta, t), s

    def init(self, x: Any) -> Any:
        """State before the first step, for an array (or number) x.

        Raises
        ------
        TypeError
            If x is not of a floating dtype.
        ValueError
            If array-valued hyperparameters do not broadcast to x's shape.
        """
        x = array_of("x", x)
        check_shape("x", x, self.hyper.shape)
        return self.fresh(self.hyper, x)

    def update(self, x: Any, g: Any, s: Any) -> tuple[Any, Any]:
        """One step on bare arrays: (x_t, g_t, state) to (x_{t+1}, state). Changes nothing.

        Parameters
        ----------
        x, g : array or float
            Iterate and gradient, of the same shape and floating dtype.
        s : State
            From `init` or the last `update`.

        Raises
        ------
        TypeError, ValueError
            If g's dtype or shape is not x's, g holds NaN or infinity, or is so large that a
            moment overflows.
        """
        x = array_of("x", x)
        with np.errstate(all="ignore"):
            g, moderate = check_gradient("g", g, x)
            x_new, s = self.advance(self.hyper, x, g, s)
            if not moderate:
                check_state("g", s)
        # x keeps its dtype, whatever dtype hyperparameters, bounds, or the ends of F have
        return x_new if x_new.dtype == x.dtype else x_new.astype(x.dtype), owned(s, g, x.dtype)

    def fresh(self, h: Hyperparameters, x: Array) -> Any:
        """State before the first step, unchecked."""
        return self.State(0, *(np.zeros_like(x) for _ in self.State._fields[1:]))

    def check_group(
        self, group: dict[str, Any], before: Hyperparameters | None = None
    ) -> Hyperparameters:
        """Check a group's hyperparameters and return them under the paper's symbols.

        Parameters
        ----------
        group : dict
            Hyperparameters by constructor name.
        before : Hyperparameters, optional
            The same group's until now; what its schedules remember is kept.

        Raises
        ------
        TypeError, ValueError
            Naming the hyperparameter, its value and what is allowed.
        """
        lr = within("lr", group["lr"], "[0, inf)" if "initial_lr" in group else "(0, inf)")
        alpha = within("initial_lr", group.get("initial_lr", lr), "(0, inf)")
        schedule = as_schedule("schedule", group["schedule"], "[0, inf)")
        feasible = Unconstrained() if group["feasible"] is None else group["feasible"]
        if not (hasattr(feasible, "project") and hasattr(feasible, "elementwise")):
            raise TypeError(f"feasible must be None or a FeasibleSet, got {feasible!r}")
        weight_decay = within("weight_decay", group["weight_decay"], "[0, inf)")
        decoupled = flag("decoupled_weight_decay", group["decoupled_weight_decay"])
        h = Hyperparameters(
            alpha=alpha,
            schedule=schedule if np.all(lr == alpha) else Scaled(lr / alpha, schedule),
            weight_decay=weight_decay,
            l2_decay=bool(np.any(weight_decay)) and not decoupled,
            decoupled_decay=bool(np.any(weight_decay)) and decoupled,
            fixed_decay=flag("fixed_decay", group["fixed_decay"]),
            feasible=feasible,
            **self.symbols(group),
        )
        for symbol, new in vars(h).items():
            old = getattr(before, symbol, None)
            if isinstance(old, FromCallable) and old.same_as(new):
                setattr(h, symbol, old)
        parts = list(_parts(vars(h).values()))
        h.shape = common_shape([part.shape for part in parts if _is_array(part)])
        # What may fail, or give another value when asked again, runs on whole arrays, once.
        h.blocks = (
            h.shape == ()
            and type(feasible) in (Box, Unconstrained)
            and not any(isinstance(part, (FromCallable, PairOfBounds)) for part in parts)
        )
        return h

    def rate(self, h: Hyperparameters, s: Any) -> Any:
        r"""\eta_t of the step that led to the state s, which must be the first or later."""
        with np.errstate(all="ignore"):
            return at_rest(self.learning_rate(h, s, s.t))

    def __repr__(self) -> str:
        """Class and default hyperparameters."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.defaults.items())
        return f"{type(self).__name__}({shown})"


def at_rest(eta: Any) -> Any:
    """The rate with 0 for infinity: a coordinate with V_t = 0 and no bound stays (0/0 = 0).

    A schedule that is 0 has made NaN of an infinite rate; that coordinate stays too.

    Examples
    --------
    >>> at_rest(np.array([0.5, np.inf])), at_rest(float("inf"))
    (array([0.5, 0. ]), 0.0)
    """
    if isinstance(eta, float):
        return eta if math.isfinite(eta) else 0.0
    if np.maximum.reduce(eta, axis=None, initial=0.0) < np.inf:
        return eta
    return np.where(np.isfinite(eta), eta, 0.0)


def owned(s: Any, g: Any, dtype: Any) -> Any:
    """A state with its arrays in `dtype`, none of them g itself or a view.

    Examples
    --------
    >>> from adabound_np.sgd import SGDState
    >>> owned(SGDState(1, np.zeros(2)), None, np.float32).b.dtype
    dtype('float32')
    """
    for a in s[1:]:
        if a.dtype != dtype or a is g or a.base is not None:
            return type(s)(s.t, *(np.array(a, dtype) for a in s[1:]))
    return s


def check_state(name: str, s: Any) -> None:
    """Raise ValueError if the gradient `name` has made a moment of the new state overflow."""
    for moment, array in zip(s._fields[1:], s[1:], strict=True):
        if not np.isfinite(array).all():
            raise ValueError(
                f"{name} must not be so large that {moment} overflows {np.asarray(array).dtype}; "
                "the step is refused"
            )


def _parts(values: Iterable[Any]) -> Iterator[Any]:
    """Hyperparameters, and what schedules, bounds and sets among them are made of."""
    for value in values:
        owner = getattr(value, "__self__", value)
        yield owner
        if dataclasses.is_dataclass(owner) and not isinstance(owner, FromCallable):
            yield from _parts(vars(owner).values())


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray)
