"""The audit log in a store: batches, restarts and refolds do not reach it, and every input is accounted for."""

from __future__ import annotations

import sqlite3
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.disposition import DISPOSITIONS
from engine.fold import Engine
from engine.merkle import Growing, leaf_hash
from streams.audit.checkpoints import opened
from streams.audit.notes import Signer
from streams.embedded import Runner
from streams.ports import Block, Store
from streams.refusing import RefusedError
from streams.sources.shops import events
from streams.stores.memory import MemoryStore
from streams.stores.sqlite_leaves import SqliteLeaves
from tests.logs.strategies import logs
from tests.streams.audit.running import SIGNER, calm, cut, entries_of, root_of
from tests.streams.running import block_of, lines_of, made, open_at, program, runner_of
from tests.streams.test_sqlite import change

OTHER = Signer(SIGNER.name, bytes(32))


def told(store: Store) -> list[dict[str, Any]]:
    return [msgspec.json.decode(entry) for entry in entries_of(store)]


@given(log=logs(), data=st.data())
def test_neither_batches_nor_restarts_reach_an_entry(
    log: list[dict[str, object]], data: st.DataObject
) -> None:
    lines = lines_of(log)
    store = cut(lines, data)
    one = calm(lines)
    assert entries_of(store) == entries_of(one)
    assert root_of(store.audit) == root_of(one.audit)
    assert store.audit.ledgers() == one.audit.ledgers()


def test_a_database_restarted_after_every_batch_has_the_log_of_a_calm_run(tmp_path: Path) -> None:
    lines = made(1, 150)
    for at in range(0, len(lines), 19):
        store = open_at(tmp_path / "log.db")
        runner_of(store, every=30).take("log", block_of(lines[at : at + 19], at))
        store.close()
    store = open_at(tmp_path / "log.db")
    assert entries_of(store) == entries_of(calm(lines, ended=False))
    growing = Growing()
    for entry in entries_of(store):
        growing.append(leaf_hash(entry))
    assert growing.root() == root_of(store.audit)
    store.close()


def test_every_input_is_accounted_for() -> None:
    lines = [*islice(events(3), 1_200), b"not read", *made(2, 30)]
    store = calm(lines)
    commits = [entry for entry in told(store) if entry["kind"] == "ingest.commit"]
    inputs = list(store.sealed_inputs())
    for tenant in {each.tenant for each in inputs}:
        mine = [each for each in inputs if each.tenant == tenant]
        positions = [entry["position"] for entry in commits if entry["tenant"] == tenant]
        whole = list(range(1_000, len(mine) + 1, 1_000))
        assert positions == whole + ([len(mine)] if len(mine) % 1_000 else [])
        for entry in (entry for entry in commits if entry["tenant"] == tenant):
            some = mine[: entry["position"]]
            assert entry["counts"] == {
                name: sum(each.disposition == name for each in some) for name in DISPOSITIONS
            }
            running = bytes(32)
            for each in some:
                code = bytes([DISPOSITIONS.index(each.disposition)])
                running = sha256(running + code + each.raw).digest()
            assert entry["hash"] == running.hex()
    assert any(entry["position"] == 1_000 for entry in commits)
    unread = [entry["kind"] for entry in told(store) if entry["tenant"] == ""]
    assert unread == [*["quarantine"] * (len(unread) - 1), "ingest.commit"]


def test_a_stop_is_told_once_and_told_again_by_a_refold(tmp_path: Path) -> None:
    lines = made(4, 60)
    store = open_at(tmp_path / "log.db")
    runner = runner_of(store)
    runner.take("log", block_of(lines[:20], 0))
    runner.end()
    before = len(entries_of(store))
    runner.end()
    runner_of(store).end()
    assert len(entries_of(store)) == before
    runner = runner_of(store)
    runner.take("log", block_of(lines[20:], 20))
    runner.end()
    once, stops = entries_of(store), store.audit.stops()
    assert stops == [20, len(lines)]
    assert once == entries_of(calm(lines[:20], lines[20:]))
    store.close()
    store = open_at(tmp_path / "log.db", refold=True)
    Runner(store, Engine(program())).refold()
    again = entries_of(store)
    assert again[: len(once)] == once, "law 1 and 4: what was said stays"
    assert msgspec.json.decode(again[len(once)]) == {
        "kind": "log.refolded", "entries": len(once), "ruleset": program().ruleset,
    }  # fmt: skip
    assert again[len(once) + 1 :] == once, "law 1: told anew, the same bytes come back"
    assert store.audit.stops() == stops
    store.close()
    open_at(tmp_path / "log.db").close()


