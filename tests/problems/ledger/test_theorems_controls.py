"""Assumptions and facts of the ledger have controls: runs in which they are false, and said so.

A predicate that was loosened to True would not be noticed by runs on which it is true.
"""

import dataclasses
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from adabound_np import AdaBound, Box, Geometric, Harmonic, L2Ball
from problems.ledger import LEDGER, dimensions
from problems.ledger.luo_regret import Ones, bounds_against

#: Short runs of each.
LINE = {"kinds": ("linear",), "T": 20, "T_line": 3000}
EVEN = {"beta1": 0.5, "beta2": 0.5, "count": 2}
SEEDS = {"seeds": 50, "T": 100}


def outside(monkeypatch):
    """The projection ends outside F."""
    for cls in (Box, L2Ball):
        monkeypatch.setattr(cls, "project", lambda self, y, eta: np.asarray(y) + 3.0)


def steep(monkeypatch):
    """Gradients are twice as large as the bound that is said of them."""
    _change(
        monkeypatch,
        lambda case: dataclasses.replace(case, G_2=case.G_2 / 2, G_inf=case.G_inf / 2),
    )


def _change(monkeypatch, change):
    made = dimensions.standard_cases
    for name, module in list(sys.modules.items()):
        if name.startswith("problems.ledger.") and hasattr(module, "standard_cases"):
            monkeypatch.setattr(
                module, "standard_cases", lambda *a, **k: [change(c) for c in made(*a, **k)]
            )


def rising(monkeypatch):
    """beta1_t rises with t."""
    for schedule in (Geometric, Harmonic):
        monkeypatch.setattr(
            schedule, "__call__", lambda self, t: np.minimum(0.5, 0.1 + 0.01 * np.asarray(t))
        )


def uncertified(monkeypatch):
    """The comparator's duality gap is as large as the regret."""
    _course(monkeypatch, lambda course: dataclasses.replace(course, gap=1e9))


def crossed(monkeypatch):
    """The regret passes its bound."""
    _course(
        monkeypatch,
        lambda c: dataclasses.replace(c, crossing=dict.fromkeys(c.crossing, (1, 1))),
    )


def _course(monkeypatch, change):
    run = dimensions.follow
    monkeypatch.setattr(dimensions, "follow", lambda *a, **k: change(run(*a, **k)))


SHARED = {
    "beta1_t <= beta1": rising,
    "x_t lies in F": outside,
    "|grad f_t|_2": steep,
    "the comparators are certified": uncertified,
    "R_t is at most its bound": crossed,
}
#: (entry, beginning of the text) -> constants of a run in which it is false.
CONTROLS = {
    ("reddi-1", "C > 2"): {"C": 1.5, "T": 300},
    ("reddi-1", "beta1 = 0"): {"beta1": 0.5, "T": 300},
    ("reddi-1", "x1 = 1"): {"x1": 0.0, "T": 300},
    ("reddi-1", "T is whole blocks"): {"T": 301},
    ("reddi-2", "beta1 < sqrt"): {"beta1": 0.9, "beta2": 0.5, "C": 40, "count": 2},
    ("reddi-2", "x1 = 1"): {**EVEN, "x1": 0.0},
    ("reddi-2", "C even"): {**EVEN, "C": 41},
    ("reddi-3", "beta1 < sqrt"): {"beta1": 0.9, "C": 100.0, **SEEDS},
    ("reddi-4", "gamma = beta1"): {"beta1": 0.9, "beta2": 0.1, **LINE},
    ("reddi-6", "beta1 = 0"): {"beta1": 0.5, "T": 300},
    ("reddi-6", "x1 = 1"): {"x1": 0.0, "T": 300},
    ("reddi-6", "T is whole blocks"): {"T": 301},
    ("reddi-gamma", "Gamma_t of adam"): {"T": 2, "d": 2},
    ("reddi-gamma", "Gamma_t of rmsprop"): {"T": 2, "d": 2},
    ("luo-1", "5 beta2^"): {"C": 10, "T": 1000},
    ("luo-2", "beta1 < sqrt"): {"beta1": 0.9, "beta2": 0.5, "C": 40, "count": 2},
    ("luo-2", "x1 = 1"): {**EVEN, "x1": 0.0},
    ("luo-2", "C even"): {**EVEN, "C": 41},
    ("luo-3", "beta1 < sqrt"): {"beta1": 0.9, "C": 100.0, **SEEDS},
    ("savarese-3", "t/eta_l(t)"): {"M": 1.0, **LINE},
    **{
        (name, text): {**constants, "seeds": 50}
        for name in ("savarese-2", "savarese-claim-1")
        for text, constants in (
            ("beta1 < sqrt", {"beta1": 0.9, "C": 100.0, "K": 50, "T": 50}),
            ("t <= K", {"K": 20, "T": 400}),
            ("x_1 >= 0", {"x1": -0.5, "K": 50, "T": 50}),
            ("AdaBound's iterates are Adam's", {"K": 20, "T": 400}),
        )
    },
}
REGRETS = ("reddi-4", "reddi-5", "luo-corollary", "savarese-3", "savarese-cor-2")


