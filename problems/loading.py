"""The user's own objects, by ``module:Name``, as the command line names them."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path
from typing import Any

from adabound_np.checks import nearest

__all__ = ["call", "described", "load", "split"]


def load(name: str) -> Any:
    """Return what ``module:Name`` names; modules are looked for in the current folder, too.

    Raises
    ------
    ValueError
        If the module cannot be imported, or has nothing of that name.

    Examples
    --------
    >>> load("fractions:Fraction").__name__
    'Fraction'
    >>> load("fractions:Frction")
    Traceback (most recent call last):
    ValueError: module fractions has no 'Frction'; did you mean 'Fraction'?
    """
    module_name, _, attribute = name.partition(":")
    if not all(part.isidentifier() for part in [*module_name.split("."), attribute]):
        raise ValueError(f"your own object must be named module:Name, got {name!r}")
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    importlib.invalidate_caches()  # the module may be new
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever the user's module raises
        raise ValueError(
            f"module {module_name} of {name!r} cannot be imported: {_in_a_line(error)}"
        ) from error
    if not hasattr(module, attribute):
        public = [n for n in vars(module) if not n.startswith("_")]
        raise ValueError(
            f"module {module_name} has no {attribute!r}{nearest(attribute, public)}"
        ) from None
    return getattr(module, attribute)


def _in_a_line(error: Exception) -> str:
    """The kind of an error, its text, and the line of the user's file that raised it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.suffix == ".py" and file != Path(__file__) and "importlib" not in file.parts:
            place = f" ({file.name}, line {trace.tb_lineno})"
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        place = ""  # it says its own
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}{place}"


def call(text: str) -> tuple[str, dict[str, Any]]:
    """Split ``name(key=value, ...)`` into the name and the values; without brackets there are none.

    Raises
    ------
    ValueError
        If it is not of this form, or a value is no number, string, bool, None, or tuple of them.

    Examples
    --------
    >>> call("mymodule:AdaBelief(eps=1e-16, betas=(0.9, 0.99))")
    ('mymodule:AdaBelief', {'eps': 1e-16, 'betas': (0.9, 0.99)})
    >>> call("adam")
    ('adam', {})
    """
    name, bracket, rest = text.partition("(")
    if not bracket:
        return text.strip(), {}
    try:
        node = ast.parse(f"f({rest}", mode="eval").body
        if not isinstance(node, ast.Call) or node.args or not isinstance(node.func, ast.Name):
            raise SyntaxError
        given = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise SyntaxError
            given[keyword.arg] = ast.literal_eval(keyword.value)
        if len(given) < len(node.keywords):
            raise SyntaxError
    except (SyntaxError, ValueError):
        raise ValueError(
            f"{text!r} must be a name, or a name with values, each key once: "
            f"{name.strip()}(key=value, ...)"
        ) from None
    return name.strip(), given


def described(value: Any) -> str:
    """What a record says of an optimizer or a problem: the same text in every process.

    Examples
    --------
    >>> from fractions import Fraction
    >>> described("mymodule:Mine(p=1)"), described(Fraction)
    ('mymodule:Mine(p=1)', 'fractions:Fraction')
    """
    if isinstance(value, str):
        return value
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}:{value.__qualname__}"
    own = getattr(value, "defaults", None)  # an optimizer's hyperparameters
    text = f"{described(type(value))}({own})" if isinstance(own, dict) else repr(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def split(text: str) -> list[str]:
    """Split a list at its commas, except those in brackets.

    Examples
    --------
    >>> split("adam, adabound(gamma=0.1, final_lr=1)")
    ['adam', 'adabound(gamma=0.1, final_lr=1)']
    """
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
