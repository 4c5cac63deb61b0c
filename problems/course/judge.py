"""Compares what a student's lines compute with what they should; says which are wrong, and why.

This file needs NumPy alone. A copy of it serves the tests of a handout.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Runs a function with some lines given; returns what `runner.run` says of it.
Run = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Verdict:
    """What was found about one line.

    Attributes
    ----------
    place, latex : str
        Function, and the equation of the line.
    right : bool
        Whether the line, or the whole function, computes what it should.
    line : int
        Number of the student's line, 0 if it was not found.
    code : str
        The student's line.
    why : str
        What is wrong, "" if nothing is.
    """

    place: str
    latex: str
    right: bool
    line: int
    code: str
    why: str

    def __str__(self) -> str:
        if self.right:
            return f"{self.place}: right"
        stem = self.place.split(".", maxsplit=1)[0]
        shown = "".join(f"\n    {row}" for row in self.code.splitlines())
        return f"student/{stem}.py:{self.line}: {self.why}{shown}\n    equation: {self.latex}"


def judged(expected: dict[str, Any], run: Run) -> list[Verdict]:
    """Return a verdict for each line of a function.

    All lines are right if all calls return what they should, however they are written. Else the
    first wrong line is found, gets the right values in its place, and the function runs again,
    until no more is wrong: so each line is judged by the right inputs.

    Parameters
    ----------
    expected : dict
        "spec", the function; "calls", what the right lines compute; "wrong", for each line what
        the usual wrong answers compute, as pairs (cause, calls); "rtol".
    run : callable
        Function of the given values, by line, that runs the student's.
    """
    lines, rtol = expected["spec"]["lines"], expected["rtol"]
    right = [call["notes"] for call in expected["calls"]]
    wrong: dict[str, str] = {}
    seen: dict[str, list[Any]] = {}
    for _ in range(len(lines) + 2):
        got = run({key: [notes.get(key, []) for notes in right] for key in wrong})
        if got["error"]:
            return _all(expected, seen, got["error"])
        seen = seen or got["lines"]
        todo = {key: "not done yet" for key, row in seen.items() if row[2]}
        if not wrong and todo:
            wrong = todo
            continue
        pairs = list(zip(expected["calls"], got["calls"], strict=True))
        whole = all(e["returned"] is not None for e, _ in pairs)
        returned = not whole or all(same(e["returned"], g["returned"], rtol) for e, g in pairs)
        if whole and returned and not wrong:
            break
        found = _first_wrong(expected, got, wrong)
        if not found:
            if not returned:
                last = lines[-1]["key"]
                wrong.setdefault(last, _of_return(pairs))
            break
        wrong[found[0]] = found[1]
    return [_verdict(expected, line, seen, wrong.get(line["key"], "")) for line in lines]


def _first_wrong(
    expected: dict[str, Any], got: dict[str, Any], known: dict[str, str]
) -> tuple[str, str] | None:
    """The first line, in their order, that is wrong, and what is wrong with it."""
    pairs = list(zip(expected["calls"], got["calls"], strict=True))
    for line in expected["spec"]["lines"]:
        key = line["key"]
        if key in known:
            continue
        for e, g in pairs:
            should, does = e["notes"].get(key, []), g["notes"].get(key, [])
            if len(does) < len(should):
                if g["error"]:
                    return key, f"{_name(line)}: {g['error']}"
                target = line["target"]
                return key, f"{_name(line)}: no line that is reached gives a value to {target}"
            for s, d in zip(should, does, strict=False):
                if not same(s, d, expected["rtol"]):
                    why = f"{_name(line)}: {difference(s, d)}"
                    return key, why + _cause(expected, key, got["calls"])
    return None


def _cause(expected: dict[str, Any], key: str, calls: list[Any]) -> str:
    """The usual cause of just these wrong values."""
    for cause, others in expected["wrong"].get(key, []):
        fits = [
            all_same(o, g["notes"].get(key, []), expected["rtol"])
            for o, g in zip(others, calls, strict=True)
        ]
        if all(fits):
            return f"; {cause}?"
    return ""


def _of_return(pairs: list[Any]) -> str:
    error = next((g["error"] for _, g in pairs if g["error"]), "")
    return error or "the lines are right, but the function returns something else"


def _name(line: dict[str, Any]) -> str:
    return re.split(r"=|\\leftarrow", line["latex"])[0].strip()


def _all(expected: dict[str, Any], seen: dict[str, list[Any]], why: str) -> list[Verdict]:
    return [_verdict(expected, line, seen, why) for line in expected["spec"]["lines"]]


def _verdict(expected: dict[str, Any], line: Any, seen: dict[str, Any], why: str) -> Verdict:
    number, code, *_ = seen.get(line["key"], [0, ""])
    return Verdict(expected["spec"]["place"], line["latex"], not why, number, code, why)


def same(expected: Any, actual: Any, rtol: float) -> bool:
    """Whether two values in JSON are equal up to rounding."""
    if isinstance(expected, dict):
        pairs = isinstance(actual, dict) and len(expected["tuple"]) == len(actual["tuple"])
        return pairs and all(
            same(e, a, rtol) for e, a in zip(expected["tuple"], actual["tuple"], strict=True)
        )
    if actual is None or isinstance(actual, (dict, str)):
        return False
    try:
        e, a = np.asarray(expected, float), np.asarray(actual, float)
    except (TypeError, ValueError):
        return False
    if not _comparable(e, a):
        return False
    size = float(np.max(np.abs(e), initial=0.0))
    atol = 1e-14 * size if math.isfinite(size) else 0.0
    return bool(np.allclose(a, e, rtol=rtol, atol=atol, equal_nan=True))


def _comparable(expected: Any, actual: Any) -> bool:
    """Whether two arrays have one shape, or one of them is a number and the other not empty."""
    sizes = (expected.size, actual.size)
    return bool(expected.shape == actual.shape or (1 in sizes and 0 not in sizes))


def all_same(expected: list[Any], actual: list[Any], rtol: float) -> bool:
    """Whether two lists of such values are equal up to rounding."""
    pairs = zip(expected, actual, strict=False)
    return len(expected) == len(actual) and all(same(e, a, rtol) for e, a in pairs)


def difference(expected: Any, actual: Any) -> str:
    """Say where two values differ most."""
    e, a = np.asarray(expected, float), np.asarray(actual, float)
    if not _comparable(e, a):
        return f"your line gives shape {a.shape}, the equation {e.shape}"
    a, e = np.broadcast_arrays(a, e)
    worst = np.unravel_index(np.argmax(np.nan_to_num(np.abs(a - e), nan=np.inf)), a.shape)
    return f"your line gives {a[worst]:.6g}, the equation {e[worst]:.6g}"
