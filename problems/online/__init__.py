"""Online convex optimization: problems, the protocol, regret ([Luo19] Sec. 2)."""

from problems.online.problem import Linear, LinearProblem, OnlineProblem
from problems.online.protocol import Trajectory, run
from problems.online.sequences import (
    SEQUENCES,
    BrokenConditionError,
    Condition,
    LuoTheorem1,
    ReddiOnline,
    ReddiStochastic,
    ReddiTheorem1,
    Setting,
    luo_theorem1,
    reddi_online,
    reddi_stochastic,
    reddi_theorem1,
)

__all__ = [
    "SEQUENCES",
    "BrokenConditionError",
    "Condition",
    "Linear",
    "LinearProblem",
    "LuoTheorem1",
    "OnlineProblem",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem1",
    "Setting",
    "Trajectory",
    "luo_theorem1",
    "reddi_online",
    "reddi_stochastic",
    "reddi_theorem1",
    "run",
]
