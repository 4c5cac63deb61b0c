"""Online convex optimization: problems, the protocol, regret ([Luo19] Sec. 2)."""

from problems.online.engines import ENGINES, run, summarize
from problems.online.problem import Linear, LinearProblem, OnlineProblem
from problems.online.protocol import Trajectory
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
from problems.online.summary import Series, Summary

__all__ = [
    "ENGINES",
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
    "Series",
    "Setting",
    "Summary",
    "Trajectory",
    "luo_theorem1",
    "reddi_online",
    "reddi_stochastic",
    "reddi_theorem1",
    "run",
    "summarize",
]
