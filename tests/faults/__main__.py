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

#: Kind -> its faults, and the trials of each: with --quick, else.
KINDS = {
    "commands": (commands.tallies, 1, 20),
    "workers": (commands.workers, 1, 6),
    "starts": (starts.tallies, 2, 20),
    "writers": (writers.tallies, 2, 20),
    "damage": (damage.tallies, 20, 400),
    "pickles": (pickles.tallies, 20, 1000),
    "fuzz": (fuzz.tallies, 100, 4000),
    "dask": (commands.dask, 0, 6),
}


def main() -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="a few of each kind")
    parser.add_argument("--json", action="store_true", help="print the table as JSON")
    parser.add_argument("--only", action="append", choices=KINDS, help="only these kinds of faults")
    parser.add_argument("--seed", type=int, default=0, help="seed of all that is random")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the table of a JSON file")
    args = parser.parse_args()
    if args.show:
        try:
            rows = json.loads(args.show.read_text(encoding="utf-8"))
            total = {k: sum(r[k] for r in rows) for k in ("tried", *OUTCOMES)}
            print(text([*rows, {"fault": "all", **total}]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            parser.error(
                f"--show must be a file that --json made, got {type(error).__name__}: {error}"
            )
        return 0
    found = []
    for number, (kind, (tallies, few, many)) in enumerate(KINDS.items()):
        if args.only and kind not in args.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            rng, root = random.Random(1000 * args.seed + number), Path(folder) / "faults"
            root.mkdir()
            found += tallies(root, rng, few if args.quick else many)
    rows = [tally.row() for tally in found]
    print(json.dumps(rows, indent=1) if args.json else text(rows))
    lost = [example for tally in found for example in tally.examples]
    for example in lost[:20]:
        print(f"lost: {example}", file=sys.stderr)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
