"""The page: one file with the module, the worker, and the formulas as MathML."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from typing import Any

from adabound_np import __version__
from problems.explorer.module import FUNCTIONS, SEQUENCES, Module, page_file
from problems.explorer.scenes import SCENES
from problems.online.sequences import setting
from problems.optimizers import STORY, Spec, label, style
from problems.reading.equations import Equation
from problems.reading.mathml import mathml

__all__ = ["page"]

_TITLES = {
    "reddi-theorem1": "Reddi, Theorem 1",
    "reddi-online": "Reddi, online (Sec. 6)",
    "reddi-stochastic": "Reddi, stochastic (Sec. 6)",
    "reddi-theorem2": "Reddi, Theorem 2, with a small C",
    "luo-theorem1": "Luo, Theorem 1",
    "savarese": "Savarese, Theorem 2",
    "quadratic": "Quadratic in one variable",
    "quadratic-2d": "Quadratic in two variables",
    "rosenbrock": "Rosenbrock",
}


def page(module: Module, optimizers: list[Spec]) -> str:
    """Return the page as HTML.

    Raises
    ------
    ModuleNotFoundError
        If the package latex2mathml is missing.
    """
    text = page_file("page.html")
    text = re.sub(r"\{\{\$(.*?)\$\}\}", lambda found: mathml(found[1]), text)
    for name in ("style.css", "charts.js", "page.js"):
        text = text.replace(f"{{{{{name}}}}}", page_file(name))
    for name, value in {
        "version": __version__,
        "page": _script(_data(module, optimizers)),
        "worker": _script(page_file("worker.js")),
        "module": module.code,
    }.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def _script(value: Any) -> str:
    """A value in a script element, which no text may close."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("</", "<\\/")


def _data(module: Module, optimizers: list[Spec]) -> dict[str, Any]:
    formulas = {name: setting(name).problem.formula() for name in SEQUENCES}
    formulas |= {name: cls().formula() for name, (cls, _) in FUNCTIONS.items()}
    names = dict.fromkeys(label(spec) for spec in optimizers).keys()
    story = [name for name in STORY if name in names]
    return {
        "optimizers": [*story, *(name for name in names if name not in story)],
        "dashes": {name: _dashes(style(name)["linestyle"]) for name in names},
        "problems": {n: {"title": _TITLES[n], "formula": f} for n, f in formulas.items()},
        "equations": [_equation(e) for e in module.equations],
        "scenes": [s._asdict() for s in SCENES if set(s.preset["optimizers"]) <= names],
        "mapped": "adam" if "adam" in names else next(iter(names)),
    }


def _dashes(linestyle: Any) -> str:
    """Matplotlib's line style as SVG's, for lines of two pixels."""
    named = {"-": (), "--": (3.7, 1.6), ":": (1.0, 1.65)}
    dashes = named[linestyle] if isinstance(linestyle, str) else linestyle[1]
    return " ".join(f"{2 * length:g}" for length in dashes) or "none"


_SIGNS = {"sqrt": "√", "sum": "Σ", "le": "≤"}


def _plain(source: str) -> str:
    r"""Where an equation is from, its few formulas as plain text.

    Examples
    --------
    >>> _plain(r"Luo19 Alg. 1, with s_t = 1 / \sqrt{t}"), _plain(r"KB15, \epsilon_r = 0")
    ('Luo19 Alg. 1, with s_t = 1 / √t', 'KB15, ε_r = 0')
    """

    def sign(found: re.Match[str]) -> str:
        return _SIGNS.get(found[1]) or unicodedata.lookup(f"GREEK SMALL LETTER {found[1]}")

    return re.sub(r"[{}]", "", re.sub(r"\\([a-z]+)", sign, source))


def _equation(equation: Equation) -> dict[str, Any]:
    return {
        "math": mathml(equation.latex),
        "source": html.escape(_plain(equation.source)),
        "place": html.escape(f"{equation.file}:{equation.line}"),
        # A constant schedule says no more than the line that asks for it.
        "hidden": equation.place.startswith("adabound_np.schedules.Constant."),
    }
