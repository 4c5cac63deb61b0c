"""The libraries that this one is compared with."""

import importlib
import os
import warnings
from types import ModuleType

import pytest


def peer(name: str) -> ModuleType:
    """Import a peer; without it skip the test, or fail if REQUIRE_ORACLES=1."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        if os.environ.get("REQUIRE_ORACLES") == "1":
            pytest.fail(f"the oracle {name} is required: {error}")
        pytest.skip(f"the oracle {name} is not installed")
