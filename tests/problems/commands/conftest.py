"""What tests of the commands share."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure


@pytest.fixture
def undrawn(monkeypatch):
    """Make figures but do not render them, which takes most of the time of a short run."""
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **options: Path(path).touch())
