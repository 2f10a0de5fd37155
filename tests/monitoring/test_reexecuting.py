"""Replay as proof: what nobody touched comes out to the byte, and each change is told with its place.

The log has all that can stand in it: two tenants, late events, an override, a correction, a change of rules, ticks,
what cannot be read, and two clean stops.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
import zlib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.reexecuting import SHOWN, Replayed, Wish, replay
from rules.archiving import archived
from streams.audit.broken import BrokenError
from streams.embedded import Runner
from streams.ports import Block
from streams.stores.sqlite_reading import open_reader
from tests.engine.driving import event, payment
from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log
from tests.logs.strategies import SEEDS
from tests.monitoring.test_tampering import no_show, swapped
from tests.streams.changing import MINE, Shop
from tests.streams.running import lines_of
from weiguard.preparing import prepare, prepare_kept
from weiguard.running import opened
from weiguard.settings import Settings as Chosen

LESS = ("day_most: {value: 20000", "day_most: {value: 10000")
ALL = Wish()


def paid(name: str, at: str, fen: int, tenant: str = "t1", arrives: str = "") -> Line:
    return {**payment(name, at, fen, arrives, payer_id="P"), "tenant": tenant}


def asked(name: str, kind: str, at: str, arrives: str = "", **data: Any) -> Line:
    return event(name, kind, at, arrives, account=None, **data)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the database; the first tenant says six records before the rules change, and the second one two."""
    folder = tmp_path_factory.mktemp("kept")
    shop = Shop(folder)
    shop.take(paid("a", "09:00", 15_000), paid("b", "10:00", 15_000), paid("o", "10:00", 25_000, "t2"))
    override = {"limit": "day_most", "value": 40_000, "author": "li", "approver": "wang"}
    shop.take(asked("w", "override.set", "08:30", "11:00", **override), paid("c", "12:00", 9_000))
    shop.runner.take("log", Block([b"{broken", b'{"id": 1}'], None))
    shop.take(paid("d", "d2 09:00", 12_000), paid("early", "d2 08:00", 7_000, arrives="d2 10:00"))
    shop.take(paid("late", "09:30", 30_000, arrives="d4 10:00"), paid("p", "d2 10:00", 12_000, "t2"))
    shop.stop()
    shop.start()
    shop.edit(*LESS)
    shop.change()
    shop.take(asked("k", "correction.requested", "d4 11:00", by="li"), paid("e", "d4 12:00", 30_000))
    tick = {**asked("t", "clock.tick", "d5 10:00")}
    shop.take(
        {name: value for name, value in tick.items() if name != "tenant"}, paid("f", "d5 11:00", 20_000)
    )
    shop.take(paid("q", "d5 10:00", 15_000, "t2"))
    shop.stop()
    return folder


@pytest.fixture
def place(kept: Path, tmp_path: Path) -> Path:
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return tmp_path / "shop.db"


def replayed(db: Path, wish: Wish = ALL) -> Replayed:
    with open_reader(db) as reader:
        return replay(reader, wish, no_show)


def alert_of(db: Path, tenant: str = "t1") -> tuple[str, int]:
    """Return the alert of a tenant that has most records, and how many these are."""
    with open_reader(db) as reader:
        told = [msgspec.json.decode(each.body) for each in reader.records()]
    ids = [each["id"] for each in told if each["tenant"] == tenant]
    longest = max(ids, key=ids.count)
    return longest, ids.count(longest)


def refold(db: Path) -> None:
    """Decide the whole log anew, by the rules beside the database as they are now."""
    settings = Chosen(rules=db.parent / "mine", db=db)
    made = prepare(settings)
    with opened(made, settings, refold=True) as (_, store):
        Runner(store, made.engine()).refold()


def run(db: Path, statements: str) -> None:
    with sqlite3.connect(db) as database:
        database.create_function("swap", 3, swapped)
        database.executescript(statements)
    database.close()


