"""What tests of the site need; they are skipped without it, or fail if REQUIRE_ORACLES=1."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def extensions(*names):
    """Modules of docs/_ext."""
    peer("sphinx")
    folder = str(Path(__file__).parents[2] / "docs/_ext")
    sys.path.insert(0, folder)
    try:
        yield [peer(name) for name in names]
    finally:
        sys.path.remove(folder)
