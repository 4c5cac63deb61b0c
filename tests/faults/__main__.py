"""Inject faults and count what comes of them.

python -m tests.faults            all of them, half an hour
python -m tests.faults --quick    a few of each kind, less than a minute
python -m tests.faults --json     a JSON list of {fault, tried, recovered, refused, lost}

Exit code 1 if anything was lost. Linux only: it forks, and looks into /proc. The faults of Dask are
tried if `distributed` is installed, and not with --quick.
"""

import os

# Before NumPy: what is forked must have no threads.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from tests.faults import commands, damage, fuzz, pickles, starts, writers
from tests.faults.table import OUTCOMES, text

#: Trials of each fault: with --quick, else.
TRIALS = {
    commands.tallies: (1, 20),
    commands.workers: (1, 6),
    starts.tallies: (2, 20),
    writers.tallies: (2, 20),
    damage.tallies: (20, 400),
    pickles.tallies: (20, 1000),
    fuzz.tallies: (100, 4000),
    commands.dask: (0, 6),
}


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few of each kind")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument("--only", default="", help="only faults in whose name this occurs")
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the table of a JSON file")
    args = parser.parse_args()
    if args.show:
        rows = json.loads(args.show.read_text(encoding="utf-8"))
        total = {"fault": "all", **{k: sum(r[k] for r in rows) for k in ("tried", *OUTCOMES)}}
        print(text([*rows, total]))
        return 0
    found = []
    for number, (tallies, trials) in enumerate(TRIALS.items()):
        with tempfile.TemporaryDirectory() as folder:
            rng, root = random.Random(1000 * args.seed + number), Path(folder) / "faults"
            root.mkdir()
            for tally in tallies(root, rng, trials[0 if args.quick else 1]):
                if args.only in tally.fault:
                    found.append(tally)
    rows = [tally.row() for tally in found]
    print(json.dumps(rows, indent=1) if args.json else text(rows))
    lost = [example for tally in found for example in tally.examples]
    for example in lost[:20]:
        print(f"lost: {example}", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
