"""A pytest plugin for ./test: a skipped test is a failure, so that nothing goes unseen."""

import pytest

skipped = []


def pytest_runtest_logreport(report):
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_collectreport(report):
    if report.skipped:
        skipped.append(report.nodeid)


def pytest_terminal_summary(terminalreporter):
    for name in skipped:
        terminalreporter.write_line(f"NOT RUN {name}", red=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if skipped and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