def test_what_nobody_touched_comes_out_to_the_byte(place: Path) -> None:
    done = replayed(place)
    with open_reader(place) as reader:
        head = reader.audit.head()
        assert head is not None
        entries = head.size
        inputs = reader.last
        assert len(reader.audit.stops()) == 2
        assert len(reader.epochs()) == 2
    assert done.ok
    assert (done.inputs, done.entries, done.identical, done.earlier) == (inputs, entries, entries, 0)
    assert len(done.rulesets) == 2


def test_a_tenant_is_decided_without_the_others(place: Path) -> None:
    first, second = replayed(place, Wish(tenant="t1")), replayed(place, Wish(tenant="t2"))
    whole = replayed(place)
    assert first.ok
    assert second.ok
    nobodys = 3  # Two lines that cannot be read, and a tick.
    assert first.inputs + second.inputs == whole.inputs + nobodys
    shared = 4  # The entries of the two lines, and an account at each stop.
    assert first.entries + second.entries == whole.entries + shared


def test_every_record_of_an_alert_has_its_place_in_the_log(place: Path) -> None:
    alert, records = alert_of(place)
    done = replayed(place, Wish(alert, "t1"))
    assert records > 2
    assert [leaf.record for leaf in done.leaves] == list(range(1, records + 1))
    assert done.wanted == done.wanted_identical == records
    with open_reader(place) as reader:
        assert [leaf.index for leaf in done.leaves] == [
            reader.audit.leaf_of(alert, number) for number in range(1, records + 1)
        ]


def test_the_days_of_a_log_have_all_its_entries_together(place: Path) -> None:
    days = [replayed(place, Wish(day=date(2026, 3, number))).wanted for number in range(8, 16)]
    assert sum(days) == replayed(place).entries
    assert sum(count > 0 for count in days) == 4


def test_behind_a_refold_all_is_told_again_and_what_stood_before_is_counted(place: Path) -> None:
    before = replayed(place).entries
    refold(place)
    done = replayed(place)
    assert done.ok
    assert (done.earlier, len(done.rulesets)) == (before + 1, 1)
    assert replayed(place, Wish(tenant="t1")).ok


