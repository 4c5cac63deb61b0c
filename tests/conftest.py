"""Options of the suite, its processes, and what it says at the end."""

import gc
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

# On a busy machine an example may take any time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the long and the repeated tests too")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Run the whole suite on all processors, at most eight, unless -n says otherwise."""
    option = config.option
    if hasattr(config, "workerinput") or not config.pluginmanager.hasplugin("xdist"):
        return
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if whole and option.numprocesses is None and not option.usepdb:
        option.numprocesses, option.maxprocesses = "auto", option.maxprocesses or 8
    if option.numprocesses:
        option.dist = "worksteal" if option.dist == "no" else option.dist
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")  # the processes are enough


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        for item in items:
            if "slow" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="long or repeated; run with --slow"))


def pytest_collection_finish(session):
    """What was collected stays: looking through it for garbage takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_terminal_summary(terminalreporter):
    """Say in one line why tests were skipped; list the equations, if they were tested."""
    kinds = Counter(kind(report) for report in terminalreporter.stats.get("skipped", []))
    if kinds:
        counts = ", ".join(f"{count} {what}" for what, count in kinds.most_common())
        terminalreporter.write_line(f"skipped: {counts} (pytest -rs lists them)")
    passed = terminalreporter.stats.get("passed", [])
    if any(report.nodeid.startswith("tests/equations") for report in passed):
        from tests.equations.__main__ import counts  # needs SymPy

        terminalreporter.section("equations")
        terminalreporter.write_line("\n".join(counts()))


def kind(report):
    """Why a test was skipped."""
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    if "--slow" in reason:
        return "slow (--slow runs them)"
    if "not installed" in reason or "could not import" in reason:
        return "for an absent package"
    return "for other reasons"
