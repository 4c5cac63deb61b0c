"""The explorer's page in Chromium, from a file and without a network."""

import json
from pathlib import Path

import pytest

import problems
from problems.explorer.scenes import SCENES, address
from tests.oracles.peers import peer
from tests.site import browser as site
from tests.site.pages import browser

READY = "return document.body.dataset.ready && document.querySelector('#plane svg') !== null"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    (path,) = problems.explore().save(tmp_path_factory.mktemp("explorer"))
    return path


@pytest.fixture(scope="module")
def chromium():
    with browser() as window:
        site.resize(window, 1280)
        yield window


@pytest.fixture
def window(chromium, page):
    """A browser that can open the page; in the end it must have complained of nothing."""
    chromium.get("about:blank")
    site.logged(chromium, "")
    yield chromium
    assert site.logged(chromium, page.parents[1].as_uri()) == []


def wait(window, script, *arguments):
    """Wait until a script gives something true; return it."""
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(window, 60).until(lambda w: w.execute_script(script, *arguments))


def show(window, page, hash_=""):
    window.get("about:blank")
    window.get(page.as_uri() + hash_)
    wait(window, READY)


def write(window, field, text):
    """Type into a field; wait until what follows from it is there."""
    window.execute_script(
        "const f = document.getElementById(arguments[0]); f.value = arguments[1];"
        "f.dispatchEvent(new Event('input', { bubbles: true }));",
        field,
        text,
    )
    wait(window, "return new Promise((done) => requestAnimationFrame(() => done(true)))")


def text(window, selector):
    return window.execute_script(
        "return document.querySelector(arguments[0]).textContent", selector
    )


def cells(window, table):
    return window.execute_script(
        "return [...document.querySelectorAll(`#${arguments[0]} tr`)]"
        ".map((tr) => [...tr.children].map((td) => td.textContent))",
        table,
    )


def test_the_page_is_small_and_alone(page):
    assert page.stat().st_size <= 500_000
    source = page.read_text(encoding="utf-8")
    for outside in ('<link rel="stylesheet', "<script src", "@import", "fetch(", "https://"):
        assert outside not in source.replace('"https://www.w3.org', "")


def test_it_opens_with_the_first_scene(window, page):
    show(window, page)
    assert text(window, "#scene-text") == SCENES[0].text
    head, *rows = cells(window, "results")
    assert head == ["optimizer", "x_T", "best x", "R_T", "R_T / T"]
    ends = {row[0]: float(row[1].replace("−", "-")) for row in rows}
    assert ends["Adam"] > 0.99
    assert all(ends[name] < -0.99 for name in ("AMSGrad", "AdaBound", "AMSBound"))


@pytest.mark.parametrize("number", range(1, len(SCENES) + 1))
def test_a_scene_is_a_button_and_a_link(window, page, number):
    show(window, page)
    window.execute_script(
        "document.querySelectorAll('#scene-list button')[arguments[0]].focus()", number - 1
    )
    from selenium.webdriver.common.keys import Keys

    window.switch_to.active_element.send_keys(Keys.ENTER)
    wait(
        window,
        READY + " && document.querySelector('#scene-text').textContent === arguments[0]",
        SCENES[number - 1].text,
    )
    by_button = wait(window, READY) and cells(window, "results")
    show(window, page, address(number))
    assert cells(window, "results") == by_button
    assert text(window, "#notice") == ""


def test_the_address_is_the_setting(window, page):
    show(
        window,
        page,
        "#problem=reddi-online&optimizers=sgd,adagrad&form=released&alpha=0.25&C=7&T=500&t=3",
    )
    before = cells(window, "results"), cells(window, "box")
    assert [row[0] for row in before[0][1:]] == ["SGD", "AdaGrad"]
    again = window.current_url
    assert "alpha=0.25" in again and "C=7" in again and "T=500" in again and "t=3" in again
    window.get("about:blank")
    window.get(again)
    wait(window, READY)
    assert (cells(window, "results"), cells(window, "box")) == before


def test_a_damaged_link_says_what_is_wrong_and_the_rest_is_used(window, page):
    show(
        window,
        page,
        "#problem=nothing&alpha=x&T=0&beta1=2&optimizers=adam,adma&C=5&form=odd&t=-1&a=1",
    )
    notice = text(window, "#notice")
    for complaint in (
        "problem must be one of",
        "α must be a number, got 'x'",
        "T must be in [1, 5000000], got 0",
        "β₁ must be in [0, 1), got 2",
        "optimizers must be some of",
        "form must be one of paper, released, got 'odd'",
        "t must be a whole number of at least 1, got '-1'",
        "unknown 'a'",
    ):
        assert complaint in notice
    assert [row[0] for row in cells(window, "results")[1:]] == ["Adam"]
    assert "C=5" in window.current_url


