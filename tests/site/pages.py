"""Chromium for tests; they are skipped where it is not installed, or fail if REQUIRE_ORACLES=1."""

import os
import shutil
from contextlib import contextmanager

import pytest

from tests.oracles.peers import peer
from tests.site import browser as site


@contextmanager
def browser():
    """A headless browser without a network."""
    peer("selenium")
    chrome = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chrome or not driver:
        absent = pytest.fail if os.environ.get("REQUIRE_ORACLES") == "1" else pytest.skip
        absent("chromium and chromedriver are not installed")
    with site.chromium(chrome, driver) as window:
        window.get("about:blank")
        window.get_log("performance")
        yield window
