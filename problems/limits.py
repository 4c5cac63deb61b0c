r"""Where effective rates lie: at the bounds of [Luo19] Alg. 2, between them, or beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from adabound_np import Optimizer

__all__ = ["EARLY", "Limits", "compared", "held_notes", "limits_of", "share_at_bounds"]

#: Steps within which bounds that hold most rates are worth a message.
EARLY = 100


class Limits(NamedTuple):
    r"""s_t \eta_l(t) and s_t \eta_u(t), and whether the optimizer itself clips to them."""

    lower: Any
    upper: Any
    own: bool = True


def limits_of(optimizer: Optimizer, group: dict[str, Any], t: Any, reference: Any) -> Limits | None:
    r"""Return what \eta_t of a parameter group is to be compared with at step t.

    Its own bounds if it has any; if not, `reference`, or None without one. Either are
    multiplied by the optimizer's s_t, as the rate is.
    """
    h = optimizer.check_group(group)
    own = hasattr(h, "eta_l")
    bounds = h if own else reference
    if bounds is None:
        return None
    return Limits(h.schedule(t) * bounds.eta_l(t), h.schedule(t) * bounds.eta_u(t), own)


def compared(
    eta: NDArray[Any], limits: Limits | None
) -> tuple[NDArray[np.float64], tuple[float, float], bool | None]:
    """Numbers of rates at the lower bound, between, at the upper one; the bounds; whose they are.

    "At" is up to rounding in the rate's dtype; where the bounds have met, at the lower one. An
    optimizer without bounds of its own may also be beyond them.
    """
    if limits is None:
        return np.full(3, np.nan), (np.nan, np.nan), None
    slack = 4 * np.finfo(eta.dtype).eps
    lower = eta <= limits.lower * (1 + slack)
    upper = (eta >= limits.upper * (1 - slack)) & ~lower
    counts = np.array([lower.sum(), (~lower & ~upper).sum(), upper.sum()], dtype=np.float64)
    last = (float(np.reshape(limits.lower, -1)[-1]), float(np.reshape(limits.upper, -1)[-1]))
    return counts, last, limits.own


def share_at_bounds(optimizer: Optimizer) -> float | None:
    """Share of all coordinates whose rate, at the last step, is a bound of the optimizer's own.

    Returns
    -------
    float or None
        In [0, 1]; None without bounds, and before the first step.

    Examples
    --------
    >>> from adabound_np import AdaBound
    >>> x = np.ones(2)
    >>> opt = AdaBound([x], gamma=0.5)
    >>> opt.step(grads=[np.array([1.0, 1e-6])])
    >>> share_at_bounds(opt)  # of rates 0.033 and 0.3, both bounds
    1.0
    """
    counts, rates = np.zeros(3), iter(zip(optimizer.effective_lr(), optimizer.state, strict=True))
    for group in optimizer.param_groups:
        for _ in group["params"]:
            eta, state = next(rates)
            if state is not None:
                limits = limits_of(optimizer, group, state.t, None)
                counts += compared(np.asarray(eta), limits)[0]
    total = counts.sum()
    return float((counts[0] + counts[2]) / total) if total > 0 else None


def held_notes(steps: Mapping[str, int | None]) -> list[str]:
    """Lines on rates that are at bounds early and stay there, under an empty one; or none.

    Parameters
    ----------
    steps : mapping of str to int or None
        By optimizer, the step since which more than half of its rates are at a bound.

    Examples
    --------
    >>> held_notes({"adabound": 20, "amsbound": 500, "adam": None})
    ['', 'note: adabound: from step 20 on, more than half of the rates are at a bound']
    >>> held_notes({"adam": None})
    []
    """
    notes = [
        f"note: {name}: from step {step:,} on, more than half of the rates are at a bound"
        for name, step in steps.items()
        if step is not None and step <= EARLY
    ]
    return ["", *notes] if notes else []
