"""The measurement of the console's list asks for what is there, so that it measures lists and not their absence."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import QueryParams

from bench.listing import VIEWS, made
from monitoring.web.console.listing import View, listed
from monitoring.web.console.sight import Sight
from streams.stores.sqlite_reading import open_reader


@pytest.mark.slow  # It runs the program twice.
def test_every_view_finds_something(tmp_path: Path) -> None:
    assert 2_400 <= made(tmp_path, 2_400) < 2_410
    with open_reader(tmp_path / "feed.db") as reader:
        for path in VIEWS.values():
            view = View.of(QueryParams(path.partition("?")[2]), ZoneInfo("Asia/Shanghai"))
            found = listed(reader, view, Sight(), lambda _: None)
            assert found.alerts or found.groups, path
        states = {"new": 0, "resolved": 0}
        for each in reader.alert_rows():
            states[each.row.handling] += 1
    assert abs(states["new"] - states["resolved"]) <= 1
