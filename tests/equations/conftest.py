"""The counts, and the lines without an equation, at the end of a run with these tests."""


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    if any(report.nodeid.startswith("tests/equations") for report in passed):
        from tests.equations.__main__ import counts  # noqa: PLC0415 (needs SymPy)

        terminalreporter.section("equations")
        terminalreporter.write_line("\n".join(counts()))
