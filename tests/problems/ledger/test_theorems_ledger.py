"""The ledger: its entries, its sums and bounds, the command, the page."""

import importlib.util
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import problems
from adabound_np import AdaBound, AdamNC, AMSBound, AMSGrad, Constant, DynamicBounds, Geometric
from problems.cli import main
from problems.ledger import LEDGER, Outcome, Result, bounds
from problems.ledger.entry import shown
from problems.ledger.figures import FIGURES, margin, overview_figure, theorem_figure
from problems.ledger.rounds import follow, rounds
from problems.online import reddi_online, setting
from problems.online.losses import vector_problem
from problems.online.setting import Condition
from tests.problems.ledger.outcomes import SMALL

ROOT = Path(__file__).resolve().parents[3]
IDS = [
    "reddi-1",
    "reddi-2",
    "reddi-3",
    "reddi-4",
    "reddi-5",
    "reddi-6",
    "reddi-gamma",
    "luo-1",
    "luo-2",
    "luo-3",
    "luo-4",
    "luo-5",
    "luo-corollary",
    "savarese-2",
    "savarese-claim-1",
    "savarese-3",
    "savarese-prop-1",
    "savarese-cor-2",
    "wilson-lemma",
    "first-step-safety",
    "clip-homogeneity",
    "stability-threshold",
]
KEYS = [
    "id",
    "claim",
    "source",
    "assumptions",
    "parameters",
    "steps",
    "measured",
    "bound",
    "verdict",
    "seconds",
]


# -- Entries ------------------------------------------------------------------------------------


def test_the_ledger_is_complete():
    assert list(LEDGER) == IDS
    assert [name for name, entry in LEDGER.items() if entry.refuted] == ["luo-4", "luo-5"]
    for entry in LEDGER.values():
        assert entry.code
        assert all((ROOT / path).is_file() for path in entry.code)
        assert len(entry.claim) <= 100
        assert "\n" not in entry.claim
        assert entry.latex.count("{") == entry.latex.count("}")


def outcome(measured=1.0, bound=2.0, relation="<=", assumed=True, fact=True):
    return Outcome(
        (Condition("a", assumed),), {}, 1, "q", measured, bound, relation, (Condition("f", fact),)
    )


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({}, "holds"),
        ({"measured": 2.0}, "holds"),
        ({"measured": 2.1}, "refuted"),
        ({"measured": math.nan}, "refuted"),
        ({"measured": 2.1, "relation": ">="}, "holds"),
        ({"measured": 1.9, "relation": ">="}, "refuted"),
        ({"measured": 2 + 1e-10, "relation": "="}, "holds"),
        ({"measured": 2 + 1e-8, "relation": "="}, "refuted"),
        ({"fact": False}, "refuted"),
        ({"assumed": False}, "not-applicable"),
        ({"assumed": False, "measured": 3.0}, "not-applicable"),
    ],
)
def test_the_verdict_rule(given, verdict):
    assert outcome(**given).verdict == verdict


def test_both_bounds_clip_in_the_homogeneity_run():
    lower, upper = LEDGER["clip-homogeneity"].run(quick=True).outcome.curves["clipped"]
    assert lower > 0
    assert upper > 0


def test_numbers_of_the_paper():
    """What the papers and independent computations say of the defaults."""
    safety = LEDGER["first-step-safety"].run().outcome
    assert safety.parameters["eta_u(1)"] == pytest.approx(100.1)
    assert safety.bound == pytest.approx(0.1998, abs=5e-5)
    assert safety.curves["ratio"][0] == pytest.approx(81.18, abs=5e-3)
    assert safety.curves["reach"][0] == pytest.approx(3.159e-4, rel=1e-3)
    assert LEDGER["reddi-3"].experiment(seeds=10, T=10).parameters["C"] == 64


def test_the_spread_of_the_papers_bounds_is_known():
    r"""t/\\eta_l(t) - (t-1)/\\eta_u(t-1) = 1 + 1/gamma + s/(gamma s + 1), s = t - 1: it rises."""
    curves = LEDGER["savarese-prop-1"].experiment(T=1001).curves
    gamma = curves["gamma"]
    np.testing.assert_allclose(
        curves["measured"], 1 + 1 / gamma + 1000 / (1000 * gamma + 1), rtol=1e-8
    )


