"""The explorer's JavaScript computes what the Python that it is translated from computes."""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

import problems
from adabound_np import (
    Constant,
    Geometric,
    Harmonic,
    InverseTime,
    InvSqrt,
    OneMinusInverse,
)
from adabound_np.schedules import Scaled
from problems.explorer.module import FUNCTIONS, SEEDS, SEQUENCES, module
from problems.forms import on, released
from problems.online import protocol
from problems.online.functions import Rescaled
from problems.online.protocol import constrained, play
from problems.online.sequences import setting
from problems.online.setting import around
from problems.optimizers import OPTIMIZERS, takes
from problems.reading.javascript_names import literal
from tests.site.javascript import numbers, run_javascript  # noqa: F401

ROOT = Path(__file__).parents[2]
CONVEX = [*SEQUENCES, "quadratic", "quadratic-2d"]

#: x_2, ..., x_{T+1}, R_1, ..., R_T and eta_1, ..., eta_T of a run, one coordinate after the other.
RUNS = """
return jobs.map(([name, p]) => {
  const run = new m.Run(name, p), x = [], R = [], eta = [];
  while (run.t < p.T) { run.step(); x.push(run.x); R.push(run.regret); eta.push(run.rate()); }
  return [x.flat(), R, eta.flat()].map(bytes);
});
"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("explorer") / "m.mjs"
    file.write_text(translated().exported(), encoding="utf-8")
    return file


def constants(problem, form, **changed):
    """A setting of the page."""
    own = {"alpha": 0.5, "beta1": 0.9, "beta2": 0.99, "C": 5.0, "K": 300, "condition": 25.0}
    return {
        **own,
        **{"final_lr": 0.1, "gamma": 1e-3, "scale": 1.0, "seed": 3, "T": 1000},
        **{"problem": problem, "form": form, **changed},
    }


def in_python(name, p):
    """x, R_t and eta_t of the same run in Python."""
    bounds = {key: p[key] for key in ("final_lr", "gamma")}
    if p["problem"] in SEQUENCES:
        wanted = {"beta1": p["beta1"], "beta2": p["beta2"], "lr": p["alpha"], "force": True}
        wanted |= {"C": p["C"]} if "C" in SEQUENCES[p["problem"]] else {}
        wanted |= {"K": p["K"]} if p["problem"] == "savarese" else {}
        s = setting(p["problem"], seed=p["seed"], **wanted)
        problem, x1 = Rescaled(s.problem, p["scale"]), s.x1
    else:
        cls, fields = FUNCTIONS[p["problem"]]
        problem = cls(**{field: p[field] for field in fields})
        x1 = np.array(cls.start) if len(cls.start) > 1 else cls.start[0]
        s = around(problem, beta1=p["beta1"], beta2=p["beta2"], lr=p["alpha"], x1=x1)
    if p["form"] == "paper":
        optimizer = on(s, name, **bounds)
    else:
        given = {key: p[key] for key in ("beta1", "beta2", *bounds) if key in takes(name)}
        optimizer = released(name, lr=p["alpha"], **given)
        if s.bounds is not None and "bounds" in optimizer.defaults:
            optimizer = type(optimizer)(None, **{**optimizer.defaults, "bounds": s.bounds})
    optimizer = constrained(problem, optimizer)
    xs, losses, etas = [], [], []
    for _, f_t, x, after, state in play(problem, optimizer, p["T"], x1):
        losses.append(f_t(x))
        xs.append(after)
        etas.append(optimizer.rate(optimizer.hyper, state))
    regret = np.cumsum(losses) - problem.best_losses(p["T"])
    return np.ravel(xs), regret, np.ravel(etas), problem


def both(run, path, jobs, specs=None):
    """x, R and eta in JavaScript and in Python, and the problem, of each (name, setting)."""
    found = run(path, f"const jobs = {json.dumps(jobs)};{RUNS}")
    for (name, p), texts in zip(jobs, found, strict=True):
        *python, problem = in_python((specs or {}).get(name, name), p)
        yield name, p, [numbers(text) for text in texts], python, problem


def papers_own(problem):
    """Constants of the problem's own setting."""
    s = setting(problem)
    C = {"C": s.problem.C} if hasattr(s.problem, "C") else {}
    return {**C, "beta1": s.beta1, "beta2": s.beta2, "alpha": s.lr}


@pytest.mark.parametrize("problem", SEQUENCES)
@pytest.mark.parametrize("T", [100, pytest.param(20_000, marks=pytest.mark.slow)])
def test_in_the_papers_form_sequences_are_bit_identical(run_javascript, path, problem, T):  # noqa: F811
    own = {**papers_own(problem), "T": T}
    settings = (own, {**own, "scale": 1000.0, "beta1": 0.9})
    jobs = [(name, constants(problem, "paper", **p)) for name in OPTIMIZERS for p in settings]
    for name, p, javascript, python, _ in both(run_javascript, path, jobs):
        for what, ours, theirs in zip(("x", "R", "eta"), python, javascript, strict=True):
            assert np.array_equal(ours, theirs), (name, what, p)


