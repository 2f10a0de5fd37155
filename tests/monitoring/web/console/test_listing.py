"""The list is what all records and acts say: found by the database, it equals what a slow walk over them finds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from engine.alert import RANK, Record
from engine.fold import Engine
from engine.instants import micros
from monitoring.relisting import check_alerts
from monitoring.web.console import listing
from monitoring.web.console.listing import View, listed
from monitoring.web.console.sight import Sight
from streams.embedded import Runner
from streams.stores import sqlite_listing
from streams.stores.sqlite_reading import SqliteReader, open_reader
from tests.streams.running import block_of, made, open_at, program, runner_of
from tests.streams.sealing.forgetting import OTHER, PAYER, erase, make, paid, refold, take, verified
from tests.streams.sealing.test_ending import ADDRESS, STORY, TICK, failed

ZONE: Final = ZoneInfo("Asia/Shanghai")
PAGE: Final = 3
SEEN: Final = Sight(frozenset({"COL-01", "COL-03", "FRD-01", "ENG-07", "LOG-01"}))
AT: Final = "2026-03-10T10:00:00+08:00"
NOON: Final = "2026-03-10T12:00:00+08:00"
KINDS: Final = ("acknowledged", "assigned", "snoozed", "resolved", "reopened")
# What is asked for whatever a database holds; the others are made of what it holds.
ALWAYS: Final = (
    "", "sort=level", "group=1", "group=1&sort=level", "rule=*-0%3F", "rule=NO-*", "rule=COL-01", "level=critical",
    "level=warn&level=info&sort=level", "handling=new", "handling=snoozed,resolved&sort=level", "assignee=wang",
    "handling=new&assignee=&group=1", "handling=acknowledged", "tenant=none", "q=a_", "q=col+a",
)  # fmt: skip


def clock(_: str) -> int:
    """Return noon: some snoozes have ended by then."""
    return micros(NOON)


def slow(reader: SqliteReader, view: View, sight: Sight) -> list[Record]:
    """Return all alerts asked for, the newest first, from every record."""
    last: dict[str, Record] = {}
    for stored in reader.records():
        last.pop(stored.alert, None)
        last[stored.alert] = msgspec.json.decode(stored.body, type=Record)
    handled = reader.handled(list(last), clock)
    return [
        each
        for each in reversed(last.values())
        if each.state != "retracted"
        and view.asks_for(each)
        and view.handled.match(handled[each.id])
        and sight.shows(reader, each)
    ]


def in_groups(found: Sequence[Record], *, gravest: bool) -> list[tuple[str, int, str]]:
    """Return groups of alerts, the newest first: the newest of each, how many, and the level of the gravest."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for each in found:
        groups.setdefault((each.tenant, each.rule, msgspec.json.encode(each.key).decode()), []).append(each)
    rows = [
        (own[0].id, len(own), max((each.level for each in own), key=RANK.__getitem__))
        for own in groups.values()
    ]
    return sorted(rows, key=lambda row: -RANK[row[2]]) if gravest else rows


def walked(reader: SqliteReader, query: str, sight: Sight) -> Iterator[Any]:
    """Yield what a view shows on all its pages."""
    more: dict[str, str] = {}
    while True:
        found = listed(reader, view_of(query, **more), sight, clock)
        assert not found.cut
        yield from ((each.newest.id, each.count, each.level) for each in found.groups)
        yield from (each.record.id for each in found.alerts)
        if found.page is None and found.before is None:
            return
        more = {"page": str(found.page)} if found.page is not None else {"before": str(found.before)}


def view_of(query: str, **more: str) -> View:
    """Read a view from an address."""
    return View.of(QueryParams([*QueryParams(query).multi_items(), *more.items()]), ZONE)


def compare(path: Path, queries: Iterable[str] = ALWAYS) -> int:
    """Compare views, for who sees all and who does not; return how many alerts stand."""
    with pytest.MonkeyPatch.context() as patch, open_reader(path) as reader:
        patch.setattr(listing, "PAGE", PAGE)
        check_alerts(reader)
        for query in queries:
            view = view_of(query)
            for sight in (Sight(), SEEN):
                wanted = slow(reader, view, sight)
                if view.grouped:
                    expected: list[Any] = in_groups(wanted, gravest=view.sort == "level")
                elif view.sort == "level":
                    expected = [each.id for each in sorted(wanted, key=lambda each: -RANK[each.level])]
                else:
                    expected = [each.id for each in wanted]
                assert list(walked(reader, query, sight)) == expected, (query, sight)
        return len(slow(reader, view_of(""), Sight()))


def of_alert(record: Record) -> list[str]:
    """Return queries for what an alert is."""
    name, value = next(iter(record.key.items()), ("account", "A1"))
    word = record.message["en"].split()[-1]
    pairs: list[dict[str, str]] = [
        {"rule": record.rule, "tenant": record.tenant, "keys": listing.key_text(record.key)},
        {"key": f"{name}={value}"}, {"key": str(value), "sort": "level"}, {"owner": str(value)},
        {"since": record.at, "group": "1"}, {"until": record.at}, {"q": record.id},
        {"q": record.id[:9], "sort": "level"}, {"q": f"{word} {record.rule}"}, {"q": str(value), "group": "1"},
        {"tenant": record.tenant, "level": record.level},
    ]  # fmt: skip
    return [str(QueryParams(each)) for each in pairs]


