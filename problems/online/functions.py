r"""Problems that are the same function at every step, and sequences with a scale.

A function states its value and its partial derivatives as lines in its coordinates, so that the
same lines run on floats and, translated, in a browser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adabound_np import FeasibleSet, Unconstrained
from adabound_np.checks import within
from problems.online.problem import LinearProblem

__all__ = ["Fixed", "Quadratic", "Quadratic2D", "Rescaled", "Rosenbrock"]


class Fixed:
    """The same function at every step, in one coordinate (x a number) or more (x an array).

    Subclasses are data classes with `value`, `partials` and `minimum`.
    """

    name: ClassVar[str]
    feasible: FeasibleSet = Unconstrained()
    #: A point where f is least, and where a run starts: one number per coordinate.
    minimum: ClassVar[tuple[float, ...]]
    start: ClassVar[tuple[float, ...]]
    #: What f is multiplied by: a field of each.
    scale: float

    def __post_init__(self) -> None:
        within("scale", self.scale, "(0, inf)")

    def __call__(self, x: Any) -> Any:
        """Return f(x)."""
        return self.value(*np.atleast_1d(x))

    def gradient(self, x: Any) -> Any:
        """Return the partial derivatives, of x's shape."""
        partials = self.partials(*np.atleast_1d(x))
        return np.array(partials) if np.ndim(x) else partials[0]

    def value(self, *x: Any) -> Any:
        """Value of f at a point, given by its coordinates."""
        raise NotImplementedError

    def partials(self, *x: Any) -> tuple[Any, ...]:
        """Return the partial derivatives of f at a point, given by its coordinates."""
        raise NotImplementedError

    def formula(self) -> str:
        """Return f in words of mathematics."""
        raise NotImplementedError

    def reveal(self, T: int) -> Iterator[tuple[int, Any]]:
        """(1, f), ..., (T, f)."""
        for t in range(1, T + 1):
            yield t, self

    def comparator(self, T: int) -> Any:
        """A point where f is least."""
        return np.array(self.minimum) if len(self.minimum) > 1 else self.minimum[0]

    def best_losses(self, T: int) -> NDArray[np.float64]:
        r"""Return t \min f for t = 1, ..., T."""
        return np.arange(1, T + 1, dtype=np.float64) * float(self.value(*self.minimum))


@dataclass(frozen=True)
class Quadratic(Fixed):
    r"""f(x) = s x^2 / 2, whose curvature is s.

    Examples
    --------
    >>> f = Quadratic(scale=4.0)
    >>> f(3.0), f.gradient(3.0)
    (np.float64(18.0), np.float64(12.0))
    """

    scale: float = 1.0
    name = "quadratic"
    minimum = (0.0,)
    start = (1.0,)

    def value(self, x: Any) -> Any:
        """Return f(x)."""
        return self.scale * (x * x) / 2

    def partials(self, x: Any) -> tuple[Any, ...]:
        """Return f'(x)."""
        return (self.scale * x,)

    def formula(self) -> str:
        """Return f in words of mathematics."""
        return f"f(x) = {self.scale:g} x^2 / 2"


@dataclass(frozen=True)
class Quadratic2D(Fixed):
    r"""f(x, y) = s (x^2 + k y^2) / 2, whose curvatures are s and k s.

    Parameters
    ----------
    scale : float
        s > 0.
    condition : float
        k > 0.
    """

    scale: float = 1.0
    condition: float = 25.0
    name = "quadratic-2d"
    minimum = (0.0, 0.0)
    start = (-1.5, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        within("condition", self.condition, "(0, inf)")

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y)."""
        return self.scale * (x * x + self.condition * (y * y)) / 2

    def partials(self, x: Any, y: Any) -> tuple[Any, ...]:
        """Return the derivatives in x and in y."""
        return (self.scale * x, self.scale * (self.condition * y))

    def formula(self) -> str:
        """Return f in words of mathematics."""
        return f"f(x, y) = {self.scale:g} (x^2 + {self.condition:g} y^2) / 2"


@dataclass(frozen=True)
class Rosenbrock(Fixed):
    r"""f(x, y) = s ((1 - x)^2 + 100 (y - x^2)^2), least at (1, 1); not convex."""

    scale: float = 1.0
    name = "rosenbrock"
    minimum = (1.0, 1.0)
    start = (-1.2, 1.0)

    def value(self, x: Any, y: Any) -> Any:
        """Return f(x, y)."""
        a, b = 1 - x, y - x * x
        return self.scale * (a * a + 100 * (b * b))

    def partials(self, x: Any, y: Any) -> tuple[Any, ...]:
        """Return the derivatives in x and in y."""
        a, b = 1 - x, y - x * x
        return (self.scale * (-2 * a - 400 * (x * b)), self.scale * (200 * b))

    def formula(self) -> str:
        """Return f in words of mathematics."""
        return f"f(x, y) = {self.scale:g} ((1 - x)^2 + 100 (y - x^2)^2)"


@dataclass(frozen=True)
class Rescaled(LinearProblem):
    """A sequence with all its losses multiplied by a number.

    Examples
    --------
    >>> from problems.online import ReddiOnline
    >>> Rescaled(ReddiOnline(C=3), 2.0).slopes(1, 4)
    array([ 60., -20., -20.])
    """

    problem: LinearProblem
    scale: float = 1.0
    feasible: Any = field(init=False)

    def __post_init__(self) -> None:
        within("scale", self.scale, "(0, inf)")
        object.__setattr__(self, "feasible", self.problem.feasible)

    @property
    def name(self) -> str:  # type: ignore[override]
        """The sequence's."""
        return self.problem.name

    @property
    def period(self) -> int:  # type: ignore[override]
        """The sequence's."""
        return self.problem.period

    @property
    def warm_up(self) -> int:  # type: ignore[override]
        """The sequence's."""
        return self.problem.warm_up

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return s c_t for start <= t < stop."""
        return self.scale * self.problem.slopes(start, stop)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"{self.scale:g} times {self.problem.formula()}"
