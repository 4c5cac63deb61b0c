"""The fault harness itself: a fault is noticed if it loses something."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "win32":
    pytest.skip("faults are injected by fork", allow_module_level=True)

from tests.faults.table import OUTCOMES, Tally, text

ROOT = Path(__file__).parents[2]


def test_the_table():
    tally = Tally("a fault")
    for outcome in OUTCOMES:
        tally.note(outcome, "why")
    assert tally.row() == {"fault": "a fault", "tried": 3, "recovered": 1, "refused": 1, "lost": 1}
    assert tally.examples == ["why"]
    assert text([tally.row()]).splitlines()[-1] == "| a fault | 3 | 1 | 1 | 1 |"
    with pytest.raises(AssertionError):
        tally.note("fine")


def test_the_page_has_a_table_of_the_last_full_run():
    rows = json.loads((ROOT / "docs/results/faults.json").read_text(encoding="utf-8"))
    assert all(set(row) == {"fault", "tried", *OUTCOMES} for row in rows)
    assert all(row["tried"] == sum(row[o] for o in OUTCOMES) for row in rows)
    assert sum(row["lost"] for row in rows) == 0
    assert text(rows) + "\n" in (ROOT / "docs/reliability.md").read_text(encoding="utf-8")


def alone(program, folder):
    """Run a program in a process without threads, which may fork."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    args = [sys.executable, "-c", program, str(folder)]
    subprocess.run(args, env=env, check=True)


LOST = """
import sys
from pathlib import Path
from tests.faults import child, commands

command = commands.COMMANDS[-1]._replace(results=lambda folder: len(list(folder.glob("[!.]*.csv"))))
for leak in ("a traceback", "other results", "left behind"):
    folder = Path(sys.argv[1]) / leak / "results"
    folder.mkdir(parents=True)
    ended = child.Ended(1, "", "Traceback" if leak == "a traceback" else "")
    if leak == "left behind":
        (folder / ".a.0123.csv").write_text("")
    whole = 99 if leak == "other results" else 4
    outcome, why = commands._outcome(command, folder, ended, whole)
    assert outcome == "lost" and why.startswith(leak), (leak, outcome, why)
folder = Path(sys.argv[1]) / "good" / "results"
folder.mkdir(parents=True)
assert commands._outcome(command, folder, child.Ended(1, "", ""), 4) == ("recovered", "")
"""


@pytest.mark.slow
def test_what_is_lost_is_noticed(tmp_path):
    """Harm done on purpose is counted as lost."""
    alone(LOST, tmp_path)


EVENT = """
import errno, os, sys
from pathlib import Path
from tests.faults import child

def fault(event, name):
    if event == 3:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

folder = Path(sys.argv[1]) / "r"
args = ["sweep", "--steps", "50", "--workers", "1", "--out", str(folder / "a.jsonl")]
ended = child.run(args, folder, fault)
assert ended.code == 2 and ended.quiet and "No space left on device" in ended.err, ended
assert child.run(args, folder).code == 0
"""


@pytest.mark.slow
def test_a_fault_happens_at_its_event(tmp_path):
    alone(EVENT, tmp_path)
