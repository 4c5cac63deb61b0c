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

from tests.equations.cases import CASES
from tests.equations.checks import RETURNING, check
from tests.equations.equivalent import EQUIVALENT
from tests.equations.mutants import mutants
from tests.equations.tracing import MismatchError, equations_at, node_at


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


def noticed(place, mutant):
    """How the check fails on a mutant: "mismatch", or "error" if it cannot run; "" if not."""
    try:
        with limit(5), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            check(place, mutant)
    except MismatchError:
        return "mismatch"
    except Exception as error:
        return "mismatch" if type(error) is AssertionError else "error"
    return ""


def lines_of(place):
    """First lines of the statements under equations, and of the returns that are checked."""
    lines = {node.lineno for equation in equations_at(place) for node in equation.nodes}
    if place.endswith(RETURNING):
        lines.add(node_at(place).body[-1].lineno)
    return lines


def run(places):
    """Try the mutants of some functions; return counts, and those that were not noticed."""
    table, unnoticed = {}, []
    for place in places:
        counts = table.setdefault(place, Counter())
        assert check(place), f"{place} has no equation"
        for before, after, mutant in mutants(node_at(place), lines_of(place), class_at(place)):
            counts["mutants"] += 1
            how = noticed(place, mutant)
            if how:
                counts["killed"] += 1
                counts["by error"] += how == "error"
                continue
            reason = reason_for(place, after)
            counts["equivalent" if reason else "survived"] += 1
            unnoticed.append((place, before, after, reason))
    return table, unnoticed


def class_at(place):
    """The class around a method, None if there is none."""
    try:
        return node_at(place.rpartition(".")[0])
    except (LookupError, StopIteration):
        return None


def reason_for(place, after):
    """Why an unnoticed mutant computes the same, "" if nothing says so."""
    fits = (e.reason for e in EQUIVALENT if place.endswith(e.place) and re.search(e.after, after))
    return next(fits, "")


def main(argv=None):
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--verbose", action="store_true", help="name what was not noticed")
    parser.add_argument("--only", default="", help="only functions whose place contains this")
    options = parser.parse_args(argv)
    begin = time.perf_counter()
    places = [place for place in CASES if options.only in place]
    table, unnoticed = run(places)
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
