r"""Effective learning rates \eta_t during a run, as [Luo19] Sec. 3 and Figure 1 look at them.

An optimizer multiplies m_t by \eta_t, coordinate by coordinate. A `Recorder` looks at it after
chosen steps and keeps, for each parameter and for all of them together, its quantiles, a
histogram on a log scale, a few sampled coordinates, and, against the bounds of [Luo19] Alg. 2,
the shares of coordinates at the lower bound, between, and at the upper one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer
from adabound_np.bounds import Bounds
from adabound_np.checks import positive_int
from problems.limits import Limits, compared, limits_of
from problems.online import protocol
from problems.online.problem import OnlineProblem
from problems.online.summary import log_grid
from problems.rates.record import EDGES, PERCENTS, RateRecord

__all__ = ["Recorder", "mixed_grid", "record_online"]


def mixed_grid(T: int, points: int = 64) -> NDArray[np.int64]:
    """Steps from 1 to T, half of them evenly spaced on a log scale, half evenly.

    Examples
    --------
    >>> mixed_grid(100, points=8).tolist()
    [1, 5, 22, 25, 50, 75, 100]
    """
    half = max(1, positive_int("points", points) // 2)
    even = np.linspace(0, positive_int("T", T), half + 1)[1:].round().astype(np.int64)
    grid: NDArray[np.int64] = np.union1d(log_grid(T, half), np.maximum(even, 1))
    return grid


class Recorder:
    r"""An observer of \eta_t: call it after each step, read `record()` in the end.

    Parameters
    ----------
    steps : iterable of int
        Steps t >= 1 to look at; all others cost a set lookup.
    samples : int
        Coordinates to follow in each parameter, drawn once, with replacement.
    seed : int or numpy.random.Generator
        Seed or generator of the draw.
    reference : Bounds, optional
        Bounds to compare an optimizer with that has none of its own.

    Raises
    ------
    TypeError, ValueError
        If a step or `samples` is not a positive integer.

    Examples
    --------
    Adam's rates on f(x) = (x_1^2 + 10^{-6} x_2^2)/2 lie six decades apart:

    >>> from adabound_np import Adam
    >>> x, h = np.ones(2), np.array([1.0, 1e-6])
    >>> recorder, opt = Recorder([1, 10]), Adam([x], lr=1e-3, eps=0.0)
    >>> for t in range(1, 11):
    ...     opt.step(grads=[h * x])
    ...     recorder(t, None, opt)
    >>> record = recorder.record()
    >>> record.steps.tolist(), record.names
    ([1, 10], ('params[0]', 'all'))
    >>> record.quantile(0, "all")[-1].round(6), record.quantile(100, "all")[-1].round(0)
    (np.float64(0.001542), np.float64(1542.0))
    """

    def __init__(
        self,
        steps: Iterable[int],
        samples: int = 8,
        seed: int | np.random.Generator = 0,
        reference: Bounds | None = None,
    ) -> None:
        self.steps = frozenset(positive_int("steps", t) for t in steps)
        self.samples = positive_int("samples", samples)
        self.rng = np.random.default_rng(seed)
        self.reference = reference
        self.names: tuple[str, ...] = ()
        self.dims: list[int] = []
        self.rows: list[tuple[Any, ...]] = []
        self.coordinates: list[NDArray[np.int64]] = []

    def __call__(self, t: int, model: Any, optimizer: Optimizer) -> None:
        """Look at step t, right after it, if it is one of `steps`.

        Parameters
        ----------
        t : int
            The step, for the record; bounds follow each parameter's own number of steps.
        model : object
            For the parameters' names: its `named_parameters()`, if it has them.
        optimizer : Optimizer
            After ``step()``, before anything changes its groups.
        """
        if t not in self.steps:
            return
        name_of = {id(p): name for name, p in _named(model)}
        names: list[str] = []
        limits: list[Limits | None] = []
        for group in optimizer.param_groups:
            seen: dict[int, Limits | None] = {}
            for p in group["params"]:
                state = optimizer.state[len(names)]
                names.append(name_of.get(id(p), f"params[{len(names)}]"))
                own = 0 if state is None else state.t
                if own and own not in seen:
                    seen[own] = limits_of(optimizer, group, own, self.reference)
                limits.append(seen.get(own))
        self.take(t, names, optimizer.effective_lr(), limits)

    def take(
        self, t: int, names: Sequence[str], rates: Sequence[Any], limits: Sequence[Limits | None]
    ) -> None:
        r"""Keep what is to be kept of \eta_t.

        Parameters
        ----------
        t : int
            The step.
        names : sequence of str
            Names of the parameters, the same at each call.
        rates : sequence of array or None
            \eta_t of each, None for one that has made no step.
        limits : sequence of Limits or None
            What to compare each with, as numbers or of its shape.

        Raises
        ------
        ValueError
            If the names are others than before.
        """
        etas = [np.zeros(0) if eta is None else np.asarray(eta).reshape(-1) for eta in rates]
        if not self.rows:
            self.names, self.dims = (*names, "all"), [0] * len(names)
        elif self.names != (*names, "all"):
            raise ValueError(f"names must equal the first step's, got {list(names)!r}")
        self.dims = [max(d, np.ndim(eta)) for d, eta in zip(self.dims, rates, strict=True)]
        parts = [compared(eta, limit) for eta, limit in zip(etas, limits, strict=True)]
        counts = np.array([count for count, _, _ in parts])
        ends = np.array([end for _, end, _ in parts])
        own = [of_its_own for _, _, of_its_own in parts if of_its_own is not None]
        sizes = np.array([len(eta) for eta in etas])
        total = np.nan if np.isnan(counts[sizes > 0]).any() else counts[sizes > 0].sum(axis=0)
        counts = np.vstack([counts, np.broadcast_to(total, (1, 3))])
        inside = ends[sizes > 0]
        ends = np.vstack([ends, [inside[:, 0].min(initial=np.inf), inside[:, 1].max(initial=0.0)]])
        if np.isinf(ends[-1, 0]) or np.isnan(total).any():
            ends[-1] = np.nan
        orders = [np.sort(eta) for eta in (*etas, np.concatenate(etas))]
        self.rows.append(
            (
                t,
                np.array([_quantiles(eta) for eta in orders]),
                np.array([_histogram(eta) for eta in orders]),
                self._sampled(etas),
                counts / np.maximum(np.append(sizes, sizes.sum()), 1)[:, None],
                ends,
                bool(own) and all(own),
            )
        )

    def _sampled(self, etas: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
        """The sampled coordinates, drawn for a parameter at the first step it has made."""
        if not self.coordinates:
            self.coordinates = [np.full(self.samples, -1) for _ in etas]
        sampled = np.full((len(etas), self.samples), np.nan)
        for i, eta in enumerate(etas):
            if len(eta):
                if self.coordinates[i][0] < 0:
                    self.coordinates[i] = self.rng.integers(len(eta), size=self.samples)
                sampled[i] = eta[self.coordinates[i]]
        return sampled

    def record(self) -> RateRecord:
        """Return what was kept.

        Raises
        ------
        ValueError
            If nothing was: none of the steps was reached.
        """
        if not self.rows:
            raise ValueError(f"steps must have one that was reached, got {sorted(self.steps)}")
        t, quantiles, histograms, samples, shares, bounds, own = zip(*self.rows, strict=True)
        return RateRecord(
            np.array(t),
            self.names,
            np.array(self.dims),
            np.array(quantiles),
            np.array(histograms),
            np.array(samples),
            np.array(self.coordinates),
            np.array(shares),
            np.array(bounds),
            all(own),
        )


def _named(model: Any) -> Iterable[tuple[str, Any]]:
    return model.named_parameters() if hasattr(model, "named_parameters") else ()


def _quantiles(ordered: NDArray[Any]) -> NDArray[np.float64]:
    """Quantiles that are rates themselves: the least eta with p % of all at or below it."""
    n = len(ordered)
    if not n:
        return np.full(len(PERCENTS), np.nan)
    places = [max(0, (p * n + 99) // 100 - 1) for p in PERCENTS]
    return ordered[places].astype(np.float64)


def _histogram(ordered: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers of rates below, in and above the bins; each bin has its left edge."""
    below = np.searchsorted(ordered, EDGES.astype(ordered.dtype), side="left")
    return np.diff(below, prepend=0, append=len(ordered))


