r"""[Luo19]: extreme rates (Theorems 1 to 3), on which Adam fails."""

from __future__ import annotations

from problems.ledger.entry import Entry, Outcome
from problems.ledger.reddi import adam, code_of, cycles, mean_drift
from problems.online.engines import run
from problems.online.sequences.luo_theorem1 import luo_theorem1
from problems.online.summary import log_grid

__all__ = ["ENTRIES"]


def theorem_1(
    *,
    C: int | None = None,
    beta1: float = 0.0,
    beta2: float = 0.9,
    lr: float = 0.5,
    x1: float = -2.0,
    T: int = 1_000_000,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Run Adam on cycles -x, 2x, 0, ..., 0, from the best point on."""
    setting = luo_theorem1(C=C, beta1=beta1, beta2=beta2, lr=lr, x1=x1, force=True)
    n = setting.problem.C
    T -= T % (2 * n)  # two halves of whole cycles
    trajectory = run(setting.problem, adam(setting, schedule), T, x1)
    regret, half = trajectory.regret, T // 2
    late = float(regret[-1] - regret[half - 1]) / half
    t = log_grid(T, 400)
    return Outcome(
        setting.conditions,
        {"C": n, "beta1": beta1, "beta2": beta2, "alpha": lr, "x1": x1, "schedule": schedule},
        T,
        "average regret over the second half",
        late,
        2 / n,
        ">=",
        (),
        (f"x_T = {trajectory.x[-2]:.4g}, from x_1 = {x1:g}; x* = -2",),
        {"t": t, "regret": regret[t - 1], "bound": 2 / n * t},
    )


def theorem_2(
    *,
    beta1: float = 0.9,
    beta2: float = 0.99,
    lrs: tuple[float, ...] = (1e-3, 0.1, 10.0, 1e3),
    count: int = 100,
    C: float | None = None,
    x1: float = 1.0,
    schedule: str = "inv-sqrt",
) -> Outcome:
    r"""Reddi's Theorem 2 construction at several initial step sizes."""
    return cycles(beta1=beta1, beta2=beta2, lrs=lrs, count=count, C=C, x1=x1, schedule=schedule)


def theorem_3(
    *,
    C: float | None = None,
    beta1: float = 0.3,
    beta2: float = 0.5,
    delta: float = 1.0,
    lrs: tuple[float, ...] = (1e-3, 1.0, 1e3),
    seeds: int = 1000,
    T: int = 4000,
) -> Outcome:
    r"""Reddi's Theorem 3 construction, with momentum, at several initial step sizes."""
    return mean_drift(C=C, beta1=beta1, beta2=beta2, delta=delta, lrs=lrs, seeds=seeds, T=T)


_ADAM = ("problems/online/sequences/luo_theorem1.py", "adabound_np/adam.py")

#: The results that this module executes.
ENTRIES = (
    Entry(
        "luo-1",
        "Extreme rates",
        "[Luo19] Theorem 1",
        "On -x, 2x, 0, ..., 0 (β₁ = 0) Adam's rate has shrunk when 2x comes: its regret is linear.",
        r"\lim_{T \to \infty} \frac{R_T}{T} \ge \frac{2}{C}, \qquad"
        r" 5 \beta_2^{C-2} \le \frac{1 - \beta_2}{4 - \beta_2}",
        theorem_1,
        {},
        {"T": 200_000},
        _ADAM,
    ),
    Entry(
        "luo-2",
        "Adam fails for every initial step size",
        "[Luo19] Theorem 2, as [Reddi18] Thm. 2",
        "For every initial step size and beta1 < sqrt(beta2) Adam's average regret stays positive.",
        r"\forall \alpha > 0: \quad x_{kC+1} = 1, \qquad"
        r" \sum_{t = kC+1}^{(k+1)C} \left( f_t(x_t) - f_t(-1) \right) \ge 2",
        theorem_2,
        {},
        {"count": 10},
        code_of(2),
    ),
    Entry(
        "luo-3",
        "Adam fails on random slopes, for every step size",
        "[Luo19] Theorem 3, as [Reddi18] Thm. 3",
        "For every initial step size there is a stochastic problem on which Adam drifts upwards.",
        r"\forall \alpha > 0: \quad \mathbb{E}[x_{t+1} - x_t] \ge 0"
        r"\ \text{while}\ \mathbb{E} f_t(x) = \delta x",
        theorem_3,
        {},
        {"T": 1000},
        code_of(3),
    ),
)
