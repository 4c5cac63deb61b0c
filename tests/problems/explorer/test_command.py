"""``python -m problems explore``: what it writes, opens and refuses."""

import json
import sys

import pytest

import problems
from problems.cli import main
from problems.commands import explore


@pytest.fixture(autouse=True)
def opened(monkeypatch, tmp_path):
    """Addresses that the browser was asked to open, in an empty folder."""
    addresses = []
    monkeypatch.setattr(explore.webbrowser, "open", addresses.append)
    monkeypatch.chdir(tmp_path)
    return addresses


def code_of(*arguments):
    try:
        return main(["explore", *arguments])
    except SystemExit as stop:
        return stop.code


def test_the_page_is_written_and_opened(opened, tmp_path, capsys):
    assert code_of("--optimizers", "adam,adabound") == 0
    page = tmp_path / "results" / "explorer.html"
    assert opened == [page.as_uri()]
    assert page.read_text(encoding="utf-8") == problems.explore(["adam", "adabound"]).html
    assert "2 optimizers" in capsys.readouterr().out


def test_it_is_not_opened_where_that_is_not_wanted(opened, tmp_path, capsys):
    assert code_of("--optimizers", "adam", "--no-open", "--out", "here") == 0
    assert (tmp_path / "here" / "explorer.html").exists()
    capsys.readouterr()
    assert code_of("--optimizers", "adam", "--json") == 0
    assert json.loads(capsys.readouterr().out)["optimizers"] == ["adam"]
    assert opened == []


def test_the_module_alone_needs_no_other_package(opened, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert code_of("--module", "folder/lines.mjs") == 0
    assert (tmp_path / "folder" / "lines.mjs").read_text(encoding="utf-8").count(
        "class AdaBound "
    ) == 2
    assert opened == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder"]


def test_a_missing_package_is_named(opened, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    assert code_of("--optimizers", "adam") == 2
    assert "latex2mathml: pip install 'adabound-np[course]'" in capsys.readouterr().err
    assert opened == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--module", "lines.txt"], "must end with .mjs or .js, got 'lines.txt'"),
        (["--module", "file/lines.mjs"], "must be a file that can be written"),
        (["--optimizers", "adma"], "did you mean 'adam'?"),
        (["--optimizers", "csv:writer"], "must be a class derived from adabound_np.Optimizer"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message, tmp_path, capsys):
    (tmp_path / "file").write_text("kept")
    assert code_of(*arguments) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_notebook_shows_the_page():
    shown = problems.explore(["adam"])._repr_html_()
    assert "<iframe" in shown
    assert "&lt;!DOCTYPE html&gt;" in shown
