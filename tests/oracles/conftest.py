import pytest

from adabound_np import optimizer
from tests.oracles.runs import BLOCK


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Make the largest parameter of a run span several blocks."""
    monkeypatch.setattr(optimizer, "BLOCK", BLOCK)
