r"""The sequences of [Reddi18] on which Adam fails, with the constants they need."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adabound_np.checks import within
from problems.online.problem import LinearProblem
from problems.online.setting import Condition, Setting, integer

__all__ = [
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem1",
    "ReddiTheorem2",
    "ReddiTheorem3",
    "ReddiTheorem6",
    "reddi_online",
    "reddi_stochastic",
    "reddi_theorem1",
    "reddi_theorem2",
    "reddi_theorem3",
    "reddi_theorem6",
    "theorem2_cycle",
    "theorem3_constant",
]


@dataclass(frozen=True)
class ReddiOnline(LinearProblem):
    r"""f_t(x) = 10 C x if t mod C = 1, else -10 x, on [-1, 1] ([Reddi18] Sec. 6, with C = 101).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 2. Its sum is 10 x, so that x* = -1.
    """

    C: int = 101
    name = "reddi-online"

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", integer("C", self.C, least=2))
        object.__setattr__(self, "period", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return np.where(np.arange(start, stop) % self.C == 1, 10.0 * self.C, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = {10 * self.C}x if t mod {self.C} = 1, else -10x"


@dataclass(frozen=True)
class _Stochastic(LinearProblem):
    """c_t = `high` with probability `p`, else `low`: one draw of the seed's generator a step."""

    seed: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ValueError(f"seed must be an integer of at least 0, got {self.seed!r}")

    def draw(self, start: int, stop: int, p: float, high: float, low: float) -> NDArray[np.float64]:
        bits = np.random.PCG64(self.seed)
        bits.advance(start - 1)  # so that no cut into ranges changes a step's draw
        return np.where(np.random.Generator(bits).random(stop - start) < p, high, low)


