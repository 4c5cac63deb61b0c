"""Mutates all code beyond the equations, and counts what the tests notice.

python -m tests.mutation                     the table, and every mutant that was not noticed
python -m tests.mutation --room problems/online --only engines
python -m tests.mutation --json FILE         the same as JSON too
python -m tests.mutation --show FILE         its table; with --survivors what survived
python -m tests.mutation --again FILE        only what FILE has as not noticed; FILE's other mutants
                                             are taken as they are there

It needs pytest-cov. The first run measures which tests run which lines (`--baseline`, a folder).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

# Before NumPy: the processes are enough.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from problems.reading.lines import module_of
from tests.equations.mutate import reason_for
from tests.equations.units import units
from tests.mutation import runner
from tests.mutation.changes import mutants
from tests.mutation.equivalent import EQUIVALENT

#: Least share of mutants that are noticed or equivalent, in percent, of each room.
ROOMS = {
    "adabound_np": 100,
    "autograd_lite": 85,
    "problems/online": 95,
    "problems/ledger": 100,
    "problems/rates": 95,
    "problems/sweeps": 85,
    "problems/learning": 85,
}
COLUMNS = ("mutants", "killed", "by time", "equivalent", "survived")
#: They only draw: tests compare the series of a figure, not its looks.
DRAWING = ("figure.py", "figures.py", "draw.py")
#: What may notice: not the peers, nor what reads the files or starts other processes.
TESTS = [
    "tests/adabound_np",
    "tests/autograd_lite",
    "tests/problems",
    "adabound_np",
    "autograd_lite",
    "problems",
    "--ignore=tests/problems/course",
    "--ignore=tests/problems/explorer",
]


def files(room):
    """Python files of a package, except those that only draw."""
    return [p.as_posix() for p in sorted(Path(room).rglob("*.py")) if not p.name.endswith(DRAWING)]


def spared():
    """Lines that `tests.equations.mutate` changes, of each file."""
    found = {}
    for unit in units():
        file = module_of(unit.place).source.file
        found[file] = found.get(file, frozenset()) | unit.lines
    return found


def main(argv=None):
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--room", action="append", choices=ROOMS, help="only these rooms")
    parser.add_argument("--only", default="", help="only mutants whose place contains this")
    parser.add_argument(
        "--imported",
        action="store_true",
        help="change what modules do when they are imported, in place of functions: slow",
    )
    parser.add_argument("--again", type=Path, metavar="FILE", help="only what FILE has unnoticed")
    parser.add_argument("--baseline", type=Path, default=Path("results/mutation"), metavar="FOLDER")
    parser.add_argument(
        "--budget", type=float, default=20, metavar="SECONDS", help="of tests for each mutant"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--show", type=Path, metavar="FILE", help="print the table of a JSON file")
    parser.add_argument("--survivors", action="store_true", help="what survived, with --show")
    options = parser.parse_args(argv)
    if options.again and (options.room or options.only or options.imported):
        parser.error("--again is about all mutants that FILE has")
    if options.show:
        result = read(options.show, parser)
        print(survivors(result) if options.survivors else table(result))
        return 0
    earlier = read(options.again, parser) if options.again else None
    again = {tuple(m[:4]) for m in earlier["unnoticed"]} if earlier else set()
    skip = spared()

    def wanted(mutant):
        if earlier:
            return (mutant.file, mutant.place, mutant.before, mutant.after) in again
        where = f"{mutant.file}:{mutant.place}"
        return mutant.running != options.imported and options.only in where

    chosen = [
        mutant
        for room in options.room or ROOMS
        for file in files(room)
        for mutant in mutants(file, skip.get(file, frozenset()))
        if wanted(mutant)
    ]
    if options.only and not chosen:
        parser.error(f"--only must be part of the place of a mutant, got {options.only!r}")
    if not (options.baseline / "seconds.json").is_file():
        call = f"measure({str(options.baseline)!r}, {TESTS})"
        code = f"from tests.mutation.runner import measure; {call}"
        subprocess.run([sys.executable, "-c", code], check=True)
    begin = time.perf_counter()
    killed = runner.run(
        chosen, runner.Baseline(options.baseline, options.budget), TESTS, options.processes
    )
    result = summary(chosen, killed, time.perf_counter() - begin)
    if earlier:
        result = merged(earlier, result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result), survivors(result), sep="\n\n")
    return int(bool(short(result)))


def read(path, parser):
    """A result that --json wrote; without one the command ends."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        table(result)
        return result
    except (OSError, ValueError, KeyError, TypeError) as error:
        parser.error(
            f"{path} must be a file that --json wrote, got {type(error).__name__}: {error}"
        )


