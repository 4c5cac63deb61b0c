"""The first steps with every quantity: against a calculation by hand, and against runs."""

import csv
import io
import json
import math
import re
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import problems
from adabound_np import AdaBound, Adam, AMSBound, Box
from problems.cli import main
from problems.forms import in_paper
from problems.online.protocol import run
from problems.online.sequences import SEQUENCES, setting
from problems.optimizers import OPTIMIZERS
from problems.reading.exact import DIGITS, Exact, exactly
from problems.reading.trace import CLIP, columns_of, steps, without_rounding

F = Fraction

#: AdaBound on luo-theorem1 with the paper's bounds (gamma = 1 - beta2), by hand: beta1 = 0,
#: beta2 = 9/10, alpha = 1/2, alpha* = 1/10, x_1 = 0. alpha/sqrt(v_t) is above eta_u(t) throughout.
BY_HAND = {
    "g_t": [-1, 2, 0, 0, 0],
    "m_t": [-1, 2, 0, 0, 0],
    "v_t": [F(1, 10), F(49, 100), F(441, 1000), F(3969, 10**4), F(35721, 10**5)],
    "eta_l(t)": [F(1, 110), F(1, 60), F(3, 130), F(1, 35), F(1, 30)],
    "eta_u(t)": [F(11, 10), F(3, 5), F(13, 30), F(7, 20), F(3, 10)],
    "eta_hat_t": [F(11, 10), F(3, 5), F(13, 30), F(7, 20), F(3, 10)],
}


LUO = ("--problem", "luo-theorem1", "--steps", "5")


def call(capsys, *args):
    assert main(["trace", *args]) == 0
    return capsys.readouterr().out


def exact_rows(capsys, *args):
    record = json.loads(call(capsys, "--exact", "--format", "json", *args))
    return {key: [row[key] for row in record["rows"]] for key in record["rows"][0]}


def root(n, places=60):
    """The root of a whole number, by whole numbers alone."""
    return Decimal(math.isqrt(n * 10 ** (2 * places))).scaleb(-places)


def near(text, value):
    with localcontext(prec=70):
        return abs(Decimal(text) - value) <= Decimal(10) ** (2 - DIGITS)


def test_exact_steps_are_those_by_hand_where_no_root_occurs(capsys):
    rows = exact_rows(capsys, *LUO, "--gamma", "paper", "--schedule", "constant")
    for key, column in BY_HAND.items():
        assert [F(cell) for cell in rows[key]] == column
    assert rows["eta_t"] == rows["eta_hat_t"]
    assert [F(x) for x in rows["x_{t+1}"]] == [F(11, 10), *[F(-1, 10)] * 4]
    assert rows["x_hat_{t+1}"] == rows["x_{t+1}"]
    assert rows["alpha/sqrt(V_t)"][1] == "5/7"
    assert rows["alpha/sqrt(V_t)"][3] == "50/63"
    with localcontext(prec=70):
        assert near(rows["alpha/sqrt(V_t)"][0], root(10) / 2)
        assert near(rows["alpha/sqrt(V_t)"][2], root(10) * 5 / 21)


def test_exact_steps_are_those_by_hand_with_the_papers_schedule(capsys):
    rows = exact_rows(capsys, *LUO, "--gamma", "paper")
    for key, column in BY_HAND.items():
        assert [F(cell) for cell in rows[key]] == column
    assert rows["eta_t"][0] == rows["x_{t+1}"][0] == "11/10"
    assert rows["eta_t"][3] == "7/40"
    with localcontext(prec=70):
        assert near(rows["eta_t"][1], root(2) * 3 / 10)
        assert near(rows["eta_t"][2], root(3) * 13 / 90)
        assert near(rows["eta_t"][4], root(5) * 3 / 50)
        for x in rows["x_{t+1}"][1:]:
            assert near(x, Decimal("1.1") - root(2) * 3 / 5)


def test_exact_steps_are_those_by_hand_with_the_default_gamma(capsys):
    rows = exact_rows(capsys, *LUO)
    assert rows["v_t"] == ["1/10", "49/100", "441/1000", "3969/10000", "35721/100000"]
    assert rows["eta_u(t)"] == ["1001/10", "501/10", "1003/30", "251/10", "201/10"]
    assert rows["eta_l(t)"] == ["1/10010", "1/5010", "3/10030", "1/2510", "1/2010"]
    with localcontext(prec=70):
        assert near(rows["x_{t+1}"][0], root(10) / 2)
        assert near(rows["x_{t+1}"][1], root(10) / 2 - root(2) * 5 / 7)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("problem", SEQUENCES)
