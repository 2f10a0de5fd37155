"""A database that is damaged, newer, foreign, in use or full is refused, and never opened with what is left."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from engine.fold import Engine, Settings
from streams.checkpoints import CHECKPOINT_EVERY
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.deciding import DecidedBy, decided_by
from streams.stores.sqlite import open_store
from streams.stores.sqlite_reading import open_reader
from tests.streams.running import block_of, found, made, open_at, program, runner_of

LINES = made(2, 120)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Make a database that holds a log, records and state."""
    path = tmp_path / "log.db"
    store = open_at(path)
    runner = runner_of(store)
    runner.take("log", block_of(LINES, 0))
    runner.checkpoint()
    store.close()
    return path


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement)
    connection.close()


def test_it_is_opened_again_as_it_was(database: Path) -> None:
    store = open_at(database)
    before = found(store)
    runner_of(store).checkpoint()
    assert (store.last, found(store)) == (len(LINES), before)
    store.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param(
            "DELETE FROM state WHERE key = (SELECT min(key) FROM state)",
            "state entries where",
            id="a state entry is lost",
        ),
        pytest.param("DELETE FROM state", "0 state entries where", id="all state is lost"),
        pytest.param(
            "UPDATE state SET value = x'00' WHERE key = (SELECT min(key) FROM state)",
            "does not match its checksum",
            id="a state entry is wrong",
        ),
        pytest.param("DELETE FROM records WHERE seq = 1", "records where", id="a record is lost"),
        pytest.param(
            "INSERT INTO shadows VALUES (1, 1, 'COL-01', 'a_1', 1, x'00')",
            "1 shadows where 0 were counted",
            id="a would-be record was put in",
        ),
        pytest.param("DELETE FROM alerts WHERE seq = 1", "alerts where", id="the row of an alert is lost"),
        pytest.param("DELETE FROM inputs WHERE seq = 1", "inputs decided where", id="an input is lost"),
        pytest.param("UPDATE inputs SET disposition = 1 WHERE seq = 1", "where", id="a disposition is wrong"),
        pytest.param(
            "UPDATE inputs SET disposition = 77 WHERE seq = 1",
            "unknown disposition 77",
            id="a disposition is none",
        ),
        pytest.param(
            "UPDATE inputs SET seq = 100000 WHERE seq = 1",
            "where the last has number 100,000",
            id="a number is wrong",
        ),
        pytest.param(
            "DELETE FROM totals WHERE name = 'decided'", "where 0 were counted", id="a count is lost"
        ),
        pytest.param("DELETE FROM facts", "decisions of unknown rules", id="what decided it is lost"),
        pytest.param(
            "UPDATE facts SET value = x'00'", "decisions of unknown rules", id="what decided it is wrong"
        ),
        pytest.param(
            "PRAGMA user_version = 7", "a database of version 7; expected version 6", id="it is newer"
        ),
        pytest.param(
            "PRAGMA application_id = 7", "a database of another program", id="it is another program's"
        ),
    ],
)
def test_a_wrong_database_is_refused(database: Path, statement: str, words: str) -> None:
    change(database, statement)
    with pytest.raises(RefusedError, match=words) as refused:
        open_at(database)
    assert str(refused.value).startswith(str(database))


def test_a_database_just_begun_is_no_other_program_s(tmp_path: Path) -> None:
    begun = tmp_path / "weiguard.db"
    begun.touch()
    with pytest.raises(
        RefusedError, match="nothing in it yet; expected a database of `weiguard run`; ask again"
    ):
        open_reader(begun)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: raw[: len(raw) // 2], id="half of it is gone"),
        pytest.param(lambda raw: raw[:16_384] + bytes(8_192) + raw[24_576:], id="a page is zeros"),
        pytest.param(lambda raw: bytes(len(raw)), id="all is zeros"),
        pytest.param(lambda raw: b"not a database at all" * 100, id="it is text"),
    ],
)
def test_damaged_pages_are_refused(database: Path, damage: Callable[[bytes], bytes]) -> None:
    database.write_bytes(damage(database.read_bytes()))
    with pytest.raises(RefusedError):
        open_at(database)


def test_a_lost_state_is_mended_by_refolding(database: Path) -> None:
    store = open_at(database)
    before = found(store)
    store.close()
    change(database, "DELETE FROM state")
    store = open_at(database, refold=True)
    Runner(store, Engine(program())).refold()
    assert found(store) == before
    store.close()
    open_at(database).close()


def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    (tmp_path / "log.db").touch()
    store = open_at(tmp_path / "log.db")
    assert store.last == 0
    store.close()


def test_it_is_refused_while_another_has_it(database: Path) -> None:
    first = open_at(database)
    with pytest.raises(RefusedError, match=r"a database in use by process \d+"):
        open_at(database)
    first.close()
    open_at(database).close()