def test_the_drift_turns_negative_as_c_falls():
    curves = LEDGER["reddi-3"].experiment(seeds=300, T=50, along=(2.0, 64.0), along_T=500).curves
    assert curves["high"][0] < 0 < curves["low"][1]


# -- Sums and bounds ----------------------------------------------------------------------------


def by_hand(problem, opt, T, x1):
    """t, g, x, 1/eta of each step, from the pure layer."""
    x = np.asarray(x1, dtype=float)
    s, rows = opt.init(x), []
    for t, f in problem.reveal(T):
        g = np.asarray(f.gradient(x), dtype=float)
        x_next, s = opt.update(x, g, s)
        with np.errstate(divide="ignore"):
            eta = np.broadcast_to(opt.learning_rate(opt.hyper, s, t), x.shape)
        rows.append((t, g.reshape(-1), x.reshape(-1), eta.reshape(-1)))
        x = x_next
    return [np.array(part) for part in zip(*rows, strict=True)]


OPTIMIZERS = [
    lambda F: AMSGrad.as_in_paper(lr=0.5, betas=(Geometric(0.5, 0.9), 0.9), feasible=F),
    lambda F: AdamNC.as_in_paper(lr=0.5, feasible=F),
    lambda F: AdaBound.as_in_paper(lr=0.5, betas=(0.9, 0.99), gamma=0.1, feasible=F),
    lambda F: AMSBound.as_in_paper(lr=0.5, betas=(Constant(0.3), 0.9), feasible=F),
]


@pytest.mark.parametrize("make_it", OPTIMIZERS)
@pytest.mark.parametrize("name", ["reddi-online", "reddi-theorem2", "vectors"])
def test_sums_by_their_definitions(make_it, name, monkeypatch):
    """Both engines, across chunks, against loops over the papers' formulas."""
    monkeypatch.setattr("problems.ledger.rounds.CHUNK", (3, 7))
    T = 300
    if name == "vectors":
        problem, x1 = vector_problem("quadratic", T=T, d=3), np.zeros(3)
    else:
        s = setting(name, beta1=0.0, beta2=0.5) if name != "reddi-online" else reddi_online()
        problem, x1 = s.problem, s.x1
    opt = make_it(problem.feasible)
    t, g, x, eta = by_hand(problem, opt, T, x1)
    played = [np.concatenate(part) for part in zip(*rounds(problem, opt, T, x1), strict=True)]
    for got, expected in zip(played, (t, g, x, eta), strict=False):
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
    kept = {}
    course = follow(
        problem,
        opt,
        T,
        x1,
        {"b": lambda s: s.t * 0.0 + 1e9},
        {
            "p": lambda r, s: (
                kept.update({int(a): row for a, *row in zip(s.t, *s[1:], strict=True)}) or True
            )
        },
    )
    beta1, inverse = np.broadcast_to(opt.hyper.beta1(t.astype(float)), T), 1 / eta
    norms = np.sqrt(np.cumsum(g**2, axis=0))
    with np.errstate(invalid="ignore"):  # 0 times an infinite rate
        zeta = np.where(norms > 0, norms * eta, 0)
    h = opt.hyper
    M = -np.inf
    for i in range(T):
        if hasattr(h, "eta_l"):
            last = i / h.eta_u(i) if i else 0.0
            M = max(M, (i + 1) / h.eta_l(i + 1) - last)
        expected = [
            inverse[i].sum(),
            inverse[0].sum(),
            (beta1[: i + 1, None] * inverse[: i + 1]).sum(),
            norms[i].sum(),
            zeta[: i + 1].max(),
            None,
            M if hasattr(h, "eta_l") else 0.0,
            np.sqrt((g[: i + 1] ** 2).sum(axis=1)).max(),
            np.abs(g[: i + 1]).max(),
        ]
        for got, wanted in zip(kept[i + 1], expected, strict=True):
            if wanted is not None:
                assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12)
        if i and np.all(inverse[i] > 0):
            rise = ((inverse[i] - inverse[i - 1]) / inverse[i]).min()
            assert kept[i + 1][5] == pytest.approx(rise, abs=1e-9)
    assert course.kept == {"p": True}
    np.testing.assert_allclose(course.x, x[-1], atol=1e-12)


