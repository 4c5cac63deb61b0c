r"""[Wilson17] Lemma 3.1: least squares on which adaptive methods find sign(X^T y)."""

from __future__ import annotations

import math

import numpy as np

from problems.forms import in_paper
from problems.learning.wilson import Wilson, loss_and_gradient, wilson
from problems.ledger.entry import Entry, Outcome
from problems.online.setting import Condition

__all__ = ["ENTRIES"]

#: Rates at which each method of the lemma converges on the construction.
RATES = {"adagrad": 1e-2, "rmsprop": 1e-3, "adam": 1e-3}

#: A loss at which a run ends: later gradients are rounding errors, made steps of by \epsilon = 0.
DONE = 1e-12


def construction(n: int, p: float, seed: int, minority: bool) -> Wilson:
    """Wilson's points; with `minority` the labels are turned round, so that 1 is the rarer."""
    problem = wilson(n=n, p=p, seed=seed)
    return Wilson(-problem.y, -problem.y_new) if minority else problem


def lemma(
    *, n: int = 100, p: float = 0.7, seed: int = 0, T: int = 3000, minority: bool = False
) -> Outcome:
    r"""Run AdaGrad, RMSprop and Adam from w = 0, \epsilon = 0, and compare with sign(X^T y).

    Each for at most T steps.
    """
    problem = construction(n, p, seed, minority)
    try:
        c = problem.c
    except ValueError:
        c = math.nan
    target = np.sign(problem.X.T @ problem.y)
    apart, losses, accuracies, zero_epsilon = {}, {}, {}, True
    for name, lr in RATES.items():
        opt = in_paper(name, lr=lr, beta1=0.9, beta2=0.999, schedule="constant", feasible=None)
        zero_epsilon = zero_epsilon and opt.defaults["eps"] == 0
        w = np.zeros(problem.X.shape[1])
        s, apart[name] = opt.init(w), 0.0
        for _ in range(T):
            loss, gradient = loss_and_gradient(problem, w)
            if loss < DONE:
                break
            w, s = opt.update(w, gradient, s)
            largest = float(np.max(np.abs(w)))
            gap = np.abs(np.abs(w) - largest * np.abs(target)) + largest * (np.sign(w) != target)
            apart[name] = max(apart[name], float(np.max(gap)) / largest)
        losses[name] = loss_and_gradient(problem, w)[0]
        accuracies[name] = problem.test_accuracy(w)
    w = np.zeros(problem.X.shape[1])
    sgd = in_paper("sgd", lr=0.5, schedule="constant")
    s = sgd.init(w)
    for _ in range(T):
        w, s = sgd.update(w, loss_and_gradient(problem, w)[1], s)
    rate = problem.majority_rate
    exact = problem.test_accuracy(problem.minimum_norm)
    return Outcome(
        (
            Condition(
                "X sign(X^T y) = c y" + ("" if math.isnan(c) else f", c = {c:g}"), not math.isnan(c)
            ),
            Condition("epsilon = 0", zero_epsilon),
        ),
        {"n": n, "p": p, "seed": seed, "rates": RATES},
        T,
        "largest distance of w_t from the ray of sign(X^T y), over methods and t",
        max(apart.values()),
        1e-9,
        "<=",
        (
            Condition(
                "AdaGrad, RMSprop and Adam are right on new points of the majority alone",
                all(accuracy == rate for accuracy in accuracies.values()),
            ),
            Condition("the minimum-norm solution is right on all new points", exact == 1),
            Condition("SGD is right on all new points", problem.test_accuracy(w) == 1),
        ),
        (
            "test accuracy: "
            + ", ".join(f"{k} {v:.3g}" for k, v in accuracies.items())
            + f", sgd {problem.test_accuracy(w):.3g}; always +1: {rate:.3g}",
        ),
        rounding=(
            "loss after the last step: " + ", ".join(f"{k} {v:.2g}" for k, v in losses.items()),
        ),
    )


#: The results that this module executes.
ENTRIES = (
    Entry(
        "wilson-lemma",
        "Adaptive methods find a useless solution",
        "[Wilson17] Lemma 3.1",
        "If X sign(X^T y) = c y, AdaGrad, RMSprop and Adam stay on the ray of sign(X^T y).",
        r"X\, \mathrm{sign}(X^\top y) = c\, y \implies w_t \propto \mathrm{sign}(X^\top y)"
        r" \quad (t \ge 1)",
        lemma,
        {},
        {"T": 1000},
        ("problems/learning/wilson.py",),
    ),
)
