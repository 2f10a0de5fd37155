"""What shadow rules find: what they would say were they none, kept apart from what is said, through every change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold import Engine, Settings
from streams.commit import StoredRecord
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.deciding import decided_by
from streams.stores.memory import MemoryStore
from streams.stores.sqlite import open_store
from tests.engine.driving import event, payment
from tests.logs.arrival import Line
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS, arrivals
from tests.streams.audit.running import entries_of
from tests.streams.changing import Shop
from tests.streams.running import NEVER_US, SEED, block_of, lines_of
from tests.streams.shadowing import SOME, shadowed


def run(lines: list[bytes], shadows: frozenset[str] | None, size: int, every: int) -> MemoryStore:
    """Decide lines in batches of a size, each by a process of its own."""
    store = MemoryStore()
    store.seals.addresses_us = NEVER_US
    for at in range(0, len(lines), size):
        runner = Runner(store, Engine(shadowed(shadows)), every=every)
        runner.resume()
        runner.take("log", block_of(lines[at : at + size], at))
    return store


def asked(log: list[Line]) -> list[Line]:
    """Return a log with a correction at its end."""
    last = log[-1]
    return [*log, {**event("ask", "correction.requested", "09:00", account=None, by="li"), "tenant": "t1",
                   "time": last["time"], "receivedtime": last.get("receivedtime", last["time"])}]  # fmt: skip


def split(records: Iterable[StoredRecord], shadows: frozenset[str] | None) -> list[list[StoredRecord]]:
    """Return the records of other rules, and those of shadows, without what rests on alerts of shadows."""
    found: list[list[StoredRecord]] = [[], []]
    for each in records:
        body = msgspec.json.decode(each.body)
        if not _rests_on(body, shadows):
            found[shadows is None or body["rule"] in shadows].append(each)
    return found


def _rests_on(body: dict[str, Any], shadows: frozenset[str] | None) -> bool:
    """Return whether an alert tells of what a shadow found: two of the shipped rules watch alerts."""
    if body["rule"] == "ENG-07":
        return shadows is None or body["values"]["rule"] in shadows
    return body["rule"] == "LOG-15" and shadows is None


@given(
    log=arrivals(most=30),
    shadows=st.sampled_from([None, SOME]),
    size=st.integers(8, 80),
    every=st.sampled_from([10, 10_000]),
)
def test_a_shadow_finds_what_it_would_say_were_it_none(
    log: tuple[list[Line], list[Line]], shadows: frozenset[str] | None, size: int, every: int
) -> None:
    """Byte for byte and at the same inputs, in any order of arrival, in any batches, over restarts and a correction."""
    _, arrived = log
    lines = lines_of(asked(arrived))
    plain = run(lines, frozenset(), len(lines), every)
    apart = run(lines, shadows, size, every)
    assert [list(apart.records()), list(apart.shadows())] == split(plain.records(), shadows)
    assert not list(plain.shadows())


def test_the_rules_of_the_property_find_something() -> None:
    found = [
        msgspec.json.decode(each.body)["rule"]
        for seed in range(4)
        for each in run(lines_of(make_log(seed, 200)), SOME, 500, 10_000).shadows()
    ]
    assert set(found) == SOME


@given(seed=SEEDS)
def test_the_audit_log_tells_nothing_of_shadows(seed: int) -> None:
    lines = lines_of(make_log(seed, 60))
    store = run(lines, None, 1_000, 10_000)
    assert not [raw for raw in entries_of(store) if msgspec.json.decode(raw)["kind"] == "alert"]


def test_a_database_folded_again_has_the_same_shadows(tmp_path: Path) -> None:
    lines = lines_of(make_log(7, 300))
    by = decided_by(shadowed(SOME), Settings())
    store = open_store(tmp_path / "log.db", by, {}, seed=SEED)
    Runner(store, Engine(shadowed(SOME))).take("log", block_of(lines, 0))
    before = list(store.sealed_shadows())
    assert before
    store.close()
    store = open_store(tmp_path / "log.db", by, {}, refold=True)
    Runner(store, Engine(shadowed(SOME))).refold()
    assert list(store.sealed_shadows()) == before
    store.close()


def test_a_lost_would_be_alert_stops_the_run() -> None:
    lines = lines_of(make_log(5, 90))
    store = run(lines, None, 1_000, 10_000)
    assert store._shadows.all.pop() is not None  # noqa: SLF001  # damage done on purpose
    with pytest.raises(RefusedError, match="decided otherwise"):
        Runner(store, Engine(shadowed(None))).resume()


# --- rules that become shadows, and shadows that become rules ---------------------------------------------------------

RULE, SHADOW = "  - id: TAK-01\n", "  - id: TAK-01\n    shadow: true\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.store.close()


def paid(name: str, at: str, fen: int, arrives: str = "") -> Line:
    return payment(name, at, fen, arrives, payer_id="P")


def said(shop: Shop, *, shadows: bool) -> list[str]:
    """Return number, state and level of every record, or would-be record."""
    bodies: list[dict[str, Any]] = [
        msgspec.json.decode(each.body) for each in (shop.store.shadows() if shadows else shop.store.records())
    ]
    return [f"{each['record']} {each['state']} {each['level']}" for each in bodies]


def become(shop: Shop, *, shadow: bool) -> None:
    shop.edit(*((RULE, SHADOW) if shadow else (SHADOW, RULE)), "takings.yaml")
    shop.change()


def again(shop: Shop, *, cleanly: bool = False) -> None:
    shop.stop(cleanly=cleanly)
    shop.start()


def test_a_rule_that_becomes_a_shadow_goes_on_silently_from_what_it_said(shop: Shop) -> None:
    assert shop.take(paid("a", "09:00", 15_000)) == ["raised warn"]
    become(shop, shadow=True)
    assert said(shop, shadows=True) == [], "what was said is not found a second time"
    assert shop.take(paid("b", "10:00", 10_000), paid("c", "d2 09:00", 15_000)) == []
    again(shop)
    assert said(shop, shadows=False) == ["1 raised warn"]
    assert said(shop, shadows=True) == ["2 escalated critical", "1 raised warn"]
    shop.replayed()


def test_a_shadow_that_becomes_a_rule_says_what_stands_and_is_not_over_from_its_first_record_on(
    shop: Shop,
) -> None:
    become(shop, shadow=True)
    assert shop.take(paid("a", "09:00", 15_000), paid("b", "d5 09:00", 15_000)) == []
    assert shop.take(paid("c", "d5 10:00", 10_000)) == []
    become(shop, shadow=False)
    assert said(shop, shadows=False) == ["1 raised critical"], (
        "of today; the day that is over stays as it was"
    )
    assert said(shop, shadows=True) == ["1 raised warn", "1 raised warn", "2 escalated critical"]
    assert shop.take(paid("d", "d5 08:00", 1_000, arrives="d5 11:00")) == ["amended critical"]
    again(shop)
    assert said(shop, shadows=False) == ["1 raised critical", "2 amended critical"]
    shop.replayed()


def test_there_and_back_again_no_number_comes_twice(shop: Shop) -> None:
    shop.take(paid("a", "09:00", 15_000))
    become(shop, shadow=True)
    shop.take(paid("b", "08:00", 1_000, arrives="10:00"), paid("c", "08:10", 1_000, arrives="11:00"))
    become(shop, shadow=False)
    shop.take(paid("d", "08:20", 1_000, arrives="12:00"))
    again(shop, cleanly=True)
    become(shop, shadow=True)
    again(shop)
    shop.take(paid("e", "13:00", 10_000))
    assert said(shop, shadows=False) == ["1 raised warn", "2 amended warn"]
    assert said(shop, shadows=True) == ["2 amended warn", "3 amended warn", "4 escalated critical"]
    shop.replayed()


def test_another_change_leaves_shadows_as_they_were(shop: Shop) -> None:
    """Their numbers go on as they came, and not as a fold of the sorted log would have counted them."""
    become(shop, shadow=True)
    shop.take(paid("a", "10:00", 15_000), paid("b", "09:00", 1_000, arrives="10:30"))
    before = said(shop, shadows=True)
    assert before == ["1 raised warn", "2 amended warn"]
    shop.edit("answer: {value: 10m", "answer: {value: 20m")
    assert shop.change() == []
    assert said(shop, shadows=True) == before
    shop.take(paid("c", "11:00", 10_000))
    assert said(shop, shadows=True) == [*before, "3 escalated critical"]
    shop.replayed()


def test_a_correction_corrects_shadows_and_says_nothing_of_them(shop: Shop) -> None:
    become(shop, shadow=True)
    shop.take(paid("a", "09:00", 15_000), paid("b", "d4 09:00", 1_000))
    shop.take(paid("late", "10:00", 10_000, arrives="d4 10:00"))
    ask = event("k", "correction.requested", "d4 10:00", account=None, by="li")
    assert shop.take(ask) == []
    assert shop.take({**ask, "id": "k2"}) == [], "and a second one finds nothing more"
    assert said(shop, shadows=True) == ["1 raised warn", "2 escalated critical"]
    again(shop)
    shop.replayed()
