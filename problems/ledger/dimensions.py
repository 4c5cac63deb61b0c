r"""Regret bounds in d dimensions: one algorithm on many problems, the worst of them reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from adabound_np import Box, L2Ball, Optimizer
from problems.ledger.entry import Outcome
from problems.ledger.rounds import Course, Rounds, Sums, follow
from problems.online.comparators import LOSSES
from problems.online.losses import DATA, vector_problem
from problems.online.problem import LinearProblem
from problems.online.sequences.reddi_online import reddi_online
from problems.online.sequences.reddi_theorem1 import reddi_theorem1
from problems.online.setting import Condition, Setting

__all__ = [
    "SETS",
    "Case",
    "Worst",
    "line",
    "many",
    "outcome_of",
    "shared_assumptions",
    "standard_cases",
    "worst",
]

#: The duality gap of a comparator that is allowed, as a share of the regret R_T (or of 1).
CERTIFIED = 1e-4
#: Feasible sets, by name.
SETS: dict[str, Box | L2Ball] = {"box": Box(-1.0, 1.0), "ball": L2Ball(1.0)}


@dataclass(frozen=True)
class Case:
    r"""A problem with the constants in the bounds: d, D_\infty, G_2, G_\infty, and T."""

    name: str
    problem: Any
    d: int
    D: float
    G_2: float
    G_inf: float
    x1: Any
    T: int


def many(
    kinds: Sequence[str] = tuple(LOSSES),
    sets: Sequence[str] = tuple(SETS),
    data: Sequence[str] = DATA,
    T: int = 400,
    d: int = 3,
    seed: int = 0,
    scale: float = 1.0,
) -> list[Case]:
    """A case for each loss, feasible set and kind of data; see `vector_problem`."""
    cases = []
    for kind in kinds:
        for name in sets:
            for source in data:
                p = vector_problem(kind, SETS[name], source, T, d, seed, scale)
                cases.append(
                    Case(
                        f"{source} {kind} losses on a {name}",
                        p,
                        d,
                        p.diameter,
                        p.gradient_bound(2),
                        p.gradient_bound(np.inf),
                        np.zeros(d),
                        T,
                    )
                )
    return cases


def line(setting: Setting, T: int) -> Case:
    """A case of a linear problem in one dimension."""
    problem: LinearProblem = setting.problem
    steepest = float(np.max(np.abs(problem.slopes(1, min(T, 1_000_000) + 1))))
    width = float(problem.feasible.hi - problem.feasible.lo)
    return Case(problem.name, problem, 1, width, steepest, steepest, setting.x1, T)


@dataclass(frozen=True)
class Worst:
    """The case, among several, whose regret is the largest share of its bound.

    Attributes
    ----------
    case, course : Case, Course
        That one.
    facts, assumptions : tuple of Condition
        Over all cases: that no regret exceeds its bound anywhere, that comparators are certified;
        and the predicates.
    remarks, rounding : tuple of str
        What was worst; and the largest duality gap of a comparator.
    """

    case: Case
    course: Course
    facts: tuple[Condition, ...]
    assumptions: tuple[Condition, ...]
    remarks: tuple[str, ...]
    rounding: tuple[str, ...]


def worst(
    cases: Sequence[Case],
    optimizer: Callable[[Case], Optimizer],
    bound: Callable[[Case, Sums], Any],
    predicates: Mapping[str, Callable[[Case, Any, Sums], Any]],
) -> Worst:
    """Run an optimizer on each case against its bound."""
    found: list[tuple[float, Case, Course]] = []
    for case in cases:
        course = follow(
            case.problem,
            optimizer(case),
            case.T,
            case.x1,
            {"bound": partial(bound, case)},
            {text: partial(holds, case) for text, holds in predicates.items()},
        )
        share = float(course.regret[-1] / course.bounds["bound"][-1])
        found.append((share, case, course))
    share, case, course = max(found, key=lambda item: item[0])
    gap = max(c.gap / max(1.0, abs(float(c.regret[-1]))) for _, _, c in found)
    above = sum(c.crossing["bound"][0] is not None for _, _, c in found)
    facts = (
        Condition(
            f"R_t is at most its bound at every t looked at, in all of {len(cases)} cases",
            above == 0,
        ),
        Condition(
            f"the comparators are certified to {CERTIFIED:g} of the regret", gap <= CERTIFIED
        ),
    )
    kept = {text: all(c.kept[text] for _, _, c in found) for text in predicates}
    return Worst(
        case,
        course,
        facts,
        tuple(Condition(t, h) for t, h in kept.items()),
        (f"worst of {len(cases)} cases: {case.name}, R_T at {100 * share:.3g} % of its bound",),
        (f"largest duality gap of a comparator: {gap:.1e} of the regret",),
    )


def standard_cases(
    T: int, T_line: int, d: int, seed: int, scale: float, kinds: Sequence[str] = tuple(LOSSES)
) -> list[Case]:
    """All kinds of `many`; and, if T_line is not 0, two long linear problems in one dimension.

    They are [Reddi18]'s synthetic online problem and Theorem 1's sequence, which Adam fails.
    """
    cases = many(kinds, T=T, d=d, seed=seed, scale=scale)
    if T_line:
        cases += [line(reddi_online(), T_line), line(reddi_theorem1(), T_line)]
    return cases


def shared_assumptions(momentum: Any, beta1: float) -> dict[str, Any]:
    """What all regret bounds assume, as predicates at every step."""

    def shrinks(case: Case, r: Rounds, s: Sums) -> bool:
        now, after = momentum(r.t), momentum(r.t + 1)
        return bool(np.all(now <= beta1) and np.all(after <= now))

    def inside(case: Case, r: Rounds, s: Sums) -> bool:
        F = case.problem.feasible
        rows = L2Ball(F.radius, F.center, axis=-1) if isinstance(F, L2Ball) else F
        return bool(rows.contains(r.x))

    def gradients(case: Case, r: Rounds, s: Sums) -> Any:
        return (s.G_2 <= case.G_2 * (1 + 1e-12)) & (s.G_inf <= case.G_inf * (1 + 1e-12))

    return {
        "beta1_t <= beta1 and not increasing, at every t": shrinks,
        "x_t lies in F, of diameter D_inf, at every t": inside,
        "|grad f_t|_2 <= G_2 and |grad f_t|_inf <= G_inf, at every t": gradients,
    }


def outcome_of(
    found: Worst,
    parameters: dict[str, Any],
    before: Sequence[Condition] = (),
    facts: Sequence[Condition] = (),
    remarks: Sequence[str] = (),
) -> Outcome:
    """The worst case as an outcome: R_T against its bound."""
    course, case = found.course, found.case
    bound = course.bounds["bound"]
    return Outcome(
        (*before, *found.assumptions),
        {**parameters, "d": case.d, "D_inf": case.D, "G_2": case.G_2, "G_inf": case.G_inf},
        case.T,
        "R_T",
        float(course.regret[-1]),
        float(bound[-1]),
        "<=",
        (*found.facts, *facts),
        (*found.remarks, *remarks),
        {"t": course.t, "regret": course.regret, "bound": bound},
        found.rounding,
    )
