"""The theorems of the papers, executed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from adabound_np.checks import known
from problems.ledger import LEDGER
from problems.ledger import Result as Executed
from problems.ledger.entry import shown
from problems.results.result import Result

if TYPE_CHECKING:
    from problems.style import Picture

__all__ = ["Theorems", "theorems"]


@dataclass(frozen=True)
class Theorems(Result):
    """Theorems, with what their experiments measured.

    Attributes
    ----------
    results : dict of str to problems.ledger.Result
        By id.
    """

    results: dict[str, Executed]
    command = "theorems"
    stem = "theorem"

    @property
    def failure(self) -> str:
        """The theorems whose verdict is not the one that the ledger expects."""
        unexpected = [
            name
            for name, result in self.results.items()
            if result.outcome.verdict != result.entry.expected
        ]
        return f"not the expected verdict: {', '.join(unexpected)}" if unexpected else ""

    def table(self) -> list[dict[str, Any]]:
        """One row per theorem: what was measured, what is claimed, the verdict."""
        return [
            {
                "theorem": name,
                "source": result.entry.source,
                "measured": result.outcome.measured,
                "relation": result.outcome.relation,
                "claimed": result.outcome.bound,
                "verdict": result.outcome.verdict,
            }
            for name, result in self.results.items()
        ]

    def record(self) -> dict[str, Any]:
        """The results in the ledger's form."""
        return {"results": [result.record() for result in self.results.values()]}

    def text(self) -> str:
        """Each theorem in a few lines, then the table."""
        lines = [f"{'theorem':<18}{'source':<41}{'measured':>13}    {'claimed':<13}  verdict"]
        for row in self.table():
            lines.append(
                f"{row['theorem']:<18}{row['source']:<41}{shown(row['measured']):>13} "
                f"{row['relation']:>2} {shown(row['claimed']):<13}  {row['verdict']}"
            )
        return "\n\n".join([*map(_details, self.results.values()), "\n".join(lines)])

    def figures(self) -> dict[str, Picture]:
        """An overview of several theorems, and the figures of those that have one."""
        from problems.ledger.figures import overview_figure, theorem_figure

        whole = list(self.results.values())
        first = {"-overview": overview_figure(whole)} if len(whole) > 1 else {}
        drawn = {f"-{name}": theorem_figure(result) for name, result in self.results.items()}
        return first | {name: figure for name, figure in drawn.items() if figure is not None}


def _details(result: Executed) -> str:
    """A result in a few lines."""
    entry, outcome = result.entry, result.outcome
    given = ", ".join(f"{name} = {_plain(value)}" for name, value in outcome.parameters.items())
    assumed = "; ".join(
        a.text if a.holds else f"{a.text}: DOES NOT HOLD" for a in outcome.assumptions
    )
    lines = [
        f"{entry.id}  {entry.source}: {entry.title}",
        f"  claim     {entry.claim}",
        f"  assumes   {assumed or 'nothing'}",
        f"  run       {given}; T = {outcome.steps:,}",
        f"  measured  {outcome.quantity} = {shown(outcome.measured, 6)}, "
        f"claimed {outcome.relation} {shown(outcome.bound, 6)}",
    ]
    for fact in dict.fromkeys(outcome.facts):
        lines.append(f"  {'also' if fact.holds else 'broken':<10}{fact.text}")
    lines += [f"  note      {text}" for text in (*outcome.remarks, *outcome.rounding)]
    return "\n".join([*lines, f"  verdict   {outcome.verdict}"])


def _plain(value: Any) -> str:
    """A parameter for readers."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def theorems(ids: str | Iterable[str] = "all", *, quick: bool = False) -> Theorems:
    """Run the papers' theorems: each claim, its assumptions, what was measured, the verdict.

    Parameters
    ----------
    ids : str or list of str
        "all", or some of `problems.ledger.LEDGER`, such as "reddi-1".
    quick : bool
        Whether to do shorter runs.

    Returns
    -------
    Theorems
        With ``results``, by id.

    Raises
    ------
    ValueError
        If there is no such theorem.

    Examples
    --------
    >>> theorems(["reddi-2", "luo-1"], quick=True).table()[0]["verdict"]
    'holds'
    """
    given = [ids] if isinstance(ids, str) else list(ids)
    names = LEDGER if given == ["all"] else [known("theorem", name, LEDGER) for name in given]
    if not names:
        raise ValueError("ids must name at least one theorem, got none")
    results: dict[str, Executed] = {}
    with tqdm(names, unit="theorem", delay=1, leave=False, disable=None) as bar:
        for name in bar:
            bar.set_postfix_str(name)
            results[name] = LEDGER[name].run(quick)
    return Theorems(results)
