"""What no algorithm box shows: parameters, groups, blocks, checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ClassVar, TypeAlias, TypeVar

import numpy as np

from adabound_np.algorithm import Algorithm, Hyperparameters, check_state, owned
from adabound_np.checks import Array, copied, names_among
from adabound_np.parameters import (
    apart,
    check_gradient,
    check_overlap,
    check_shape,
    complete,
    contiguous,
    data_of,
    form_of,
    gradient_of,
    groups_of,
    is_moderate,
    params_of,
    unchanged,
)

__all__ = ["BLOCK", "Optimizer"]

#: Bytes of one block of a parameter. The temporaries of an update then fit a core's second-level
#: cache, and are just large enough for NumPy to reuse one for the next within an expression.
BLOCK = 256 * 1024

Self = TypeVar("Self", bound="Optimizer")


class _Slot:
    """What an optimizer keeps for a parameter p: its array, its state, its last step's h."""

    __slots__ = ("h", "p", "s", "x")

    def __init__(self, p: Any, x: Array, before: _Slot | None) -> None:
        self.p, self.x = p, x
        self.s: Any = None if before is None else before.s
        self.h: Hyperparameters | None = None if before is None else before.h


#: Number of a parameter, its hyperparameters, its slot, its gradient, whether that is moderate.
_Job: TypeAlias = tuple[int, Hyperparameters, _Slot, Array, bool]