@pytest.mark.parametrize(
    ("field", "bad", "reason"),
    [
        ("T", "0", "T must be in [1, 5000000], got 0"),
        ("T", "2.5", "T must be a whole number, got 2.5"),
        ("T", "many", "T must be a number, got 'many'"),
        ("T", "", "T must be a number, got ''"),
        ("alpha", "-1", "α must be in (0, inf), got -1"),
        ("beta2", "1", "β₂ must be in [0, 1), got 1"),
        ("gamma", "0", "γ must be in (0, inf], got 0"),
        ("C", "0", "C must be in [1, 1000000], got 0"),
        ("scale", "1e999", "s must be in (0, inf), got inf"),
    ],
)
def test_bad_input_is_named_at_its_field_and_nothing_breaks(window, page, field, bad, reason):
    show(window, page)
    before = cells(window, "results")
    good = window.execute_script("return document.getElementById(arguments[0]).value", field)
    write(window, field, bad)
    assert text(window, f"#{field}-wrong") == reason
    assert window.execute_script(f"return document.getElementById('{field}').ariaInvalid") == "true"
    assert cells(window, "results") == before
    write(window, field, good)
    wait(window, READY)
    assert text(window, f"#{field}-wrong") == ""
    assert cells(window, "results") == before


def test_the_stepper_goes_to_and_fro(window, page):
    show(
        window,
        page,
        "#problem=reddi-online&optimizers=adabound&C=3&beta1=0.5&beta2=0.5&final_lr=0.03&gamma=2&T=6",
    )
    rows = problems.trace(
        "reddi-online", "adabound", C=3.0, beta1=0.5, beta2=0.5, final_lr=0.03, gamma=2.0
    ).table()
    click = "document.getElementById(arguments[0]).click()"
    shown = "return document.querySelector('#row tr:last-child td')?.textContent === arguments[0]"
    for t, row in enumerate(rows, 1):
        wait(window, shown, str(t))
        head, values = cells(window, "row")
        assert head == list(row)
        numbers = [v.replace("−", "-") if len(v) > 1 else v for v in values]
        for key, value in zip(head, numbers, strict=True):
            assert value == row[key] if key == "clip" else float(value) == row[key]
        marked = window.execute_script("return document.querySelectorAll('#box tr.clipped').length")
        assert (marked > 0) >= (row["clip"] != "-")
        window.execute_script(click, "next")
    window.execute_script(click, "previous")
    wait(window, shown, "5")
    write(window, "step", "7")
    assert text(window, "#step-notice") == "t must be a whole number from 1 to 6, got '7'"
    write(window, "step", "2")
    wait(window, shown, "2")
    assert text(window, "#step-notice") == ""


def test_a_click_on_the_plane_goes_there(window, page):
    show(window, page)
    from selenium.webdriver import ActionChains

    before = window.current_url
    plane = window.find_element("css selector", "#plane svg")
    ActionChains(window).move_to_element(plane).click().perform()
    wait(window, "return location.href !== arguments[0]", before)
    wait(window, READY)
    window.execute_script("document.getElementById('reset').click()")
    wait(window, "return location.href === arguments[0]", before)


def test_a_long_run_gives_way_to_the_next_setting(window, page):
    show(window, page)
    write(window, "T", "5000000")
    assert "running" in text(window, "#status")
    window.execute_script("document.querySelectorAll('#scene-list button')[1].click()")
    wait(window, READY + " && document.querySelector('#status').textContent === ''")
    assert [row[0] for row in cells(window, "results")[1:]] == ["AMSGrad", "Adam"]


def test_it_says_that_a_run_has_left_the_numbers(window, page):
    show(window, page, address(5))
    assert "left the range" in text(window, "#status")


def test_a_page_of_one_optimizer_has_no_scenes_that_need_others(window, tmp_path):
    (path,) = problems.explore(["sgd"]).save(tmp_path)
    show(window, path)
    assert window.execute_script("return document.getElementById('scenes').hidden")
    assert [row[0] for row in cells(window, "results")[1:]] == ["SGD"]
    assert text(window, "#mapped") == "SGD"
    window.get("about:blank")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_can_be_used_by_everyone(window, page, width, dark):
    axe = Path(peer("axe_core_python").__file__).parent / "axe.min.js"
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    site.resize(window, width)
    try:
        for number in (1, 5):
            show(window, page, address(number))
            sizes = "const p = document.scrollingElement; return p.scrollWidth - p.clientWidth"
            assert window.execute_script(sizes) <= 0
            window.execute_script(axe.read_text(encoding="utf-8"))
            found = window.execute_async_script("axe.run().then(arguments[0])")
            assert len(found["passes"]) > 20
            serious = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
            assert serious == [], json.dumps(serious, indent=1)
    finally:
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
        site.resize(window, 1280)
