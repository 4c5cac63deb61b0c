"""The page of a folder of results: each command's text and pictures, once."""

import re

import pytest

from problems.cli import main
from problems.results.index import HEAD, add_to_index


def sections(folder):
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    return re.findall(r'<section id="([^"]*)">', text), text


@pytest.mark.slow
def test_commands_gather_on_one_page(tmp_path, capsys):
    counter = ["--steps", "3000", "--out", str(tmp_path)]
    assert main(counter) == 0
    printed = capsys.readouterr().out
    sweep = ["sweep", "--grid", "lr=0.1,1", "--steps", "100", "--workers", "1"]
    assert main([*sweep, "--out", str(tmp_path / "mine.jsonl")]) == 0
    assert "mine.png" in capsys.readouterr().out
    assert main(["wilson", "--steps", "3", "--out", str(tmp_path)]) == 0
    assert main(counter) == 0
    found, text = sections(tmp_path)
    assert found[:2] == ["counterexample-reddi-theorem1.png", "wilson.png"]
    assert found[2:] == ["mine.jsonl"]
    assert f"python -m problems counterexample --steps 3000 --out {tmp_path}" in text
    assert printed.splitlines()[0] in text
    for name in re.findall(r'(?:src|href)="([^"]*)"', text):
        assert (tmp_path / name).is_file(), name
    assert (tmp_path / "mine.png").is_file()


def test_what_is_shown_is_escaped(tmp_path):
    add_to_index(tmp_path, "a <b>", "1 < 2", [tmp_path / "c&d.png"])
    _, text = sections(tmp_path)
    assert "<code>a &lt;b&gt;</code>" in text
    assert "1 &lt; 2" in text
    assert 'src="c&amp;d.png"' in text


def test_a_page_of_another_program_is_left_alone(tmp_path):
    page = tmp_path / "index.html"
    page.write_text("<html>mine</html>")
    add_to_index(tmp_path, "a", "b", [tmp_path / "c.png"])
    assert page.read_text() == "<html>mine</html>"
