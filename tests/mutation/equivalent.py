"""Mutants that make no difference, with the reason."""

from tests.equations.equivalent import Equivalent

EQUIVALENT: list[Equivalent] = []