def test_steps_are_those_of_a_run_to_the_last_bit(name, problem):
    chosen = setting(problem)
    opt = in_paper(
        name,
        lr=0.5,
        beta1=chosen.beta1,
        beta2=chosen.beta2,
        schedule="inv-sqrt",
        feasible=chosen.problem.feasible,
        bounds=chosen.bounds,
        eps_root=chosen.eps_root,
    )
    traced = [q.x for q in steps(chosen.problem, opt, 12, chosen.x1)]
    assert np.array_equal(traced, run(chosen.problem, opt, 12, chosen.x1).x[1:])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("problem", ["reddi-online", "luo-theorem1", "reddi-theorem2", "savarese"])
def test_exact_steps_differ_from_floats_by_rounding_alone(name, problem):
    chosen = setting(problem)

    def optimizer(number):
        return in_paper(
            name,
            lr=number(0.5),
            beta1=number(0.3),
            beta2=number(0.99),
            final_lr=number(0.1),
            gamma=number(1e-3),
            schedule="inv-sqrt",
            feasible=number(chosen.problem.feasible),
            bounds=number(chosen.bounds),
            eps_root=number(chosen.eps_root),
        )

    exact, rounded = optimizer(without_rounding), optimizer(lambda value: value)
    rows = zip(
        steps(chosen.problem, exact, 6, Exact("0.25")),
        steps(chosen.problem, rounded, 6, 0.25),
        strict=True,
    )
    for a, b in rows:
        assert isinstance(a.x, Exact)
        for column in columns_of(exact):
            left, right = column.value(a), column.value(b)
            if column is CLIP:
                assert left == right
                continue
            left, right = float(left), float(right)
            assert left == pytest.approx(right, rel=1e-12, abs=1e-14)


def test_the_error_of_floats_is_shown(capsys):
    rows = exact_rows(capsys, *LUO, "--gamma", "paper", "--schedule", "constant")
    errors = next(row for key, row in rows.items() if key.startswith("float64"))
    args = (*LUO, "--format", "json", "--gamma", "paper", "--schedule", "constant")
    x = json.loads(call(capsys, *args))
    for error, row in zip(errors, x["rows"], strict=True):
        found = F(row["x_{t+1}"]) - F(rows["x_{t+1}"][row["t"] - 1])
        assert error == float(found)
    assert 0 < max(map(abs, errors)) < 1e-15


def test_columns_follow_the_algorithm_box():
    def keys(name, **given):
        options = {
            "lr": 0.5,
            "beta1": 0.9,
            "beta2": 0.99,
            "schedule": "inv-sqrt",
            "feasible": None,
            **given,
        }
        return [column.key for column in columns_of(in_paper(name, **options))]

    end = ["eta_t", "x_hat_{t+1}", "x_{t+1}"]
    assert keys("sgd") == ["t", "g_t", "m_t", *end]
    assert keys("sgdm") == ["t", "g_t", "m_t", "b_t", *end]
    assert keys("adagrad") == ["t", "g_t", "m_t", "G_t", "alpha/sqrt(V_t)", *end]
    assert keys("adam") == ["t", "g_t", "m_t", "v_t", "alpha/sqrt(V_t)", *end]
    assert keys("csgd") == ["t", "g_t", "m_t", "eta_hat_t", *end]
    assert keys("amsbound") == [
        "t",
        "g_t",
        "m_t",
        "v_t",
        "v_hat_t",
        "alpha/sqrt(V_t)",
        "eta_l(t)",
        "eta_u(t)",
        "clip",
        "eta_hat_t",
        *end,
    ]


def test_the_default_shows_the_algorithm_at_work(capsys):
    """Momentum, and each way that a rate can meet the bounds, in a narrow table with constants."""
    lines = call(capsys).splitlines()
    assert max(map(len, lines)) <= 80
    assert (
        lines[0] == "adabound on reddi-online: f_t(x) = 30x if t mod 3 = 1, else -10x, on [-1, 1]"
    )
    assert " ".join(lines[1:3]) == (
        "C = 3, x1 = 0, lr = 0.5, beta1 = 0.5, beta2 = 0.5, final_lr = 0.03, gamma = 2, "
        "schedule = inv-sqrt"
    )
    head, *rows = (line.split() for line in lines[lines.index("") + 1 :])
    assert head == ["t", "g_t", "m_t", "α/√V_t", "η_l(t)", "η_u(t)", "clip", "x_{t+1}"]
    assert [row[6] for row in rows] == ["-", "-", "upper", "lower", "-", "upper"]
    m, x = 0.0, 0.0
    for row in rows:
        t, g, m_t, free, low, high, after = (float(cell) for cell in row[:6] + row[7:])
        m = 0.5 * m + 0.5 * g
        assert m_t == pytest.approx(m, rel=1e-4)
        x -= min(max(free, low), high) / math.sqrt(t) * m
        assert after == pytest.approx(x, abs=1e-4)


