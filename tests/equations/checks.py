"""The check of one function, or of a mutant of it, against all of its equations."""

from collections import Counter
from functools import cache

from problems.reading.cases import cases, projection
from problems.reading.checker import check as results
from problems.reading.lines import Traced


@cache
def kept_cases(place):
    return cases(place)


def check(place, mutant=None):
    """Run a function on its cases; return how often each equation was evaluated.

    Raises
    ------
    MismatchError
        Naming file, line and equation.
    """
    traced, evaluated = Traced(place, mutant), Counter()
    remembers = place.endswith(
        ("FromCallable.product", "RunningProduct.product")
    )  # and must not remember what a mutant did
    for result in results(traced, cases(place) if remembers else kept_cases(place), projection):
        if result.error:
            raise result.error
        evaluated[result.equation] += result.evaluated
    return evaluated
