"""Known wrong answers: what is usually written in place of a line, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["CAUSES", "wrong_answers"]

_CLIP = r"np\.clip\((?P<rate>.*), (?P<low>[^,]*eta_l[^,]*), (?P<high>[^,]*eta_u[^,]*)\)"

#: The cause as a question, a part of the right line as a regular expression, the wrong part.
CAUSES: tuple[tuple[str, str, str], ...] = (
    ("is g_t not squared", r"\(g \* g\)", "g"),
    ("are beta_2 and 1 - beta_2 swapped", r"h\.beta2 \* s\.v \+ \(1 - h\.beta2\)",
     "(1 - h.beta2) * s.v + h.beta2"),
    ("are beta_1 and 1 - beta_1 swapped", r"beta1 \* s\.m \+ \(1 - beta1\)",
     "(1 - beta1) * s.m + beta1"),
    ("is the factor 1 - beta_1 missing", r"\(1 - beta1\) \* g", "g"),
    ("is the factor 1 - beta_2 missing", r"\(1 - h\.beta2\) \* ", ""),
    ("is the old m returned in place of the new one", r"^beta1 \* s\.m .*$", "s.m"),
    ("is the old v used in place of the new one", r"^h\.beta2 \* s\.v .*$", "s.v"),
    ("is the old v used in place of the new one", r"np\.maximum\(s\.v_hat, v\)",
     "np.maximum(s.v_hat, s.v)"),
    ("is the maximum of v_{t-1} and v_t taken, not of all so far", r"s\.v_hat, v\b", "s.v, v"),
    ("is it min for max", r"np\.maximum\(s\.v_hat", "np.minimum(s.v_hat"),
    ("is t - 1 in the bias correction where t should be", r"product\(t\)", "product(t - 1)"),
    ("is t - 1 in the bias correction where t should be", r"power\(h\.beta2, t\)",
     "power(h.beta2, t - 1)"),
    ("is beta_1 without its power", r"h\.beta1\.product\(t\)", "h.beta1(t)"),
    ("is beta_2 without its power", r"power\(h\.beta2, t\)", "h.beta2"),
    ("is the clip missing", _CLIP, r"(\g<rate>)"),
    ("is the lower bound missing", _CLIP, r"np.minimum(\g<rate>, \g<high>)"),
    ("is the upper bound missing", _CLIP, r"np.maximum(\g<rate>, \g<low>)"),
    ("are the bounds swapped", _CLIP, r"np.clip(\g<rate>, \g<high>, \g<low>)"),
    ("is the schedule inside the clip", r"np\.clip\(alpha_tilde",
     "np.clip(h.schedule(t) * alpha_tilde"),
    ("is epsilon under the root", r"np\.sqrt\(s\.v\) \+ h\.eps", "np.sqrt(s.v + h.eps)"),
    ("is epsilon under the root", r"np\.sqrt\(s\.v \+ h\.eps_root\) \+ eps_hat",
     "np.sqrt(s.v + h.eps_root + eps_hat)"),
    ("is the square root missing", r"np\.sqrt\((?P<of>s\.v[^()]*|v_scaled|v)\)", r"(\g<of>)"),
    ("is the square root missing", r"(?<!\.)sqrt\(c2\)", "c2"),
    ("is a sign wrong", r"\(1 \+ (?P<rest>.* / .*)\)$", r"(1 - (\g<rest>))"),
    ("is a sign wrong", r"\(1 - (?P<rest>.* / .*)\)$", r"(1 + (\g<rest>))"),
    ("is gamma without t", r"self\.gamma \* t", "self.gamma"),
    ("is it the wrong end of F", r"slope < 0, hi, lo", "slope < 0, lo, hi"),
    ("is the gradient overwritten, not added up", r"^x_bar if known is None else .*$", "x_bar"),
    ("are the broadcast axes not summed", r"^x_bar\.sum\(.*$", "x_bar"),
    ("is c not squared", r"c \*\* 2", "c"),
)  # fmt: skip


def wrong_answers(line: str) -> Iterator[tuple[str, str]]:
    """Yield (cause, wrong right side) for a right side as ``ast.unparse`` writes it.

    Examples
    --------
    >>> for cause, code in wrong_answers("self.final_lr * (1 + 1 / (self.gamma * t))"):
    ...     print(f"{cause}: {code}")
    is a sign wrong: self.final_lr * (1 - (1 / (self.gamma * t)))
    is gamma without t: self.final_lr * (1 + 1 / (self.gamma))
    """
    for cause, right, wrong in CAUSES:
        changed = re.sub(right, wrong, line)
        if changed != line:
            yield cause, changed
