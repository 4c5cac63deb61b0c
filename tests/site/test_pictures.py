"""The pages' pictures: those that the repository holds, with the series that are drawn today."""

import importlib.util
import json
import subprocess
from pathlib import Path

import pytest

from problems.digest import digest_in
from problems.experiments.drawing import draw
from problems.experiments.settings import FIGURES
from problems.plots import save

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("docs_regenerate", ROOT / "docs/regenerate.py")
regenerate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(regenerate)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository's list of files")
def test_the_repository_holds_the_pictures_that_its_pages_show():
    listed = subprocess.run(
        ["git", "ls-files", "*.png", "*.svg"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    tracked = {ROOT / name for name in listed.stdout.splitlines()}
    assert tracked - {ROOT / "docs/_static/favicon.svg"} == regenerate.pictures()


def test_every_picture_can_be_compared():
    assert [path for path in regenerate.pictures() if digest_in(path) is None] == []


def test_a_stale_picture_is_found(tmp_path):
    results = json.loads((ROOT / "docs/results/figures.json").read_text())
    assert regenerate.stale(tmp_path) == []
    (tmp_path / "docs/results").mkdir(parents=True)
    drawn = draw(results, [], FIGURES)
    name = "curves-digits-mlp"
    save(drawn[name], tmp_path / "docs/results" / name)
    assert regenerate.stale(tmp_path) == []
    results["tasks"]["digits-mlp"]["optimizers"]["adam"]["test"]["mean"][3] *= 1.0001
    save(draw(results, [], FIGURES)[name], tmp_path / "docs/results" / name)
    assert regenerate.stale(tmp_path) == [f"docs/results/{name}.png"]
