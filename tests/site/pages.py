"""Chromium for tests; they are skipped where it is not installed, or fail if REQUIRE_ORACLES=1."""

import os
from contextlib import contextmanager

import pytest

from tests.oracles.peers import peer
from tests.site import browser as site


@contextmanager
def browser():
    """A headless browser without a network."""
    peer("selenium")
    found = site.installed()
    if found is None:
        absent = pytest.fail if os.environ.get("REQUIRE_ORACLES") == "1" else pytest.skip
        absent("chromium and chromedriver are not installed")
    with site.chromium(*found) as window:
        window.get("about:blank")
        window.get_log("performance")
        yield window
