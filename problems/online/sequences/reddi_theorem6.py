r"""The sequence of [Reddi18] Theorem 6, on which epsilon in the denominator does not help."""

from __future__ import annotations

import math
from dataclasses import dataclass

from adabound_np.checks import within
from problems.online.sequences.reddi_theorem1 import ReddiTheorem1, theorem1_conditions
from problems.online.setting import Setting

__all__ = ["ReddiTheorem6", "reddi_theorem6"]


@dataclass(frozen=True)
class ReddiTheorem6(ReddiTheorem1):
    r"""Theorem 1's sequence, scaled to an \epsilon in Adam's denominator ([Reddi18] Thm. 6)."""

    name = "reddi-theorem6"


def reddi_theorem6(
    *,
    epsilon: float = 1e-8,
    beta1: float = 0.0,
    beta2: float = 0.1,
    lr: float = 0.5,
    x1: float = 1.0,
    force: bool = False,
) -> Setting:
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
    conditions = theorem1_conditions(3.0, beta1, beta2, lr, x1)
    return Setting(problem, beta1, beta2, lr, x1, conditions, force, eps_root=epsilon)