@pytest.mark.parametrize("problem", CONVEX)
@pytest.mark.parametrize("T", [100, pytest.param(5000, marks=pytest.mark.slow)])
def test_in_the_released_form_convex_runs_agree(run_javascript, path, problem, T):  # noqa: F811
    worst_x = worst_R = 0.0
    jobs = [(name, constants(problem, "released", alpha=0.01, T=T)) for name in OPTIMIZERS]
    for _, _, (x, R, _), (x_python, R_python, _), _ in both(run_javascript, path, jobs):
        worst_x = max(worst_x, np.max(np.abs(x - x_python)))
        worst_R = max(worst_R, np.max(np.abs(R - R_python) / np.maximum(np.abs(R_python), 1e-3)))
    print(f"{problem}: largest difference in x {worst_x:.1e}, in R {worst_R:.1e} of R")
    assert worst_x <= 1e-9
    assert worst_R <= 1e-9


STEPS = """
return jobs.map(([name, p, cases]) => cases.map(({ t, x, g, s }) => {
  const run = new m.Run(name, p), { cls, h } = run, fields = cls.State.fields.slice(1);
  const state = (k) => new cls.State(t - 1, ...s.map((array) => array[k]));
  const after = x.map((value, k) => cls.advance(h, value, g[k], state(k)));
  return bytes(after.flatMap(([x, s]) => [x, ...fields.map((field) => s[field])]));
}));
"""


@pytest.mark.parametrize("problem", [*CONVEX, "rosenbrock"])
@pytest.mark.parametrize("form", ["paper", "released"])
def test_one_step_from_pythons_state_is_within_4_ulp(run_javascript, path, problem, form):  # noqa: F811
    p = constants(problem, form, alpha=1e-4 if problem == "rosenbrock" else 0.01, T=102)
    jobs, expected = [], []
    for name in OPTIMIZERS:
        cases = []
        for t, x, state, g, after, next_state in steps_of(name, p):
            s = [np.ravel(a).tolist() for a in state[1:]]
            cases.append({"t": t, "x": np.ravel(x).tolist(), "g": np.ravel(g).tolist(), "s": s})
            parts = np.array([np.ravel(after), *map(np.ravel, next_state[1:])])
            sizes = np.abs(parts)
            sizes[0] = np.maximum(sizes[0], np.abs(np.ravel(x)))  # x_t - eta_t m_t may cancel
            expected.append((parts.T.ravel(), sizes.T.ravel()))
        jobs.append((name, p, cases))
    found = run_javascript(path, f"const jobs = {json.dumps(jobs)};{STEPS}")
    largest = 0.0
    for text, (python, size) in zip(chain.from_iterable(found), expected, strict=True):
        ulp = np.abs(numbers(text) - python) / np.spacing(np.maximum(size, 1e-300))
        largest = max(largest, np.max(ulp))
    print(f"{problem}, {form}: at most {largest:g} ulp")
    assert largest <= 4


def steps_of(name, p):
    """Some steps of a run in Python: t, x_t, the state before it, g_t, and what follows."""
    chosen = {1, 2, 3, 10, 30, 100, 101, 102}
    kept, original = [], protocol.Optimizer.update

    def update(self, x, g, s):
        after, state = original(self, x, g, s)
        if s.t + 1 in chosen:
            kept.append((s.t + 1, x, s, g, after, state))
        return after, state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocol.Optimizer, "update", update)
        in_python(name, p)
    return kept


SCHEDULES = [
    *(InvSqrt(), Constant(0.9), InverseTime(0.5), Geometric(0.9, 0.99), Harmonic(0.9)),
    *(OneMinusInverse(), Scaled(0.5, InvSqrt())),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: type(schedule).__name__)
def test_schedules_and_their_products_agree(run_javascript, path, schedule):  # noqa: F811
    made = literal(schedule, lambda cls: f"m.plain.classes.{cls.__name__}")
    body = f"""
    const s = {made}, steps = Array.from({{ length: 60 }}, (_, k) => k + 1);
    return [steps.map((t) => s.__call__(t)), steps.map((t) => s.product(t))].map(bytes);"""
    values, products = map(numbers, run_javascript(path, body))
    steps = range(1, 61)
    np.testing.assert_allclose(values, [schedule(t) for t in steps], rtol=1e-15)
    np.testing.assert_allclose(products, [schedule.product(t) for t in steps], rtol=1e-13)


