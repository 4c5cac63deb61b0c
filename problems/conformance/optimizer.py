"""Checks of an optimizer: the contract of ``docs/howto/add_optimizer.md``, and what follows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from adabound_np import Optimizer
from adabound_np.optimizer import BLOCK
from problems.conformance import alike
from problems.conformance.equations import lines_compute_their_equations
from problems.conformance.report import CounterexampleError, Report, carry_out
from problems.optimizers import Spec, entry

__all__ = ["check_optimizer"]

#: Rounding by which the loops of one NumPy function for one number and for many may differ.
RTOL = 1e-13
#: What each function of an optimizer takes.
SIGNATURES = {"moments": "h, s, g, t", "learning_rate": "h, s, t", "symbols": "group"}
#: Step sizes that are none.
NO_RATES = (0, -1.0, float("nan"), float("inf"), "0.1", None, True)
#: Numbers that no hyperparameter should take.
NO_NUMBERS = (float("nan"), "a", 1j)


def check_optimizer(optimizer: Spec) -> Report:
    """Check an optimizer as ``docs/howto/add_optimizer.md`` describes it.

    Parameters
    ----------
    optimizer : str, class or Optimizer
        ``module:Name`` stands for its class. A class is checked with its defaults and
        `as_in_paper`, an instance with its own hyperparameters, which must be numbers, not arrays.

    Returns
    -------
    Report
        True if no check fails; printed, a line for each check, with the first counterexample.

    Raises
    ------
    TypeError, ValueError
        If it is no optimizer at all.

    Examples
    --------
    >>> from adabound_np import Adam
    >>> report = check_optimizer(Adam)
    >>> report.passed, str(report.checks[1])
    (True, '\u2713 an array moves as its entries would alone')
    """
    if isinstance(optimizer, str):
        optimizer = entry(optimizer).cls
    cls = optimizer if isinstance(optimizer, type) else type(optimizer)
    name = cls.__name__ if cls is optimizer else repr(optimizer)
    opts: list[Optimizer] = []
    checks: dict[str, Callable[[], str | None]] = {
        "the class is as the contract says": lambda: opts.extend(_contract(optimizer)),
        **{name: partial(_each, opts, check) for name, check in _CHECKS.items()},
    }
    return carry_out(name, checks)


def _each(opts: list[Optimizer], check: Callable[[Optimizer], str | None]) -> str | None:
    """The check of every setting; the remark on the first."""
    remarks = [check(opt) for opt in opts]
    return remarks[0]


def _contract(optimizer: Any) -> list[Optimizer]:
    """Return the settings to check, if the class has what Algorithm 1 leaves open."""
    cls: Any = optimizer if isinstance(optimizer, type) else type(optimizer)
    if not issubclass(cls, Optimizer):
        raise CounterexampleError(f"{cls.__name__} must derive from adabound_np.Optimizer")
    fields = getattr(getattr(cls, "State", None), "_fields", ())
    if fields[:1] != ("t",) or not issubclass(cls.State, tuple):
        raise CounterexampleError("State must be a named tuple whose first field is t")
    for name, arguments in SIGNATURES.items():
        function = inspect.getattr_static(cls, name)
        if getattr(cls, name) is getattr(Optimizer, name):
            raise CounterexampleError(f"the class must define {name}({arguments})")
        if not isinstance(function, staticmethod):
            raise CounterexampleError(f"{name} must be a staticmethod")
        taken = ", ".join(inspect.signature(getattr(cls, name)).parameters)
        if taken != arguments:
            raise CounterexampleError(f"{name} must take ({arguments}), got ({taken})")
    opts = [optimizer]
    if isinstance(optimizer, type):
        opts = [cls(), cls.as_in_paper()]
    for opt in opts:
        _one_step(opt)
    return opts


def _one_step(opt: Optimizer) -> None:
    """The first step returns what it should, and the constructor takes all hyperparameters."""
    if opt.hyper.shape:
        raise CounterexampleError(f"hyperparameters must be numbers here, got {opt!r}")
    again = alike.rebuilt(opt)
    if repr(again) != repr(opt):
        raise CounterexampleError(f"the constructor makes {again!r} of the defaults of {opt!r}")
    returned = opt.moments(opt.hyper, opt.init(np.zeros(3)), np.ones(3), 1)
    if not (isinstance(returned, tuple) and len(returned) == 2):
        raise CounterexampleError("moments must return m and the new state")
    m, s = returned
    if not isinstance(s, opt.State):
        raise CounterexampleError(
            f"moments must return a {opt.State.__name__}, got {type(s).__name__}"
        )
    if s.t != 1:
        raise CounterexampleError(f"the state after the first step must have t = 1, got {s.t!r}")
    for name, value in {"m": m, "the rate": opt.learning_rate(opt.hyper, s, 1)}.items():
        if np.shape(value) not in ((), (3,)):
            raise CounterexampleError(f"{name} must have x's shape (3,), got {np.shape(value)}")
    for name in s._fields[1:]:
        if np.shape(getattr(s, name)) != (3,):
            raise CounterexampleError(
                f"{name} must have x's shape (3,), got {np.shape(getattr(s, name))}"
            )


def _numbers(opt: Optimizer) -> None:
    for shape in ((), (1,), (7,), (3, 4), (2, 0)):
        alike.array_is_numbers(opt, shape, RTOL)


def _blocks(opt: Optimizer) -> None:
    alike.blocks_are_the_array(opt, (5, 7), rtol=RTOL)
    alike.blocks_are_the_array(opt, (2, BLOCK // 8 + 5), steps=3, rtol=RTOL)


def _refused(opt: Optimizer) -> str:
    """Wrong hyperparameters raise an error that names them; all of the class's own are tried."""
    bad: list[tuple[str, Any]] = [("lr", value) for value in NO_RATES]
    for name, value in opt.defaults.items():
        if type(value) is float and name != "lr":
            bad += [(name, number) for number in NO_NUMBERS]
        if type(value) is tuple and float in map(type, value):
            at = [i for i, part in enumerate(value) if type(part) is float]
            bad += [(name, (*value[:i], n, *value[i + 1 :])) for i in at for n in NO_NUMBERS]
    for name, value in bad:
        try:
            alike.rebuilt(opt, **{name: value})
        except (TypeError, ValueError) as error:
            if name in str(error):
                continue
            raise CounterexampleError(
                f"the error for {name} = {value!r} must name {name}, got {str(error)!r}"
            ) from None
        raise CounterexampleError(f"{name} = {value!r} is taken")
    return ", ".join(dict.fromkeys(name for name, _ in bad))


_CHECKS: dict[str, Callable[[Optimizer], str | None]] = {
    "an array moves as its entries would alone": _numbers,
    "hyperparameters as arrays run a batch": alike.batch_is_its_members,
    "steps in place and in blocks are updates": _blocks,
    "float32 stays float32": alike.float32_stays,
    "moments and learning_rate are pure": alike.pure,
    "lanes of time are steps": alike.lanes_are_steps,
    "steps in parallel are single steps": alike.parallel_is_steps,
    "points stay in F": alike.stays_in_f,
    "a zero gradient moves nothing": alike.zero_gradients_do_nothing,
    **{
        f"a run resumed by {how} continues": partial(alike.nothing_is_lost, resume=resume)
        for how, resume in alike.RESUMED.items()
    },
    "wrong hyperparameters are refused": _refused,
    "lines compute the equations above them": lines_compute_their_equations,
}