def test_what_people_do_is_told_where_it_stands_in_the_log() -> None:
    act = {
        "specversion": "1.0", "id": "h1", "source": "console", "type": "alert.acknowledged", "tenant": "t1",
        "time": "2026-03-10T09:00:00+08:00", "data": {"alert_id": "a_1", "by": "zhang.san", "reason": "known"},
    }  # fmt: skip
    raw = msgspec.json.encode(act)
    acts = [entry for entry in told(calm([raw, raw])) if entry["kind"] == act["type"]]
    assert acts == [
        {
            "kind": "alert.acknowledged", "tenant": "t1", "position": 1, "sha256": sha256(raw).hexdigest(),
            "event": {name: act[name] for name in ("id", "source", "time", "data")},
        }
    ]  # fmt: skip


def test_a_signed_log_has_a_checkpoint_for_every_batch_that_grew_it(tmp_path: Path) -> None:
    lines = list(islice(events(3), 600))
    store = open_at(tmp_path / "log.db")
    runner = Runner(store, Engine(program()), signer=SIGNER)
    for at in range(0, len(lines), 100):
        runner.take("log", block_of(lines[at : at + 100], at))
    runner.end()
    heads = list(store.audit.heads())
    assert len(heads) > 2
    for head in heads:
        assert head.note is not None
        checkpoint, _ = opened(head.note, [SIGNER.verifier], "checkpoint")
        assert (checkpoint.size, checkpoint.root) == (head.size, head.root)
    assert store.audit.key() == str(SIGNER.verifier)
    store.close()


def test_a_log_begun_without_a_key_is_signed_as_soon_as_there_is_one() -> None:
    store = calm(made(4, 60))
    head = store.audit.head()
    assert head is not None
    assert head.note is None
    runner = Runner(store, Engine(program()), signer=SIGNER)
    runner.resume()
    runner.end()
    signed = store.audit.head()
    assert signed is not None
    assert signed.note is not None
    assert (signed.size, signed.root) == (head.size, head.root)


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        pytest.param(None, "found no key; expected example.cn/log", id="no key"),
        pytest.param(OTHER, r"found the key example.cn/log\+.* `weiguard audit rotate`", id="another key"),
    ],
)
def test_a_signed_log_goes_on_with_its_own_key_alone(signer: Signer | None, words: str) -> None:
    store = MemoryStore()
    runner = Runner(store, Engine(program()), signer=SIGNER)
    runner.take("log", Block(made(1, 30), None))
    with pytest.raises(RefusedError, match=words):
        Runner(store, Engine(program()), signer=signer)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "log.db"
    store = open_at(path)
    runner = runner_of(store)
    runner.take("log", block_of(made(2, 120), 0))
    runner.end()
    store.close()
    return path


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param("DELETE FROM entries WHERE leaf = 0", "audit entries where", id="an entry is lost"),
        pytest.param(
            "UPDATE entries SET body = x'7b7d' WHERE leaf = (SELECT max(leaf) FROM entries)",
            "tiles that do not lead to its root",
            id="the last entry is wrong",
        ),
        pytest.param(
            "UPDATE tiles SET hashes = zeroblob(length(hashes))",
            "do not lead to its root",
            id="a tile is wrong",
        ),
        pytest.param("DELETE FROM tiles", "do not lead to its root", id="the tiles are lost"),
        pytest.param(
            "UPDATE unindexed SET day = 'today' WHERE day <> '' AND tenant = 't1'",
            "the open day of t1: found 'today'; expected a day",
            id="the day of what is not indexed yet is none",
        ),
        pytest.param(
            "UPDATE entries SET body = x'7b7d' "
            "WHERE leaf IN (SELECT leaf FROM unindexed WHERE day = '' AND tenant = 't1')",
            "the last index of t1: found an index that cannot be read",
            id="an index is wrong",
        ),
        pytest.param(
            "UPDATE heads SET root = zeroblob(32)", "do not lead to its root", id="the root is wrong"
        ),
    ],
)
def test_a_run_does_not_go_on_with_a_damaged_log(database: Path, statement: str, words: str) -> None:
    change(database, statement)
    with pytest.raises(RefusedError, match=words):  # noqa: PT012  # either may notice
        store = open_at(database)
        try:
            runner_of(store)
        finally:
            store.close()


def test_a_span_of_entries_is_found_and_not_looked_for(tmp_path: Path) -> None:
    """Else a database is verified in a time that grows with the square of its log."""
    store = open_at(tmp_path / "shop.db")
    asked: list[str] = []
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.set_trace_callback(asked.append)
    list(SqliteLeaves(connection).entries(3, 5))
    connection.set_trace_callback(None)
    (query,) = asked
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    connection.close()
    store.close()
    assert plan == ["SEARCH entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]
