"""Online convex optimization: problems, the protocol, regret ([Luo19] Sec. 2)."""

from problems.online.batch import Endpoints, endpoints
from problems.online.engines import ENGINES, run, summarize
from problems.online.problem import Linear, LinearProblem, OnlineProblem
from problems.online.protocol import Trajectory, constrained
from problems.online.sequences import CONSTANTS, SEQUENCES, setting
from problems.online.sequences.luo_theorem1 import LuoTheorem1, luo_theorem1
from problems.online.sequences.reddi_online import ReddiOnline, reddi_online
from problems.online.sequences.reddi_stochastic import ReddiStochastic, reddi_stochastic
from problems.online.sequences.reddi_theorem1 import ReddiTheorem1, reddi_theorem1
from problems.online.sequences.reddi_theorem2 import ReddiTheorem2, reddi_theorem2
from problems.online.sequences.reddi_theorem3 import ReddiTheorem3, reddi_theorem3
from problems.online.sequences.reddi_theorem6 import ReddiTheorem6, reddi_theorem6
from problems.online.sequences.savarese import Savarese, savarese
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
    "constrained",
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