def act(number: int, kind: str, record: Record, time: str) -> bytes:
    """Return the event by which somebody does something about an alert."""
    data: dict[str, object] = {"alert_id": record.id, "by": "li", "reason": "seen"}
    if kind == "assigned" and number % 3:
        data["assignee"] = ("wang", "zhao")[number % 2]
    if kind == "snoozed":
        data["until"] = (AT, NOON, "2026-03-10T12:00:01+08:00")[number % 3]
    return msgspec.json.encode({
        "specversion": "1.0", "id": f"act-{number}", "source": "weiguard/console", "type": f"alert.{kind}",
        "tenant": record.tenant, "time": time, "data": data,
    })  # fmt: skip


@pytest.mark.slow
@settings(max_examples=12)
@given(
    seed=st.integers(0, 10_000),
    acts=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 99), st.integers(0, 99)), max_size=12),
    batch=st.integers(1, 40),
    restarts=st.booleans(),
    refolds=st.booleans(),
)
@example(
    seed=7, acts=[("snoozed", which, 99) for which in range(0, 96, 8)], batch=7, restarts=True, refolds=True
)
def test_lists_say_what_all_records_say(
    seed: int, acts: list[tuple[str, int, int]], batch: int, restarts: bool, refolds: bool
) -> None:
    """Late events correct and retract, people act in between, in any batches, with restarts and a refold."""
    lines = made(seed, 50)
    with tempfile.TemporaryDirectory() as folder:
        first, path = Path(folder) / "first.db", Path(folder) / "a.db"
        _fill(first, lines, len(lines), restarts=False)
        with open_reader(first) as reader:
            told = [msgspec.json.decode(each.body, type=Record) for each in reader.records()]
        for number, (kind, which, where) in enumerate(acts if told else ()):
            place = where * len(lines) // 100
            time = msgspec.json.decode(lines[place])["time"]
            lines.insert(place + 1, act(number, kind, told[which * len(told) // 100], time))
        _fill(path, lines, batch, restarts=restarts)
        some = [query for each in told[:: max(1, len(told) // 3)][:3] for query in of_alert(each)]
        compare(path, (*ALWAYS, *some))
        if refolds:
            before = _rows(path)
            store = open_at(path, refold=True)
            Runner(store, Engine(program())).refold()
            store.close()
            assert _rows(path) == before
            compare(path)


def _fill(path: Path, lines: list[bytes], batch: int, *, restarts: bool) -> None:
    store = open_at(path)
    runner = runner_of(store)
    for start in range(0, len(lines), batch):
        if restarts and start:
            store.close()
            store = open_at(path)
            runner = runner_of(store)
        runner.take("log", block_of(lines[start : start + batch], start))
    store.close()


def _rows(path: Path) -> list[tuple[str | None, object]]:
    with open_reader(path) as reader:
        return [(each.of, each.row) for each in reader.alert_rows()]


def test_who_is_erased_and_what_has_ended_stays_in_its_row_and_is_found_by_nobody(tmp_path: Path) -> None:
    db = tmp_path / "shop.db"
    make(db)
    take(db, *STORY)
    asked = (
        *ALWAYS,
        *(f"key={name}" for name in (f"payer={PAYER}", OTHER, ADDRESS)),
        f"q={PAYER}",
        "q=203.0.113",
    )
    standing = compare(db, asked)
    assert shown(db, f"key=payer={PAYER}") > 0
    erase(db, PAYER)
    assert compare(db, asked) >= standing
    assert shown(db, f"key=payer={PAYER}") == shown(db, f"q={PAYER}") == 0
    take(
        db, paid("again", "d3 09:00", 90_000), failed(9, "d9 09:00"), TICK
    )  # Somebody of the same name comes.
    compare(db, asked)
    assert verified(db)
    refold(db)
    compare(db, asked)
    assert verified(db)


def shown(db: Path, query: str) -> int:
    """Return how many alerts the first page of a view shows."""
    with open_reader(db) as reader:
        return len(listed(reader, view_of(query), Sight(), clock).alerts)


def test_an_address_is_one_group_in_whatever_week(tmp_path: Path) -> None:
    db = tmp_path / "shop.db"
    again = [
        msgspec.json.decode(msgspec.json.encode(failed(n, f"d9 09:0{n}"))) | {"id": f"g{n}"}
        for n in range(1, 7)
    ]
    take(db, *STORY, *again)
    compare(db, ("group=1", "group=1&sort=level", "group=1&rule=LOG-07"))
    with open_reader(db) as reader:
        found = listed(reader, view_of("group=1&rule=LOG-07"), Sight(), clock)
    sizes = [each.count for each in found.groups if "ip" in each.newest.key]
    assert sizes == [2]


def test_words_are_looked_for_in_so_many_records_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = tmp_path / "shop.db"
    make(db)
    wanted = list(walked_words(db, "q=col-03"))
    monkeypatch.setattr(sqlite_listing, "LOOKED_AT", 2)
    with open_reader(db) as reader:
        first = listed(reader, view_of("q=col-03"), Sight(), clock)
        assert (first.cut, first.before is not None) == (True, True)
        assert listed(reader, view_of("q=col-03&sort=level"), Sight(), clock).cut
        assert listed(reader, view_of("q=col-03&group=1"), Sight(), clock).cut
        assert not listed(reader, view_of("sort=level"), Sight(), clock).cut
    assert list(walked_words(db, "q=col-03")) == wanted
    assert wanted


def walked_words(db: Path, query: str) -> Iterator[str]:
    """Yield the ids on all pages of a view, however little each looks at."""
    more: dict[str, str] = {}
    with open_reader(db) as reader:
        while True:
            found = listed(reader, view_of(query, **more), Sight(), clock)
            yield from (each.record.id for each in found.alerts)
            if found.before is None:
                return
            more = {"before": str(found.before)}
