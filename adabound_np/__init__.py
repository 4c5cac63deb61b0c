"""Adaptive gradient methods in NumPy, line by line as in the papers.

One file per algorithm box: `SGD`, `CSGD`, `AdaGrad`, `RMSprop`, `Adam`, `AMSGrad`, `AdamNC`,
`AdaBound`, `AMSBound`. They share [Luo19] Algorithm 1 (`algorithm`), schedules of the step
size and of beta1 (`schedules`), bounds of the rate (`bounds`) and feasible sets (`feasible`).

Sources, as docstrings and comments cite them:

========== ==================================================================================
[Luo19]    Luo, Xiong, Liu, Sun: Adaptive Gradient Methods with Dynamic Bound of Learning
           Rate, ICLR 2019, arXiv:1902.09843
[Reddi18]  Reddi, Kale, Kumar: On the Convergence of Adam and Beyond, ICLR 2018,
           arXiv:1904.09237
[Sav19]    Savarese: On the Convergence of AdaBound and its Connection to SGD,
           arXiv:1908.04457
[KB15]     Kingma, Ba: Adam: A Method for Stochastic Optimization, ICLR 2015, arXiv:1412.6980
[Duchi11]  Duchi, Hazan, Singer: Adaptive Subgradient Methods, JMLR 12, 2011
[TH12]     Tieleman, Hinton: Lecture 6.5, RMSprop, 2012
========== ==================================================================================
"""

from adabound_np.adabound import AdaBound
from adabound_np.adagrad import AdaGrad
from adabound_np.adam import Adam
from adabound_np.adamnc import AdamNC
from adabound_np.amsbound import AMSBound
from adabound_np.amsgrad import AMSGrad
from adabound_np.annealing import (
    CosineDecaySchedule,
    JoinedSchedules,
    LinearSchedule,
    ReduceLROnPlateau,
)
from adabound_np.bounds import Bounds, DynamicBounds, PairOfBounds, SavareseBounds
from adabound_np.csgd import CSGD
from adabound_np.feasible import Box, FeasibleSet, L2Ball, Unconstrained
from adabound_np.optimizer import Optimizer
from adabound_np.rmsprop import RMSprop
from adabound_np.schedules import (
    Constant,
    Geometric,
    Harmonic,
    InverseTime,
    InvSqrt,
    OneMinusInverse,
    Schedule,
    StepDecay,
)
from adabound_np.sgd import SGD

__all__ = [
    "CSGD",
    "SGD",
    "AMSBound",
    "AMSGrad",
    "AdaBound",
    "AdaGrad",
    "Adam",
    "AdamNC",
    "Bounds",
    "Box",
    "Constant",
    "CosineDecaySchedule",
    "DynamicBounds",
    "FeasibleSet",
    "Geometric",
    "Harmonic",
    "InvSqrt",
    "InverseTime",
    "JoinedSchedules",
    "L2Ball",
    "LinearSchedule",
    "OneMinusInverse",
    "Optimizer",
    "PairOfBounds",
    "RMSprop",
    "ReduceLROnPlateau",
    "SavareseBounds",
    "Schedule",
    "StepDecay",
    "Unconstrained",
]

__version__ = "0.1.0"