@pytest.mark.parametrize("clip", ["upper", "-", "lower"])
def test_clip_is_what_the_rate_shows(clip, capsys):
    record = json.loads(call(capsys, "--format", "json"))
    rows = [row for row in record["rows"] if row["clip"] == clip]
    assert rows
    for row in rows:
        bound = {"upper": "eta_u(t)", "-": "alpha/sqrt(V_t)", "lower": "eta_l(t)"}[clip]
        assert row["eta_hat_t"] == row[bound]
    assert record["parameters"]["gamma"] == 2


def test_a_constant_that_is_given_replaces_the_examples(capsys):
    def parameters(*args):
        return json.loads(call(capsys, "--format", "json", *args))["parameters"]

    example = parameters()
    assert parameters("--gamma", "0.001") == {**example, "gamma": 0.001}
    assert parameters("--gamma", "paper") == {**example, "gamma": 0.5}
    assert parameters("--final-lr", "0.1", "--cycle", "4") == {**example, "final_lr": 0.1, "C": 4}
    named = parameters("--problem", "reddi-online")
    assert (named["C"], named["beta1"], named["gamma"]) == (101, 0.9, 0.001)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_table_fits_a_terminal(name, capsys):
    for problem in SEQUENCES:
        lines = call(
            capsys, "--optimizer", name, "--problem", problem, "--steps", "60"
        ).splitlines()
        rows = lines[lines.index("") + 1 :]
        assert len(rows[0].split()) <= 8
        assert max(map(len, lines)) <= 80
        if name != "csgd":
            assert rows[0].split()[-1] == "x_{t+1}"


def test_the_formats_hold_the_same_numbers(capsys):
    args = ["--optimizer", "amsbound", "--steps", "4", "--digits", "5", "--all"]

    def plain(cell):
        cell = re.sub(r"\$|\\mathrm\{(.*)\}", r"\1", cell)
        return cell if cell in ("upper", "-", "lower") else float(cell)

    record = json.loads(call(capsys, *args, "--format", "json"))
    expected = [list(row.values()) for row in record["rows"]]
    table = csv.reader(io.StringIO(call(capsys, *args, "--format", "csv")))
    head, *rows = table
    assert head == list(record["rows"][0])
    assert [[plain(cell) for cell in row] for row in rows] == expected
    lines = call(capsys, *args).splitlines()
    assert [
        [plain(cell) for cell in line.split()] for line in lines[lines.index("") + 2 :]
    ] == expected
    lines = call(capsys, *args, "--format", "markdown").splitlines()
    assert lines[0].count("$") == 2 * len(head)
    assert [[plain(c) for c in line[2:-2].split(" | ")] for line in lines[2:]] == expected
    latex = call(capsys, *args, "--format", "latex").splitlines()
    assert latex[0] == r"\begin{tabular}{" + "r" * len(head) + "}"
    assert all(line.count("&") == len(head) - 1 for line in latex[1:-1])


def test_digits(capsys):
    exact = call(capsys, *LUO, "--exact", "--digits", "30", "--format", "csv")
    assert "1.58113883008418966599944677222" in exact
    assert "0.1," in exact  # v_1, no fraction where digits are asked for
    assert "1.6" in call(capsys, *LUO, "--digits", "2").split()


def test_infinite_rates_are_shown(capsys):
    out = call(
        capsys, "--optimizer", "adam", "--problem", "reddi-theorem2", "--exact", "--steps", "2"
    )
    assert out.splitlines()[-1].split()[4:6] == ["inf", "0"]
    record = json.loads(
        call(capsys, "--optimizer", "adam", "--problem", "reddi-theorem2", "--format", "json")
    )
    assert record["rows"][0]["alpha/sqrt(V_t)"] == "inf"


