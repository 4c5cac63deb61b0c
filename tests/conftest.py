"""Options of the suite."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

# On a busy machine an example may take any time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the tests that take minutes too")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="takes minutes; run with --slow"))


def pytest_terminal_summary(terminalreporter):
    """Say in one line why tests were skipped."""
    kinds = Counter(kind(report) for report in terminalreporter.stats.get("skipped", []))
    if kinds:
        counts = ", ".join(f"{count} {what}" for what, count in kinds.most_common())
        terminalreporter.write_line(f"skipped: {counts} (pytest -rs lists them)")


def kind(report):
    """Why a test was skipped."""
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if "--slow" in reason:
        return "slow (--slow runs them)"
    if "not installed" in reason or "could not import" in reason:
        return "for an absent package"
    return "for other reasons"
