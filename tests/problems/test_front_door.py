"""The functions of `problems`: there after every submodule is imported, cheap to import."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import problems
from problems.results.result import Result

ROOT = Path(__file__).parents[2]
#: A short call of each function.
CALLS = {
    "effective_lr": lambda: problems.effective_lr("reddi-online", "adam", steps=50),
    "figures": lambda: problems.figures(show=ROOT / "docs" / "results" / "figures.json"),
    "theorems": lambda: problems.theorems("luo-3", quick=True),
    "train": lambda: problems.train("digits-logistic", "adam", epochs=1),
    "wilson": lambda: problems.wilson("sgd", points=20, steps=20),
}


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
    assert result.to_dict()["manifest"]["command"] == name
    assert isinstance(result.table()[0], dict)
    assert result._repr_html_().startswith("<table>")
