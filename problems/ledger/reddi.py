r"""[Reddi18]: the sequences on which Adam fails (Theorems 1, 2, 3 and 6), executed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adabound_np import Unconstrained
from problems.forms import in_paper
from problems.ledger.entry import Entry, Outcome
from problems.online.batch import endpoints
from problems.online.engines import run
from problems.online.protocol import Trajectory
from problems.online.sequences.reddi_theorem1 import reddi_theorem1
from problems.online.sequences.reddi_theorem2 import reddi_theorem2
from problems.online.sequences.reddi_theorem3 import (
    ReddiTheorem3,
    reddi_theorem3,
    theorem3_constant,
)
from problems.online.sequences.reddi_theorem6 import reddi_theorem6
from problems.online.setting import Condition, Setting
from problems.online.summary import log_grid

__all__ = ["ENTRIES", "Z", "adam", "cycles", "drift", "interval", "mean_drift"]

Floats = NDArray[np.float64]
#: Half the width of a 99 % interval, in standard errors.
Z = 2.5758293035489004


def adam(setting: Setting, schedule: str = "inv-sqrt", **given: Any) -> Any:
    """Adam as the paper states it, with a setting's hyperparameters."""
    options = {
        "lr": setting.lr,
        "beta1": setting.beta1,
        "beta2": setting.beta2,
        "eps_root": setting.eps_root,
        "feasible": setting.problem.feasible,
        **given,
    }
    return in_paper("adam", schedule=schedule, **options)


def _thinned(trajectory: Trajectory) -> dict[str, NDArray[Any]]:
    """Steps on a log grid, and R_t there."""
    t = log_grid(trajectory.steps, 400)
    return {"t": t, "regret": trajectory.regret[t - 1]}


def _blocks_of_three(setting: Setting, T: int, schedule: str, scale: float) -> Outcome:
    r"""x_{3k+1} = 1 for all k, so that R_T >= (2C - 4) T/3 times the scale of f."""
    C = setting.problem.C
    trajectory = run(setting.problem, adam(setting, schedule), T, setting.x1)
    curves = _thinned(trajectory)
    starts = trajectory.x[:T:3]
    away = int(np.sum(starts != 1.0))
    # R_T \ge (2 C - 4) T / 3        [Reddi18 Thm. 1]
    per_step = scale * (2 * C - 4) / 3
    constants = {
        "C": C,
        "beta1": setting.beta1,
        "beta2": setting.beta2,
        "alpha": setting.lr,
        "x1": setting.x1,
        "schedule": schedule,
    }
    if setting.eps_root:
        constants["epsilon"] = setting.eps_root
    return Outcome(
        (*setting.conditions, Condition(f"T is whole blocks of 3 (it is {T})", T % 3 == 0)),
        constants,
        T,
        "R_T",
        float(trajectory.regret[-1]),
        per_step * T,
        ">=",
        (Condition(f"x_{{3k+1}} == 1 at every one of {len(starts):,} block starts", away == 0),),
        (),
        {**curves, "bound": per_step * curves["t"]},
    )


