"""Law 7: an alert is published only after its leaf is committed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given

from engine.alert import encode
from engine.fold import Engine
from streams.commit import Committed
from streams.embedded import Runner
from streams.ports import Block
from streams.refusing import RefusedError
from streams.stores.memory import MemoryStore
from tests.logs.strategies import logs
from tests.streams.running import lines_of, made, open_at, program


def leaves(store: MemoryStore) -> list[bytes]:
    """Return the records that the log holds, as they are published."""
    entries = [msgspec.json.decode(store.seals.opened(entry)) for entry in store.audit.entries()]
    return [entry["record"] for entry in entries if entry["kind"] == "alert"]


@given(log=logs())
def test_whoever_hears_of_an_alert_finds_its_leaf(log: list[dict[str, object]]) -> None:
    store = MemoryStore()
    heard: list[object] = []

    def hear(committed: Committed) -> None:
        heard.extend(msgspec.json.decode(encode(record)) for record in committed.records)
        assert leaves(store) == heard, "no alert without its leaf, no leaf without its alert"

    runner = Runner(store, Engine(program()), observers=[hear])
    lines = lines_of(log)
    for at in range(0, len(lines), 7):
        runner.take("log", Block(lines[at : at + 7], None))
    assert leaves(store) == [msgspec.json.decode(each.body) for each in store.records()]


def test_where_the_leaf_cannot_be_written_nothing_is_published(tmp_path: Path) -> None:
    store = open_at(tmp_path / "log.db")
    heard: list[Committed] = []
    runner = Runner(store, Engine(program()), observers=[heard.append])
    store._db.execute(  # noqa: SLF001  # trouble is made inside
        "CREATE TEMP TRIGGER refuse BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'no leaf'); END"
    )
    with pytest.raises(RefusedError, match="no leaf"):
        runner.take("log", Block(made(3, 120), None))
    assert heard == []
    store.close()
    with sqlite3.connect(tmp_path / "log.db") as database:
        counts = [
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608  # names of ours
            for table in ("inputs", "records", "entries")
        ]
    database.close()
    assert counts == [0, 0, 0]