def test_a_reader_sees_whole_batches_while_it_is_written(database: Path) -> None:
    store = open_at(database)
    runner = runner_of(store)
    reader = open_reader(database)
    runner.take("log", block_of(made(9, 60), len(LINES)))
    assert found(reader) == found(store)
    reader.close()
    store.close()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"ruleset": "sha256:1"}, "decisions of the rule set sha256:", id="rules"),
        pytest.param({"rules": ("COL-01",)}, r"those of the 1 in use now \(--only\)", id="only"),
        pytest.param(
            {"zone": "Asia/Tokyo"}, "days of Asia/Shanghai; expected those of Asia/Tokyo", id="zone"
        ),
        pytest.param({"lateness_us": 1}, "another lateness", id="lateness"),
        pytest.param({"code": "0"}, "decisions of another version of weiguard", id="version"),
        pytest.param({"lateness_of": {"t1": 1}}, "another lateness", id="a tenant's lateness"),
    ],
)
def test_decisions_of_other_rules_are_not_continued(
    database: Path, changed: dict[str, object], words: str
) -> None:
    by: DecidedBy = msgspec.structs.replace(decided_by(program(), Settings()), **changed)
    with pytest.raises(RefusedError, match=words) as refused:
        open_store(database, by, {})
    assert "--refold" in str(refused.value)


def test_a_database_without_inputs_takes_any_rules(tmp_path: Path) -> None:
    open_at(tmp_path / "log.db").close()
    by: DecidedBy = msgspec.structs.replace(decided_by(program(), Settings()), ruleset="sha256:1")
    store = open_store(tmp_path / "log.db", by, {})
    assert store.decided_by() == by
    store.close()


def test_a_refold_is_decided_by_what_refolded_it_or_not_at_all(database: Path) -> None:
    by: DecidedBy = msgspec.structs.replace(decided_by(program(), Settings()), ruleset="sha256:1")
    store = open_store(database, by, {"COL-01": b"{}"}, refold=True)
    before = store.decided_by()
    with pytest.raises(ZeroDivisionError), store.refolding():  # noqa: PT012  # what decides is noted before the end
        assert store.decided_by() == by
        raise ZeroDivisionError
    assert store.decided_by() == before != by
    with store.refolding():
        pass
    assert (store.decided_by(), store.rule("COL-01")) == (by, b"{}")
    store.close()


def test_a_position_that_cannot_be_read_is_damage(database: Path) -> None:
    change(database, "UPDATE sources SET position = x'00'")
    store = open_at(database)
    with pytest.raises(RefusedError, match="a position that cannot be read"):
        store.position("log")
    store.close()


def test_damage_met_while_reading_is_refused(database: Path) -> None:
    raw = database.read_bytes()
    database.write_bytes(raw[:16_384] + bytes(len(raw) - 16_384))
    with (
        pytest.raises(RefusedError, match="malformed; expected an undamaged database"),
        open_reader(database) as reader,
    ):
        found(reader)


def test_a_database_locked_by_another_program_is_not_called_damaged(database: Path) -> None:
    store = open_at(database)
    store._db.execute("PRAGMA busy_timeout = 0")  # noqa: SLF001  # a test does not wait
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(
        RefusedError, match=r"another program holds it locked; expected a free one; close that program"
    ):
        runner_of(store).take("log", block_of(made(9, 60), len(LINES)))
    other.close()
    assert store.last == len(LINES)
    store.close()


def test_a_database_that_cannot_be_written_is_not_called_damaged(database: Path) -> None:
    store = open_at(database)
    store._db.execute("PRAGMA query_only = ON")  # noqa: SLF001  # as on a disk that is mounted so
    with pytest.raises(RefusedError, match="readonly database”; expected a database that can be opened"):
        runner_of(store).take("log", block_of(made(9, 60), len(LINES)))
    store.close()


def test_a_full_disk_stops_the_run_and_leaves_whole_batches(database: Path) -> None:
    store = open_at(database)
    runner = runner_of(store, every=CHECKPOINT_EVERY)
    before = found(store)
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]  # noqa: SLF001  # a disk cannot be filled in a test
    store._db.execute(f"PRAGMA max_page_count = {pages + 2}")  # noqa: SLF001
    more = [line.replace(b'"tenant":"t1"', b'"tenant":"t9"') for line in LINES]
    with pytest.raises(RefusedError, match="a full disk"):  # noqa: PT012  # it is some batch that does not fit
        for at in range(0, 10_000, 50):
            runner.take("log", block_of(more[at % 100 : at % 100 + 50], len(LINES) + at))
    after = found(store)
    assert after[0][: len(LINES)] == before[0]
    assert (len(after[0]) - len(LINES)) % 50 == 0
    store.close()
    store = open_at(database)
    assert found(store) == after
    runner_of(store)
    store.close()


@pytest.mark.parametrize("name", ["no/such/folder/log.db", "."])
def test_a_place_where_none_can_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError):
        open_at(tmp_path / name)


def test_looking_into_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="no database"):
        open_reader(tmp_path / "log.db")
    (tmp_path / "text.db").write_text("hello " * 1000)
    with pytest.raises(RefusedError):
        open_reader(tmp_path / "text.db")
