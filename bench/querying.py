"""What an auditor waits for: a week of one account, among as many entries as a log has lines.

The database is made by hand: entries as long as those of alerts are, on 1,000 accounts and a year of days, so that an
account has some 20 a week among a million. What a query costs besides, its own entry, is a batch of one input.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from bench.published import SIGNER
from engine.instants import micros, rfc3339
from engine.merkle import leaf_hash
from monitoring.queries import KIND, SOURCE, answer
from streams.audit.checkpoints import Checkpoint
from streams.audit.growth import Growth, Head
from streams.audit.query import Query
from streams.audit.tiles import RightEdge
from streams.sealing.subjects import SEED_BYTES, keys_from
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_leaves import put_growth
from streams.stores.sqlite_reading import open_reader
from streams.stores.sqlite_schema import create

ACCOUNTS: Final = 1_000
_BATCH: Final = 1_000
_ROUNDS: Final = 200
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_START_US: Final = micros("2026-01-01T00:00:00+08:00")
_DAY_US: Final = 86_400 * 10**6
_YEAR_US: Final = 365 * _DAY_US
_SORTED: Final = msgspec.json.Encoder(order="sorted")


def measure(size: int, database: Path) -> dict[str, object]:
    """Make a log of `size` entries, index it, and ask for weeks of accounts; times in milliseconds of the wall."""
    queries = [_week(number) for number in range(_ROUNDS)]
    _make(database, size, queries)
    begun = perf_counter()
    catch_up(database, lambda _, __: None)
    indexed = perf_counter() - begun
    times, found = [], 0
    with open_reader(database) as reader:
        for number, query in enumerate(queries):
            begun = perf_counter()
            found += len(list(answer(reader, query, f"q{number}").rows))
            times.append((perf_counter() - begun) * 1e3)
    return {
        "entries": size, "index_us_per_entry": round(indexed / max(size, 1) * 1e6, 1), "rows": found,
        "query_ms": round(median(times), 2), "query_worst_ms": round(max(times), 2),
    }  # fmt: skip


def _week(number: int) -> Query:
    """Return the query for some week of some account."""
    since = _START_US + number * 7 % 358 * _DAY_US
    return Query(account=f"A{number * 37 % ACCOUNTS}", since=since, until=since + 7 * _DAY_US)


def _make(database: Path, size: int, queries: list[Query]) -> None:
    """Write a log whose last entries tell of the queries, so that they may be answered."""
    told = [_asked(number, query) for number, query in enumerate(queries)]
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        create(db, keys_from(bytes(SEED_BYTES)))
        db.execute("PRAGMA journal_mode = WAL")
        edge = RightEdge()
        for start in range(0, size + len(told), _BATCH):
            end = min(size + len(told), start + _BATCH)
            entries = [
                (leaf, _alert(leaf, size) if leaf < size else told[leaf - size]) for leaf in range(start, end)
            ]
            for _, entry in entries:
                edge.append(leaf_hash(entry))
            root = edge.root()
            head = Head(end, root, Checkpoint(SIGNER.name, end, root).signed(SIGNER))
            db.execute("BEGIN")
            put_growth(db, Growth(head, entries, [], edge.changed(), {}), 0)
            db.execute("COMMIT")


def _alert(leaf: int, size: int) -> bytes:
    """Return an entry: an account drawn by its number, and a time that moves on with the log."""
    at = rfc3339(_START_US + leaf * _YEAR_US // size, _ZONE)
    yuan = f"{leaf % 50_000:,}"
    record = {
        "id": f"a_{leaf:032x}", "record": 1, "state": "raised", "rule": "COL-01", "level": "warn", "at": at,
        "tenant": "default", "key": {"account": f"A{leaf * 7_919 % ACCOUNTS}"}, "values": {"collected": leaf},
        "window": {"kind": "day", "start": at, "end": at}, "evidence": {"count": 2, "first": ["e1", "e2"], "last": []},
        "message": {"zh": f"今日已收款 {yuan} 元，上限 50,000.00 元。", "en": f"Collected {yuan}; at most 50,000.00."},
        "action": {"zh": "停用个人号收款至次日。", "en": "Stop collecting on this account until tomorrow."},
    }  # fmt: skip
    return _SORTED.encode({"kind": "alert", "position": leaf + 1, "tenant": "default", "record": record})


def _asked(number: int, query: Query) -> bytes:
    data = {"by": "auditor", "query": query.spelling()}
    event = {"id": f"q{number}", "source": SOURCE, "time": "2026-12-31T00:00:00+08:00", "data": data}
    return _SORTED.encode({"kind": KIND, "position": number, "tenant": "default", "event": event})
