"""A module of the user's own, in the current folder; figures that are not rendered."""

import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

OWN = '''
from typing import Any, NamedTuple

import numpy as np

from adabound_np import Optimizer
from adabound_np.checks import within
from adabound_np.schedules import as_schedule, betas_of
from problems.learning.tasks import TASKS
from problems.online import ReddiOnline

problem = ReddiOnline()
task = TASKS["digits-mlp"]


class State(NamedTuple):
    t: int
    m: Any
    v: Any


class AdaBelief(Optimizer):
    State = State

    def __init__(self, params=None, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, **shared):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps}, shared)

    @staticmethod
    def symbols(group):
        beta1, beta2 = betas_of(group)
        return {
            "beta1": as_schedule("betas[0]", beta1, "[0, 1)"),
            "beta2": within("betas[1]", beta2, "[0, 1)"),
            "eps": within("eps", group["eps"], "[0, inf)"),
        }

    @staticmethod
    def moments(h, s, g, t):
        beta1 = h.beta1(t)
        m = beta1 * s.m + (1 - beta1) * g
        v = h.beta2 * s.v + (1 - h.beta2) * (g - m) ** 2
        return m, State(t, m, v)

    @staticmethod
    def learning_rate(h, s, t):
        return h.schedule(t) / (np.sqrt(s.v) + h.eps)


class Shapeless:
    """No optimizer."""
'''


@pytest.fixture
def mymodule(tmp_path, monkeypatch):
    """Go to a folder with the file mymodule.py; give the module."""
    (tmp_path / "mymodule.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    import mymodule as own  # it has just been written

    yield own
    del sys.modules["mymodule"]


@pytest.fixture
def undrawn(monkeypatch):
    """Make figures but do not render them, which takes most of the time of a short run."""
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **options: Path(path).touch())