class Optimizer(Algorithm):
    r"""Base class: [Luo19] Algorithm 1, around an optimizer's own `moments` and `learning_rate`.

    Parameters
    ----------
    params : iterable, or None
        What to optimize: float arrays, objects with ``.data`` (an array) and ``.grad``
        (an array or None), or dicts ``{"params": [...], "lr": ..., ...}``, each a parameter
        group with its own hyperparameters. None for the pure layer alone.
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
    Two groups, the second with its own step size:

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
        self._slots: dict[int, _Slot] = {}  # by the parameter's id; the slot keeps it alive
        self._checked: dict[int, tuple[dict[str, Any], dict[str, Any], Hyperparameters]] = {}
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
        """Add a parameter group: a dict with ``"params"`` and any of its own hyperparameters.

        Raises
        ------
        TypeError, ValueError
            If a hyperparameter is unknown or out of range, or a parameter is not a writable
            float array (or holds none), occurs twice, or shares memory with another. Nothing
            is added then.
        """
        if not isinstance(group, dict) or "params" not in group:
            raise TypeError(f'group must be a dict with a key "params", got {group!r}')
        params = group["params"]
        single = isinstance(params, np.ndarray) or hasattr(params, "grad")
        params = [params] if single else params_of("params", params, "a list of parameters")
        own = {name: copied(value) for name, value in group.items() if name != "params"}
        names_among(type(self).__name__, own, [*self.defaults, "initial_lr"])
        defaults = {name: copied(value) for name, value in self.defaults.items()}
        new = {"params": params, **defaults, **own}
        h = self.check_group(new)
        new.setdefault("initial_lr", copied(new["lr"]))
        for i, p in enumerate(params, start=len(self.state)):
            check_shape(f"params[{i}]", data_of(p, f"params[{i}]"), h.shape)
        self._admit([*self.param_groups, new])
        self.param_groups.append(new)

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
            If a gradient has another shape or dtype than its parameter, holds NaN or infinity
            or is so large that a moment overflows; if a parameter cannot be written to; or if a
            hyperparameter has become invalid. Parameters and state are then as they were.

        Notes
        -----
        All parameters take their step at once: a gradient may be a view of another parameter.
        """
        if closure is not None and not callable(closure):
            raise TypeError(f"closure must be callable, got {closure!r}; for gradients, use grads=")
        loss = closure() if closure is not None else None
        if grads is not None and not isinstance(grads, (list, tuple)):
            raise TypeError(f"grads must be a list or a tuple, got {type(grads).__name__}")
        with np.errstate(all="ignore"):
            small, large = [], []  # computed before anything is written, and written in place
            for i, h, slot, g, small_enough in self._jobs(grads):
                x = slot.x
                s = self.fresh(h, x) if slot.s is None else slot.s
                moderate = small_enough and (not h.l2_decay or is_moderate(x))
                if moderate and h.blocks and x.nbytes > 2 * BLOCK and contiguous(x, s):
                    large.append((h, slot, g, s))
                    continue
                x_new, s = self.advance(h, x, g, s)
                if not moderate:
                    check_state(f"the gradient of params[{i}]", s)
                small.append((h, slot, x_new, owned(s, g, x.dtype)))
            arrays = [slot.x for _, slot, _, _ in large]
            large = [(h, slot, apart(g, arrays), s) for h, slot, g, s in large]
            for h, slot, g, s in large:
                slot.s, slot.h = self._in_blocks(h, slot.x, g, s), h
            for h, slot, x_new, s in small:
                slot.x[...] = x_new
                slot.s, slot.h = s, h
        return loss

    @property
    def state(self) -> list[Any]:
        """The state of each parameter, in the order of the groups; None before its first step."""
        slots = (self._slots.get(id(p)) for _, p in self._parameters())
        return [None if slot is None else slot.s for slot in slots]

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
        rates: list[Array | None] = []
        for group, p in self._parameters():
            slot = self._slots.get(id(p))
            if slot is None or slot.s is None:
                rates.append(None)
                continue
            eta = self.rate(slot.h or self.check_group(group), slot.s)
            rates.append(np.full(slot.x.shape, eta, slot.x.dtype))
        return rates

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, as a copy: ``{"state": {...}, "param_groups": [...]}``.

        ``state`` maps a parameter's number to a dict of its state by name; the groups name
        their parameters by number, as in PyTorch, and hold ``initial_lr``.
        """
        numbers = iter(range(len(self.state)))
        groups = []
        for group in self.param_groups:
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [next(numbers) for _ in group["params"]]
            groups.append(packed)
        state = {i: s._asdict() for i, s in enumerate(self.state) if s is not None}
        return copy.deepcopy({"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a `state_dict` of the same optimizer over parameters of the same shapes.

        Raises
        ------
        TypeError, ValueError
            If groups, hyperparameters, state names, shapes or dtypes do not match, or an array
            of the state is not finite or has negative entries where the optimizer makes none.
            Nothing is changed then.
        """
        packed = copy.deepcopy(form_of(state_dict))
        sizes = [len(group["params"]) for group in self.param_groups]
        given = [len(group["params"]) for group in packed["param_groups"]]
        if given != sizes:
            raise ValueError(f"state_dict must have groups of {sizes} parameters, got {given}")
        numbers = [i for group in packed["param_groups"] for i in group["params"]]
        if numbers != list(range(sum(sizes))):
            raise ValueError(
                f"state_dict must number parameters 0 to {sum(sizes) - 1} in order, got {numbers}"
            )
        names = ["params", *self.defaults, "initial_lr"]
        slots = self._admit(self.param_groups)
        own_slots = iter(slots)
        for group in packed["param_groups"]:
            names_among(f"state_dict of {type(self).__name__}", group, names)
            complete("state_dict", group, names)
            h = self.check_group(group)
            for _ in group["params"]:
                check_shape("a parameter of the state_dict", next(own_slots).x, h.shape)
        if not set(packed["state"]) <= set(range(len(slots))):
            raise ValueError(
                f"state_dict must number parameters 0 to {len(slots) - 1}, "
                f"got {list(packed['state'])}"
            )
        states = {i: self._state_of(i, s, slots[i].x) for i, s in packed["state"].items()}
        for own, loaded in zip(self.param_groups, packed["param_groups"], strict=True):
            own.update({**loaded, "params": own["params"]})
        for i, slot in enumerate(slots):
            slot.s, slot.h = states.get(i), None

    def __getstate__(self) -> dict[str, Any]:
        """All but what depends on where objects lie in memory."""
        return {**self.__dict__, "_slots": list(self._slots.values()), "_checked": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what `__getstate__` returned."""
        self.__dict__.update(state)
        self._slots = {id(slot.p): slot for slot in state["_slots"]}

    def _parameters(self) -> Iterator[tuple[dict[str, Any], Any]]:
        return ((group, p) for group in self.param_groups for p in group["params"])

    def _admit(self, groups: list[dict[str, Any]]) -> list[_Slot]:
        """Check all parameters of the groups; return their slots, new ones included."""
        slots: dict[int, _Slot] = {}
        for i, p in enumerate(p for group in groups for p in group["params"]):
            x = data_of(p, f"params[{i}]")
            if not x.flags.writeable:
                raise ValueError(f"params[{i}] must be writable, got a read-only array")
            if id(p) in slots:
                raise ValueError(f"params[{i}] must not occur twice among the parameters")
            known = self._slots.get(id(p))
            slots[id(p)] = known if known is not None and known.x is x else _Slot(p, x, known)
        check_overlap([slot.x for slot in slots.values()])
        self._slots.update(slots)
        return list(slots.values())

    def _jobs(self, grads: Sequence[Any] | None) -> Iterator[_Job]:
        """All that a step needs, checked, one parameter with a gradient after the other."""
        i, seen = 0, set()
        for k, group in enumerate(self.param_groups):
            h = self._rules(k, group)
            for p in group["params"]:
                x = p if isinstance(p, np.ndarray) else p.data
                slot = self._slots.get(id(p))
                if slot is None or slot.x is not x or not x.flags.writeable or id(p) in seen:
                    slot = self._admit(self.param_groups)[i]
                    check_shape(f"params[{i}]", x, h.shape)
                seen.add(id(p))
                s = slot.s
                if grads is None:
                    g = gradient_of(p, f"params[{i}]")
                else:
                    g = grads[i] if i < len(grads) else None
                if g is not None:
                    if s is not None and s[1:] and (s[1].shape, s[1].dtype) != (x.shape, x.dtype):
                        raise ValueError(
                            f"params[{i}] must keep the shape and dtype of its state, "
                            f"{s[1].shape} and {s[1].dtype}, got {x.shape} and {x.dtype}"
                        )
                    yield i, h, slot, *check_gradient(f"the gradient of params[{i}]", g, x)
                i += 1
        if grads is not None and len(grads) != i:
            raise ValueError(
                f"grads must hold one gradient for each of {i} parameters, got {len(grads)}"
            )

    def _rules(self, k: int, group: dict[str, Any]) -> Hyperparameters:
        """The hyperparameters of group k, checked again if they have changed."""
        known = self._checked.get(id(group))
        if known is not None and known[0] is group and unchanged(known[1], group):
            return known[2]
        if not isinstance(group, dict):
            raise TypeError(f"param_groups[{k}] must be a dict, got {group!r}")
        complete(f"param_groups[{k}]", group, ["params", *self.defaults])
        h = self.check_group(group, known[2] if known is not None and known[0] is group else None)
        for p in group["params"]:
            check_shape(f"a parameter of param_groups[{k}]", data_of(p), h.shape)
        values = {name: v if name == "params" else copied(v) for name, v in group.items()}
        self._checked[id(group)] = group, values, h
        return h

    def _in_blocks(self, h: Hyperparameters, x: Array, g: Array, s: Any) -> Any:
        """`advance` over slices of x and the state, in place; returns the state."""
        # glibc returns freed blocks to the system, to fetch them again page by page (4 times the
        # time of a step), until it has seen a larger one freed.
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

    def _state_of(self, i: int, given: dict[str, Any], x: Array) -> Any:
        """The state of params[i] from a state_dict, checked."""
        names = self.State._fields
        if set(given) != set(names):
            raise ValueError(f"the state of params[{i}] must have {list(names)}, got {list(given)}")
        t = given["t"]
        if isinstance(t, bool) or not isinstance(t, (int, np.integer)) or not 0 <= t < 2**53:
            raise ValueError(f"t of params[{i}] must be an integer from 0 to 2^53 - 1, got {t!r}")
        arrays = [np.asarray(given[name]) for name in names[1:]]
        for name, array in zip(names[1:], arrays, strict=True):
            if array.shape != x.shape or array.dtype != x.dtype:
                raise ValueError(
                    f"{name} of params[{i}] must have shape {x.shape} and dtype {x.dtype}, "
                    f"got {array.shape} and {array.dtype}"
                )
            if not np.isfinite(array).all():
                raise ValueError(f"{name} of params[{i}] must be finite")
            if name in self.nonnegative and (array < 0).any():
                raise ValueError(f"{name} of params[{i}] must be at least 0, got {array.min()}")
        return self.State(int(t), *arrays)