def test_bounds_term_by_term():
    """Each formula against the paper's own symbols, spelled out."""
    T, d, D, alpha, b1, b2, lam = 50, 3, 3.0, 0.5, 0.5, 0.9, 0.9
    problem = vector_problem("linear", T=T, d=d)
    t = np.arange(1, T + 1)

    def last(opt, names):
        course = follow(problem, opt, T, np.zeros(d), {})
        assert names
        return course.sums, by_hand(problem, opt, T, np.zeros(d))[1]

    opt = AMSGrad.as_in_paper(lr=alpha, betas=(Geometric(b1, lam), b2), feasible=problem.feasible)
    sums, g = last(opt, "amsgrad")
    v = np.zeros(d)
    v_hat = []
    for g_t in g:
        v = b2 * v + (1 - b2) * g_t**2
        v_hat.append(np.maximum(v, v_hat[-1]) if v_hat else v)
    root = np.sqrt(v_hat)
    norms, alpha_t = np.linalg.norm(g, axis=0).sum(), alpha / np.sqrt(t)
    beta1_t = b1 * lam ** (t - 1.0)
    momentum = D**2 / (1 - b1) ** 2 * (beta1_t[:, None] * root / alpha_t[:, None]).sum()
    gradients = (
        alpha
        * math.sqrt(1 + math.log(T))
        / ((1 - b1) ** 2 * (1 - b1 / math.sqrt(b2)) * math.sqrt(1 - b2))
        * norms
    )
    expected = D**2 * math.sqrt(T) / (alpha * (1 - b1)) * root[-1].sum() + momentum + gradients
    assert bounds.amsgrad_bound(sums, D, alpha, b1, b2)[0] == pytest.approx(expected)

    nc = AdamNC.as_in_paper(
        lr=alpha, betas=(Geometric(b1, lam), lambda t: 1 - 1 / t), feasible=problem.feasible
    )
    sums, g = last(nc, "adamnc")
    v = np.cumsum(g**2, axis=0) / t[:, None]
    momentum = D**2 / (1 - b1) ** 2 * (beta1_t[:, None] * np.sqrt(v) / alpha_t[:, None]).sum()
    first = D**2 / (2 * alpha * (1 - b1)) * math.sqrt(T) * np.sqrt(v[-1]).sum()
    expected = first + momentum + 2 * alpha / (1 - b1) ** 3 * norms
    assert bounds.adamnc_bound(sums, D, b1, alpha)[0] == pytest.approx(expected)
    corollary = (D**2 / (2 * alpha * (1 - b1)) + 2 * alpha / (1 - b1) ** 3) * norms
    corollary += d * b1 * D**2 * 7.0 / (alpha * (1 - b1) ** 2 * (1 - lam) ** 2)
    assert bounds.adamnc_corollary_bound(sums, d, D, alpha, b1, lam, 7.0)[0] == pytest.approx(
        corollary
    )

    family = DynamicBounds(1.0, 0.5)
    bounded = AdaBound.as_in_paper(
        lr=alpha, betas=(Geometric(b1, lam), b2), bounds=family, feasible=problem.feasible
    )
    sums, g = last(bounded, "adabound")
    v, eta_hat = np.zeros(d), []
    for i, g_t in zip(t, g, strict=True):
        v = b2 * v + (1 - b2) * g_t**2
        eta_hat.append(np.clip(alpha / np.sqrt(v), family.eta_l(i), family.eta_u(i)))
    eta = np.array(eta_hat) / np.sqrt(t)[:, None]
    R_inf, G_2 = family.eta_u(1), 11.0
    rates = (2 * math.sqrt(T) - 1) * R_inf * G_2**2 / (1 - b1)
    weighted = (beta1_t[:, None] / eta).sum()
    published = D**2 * math.sqrt(T) / (2 * (1 - b1)) * (1 / eta_hat[-1]).sum()
    published += D**2 / (2 * (1 - b1)) * weighted + rates
    assert bounds.luo_bound(sums, D, G_2, R_inf, b1)[0] == pytest.approx(published)
    M = max(i / family.eta_l(i) - ((i - 1) / family.eta_u(i - 1) if i > 1 else 0) for i in t)
    repaired = 2 * d * M * (math.sqrt(T) - 1) + (1 / eta[0]).sum() + weighted
    repaired = D**2 / (2 * (1 - b1)) * repaired + rates
    assert bounds.savarese_bound(sums, d, D, G_2, R_inf, b1)[0] == pytest.approx(repaired)
    simple = 5 * math.sqrt(T) / (1 - b1) * (1 + 1 / 0.5) * (d * D**2 + G_2**2)
    assert bounds.savarese_corollary_bound(sums, d, D, G_2, b1, 0.5)[0] == pytest.approx(simple)


