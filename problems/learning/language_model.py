"""Language models of one to three layers of LSTM, with dropout [Zaremba14]."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from adabound_np.checks import positive_int
from autograd_lite import Tensor, nn, ops
from autograd_lite.nn.init import Seed

__all__ = ["LanguageModel", "State", "detached"]

#: (h, c) of each layer.
State: TypeAlias = tuple[tuple[Any, Any], ...]


class LanguageModel(nn.Module):
    """Embedding, layers of LSTM, linear: scores of the next token.

    Dropout acts on what goes up, never on what goes on in time [Zaremba14].

    Parameters
    ----------
    vocabulary, width, layers : int
        V tokens; H units of the embedding and of each layer; 1, 2, 3, ... layers.
    dropout : float
        The share that is set to 0 before each layer and before the scores, in [0, 1).
    rng : Generator or int
        Draws the weights. The masks come from a generator that it spawns.
    dtype
        float32 or float64.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range.

    Examples
    --------
    Truncated backpropagation through time: the state goes on, its history does not.

    >>> model, text = LanguageModel(5, 8, layers=2, rng=0), np.array([[0, 1], [2, 3], [4, 0]])
    >>> scores, state = model(text[:2])
    >>> scores, state = model(text[2:], detached(state))
    >>> scores.shape
    (2, 5)
    """

    def __init__(
        self,
        vocabulary: int,
        width: int,
        layers: int = 1,
        dropout: float = 0.0,
        *,
        rng: Seed,
        dtype: DTypeLike = np.float32,
    ) -> None:
        for name, value in (("vocabulary", vocabulary), ("width", width), ("layers", layers)):
            positive_int(name, value)
        rng = np.random.default_rng(rng)
        self.vocabulary = vocabulary
        self.embedding = nn.Embedding(vocabulary, width, rng=rng, dtype=dtype)
        self.layers = nn.Sequential(
            *[nn.LSTM(width, width, rng=rng, dtype=dtype) for _ in range(layers)]
        )
        self.head = nn.Linear(width, vocabulary, rng=rng, dtype=dtype)
        self.dropout = nn.Dropout(dropout, rng=rng.spawn(1)[0])

    def forward(self, tokens: Any, state: State | None = None) -> tuple[Tensor, State]:
        """Run over texts.

        Parameters
        ----------
        tokens : array of int (T, B)
            T steps of B texts.
        state : State, optional
            Before the first step; zeros by default.

        Returns
        -------
        Tensor (T * B, V), State
            Scores of what follows each token, and the state after the last step.
        """
        y, after = self.embedding(tokens), []
        for k, layer in enumerate(self.layers):
            y, pair = layer(self.dropout(y), None if state is None else state[k])
            after.append(pair)
        scores = self.head(self.dropout(y))
        return ops.reshape(scores, (-1, self.vocabulary)), tuple(after)


def detached(state: State) -> State:
    """A state without its history."""
    return tuple((h.detach(), c.detach()) for h, c in state)
