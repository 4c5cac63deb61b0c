"""What is translated to JavaScript, and what is refused; tests/site runs what is translated."""

import re
from importlib import import_module

import pytest

import problems
from adabound_np import Adam, StepDecay
from adabound_np.schedules import FromCallable
from problems.reading.javascript import translate
from problems.reading.javascript_expressions import UntranslatableError

OWN = """from dataclasses import dataclass
import numpy as np
from adabound_np import Adam


class Own(Adam):
    @staticmethod
    def learning_rate(h, s, t):
        {line}
        return eta


@dataclass
class Data:
    value: float

    def __call__(self, t):
        {line}
        return eta
"""
#: A line -> what it becomes; None if it is refused.
LINES = {
    "eta = np.sqrt(t) * t": "eta = (Math.sqrt(t) * t);",
    "eta = 2 // t % 3": "eta = mod(Math.floor(2 / t), 3);",
    "eta = t**2": "eta = pow(t, 2);",
    "eta = h.alpha if np.ndim(t) else 1.0": "eta = 1.0;",
    "eta = 1 if isinstance(t, float) and not isinstance(t, np.ndarray) else 2": "eta = 1;",
    "eta = np.where(1 < t <= 3, np.inf, -1)": "eta = (((1 < t) && (t <= 3)) ? Infinity : (-1));",
    "eta = np.select([t == 1, t == 2], [3, 4], 5)": "eta = ((t === 1) ? 3 : (t === 2) ? 4 : 5);",
    "new = t; eta = new": "new_ = t;",
    "clip = t; eta = np.clip(clip, 0, 1)": "eta = clip(clip_, 0, 1);",
    "eta = t; eta += 1": "eta = (eta + 1);",
    "eta = [t for t in (1, 2)][0]": None,
    "eta = np.linalg.norm(t)": None,
    "eta = np.clip(t, a_max=1, a_min=0)": None,
    "eta = (lambda u: u)(t)": None,
    "eta = t @ t": None,
    "eta = 1 in (t, 2)": None,
    "eta = undefined_name": None,
    "eta = f'{t:.3f}'": None,
    "with open('x') as eta: pass": None,
    "while t: eta = 1": None,
    "eta = b'bytes'": None,
    "eta = 2j": None,
    "eta = dict(**{})": None,
}


@pytest.mark.parametrize("name", ["Own", "Data"])
@pytest.mark.parametrize("number", range(len(LINES)))
def test_a_line_is_translated_or_refused_with_its_place(tmp_path, monkeypatch, number, name):
    line, expected = list(LINES.items())[number]
    module = f"own_{number}_{name}"
    file = tmp_path / f"{module}.py"
    file.write_text(OWN.replace("{line}", line), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    cls = getattr(import_module(module), name)
    if expected is None:
        where = 9 if name == "Own" else 18
        with pytest.raises(UntranslatableError, match=re.escape(f"{file}:{where}: ")):
            translate([cls])
    else:
        assert expected in translate([cls]).code


def test_a_schedule_of_arrays_is_refused():
    with pytest.raises(
        ValueError, match=r"adabound_np/schedules\.py:\d+: this cannot be translated"
    ):
        translate([StepDecay])
    with pytest.raises(
        ValueError, match=r"adabound_np/schedules\.py:\d+: this cannot be translated"
    ):
        translate([FromCallable])


def test_the_front_door_refuses_with_file_and_line(tmp_path, monkeypatch):
    (tmp_path / "own_norm.py").write_text(
        OWN.replace("{line}", "eta = np.linalg.norm(t)"), encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match=r"own_norm\.py:9: .*np\.linalg\.norm"):
        problems.explore(["own_norm:Own"])


def test_a_class_without_a_file_is_refused():
    namespace = {"Adam": Adam, "__name__": "nowhere"}
    exec(
        "class Own(Adam):\n    @staticmethod\n    def moments(h, s, g, t):\n        return g, s\n",
        namespace,
    )
    with pytest.raises(ValueError, match=r"the source of Own.* must be in a file"):
        translate([namespace["Own"]])


def test_traced_lines_are_those_with_equations():
    traced = translate([Adam], traced=True)
    place = "adabound_np.adam.Adam."
    own = [e for e in traced.equations if e.place.startswith(place)]
    assert [e.latex for e in own][:2] == [
        r"\beta_{1t} = \beta_1(t)",
        r"m_t = \beta_{1t} m_{t-1} + (1 - \beta_{1t}) g_t",
    ]
    number = traced.equations.index(own[1])
    assert f"m = note({number}, () => ((beta1 * s.m) + ((1 - beta1) * g))" in traced.code
    assert "note(" not in translate([Adam]).code
