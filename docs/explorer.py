"""Photograph the explorer for its page and README.md, in headless Chromium.

python docs/explorer.py          takes docs/figures/explorer.png if it is out of date
python docs/explorer.py --check  changes nothing, needs no browser; exits with 1 if it is

The picture is out of date if the page is another one. Numbers of lines do not count.
"""

import argparse
import hashlib
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image, PngImagePlugin  # noqa: E402

import problems  # noqa: E402
from problems.digest import KEY, digest_in  # noqa: E402
from tests.site import browser  # noqa: E402

PICTURE = ROOT / "docs" / "figures" / "explorer.png"
READY = "return Boolean(document.body.dataset.ready && document.querySelector('#plane svg'))"


def digest(page: str) -> str:
    """SHA-256 of a page without the numbers of its lines."""
    return hashlib.sha256(re.sub(r"\.py:\d+", ".py", page).encode()).hexdigest()


def shoot(page: str, target: Path) -> None:
    """Photograph the top of the page, and write its digest into the picture."""
    from selenium.webdriver.support.ui import WebDriverWait

    found = browser.installed()
    if found is None:
        raise SystemExit("chromium and chromedriver must be on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        path, picture = Path(folder) / "explorer.html", Path(folder) / "explorer.png"
        path.write_text(page, encoding="utf-8")
        with browser.chromium(*found) as window:
            browser.resize(window, 1280, 1060)
            window.get(path.as_uri())
            WebDriverWait(window, 60).until(lambda w: w.execute_script(READY))
            window.save_screenshot(str(picture))
        info = PngImagePlugin.PngInfo()
        info.add_text(KEY, digest(page))
        with Image.open(picture) as image:
            image.convert("P", palette=Image.Palette.ADAPTIVE).save(target, pnginfo=info)


def main() -> int:
    """Take or check the picture; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if outdated")
    check = parser.parse_args().check
    page = problems.explore().html
    if PICTURE.exists() and digest_in(PICTURE) == digest(page):
        return 0
    print(f"{PICTURE.relative_to(ROOT)} is out of date")
    if not check:
        shoot(page, PICTURE)
    return int(check)


if __name__ == "__main__":
    sys.exit(main())
