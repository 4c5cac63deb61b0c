r"""The threshold above which a rate is too large for a quadratic, by momentum's form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from adabound_np import CSGD, SGD, AdaBound, Optimizer
from problems.ledger.entry import Entry, Outcome
from problems.online.setting import Condition
from problems.rates.curvature import stability_threshold

__all__ = ["ENTRIES"]

#: How many rates on each side of the threshold are tried, and their distance.
SIDES, STEP = 8, 0.0025


def _forms(
    gamma: Any, eta: Any, schedule: str = "constant"
) -> dict[str, tuple[Optimizer, Callable[[float], float]]]:
    """Optimizers with momentum gamma and frozen rates eta, and their thresholds by momentum."""

    def dampened(gamma: float) -> float:
        return stability_threshold(gamma, gamma)

    shared: dict[str, Any] = {"lr": eta, "momentum": gamma, "schedule": schedule}
    frozen = AdaBound(betas=(gamma, 0.999), bounds=(eta, eta), schedule=schedule)
    return {
        "SGD with momentum": (SGD(**shared), stability_threshold),
        "Nesterov": (SGD(nesterov=True, **shared), partial(stability_threshold, nesterov=True)),
        "SGD, dampened": (SGD(dampening=gamma, **shared), dampened),
        "CSGD, no correction": (CSGD(bias_correction=False, **shared), dampened),
        "AdaBound, eta_l = eta_u": (frozen, dampened),
    }


def stability(
    *,
    gammas: tuple[float, ...] = (0.0, 0.5, 0.9, 0.99),
    curvature: float = 1.0,
    T: int = 5000,
    schedule: str = "constant",
    off: float = 1.0,
) -> Outcome:
    r"""Find the rate from which iterates on (h/2) x^2 grow, beside threshold/h times `off`."""
    factors = 1 + STEP * np.arange(-SIDES, SIDES + 1)
    gamma = np.repeat(gammas, len(factors))
    apart, remarks = 0.0, []
    for name, (_, threshold) in _forms(0.5, 1.0).items():
        limits = np.array([threshold(g) for g in gammas])
        eta = np.outer(off * limits, factors).ravel() / curvature
        optimizer = _forms(gamma, eta, schedule)[name][0]
        x, h = np.ones(len(eta)), optimizer.hyper
        s = optimizer.init(x)
        with np.errstate(all="ignore"):
            for _ in range(T):
                x, s = optimizer.advance(h, x, curvature * x, s)
        grows = ~(np.abs(x) <= 1).reshape(len(gammas), -1)  # also where it overflowed
        ordered = bool(np.all(np.diff(grows.astype(int), axis=1) >= 0))
        # an edge lies between the last rate that is stable and the first that is not
        edges = 1 + STEP * (grows.argmax(axis=1) - 0.5 - SIDES)
        inside = grows[:, -1].all() and not grows[:, 0].any()
        apart = max(apart, float(np.max(np.abs(edges - 1))) if ordered and inside else np.inf)
        found = ", ".join(f"{edge:.4g}" for edge in edges * off * limits)
        remarks.append(f"{name}: {found}")
    return Outcome(
        (Condition("rates that do not change", schedule == "constant"),),
        {"gamma": list(gammas), "h": curvature, "s_t": schedule, "off": off},
        T,
        "largest relative distance of the edge from the threshold",
        apart,
        0.01,
        "<=",
        (),
        tuple(remarks),
    )


#: The results that this module executes.
ENTRIES = (
    Entry(
        "stability-threshold",
        "The largest stable rate on a quadratic",
        "[Cohen22], exact",
        "On (h/2)x^2 iterates grow exactly if eta h > 2(1+gamma)/(1-tau), or Nesterov's threshold.",
        r"\eta h < \frac{2 (1 + \gamma)}{1 - \tau} \quad\text{or}\quad"
        r" \eta h < \frac{2 (1 + \gamma)}{1 + 2 \gamma}\ \text{(Nesterov)}",
        stability,
        {},
        {},
        ("problems/rates/curvature.py",),
    ),
)
