"""The API pages hold every public name once; commands stand above what they printed."""

import importlib
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.oracles.peers import peer

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ext():
    peer("sphinx")
    sys.path.insert(0, str(ROOT / "docs/_ext"))
    try:
        yield SimpleNamespace(api=peer("api"), quoted=peer("quoted"))
    finally:
        sys.path.remove(str(ROOT / "docs/_ext"))


def test_every_public_object_is_listed_once(ext):
    for package in ext.api.PACKAGES:
        listed = [
            (name, id(getattr(module, name)))
            for module, names in ext.api.public_names(package)
            for name in names
        ]
        assert len(set(listed)) == len(listed) > 20
        root = importlib.import_module(package)
        for name in getattr(root, "__all__", ()):
            if not inspect.ismodule(getattr(root, name)):
                assert (name, id(getattr(root, name))) in listed
        for module in ext.api.modules_of(package):
            for name in getattr(module, "__all__", ()):
                value = getattr(module, name)
                assert inspect.ismodule(value) or (name, id(value)) in listed, name


def test_a_name_without_a_page_is_a_warning(ext, monkeypatch):
    warned = []
    monkeypatch.setattr(ext.api.LOG, "warning", lambda text, *args: warned.append(text % args))
    domain = SimpleNamespace(objects={"adabound_np.AdaBound": None})
    ext.api._check(None, SimpleNamespace(get_domain=lambda name: domain))
    assert "no page documents adabound_np.AMSBound" in warned
    assert "no page documents adabound_np.AdaBound" not in warned


def test_commands_become_captions(ext):
    page = "<!-- output: python -m problems -->\n```text\nx\n```\n"
    shown = "```{code-block} text\n:caption: '`python -m problems`'\nx\n```\n"
    assert ext.quoted.captioned(page) == shown
    other = "<!-- output: the code above -->\n```text\nx\n```\n"
    assert ext.quoted.captioned(other) == other
