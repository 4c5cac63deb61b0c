"""Mutates every line that carries an equation, and counts what the equation check notices.

python -m tests.equations.mutate             the table of mutants, exit code 1 on survivors
python -m tests.equations.mutate --verbose   with every mutant that was not noticed
"""

import argparse
import re
import signal
import sys
import time
import warnings
from collections import Counter
from contextlib import contextmanager

import numpy as np

from problems.reading.checker import MismatchError
from tests.equations.equivalent import EQUIVALENT
from tests.equations.mutants import mutants
from tests.equations.units import units


class TimeOutError(Exception):
    """A mutant that does not end."""


@contextmanager
def limit(seconds):
    """Raise TimeOutError in what takes longer; where there is no alarm, wait."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_):
        raise TimeOutError

    old = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def noticed(unit, mutant):
    """How the check fails on a mutant: "mismatch", or "error" if it cannot run; "" if not."""
    try:
        with limit(20), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            unit.check(mutant)
    except MismatchError:
        return "mismatch"
    except Exception as error:
        return "mismatch" if type(error) is AssertionError else "error"
    return ""


def run(chosen):
    """Try the mutants of some units; return counts, and those that were not noticed."""
    table, unnoticed = {}, []
    for unit in chosen:
        counts = table.setdefault(unit.place, Counter())
        assert unit.check(None), f"{unit.place} has no equation"
        for before, after, mutant in mutants(unit.tree, unit.lines, unit.around):
            counts["mutants"] += 1
            how = noticed(unit, mutant)
            if how:
                counts["killed"] += 1
                counts["by error"] += how == "error"
                continue
            reason = reason_for(EQUIVALENT, unit.place, after)
            counts["equivalent" if reason else "survived"] += 1
            unnoticed.append((unit.place, before, after, reason))
    return table, unnoticed


def reason_for(known, place, after):
    """Why an unnoticed mutant computes the same, "" if nothing says so."""
    fits = (e.reason for e in known if place.endswith(e.place) and re.search(e.after, after))
    return next(fits, "")


def main(argv=None):
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verbose", action="store_true", help="name what was not noticed")
    parser.add_argument("--only", default="", help="only functions whose place contains this")
    options = parser.parse_args(argv)
    begin = time.perf_counter()
    table, unnoticed = run(unit for unit in units() if options.only in unit.place)
    columns = ("mutants", "killed", "by error", "equivalent", "survived")
    width = max(map(len, table))
    print(f"{'function':<{width}} " + " ".join(f"{c:>10}" for c in columns))
    for place, counts in [*table.items(), ("all", sum(table.values(), Counter()))]:
        print(f"{place:<{width}} " + " ".join(f"{counts[c]:>10}" for c in columns))
    print(f"{time.perf_counter() - begin:.0f} s")
    for place, before, after, reason in unnoticed:
        if options.verbose or not reason:
            print(f"{reason or 'survived'}: {place}\n    {before}\n    {after}")
    reasons = {reason for *_, reason in unnoticed}
    stale = [] if options.only else [e for e in EQUIVALENT if e.reason not in reasons]
    for entry in stale:
        print(f"no mutant is equivalent any more by: {entry}")
    return 1 if stale or "" in reasons else 0


if __name__ == "__main__":
    sys.exit(main())
