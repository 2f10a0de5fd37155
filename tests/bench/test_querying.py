"""The case that asks for weeks of accounts finds what is there, so that it measures answers and not their absence."""

from __future__ import annotations

from pathlib import Path

import msgspec

from bench.querying import ACCOUNTS, measure
from engine.instants import micros
from streams.stores.sqlite_reading import open_reader


def test_weeks_of_accounts_are_found(tmp_path: Path) -> None:
    found = measure(3_000, tmp_path / "a.db")
    with open_reader(tmp_path / "a.db") as reader:
        told = [msgspec.json.decode(entry) for entry in reader.audit.entries()]
    alerts = [(each["record"]["key"]["account"], micros(each["record"]["at"])) for each in told[:3_000]]
    queries = [msgspec.json.decode(each["event"]["data"]["query"]) for each in told[3_000:]]
    expected = sum(
        account == query["account"] and micros(query["from"]) <= at < micros(query["until"])
        for query in queries
        for account, at in alerts
    )
    assert len({account for account, _ in alerts}) == ACCOUNTS
    assert found["rows"] == expected > 0
    assert found["entries"] == 3_000
