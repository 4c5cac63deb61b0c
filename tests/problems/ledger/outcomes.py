"""Short runs of the ledger, within assumptions and outside, and what was found.

python -m tests.problems.ledger.outcomes    writes outcomes.json, which a test compares with

The other tests say that outcomes are right; these that nothing has changed unnoticed.
"""

import json
from pathlib import Path

import numpy as np

from problems.ledger import LEDGER
from tests.problems.ledger.test_theorems_claims import DROPPED
from tests.problems.ledger.test_theorems_controls import CONTROLS

FILE = Path(__file__).with_suffix(".json")

LINE = {"T": 20, "T_line": 100, "kinds": ("linear", "quadratic")}
#: Runs within the assumptions.
SMALL = {
    "reddi-1": {"T": 300},
    "reddi-2": {"beta1": 0.5, "beta2": 0.5, "count": 3},
    "reddi-3": {"seeds": 100, "T": 100, "along": (2.0, 8.0, 64.0), "along_T": 100},
    "reddi-4": LINE,
    "reddi-5": LINE,
    "reddi-6": {"T": 300},
    "reddi-gamma": {"T": 120, "d": 3},
    "luo-1": {"T": 100_000},
    "luo-2": {"beta1": 0.5, "beta2": 0.5, "count": 3, "lrs": (0.1, 1.0)},
    "luo-3": {"seeds": 50, "T": 100},
    "luo-4": {"C": 10.0, "T": 100_000, "K": 100_000},
    "luo-5": {"K": 100, "T": 1000},
    "luo-corollary": LINE,
    "savarese-2": {"K": 100, "T": 100, "seeds": 100},
    "savarese-claim-1": {"K": 100, "T": 100, "seeds": 100},
    "savarese-3": LINE,
    "savarese-prop-1": {"T": 1000},
    "savarese-cor-2": LINE,
    "wilson-lemma": {"n": 30, "T": 300},
    "first-step-safety": {"points": 101},
    "clip-homogeneity": {"T": 60, "milestones": (20, 40)},
    "stability-threshold": {"gammas": (0.0, 0.9)},
}
#: Name of a run -> the entry, and its constants.
CASES = {
    **{name: (name, constants) for name, constants in SMALL.items()},
    **{f"{name}, {text}": (name, given) for (name, text), given in CONTROLS.items()},
    **{f"{name}, dropped": (name, given) for name, given in DROPPED.items()},
}


def plain(value):
    """A value as JSON has it; of an array the ends and the sum of what is finite."""
    if isinstance(value, np.ndarray):
        values = value[np.isfinite(value)].astype(float)
        ends = values[[0, -1]].tolist() if len(values) else []
        return [list(value.shape), *ends, float(values.sum())]
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def found(case):
    """All that a run found, except what depends on rounding."""
    name, constants = CASES[case]
    outcome = LEDGER[name].experiment(**constants)
    return {
        "verdict": outcome.verdict,
        "parameters": plain(outcome.parameters),
        "steps": outcome.steps,
        "quantity": outcome.quantity,
        "measured": float(outcome.measured),
        "bound": float(outcome.bound),
        "assumptions": [[c.text, bool(c.holds)] for c in outcome.assumptions],
        "facts": [[c.text, bool(c.holds)] for c in outcome.facts],
        "remarks": list(outcome.remarks),
        "curves": plain(dict(outcome.curves)),
    }


if __name__ == "__main__":
    lines = [f"{json.dumps(case)}: {json.dumps(found(case))}" for case in CASES]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
