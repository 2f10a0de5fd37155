"""The daily index: every entry of a tenant stands in the index of its day, and neither batches nor restarts move it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import Engine
from streams.audit.facets import account_in, account_of, facets_of
from streams.audit.indexing import KIND
from streams.embedded import Runner
from streams.ports import Store
from tests.logs.strategies import logs
from tests.streams.audit.running import calm, cut, entries_of
from tests.streams.running import block_of, lines_of, made, open_at, program, runner_of


def act(id: str, time: str, tenant: str = "t1", **data: Any) -> bytes:
    """Return the event of what somebody did, which is one entry whatever the rules are."""
    event = {
        "specversion": "1.0", "id": id, "source": "desk", "type": "override.set", "tenant": tenant, "time": time,
        "data": {"limit": "personal_daily", "value": 1, "author": "li", "approver": "wang", **data},
    }  # fmt: skip
    return msgspec.json.encode(event)


def tick(time: str, received: str | None = None) -> bytes:
    """Return a tick for all tenants."""
    event = {
        "specversion": "1.0",
        "id": f"tick {time}",
        "source": "clock",
        "type": "clock.tick",
        "time": time,
    }
    return msgspec.json.encode(event | ({"receivedtime": received} if received else {}))


def hash_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over entries as RFC 6962, section 2.1, defines it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return sha256(b"\1" + hash_of(leaves[:cut]) + hash_of(leaves[cut:])).digest()


def root_of(entries: list[bytes]) -> str:
    """Return the root of an index of entries, from its definition."""
    of: dict[str, list[bytes]] = {}
    for entry in entries:
        told = json.loads(entry)
        key = told.get("record", {}).get("key") or told.get("event", {}).get("data", {}).get("key") or {}
        account = key.get("account") or told.get("event", {}).get("data", {}).get("account")
        of.setdefault(sha256(account.encode()).hexdigest() if account else "", []).append(entry)
    rows = [
        json.dumps(
            {"account": name, "entries": len(some), "root": hash_of(some).hex()}, separators=(",", ":")
        ).encode()
        for name, some in sorted(of.items())
    ]
    return hash_of(rows).hex()


def check(store: Store) -> dict[str, int]:
    """Check every index of a log that was told once; return how many there are of each tenant."""
    behind: dict[str, list[bytes]] = {}
    last: dict[str, bytes] = {}
    count: dict[str, int] = {}
    for entry in entries_of(store):
        told = json.loads(entry)
        tenant = told.get("tenant")
        if not tenant:
            continue
        if told["kind"] != KIND:
            behind.setdefault(tenant, []).append(entry)
            continue
        mine, before = behind.pop(tenant), last.get(tenant)
        assert (told["entries"], told["root"]) == (len(mine), root_of(mine))
        days = {json.loads(each).get("record", {}).get("raised_at", told["day"])[:10] for each in mine}
        assert days == {told["day"]}
        if before is None:
            assert told["previous"] is None
        else:
            earlier = json.loads(before)
            assert told["previous"] == {"day": earlier["day"], "leaf": sha256(b"\0" + before).hexdigest()}
            assert told["day"] >= earlier["clock"][:10]
        assert told["day"] < told["clock"][:10]
        last[tenant] = entry
        count[tenant] = count.get(tenant, 0) + 1
    return count


@given(log=logs(), data=st.data())
def test_every_entry_is_in_the_index_of_its_day_however_often_a_run_is_cut(
    log: list[dict[str, object]], data: st.DataObject
) -> None:
    lines = lines_of(log)
    for line in sorted(data.draw(st.lists(st.sampled_from(log), max_size=4), label="ticks"), key=log.index):
        lines.insert(data.draw(st.integers(0, len(lines))), tick(str(line["time"])))
    store = cut(lines, data)
    assert entries_of(store) == entries_of(calm(lines))
    assert list(store.audit.unindexed()) == list(calm(lines).audit.unindexed())
    check(store)


def test_a_made_log_has_days_of_several_tenants() -> None:
    counted = check(calm(made(3, 400)))
    assert len(counted) > 1
    assert min(counted.values()) > 3


def days_of(*lines: bytes, ended: bool = False) -> list[tuple[str, str, int]]:
    """Return (tenant, day, entries) of every index of a run."""
    told = [json.loads(entry) for entry in entries_of(calm(lines, ended=ended))]
    return [(each["tenant"], each["day"], each["entries"]) for each in told if each["kind"] == KIND]


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        pytest.param(
            [act("a", "2026-03-10T23:59:59.999999+08:00"), act("b", "2026-03-10T16:00:00Z")],
            [("t1", "2026-03-10", 1)],
            id="a day ends at midnight of the tenant's zone",
        ),
        pytest.param(
            [act("a", "2026-03-10T09:00:00+08:00"), act("b", "2026-03-10T23:59:59+08:00")],
            [],
            id="a day that goes on is not closed",
        ),
        pytest.param(
            [act("a", "2026-03-10T09:00:00+08:00"), act("b", "2026-03-20T09:00:00+08:00")],
            [("t1", "2026-03-10", 1)],
            id="days of which nothing is told have no index",
        ),
        pytest.param(
            [act("b", "2026-03-11T09:00:00+08:00"), act("a", "2026-03-10T23:00:00+08:00")],
            [],
            id="what comes late is told on the day on which it comes",
        ),
        pytest.param(
            [
                act("a", "2026-03-10T09:00:00+08:00"),
                act("b", "2026-03-10T09:00:00+08:00", "t2"),
                tick("2026-03-11T00:00:00+08:00"),
            ],
            [("t1", "2026-03-10", 1), ("t2", "2026-03-10", 1)],
            id="a tick closes the day of every tenant",
        ),
        pytest.param(
            [act("a", "2026-03-10T09:00:00+08:00"), tick("2026-03-10T23:00:00+08:00", "2026-03-11T01:00:00+08:00")],
            [("t1", "2026-03-10", 1)],
            id="a tick moves clocks to when it was received",
        ),
        pytest.param(
            [act("a", "2026-03-10T09:00:00+08:00", "t1"), act("b", "2026-03-12T09:00:00+08:00", "t2")],
            [],
            id="each tenant has a clock of its own",
        ),
        pytest.param(
            [b"unreadable", tick("2026-03-12T09:00:00+08:00"), b"again", tick("2026-03-14T09:00:00+08:00")],
            [],
            id="what is of no tenant is in no index",
        ),
    ],
)  # fmt: skip
def test_when_a_day_is_closed(lines: list[bytes], days: list[tuple[str, str, int]]) -> None:
    assert days_of(*lines) == days


def test_an_account_of_inputs_behind_the_tick_that_closed_their_day_stands_on_the_next() -> None:
    """The tenant's own inputs have not seen the morrow, but its index has: no day is indexed twice."""
    early, morrow = act("a", "2026-03-10T09:00:00+08:00"), tick("2026-03-11T00:00:00+08:00")
    store = calm([early, morrow], [tick("2026-03-12T00:00:00+08:00")])
    told = [json.loads(entry) for entry in entries_of(store)]
    assert [each["day"] for each in told if each["kind"] == KIND] == ["2026-03-10", "2026-03-11"]
    check(store)