@dataclass(frozen=True)
class ReddiStochastic(_Stochastic):
    r"""f_t(x) = 1010 x with probability 0.01, else -10 x, on [-1, 1] ([Reddi18] Sec. 6).

    The expected slope is 0.2, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Of the generator that draws. Step t has its own draw, whatever range is asked for.
    """

    name = "reddi-stochastic"

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.draw(start, stop, 0.01, 1010.0, -10.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = 1010x with probability 0.01, else -10x (seed {self.seed})"


@dataclass(frozen=True)
class ReddiTheorem1(LinearProblem):
    r"""f_t(x) = scale * C x if t mod 3 = 1, else -scale * x, on [-1, 1] ([Reddi18] Thm. 1).

    Parameters
    ----------
    C : float
        Greater than 2 in the theorem, so that x* = -1.
    scale : float
        1 in Theorem 1.
    """

    C: float = 3.0
    scale: float = 1.0
    name = "reddi-theorem1"
    period = 3

    def __post_init__(self) -> None:
        within("C", self.C, "(0, inf)")
        within("scale", self.scale, "(0, inf)")

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.scale * np.where(np.arange(start, stop) % 3 == 1, self.C, -1.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        scale = "" if self.scale == 1 else f"{self.scale:g} * "
        return f"f_t(x) = {scale}{self.C:g}x if t mod 3 = 1, else -{scale}x"


@dataclass(frozen=True)
class ReddiTheorem6(ReddiTheorem1):
    r"""Theorem 1's sequence, scaled to an \epsilon in Adam's denominator ([Reddi18] Thm. 6)."""

    name = "reddi-theorem6"


@dataclass(frozen=True)
class ReddiTheorem2(LinearProblem):
    r"""f_t(x) = 0 for C steps, then C x if t mod C = 1, else -x, on [-1, 1] ([Reddi18] Thm. 2).

    Parameters
    ----------
    C : int
        Length of a cycle, at least 3. Its sum is x, so that x* = -1.
    """

    C: int = 16
    name = "reddi-theorem2"

    def __post_init__(self) -> None:
        object.__setattr__(self, "C", integer("C", self.C, least=3))
        object.__setattr__(self, "period", self.C)
        object.__setattr__(self, "warm_up", self.C)

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        t = np.arange(start, stop)
        return np.where(t <= self.C, 0.0, np.where(t % self.C == 1, float(self.C), -1.0))

    def formula(self) -> str:
        """f_t in words of mathematics."""
        return f"f_t(x) = 0 for {self.C} steps, then {self.C}x if t mod {self.C} = 1, else -x"


@dataclass(frozen=True)
class ReddiTheorem3(_Stochastic):
    r"""f_t(x) = C x with p = (1 + delta)/(C + 1), else -x, on [-1, 1] ([Reddi18] Thm. 3).

    The expected slope is delta, so that x* = -1 in expectation.

    Parameters
    ----------
    seed : int
        Of the generator that draws. Step t has its own draw, whatever range is asked for.
    C : float
        Greater than delta, so that p < 1.
    delta : float
        Positive.
    """

    C: float = 64.0
    delta: float = 1.0
    name = "reddi-theorem3"

    def __post_init__(self) -> None:
        super().__post_init__()
        within("delta", self.delta, "(0, inf)")
        within("C", self.C, f"({self.delta}, inf)")

    def slopes(self, start: int, stop: int) -> NDArray[np.float64]:
        """c_t for start <= t < stop."""
        return self.draw(start, stop, (1 + self.delta) / (self.C + 1), self.C, -1.0)

    def formula(self) -> str:
        """f_t in words of mathematics."""
        p = f"{1 + self.delta:g}/{self.C + 1:g}"
        return f"f_t(x) = {self.C:g}x with probability {p}, else -x (seed {self.seed})"


def reddi_online(
    *, C: float = 101, beta1: float = 0.9, beta2: float = 0.99, lr: float = 0.5, x1: float = 0.0,
    force: bool = False,
) -> Setting:  # fmt: skip
    """[Reddi18] Sec. 6; any constants are allowed.

    Raises
    ------
    TypeError, ValueError
        If a constant is out of range.
    """
    return Setting(ReddiOnline(C), beta1, beta2, lr, x1, force=force)  # type: ignore[arg-type]


def reddi_stochastic(
    *, beta1: float = 0.9, beta2: float = 0.99, lr: float = 0.5, x1: float = 0.0, seed: int = 0,
    force: bool = False,
) -> Setting:  # fmt: skip
    """[Reddi18] Sec. 6; any constants are allowed.

    Raises
    ------
    TypeError, ValueError
        If a constant is out of range.
    """
    return Setting(ReddiStochastic(seed), beta1, beta2, lr, x1, force=force)


def reddi_theorem1(
    *, C: float = 3.0, beta1: float = 0.0, beta2: float | None = None, lr: float = 0.5,
    x1: float = 1.0, force: bool = False,
) -> Setting:  # fmt: skip
    r"""[Reddi18] Thm. 1: C > 2, \beta_1 = 0, \beta_2 = 1/(1 + C^2), \alpha < \sqrt{1 - \beta_2}.

    Adam is at x = 1 at the start of every block of three steps, and R_T >= (2C - 4) T/3.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range.
    """
    problem = ReddiTheorem1(C)
    beta2 = 1 / (1 + C**2) if beta2 is None else beta2
    conditions = _theorem1_conditions(C, beta1, beta2, lr, x1)
    return Setting(problem, beta1, beta2, lr, x1, conditions, force)


def reddi_theorem2(
    *, C: float | None = None, beta1: float = 0.9, beta2: float = 0.99, lr: float = 0.5,
    x1: float = 1.0, force: bool = False,
) -> Setting:  # fmt: skip
    r"""[Reddi18] Thm. 2: every \beta_1 < \sqrt{\beta_2}, every \alpha; C by `theorem2_cycle`.

    After a warm-up of C steps Adam is at x = 1 at the start of every cycle, each of which costs
    at least 2 more than x* = -1.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range, or C is not given and \beta_1 >= \sqrt{\beta_2}.
    """
    within("beta1", beta1, "[0, 1)")
    within("beta2", beta2, "[0, 1)")
    below = beta1 < math.sqrt(beta2)
    conditions = [
        Condition(f"beta1 < sqrt(beta2) = {math.sqrt(beta2):.6g} (beta1 is {beta1:g})", below),
        Condition(f"x1 = 1 (it is {x1:g})", x1 == 1),
    ]
    if C is None:
        if not below:
            raise ValueError(
                f"beta1 must be below sqrt(beta2) = {math.sqrt(beta2):.6g} for C to exist, "
                f"got {beta1!r}"
            )
        C = theorem2_cycle(beta1, beta2)
    elif below:
        N, gamma = C / 2, beta1 / math.sqrt(beta2)
        conditions += [
            Condition(f"C even (it is {C:g})", C % 2 == 0),
            Condition(f"beta2^(C/2) C^2 <= 1 (it is {beta2**N * C**2:.4g})", beta2**N * C**2 <= 1),
            Condition(
                "C/2 sqrt(1 - beta2) (1 - beta1/sqrt(beta2)) >= 4 "
                f"(it is {N * math.sqrt(1 - beta2) * (1 - gamma):.4g})",
                N * math.sqrt(1 - beta2) * (1 - gamma) >= 4,
            ),
        ]
    return Setting(
        ReddiTheorem2(C), beta1, beta2, lr, x1, tuple(conditions), force  # type: ignore[arg-type]
    )  # fmt: skip


def theorem2_cycle(beta1: float, beta2: float) -> int:
    r"""The least C = 2N with \beta_2^N C^2 <= 1 and N \sqrt{1 - \beta_2} (1 - \gamma) >= 4.

    Here \gamma = \beta_1/\sqrt{\beta_2} < 1.

    Examples
    --------
    >>> [theorem2_cycle(*betas) for betas in ((0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.9, 0.999))]
    [16, 202, 3214, 42620]
    """
    if beta2 == 0:
        return 8
    gamma = beta1 / math.sqrt(beta2)
    N = math.ceil(4 / (math.sqrt(1 - beta2) * (1 - gamma)))
    while beta2**N * (2 * N) ** 2 > 1:
        N += 1
    return 2 * N


def reddi_theorem3(
    *, C: float | None = None, beta1: float = 0.0, beta2: float = 0.5, lr: float = 0.5,
    x1: float = 0.0, delta: float = 1.0, seed: int = 0, force: bool = False,
) -> Setting:  # fmt: skip
    r"""[Reddi18] Thm. 3: \beta_1 < \sqrt{\beta_2} and C at least `theorem3_constant`.

    Adam's expected step is not negative, though x* = -1 in expectation.

    Raises
    ------
    BrokenConditionError
        If given constants break these and `force` is False.
    TypeError, ValueError
        If a constant is out of range, or C is not given and \beta_1 >= \sqrt{\beta_2}.
    """
    within("beta1", beta1, "[0, 1)")
    within("beta2", beta2, "(0, 1)")
    within("delta", delta, "(0, inf)")
    below = beta1 < math.sqrt(beta2)
    if C is None and not below:
        raise ValueError(
            f"beta1 must be below sqrt(beta2) = {math.sqrt(beta2):.6g} for C to exist, "
            f"got {beta1!r}"
        )
    wanted = theorem3_constant(beta1, beta2, delta) if below else math.inf
    C = float(math.ceil(wanted)) if C is None else C
    conditions = (
        Condition(f"beta1 < sqrt(beta2) = {math.sqrt(beta2):.6g} (beta1 is {beta1:g})", below),
        Condition(f"C >= {wanted:.6g} (C is {C:g})", wanted <= C),
    )
    return Setting(ReddiTheorem3(seed, C, delta), beta1, beta2, lr, x1, conditions, force)


def theorem3_constant(beta1: float, beta2: float, delta: float) -> float:
    r"""The least C of Theorem 3: \max(2 (1 + \delta), 4 (1 + \delta)^3 B^2 / (1 - \beta_1)^2).

    B = 1/\sqrt{1 - \beta_2} + \beta_1 K/(1 - \gamma), K = 2 (1 - \beta_1)/\sqrt{\beta_2 (1 -
    \beta_2)}, \gamma = \beta_1/\sqrt{\beta_2} < 1. The source displays
    \sqrt{\beta_2 (1 + \delta) C^2 + 1 - \beta_2} where its own estimate gives (1 + \delta) C.

    Examples
    --------
    >>> round(theorem3_constant(0.0, 0.5, 1.0), 9)
    64.0
    """
    K = 2 * (1 - beta1) / math.sqrt(beta2 * (1 - beta2))
    B = 1 / math.sqrt(1 - beta2) + beta1 * K / (1 - beta1 / math.sqrt(beta2))
    return max(2 * (1 + delta), round(4 * (1 + delta) ** 3 * B**2 / (1 - beta1) ** 2, 9))


def reddi_theorem6(
    *, epsilon: float = 1e-8, beta1: float = 0.0, beta2: float = 0.1, lr: float = 0.5,
    x1: float = 1.0, force: bool = False,
) -> Setting:  # fmt: skip
    r"""[Reddi18] Thm. 6: \sqrt{v_t + \epsilon} does not help; Theorem 1's C = 3, rescaled.

    f_t is Theorem 1's times 10 \sqrt{\epsilon}, and \epsilon stands under the root.

    Raises
    ------
    BrokenConditionError
        If given constants break Theorem 1's conditions and `force` is False.
    TypeError, ValueError
        If a constant is out of range.
    """
    within("epsilon", epsilon, "(0, inf)")
    problem = ReddiTheorem6(3.0, scale=10 * math.sqrt(epsilon))
    conditions = _theorem1_conditions(3.0, beta1, beta2, lr, x1)
    return Setting(problem, beta1, beta2, lr, x1, conditions, force, eps_root=epsilon)


def _theorem1_conditions(
    C: float, beta1: float, beta2: float, lr: float, x1: float
) -> tuple[Condition, ...]:
    within("beta2", beta2, "[0, 1)")
    wanted, limit = 1 / (1 + C**2), math.sqrt(1 - beta2)
    return (
        Condition(f"C > 2 (C is {C:g})", C > 2),
        Condition(f"beta1 = 0 (it is {beta1:g})", beta1 == 0),
        Condition(
            f"beta2 = 1/(1 + C^2) = {wanted:.6g} (it is {beta2:g})",
            math.isclose(beta2, wanted, rel_tol=1e-12),
        ),
        Condition(f"lr < sqrt(1 - beta2) = {limit:.6g} (it is {lr:g})", lr < limit),
        Condition(f"x1 = 1 (it is {x1:g})", x1 == 1),
    )