def record_online(
    problem: OnlineProblem,
    optimizer: Optimizer,
    steps: int,
    x1: float,
    points: int = 200,
    reference: Bounds | None = None,
    tick: Callable[[int], Any] = lambda n: None,
) -> RateRecord:
    r"""Record \eta_t on an online problem in one variable.

    One coordinate has no distribution at a step; what is kept at a step of the log grid are
    quantiles and shares over all steps since the last one. On a periodic problem they spread
    once such a span is longer than a period.

    Parameters
    ----------
    problem, optimizer, steps, x1
        As for `problems.online.protocol.run`; the optimizer's hyperparameters must be numbers.
    points : int
        Largest number of steps of the log grid.
    reference : Bounds, optional
        As for `Recorder`.
    tick : callable
        Called now and then with the number of steps done since.

    Raises
    ------
    TypeError, ValueError
        As `problems.online.protocol.run`.

    Examples
    --------
    AdaBound keeps to its bounds on Reddi's sequence, near 0.1/sqrt(t):

    >>> from problems.online import reddi_online
    >>> from problems.forms import in_paper
    >>> problem = reddi_online().problem
    >>> opt = in_paper("adabound", lr=0.5, beta1=0.9, beta2=0.99, schedule="inv-sqrt",
    ...            feasible=problem.feasible)
    >>> record = record_online(problem, opt, 2000, 0.0)
    >>> record.shares[-1, -1].tolist()  # at the lower bound, between, at the upper one
    [1.0, 0.0, 0.0]
    """
    T, h = protocol.check(problem, steps, x1), optimizer.hyper
    grid = log_grid(T, positive_int("points", points))
    recorder, kept = Recorder(grid.tolist(), samples=1, reference=reference), iter(grid.tolist())
    window: list[Any] = []
    until = next(kept)

    for t, _, _, _, s in protocol.play(problem, optimizer, T, x1):
        window.append(s)
        if t == until:
            # the optimizer's lines take t as an array: one call for all steps since the last
            together = optimizer.State(*(np.array(column) for column in zip(*window, strict=True)))
            eta = np.broadcast_to(optimizer.rate(h, together), len(window)).astype(np.float64)
            limits = limits_of(optimizer, optimizer.defaults, together.t, reference)
            recorder.take(t, ["x"], [eta], [limits])
            tick(len(window))
            window.clear()
            until = next(kept, 0)
    return recorder.record()
