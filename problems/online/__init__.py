"""Online convex optimization: problems, the protocol, regret ([Luo19] Sec. 2)."""

from problems.online.batch import Endpoints, endpoints
from problems.online.engines import ENGINES, run, summarize
from problems.online.luo import LuoTheorem1, luo_theorem1
from problems.online.problem import Linear, LinearProblem, OnlineProblem
from problems.online.protocol import Trajectory
from problems.online.reddi import (
    ReddiOnline,
    ReddiStochastic,
    ReddiTheorem1,
    ReddiTheorem2,
    ReddiTheorem3,
    ReddiTheorem6,
)
from problems.online.reddi_settings import (
    reddi_online,
    reddi_stochastic,
    reddi_theorem1,
    reddi_theorem2,
    reddi_theorem3,
    reddi_theorem6,
)
from problems.online.savarese import Savarese, savarese
from problems.online.sequences import CONSTANTS, SEQUENCES, setting
from problems.online.setting import BrokenConditionError, Condition, Setting
from problems.online.summary import Decade, Series, Summary

__all__ = [
    "CONSTANTS",
    "ENGINES",
    "SEQUENCES",
    "BrokenConditionError",
    "Condition",
    "Decade",
    "Endpoints",
    "Linear",
    "LinearProblem",
    "LuoTheorem1",
    "OnlineProblem",
    "ReddiOnline",
    "ReddiStochastic",
    "ReddiTheorem1",
    "ReddiTheorem2",
    "ReddiTheorem3",
    "ReddiTheorem6",
    "Savarese",
    "Series",
    "Setting",
    "Summary",
    "Trajectory",
    "endpoints",
    "luo_theorem1",
    "reddi_online",
    "reddi_stochastic",
    "reddi_theorem1",
    "reddi_theorem2",
    "reddi_theorem3",
    "reddi_theorem6",
    "run",
    "savarese",
    "setting",
    "summarize",
]
