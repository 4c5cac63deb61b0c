"""Open the built site in headless Chromium, as a reader without a network would see it.

    python tests/site/browser.py [--site FOLDER] [--shots FOLDER] [--axe] [--pages NAME ...]

Every page is served on this machine and opened at 1280 and at 390 pixels. It must need nothing
from elsewhere and no file that is not there, log no error, typeset all its mathematics, and not
scroll sideways. The search must find a word. The pages in `ACCESSIBLE` (all of them with --axe)
must have no serious violation of axe-core's rules, in the light and in the dark theme. Exit code 1
if something is wrong, with a line for each; 0 with the line "skipped: no browser" where Chromium
or its driver is not installed.
"""

from __future__ import annotations

import argparse
import base64
import functools
import http.server
import json
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (1280, 390)
RUN_AXE = "axe.run({resultTypes: ['violations'], xpath: false}).then(arguments[0])"
#: Pages whose accessibility is checked always, one of each kind.
ACCESSIBLE = (
    "index.html",
    "five_minutes.html",
    "paper/adabound.html",
    "differences.html",
    "api/adabound_np/adabound_np.AdaBound.html",
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
#: Run in a page, after its mathematics: what is wrong with it, in words.
INSPECT = r"""
const done = arguments[arguments.length - 1];
const inspect = () => {
  const wrong = [];
  const formulas = [...document.querySelectorAll(".math")];
  for (const formula of formulas) {
    const set = formula.querySelector("mjx-container");
    const box = set && set.getBoundingClientRect();
    // of the paper's and the released form of a line in an algorithm box one is hidden
    const hidden = formula.closest("details:not([open])")
      || (formula.closest(".box :is(.paper, .released)") && !formula.offsetParent);
    if (!set || (!hidden && (box.width === 0 || box.height === 0)))
      wrong.push("not typeset: " + formula.textContent.trim().slice(0, 80));
    if (set && !hidden && box.right > document.documentElement.clientWidth + 1) {
      let holder = set;
      while (holder && !/auto|scroll/.test(getComputedStyle(holder).overflowX))
        holder = holder.parentElement;
      if (!holder || holder.closest("article") === null)
        wrong.push("cut off: " + formula.textContent.trim().slice(0, 80));
    }
    const error = formula.querySelector("[data-mml-node=merror], mjx-merror");
    if (error) wrong.push("LaTeX error: " + error.textContent.slice(0, 80));
  }
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const parent = words.currentNode.parentElement;
    if (parent.closest("pre, code, script, style, .pre, mjx-container")) continue;
    const raw = /\\[()\[\]]|\\[a-zA-Z]{2,}|\$\$|:math:/.exec(words.currentNode.data);
    if (raw) wrong.push("raw LaTeX: " + words.currentNode.data.slice(raw.index, raw.index + 80));
  }
  const page = document.scrollingElement;
  if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.querySelectorAll("article *")].filter(
      (e) => e.getBoundingClientRect().right > page.clientWidth + 1);
    const first = wide.length ? wide[0].tagName + "." + wide[0].className : "?";
    wrong.push(`scrolls sideways: ${page.scrollWidth} > ${page.clientWidth}, ${first}`);
  }
  for (const image of document.images)
    if (image.naturalWidth === 0 && image.loading !== "lazy") wrong.push("no image: " + image.src);
  done([formulas.length, wrong]);
};
const ready = window.MathJax && MathJax.startup && MathJax.startup.promise;
const settled = () => requestAnimationFrame(() => setTimeout(inspect, 50));
ready ? ready.then(settled) : inspect();
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that keeps its requests to itself."""

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; gives the address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def installed() -> tuple[str, str] | None:
    """Chromium and its driver, if both are on the PATH."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def chromium(browser: str, driver: str) -> Iterator[Any]:
    """A headless browser that logs its console and its requests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        window = webdriver.Chrome(options=options, service=Service(driver))
        window.set_page_load_timeout(60)
        window.set_script_timeout(60)
        try:
            yield window
        finally:
            window.quit()


def logged(window: Any, base: str) -> list[str]:
    """What the console and the requests since the last call complain about."""
    wrong = [
        f"console: {entry['message']}"
        for entry in window.get_log("browser")
        if entry["level"] in ("SEVERE", "WARNING")
    ]
    for entry in window.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        what, given = event["method"], event["params"]
        if what == "Network.requestWillBeSent":
            url = given["request"]["url"]
            if not url.startswith((base, "data:", "blob:")):
                wrong.append(f"request to elsewhere: {url}")
        elif what == "Network.responseReceived" and given["response"]["status"] >= 400:
            wrong.append(f"status {given['response']['status']}: {given['response']['url']}")
        elif what == "Network.loadingFailed" and not given.get("canceled"):
            wrong.append(f"failed request: {given['errorText']}")
    return wrong


def resize(window: Any, width: int, height: int = 900) -> None:
    """Give the page this size in CSS pixels, as a telephone's if it is narrow."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def shoot(window: Any, width: int, path: Path) -> None:
    """Photograph the page, from the top to 6000 pixels below it at most."""
    height = window.execute_script("return document.scrollingElement.scrollHeight")
    resize(window, width, min(height, 6000))
    shot = window.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    path.write_bytes(base64.b64decode(shot["data"]))


def check_page(window: Any, base: str, page: str, shots: Path | None) -> tuple[int, list[str]]:
    """Number of formulas of a page, and what is wrong with it at any width."""
    wrong, formulas = [], 0
    widths = WIDTHS[1:] if page.startswith("api/") and page.count("/") == 2 else WIDTHS
    for width in widths:  # the pages of classes are alike: at 390 pixels only
        resize(window, width)
        window.get(base + page)
        formulas, found = window.execute_async_script(INSPECT)
        wrong += [f"{page} at {width}: {text}" for text in found + logged(window, base)]
        if shots:
            shoot(window, width, shots / f"{page[:-5].replace('/', '-')}-{width}.png")
    return formulas, wrong


def check_access(window: Any, base: str, page: str, shots: Path | None) -> list[str]:
    """Serious violations of axe-core's rules on a page, in both themes."""
    import axe_core_python

    script = Path(axe_core_python.__file__).parent / "axe.min.js"
    wrong = []
    for theme in ("light", "dark"):
        scheme = {"name": "prefers-color-scheme", "value": theme}
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        for width in WIDTHS:
            resize(window, width)
            window.get(base + page)
            window.execute_async_script(INSPECT)
            if shots:
                shoot(window, width, shots / f"{page[:-5].replace('/', '-')}-{width}-{theme}.png")
            window.execute_script(script.read_text(encoding="utf-8"))
            found = window.execute_async_script(RUN_AXE)
            wrong += [
                f"{page} at {width}, {theme}: {v['id']}: {v['nodes'][0]['html'][:100]}"
                for v in found["violations"]
                if v["impact"] in ("serious", "critical")
            ]
    window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    return wrong


def check_search(window: Any, base: str, word: str, page: str) -> list[str]:
    """What is wrong with the search for a word that stands on a page."""
    from selenium.common.exceptions import TimeoutException
    from selenium.webdriver.support.ui import WebDriverWait

    window.get(f"{base}search.html?q={word}")
    links = "return [...document.querySelectorAll('#search-results li a')].map(a => a.href)"
    try:
        WebDriverWait(window, 30).until(
            lambda w: any(page in link for link in w.execute_script(links))
        )
    except TimeoutException:
        return [f"the search for {word!r} does not find {page}", *logged(window, base)]
    return logged(window, base)


def main() -> int:
    """Check all pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "docs/_build/html")
    parser.add_argument("--shots", type=Path, help="folder for screenshots")
    parser.add_argument("--axe", action="store_true", help="check accessibility of all pages")
    parser.add_argument("--pages", nargs="*", help="only these, such as paper/adabound.html")
    args = parser.parse_args()
    if not (args.site / "index.html").is_file():
        parser.error(f"--site must be a built site, got {str(args.site)!r} without index.html")
    found = installed()
    if found is None:
        print("skipped: no browser (chromium and chromedriver must be on the PATH)")
        return 0
    if args.shots:
        args.shots.mkdir(parents=True, exist_ok=True)
    built = (p.relative_to(args.site).as_posix() for p in sorted(args.site.rglob("*.html")))
    pages = args.pages or [p for p in built if not p.startswith(("_static", "_modules", "tests"))]
    wrong, formulas = [], 0
    with served(args.site) as base, chromium(*found) as window:
        window.get("about:blank")
        window.get_log("performance")  # the browser's own first page
        for page in pages:
            count, found = check_page(window, base, page, args.shots)
            formulas += count
            wrong += found
            if args.axe or page in ACCESSIBLE:
                wrong += check_access(window, base, page, args.shots)
        if not args.pages:
            wrong += check_search(window, base, "dampening", "api/adabound_np.html")
    for text in wrong:
        print(f"wrong: {text}")
    print(f"{len(pages)} pages at {' and '.join(map(str, WIDTHS))} pixels, {formulas} formulas")
    print(f"{len(wrong)} complaints")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
