"""Modules: parameters with a forward computation, and the names by which to find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from autograd_lite.operators import Array
from autograd_lite.tensor import Tensor

__all__ = ["Module", "Sequential"]

M = TypeVar("M", bound="Module")


class Module:
    """Base class of layers and networks: assign parts in `__init__`, define `forward`.

    Attributes that are tensors are parameters, attributes that are arrays are buffers (saved,
    not trained), attributes that are modules are parts. Names are PyTorch's: "layer.weight".

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

    def _entries(self, prefix: str = "") -> Iterator[tuple[str, Module, str, Any]]:
        """Yield (full name, owner, attribute, value) of every tensor and array."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield from value._entries(f"{prefix}{name}.")
            elif isinstance(value, (Tensor, np.ndarray)):
                yield prefix + name, self, name, value
            elif isinstance(value, (list, tuple, dict)) and any(
                isinstance(part, (Module, Tensor)) for part in value
            ):
                raise TypeError(
                    f"{prefix}{name} is a {type(value).__name__} of modules or tensors, which "
                    "would not be found; use Sequential, or one attribute for each"
                )

    def modules(self) -> Iterator[Module]:
        """Yield this module and all its parts."""
        yield self
        for value in vars(self).values():
            if isinstance(value, Module):
                yield from value.modules()

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, parameter) pairs, each parameter once even if it is shared."""
        seen: set[int] = set()
        for name, _, _, value in self._entries():
            if isinstance(value, Tensor) and id(value) not in seen:
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
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Switch to evaluation: no dropout, running statistics in batch normalisation."""
        return self.train(False)

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers by name."""
        return {
            name: np.array(value.data if isinstance(value, Tensor) else value)
            for name, _, _, value in self._entries()
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
        ValueError
            If a shape differs. In both cases nothing is changed.
        """
        own = {name: value for name, _, _, value in self._entries()}
        if own.keys() != state.keys():
            missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
            raise KeyError(f"state lacks {missing} and has unknown {unknown}")
        arrays = {name: np.asarray(value) for name, value in state.items()}
        for name, value in own.items():
            if arrays[name].shape != value.shape:
                raise ValueError(f"{name} must have shape {value.shape}, got {arrays[name].shape}")
        for name, value in own.items():
            target = value.data if isinstance(value, Tensor) else value
            target[...] = arrays[name]


class Sequential(Module):
    """Modules one after the other; also a list of modules, by index and in loops.

    Examples
    --------
    >>> from autograd_lite.nn import Linear, ReLU
    >>> model = Sequential(Linear(4, 3, rng=0), ReLU(), Linear(3, 2, rng=1))
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    >>> model(Tensor(np.ones((5, 4), np.float32))).shape
    (5, 2)
    """

    def __init__(self, *modules: Module) -> None:
        for i, module in enumerate(modules):
            setattr(self, str(i), module)

    def __iter__(self) -> Iterator[Module]:
        return (value for value in vars(self).values() if isinstance(value, Module))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]

    def forward(self, x: Any) -> Any:
        """Apply the modules in order."""
        for module in self:
            x = module(x)
        return x
