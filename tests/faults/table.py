"""What was tried, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

__all__ = ["OUTCOMES", "Tally", "text"]

#: recovered: the work ended with the same results, at once or after --resume. refused: one clear
#: message, and nothing was changed. lost: anything else.
OUTCOMES = ("recovered", "refused", "lost")


class Tally:
    """Counts of one kind of fault."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.counts: Counter[str] = Counter()
        self.examples: list[str] = []

    def note(self, outcome: str, example: str = "") -> None:
        """Count an outcome; of what is lost an example is kept."""
        assert outcome in OUTCOMES
        self.counts[outcome] += 1
        if outcome == "lost":
            self.examples.append(example)

    def row(self) -> dict[str, Any]:
        """The counts as plain values."""
        counts = {outcome: self.counts[outcome] for outcome in OUTCOMES}
        return {"fault": self.fault, "tried": sum(self.counts.values()), **counts}


def text(rows: Iterable[dict[str, Any]]) -> str:
    """A table in Markdown."""
    lines = ["| fault | tried | recovered | refused | lost or silently wrong |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for row in rows:
        cells = " | ".join(f"{row[key]:,}" for key in ("tried", *OUTCOMES))
        lines.append(f"| {row['fault']} | {cells} |")
    return "\n".join(lines)
