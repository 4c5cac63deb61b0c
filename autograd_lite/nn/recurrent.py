"""The LSTM layer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite import ops
from autograd_lite.engine import Tensor
from autograd_lite.nn import init
from autograd_lite.nn.init import Seed
from autograd_lite.nn.module import Module
from autograd_lite.ops.arguments import whole


class LSTM(Module):
    """Long short-term memory, in layers, with PyTorch's weights (gates i, f, g, o).

    Parameters
    ----------
    input_size, hidden_size : int
        I and H.
    num_layers : int
        Each further layer reads the outputs of the one before.
    batch_first : bool
        Sequences are (B, T, I) instead of (T, B, I).
    rng : Generator or int
        Weights are uniform on (-1/sqrt(H), 1/sqrt(H)).

    Examples
    --------
    Backpropagation truncated after every chunk of a long sequence: detach the state.

    >>> layer, x = LSTM(2, 3, rng=0), np.ones((6, 1, 2), np.float32)
    >>> state = None
    >>> for chunk in (x[:3], x[3:]):
    ...     y, (h, c) = layer(chunk, state)
    ...     y.sum().backward()
    ...     state = (h.detach(), c.detach())
    >>> y.shape, h.shape
    ((3, 1, 3), (1, 1, 3))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        batch_first: bool = False,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        input_size = whole("input_size", input_size, 1)
        self.hidden_size = hidden_size = whole("hidden_size", hidden_size, 1)
        self.num_layers, self.batch_first = whole("num_layers", num_layers, 1), batch_first
        rng, bound = np.random.default_rng(rng), 1 / math.sqrt(hidden_size)
        for k in range(self.num_layers):
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (4 * hidden_size, input_size if k == 0 else hidden_size),
                "weight_hh": (4 * hidden_size, hidden_size),
                "bias_ih": (4 * hidden_size,),
                "bias_hh": (4 * hidden_size,),
            }
            for name, shape in shapes.items():
                weight = Tensor(init.uniform(shape, bound, rng, dtype), requires_grad=True)
                setattr(self, f"{name}_l{k}", weight)

    def forward(
        self, x: Any, state: tuple[Any, Any] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over sequences.

        Parameters
        ----------
        x : Tensor or array (T, B, I), or (B, T, I) if `batch_first`
        state : pair of Tensor or array (num_layers, B, H), optional
            h and c before the first step; zeros by default.

        Returns
        -------
        Tensor (T, B, H) or (B, T, H), (Tensor, Tensor)
            The last layer's outputs, and the state (num_layers, B, H) after the last step.

        Raises
        ------
        ValueError
            If x or the state has another shape, or T is 0.
        """
        weight = vars(self)["weight_ih_l0"]
        x = x if isinstance(x, Tensor) else np.asarray(x)
        if x.ndim != 3 or x.shape[2] != weight.shape[1] or not x.shape[int(self.batch_first)]:
            axes = "(B, T, I)" if self.batch_first else "(T, B, I)"
            raise ValueError(
                f"x must have shape {axes} with I = {weight.shape[1]} and T > 0, got {x.shape}"
            )
        x = ops.swapaxes(x, 0, 1) if self.batch_first else x
        shape = (self.num_layers, x.shape[1], self.hidden_size)
        before = [np.zeros(shape, weight.dtype)] * 2 if state is None else [*state]
        if [np.shape(part) for part in before] != [shape, shape]:
            given = ", ".join(str(np.shape(part)) for part in before)
            raise ValueError(f"state must be two of shape {shape}, got {given}")
        h0, c0 = before
        last = []
        for k in range(self.num_layers):
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            weights = [vars(self)[f"{name}_l{k}"] for name in names]
            y = ops.lstm(x, h0[k], c0[k], *weights)
            x = y[:-1]
            last.append(y[-2:])
        h_and_c = ops.stack(last, axis=1)
        return ops.swapaxes(x, 0, 1) if self.batch_first else x, (h_and_c[0], h_and_c[1])