@pytest.mark.parametrize(
    ("args", "named"),
    [
        (["--digits", "0"], "--digits"),
        (["--digits", "many"], "--digits"),
        (["--optimizer", "adabond"], "did you mean 'adabound'"),
        (["--format", "xml"], "unknown format"),
        (["--beta2", "1.5"], "beta2"),
        (["--problem", "luo-theorem1", "--beta1", "0.9"], "--force"),
        (["--final-lr", "0"], "final_lr"),
        (["--exact", "--final-lr", "-1"], "final_lr"),
        (["--exact", "--gamma", "nan"], "gamma"),
        (["--steps", "0"], "--steps"),
        (["--steps", "1e6"], "--steps"),
    ],
)
def test_bad_usage_names_the_option(args, named, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["trace", *args])
    captured = capsys.readouterr()
    assert caught.value.code == 2
    assert named in captured.err
    assert captured.out == ""


# The function


def test_what_it_takes():
    """The same steps, however problem and optimizer are named; exact ones, too."""
    s = setting("luo-theorem1")
    for exact in (False, True):
        expected = problems.trace("luo-theorem1", "adabound(gamma=0.1)", exact=exact).table()
        for problem in (s, SEQUENCES["luo-theorem1"]):
            assert problems.trace(problem, "adabound", gamma=0.1, exact=exact).table() == expected
        kept = AdaBound.as_in_paper(
            lr=s.lr, betas=(s.beta1, s.beta2), final_lr=0.1, gamma=0.1, schedule="inv-sqrt"
        )
        assert problems.trace(s, kept, exact=exact).table() == expected
    assert problems.trace(s, Adam).table() == problems.trace("luo-theorem1", "adam").table()
    assert problems.trace(s.problem, Adam).setting.beta2 == 0.99


def test_the_result(tmp_path, capsys):
    result = problems.trace(optimizer=AMSBound)
    table = result.table()
    assert [row["t"] for row in table] == [1, 2, 3, 4, 5, 6]
    record = json.loads(call(capsys, "--optimizer", "amsbound", "--format", "json"))
    assert record["rows"] == table
    assert record["manifest"]["command"] == "trace"
    assert record == json.loads(str(problems.trace(optimizer="amsbound", format="json")))
    assert str(result) + "\n" == call(capsys, "--optimizer", "amsbound").replace(
        "amsbound on", "AMSBound on"
    )
    left, right = result.plot().axes
    np.testing.assert_array_equal(
        left.lines[0].get_ydata(), [0.0, *(row["x_{t+1}"] for row in table)]
    )
    drawn = {line.get_label(): list(line.get_ydata()) for line in right.lines}
    assert drawn[r"$\eta_u(t)$"] == [row["eta_u(t)"] for row in table]
    assert "<img" in result._repr_html_()
    written = result.save(tmp_path)
    assert [path.suffix for path in written] == [".png", ".svg", ".csv"]
    with written[-1].open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["x_{t+1}"]) for row in rows] == [row["x_{t+1}"] for row in table]


def test_names_of_files():
    assert problems.trace().stem == "trace-reddi-online-adabound"
    stems = {
        problems.trace(**given).stem
        for given in (
            {},
            {"problem": "reddi-online"},
            {"problem": "luo-theorem1"},
            {"gamma": 0.1},
            {"exact": True},
            {"steps": 7},
            {"optimizer": "adabound(eps=0.1)"},
            {"optimizer": "adam"},
        )
    }
    assert len(stems) == 8