def test_a_database_keeps_what_is_not_indexed_yet(tmp_path: Path) -> None:
    lines = [*made(3, 200), *(act(f"x{day}", f"2031-03-{day}T09:00:00+08:00") for day in range(10, 20))]
    for at in range(0, len(lines), 23):
        with open_at(tmp_path / "log.db") as store:
            runner_of(store, every=50).take("log", block_of(lines[at : at + 23], at))
    with open_at(tmp_path / "log.db") as store:
        assert entries_of(store) == entries_of(calm(lines, ended=False))
        assert list(store.audit.unindexed()) == list(calm(lines, ended=False).audit.unindexed())
        assert check(store)["t1"] > 9


def test_a_refold_indexes_anew_what_it_tells(tmp_path: Path) -> None:
    lines = made(3, 200)
    with open_at(tmp_path / "log.db") as store:
        runner = runner_of(store)
        runner.take("log", block_of(lines, 0))
        once = entries_of(store)
    with open_at(tmp_path / "log.db", refold=True) as store:
        Runner(store, Engine(program())).refold()
        again = entries_of(store)
        assert again[len(once) + 1 :] == once
        assert sum(json.loads(entry)["kind"] == KIND for entry in once) > 3
        assert sorted(store.audit.unindexed()) == sorted(calm(lines, ended=False).audit.unindexed())


VALUES = st.none() | st.integers() | st.text(max_size=3)
KEYED = st.dictionaries(st.sampled_from(["account", "owner"]), VALUES)
DATA = st.dictionaries(st.sampled_from(["account", "key"]), VALUES | KEYED)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "record": VALUES | st.fixed_dictionaries({"key": VALUES | KEYED}),
        "event": VALUES | st.fixed_dictionaries({"data": VALUES | DATA}),
    },
)


@given(told=ENTRIES)
def test_the_account_of_an_entry_is_the_one_that_queries_find_it_by(told: dict[str, Any]) -> None:
    entry = msgspec.json.encode(told)
    both = "record" in told and "event" in told  # No entry has both.
    assert facets_of(0, told).account == account_of(told)
    assert both or account_in(entry) == account_of(told)