def theorem_1(
    *,
    C: float = 3.0,
    beta1: float = 0.0,
    beta2: float | None = None,
    lr: float = 0.5,
    x1: float = 1.0,
    T: int = 3_000_000,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Run Adam on blocks Cx, -x, -x, and look at every block's start."""
    setting = reddi_theorem1(C=C, beta1=beta1, beta2=beta2, lr=lr, x1=x1, force=True)
    return _blocks_of_three(setting, T, schedule, 1.0)


def theorem_6(
    *,
    epsilon: float = 1e-8,
    beta1: float = 0.0,
    beta2: float = 0.1,
    lr: float = 0.5,
    x1: float = 1.0,
    T: int = 3_000_000,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Theorem 1's run, rescaled to an epsilon under the root."""
    setting = reddi_theorem6(epsilon=epsilon, beta1=beta1, beta2=beta2, lr=lr, x1=x1, force=True)
    return _blocks_of_three(setting, T, schedule, setting.problem.scale)


def cycles(
    *,
    beta1: float,
    beta2: float,
    lrs: tuple[float, ...],
    count: int,
    C: float | None = None,
    x1: float = 1.0,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Run Adam on `count` cycles of Theorem 2's sequence, at each step size of `lrs`."""
    least, back, late, curves, setting = math.inf, True, math.inf, {}, None
    for lr in lrs:
        setting = reddi_theorem2(C=C, beta1=beta1, beta2=beta2, lr=lr, x1=x1, force=True)
        n = setting.problem.C
        T = (count + 1) * n
        trajectory = run(setting.problem, adam(setting, schedule), T, x1)
        back = back and bool(np.all(trajectory.x[n:T:n] == 1.0))
        # each cycle's losses less those of x* = -1
        costs = (trajectory.losses[n:] + setting.problem.slopes(n + 1, T + 1)).reshape(count, n)
        least = min(least, float(np.min(costs.sum(axis=1))))
        late = min(late, float(trajectory.average_regret[-1]))
        curves = _thinned(trajectory)
        curves["bound"] = np.maximum(2.0 * np.floor(curves["t"] / n - 1), 0)
    assert setting is not None
    # each cycle costs at least 2 more than x* = -1 does        [Reddi18 Thm. 2]
    parameters = {
        "C": n,
        "beta1": beta1,
        "beta2": beta2,
        "alpha": list(lrs),
        "x1": x1,
        "cycles": count,
        "schedule": schedule,
    }
    starts = count * len(lrs)
    return Outcome(
        setting.conditions,
        parameters,
        T,
        "least extra cost of a cycle over x* = -1",
        least,
        2.0,
        ">=",
        (Condition(f"x == 1 at every one of {starts:,} cycle starts", back),),
        (f"average regret at T = {T:,}: {late:.4g}",),
        curves,
    )


def theorem_2(
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    lr: float = 0.5,
    C: float | None = None,
    x1: float = 1.0,
    count: int = 50,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Run Adam on cycles of C steps, and look at every cycle's start."""
    return cycles(beta1=beta1, beta2=beta2, lrs=(lr,), count=count, C=C, x1=x1, schedule=schedule)


def interval(samples: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, and the ends of its 99 % confidence interval, over the last axis."""
    mean = np.mean(samples, axis=-1)
    error = Z * np.std(samples, axis=-1, ddof=1) / math.sqrt(samples.shape[-1])
    return mean, mean - error, mean + error


def drift(
    C: Any, *, beta1: float, beta2: float, delta: float, lr: float, seeds: int, T: int
) -> tuple[list[int], Floats]:
    r"""How far the unclipped steps -\eta_t m_t carry, as a share of the step sizes \alpha_t.

    Adam's steps on Theorem 3's sequence do not depend on x, so that on the whole line they sum up
    to x_{T+1} - x_1; all seeds are one batch.

    Returns
    -------
    ends : list of int
        1, 10, 100, ..., T.
    drifts : array, shape (len(ends), seeds)
        For each seed, (x_{b+1} - x_{a+1}) / \sum_{a < t \le b} \alpha_t between an end a (at
        first 0) and the next one, b.
    """
    batch = [ReddiTheorem3(seed, C, delta) for seed in range(seeds)]
    opt = in_paper(
        "adam", lr=lr, beta1=beta1, beta2=beta2, schedule="inv-sqrt", feasible=Unconstrained()
    )
    ends = sorted({*(10**k for k in range(int(math.log10(T)) + 1)), T})
    kept, t = [np.zeros(seeds)], 0

    def visit(x: Floats) -> None:
        nonlocal t
        t += 1
        if t in ends:
            kept.append(x)

    endpoints(batch, opt, T, 0.0, visit=visit)
    sizes = np.cumsum(lr / np.sqrt(np.arange(1, T + 1)))
    scale = np.diff(sizes[np.array(ends) - 1], prepend=0.0)
    return ends, np.diff(kept, axis=0) / scale[:, None]


def mean_drift(
    *,
    C: float | None,
    beta1: float,
    beta2: float,
    delta: float,
    lrs: tuple[float, ...],
    seeds: int,
    T: int,
    along: tuple[float, ...] = (),
    along_T: int = 2000,
) -> Outcome:
    r"""Estimate the drift at each step size, and how it falls with C (`along`)."""
    given: dict[str, Any] = {"beta1": beta1, "beta2": beta2, "delta": delta}
    settings = [reddi_theorem3(C=C, lr=lr, force=True, **given) for lr in lrs]
    constant = settings[0].problem.C
    lows: list[Floats] = []
    means: list[Floats] = []
    highs: list[Floats] = []
    for lr in lrs:
        ends, drifts = drift(constant, lr=lr, seeds=seeds, T=T, **given)
        weights = np.diff(np.sqrt(ends), prepend=0.0)  # as \sum \alpha_t grows
        pooled = np.vstack([weights @ drifts / weights.sum(), drifts])
        mean, low, high = interval(pooled)
        means, lows, highs = [*means, mean], [*lows, low], [*highs, high]
    worst = int(np.argmin([mean[0] for mean in means]))
    curves: dict[str, Any] = {}
    if along:
        found = np.array(
            [interval(drift(c, lr=lrs[0], seeds=seeds, T=along_T, **given)[1][-1]) for c in along]
        )
        least = theorem3_constant(**given)
        curves = {
            "C": np.array(along),
            "mean": found[:, 0],
            "low": found[:, 1],
            "high": found[:, 2],
            "least": np.array([least]),
        }
    remarks = [f"99 % interval over {seeds:,} seeds: [{lows[worst][0]:.4g}, {highs[worst][0]:.4g}]"]
    if along and (found[:, 2] < 0).any():
        remarks.append(
            f"the drift is negative (99 %) up to C = {max(np.array(along)[found[:, 2] < 0]):g} and "
            f"positive from C = {min(np.array(along)[found[:, 1] > 0], default=math.inf):g} on, of "
            "the C tried; the theorem's C is far from sharp"
        )
    return Outcome(
        settings[0].conditions,
        {"C": constant, **given, "alpha": list(lrs), "seeds": seeds},
        T,
        "mean of (x_{t+1} - x_t)/alpha_t",
        float(means[worst][0]),
        0.0,
        ">=",
        (
            Condition(
                "the 99 % interval lies at or above 0 in every decade of t", bool(np.min(lows) >= 0)
            ),
        ),
        tuple(remarks),
        curves,
    )


def theorem_3(
    *,
    C: float | None = None,
    beta1: float = 0.0,
    beta2: float = 0.5,
    delta: float = 1.0,
    lr: float = 0.5,
    seeds: int = 1000,
    T: int = 10_000,
    along: tuple[float, ...] = (),
    along_T: int = 2000,
) -> Outcome:
    r"""Estimate E[x_{t+1} - x_t] over seeds."""
    return mean_drift(
        C=C,
        beta1=beta1,
        beta2=beta2,
        delta=delta,
        lrs=(lr,),
        seeds=seeds,
        T=T,
        along=along,
        along_T=along_T,
    )


_ALONG = (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 8.0, 11.0, 16.0, 22.0, 32.0, 45.0, 64.0)


def code_of(number: int) -> tuple[str, str]:
    """The code that a theorem of [Reddi18] on Adam runs."""
    return f"problems/online/sequences/reddi_theorem{number}.py", "adabound_np/adam.py"


#: The results that this module executes.
ENTRIES = (
    Entry(
        "reddi-1",
        "Adam may have linear regret",
        "[Reddi18] Theorem 1",
        "On blocks Cx, -x, -x Adam is back at x = 1 at every block's start; its regret is linear.",
        r"x_{3k+1} = 1 \ (k \ge 0), \qquad R_T \ge \frac{(2C - 4)\, T}{3}",
        theorem_1,
        {},
        {"T": 300_000},
        code_of(1),
    ),
    Entry(
        "reddi-2",
        "Adam fails for every β₁ < √β₂",
        "[Reddi18] Theorem 2",
        "For every beta1 < sqrt(beta2) a cycle of C steps brings Adam back to x = 1; each costs 2.",
        r"x_{kC+1} = 1 \ (k \ge 1), \qquad"
        r" \sum_{t = kC+1}^{(k+1)C} \left( f_t(x_t) - f_t(-1) \right) \ge 2",
        theorem_2,
        {},
        {"count": 10},
        code_of(2),
        ("The source's display bounds v by β₂^{i−1}; the β₂^{i−2} of its text is right.",),
    ),
    Entry(
        "reddi-3",
        "Adam fails on random slopes",
        "[Reddi18] Theorem 3",
        "On Cx with probability (1 + delta)/(C + 1), else -x, Adam's expected step is upwards.",
        r"\mathbb{E}[x_{t+1} - x_t] \ge 0 \ \text{(before projection)}"
        r"\ \text{while}\ \mathbb{E} f_t(x) = \delta x",
        theorem_3,
        {"along": _ALONG},
        {"T": 1000, "along": _ALONG, "along_T": 200},
        code_of(3),
        ("The source displays √(β₂(1+δ)C² + 1 − β₂) where its own estimate gives (1+δ)C.",),
    ),
    Entry(
        "reddi-6",
        "An ε under the root does not help",
        "[Reddi18] Theorem 6",
        "With sqrt(v + epsilon) in the denominator a rescaled Theorem 1 sequence still fails.",
        r"s = 10\sqrt{\epsilon}: \quad x_{3k+1} = 1, \qquad R_T \ge \frac{s\,(2C - 4)\, T}{3}",
        theorem_6,
        {},
        {"T": 300_000},
        code_of(6),
    ),
)
