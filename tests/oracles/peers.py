"""The packages that the code is compared with."""

import importlib
import os
from typing import Any

import pytest


def peer(name: str) -> Any:
    """Return the module; without it skip the test, or fail it if REQUIRE_ORACLES=1."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        absent = pytest.fail if os.environ.get("REQUIRE_ORACLES") == "1" else pytest.skip
        return absent(f"{name} is not installed")
