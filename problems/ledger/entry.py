"""What a ledger holds of each result, and how a verdict is reached."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from problems.online.setting import Condition

__all__ = ["RELATIONS", "VERDICTS", "Entry", "Outcome", "Result", "shown"]

#: What a run can say of a claim.
VERDICTS = ("holds", "refuted", "not-applicable")
#: How a measured value stands to its bound where the claim is true.
RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<=": lambda measured, bound: measured <= bound,
    ">=": lambda measured, bound: measured >= bound,
    "=": lambda measured, bound: bool(np.isclose(measured, bound, rtol=1e-9, atol=1e-12)),
}


def shown(value: float, digits: int = 4) -> str:
    """A number for readers; what is 0 up to rounding is 0.

    Examples
    --------
    >>> shown(19979990.08), shown(4e-16), shown(0.0126)
    ('19,980,000', '0', '0.0126')
    """
    if abs(value) < 1e-12:
        return "0"
    if 1 <= abs(value) < 1e9:
        rounded = float(f"{value:.{digits}g}")
        return f"{rounded:,.{max(digits - 1 - int(math.log10(abs(rounded))), 0)}f}"
    return f"{value:.{digits}g}"


@dataclass(frozen=True)
class Outcome:
    """What an experiment found.

    Attributes
    ----------
    assumptions : tuple of Condition
        The result's assumptions, evaluated on this run.
    parameters : dict
        All that defines the run, as plain values.
    steps : int
        T, the number of steps of (each of) the runs.
    quantity : str
        What was measured, in the paper's symbols.
    measured, bound : float
        The number, and what the claim says of it.
    relation : str
        A key of ``RELATIONS``: how the claim has them stand.
    facts : tuple of Condition
        Whatever else the claim says, with its truth on this run.
    remarks : tuple of str
        Further findings, in words and numbers.
    curves : mapping of str to array
        What a figure of the run shows.
    rounding : tuple of str
        Findings whose digits depend on the machine: errors, gaps.
    """

    assumptions: tuple[Condition, ...]
    parameters: dict[str, Any]
    steps: int
    quantity: str
    measured: float
    bound: float
    relation: str = "<="
    facts: tuple[Condition, ...] = ()
    remarks: tuple[str, ...] = ()
    curves: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    rounding: tuple[str, ...] = ()

    @property
    def applies(self) -> bool:
        """Whether all assumptions hold."""
        return all(assumption.holds for assumption in self.assumptions)

    @property
    def claim_holds(self) -> bool:
        """Whether the claim is true of this run; a value that is not a number never is."""
        stands = RELATIONS[self.relation](self.measured, self.bound)
        return stands and all(fact.holds for fact in self.facts)

    @property
    def verdict(self) -> str:
        """One of `VERDICTS`.

        "not-applicable" if an assumption does not hold; else "holds" or "refuted", as the claim
        is true of the run or not.
        """
        if not self.applies:
            return "not-applicable"
        return "holds" if self.claim_holds else "refuted"


@dataclass(frozen=True)
class Entry:
    r"""One result of the papers.

    Attributes
    ----------
    id : str
        Its name in the ledger.
    title, source : str
        What it is called, and where it stands.
    claim, latex : str
        The claim, in one line of words and as LaTeX.
    experiment : callable
        Takes keyword parameters, runs, and returns an `Outcome`; parameters outside the
        assumptions are run too, so that one sees what becomes of the claim there.
    full, quick : mapping
        The parameters of a thorough run and of a short one.
    code : tuple of str
        The files that state it.
    slips : tuple of str
        Known slips of the source.
    refuted : bool
        Whether the ledger expects the claim to fail.
    """

    id: str
    title: str
    source: str
    claim: str
    latex: str
    experiment: Callable[..., Outcome]
    full: Mapping[str, Any] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)
    code: tuple[str, ...] = ()
    slips: tuple[str, ...] = ()
    refuted: bool = False

    @property
    def expected(self) -> str:
        """The verdict that the ledger expects."""
        return "refuted" if self.refuted else "holds"

    def run(self, quick: bool = False) -> Result:
        """Run the experiment with its thorough or its short parameters."""
        begin = time.perf_counter()
        outcome = self.experiment(**(self.quick if quick else self.full))
        return Result(self, outcome, time.perf_counter() - begin)


@dataclass(frozen=True)
class Result:
    """An entry, what its experiment found, and the seconds that took."""

    entry: Entry
    outcome: Outcome
    seconds: float

    def record(self) -> dict[str, Any]:
        """The result as plain values: a line of the ledger's JSON."""
        outcome = self.outcome
        return {
            "id": self.entry.id,
            "claim": self.entry.claim,
            "source": self.entry.source,
            "assumptions": [{"text": a.text, "holds": bool(a.holds)} for a in outcome.assumptions],
            "parameters": outcome.parameters,
            "steps": outcome.steps,
            "measured": float(outcome.measured),
            "bound": float(outcome.bound),
            "verdict": outcome.verdict,
            "seconds": self.seconds,
        }
