"""Sources that are in no package: two steps by hand, the loss scale, and bounds of no paper."""

from __future__ import annotations

from typing import Any

import numpy as np

from adabound_np import AdaBound, Box
from problems.online.sequences.reddi_online import ReddiOnline
from problems.reading.equations import Source
from problems.reading.trace import steps

__all__ = ["constants", "generated"]


def generated(seed: int) -> tuple[Source, ...]:
    """Return the sources, whose constants and form the cohort's seed sets.

    Examples
    --------
    >>> [source.module for source in generated(0)]
    ['course.by_hand', 'course.scale', 'course.new_bounds']
    """
    texts = {"by_hand": _by_hand(seed), "scale": _SCALE, "new_bounds": _new_bounds(seed)}
    return tuple(
        Source(f"course.{name}", f"student/{name}.py", text) for name, text in texts.items()
    )


def constants(seed: int) -> dict[str, float]:
    """Return the constants of the two steps, which the text of the assignment shows.

    Examples
    --------
    >>> sorted(constants(0))
    ['alpha', 'beta1', 'beta2', 'final_lr', 'gamma', 'x1']
    """
    rng = np.random.default_rng(seed)
    choices = {
        "alpha": (0.4, 0.5, 0.6, 0.8),
        "beta1": (0.5, 0.6, 0.75, 0.8),
        "beta2": (0.5, 0.6, 0.75, 0.8),
        "final_lr": (0.02, 0.03, 0.04, 0.05),
        "gamma": (1.0, 2.0, 3.0, 4.0),
        "x1": (0.25, 0.5, 0.75, 0.8),
    }
    return {name: float(rng.choice(values)) for name, values in choices.items()}


#: The quantities of a step, their equations, and where a step has them.
_QUANTITIES: tuple[tuple[str, str, Any], ...] = (
    ("m", r"m_{t} = \beta_1 m_{s} + (1 - \beta_1) g_{t}", lambda q: q.m),
    ("v", r"v_{t} = \beta_2 v_{s} + (1 - \beta_2) g_{t}^2", lambda q: q.s.v),
    (
        "eta_hat",
        r"\hat{\eta}_{t} = \mathrm{Clip}(\alpha / \sqrt{v_{t}}, \eta_l({t}), \eta_u({t}))",
        lambda q: q.eta_hat,
    ),
    ("eta", r"\eta_{t} = \hat{\eta}_{t} / \sqrt{{t}}", lambda q: q.eta),
    ("x", r"x_{next} = \Pi_F(x_{t} - \eta_{t} m_{t})", lambda q: q.x),
)


def _by_hand(seed: int) -> str:
    c = constants(seed)
    problem = ReddiOnline(3)
    optimizer = AdaBound.as_in_paper(
        lr=c["alpha"], betas=(c["beta1"], c["beta2"]), final_lr=c["final_lr"], gamma=c["gamma"],
        feasible=Box(-1.0, 1.0),
    )  # fmt: skip
    lines, names = list[str](), list[str]()
    for q in steps(problem, optimizer, 2, c["x1"]):
        for name, latex, value in _QUANTITIES:
            names.append(f"{name}_{q.t + (name == 'x')}")
            for letter, number in (("t", q.t), ("s", q.t - 1), ("next", q.t + 1)):
                latex = latex.replace(f"{{{letter}}}", str(number))  # noqa: PLW2901
            lines += [f"# {latex}        [Luo19 Alg. 2]", f"{names[-1]} = {float(value(q))!r}"]
    body = "\n    ".join([*lines, f"return {', '.join(names)}"])
    return f'def two_steps():\n    """Two steps of AdaBound, by hand."""\n    {body}\n'


_SCALE = r'''
import numpy as np


def scaled(c, m, v, alpha, eta_l, eta_u):
    """Steps of Adam and of AdaBound, before the projection, when c f takes the place of f.

    m and v are those of f itself.
    """
    # m' = c m        [linear in the gradients]
    m_scaled = c * m
    # v' = c^2 v        [quadratic in the gradients]
    v_scaled = c**2 * v
    # a = \alpha m' / \sqrt{v'}        [Luo19 Table 1, Adam]
    adam = alpha * m_scaled / np.sqrt(v_scaled)
    # b = m' \mathrm{Clip}(\alpha / \sqrt{v'}, \eta_l, \eta_u)        [Luo19 Alg. 2]
    adabound = m_scaled * np.clip(alpha / np.sqrt(v_scaled), eta_l, eta_u)
    # c_u = \alpha / (\eta_u \sqrt{v})        [below it AdaBound's rate is \eta_u]
    c_upper = alpha / (eta_u * np.sqrt(v))
    # c_l = \alpha / (\eta_l \sqrt{v})        [above it AdaBound's rate is \eta_l]
    c_lower = alpha / (eta_l * np.sqrt(v))
    return adam, adabound, c_upper, c_lower
'''.lstrip()

#: Speeds u(t) at which new bounds may close: LaTeX and code.
_SPEEDS = (
    (r"(\gamma t)^2", "(self.gamma * t) ** 2"),
    (r"\sqrt{\gamma t}", "np.sqrt(self.gamma * t)"),
    (r"(e^{\gamma t} - 1)", "(np.exp(self.gamma * t) - 1)"),
    (r"\log(1 + \gamma t)", "np.log(1 + self.gamma * t)"),
)


def _new_bounds(seed: int) -> str:
    rng = np.random.default_rng(seed)
    latex, code = _SPEEDS[int(rng.integers(len(_SPEEDS)))]
    k = int(rng.integers(2, 6))
    return f'''
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NewBounds:
    final_lr: float
    gamma: float

    def eta_l(self, t):
        """Lower bound at step t."""
        # u = {latex}        [the speed of these bounds]
        u = {code}
        # \\eta_l(t) = \\alpha^* (1 - {k} / (u + {k}))        [these bounds]
        return self.final_lr * (1 - {k} / (u + {k}))

    def eta_u(self, t):
        """Upper bound at step t."""
        # u = {latex}        [the speed of these bounds]
        u = {code}
        # \\eta_u(t) = \\alpha^* (1 + {k} / u)        [these bounds]
        return self.final_lr * (1 + {k} / u)
'''.lstrip()
