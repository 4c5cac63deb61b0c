"""The API pages hold every public name once; commands stand above what they printed."""

import importlib
import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.site.pages import extensions

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ext():
    with extensions("api", "quoted", "named_tests") as (api, quoted, named):
        yield SimpleNamespace(api=api, quoted=quoted, named=named)


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


def test_each_class_has_a_page_adabound_first(ext, tmp_path):
    (tmp_path / "api").mkdir()
    (tmp_path / "api" / "adabound_np").mkdir()
    left = tmp_path / "api" / "adabound_np" / "adabound_np.Gone.rst"
    left.write_text("Gone")
    ext.api._write_pages(SimpleNamespace(srcdir=tmp_path))
    assert not left.exists()
    titles = ext.api.classes_with_pages("adabound_np")
    assert titles[:2] == ["adabound_np.AdaBound", "adabound_np.AdaGrad"]
    for title in (*titles, *ext.api.classes_with_pages("autograd_lite")):
        page = tmp_path / "api" / title.partition(".")[0] / f"{title}.rst"
        assert f".. autoclass:: {title}\n" in page.read_text()
    assert ext.api.classes_with_pages("problems") == []


def test_names_of_tests_become_links(ext):
    text = "as `test_torch.py::test_float64` shows"
    assert ext.named.linked(text) == "as {test}`test_torch.py::test_float64` shows"
    lines = (ROOT / "tests/oracles/test_torch.py").read_text().splitlines()
    assert "def test_float64(" in lines[ext.named.line_of("test_torch.py", "test_float64") - 1]
    with pytest.raises(StopIteration):
        ext.named.line_of("test_torch.py", "test_that_is_not_there")
