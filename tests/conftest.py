"""What holds for every test: how hard properties are tried, and that CI skips nothing.

A test that did not run proves nothing, so with CI=true a skip counts as a failure.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

pytest_plugins = ["pytester", "tests.servers.fixtures"]

# Commands that tests start keep compiled rules here, not in the home of whoever runs the tests.
os.environ["XDG_CACHE_HOME"] = str(Path(__file__).parent.parent / "build" / "cache")

IN_CI = os.environ.get("CI") == "true"

# No deadline: the machines are shared, and a slow example is not a wrong one. One commit gives one result; the
# simulation (`make sim SEED=n`) is what goes looking for news.
settings.register_profile("weiguard", max_examples=25, deadline=None, derandomize=True, print_blob=True)
settings.load_profile("weiguard")


# One process of a run has all servers: what needs one follows one another there, the rest shares the other processors.
_SERVERS = {"kafka", "own_broker", "three_brokers", "prometheus"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of servers together where the run has several processes, and those in a browser."""
    for item in items:
        if isinstance(item, pytest.Function) and not _SERVERS.isdisjoint(item.fixturenames):
            item.add_marker(pytest.mark.xdist_group("servers"))
        elif isinstance(item, pytest.Function) and "browser" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("browser"))


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure; an expected failure (`xfail`) is none."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look at how each test ended."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Look at how each module was collected: a whole module can be skipped."""
    report = yield
    _refuse_skip(report)
    return report
