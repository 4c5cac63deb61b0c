"""The functions of `problems`: there after every submodule is imported, cheap to import."""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import problems
from problems.cli import main
from problems.commands import COMMANDS
from problems.results.result import Result

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/_static/result.schema.json").read_text(encoding="utf-8"))
#: A short call of each function.
CALLS = {
    "counterexample": lambda: problems.counterexample(steps=200),
    "effective_lr": lambda: problems.effective_lr("reddi-online", "adam", steps=50),
    "equations": lambda: problems.equations(only="sgd.SGD"),
    "explore": lambda: problems.explore(["adam"]),
    "figures": lambda: problems.figures(show=ROOT / "docs" / "results" / "figures.json"),
    "phase": lambda: problems.phase(x="lr=0.1,1", y="beta2=0.5,0.9", steps=20),
    "sweep": lambda: problems.sweep(grid={"lr": [0.1, 1.0]}, steps=20),
    "theorems": lambda: problems.theorems("luo-3", quick=True),
    "trace": problems.trace,
    "train": lambda: problems.train("digits-logistic", "adam", epochs=1),
    "wilson": lambda: problems.wilson("sgd", points=20, steps=20),
}


def test_there_is_a_function_for_each_command():
    without_a_result = {"check", "course", "export", "fetch"}
    commands = {name.replace("-", "_") for name in COMMANDS} - without_a_result
    assert set(CALLS) == commands <= set(problems.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_every_function_works_after_every_import(name):
    for module in pkgutil.walk_packages(problems.__path__, "problems."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert inspect.isfunction(getattr(problems, name))
    result = CALLS[name]()
    assert isinstance(result, Result)
    assert result.command == name
    assert str(result) == result.text()
    record = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert record["manifest"]["command"] == name
    jsonschema.validate(record, SCHEMA)
    assert isinstance(result.table()[0], dict)
    assert result._repr_html_().startswith(("<table>", "<h2>"))


def test_importing_problems_imports_numpy_at_most():
    code = "import sys, problems; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"scipy", "matplotlib", "tqdm", "numpy"}.isdisjoint(done.stdout.split())


def test_cite(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--cite"])
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert text.count("@") == 6
    assert text.count("{") == text.count("}")
    for part in ("adabound-np", "1902.09843", "1904.09237", "1908.04457"):
        assert part in text