# An entry in front of all others, which move by one; the last is then one more than the log has.
ADD = """
UPDATE entries SET leaf = -2 - leaf; UPDATE entries SET leaf = -1 - leaf;
INSERT INTO entries VALUES (0, CAST('{}' AS BLOB))
"""
OTHER_RULES = zlib.compress(msgspec.json.encode([("../escaped.yaml", "x")]))


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        pytest.param(
            "UPDATE inputs SET raw = swap(raw, '15000', '15001') WHERE seq = 1",
            r"entry 0, record 1 of a_\w+, record\.values\.taken: found 15000; expected 15001",
            id="an input is changed: what it comes to",
        ),
        pytest.param(
            "UPDATE inputs SET raw = swap(raw, '2026-03-09T12', '2026-03-09T13') WHERE seq = 5",
            r"input 5 \(log:\d+\), time_us: found \d+; expected",
            id="the time of an input is changed",
        ),
        pytest.param(
            'UPDATE inputs SET raw = swap(raw, \'"source":\', \'"x":1,"source":\') WHERE seq = 8',
            r"ingest\.commit of t1, hash: found",
            id="an input is changed that raises nothing: the account of its tenant",
        ),
        pytest.param(
            "UPDATE inputs SET disposition = 1 WHERE seq = 2",
            r"input 2 \(log:\d+\), disposition: found duplicate; expected decided",
            id="a disposition is changed",
        ),
        pytest.param(
            "DELETE FROM inputs WHERE seq = 5",
            r"entry \d+, record \d of a_\w+, position: found 5; expected 4",
            id="an input is removed: the positions behind it",
        ),
        pytest.param(
            "INSERT INTO inputs SELECT 99, source, 1, '', 0, 0, 4, 'x', raw FROM inputs WHERE seq = 6",
            r"input 99, reason|input 99 .*reason: found x",
            id="an input is added",
        ),
        pytest.param(
            """UPDATE records SET body = swap(body, '"level":"warn"', '"level":"info"')""",
            r'alerts, record 1 of a_\w+, level: found "info"; expected "warn"',
            id="an alert is made milder where it is shown",
        ),
        pytest.param(
            "DELETE FROM records WHERE seq = 1",
            r"alerts, record 1 of a_\w+: found no such record",
            id="an alert is removed where it is shown",
        ),
        pytest.param(
            "INSERT INTO records(input, alert, record, body) SELECT 3, 'a_0', 7, body FROM records WHERE seq = 1",
            r"alerts, record 7 of a_0, input 3: found .*expected nothing that is decided again",
            id="an alert is added where it is shown",
        ),
        pytest.param(
            "UPDATE records SET input = 2 WHERE seq = 1",
            r"alerts, record 1 of a_\w+, input: found 2; expected 1",
            id="an alert is laid to another input",
        ),
        pytest.param(
            "UPDATE entries SET body = swap(body, '\"warn\"', '\"info\"') WHERE leaf = 0",
            r'entry 0, record 1 of a_\w+, record\.level: found "info"; expected "warn"',
            id="an entry is changed",
        ),
        pytest.param(
            "UPDATE entries SET body = swap(body, '{', '{ ') WHERE leaf = 0",
            r"entry 0, record 1 of a_\w+: found \{ ",
            id="an entry says the same in other bytes",
        ),
        pytest.param(
            "DELETE FROM entries WHERE leaf = 1", r"input \d+: found no entry", id="an entry is dropped"
        ),
        pytest.param(
            ADD.format('{"kind":"alert","position":1,"tenant":"t1"}'),
            "entry 0: found .*expected nothing that is decided again",
            id="an entry is added",
        ),
        pytest.param(
            "UPDATE entries SET leaf = -1 WHERE leaf = 0; UPDATE entries SET leaf = 0 WHERE leaf = 1;"
            "UPDATE entries SET leaf = 1 WHERE leaf = -1",
            "entry 0: found .*expected nothing that is decided again",
            id="two entries are swapped",
        ),
        pytest.param(
            "DELETE FROM stops WHERE input = (SELECT min(input) FROM stops)",
            r'entry \d+: found \{"clock".*expected nothing that is decided again',
            id="a stop is forgotten: the accounts that were told there",
        ),
        pytest.param(
            "UPDATE epochs SET first = first + 2 WHERE first > 1",
            "ruleset: found",
            id="other rules are said to have decided for a while",
        ),
    ],
)
def test_what_was_changed_is_told_with_its_place(place: Path, statements: str, words: str) -> None:
    run(place, statements)
    done = replayed(place)
    assert not done.ok
    assert len(done.differences) <= SHOWN
    assert any(re.search(words, str(each)) for each in done.differences), done.differences


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        pytest.param(
            "DELETE FROM rulesets", "rule set sha256:.*found no copy of it", id="a rule set is gone"
        ),
        pytest.param(
            "UPDATE rulesets SET files = (SELECT files FROM rulesets r WHERE r.id <> rulesets.id)",
            "rule set sha256:.*found a copy that has the hash sha256:",
            id="a rule set stands under the name of another",
        ),
        pytest.param(
            "UPDATE rulesets SET files = x'ff'", "found bytes that were cut off", id="a rule set is damaged"
        ),
        pytest.param(
            f"UPDATE rulesets SET files = x'{OTHER_RULES.hex()}'",  # noqa: S608  # a test's own
            r"found a file named '\.\./escaped\.yaml'",
            id="a rule set would write beside its folder",
        ),
        pytest.param(
            "UPDATE epochs SET decided_by = x'00'", "epochs: found", id="what decided cannot be read"
        ),
        pytest.param(
            "UPDATE inputs SET raw = CAST(raw AS TEXT) WHERE seq = 2",
            "found a text",
            id="an input is written anew by hand",
        ),
    ],
)
def test_what_cannot_be_decided_again_is_told(place: Path, statements: str, words: str) -> None:
    run(place, statements)
    with pytest.raises(BrokenError, match=words):
        replayed(place)