PADAM = '''
from adabound_np import Adam


class Padam(Adam):
    """Adam with v_t to the power p, and names that JavaScript keeps for itself."""

    @staticmethod
    def learning_rate(h, s, t):
        new, number, p = s.v, h.alpha, 0.25
        return h.schedule(t) * (number / (new**p + h.eps))
'''


def test_an_optimizer_of_ones_own_runs_too(run_javascript, tmp_path, monkeypatch):  # noqa: F811
    (tmp_path / "own_padam.py").write_text(PADAM, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    path = tmp_path / "m.mjs"
    path.write_text(module(["own_padam:Padam", "adam"]).exported(), encoding="utf-8")
    p = constants("reddi-theorem1", "paper", T=50)
    ((_, _, (x, _, _), (x_python, _, _), _),) = both(
        run_javascript, path, [("Padam", p)], {"Padam": "own_padam:Padam"}
    )
    np.testing.assert_allclose(x, x_python, rtol=1e-12)


def test_draws_are_numpys(run_javascript, path):  # noqa: F811
    body = """
    return Array.from({ length: SEEDS }, (_, seed) => {
      const made = m.plain.problems["reddi-stochastic"].make({ seed, scale: 1 });
      return bytes(Array.from({ length: 3000 }, (_, k) => made.slopes(k + 1, k + 2)));
    });
    """.replace("SEEDS", str(SEEDS))
    for seed, text in enumerate(run_javascript(path, body)):
        wanted = setting("reddi-stochastic", seed=seed).problem.slopes(1, 3001)
        assert np.array_equal(numbers(text), wanted)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_stepper_shows_what_trace_shows(run_javascript, path, name):  # noqa: F811
    given = {"C": 3.0, "beta1": 0.5, "beta2": 0.5, "final_lr": 0.03, "gamma": 2.0}
    rows = problems.trace("reddi-online", name, **given).table()
    p = constants("reddi-online", "paper", **given)
    body = f"""
    return [1, 2, 3, 4, 5, 6].map((t) => {{
      const {{ row, lines }} = m.box({json.dumps(name)}, {json.dumps(p)}, t);
      return [m.DATA.optimizers[{json.dumps(name)}].columns.map((key) => row[key]), lines];
    }});"""
    for row, (shown, lines) in zip(rows, run_javascript(path, body), strict=True):
        assert list(row.values()) == [float("inf") if v is None else v for v in shown]
        last = lines[-1]
        assert last["value"] == row["x_{t+1}"]
        clips = [line["clipped"] for line in lines if "\\eta_l" in latex_of(line)]
        assert clips == ([row["clip"].replace("-", "")] if "clip" in row else [])


@cache
def translated():
    return module()


def latex_of(line):
    equation = translated().equations[line["number"]]
    return equation.latex if "\\hat{\\eta}" in equation.latex else ""


def test_a_changed_sign_changes_the_module_and_fails_the_comparison(run_javascript, path, tmp_path):  # noqa: F811
    for package in ("adabound_np", "problems", "autograd_lite"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    file = tmp_path / "adabound_np/adabound.py"
    text = file.read_text(encoding="utf-8")
    line = "m = beta1 * s.m + (1 - beta1) * g"
    assert text.count(line) == 1
    file.write_text(text.replace(line, line.replace("+", "-")), encoding="utf-8")
    changed = tmp_path / "changed.mjs"
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-P" if sys.version_info >= (3, 11) else "-s", "-m", "problems"]
    subprocess.run(
        [*command, "explore", "--module", str(changed)], cwd=tmp_path, env=env, check=True
    )
    assert changed.read_bytes() != path.read_bytes()
    p = constants("reddi-theorem1", "paper", beta1=0.5, T=20)
    ((_, _, (x, _, _), (x_python, _, _), _),) = both(run_javascript, changed, [("adabound", p)])
    assert not np.allclose(x, x_python)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"alpha": 0}, "lr must be in (0, inf), got 0"),
        ({"beta1": 1.5}, "betas[0] must be in [0, 1), got 1.5"),
        ({"beta2": 1}, "betas[1] must be in [0, 1), got 1"),
        ({"final_lr": -1}, "final_lr must be in (0, inf), got -1"),
        ({"gamma": 0}, "gamma must be in (0, inf], got 0"),
        ({"C": 0}, "C must be in (0, inf), got 0"),
        ({"C": "x"}, "C must be a real number, got 'x'"),
    ],
)
def test_bad_constants_are_refused_as_in_python(run_javascript, path, changed, message):  # noqa: F811
    p = constants("reddi-theorem1", "paper", **changed)
    made = f"new m.Run('adabound', {json.dumps(p)})"
    body = f"try {{ {made}; }} catch (error) {{ return error.message; }}"
    assert run_javascript(path, body) == message
