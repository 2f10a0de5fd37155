"""Addresses end with time: nothing can read them any more, and what was decided by them stays as it was said."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.explaining import explain
from streams.sealing.retention import KINDS, kept_us, terms
from streams.sealing.seals import Seals
from streams.sealing.subjects import SEED_BYTES, keys_from
from streams.sealing.weeks import WEEK_US, Kept, Weeks
from streams.stores.sqlite_reading import open_reader
from tests.engine.driving import event
from tests.logs.arrival import Line
from tests.streams.sealing.forgetting import alerts, bytes_of, erase, refold, replayed, take, verified

ADDRESS = "203.0.113.77"
TICK = event("later", "payment.received", "d200 09:00", transaction_id="T9", amount_fen=1, payer_id="p")


def failed(number: int, at: str, ip: str = ADDRESS) -> Line:
    """Return a login that failed, of which LOG-07 says where one address has several accounts."""
    line = event(f"f{number}", "login.attempted", at, result="failure", ip=ip, operator_id=f"op{number}")
    line["subject"] = f"A{number}"
    return line


STORY = [failed(number, f"d1 09:0{number}") for number in range(1, 7)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a database of failed logins."""
    db = tmp_path_factory.mktemp("told") / "shop.db"
    assert any(each.startswith("LOG-07") for each in take(db, *STORY))
    return db


@pytest.fixture
def db(told: Path, tmp_path: Path) -> Path:
    shutil.copytree(told.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "shop.db"


def first_line(db: Path) -> dict[str, Any]:
    with open_reader(db) as reader:
        data: dict[str, Any] = msgspec.json.decode(next(reader.inputs()).raw)["data"]
    return data


def of_address(db: Path) -> list[dict[str, Any]]:
    return [each for each in alerts(db, "LOG-07") if "ip" in each["key"]]  # type: ignore[operator]


def test_an_address_ends_after_half_a_year_and_leaves_where_it_was(db: Path) -> None:
    assert first_line(db)["ip"] == ADDRESS
    key = of_address(db)[0]["key"]["ip"]
    take(db, TICK)
    left = first_line(db)
    assert left["ip"] is None
    assert left["ip_hash"].startswith("k")
    assert of_address(db)[0]["key"]["ip"] == left["ip_hash"] != key


def test_it_ends_within_a_week_of_its_term_and_never_before_its_last_week(tmp_path: Path) -> None:
    first = 0
    for day in range(170, 190):
        db = tmp_path / f"{day}.db"
        take(
            db,
            failed(1, "d1 09:01"),
            event("t", "payment.received", f"d{day} 09:01", transaction_id="T", amount_fen=1, payer_id="p"),
        )
        if first_line(db)["ip"] is None:
            first = day
            break
    age_us = (first - 1) * 86_400 * 10**6
    assert kept_us("addresses") - WEEK_US <= age_us <= kept_us("addresses")


def test_no_byte_of_the_ended_keys_is_left(db: Path) -> None:
    with open_reader(db) as reader:
        weeks, chain = reader.seals.weeks, reader.seals.weeks.chain("t1", 0)
        first = reader.seals.keys.at(chain)
        assert first is not None
        keys = [weeks._key(chain, week) for week in range(2_931, 2_935)]  # noqa: SLF001  # no other way to see them
    assert all(keys)
    take(db, TICK)
    found = bytes_of(db)
    assert not [each for each in (*keys, first.secret) if each is not None and each in found]
    with open_reader(db) as reader:
        assert reader.seals.keys.at(chain) is None
        assert reader.seals.weeks.cipher(chain, 2_934) is None


def test_everything_still_holds_and_replay_says_what_has_ended(db: Path) -> None:
    before = replayed(db)
    assert (before.erased, before.identical) == (0, before.entries)
    take(db, TICK)
    assert verified(db) == len(STORY) + 1
    after = replayed(db)
    assert after.ok
    assert after.erased == len(of_address(db)) + 1, "and the index of their day"
    with open_reader(db) as reader:
        shown = explain(reader, str(of_address(db)[0]["id"]))
    assert shown.events[0]["data"]["ip"] is None


def test_a_correction_leaves_what_was_said_of_addresses_that_ended(db: Path) -> None:
    before = [(each["id"], each["record"], each["state"]) for each in of_address(db)]
    take(db, TICK)
    late = event("late", "payment.received", "d190 09:00", transaction_id="T8", amount_fen=2, payer_id="p")
    ask = event("c1", "correction.requested", "d200 10:00", by="wang")
    said = take(db, late, ask)
    assert not [each for each in said if each.startswith("LOG-")]
    assert [(each["id"], each["record"], each["state"]) for each in of_address(db)] == before
    assert replayed(db).ok


def test_decided_anew_the_alerts_are_the_same_under_other_names(db: Path) -> None:
    before = [(each["record"], each["level"], each["values"]) for each in of_address(db)]
    take(db, TICK)
    refold(db)
    assert [(each["record"], each["level"], each["values"]) for each in of_address(db)] == before
    assert verified(db) == len(STORY) + 1


def test_who_is_erased_takes_the_address_along_before_its_time(db: Path) -> None:
    erase(db, "op1")
    assert first_line(db)["ip"] is None
    assert "ip_hash" not in first_line(db)
    take(db, TICK)
    assert verified(db) == len(STORY) + 2


def test_a_clock_that_is_far_ahead_ends_nothing_before_the_wall_clock_does(db: Path) -> None:
    take(
        db, failed(8, "d262 09:00", "203.0.113.8")
    )  # The day before today, at the earliest; and then far ahead.
    line = event("far", "payment.received", "d262 10:00", transaction_id="T7", amount_fen=1, payer_id="p")
    line["time"] = line["receivedtime"] = "2199-01-01T00:00:00+08:00"
    take(db, line)
    with open_reader(db) as reader:
        lines = [msgspec.json.decode(each.raw) for each in reader.inputs()]
    assert next(each for each in lines if each["id"] == "f8")["data"]["ip"] == "203.0.113.8"


def test_ends_are_remembered_where_a_run_stops_and_goes_on(db: Path) -> None:
    take(db, TICK)
    with sqlite3.connect(db) as database:
        rows = database.execute("SELECT week, length(key) FROM weeks").fetchall()
    database.close()
    assert rows
    assert all(week > 2_930 and size == 32 for week, size in rows)
    take(db, failed(9, "d200 10:00"))
    with open_reader(db) as reader:
        last = [msgspec.json.decode(each.raw) for each in reader.inputs()][-1]
    assert last["data"]["ip"] == ADDRESS, "what comes now can be read"


@given(at=st.integers(0, 3_500), end=st.integers(0, 3_500), more=st.integers(0, 3_500))
def test_a_week_can_be_read_until_it_ends_and_never_after(at: int, end: int, more: int) -> None:
    weeks = Weeks(keys_from(bytes(SEED_BYTES)))
    chain = weeks.chain("t1", at)
    sealed = weeks.cipher(chain, at)
    assert sealed is not None
    token = sealed.encrypt(b"x", None)
    for limit in (end, more, end):
        weeks.end({"t1": limit})
    again = weeks.cipher(chain, at)
    assert (again is None) == (at < max(end, more))
    assert again is None or again.decrypt(token, None) == b"x"
    last = {each.chain: each for each in weeks.news()}[chain]
    kept = Weeks(keys_from(bytes(SEED_BYTES)), [Kept(last.chain, last.week, last.key)])
    other = kept.cipher(chain, max(at, last.week))
    mine = weeks.cipher(chain, max(at, last.week))
    assert other is not None
    assert mine is not None
    assert other.encrypt(b"y", None) == mine.encrypt(b"y", None)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'{"data":{"ip":"203.0.113.7","operator_id":"o"}}', id="as sources write it"),
        pytest.param(rb'{"data":{"\u0069p":"203.0.113.7","operator_id":"o"}}', id="named by number"),
        pytest.param(b'{"data":{"ip":["203.0.113.7"]}}', id="a list"),
        pytest.param(b'{"data":{"ip":{"v4":"203.0.113.7"}}}', id="an object"),
        pytest.param(b'{"data":{"ip":203.0113}}', id="a number"),
        pytest.param(rb'{"data":{"ip":"203.0.113\u002e7"}}', id="a sign by number"),
    ],
)
def test_hostile_spellings_end_too_and_stay_json(raw: bytes) -> None:
    seals = Seals(keys_from(bytes(SEED_BYTES)), lambda: ())
    kept = seals.line("t1", raw, 10**15)
    assert b"203.0" not in kept
    assert seals.opened_line(kept) == raw
    seals.end({"t1": 10**15 + kept_us("addresses")})
    left = seals.opened_line(kept)
    assert b"203.0" not in left
    assert msgspec.json.decode(left)["data"]["ip"] is None