def falsified(outcome):
    return [c.text for c in (*outcome.assumptions, *outcome.facts) if not c.holds]


@pytest.mark.parametrize(("name", "text"), CONTROLS, ids=lambda v: v[:24])
def test_a_control_falsifies_its_condition(name, text):
    outcome = LEDGER[name].experiment(**CONTROLS[name, text])
    assert any(found.startswith(text) for found in falsified(outcome)), falsified(outcome)
    assert outcome.verdict != "holds"


@pytest.mark.parametrize("text", SHARED)
@pytest.mark.parametrize("name", REGRETS)
def test_what_regret_bounds_assume_is_looked_at(name, text, monkeypatch):
    before = LEDGER[name].experiment(**LINE)
    assert before.verdict == "holds"
    SHARED[text](monkeypatch)
    outcome = LEDGER[name].experiment(**LINE)
    assert any(found.startswith(text) for found in falsified(outcome)), falsified(outcome)
    assert outcome.verdict != "holds"


def lower(t):
    return 0.1 - 0.05 / t


def upper(t):
    return 0.1 + 0.05 / t


#: Beginning of a text -> what is false in a run of AdaBound that is fine without it.
PUBLISHED = {
    "eta_l(t) >= eta_l(t-1)": [{"eta_l": lambda t: lower(t) - 0.04 * (t == 7)}],
    "eta_u(t) <= eta_u(t-1)": [{"eta_u": lambda t: upper(t) + 0.04 * (t == 7)}],
    "0 < eta_l(t) <= eta_u(t)": [
        {"eta_l": lambda t: 0.1 * (t > 50)},
        {"eta_l": lambda t: 0.1 * (1 + 1e-10) + 0 * t, "eta_u": lambda t: 0.1 + 0 * t},
    ],
    "eta_l and eta_u tend to": [
        {"eta_l": lambda t: lower(t) / 2},
        {"eta_u": lambda t: upper(t) * 2},
    ],
    "x_t lies in F": [{"feasible": Box(-2, 1)}, {"feasible": Box(-1, 2), "G": -1.0}],
    "|grad f_t|_2 <= G_2": [{"steepest": 0.999}],
    "beta1_t <= beta1": [
        {"momentum": 0.5, "beta1": 0.4},
        {"momentum": lambda t: np.minimum(0.5, 0.1 * t), "beta1": 0.5},
    ],
}


def against_published(
    *,
    eta_l=lower,
    eta_u=upper,
    feasible=None,
    G=1.0,
    steepest=1.0,
    momentum=0.5,
    beta1=0.5,
):
    """The assumptions of [Luo19] Theorem 4, looked at in a run with bounds that obey them."""
    problem = Ones(G)
    feasible = problem.feasible if feasible is None else feasible
    opt = AdaBound.as_in_paper(lr=0.5, betas=(momentum, 0.9), gamma=0.5, feasible=feasible)
    family = SimpleNamespace(eta_l=eta_l, eta_u=eta_u)
    return bounds_against(problem, opt, family, 0.1, 100, 0.0, steepest, beta1, {})


def test_the_published_bounds_hold_where_nothing_is_false():
    outcome = against_published()
    assert not falsified(outcome)
    assert outcome.verdict == "holds"


@pytest.mark.parametrize(
    ("text", "what"), [(text, what) for text, every in PUBLISHED.items() for what in every]
)
def test_what_the_published_bounds_assume_is_looked_at(text, what):
    outcome = against_published(**what)
    assert [found[: len(text)] for found in falsified(outcome)] == [text]
    assert outcome.verdict == "not-applicable"
