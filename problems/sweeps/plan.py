"""What a sweep runs: points of a grid or of a random search, times seeds, times optimizers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from adabound_np import __version__
from adabound_np.checks import known, positive_int, within
from problems.forms import settled
from problems.loading import described
from problems.online.engines import ENGINES
from problems.online.sequences import takes
from problems.online.setting import BrokenConditionError
from problems.optimizers import Spec, entry, labelled
from problems.sweeps.axes import AXES, MOST, Span, axis_names
from problems.sweeps.cells import Cell, prepare

__all__ = ["SCHEDULES", "Plan", "listed"]

#: Schedules of the step size.
SCHEDULES = ("inv-sqrt", "constant")


@dataclass(frozen=True)
class Plan:
    """A sweep: every point of the grid and of the search, with every seed and every optimizer.

    Parameters
    ----------
    problem : str, problem, Setting or callable
        As for `problems.online.setting`.
    optimizers : sequence or mapping
        What `problems.optimizers.entry` takes; the keys of a mapping are the labels.
    steps : int
        Number of steps of each run.
    grid : mapping of str to sequence of float
        Axes (keys of `AXES`, or constants of your own problem) and their values; the grid
        is their product.
    random : mapping of str to Span or sequence of float
        Axes of a random search, and what they are drawn from: a span, or a few values.
    samples : int
        Number of draws, each of which is tried at every point of the grid.
    search_seed : int
        Seed of the draws.
    seeds : sequence of int
        Seeds of a stochastic problem.
    schedule : str
        "inv-sqrt" or "constant".
    engine : {"auto", "steps", "parallel"}
        As for `problems.online.run`.
    force : bool
        Whether to run constants that break the paper's conditions.

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, a list is empty or repeats itself, a number is out of range, or
        there are more than `MOST` cells.

    Examples
    --------
    >>> plan = Plan("reddi-online", ["adam", "adabound"], 1000, grid={"lr": [0.1, 1.0]})
    >>> len(plan), plan.cell(3).optimizer, plan.cell(3).parameters
    (4, 'adabound', {'lr': 1.0})
    """

    problem: Any
    optimizers: Sequence[Spec] | Mapping[str, Spec]
    steps: int
    grid: Mapping[str, Sequence[float]] = field(default_factory=dict)
    random: Mapping[str, Span | Sequence[float]] = field(default_factory=dict)
    samples: int = 1
    search_seed: int = 0
    seeds: Sequence[int] = (0,)
    schedule: str = "inv-sqrt"
    engine: str = "auto"
    force: bool = False

    def __post_init__(self) -> None:
        constants = takes(self.problem)
        known("schedule", self.schedule, SCHEDULES)
        known("engine", self.engine, ENGINES)
        positive_int("steps", self.steps)
        positive_int("samples", self.samples)
        listed("optimizers", list(self.optimizers))
        for spec in self.specs.values():
            entry(spec)
        self._check_axes([*AXES, *axis_names(constants)])
        for what, seeds in (("search_seed", [self.search_seed]), ("seeds", self.seeds)):
            for seed in listed(what, seeds):
                if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
                    raise ValueError(f"{what} must be integers of at least 0, got {seed!r}")
        if len(self.seeds) > 1 and "seed" not in constants:
            raise ValueError(
                f"seeds must be one seed for {described(self.problem)}, which draws nothing, "
                f"got {len(self.seeds)}"
            )
        if len(self) > MOST:
            raise ValueError(f"a sweep must have at most {MOST:,} cells, got {len(self):,}")

    def _check_axes(self, allowed: Sequence[str]) -> None:
        for name, source in [*self.grid.items(), *self.random.items()]:
            known("axis", name, dict.fromkeys(allowed))
            if name in self.grid and name in self.random:
                raise ValueError(f"axis {name!r} must be of the grid or of the search, got both")
            if isinstance(source, Span):
                source.checked(name)
            else:
                listed(name, [within(name, value, "(-inf, inf)") for value in source])
            for label, spec in self.specs.items():
                if AXES.get(name, name) in settled(spec):
                    raise ValueError(f"{name} must be no axis for {label}, which has its own")
        if self.samples > 1 and not self.random:
            raise ValueError(f"samples must be 1 without axes to draw, got {self.samples}")

    def __len__(self) -> int:
        """The number of cells."""
        sizes = [len(values) for values in self.grid.values()]
        return math.prod(sizes) * self.samples * len(self.seeds) * len(self.specs)

    @cached_property
    def specs(self) -> dict[str, Spec]:
        """The optimizers by label."""
        return labelled(self.optimizers)

    @cached_property
    def axes(self) -> list[str]:
        """The axes, in the order of `AXES`, whatever order they were given in."""
        given = {**self.grid, **self.random}
        return [name for name in AXES if name in given] + sorted(given.keys() - AXES.keys())

    @cached_property
    def _points(self) -> list[tuple[float, ...]]:
        """The value on each axis: the grid outermost, its first axis slowest; then the draws."""
        gridded = [name for name in self.axes if name in self.grid]
        drawn = [name for name in self.axes if name in self.random]
        shares = np.random.default_rng(self.search_seed).random((self.samples, len(drawn)))
        draws = [
            dict(zip(drawn, map(_draw, map(self.random.get, drawn), row), strict=True))
            for row in shares.tolist()
        ]
        return [
            tuple(
                float({**dict(zip(gridded, values, strict=True)), **draw}[name])
                for name in self.axes
            )
            for values in itertools.product(*(self.grid[name] for name in gridded))
            for draw in draws
        ]

    def cell(self, number: int) -> Cell:
        """Return a cell by its number: points outermost, then seeds, then optimizers."""
        rest, optimizer = divmod(number, len(self.specs))
        point, seed = divmod(rest, len(self.seeds))
        label, spec = list(self.specs.items())[optimizer]
        return Cell(
            number=number,
            problem=self.problem,
            label=label,
            optimizer=spec,
            steps=self.steps,
            seed=self.seeds[seed],
            parameters=dict(zip(self.axes, self._points[point], strict=True)),
            schedule=self.schedule,
            engine=self.engine,
            force=self.force,
        )

    def header(self) -> dict[str, Any]:
        """What tells this sweep from another; `force` alone changes no result."""
        specs = {name: described(spec) for name, spec in self.specs.items()}
        own = {name: text for name, text in specs.items() if text != name}
        return {
            "version": __version__,
            "problem": described(self.problem),
            "steps": self.steps,
            "schedule": self.schedule,
            "engine": self.engine,
            "grid": {name: _floats(self.grid[name]) for name in self.axes if name in self.grid},
            "random": {
                name: _span(source) if isinstance(source, Span) else _floats(source)
                for name in self.axes
                if (source := self.random.get(name)) is not None
            },
            "samples": self.samples,
            "search_seed": self.search_seed,
            "seeds": list(self.seeds),
            "optimizers": list(self.specs),
            "cells": len(self),
            **({"specs": own} if own else {}),
        }

    def check(self) -> None:
        """Check the constants of all cells.

        Raises
        ------
        BrokenConditionError
            If cells break the paper's conditions and `force` is False.
        ValueError
            If constants are out of range, whatever `force` is.
        """
        wrong = [w for w in self._wrong if not isinstance(w[1], BrokenConditionError)]
        kind = ValueError if wrong else BrokenConditionError
        for cell, reason in wrong or self._wrong:
            at = "".join(f", {name} = {value:g}" for name, value in cell.parameters.items())
            raise kind(
                f"{len(wrong or self._wrong) * len(self.seeds):,} of {len(self):,} cells cannot "
                f"be run; the first is cell {cell.number} ({cell.label}{at}): {reason}"
            ) from reason

    @cached_property
    def _wrong(self) -> list[tuple[Cell, Exception]]:
        """The cells of the first seed that cannot be run, and why."""
        wrong: list[tuple[Cell, Exception]] = []
        each = len(self.seeds) * len(self.specs)
        for first in range(0, len(self), each):
            for cell in map(self.cell, range(first, first + len(self.specs))):
                try:
                    prepare(cell)
                except (TypeError, ValueError) as error:
                    wrong.append((cell, error))
        return wrong


def _draw(source: Span | Sequence[float] | None, share: float) -> float:
    assert source is not None
    return source.at(share) if isinstance(source, Span) else source[int(share * len(source))]


def _floats(values: Sequence[float]) -> list[float]:
    return [float(value) for value in values]


def _span(span: Span) -> dict[str, Any]:
    return {"low": float(span.low), "high": float(span.high), "log": span.log}


def listed(name: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return a list; raise ValueError if it is empty or has a value twice."""
    if not len(values):
        raise ValueError(f"{name} must have one value or more, got none")
    if len(set(values)) < len(values):
        twice = next(value for k, value in enumerate(values) if value in values[:k])
        raise ValueError(f"{name} must have each value once, got {twice!r} twice")
    return values