def test_what_a_line_says_itself_of_an_address_stays_as_it_is() -> None:
    seals = Seals(keys_from(bytes(SEED_BYTES)), lambda: ())
    raw = b'{"data":{"ip":"115.236.112.1","city":"110100","ip_hash":"mine"}}'
    kept = seals.line("t1", raw, 10**15)
    seals.end({"t1": 10**16})
    data = msgspec.json.decode(seals.opened_line(kept))["data"]
    assert (data["city"], data["ip_hash"], data["country"]) == ("110100", "mine", "CN")


def test_every_term_has_a_source_in_both_languages_and_keeps_to_its_bounds() -> None:
    for kind in KINDS:
        term = terms()[kind]
        assert term.allows(kept_us(kind))
        assert set(term.source) == {"zh", "en"}
    assert not terms()["addresses"].allows(kept_us("addresses") + 1)


def test_a_token_that_a_stranger_made_up_is_not_looked_for_among_the_weeks() -> None:
    """Where its key is gone it stays as it is, and whatever week it names, nobody works that out."""
    seals = Seals(keys_from(bytes(SEED_BYTES)), lambda: ())
    kept = seals.line("t1", b'{"data":{"ip":"203.0.113.7","operator_id":"o"}}', 10**15)
    seals.destroy("t1", "o")
    assert not seals.ended(kept)
    week = kept[kept.index(b"~") : kept.index(b"~") + 12]
    forged = kept.replace(week, b"~AAAAAAAA__8")
    assert not seals.ended(forged)
    seals.end({"t1": 10**16})
    assert seals.erased(kept)
    assert not seals.ended(kept), "it was gone before"
    assert msgspec.json.decode(seals.opened_line(forged))["data"]["ip"] is None
