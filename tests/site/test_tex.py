"""Formulas in docstrings are found, and nothing else is."""

import ast
import doctest
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("docs_tex", ROOT / "docs/_ext/tex.py")
tex = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tex)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"\alpha > 0, the step size.", r":math:`\alpha > 0`, the step size."),
        (r"\beta_1 and \beta_2 in [0, 1)", r":math:`\beta_1` and :math:`\beta_2` in [0, 1)"),
        (r"a \beta of its own", r"a :math:`\beta` of its own"),
        ("AdaBound's m_t is a mean.", "AdaBound's :math:`m_t` is a mean."),
        ("m_t = \\phi_t(g_1, ..., g_t);", r":math:`m_t = \phi_t(g_1, \dots , g_t)`;"),
        (r"x_{t+1} = \Pi_F(x_t), shared", r":math:`x_{t+1} = \Pi_F(x_t)`, shared"),
        (r"s_t Clip(\alpha, \eta_l(t))", r":math:`s_t \mathrm{Clip}(\alpha, \eta_l(t))`"),
        (r"f(x*) >= \delta", r":math:`f(x^*) \ge  \delta`"),
        (r"\langle g, x \rangle, of g", r":math:`\langle g, x \rangle`, of g"),
        (r"\beta_1^t / t!.", r":math:`\beta_1^t / t!`."),
        ("n_+ labels of 1", ":math:`n_+` labels of 1"),
        (r"\sqrt{1 -", r"\sqrt{1 -"),  # an open bracket is left alone
        ("`x_t`, ``m_t`` and :math:`v_t`", "`x_t`, ``m_t`` and :math:`v_t`"),
        ("x_hat, eta_l and T = 3 stay", "x_hat, eta_l and T = 3 stay"),
        ("a well-known 1e-3 at (3, 4)", "a well-known 1e-3 at (3, 4)"),
        ("|x| and *args", r"\|x\| and \*args"),
    ],
)
def test_wrap(text, expected):
    assert tex.wrap(text) == expected


def test_a_formula_may_span_lines():
    lines = ["K = 2 (1 - \\beta_1)/\\sqrt{\\beta_2 (1 -", "\\beta_2)}, then"]
    assert tex.typeset(lines) == [
        ":math:`K = 2 (1 - \\beta_1)/\\sqrt{\\beta_2 (1 -",
        "\\beta_2)}`, then",
    ]


def test_displays_get_rows_and_doctests_stay():
    lines = [".. math::", r"    a_t = b, \qquad", r"    c_t = d", "", ">>> x_t = 1", "x_t"]
    expected = [".. math::", r"    & a_t = b, \\ &", r"    c_t = d", "", ">>> x_t = 1", "x_t"]
    assert tex.typeset(lines) == expected


def test_names_of_arguments_stay():
    assert tex.typeset(["G_2, G_inf : float", "    G_2 bounds g_t."]) == [
        "G_2, G_inf : float",
        "    :math:`G_2` bounds :math:`g_t`.",
    ]


def test_the_examples_of_the_extension_run():
    assert doctest.testmod(tex) == (0, 2)


def docstrings():
    for package in ("adabound_np", "autograd_lite", "problems"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                    text = ast.get_docstring(node)
                    if text:
                        yield f"{path.name}: {getattr(node, 'name', '')}", text


def test_no_docstring_shows_latex():
    formulas = 0
    for where, text in docstrings():
        lines = tex.typeset(text.splitlines())
        assert len(lines) == len(text.splitlines())
        shown = "\n".join(lines)
        formulas += shown.count(":math:`")
        shown = re.sub(r"::\n(\n|[ ]+.*\n?)*", "", shown)  # displays and literal blocks
        shown = re.sub(r"^ *>>> .*(\n *\S.*)*", "", shown, flags=re.MULTILINE)  # doctests
        shown = re.sub(r":math:`[^`]*`|``.*?``", "", shown, flags=re.DOTALL)
        assert not re.search(r"\\[A-Za-z]{2,}|[A-Za-z]_\{", shown), where
    assert formulas > 250
