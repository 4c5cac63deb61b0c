"""The browser check finds what it looks for: each defect of a page is a complaint."""

import pytest

from tests.site import browser
from tests.site.pages import browser as headless

#: page -> (body, what the complaint says; nothing for a page without a defect)
PAGES = {
    "good": ("<p>A page. <code>\\alpha</code></p>", None),
    "formula": ('<span class="math">\\(x_t\\)</span>', "not typeset"),
    "cut": (
        '<p style="overflow: hidden"><span class="math"><mjx-container '
        'style="display: inline-block; width: 2000px">x</mjx-container></span></p>',
        "cut off",
    ),
    "raw": ("<p>The step size \\alpha.</p>", "raw LaTeX"),
    "wide": ('<div style="width: 3000px">wide</div>', "scrolls sideways"),
    "console": ("<script>undefined_name()</script>", "console"),
    "elsewhere": ('<img src="http://192.0.2.1/x.png" alt="">', "request to elsewhere"),
    "absent": ('<link rel="stylesheet" href="absent.css">', "status 404"),
    "picture": ('<img src="good.html" alt="">', "no image"),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    head = '<!doctype html><link rel="icon" href="data:,">'
    head += '<meta name="viewport" content="width=device-width">'
    for name, (body, _) in PAGES.items():
        (folder / f"{name}.html").write_text(f"{head}<article>{body}</article>")
    with browser.served(folder) as base, headless() as window:
        yield window, base


@pytest.mark.parametrize("name", PAGES)
def test_defects_are_found(opened, name):
    window, base = opened
    _, wrong = browser.check_page(window, base, f"{name}.html", None)
    expected = PAGES[name][1]
    if expected is None:
        assert wrong == []
    else:
        assert any(expected in complaint for complaint in wrong), wrong


def test_a_search_without_results_is_a_complaint(opened, monkeypatch):
    window, base = opened
    ui = pytest.importorskip("selenium.webdriver.support.ui")
    patient = ui.WebDriverWait
    monkeypatch.setattr(ui, "WebDriverWait", lambda w, timeout: patient(w, 1))
    wrong = browser.check_search(window, base, "dampening", "good.html")
    assert "does not find good.html" in wrong[0]
