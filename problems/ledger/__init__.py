"""The theorem ledger: every theorem of the papers, executed."""

from __future__ import annotations

from problems.ledger import (
    amsgrad,
    first_step,
    luo,
    luo_regret,
    reddi,
    savarese,
    stability,
    wilson,
)
from problems.ledger.entry import VERDICTS, Entry, Outcome, Result

__all__ = ["LEDGER", "VERDICTS", "Entry", "Outcome", "Result"]

_ORDER = (
    "reddi-1",
    "reddi-2",
    "reddi-3",
    "reddi-4",
    "reddi-5",
    "reddi-6",
    "reddi-gamma",
    "luo-1",
    "luo-2",
    "luo-3",
    "luo-4",
    "luo-5",
    "luo-corollary",
    "savarese-2",
    "savarese-claim-1",
    "savarese-3",
    "savarese-prop-1",
    "savarese-cor-2",
    "wilson-lemma",
    "first-step-safety",
    "clip-homogeneity",
    "stability-threshold",
)
_ENTRIES = {
    entry.id: entry
    for module in (reddi, amsgrad, luo, luo_regret, savarese, wilson, first_step, stability)
    for entry in module.ENTRIES
}
#: id -> entry, in the papers' order.
LEDGER: dict[str, Entry] = {name: _ENTRIES[name] for name in _ORDER}
