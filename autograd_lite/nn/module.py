"""Modules: parameters with a forward computation, and the names by which to find them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from autograd_lite.engine import Array, Tensor

__all__ = ["Module", "ModuleList", "Sequential"]

M = TypeVar("M", bound="Module")


class Module:
    """Base class of layers and networks: assign parts in `__init__`, define `forward`.

    Attributes that are leaves with `requires_grad` are parameters, attributes that are modules
    are parts. Arrays and other leaves are buffers, saved but not trained; results of operations
    are neither. Names are PyTorch's: "layer.weight". Parts and parameters in a list or another
    container, or on the class, would not be found, so all methods below raise TypeError for them.

    Attributes
    ----------
    training : bool
        What `train` and `eval` set; True at first.

    Examples
    --------
    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = Tensor([2.0], requires_grad=True)
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> model = Scale()
    >>> model(Tensor([3.0])), [name for name, _ in model.named_parameters()]
    (Tensor([6.], made by multiply), ['factor'])
    """

    training: bool = True
    forward: Callable[..., Any]

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Return `forward` of the same arguments."""
        return self.forward(*args, **options)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, value in vars(cls).items():
            if _holds_parts(value):
                raise TypeError(
                    f"{cls.__name__}.{name} belongs to the class and would not be found; assign "
                    "modules and parameters to attributes of self, in __init__"
                )

    def __repr__(self) -> str:
        own, parts = [], []
        for name, value in vars(self).items():
            if isinstance(value, Module):
                parts.append(f"({name}): {value!r}".replace("\n", "\n  "))
            elif isinstance(value, (Tensor, np.ndarray)):
                own.append(f"{name}: {value.shape}")
            elif isinstance(value, (bool, int, float, str, type(None))) and name != "training":
                own.append(f"{name}={value!r}")
        settings = ", ".join(own)
        if parts:
            settings = "".join(f"\n  {line}" for line in (settings, *parts) if line) + "\n"
        return f"{type(self).__name__}({settings})"

    def _attributes(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield (full name, value) of this module, its parts, and their tensors and arrays."""
        yield prefix, self
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value._attributes(f"{prefix}{name}.")
            elif isinstance(value, Tensor) or (
                isinstance(value, np.ndarray) and not value.dtype.hasobject
            ):
                yield prefix + name, value
            elif _holds_parts(value):
                raise TypeError(
                    f"{prefix}{name} is a {type(value).__name__} of modules or parameters, which "
                    "would not be found; use Sequential or ModuleList, or one attribute for each"
                )

    def _entries(self) -> dict[str, Any]:
        """Return every parameter and buffer by its full name."""
        return {
            name: value
            for name, value in self._attributes()
            if not isinstance(value, Module) and getattr(value, "_record", None) is None
        }

    def modules(self) -> Iterator[Module]:
        """Yield this module and all its parts."""
        return (value for _, value in self._attributes() if isinstance(value, Module))

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, parameter) pairs, each parameter once even if it is shared."""
        seen: set[int] = set()
        for name, value in self._entries().items():
            if isinstance(value, Tensor) and value.requires_grad and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def parameters(self) -> Iterator[Tensor]:
        """Yield the parameters."""
        for _, parameter in self.named_parameters():
            yield parameter

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to None."""
        for parameter in self.parameters():
            parameter.grad = None

    def train(self: M, mode: bool = True) -> M:
        """Switch this module and its parts to training (or, with False, to evaluation)."""
        for module in list(self.modules()):
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Switch to evaluation: no dropout, running statistics in batch normalisation."""
        return self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name."""
        return {
            name: np.array(value.data if isinstance(value, Tensor) else value)
            for name, value in self._entries().items()
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Set all parameters and buffers, from `state_dict` of this class or of PyTorch's.

        Parameters
        ----------
        state : mapping of str to array_like
            Cast to the dtypes of this module.

        Raises
        ------
        KeyError
            If a name is missing or unknown.
        TypeError
            If `state` is no mapping, or a value is no array of real numbers.
        ValueError
            If a shape differs, a number does not fit the dtype, or an array to set is read-only. In
            all cases nothing is changed.
        """
        if not isinstance(state, Mapping):
            raise TypeError(
                f"state must be a mapping of names to arrays, got {type(state).__name__}"
            )
        own = {
            name: value.data if isinstance(value, Tensor) else value
            for name, value in self._entries().items()
        }
        if own.keys() != state.keys():
            missing = [name for name in own if name not in state]
            unknown = [name for name in state if name not in own]
            raise KeyError(f"state lacks {missing} and has unknown {unknown}")
        arrays = {}
        for name, target in own.items():
            given = np.asarray(state[name])
            if given.dtype.kind not in "fiub":
                raise TypeError(f"{name} must be an array of real numbers, got {given.dtype}")
            if given.shape != target.shape:
                raise ValueError(f"{name} must have shape {target.shape}, got {given.shape}")
            if not target.flags.writeable:
                raise ValueError(f"{name} of this module is read-only and cannot be set")
            with np.errstate(all="ignore"):
                array = given.astype(target.dtype)  # a copy: it may be of this module
            if target.dtype.kind == "f":  # which rounds, but makes nothing infinite
                fits = np.isfinite(array) | ~np.isfinite(given)
            else:
                fits = array == given
            if not np.all(fits):
                value = given[~fits].flat[0]
                raise ValueError(f"{name} must have numbers of {target.dtype}, got {value}")
            arrays[name] = array
        for name, target in own.items():
            target[...] = arrays[name]


def _holds_parts(value: Any) -> bool:
    """Whether a value is, or contains at any depth, a module or a parameter."""
    waiting, seen = [value], set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Module):
            return True
        if isinstance(part, Tensor):
            if part.requires_grad and part._record is None:
                return True
        elif id(part) not in seen:
            seen.add(id(part))
            if isinstance(part, Mapping):
                waiting += [*part, *part.values()]
            elif isinstance(part, (list, tuple, set, frozenset, deque)):
                waiting += part
            elif isinstance(part, np.ndarray) and part.dtype == object:
                waiting += part.ravel().tolist()
    return False


