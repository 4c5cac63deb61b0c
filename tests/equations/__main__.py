"""Evaluates every equation and prints the counts, and the lines that have none.

python -m tests.equations
"""

import sys

from problems.reading.equations import PACKAGES, listing
from problems.reading.notation import SYMBOLS
from tests.equations.exceptions import EXCEPTIONS
from tests.equations.units import units


def counts():
    """Lines of text: how many equations, and every exception with its reason."""
    for package in PACKAGES:
        own = [e for e in listing() if e.file.startswith(f"{package}/")]
        functions = len({e.place for e in own})
        lines = sum(len(e.nodes) for e in own)
        yield f"{package}: {len(own)} equations over {lines} lines in {functions} functions"
    yield f"notation: {len(SYMBOLS)} symbols; every equation is evaluated"
    yield f"{len(EXCEPTIONS)} lines of update functions without an equation:"
    for (place, line), reason in EXCEPTIONS.items():
        yield f"  {place}: `{line}`: {reason}"


def main():
    """Evaluate and print; a line that does not compute its equation is an exception."""
    for unit in units():
        unit.check(None)
    print("\n".join(counts()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
