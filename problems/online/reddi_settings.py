r"""The constants that [Reddi18] asks for on its sequences, and the conditions on them."""

from __future__ import annotations

import math

from adabound_np.checks import within
from problems.online.reddi import (
    ReddiOnline,
    ReddiStochastic,
    ReddiTheorem1,
    ReddiTheorem2,
    ReddiTheorem3,
    ReddiTheorem6,
)
from problems.online.setting import Condition, Setting, least

__all__ = [
    "reddi_online",
    "reddi_stochastic",
    "reddi_theorem1",
    "reddi_theorem2",
    "reddi_theorem3",
    "reddi_theorem6",
    "theorem2_cycle",
    "theorem3_constant",
]


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
    *, C: float | None = None, beta1: float = 0.5, beta2: float = 0.5, lr: float = 0.5,
    x1: float = 1.0, force: bool = False,
) -> Setting:  # fmt: skip
    r"""[Reddi18] Thm. 2: every \beta_1 < \sqrt{\beta_2}, every \alpha; C by `theorem2_cycle`.

    After a warm-up of C steps Adam is at x = 1 at the start of every cycle, each of which costs
    at least 2 more than x* = -1. The default betas make a cycle of 40 steps; C grows with both,
    and with it the time that the other optimizers take to leave x = 1.

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

    Here \beta_2 > 0 and \gamma = \beta_1/\sqrt{\beta_2} < 1.

    Examples
    --------
    >>> [theorem2_cycle(*betas) for betas in ((0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.9, 0.999))]
    [16, 202, 3214, 42620]
    """
    gamma = beta1 / math.sqrt(beta2)
    N = math.ceil(4 / (math.sqrt(1 - beta2) * (1 - gamma)))
    # from N = 2 on, where the first condition holds its left side falls: it stays true
    return 2 * least(lambda N: beta2**N * (2 * N) ** 2 <= 1, N)


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