def _described(value: Any) -> str:
    kind = "class" if isinstance(value, type) else "function"
    return f"the {kind} {value.__name__}" if hasattr(value, "__name__") else repr(value)


class _Modules(Module):
    """Modules under the names "0", "1", ..."""

    def _append(self, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(
                f"modules must be modules, such as nn.ReLU() for ops.relu, one argument each; "
                f"got {_described(module)} as number {len(self)}"
            )
        setattr(self, str(len(self)), module)

    def __iter__(self) -> Iterator[Module]:
        return (value for value in vars(self).values() if isinstance(value, Module))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]


class Sequential(_Modules):
    """Modules one after the other; also a list of modules, by index and in loops.

    Raises
    ------
    TypeError
        If an argument is not a module, such as a function or a list of modules.

    Examples
    --------
    >>> from autograd_lite.nn import Linear, ReLU
    >>> model = Sequential(Linear(4, 3, rng=0), ReLU(), Linear(3, 2, rng=1))
    >>> model
    Sequential(
      (0): Linear(weight: (3, 4), bias: (3,))
      (1): ReLU()
      (2): Linear(weight: (2, 3), bias: (2,))
    )
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> model(Tensor(np.ones((5, 4), np.float32))).shape
    (5, 2)
    """

    def __init__(self, *modules: Module) -> None:
        for module in modules:
            self._append(module)

    def forward(self, x: Any) -> Any:
        """Apply the modules in order."""
        for module in self:
            x = module(x)
        return x


class ModuleList(_Modules):
    """A list of modules whose parameters are found, for a `forward` of your own.

    Parameters
    ----------
    modules : iterable of Module
        Parts, by index and in loops.

    Raises
    ------
    TypeError
        If `modules` is not an iterable of modules, or the list itself is called.

    Examples
    --------
    >>> from autograd_lite.nn import Linear
    >>> layers = ModuleList(Linear(4, 4, rng=i) for i in range(3))
    >>> layers.append(Linear(4, 1, rng=3))
    >>> len(layers), [name for name, _ in layers.named_parameters()][:2]
    (4, ['0.weight', '0.bias'])
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        self.extend(modules)

    def append(self, module: Module) -> None:
        """Add a module at the end."""
        self._append(module)

    def extend(self, modules: Iterable[Module]) -> None:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"modules must be a list of modules, got {_described(modules)}")
        for module in modules:
            self._append(module)

    def forward(self, *_: Any, **__: Any) -> Any:
        """Refuse: a list says nothing about how its modules are applied."""
        raise TypeError("a ModuleList is not called; call its modules, or use Sequential")
