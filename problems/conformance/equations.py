"""An optimizer's lines against the equations above them, wherever its class is defined."""

from __future__ import annotations

import inspect
import itertools
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from adabound_np import Optimizer
from problems.conformance.report import CounterexampleError, NotApplicableError
from problems.reading.equations import Source
from problems.reading.tokens import EquationError

__all__ = ["lines_compute_their_equations"]

_GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda"),
    *("mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"),
)
_ACCENTS = {"hat": r"\hat", "tilde": r"\tilde", "bar": r"\bar"}
#: Entries of the random states and gradients.
N = 24


def lines_compute_their_equations(opt: Optimizer) -> str:
    """Each equation above a line of `moments` and `learning_rate` has the line's value.

    Beside the package's notation (`problems.reading.notation`), letters stand for the
    hyperparameters, the state's arrays and the local variables of their names.
    """
    try:
        from problems.reading.checker import (  # needs SymPy
            MismatchError,
            check_line,
            check_returned,
            check_target,
        )
        from problems.reading.lines import Module, Traced
    except ImportError as error:
        raise NotApplicableError(f"reading equations needs the extra 'test': {error}") from None
    evaluated, unread = 0, list[str]()
    for name in ("moments", "learning_rate"):
        function = getattr(opt, name)
        source = _source(function)
        namespace = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        try:
            module = Module.of(source, namespace)._replace(symbols=_notation(opt, function))
        except ValueError as error:
            raise NotApplicableError(str(error)) from None
        if not module.equations:
            continue
        traced = Traced(f"{source.module}.{name}", module=module)
        read = list(traced.equations)
        for given in _cases(opt, name):
            result = traced(*given)
            try:
                for equation in list(read):
                    try:
                        evaluated += check_line(traced, equation) > 0
                        check_target(traced, equation)
                    except EquationError as error:
                        read.remove(equation)
                        unread.append(f"{equation.latex} ({error})")
                if not unread:
                    check_returned(traced, result)
            except MismatchError as error:
                raise CounterexampleError(" ".join(str(error).split())) from None
    if not evaluated:
        raise NotApplicableError("; ".join(unread) or "the lines carry no equations")
    return f"cannot read {'; '.join(unread)}" if unread else ""


def _source(function: Any) -> Source:
    """A function's text at its lines, under the place of its class, as the notation knows it."""
    try:
        lines, start = inspect.getsourcelines(function)
    except (OSError, TypeError) as error:
        raise NotApplicableError(f"the lines cannot be read: {error}") from None
    cls = function.__qualname__.split(".")[-2]
    place = f"adabound_np.{function.__module__.rpartition('.')[2]}.{cls}"
    text = "\n" * (start - 1) + textwrap.dedent("".join(lines))
    return Source(place, function.__code__.co_filename, text)


def _notation(opt: Optimizer, function: Any) -> dict[str, str]:
    """LaTeX -> code, of names that are letters: local variables, state, hyperparameters."""
    before = "{t-1}" if function.__name__ == "moments" else "t"
    symbols: dict[str, str] = {}
    for name, value in vars(opt.hyper).items():
        latex = _latex(name)
        codes = {"_t": "(t)", "(t)": "(t)"} if callable(value) else {"": ""}
        symbols.update({latex + end: f"h.{name}{call}" for end, call in codes.items() if latex})
    for name in opt.State._fields[1:]:
        if _latex(name):
            symbols[f"{_latex(name)}_{before}"] = f"s.{name}"
    for name in function.__code__.co_varnames[function.__code__.co_argcount :]:
        if _latex(name):
            symbols.update({_latex(name): name, f"{_latex(name)}_t": name})
    return symbols


def _latex(name: str) -> str:
    r"""A name in LaTeX; "" if it is no letter, with an accent or without.

    Examples
    --------
    >>> _latex("p"), _latex("rho"), _latex("v_hat"), _latex("beta2"), _latex("feasible")
    ('p', '\\rho', '\\hat{v}', '\\beta_2', '')
    """
    letter, _, accent = name.partition("_")
    if accent:
        inner = _latex(letter)
        return f"{_ACCENTS[accent]}{{{inner}}}" if inner and accent in _ACCENTS else ""
    stem = letter.rstrip("0123456789")
    index = letter[len(stem) :]
    latex = stem if len(stem) == 1 else f"\\{stem}" if stem in _GREEK else ""
    return f"{latex}_{index}" if latex and index else latex


def _cases(opt: Optimizer, name: str) -> Iterator[tuple[Any, ...]]:
    """Arguments of a function: random states over many orders of magnitude, and gradients."""
    rng = np.random.default_rng(0)
    for t, _ in itertools.product((1, 2, 3, 7), range(3)):
        arrays = [np.exp(rng.normal(scale=4, size=N)) for _ in opt.State._fields[1:]]
        if name == "moments":
            yield opt.hyper, opt.State(t - 1, *arrays), rng.normal(size=N), t
        else:
            yield opt.hyper, opt.State(t, *arrays), t
