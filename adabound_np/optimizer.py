"""What no algorithm box shows: parameters, groups, checks, blocks, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from adabound_np import checkpoint
from adabound_np.algorithm1 import Algorithm, Hyperparameters, in_dtype
from adabound_np.checks import Array, names_among
from adabound_np.parameters import check_gradient, check_shape, data_of, gradient_of, groups_of

__all__ = ["BLOCK", "Optimizer"]

#: Bytes of one block of a parameter. The temporaries of an update then fit a core's second-level
#: cache, and are just large enough for NumPy to reuse one for the next within an expression.
BLOCK = 256 * 1024

Self = TypeVar("Self", bound="Optimizer")


class Optimizer(Algorithm):
    r"""Base class: [Luo19] Algorithm 1, around an optimizer's own `moments` and `learning_rate`.

    Parameters
    ----------
    params : iterable, or None
        What to optimize: float arrays, objects with ``.data`` (an array) and ``.grad``
        (an array or None), or dicts ``{"params": [...], "lr": ..., ...}``, each a parameter
        group with hyperparameters of its own. None for the pure layer alone.
    hyperparameters : dict
        The defaults of all groups, by constructor name.
    shared : dict
        Those that every optimizer takes:

        weight_decay : float, default 0
            \lambda >= 0. Added to the gradient as \lambda x_t (an L2 penalty), unless
        decoupled_weight_decay : bool, default False
            x_t is shrunk by the factor 1 - s_t \alpha \lambda instead (AdamW); with
        fixed_decay : bool, default False
            by the factor 1 - \lambda, whatever the rate (the released AdaBoundW).
        schedule : "constant", "inv-sqrt", Schedule or callable, default "constant"
            s_t, which multiplies the step size (`adabound_np.schedules`).
        feasible : FeasibleSet or None, default None
            F, for each parameter array (`adabound_np.feasible`); None for all of R^d.

    Notes
    -----
    ``group["lr"]`` may be changed at any time. The ratio to ``group["initial_lr"]`` multiplies
    s_t; it scales the whole rate, bounds included, as the released AdaBound does.

    Examples
    --------
    Two groups, the second with a step size of its own:

    >>> from adabound_np import SGD
    >>> w, b = np.ones(2), np.ones(1)
    >>> opt = SGD([{"params": [w]}, {"params": [b], "lr": 0.5}], lr=0.1)
    >>> opt.step(grads=[w.copy(), b.copy()])
    >>> w, b
    (array([0.9, 0.9]), array([0.5]))
    """

    #: What `as_in_paper` sets: the paper's mode is a setting, not another formula.
    in_paper: ClassVar[dict[str, Any]] = {"schedule": "inv-sqrt"}

    def __init__(
        self, params: Iterable[Any] | None, hyperparameters: dict[str, Any], shared: dict[str, Any]
    ) -> None:
        super().__init__(hyperparameters, shared)
        self.param_groups: list[dict[str, Any]] = []
        self.state: list[Any] = []
        self._applied: list[Hyperparameters | None] = []
        for group in groups_of(params):
            self.add_param_group(group)

    @classmethod
    def as_in_paper(cls: type[Self], params: Iterable[Any] | None = None, **given: Any) -> Self:
        """The optimizer as the paper's algorithm box states it; `given` overrides.

        The step size is alpha/sqrt(t); no bias correction and no epsilon where the theory has
        none. See ``in_paper`` of each class for its settings.
        """
        return cls(params, **{**cls.in_paper, **given})

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Add a parameter group: a dict with ``"params"`` and any hyperparameters of its own.

        Raises
        ------
        TypeError, ValueError
            If a hyperparameter is unknown or out of range, a parameter is not a writable float
            array (or holds none), or occurs twice. Nothing is added then.
        """
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f'group must be a dict with a key "params", got {group!r}')
        params = group["params"]
        single = isinstance(params, np.ndarray) or hasattr(params, "grad")
        params = [params] if single else list(params)
        own = {name: value for name, value in group.items() if name != "params"}
        names_among(type(self).__name__, own, [*self.defaults, "initial_lr"])
        new = {"params": params, **self.defaults, **own}
        h = self.check_group(new)
        new.setdefault("initial_lr", new["lr"])
        seen = [id(p) for _, p in self._parameters()]
        for i, p in enumerate(params, start=len(seen)):
            x = data_of(p, f"params[{i}]")
            check_shape(f"params[{i}]", x, h.shape)
            if not x.flags.writeable:
                raise ValueError(f"params[{i}] must be writable, got a read-only array")
            if id(p) in seen:
                raise ValueError(f"params[{i}] must not occur twice among the parameters")
            seen.append(id(p))
        self.param_groups.append(new)
        self.state += [None] * len(params)
        self._applied += [None] * len(params)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: set each ``p.grad`` to None, or to zeros in place."""
        for _, p in self._parameters():
            if not isinstance(p, np.ndarray) and p.grad is not None:
                if set_to_none:
                    p.grad = None
                else:
                    gradient_of(p)[...] = 0

    def step(
        self, closure: Callable[[], Any] | None = None, *, grads: Sequence[Any] | None = None
    ) -> Any:
        """Take one step with every parameter that has a gradient, in place.

        Parameters
        ----------
        closure : callable, optional
            Called first; should compute the gradients and return the loss.
        grads : sequence, optional
            One gradient (or None) for each parameter, in order; needed if the parameters are
            bare arrays, which carry no ``.grad``.

        Returns
        -------
        object
            What `closure` returned; None without one.

        Raises
        ------
        TypeError, ValueError
            If a gradient has another shape or dtype than its parameter or holds NaN or
            infinity, or a hyperparameter has become invalid. Parameters and state are then as
            they were.
        """
        if closure is not None and not callable(closure):
            raise TypeError(f"closure must be callable, got {closure!r}; for gradients, use grads=")
        loss = closure() if closure is not None else None
        with np.errstate(divide="ignore", invalid="ignore"):
            in_place, pending = [], []
            for i, h, x, g, s in list(self._jobs(grads)):
                if h.blocks and all(a.flags.c_contiguous for a in (x, *s[1:])):
                    in_place.append((i, h, x, g, s))
                else:  # the whole array at once; may still fail in the projection
                    pending.append((i, h, x, *self.advance(h, x, g, s)))
            for i, h, x, g, s in in_place:
                self.state[i], self._applied[i] = self._in_blocks(h, x, g, s), h
            for i, h, x, x_new, s in pending:
                x[...] = x_new
                self.state[i], self._applied[i] = in_dtype(s, x.dtype), h
        return loss

    def effective_lr(self, s: Any = None) -> Any:
        r"""The effective learning rate \eta_t of the last step.

        Parameters
        ----------
        s : State, optional
            A state of the pure layer, after at least one `update`.

        Returns
        -------
        list of array, or array
            For each parameter an array of its shape, None before its first step; for `s`,
            the rate of the step that led to it.
        """
        if s is not None:
            return self.rate(self.hyper, s)
        rates = []
        for i, (group, p) in enumerate(self._parameters()):
            last, h, x = self.state[i], self._applied[i], data_of(p)
            eta = None if last is None else self.rate(h or self.check_group(group), last)
            rates.append(None if eta is None else np.full(x.shape, eta, x.dtype))
        return rates

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, as a copy: ``{"state": {...}, "param_groups": [...]}``.

        ``state`` maps a parameter's number to a dict of its state by name; the groups name
        their parameters by number, as in PyTorch, and hold ``initial_lr``.
        """
        return checkpoint.pack(self)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a `state_dict` of the same optimizer over parameters of the same shapes.

        Raises
        ------
        TypeError, ValueError
            If groups, hyperparameters, state names or shapes do not match. Nothing is changed
            then.
        """
        groups, state = checkpoint.unpack(self, state_dict)
        for own, loaded in zip(self.param_groups, groups, strict=True):
            own.update(loaded)
        self.state, self._applied = state, [None] * len(state)

    def _parameters(self) -> Iterator[tuple[dict[str, Any], Any]]:
        return ((group, p) for group in self.param_groups for p in group["params"])

    def _jobs(self, grads: Sequence[Any] | None) -> list[tuple[int, Any, Array, Array, Any]]:
        """All that a step needs, checked: number, hyperparameters, x, g, state."""
        if grads is not None and len(grads) != len(self.state):
            raise ValueError(
                f"grads must hold one gradient for each of {len(self.state)} parameters, "
                f"got {len(grads)}"
            )
        rules = {id(group): self.check_group(group) for group in self.param_groups}
        jobs, tried = [], set()
        for i, (group, p) in enumerate(self._parameters()):
            g = gradient_of(p, f"params[{i}]") if grads is None else grads[i]
            if g is None:
                continue
            h, x = rules[id(group)], data_of(p)
            check_shape(f"params[{i}]", x, h.shape)
            g = check_gradient(f"the gradient of params[{i}]", g, x)
            s = self.fresh(h, x) if self.state[i] is None else self.state[i]
            if any(a.shape != x.shape or a.dtype != x.dtype for a in s[1:]):
                raise ValueError(
                    f"params[{i}] must keep the shape and dtype of its state, "
                    f"{s[1].shape} and {s[1].dtype}, got {x.shape} and {x.dtype}"
                )
            if (id(group), s.t) not in tried:
                tried.add((id(group), s.t))
                self._try(h, s.t + 1)
            jobs.append((i, h, x, g, s))
        return jobs

    def _try(self, h: Hyperparameters, t: int) -> None:
        """Evaluate schedules and bounds at t: functions of the user's fail here, or not at all."""
        g = np.zeros(h.shape)
        _, s = self.moments(h, self.fresh(h, g), g, t)
        self.learning_rate(h, s, t)

    def _in_blocks(self, h: Hyperparameters, x: Array, g: Array, s: Any) -> Any:
        """`advance` over slices of x and the state, in place; returns the state."""
        if x.nbytes > BLOCK:
            # glibc returns freed blocks to the system, to fetch them anew page by page (4 times
            # the time of a step), until it has seen a larger one freed.
            np.empty(32 * BLOCK, np.uint8)
        x, g = x.reshape(-1), g.reshape(-1)
        arrays = [a.reshape(-1) for a in s[1:]]
        length = BLOCK // x.itemsize
        for start in range(0, x.size, length):
            block = slice(start, start + length)
            x[block], new = self.advance(
                h, x[block], g[block], self.State(s.t, *(a[block] for a in arrays))
            )
            for old, array in zip(arrays, new[1:], strict=True):
                old[block] = array
        return s._replace(t=s.t + 1)
