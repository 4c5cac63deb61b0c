"""The check of one function, or of a mutant of it, against all of its equations."""

from collections import Counter
from functools import cache

from problems.reading.checker import Traced
from tests.equations.cases import cases, projection

#: Functions whose results are what their last lines computed, by the lines' names.
RETURNING = (".moments", ".learning_rate")


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
    traced.check_targets()
    remembers = place.endswith(
        ("FromCallable.product", "_RunningProduct.product")
    )  # and must not remember what a mutant did
    for args, sizes in cases(place) if remembers else kept_cases(place):
        result = traced(*args)
        for equation in traced.equations:
            evaluated[equation] += traced.check(equation, sizes, projection)
        if place.endswith(RETURNING):
            traced.check_returned(result)
    return evaluated
