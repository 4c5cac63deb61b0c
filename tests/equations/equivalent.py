"""Mutants that compute the same as the line they are of, with the reason.

The equation check has run them on all of its cases and found no difference.
"""

from typing import NamedTuple


class Equivalent(NamedTuple):
    """Mutants of functions whose place ends so, whose text has this, and why they are no fault."""

    place: str
    after: str
    reason: str


EQUIVALENT = [
    Equivalent("Grad.moments", r"g \* m|m \* g", "m_t = g_t in AdaGrad"),
    Equivalent("Grad.moments", r"return \(g,", "m_t = g_t, and g is returned"),
    Equivalent("RMSprop.moments", r"g \* m|m \* g", "m_t = g_t in RMSprop"),
    Equivalent("RMSprop.moments", r"return \(g,", "m_t = g_t in RMSprop, and g is returned"),
    Equivalent(
        "learning_rate",
        r"np\.clip\(h\.eta_l\(t\), alpha / .*, h\.eta_u\(t\)\)",
        "min(max(a, b), c) is min(max(b, a), c)",
    ),
    Equivalent("Box.project", r"clip\(self\.lo, y, self\.hi", "min(max(a, b), c) is symmetric"),
    Equivalent(
        "L2Ball.project", r"(eta|z|norm|lam|w|slope|rise)\.dtype", "all arrays have y's dtype"
    ),
    Equivalent("L2Ball.project", r"copy=True", "a copy has the same values"),
    Equivalent("L2Ball.project", r"rise >= 0", "where the step is 0, 0 takes its place"),
    Equivalent(
        "L2Ball.project",
        r"(norm|slope|w|rise) > (0|-1)\)",
        "Newton's step is positive outside the ball, until rounding",
    ),
    Equivalent("StepDecay.__call__", r"np\.ndim\(passed\)", "k has the shape of t"),
    Equivalent("OneMinusInverse.product", r"0\.0 / t", "0/t is 0 t"),
    Equivalent("FromCallable.__call__", r"f'\{self\.(?!name)", "an error's text"),
]
