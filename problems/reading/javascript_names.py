"""What functions, names and values of Python are called in JavaScript."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from adabound_np import checks
from adabound_np.bounds import as_bounds
from adabound_np.schedules import as_schedule, betas_of
from problems.online.problem import ends
from problems.online.setting import integer

__all__ = ["NAMES", "RESERVED", "literal", "word"]

#: What a function is called in JavaScript. The names without a dot are functions of runtime.js.
NAMES: dict[Any, str] = {
    **dict.fromkeys((np.sqrt, math.sqrt), "Math.sqrt"),
    **dict.fromkeys((np.exp, math.exp), "Math.exp"),
    **dict.fromkeys((np.log, math.log), "Math.log"),
    **dict.fromkeys((np.cos, math.cos), "Math.cos"),
    **dict.fromkeys((np.sin, math.sin), "Math.sin"),
    **dict.fromkeys((np.tanh, math.tanh), "Math.tanh"),
    **dict.fromkeys((np.maximum, max), "Math.max"),
    **dict.fromkeys((np.minimum, min), "Math.min"),
    **dict.fromkeys((np.abs, abs), "Math.abs"),
    **dict.fromkeys((np.isfinite, math.isfinite), "Number.isFinite"),
    **dict.fromkeys((np.all, np.any, bool), "Boolean"),
    **{np.sign: "Math.sign", float: "Number", int: "Math.trunc"},
    **{np.clip: "clip", math.lgamma: "lgamma", np.random.PCG64: "new PCG64"},
    **{np.atleast_1d: "atleast_1d"},
    **{np.random.Generator: "", checks.copied: ""},  # what stands in their parentheses
    **{
        f: f.__name__
        for f in (checks.within, checks.flag, checks.positive_int, checks.real, integer)
    },
    **{f: f.__name__ for f in (as_schedule, as_bounds, betas_of, ends)},
}
#: JavaScript's own words, and names of runtime.js.
RESERVED = {
    *("arguments", "await", "case", "catch", "const", "debugger", "default", "delete", "do"),
    *("enum", "eval", "export", "extends", "function", "implements", "instanceof", "interface"),
    *("let", "new", "package", "private", "protected", "public", "static", "super", "switch"),
    *("this", "throw", "typeof", "undefined", "var", "void"),
    *("Remembering", "isinstance", "mod", "note", "number", "pow", "shown"),  # of runtime.js
    *(name for name in NAMES.values() if name.isidentifier()),
}


def literal(value: Any, name_of: Callable[[type], str]) -> str:
    """A value as JavaScript: a number, a string, a sequence, an object of a translated class.

    Parameters
    ----------
    value : object
        The value; of a data class, its fields are translated too.
    name_of : callable
        Gives the name of a class in JavaScript.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> literal({"betas": (0.9, float("inf")), "eps": None}, str)
    '{"betas": [0.9, Infinity], "eps": null}'
    """
    if value is None or isinstance(value, (bool, str)):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return repr(value).replace("inf", "Infinity").replace("nan", "NaN")
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(literal(item, name_of) for item in value)}]"
    if isinstance(value, dict):
        items = (f"{json.dumps(key)}: {literal(item, name_of)}" for key, item in value.items())
        return "{" + ", ".join(items) + "}"
    if dataclasses.is_dataclass(value):
        given = (getattr(value, f.name) for f in dataclasses.fields(value) if f.init)
        arguments = ", ".join(literal(item, name_of) for item in given)
        return f"new {name_of(type(value))}({arguments})"
    raise TypeError(f"value must be a number, text, a sequence or a data class, got {value!r}")


def word(name: str) -> str:
    """A name of Python that is none of JavaScript's own words.

    Examples
    --------
    >>> word("x_hat"), word("new")
    ('x_hat', 'new_')
    """
    return f"{name}_" if name in RESERVED else name
