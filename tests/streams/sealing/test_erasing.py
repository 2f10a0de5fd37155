"""Somebody is erased: nothing of them is left in clear, everything still holds, and the run goes on."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from monitoring.explaining import explain
from monitoring.proving import prove
from monitoring.queries import answer, ask
from monitoring.reexecuting import Wish
from monitoring.verifying import verify
from streams.audit.broken import BrokenError
from streams.audit.publishing import Stored, export
from streams.audit.query import Query
from streams.refusing import RefusedError
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import open_reader
from tests.simulation import kill_after
from tests.streams.audit.running import SIGNER
from tests.streams.sealing.forgetting import (
    OTHER,
    PAYER,
    alerts,
    bytes_of,
    erase,
    erase_in,
    make,
    paid,
    refold,
    replayed,
    running,
    take,
    verified,
)  # fmt: skip
from tests.streams.sealing.telling import EVENTS, SECRETS, clear


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    db = tmp_path_factory.mktemp("made") / "shop.db"
    make(db)
    return db


@pytest.fixture
def db(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "shop.db"


def stored(db: Path) -> bytes:
    """Return what rows and leaves hold."""
    with sqlite3.connect(db) as database:
        rows = [
            *database.execute("SELECT raw FROM inputs UNION ALL SELECT raw FROM pieces"),
            *database.execute("SELECT CAST(reason AS BLOB) FROM inputs"),
            *database.execute("SELECT body FROM records UNION ALL SELECT body FROM entries"),
        ]
    database.close()
    return b"\n".join(bytes(row[0]) for row in rows)


def exported(db: Path, folder: Path) -> bytes:
    with open_reader(db) as reader:
        export(Stored(reader.audit, str(db), SIGNER), folder, lambda _, __: None)
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_rows_leaves_and_exports_hold_nothing_personal_in_clear(db: Path, tmp_path: Path) -> None:
    told = [json.dumps(alerts(db, "LOG-01")[0]["values"]["lat"]).encode()]  # type: ignore[index]
    for held in (stored(db), exported(db, tmp_path / "out")):
        assert not [each for each in (*SECRETS, *told, b"z.q") if each in held]


def test_who_looks_sees_all_in_clear(db: Path) -> None:
    assert {each["key"]["payer"] for each in alerts(db, "COL-03")} == {PAYER, OTHER}  # type: ignore[index]
    with open_reader(db) as reader:
        told = explain(reader, str(alerts(db, "COL-03")[0]["id"]))
        assert told.events[0]["data"]["payer_id"] == PAYER
    assert replayed(db).erased == 0
    assert replayed(db).identical == replayed(db).entries > 30


def test_everybody_erased_is_nowhere_in_the_bytes(db: Path, tmp_path: Path) -> None:
    """Of a log with every event type: database, WAL and export."""
    subjects = {value.decode() for number, each in enumerate(EVENTS) for value in clear(number, each["data"])}
    assert b"payerid-z.q" in bytes_of(db), "the state, a cache, holds names in clear until then"
    for subject in sorted({*subjects, PAYER, OTHER, "op-z.q", "7z.q", "A1"}):
        with suppress(RefusedError):  # What belongs to nobody's name but to the account's, say.
            erase(db, subject, sweep=False)
    with running(db) as runner:
        runner.end()
    found = bytes_of(db) + exported(db, tmp_path / "out")
    assert not [each for each in (*SECRETS, b"z.q") if each in found]
    assert verified(db) > len(EVENTS)
    assert replayed(db).ok


def test_all_proofs_hold_and_only_the_subject_is_said_to_be_erased(db: Path) -> None:
    mine, others = (
        next(
            str(each["id"])
            for each in alerts(db, "COL-03")
            if each["key"] == {"payer": name, "account": "A1"}
        )
        for name in (PAYER, OTHER)
    )
    with open_reader(db) as reader:
        _, _, before = prove(reader, mine, None, SIGNER)
        head = reader.audit.head()
    assert head is not None
    entries = replayed(db).entries
    erase(db, PAYER)
    with open_reader(db) as reader:
        assert list(reader.audit.entries(before.index, before.index + 1)) == [before.entry]
        verify(
            Stored(reader.audit, "log", SIGNER),
            [SIGNER.verifier],
            [("kept", head.note or b"")],
            lambda _, __: None,
        )
        _, _, after = prove(reader, mine, None, SIGNER)
        assert after.entry == before.entry
    verified(db)
    done = replayed(db)
    assert done.ok
    assert done.erased > 0
    assert done.identical + done.erased == done.entries > entries
    assert [leaf.erased for leaf in replayed(db, Wish(alert=mine, tenant="t1")).leaves] == [True]
    assert [leaf.erased for leaf in replayed(db, Wish(alert=others, tenant="t1")).leaves] == [False]


@pytest.mark.parametrize(("rule", "subject"), [("LOG-01", "op-z.q"), ("PST-06", "A1")])
def test_what_an_erased_value_had_a_part_in_is_erased_too(db: Path, rule: str, subject: str) -> None:
    """LOG-01 rests on where two logins came from, PST-06 on a text: without them nothing can be decided again."""
    (alert,) = {str(each["id"]) for each in alerts(db, rule)}
    erase(db, subject)
    done = replayed(db, Wish(alert=alert, tenant="t1"))
    assert done.ok
    assert [leaf.erased for leaf in done.leaves] == [True]
    assert alerts(db, rule), "what was said stays"
    assert not [each for each in take(db, paid("d", "d2 09:30", 1, "x")) if each.startswith(rule)]


def test_an_erasure_says_so_without_naming_anybody(db: Path) -> None:
    erase(db, PAYER)
    with open_reader(db) as reader:
        told = [
            each
            for each in map(msgspec.json.decode, reader.audit.entries())
            if each["kind"] == "subject.erased"
        ]
    assert [(each["event"]["data"]["by"], each["event"]["data"]["reason"]) for each in told] == [
        ("wang", "request 7")
    ]
    assert PAYER.encode() not in bytes_of(db)


def test_the_run_goes_on_and_says_nothing_twice(db: Path) -> None:
    erase(db, PAYER)
    numbers = [(each["id"], each["record"]) for each in alerts(db, "COL-03")]
    assert take(db) == [], "a restart says nothing"
    # Late events about others, about nobody, and of who was erased: somebody new, as nobody can tell any more.
    late = [paid("n1", "d2 08:00", 100, OTHER, "d2 12:00"), paid("n2", "d2 08:10", 100, "new", "d2 12:00"),
            paid("n3", "d2 08:20", 80_000, PAYER, "d2 12:00")]  # fmt: skip
    said = take(db, *late)
    assert [each for each in said if each.startswith("COL-03")] == ["COL-03 2 amended", "COL-03 1 raised"]
    asked = {**paid("k", "d2 12:10", 1), "type": "correction.requested", "data": {"by": "li"}}
    assert not [each for each in take(db, asked) if each.startswith("COL")], (
        "a correction retracts nothing of who was erased"
    )
    after = [(each["id"], each["record"]) for each in alerts(db, "COL-03")]
    assert after[: len(numbers)] == numbers
    assert len(set(after)) == len(after)
    verified(db)
    assert replayed(db).ok
    with open_reader(db) as reader:
        assert any(each.raw.count(PAYER.encode()) for each in reader.inputs()), "who came back can be read"
    erase(db, PAYER)
    assert PAYER.encode() not in bytes_of(db)
    assert replayed(db).ok


def test_an_event_of_a_source_that_says_somebody_was_erased_is_recorded_and_erases_nobody(db: Path) -> None:
    said = {**paid("x", "d2 10:00", 1), "type": "subject.erased"}
    take(db, {**said, "data": {"subject": PAYER, "by": "mallory", "reason": "x"}})
    assert {each["key"]["payer"] for each in alerts(db, "COL-03")} == {PAYER, OTHER}  # type: ignore[index]
    assert replayed(db).ok


@pytest.mark.parametrize("filters", [{"key": ("payer", PAYER)}, {"key": ("", PAYER)}, {"text": PAYER}])
def test_an_auditor_finds_somebody_by_name_until_they_are_erased(db: Path, filters: dict[str, Any]) -> None:
    for found in (2, 0):
        query = Query(**filters, rules=("COL-03",))
        with running(db) as runner:
            asked = ask(runner, query, "li", ZoneInfo("Asia/Shanghai"))
            runner.end()
        catch_up(db, lambda _, __: None)
        with open_reader(db) as reader:
            rows = list(answer(reader, query, asked).rows)
        assert [each.told["record"]["key"]["payer"] for each in rows] == [PAYER] * found
        assert PAYER.encode() not in stored(db), "not in what was asked either"
        if found:
            erase(db, PAYER)


def test_a_row_whose_sealed_value_was_exchanged_is_caught(db: Path) -> None:
    with sqlite3.connect(db) as database:
        rows = dict(database.execute("SELECT seq, raw FROM inputs WHERE instr(raw, 'personal_static')"))
        first, second, *_ = rows
        tokens = [msgspec.json.decode(rows[seq])["data"]["payer_id"].encode() for seq in (first, second)]
        swapped = bytes(rows[first]).replace(tokens[0], tokens[1])
        database.execute("UPDATE inputs SET raw = ? WHERE seq = ?", (swapped, first))
    database.close()
    with pytest.raises(BrokenError):
        verified(db)
    assert not replayed(db).ok


def test_refolding_takes_what_is_left_and_all_holds(db: Path) -> None:
    erase(db, PAYER)
    refold(db)
    verified(db)
    assert replayed(db).ok


@pytest.mark.slow
def test_an_erasure_killed_at_any_statement_happened_or_did_not(made: Path, tmp_path: Path) -> None:
    """`kill -9` at the first statements, some in between and each of the last: the next start finds one of the two."""
    happened = set()
    last = _statements(made, tmp_path)
    points = sorted({*range(1, 4), *range(4, last, max(last // 4, 1)), *range(last - 8, last + 2)})
    for point in points:
        folder = tmp_path / str(point)
        shutil.copytree(made.parent, folder)
        db = folder / "shop.db"
        killed = _erased_in_a_child(db, point)
        with running(db) as runner:
            runner.end()
        done = PAYER.encode() not in bytes_of(db)
        with open_reader(db) as reader:
            assert done == bool(reader.erasures()), "the key, the event and the state are of one transaction"
        happened.add(done)
        verified(db)
        assert replayed(db).ok
        shutil.rmtree(folder)
        assert killed == (point <= last)
    assert last > 20
    assert happened == {False, True}


def _statements(made: Path, tmp_path: Path) -> int:
    """Return how many statements an erasure begins."""
    folder = tmp_path / "counted"
    shutil.copytree(made.parent, folder)
    begun: list[str] = []
    with running(folder / "shop.db") as runner:
        runner.store._db.set_trace_callback(begun.append)  # type: ignore[attr-defined]  # noqa: SLF001
        erase_in(runner, PAYER)
        runner.store._db.set_trace_callback(None)  # type: ignore[attr-defined]  # noqa: SLF001
    return len(begun)


def _erased_in_a_child(db: Path, point: int) -> bool:
    """Erase somebody in a process that is killed when so many statements have been begun; return whether it was."""
    child = os.fork()
    if child == 0:
        try:
            with running(db) as runner:
                kill_after(runner.store._db.set_trace_callback, point)  # type: ignore[attr-defined]  # noqa: SLF001
                erase_in(runner, PAYER)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])