def summary(chosen, killed, seconds):
    """Counts of each room, and what was not noticed, as plain values."""
    rooms, unnoticed = {}, []
    for mutant in chosen:
        room = max((r for r in ROOMS if mutant.file.startswith(f"{r}/")), key=len)
        counts = rooms.setdefault(room, dict.fromkeys(COLUMNS, 0))
        counts["mutants"] += 1
        if killed[mutant]:
            counts["killed"] += 1
            counts["by time"] += killed[mutant] == "time"
            continue
        place = f"{mutant.file.removesuffix('.py').replace('/', '.')}.{mutant.place}"
        reason = reason_for(EQUIVALENT, place, mutant.after)
        counts["equivalent" if reason else "survived"] += 1
        unnoticed.append(
            [mutant.file, mutant.place, mutant.before, mutant.after, mutant.lines.start, reason]
        )
    return {"seconds": round(seconds), "rooms": rooms, "unnoticed": unnoticed}


def merged(before, again):
    """An earlier result, with what was not noticed then replaced by another run of it."""
    rooms = {}
    for room, counts in before["rooms"].items():
        new = again["rooms"].get(room, dict.fromkeys(COLUMNS, 0))
        noticed = {c: counts[c] + new[c] for c in ("killed", "by time")}
        left = {c: new[c] for c in ("equivalent", "survived")}
        rooms[room] = {"mutants": noticed["killed"] + sum(left.values()), **noticed, **left}
    return {**again, "seconds": before["seconds"] + again["seconds"], "rooms": rooms}


def short(result):
    """Rooms in which fewer mutants are noticed than should be, each with its share."""
    shares = {room: share(counts) for room, counts in result["rooms"].items()}
    return {room: value for room, value in shares.items() if value < ROOMS[room]}


def share(counts):
    """Percent of the mutants that are not equivalent which were noticed."""
    different = counts["mutants"] - counts["equivalent"]
    return 100 * counts["killed"] / different if different else 100.0


def table(result):
    """The counts, in Markdown."""
    lines = [f"| package | {' | '.join(COLUMNS)} | noticed | at least |"]
    lines.append("| --- |" + " ---: |" * (len(COLUMNS) + 2))
    for room, counts in result["rooms"].items():
        numbers = " | ".join(f"{counts[c]:,}" for c in COLUMNS)
        lines.append(f"| `{room}` | {numbers} | {share(counts):.1f} % | {ROOMS[room]} % |")
    return "\n".join(lines)


def survivors(result):
    """What survived, a line of Markdown each."""
    return "\n".join(
        f"- {file}:{line}, `{place or 'module'}`: `{one}` → `{other}`"
        for file, place, before, after, line, reason in result["unnoticed"]
        if not reason
        for one, other in [difference(before, after)]
    )


def alike(one, other):
    """Number of words at the beginning that two texts share."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def difference(before, after, around=4):
    """Where two texts differ, with some words around it, on one line."""
    one, other = (text.replace("`", "'").split() for text in (before, after))
    start = alike(one, other)
    end = alike(one[start:][::-1], other[start:][::-1])
    left = max(start - around, 0)
    return tuple(" ".join(text[left : len(text) - end + around]) for text in (one, other))


if __name__ == "__main__":
    sys.exit(main())
