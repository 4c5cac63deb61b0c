"""Reading equations: what they are worth, and what is refused."""

import numpy as np
import pytest

from problems.reading.tokens import EquationError, split
from problems.reading.values import Values

LOCAL = {
    "a": 2.0,
    "b": 3.0,
    "n": 4,
    "x": np.array([1.0, 2.0, 4.0]),
    "k": np.array([2, 0, 1]),
    "A": np.array([[1.0, 2.0], [3.0, 4.0]]),
    "B": np.array([[0.0, 1.0], [1.0, 1.0]]),
}
SYMBOLS = {name: name for name in ("a", "n", "x", "k", "A", "B")}
SYMBOLS |= {"a_t": "b", r"\hat{a}": "-a", "b(t)": "b", "c_i": "a + i"}


def value(latex, **indices):
    look_up = lambda code, places=(): eval(code, {}, {**LOCAL, **dict(places)})  # noqa: E731
    return Values(SYMBOLS, look_up, {"i": 3, "j": 3}, matrices={"A", "B"}).of(latex, indices)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("a + a_t n", 14.0),
        ("a_t - a - a", -1.0),
        ("a / a_t a", 4 / 3),
        ("a (a_t + 1)", 8.0),
        ("a^{n - 1} / 2", 4.0),
        (r"\hat{a} b(t)", -6.0),
        (r"-a \, \sqrt{n}", -4.0),
        ("n!", 24.0),
        (r"\max(a, a_t) \odot a", 6.0),
        (r"\mathrm{Clip}(a, a_t, n)", 3.0),
        (r"a [a < a_t] + [a \ge a_t]", 2.0),
        (r"[a \le a_t \le n] [\neg a]", 0.0),
        (r"\prod_{i \le a_t} c_i", 3.0 * 4.0 * 5.0),
        (r"1 - a \prod_{i \le a} c_i", -23.0),
        (r"\sum_i x_i^2", 21.0),
        (r"\sum_{i, j} x_i x_j [i = j]", 21.0),
        (r"\sum_i x_{k_i} i", 1 + 4.0),
        (r"\sum_i x_{i + 1}", 6.0),
        (r"\sum_i x_{i / 2}", 3.0),
        (r"e^{-\log a}", 0.5),
        (r"|a - a_t| a", 2.0),
        (r"a^{\lfloor \log_2 a_t \rfloor}", 2.0),
    ],
)
def test_value(latex, expected):
    np.testing.assert_allclose(value(latex), expected, rtol=1e-15)


def test_products_of_matrices_keep_their_order():
    assert np.array_equal(value("A B"), LOCAL["A"] @ LOCAL["B"])
    assert np.array_equal(value("B^T A"), LOCAL["B"].T @ LOCAL["A"])


def test_indices_of_the_left_side_are_known_on_the_right():
    assert value("x_p", p=2) == 4.0


@pytest.mark.parametrize(
    "latex",
    [
        "q",
        "a_q",
        "a + ",
        "a^",
        r"\unknown{a}",
        "(a",
        "[a < ]",
        "[a < a",
        r"\sum_{i",
        r"a \\ a",
        "a'",
    ],
)
def test_what_the_notation_does_not_know_is_refused(latex):
    with pytest.raises(EquationError):
        value(latex)


def test_split():
    assert split(r"\eta_l(t) = [a = b] c") == (r"\eta_l(t)", "[a = b] c", False)
    assert split(r"x \leftarrow a x") == ("x", "a x", True)
    with pytest.raises(EquationError, match="no '='"):
        split("a + b")