OWN = '''
from typing import Any, NamedTuple
import numpy as np
from adabound_np import Box, Optimizer
from adabound_np.schedules import betas_of
from problems.online import LinearProblem, Setting

class State(NamedTuple):
    t: Any
    m: Any
    spread: Any

class Belief(Optimizer):
    """Adam with the spread around m in place of the second moment, without correction."""

    State = State

    def __init__(self, params=None, lr=1e-3, betas=(0.9, 0.999), **shared):
        super().__init__(params, {"lr": lr, "betas": betas}, shared)

    @staticmethod
    def symbols(group):
        return dict(zip(("beta1", "beta2"), betas_of(group)))

    @staticmethod
    def moments(h, s, g, t):
        m = h.beta1 * s.m + (1 - h.beta1) * g
        spread = h.beta2 * s.spread + (1 - h.beta2) * ((g - m) * (g - m))
        return m, State(t, m, spread)

    @staticmethod
    def learning_rate(h, s, t):
        return h.schedule(t) * h.alpha / np.sqrt(s.spread)

class Steps(LinearProblem):
    name, feasible = "steps", Box(-1.0, 1.0)

    def slopes(self, start, stop):
        return np.where(np.arange(start, stop) % 2 == 0, 2.0, -1.0)

    def formula(self):
        return "2x if t is even, else -x"

class Wide(Steps):
    def reveal(self, T):
        return ((t, Line()) for t in range(1, T + 1))

class Line:
    def __call__(self, x):
        return x

    def gradient(self, x):
        return np.ones(2)

def steps(beta1=0.5):
    return Setting(Steps(), beta1=beta1, beta2=0.75, lr=0.5, x1=0.25)
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "trace_own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return ("--problem", "trace_own:steps", "--optimizer", "trace_own:Belief")


def test_your_own_by_name(own, capsys):
    """Its state has columns, in floats and in fractions."""
    assert "Belief on trace_own:steps: 2x if t is even, else -x" in call(capsys, *own)
    rows = exact_rows(capsys, *own, "--steps", "2")
    assert rows["m_t"] == ["-1/2", "3/4"]
    assert rows["spread_t"] == ["1/16", "7/16"]  # 3/4 * 1/16 + 1/4 * (2 - 3/4)^2 = 28/64
    assert rows["alpha/sqrt(V_t)"][0] == "2"
    assert rows["x_hat_{t+1}"][0] == "5/4"
    assert rows["x_{t+1}"][0] == "1"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--optimizer", "trace_own:Nothing"], "module trace_own has no 'Nothing'"),
        (["--optimizer", "trace_own:Steps"], "Steps must be a class derived from adabound_np.Op"),
        (["--problem", "trace_own:Belief"], "must be a problem"),
        (["--problem", "trace_own:steps", "--cycle", "3"], "C must not be given for"),
        (["--problem", "trace_own:Wide"], "problem steps must have gradients of x's shape (), got"),
        (["--problem", "nowhere:steps"], "module nowhere of 'nowhere:steps' cannot be imported"),
    ],
)
def test_your_own_refused(own, args, message, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["trace", *args])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert message in captured.err.splitlines()[-1]
    assert captured.out == ""


def test_a_problem_of_several_variables_is_refused():
    class Two:
        feasible = Box(np.zeros(2), np.ones(2))
        comparator = best_losses = None

        def reveal(self, T):
            return ((t, self) for t in range(1, T + 1))

        def gradient(self, x):
            return x

    with pytest.raises(ValueError, match=r"must be in one variable, got x1 of shape \(2,\)"):
        problems.trace(Two(), "adam")


fractions = st.fractions(min_value=-1000, max_value=1000, max_denominator=10**6)


@given(fractions, fractions)
def test_exact_numbers_compute_as_fractions(a, b):
    x, y = Exact(a), Exact(b)
    assert (x + y).value == a + b
    assert (x - y).value == a - b
    assert (x * y).value == a * b
    assert (-x).value == -a
    assert (x < y, x <= y, x > y, x >= y, x == y) == (a < b, a <= b, a > b, a >= b, a == b)
    assert np.maximum(x, y).value == max(a, b)
    if b:
        assert (x / y).value == a / b
    assert (abs(x) * abs(x)).sqrt().value == abs(a)
    assert np.clip(x, Exact(-1), Exact(1)).value == min(max(a, -1), 1)


@given(fractions)
def test_a_root_is_right_to_50_digits(a):
    square = Exact(abs(a)).sqrt() ** 2
    with localcontext(prec=60):
        assert abs(F(square.value) - abs(a)) <= abs(a) * F(10) ** (2 - DIGITS)


def test_exact_numbers_meet_floats():
    assert (Exact("0.1") + 0.5).value == F(3, 5)
    assert Exact("0.1") * math.inf == math.inf
    assert math.isnan(Exact(0) / 0)
    assert Exact(-1) / 0 == -math.inf
    assert Exact(1) < math.inf
    assert (Exact(4) ** 0.5).value == 2
    assert (Exact(2) ** Exact(-2)).value == F(1, 4)
    assert list(range(Exact(3))) == [0, 1, 2]
    assert exactly(0.1).value == F(1, 10)
    assert exactly(math.inf) == math.inf


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_exact_numbers_are_finite(value):
    with pytest.raises(ValueError, match="finite"):
        Exact(value)


def test_exact_numbers_are_numbers():
    with pytest.raises(TypeError, match="finite number"):
        Exact([1])
    with pytest.raises(TypeError):
        Exact(1) + "1"
    with pytest.raises(ValueError, match="root"):
        Exact(-1).sqrt()
    with pytest.raises(TypeError, match="whole"):
        range(Exact("1/2"))