def test_a_rule_changed_inside_the_archive_is_noticed_by_its_hash(place: Path) -> None:
    folder = place.parent / "milder"
    shutil.copytree(MINE, folder)
    limits = folder / "limits.yaml"
    limits.write_text(limits.read_text().replace("day_warn: {value: 10000", "day_warn: {value: 90000"))
    files = archived(folder).hex()
    run(place, f"UPDATE rulesets SET files = x'{files}' WHERE id = (SELECT id FROM rulesets LIMIT 1)")  # noqa: S608  # a test's own
    with pytest.raises(BrokenError, match="found a copy that has the hash sha256:"):
        replayed(place)


def test_it_ends_where_an_input_that_was_decided_cannot_be_read(place: Path) -> None:
    run(place, "UPDATE inputs SET raw = CAST('{gone' AS BLOB) WHERE seq = 2")
    done = replayed(place)
    assert (done.ok, done.ended, done.inputs) == (False, False, 2)
    assert str(done.differences[0]).endswith("disposition: found decided; expected quarantined")


def test_the_leaves_of_an_alert_tell_which_of_them_differs(place: Path) -> None:
    alert, records = alert_of(place)
    run(place, "UPDATE entries SET body = swap(body, '\"critical\"', '\"info\"') WHERE leaf = 1")
    done = replayed(place, Wish(alert, "t1"))
    assert [leaf.record for leaf in done.leaves if leaf.differences] == [2]
    assert (done.wanted, done.wanted_identical) == (records, records - 1)
    assert str(done.leaves[1].differences[0]).endswith('record.level: found "info"; expected "critical"')


def test_an_entry_of_the_alert_that_nothing_decides_is_one_of_its_leaves(place: Path) -> None:
    alert, records = alert_of(place)
    body = f'{{"kind":"alert","position":1,"record":{{"id":"{alert}","record":9}},"tenant":"t1"}}'
    run(place, ADD.format(body))
    done = replayed(place, Wish(alert, "t1"))
    assert (done.wanted, done.wanted_identical) == (records + 1, records)
    assert [leaf.record for leaf in done.leaves if leaf.differences] == [9]


def test_the_database_is_only_read(place: Path) -> None:
    before = place.read_bytes()
    replayed(place)
    assert place.read_bytes() == before


def test_what_a_run_writes_meanwhile_is_left_for_the_next_time(place: Path) -> None:
    before = replayed(place)
    settings = Chosen(rules=place.parent / "mine", db=place)
    made = prepare_kept(settings)
    with opened(made, settings) as (_, store), open_reader(place) as reader:
        runner = Runner(store, made.engine())
        runner.resume()

        def write(inputs: int, _: int) -> None:
            line = msgspec.json.encode(paid(f"new{inputs}", "d6 09:00", 50_000, f"n{inputs}"))
            runner.take("log", Block([line], None))
            if inputs == 3:
                runner.end()

        during = replay(reader, ALL, write)
    assert during == before
    after = replayed(place)
    assert after.ok
    assert after.inputs == 2 * before.inputs


@given(seed=SEEDS, share=st.floats(0, 1), every=st.integers(1, 60))
def test_whatever_the_log_it_comes_out_to_the_byte(seed: int, share: float, every: int) -> None:
    """Late events, corrections and decisions among them, a change of rules anywhere, in batches of any size."""
    log = make_log(seed, 60, {"payments", "limits", "reference", "decisions"})
    lines = lines_of(shuffle_within_lateness(log, seed))
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        for at in range(0, len(lines), every):
            shop.runner.take("log", Block(lines[at : at + every], None))
            if at <= share * len(lines) < at + every:
                shop.edit(*LESS)
                shop.change()
                shop.runner.end()
        tenants = shop.store.tenants()
        shop.stop()
        assert replayed(shop.db).ok
        for tenant in tenants:
            assert replayed(shop.db, Wish(tenant=tenant)).ok