# -- The command --------------------------------------------------------------------------------


def test_the_command_prints_and_draws(tmp_path, capsys):
    assert (
        main(["theorems", "--id", "savarese-prop-1,reddi-1", "--quick", "--out", str(tmp_path)])
        == 0
    )
    out = capsys.readouterr().out
    for text in (
        "[Sav19] Proposition 1",
        "assumes   alpha* = 1 (it is 1)",
        "verdict   holds",
        "x_{3k+1} == 1 at every one of 100,000 block starts",
    ):
        assert text in out
    assert re.search(r"^reddi-1 +\[Reddi18\] Theorem 1 +200,200 >= 200,000 +holds$", out, re.M)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "index.html",
        "theorem-overview.png",
        "theorem-overview.svg",
        "theorem-reddi-1.png",
        "theorem-reddi-1.svg",
        "theorem-savarese-prop-1.png",
        "theorem-savarese-prop-1.svg",
    ]


@pytest.mark.usefixtures("undrawn")
def test_the_json(tmp_path, capsys):
    names = "luo-5,clip-homogeneity,first-step-safety"
    assert main(["theorems", "--id", names, "--quick", "--json", "--out", str(tmp_path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result) == ["results", "manifest", "written"]
    assert result["manifest"]["command"] == "theorems"
    records = result["results"]
    assert [list(record) for record in records] == [KEYS] * 3
    assert [record["id"] for record in records] == names.split(",")
    assert [record["verdict"] for record in records] == ["refuted", "holds", "holds"]
    assert records[0]["measured"] > records[0]["bound"] > 0
    assert records[0]["steps"] == 200_000
    assert all(assumed["holds"] is True for r in records for assumed in r["assumptions"])
    assert records[0]["parameters"]["K"] == 10_000
    assert all(record["seconds"] > 0 for record in records)


def test_the_function(tmp_path):
    """The same in Python: rows, a figure where the ledger has one, files, plain values, HTML."""
    result = problems.theorems(["luo-3", "savarese-prop-1"], quick=True)
    assert [row["verdict"] for row in result.table()] == [
        result.results[name].outcome.verdict for name in ("luo-3", "savarese-prop-1")
    ]
    assert str(result).endswith(result.text().splitlines()[-1])
    assert result.failure == ""
    assert result.plot().get_suptitle() == "The theorems of the papers, executed"
    drawn = result.figures()["-savarese-prop-1"]
    assert drawn.get_suptitle().startswith("[Sav19] Proposition 1")
    assert [p.name for p in result.save(tmp_path / "new")] == [
        "theorem-overview.png",
        "theorem-overview.svg",
        "theorem-savarese-prop-1.png",
        "theorem-savarese-prop-1.svg",
    ]
    assert [r["id"] for r in result.to_dict()["results"]] == ["luo-3", "savarese-prop-1"]
    assert "<td>savarese-prop-1</td>" in result._repr_html_()
    with pytest.raises(ValueError, match="theorems has nothing to draw here"):
        problems.theorems("luo-3", quick=True).plot()
    with pytest.raises(ValueError, match="unknown theorem 'luo-33'; did you mean"):
        problems.theorems("luo-33")
    with pytest.raises(ValueError, match="ids must name at least one theorem"):
        problems.theorems([])


def test_bad_usage(tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["theorems", "--id", "luo-6", "--out", str(tmp_path)])
    assert exit_.value.code == 2
    assert "unknown theorem 'luo-6'; did you mean" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    with pytest.raises(SystemExit) as exit_:
        main(["theorems", "--id", "reddi-1", "--out", str(tmp_path / "file")])
    assert exit_.value.code == 2


def test_an_unexpected_verdict_is_an_error(tmp_path, capsys, monkeypatch):
    entry = LEDGER["clip-homogeneity"]
    spoiled = {**vars(entry), "quick": {"scale_bounds": False}}
    monkeypatch.setitem(LEDGER, "clip-homogeneity", type(entry)(**spoiled))
    arguments = ["theorems", "--id", "clip-homogeneity", "--quick", "--out", str(tmp_path)]
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert "not the expected verdict: clip-homogeneity" in captured.err
    assert "DOES NOT HOLD" in captured.out


#: Runs that are short, and show what the figure is about.
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_shows_its_verdict(name):
    result = Result(LEDGER[name], LEDGER[name].experiment(**SMALL[name]), 0.0)
    figure = theorem_figure(result)
    assert f"({result.outcome.verdict})" in figure.get_suptitle()
    axes = figure.axes[0]
    assert axes.get_xlabel()
    assert axes.get_ylabel()
    assert sum(len(line.get_xdata()) > 1 for line in axes.lines) >= 2


# -- The page -----------------------------------------------------------------------------------


def page_module():
    spec = importlib.util.spec_from_file_location("theorems_page", ROOT / "docs" / "theorems.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_says_what_the_ledger_says():
    """Statements, errata, links and verdicts; the numbers are the slow test's."""
    text, module = (ROOT / "docs" / "theorems.md").read_text(), page_module()
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##)", text, re.M | re.S))
    assert list(sections) == IDS
    for name, entry in LEDGER.items():
        assert module.statement(entry) in text
        assert f"- Verdict: **{entry.expected}**" in sections[name]
        figure = f"figures/theorem-{name}.png"
        assert (figure in sections[name]) == (name in FIGURES)
        assert (ROOT / "docs" / figure).is_file() == (name in FIGURES)
    assert module.wrapped(module.HEAD) in text


@pytest.mark.slow
def test_the_page_is_up_to_date():
    module = page_module()
    results = [entry.run() for entry in LEDGER.values()]
    assert module.page(results) == (ROOT / "docs" / "theorems.md").read_text()
    assert not [
        stem for stem, figure in module.drawn(results).items() if module.outdated(stem, figure)
    ]


def test_shown():
    assert [shown(x) for x in (0.0, 1234567.0, 3.9e13, 0.12345, 1e-9, 99999.0)] == [
        "0",
        "1,235,000",
        "3.9e+13",
        "0.1235",
        "1e-09",
        "100,000",
    ]


@pytest.mark.parametrize(
    ("measured", "relation", "bound", "decades"),
    [
        (10.0, "<=", 1000.0, 2.0),
        (1000.0, "<=", 10.0, -2.0),
        (1000.0, ">=", 10.0, 2.0),
        (10.0, ">=", 1000.0, -2.0),
        (0.0, "<=", 1.0, np.nan),
        (1e-16, "<=", 1e-9, np.nan),
        (1.0, "=", 1.0, np.nan),
    ],
)
def test_the_overview_says_how_far_a_value_is_from_its_bound(measured, relation, bound, decades):
    outcome = Outcome((), {}, 1, "R_T", measured, bound, relation)
    np.testing.assert_allclose(margin(outcome), decades)


def test_the_overview_has_each_claim_with_its_verdict():
    first = LEDGER["luo-1"]
    good = Outcome((), {}, 1, "R_T", 1.0, 10.0)
    results = [Result(first, good, 0.0), Result(first, replace(good, measured=100.0), 0.0)]
    axes = overview_figure(results).axes[0]
    assert [text.get_text() for text in axes.texts] == ["holds", "refuted"]
    marks = [line.get_xdata()[0] for line in axes.lines if line.get_marker() in ("o", "X")]
    np.testing.assert_allclose(marks, [1, -1])
