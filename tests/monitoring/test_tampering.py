"""The tampering table: who changed what, and which check notices.

The attacker can write to the database or to the published files. Some have the log's key too; those are caught by a
checkpoint that somebody kept, or not at all, and the table says which.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.fold import Engine
from engine.merkle import leaf_hash
from monitoring.retelling import check_types, retell
from monitoring.verifying import Note, verify, verify_unsigned
from streams.audit.broken import BrokenError
from streams.audit.facets import account_of
from streams.audit.indexing import KIND, OpenDay, behind, index_of
from streams.audit.notes import Signer
from streams.audit.publishing import CHECKPOINT, HISTORY, Folder, Stored, export
from streams.audit.tiles import unbundled
from streams.embedded import Runner
from streams.sources.shops import events
from streams.stores.sqlite_reading import open_reader
from tests.streams.audit.folders import put, write_log
from tests.streams.audit.running import SIGNER
from tests.streams.running import block_of, open_at, program

STRANGER = Signer(SIGNER.name, bytes(32))
ACT = msgspec.json.encode({
    "specversion": "1.0", "id": "act-1", "source": "weiguard/console", "type": "alert.acknowledged", "tenant": "shops",
    "time": "2025-11-20T10:00:00+08:00", "data": {"alert_id": "a_1", "by": "li"},
})  # fmt: skip
LINES = [*islice(events(3), 6_000), ACT]  # Entries for more than one whole tile.
CUT = 400  # Inputs, behind which somebody keeps the checkpoint.


def no_show(_: int, __: int) -> None:
    """Show nothing."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a signed database, its export, and the checkpoint that somebody kept when it was shorter."""
    folder = tmp_path_factory.mktemp("kept")
    store = open_at(folder / "shop.db")
    runner = Runner(store, Engine(program()), signer=SIGNER)
    for at, lines in ((0, LINES[:CUT]), (CUT, LINES[CUT:])):
        runner.take("log", block_of(lines, at))
        runner.end()
        head = store.audit.head()
        assert head is not None
        assert head.note is not None
        put(folder, "kept" if at == 0 else "last", head.note)
    store.close()
    with open_reader(folder / "shop.db") as reader:
        export(Stored(reader.audit, "shop.db"), folder / "log", no_show)
    return folder


@pytest.fixture
def place(kept: Path, tmp_path: Path) -> Path:
    """Copy all that can be attacked."""
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return tmp_path


def verified(place: Path, *, seen: bool = False, database: bool = False) -> int:
    """Verify the folder, or the database, as whoever has the public key; return the number of entries."""
    notes: list[Note] = [("kept", (place / "kept").read_bytes())] if seen else []
    if not database:
        return verify(Folder(str(place / "log")), [SIGNER.verifier], notes, no_show).checkpoint.size
    with open_reader(place / "shop.db") as reader:
        check_types(reader)
        found = verify(Stored(reader.audit, "shop.db"), [SIGNER.verifier], notes, no_show)
        retell(reader, found.told_from, no_show)
        return found.checkpoint.size


def test_what_nobody_touched_holds(place: Path) -> None:
    assert verified(place) == verified(place, seen=True) == verified(place, database=True, seen=True) > 256


def test_a_database_that_was_decided_anew_holds_too(place: Path) -> None:
    before = verified(place, database=True)
    store = open_at(place / "shop.db", refold=True)
    Runner(store, Engine(program()), signer=SIGNER).refold()
    store.close()
    assert verified(place, database=True, seen=True) == 2 * before + 1


def swapped(body: bytes, old: str, new: str) -> bytes:
    """Change bytes in SQL, and leave them bytes."""
    return body.replace(old.encode(), new.encode())


SWAP = """
UPDATE entries SET leaf = -1 WHERE leaf = 3; UPDATE entries SET leaf = 3 WHERE leaf = 4;
UPDATE entries SET leaf = 4 WHERE leaf = -1
"""
TRUNCATE = """
DELETE FROM entries WHERE leaf >= (SELECT min(size) FROM heads);
DELETE FROM heads WHERE size > (SELECT count(*) FROM entries);
UPDATE tiles SET hashes = substr(hashes, 1, 32 * (SELECT count(*) FROM entries)) WHERE level = 0 AND number = 0
"""


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        pytest.param(
            "UPDATE inputs SET raw = swap(raw, '20', '21') WHERE seq = 200",
            r"input 400 .*counts",
            id="an input is changed: its tenant's running hash",
        ),
        pytest.param(
            "UPDATE inputs SET raw = CAST(raw AS TEXT) WHERE seq = 200",
            r"inputs\.raw, row 200: found a text",
            id="an input is written anew by hand: it is no longer bytes",
        ),
        pytest.param(
            "UPDATE inputs SET disposition = 1 WHERE seq = 200",
            r"input 400 .*\"decided\":399,\"duplicate\":1",
            id="a disposition is changed: its tenant's account",
        ),
        pytest.param(
            "DELETE FROM inputs WHERE seq = 200",
            r"input \d+ .*found entry",
            id="an input is removed: what is told of those behind it",
        ),
        pytest.param(
            "INSERT INTO inputs SELECT 100000, source, 1, tenant, time_us, clock_us, 4, 'x', raw FROM inputs LIMIT 1",
            r"input 100,000 .*found no entry any more",
            id="an input is quarantined that never came: there is no entry of it",
        ),
        pytest.param(
            """UPDATE records SET body = swap(body, '"level":"warn"', '"level":"info"')""",
            r"input \d+ .*found entry \d+, .*expected what the database tells",
            id="an alert is made milder: its entry says otherwise",
        ),
        pytest.param(
            "UPDATE records SET body = swap(body, '{\"id\"', '{ \"id\"') WHERE seq = 5",
            r"record 1 of a_\w+: found other bytes",
            id="the bytes of an alert are changed: they are not those of a record",
        ),
        pytest.param(
            "DELETE FROM records WHERE seq = 5",
            r"input \d+ .*found entry \d+",
            id="an alert is removed: its entry is still there",
        ),
        pytest.param(
            "DELETE FROM acts",
            r"input 6,001: found no act in the table of acts; expected the one on a_1",
            id="an act is hidden: its input tells of it",
        ),
        pytest.param(
            "INSERT INTO acts VALUES ('a_2', 3)",
            r"input 3: found an act on a_2 in the table of acts",
            id="an act is invented: no input tells of it",
        ),
        pytest.param(
            "DELETE FROM alerts WHERE seq = (SELECT max(seq) FROM alerts)",
            r"the table of alerts: found no row of a_\w+; expected one for its last record",
            id="an alert is hidden from lists: it has records",
        ),
        pytest.param(
            "UPDATE alerts SET state = 'retracted' WHERE seq = (SELECT max(seq) FROM alerts)",
            r"row \d+ of the table of alerts, a_\w+: found state 'retracted'; expected 'raised', as its records say",
            id="a row says that an alert does not stand: its records say otherwise",
        ),
        pytest.param(
            "UPDATE alerts SET handling = 'resolved' WHERE seq = (SELECT max(seq) FROM alerts)",
            r"found handling 'resolved'; expected 'new'",
            id="an alert is called resolved: nobody did that",
        ),
        pytest.param(
            "INSERT INTO alerts SELECT 100000, tenant, rule, level, state, at_us, key, handling, assignee, until_us"
            " FROM alerts LIMIT 1",
            r"row 100,000 of the table of alerts: found a row",
            id="an alert is invented for lists: it has no record",
        ),
        pytest.param(
            "UPDATE entries SET body = swap(body, '\"warn\"', '\"info\"') WHERE leaf > 70",
            "found .*index.day.*expected what the entries since the last index give",
            id="entries are changed: the index of their day",
        ),
        pytest.param(
            "UPDATE entries SET body = swap(body, 'clock', 'clack') WHERE leaf = (SELECT max(leaf) FROM entries)",
            "found the root .* to which the entries lead",
            id="the last entry is changed: the next checkpoint",
        ),
        pytest.param(
            "DELETE FROM entries WHERE leaf = 3", "found 255 entries; expected 256", id="an entry is dropped"
        ),
        pytest.param(SWAP, "found the root", id="two entries are swapped: the next checkpoint"),
        pytest.param(
            "UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND number = 0",
            "tile/0/000: found other hashes",
            id="a tile is changed: the entries below it",
        ),
        pytest.param(
            "UPDATE heads SET note = swap(note, 'example', 'exomple')",
            "found the signature of exomple.cn",
            id="a checkpoint is changed: nobody signed it",
        ),
        pytest.param(
            "UPDATE heads SET note = x'00'",
            "expected a signed note",
            id="the checkpoints are emptied",
        ),
        pytest.param(
            TRUNCATE, "kept: found a checkpoint of", id="the tail is cut off: a checkpoint that was kept"
        ),
    ],
)
def test_a_database_that_was_changed_is_noticed(place: Path, statements: str, words: str) -> None:
    with sqlite3.connect(place / "shop.db") as database:
        database.create_function("swap", 3, swapped)
        database.executescript(statements)
    database.close()
    with pytest.raises(BrokenError, match=words):
        verified(place, database=True, seen=statements == TRUNCATE)


def entries_of(place: Path) -> list[bytes]:
    """Return the published entries."""
    found: list[bytes] = []
    for path in sorted((place / "log/tile/entries").iterdir()):
        for bundle in [path] if path.is_file() else sorted(path.iterdir()):
            width = int(bundle.name) if bundle.parent.name.endswith(".p") else 256
            found += unbundled(bundle.read_bytes(), width, bundle.name)
    return found


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def rebuild(place: Path, entries: Sequence[bytes], signer: Signer = SIGNER) -> None:
    """Publish other entries, as one who can sign: tiles, checkpoint and all."""
    shutil.rmtree(place / "log")
    write_log(place / "log", entries, signer)


def first_of(place: Path, kind: str) -> tuple[int, dict[str, Any]]:
    told = [msgspec.json.decode(entry) for entry in entries_of(place)]
    return next((number, entry) for number, entry in enumerate(told) if entry["kind"] == kind)


def reindexed(
    entries: Sequence[bytes],
    hidden: Callable[[dict[str, Any]], bool] = lambda _: False,
    unsaid: Callable[[str], bool] = lambda _: False,
    named: Callable[[str], str] = lambda day: day,
) -> list[bytes]:
    """Return entries with other indexes, each naming the one before, as one who can sign would write them.

    They leave out what is `hidden`, there is none of a day that is `unsaid`, and each is of the day that it is `named`.
    """
    found: list[bytes] = []
    held = OpenDay()
    for entry in entries:
        told = msgspec.json.decode(entry)
        if told["kind"] != KIND:
            found.append(entry)
            if not hidden(told):
                held.take(account_of(told), leaf_hash(entry))
        elif not unsaid(told["day"]):
            again = held.entry(told["tenant"], told["position"], named(told["day"]), told["clock"])
            held = behind(again, index_of(again, KIND))
            found.append(again)
    return found


def first_alert(place: Path) -> dict[str, Any]:
    """Return what the first entry says, which is an alert about an account."""
    told: dict[str, Any] = msgspec.json.decode(entries_of(place)[0])
    assert account_of(told) is not None
    return told


def index_that_hides(place: Path) -> None:
    told = first_alert(place)
    rebuild(place, reindexed(entries_of(place), hidden=lambda each: each == told))


def day_without_index(place: Path) -> None:
    day = first_of(place, KIND)[1]["day"]
    rebuild(place, reindexed(entries_of(place), unsaid=lambda each: each == day))


def no_index_at_all(place: Path) -> None:
    rebuild(place, reindexed(entries_of(place), unsaid=lambda _: True))


def index_of_another_day(place: Path) -> None:
    day = first_of(place, KIND)[1]["day"]
    rebuild(place, reindexed(entries_of(place), named=lambda each: "2025-01-01" if each == day else each))


def index_twice(place: Path) -> None:
    number, _ = first_of(place, KIND)
    entries = entries_of(place)
    rebuild(place, [*entries[: number + 1], *entries[number:]])


def forked_chain(place: Path) -> None:
    """Let the second index say that it is the first."""
    entries = entries_of(place)
    number, _ = first_of(place, KIND)
    second = next(at for at in range(number + 1, len(entries)) if b'"kind":"index.day"' in entries[at])
    told = msgspec.json.decode(entries[second])
    entries[second] = msgspec.json.encode(told | {"previous": None}, order="sorted")
    rebuild(place, entries)


def changed_account(place: Path) -> None:
    """Account for one input less, in an entry that is right in itself."""
    number, told = first_of(place, "ingest.commit")
    told["counts"]["decided"] -= 1
    entries = entries_of(place)
    entries[number] = msgspec.json.encode(told, order="sorted")
    rebuild(place, entries)


def other_history(place: Path) -> None:
    """Add a checkpoint, rightly signed, of a history that others were shown."""
    other = write_log(place / "other", [b'{"kind":"another"}', *entries_of(place)[1:300]])
    line = msgspec.json.encode((other / CHECKPOINT).read_text()) + b"\n"
    history = (place / "log" / HISTORY).read_bytes()
    first, _, rest = history.partition(b"\n")
    put(place, f"log/{HISTORY}", first + b"\n" + line + rest)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        pytest.param(
            lambda place: flip(place / "log/tile/entries/000"), "tile/", id="a bit of an entry is flipped"
        ),
        pytest.param(
            lambda place: flip(place / "log/tile/0/000"),
            "tile/0/000: found other hashes",
            id="a bit of a tile is flipped",
        ),
        pytest.param(
            lambda place: flip(place / "log/checkpoint"),
            "checkpoint",
            id="a bit of the checkpoint is flipped",
        ),
        pytest.param(
            lambda place: (place / "log/tile/0/000").unlink(),
            "tile/0/000: found no file",
            id="a tile is lost",
        ),
        pytest.param(
            lambda place: (place / "log/checkpoint").unlink(), "found no file", id="the checkpoint is lost"
        ),
        pytest.param(
            lambda place: rebuild(place, entries_of(place)[1:], STRANGER),
            f"expected that of {SIGNER.verifier.short}".replace("+", r"\+"),
            id="all is rebuilt without an entry, and signed by another key",
        ),
        pytest.param(
            lambda place: rebuild(place, entries_of(place), Signer("example.cn/other", SIGNER.seed)),
            "found the signature of example.cn/other",
            id="it is another log of the same owner",
        ),
        pytest.param(
            lambda place: rebuild(place, [b'{"kind" : "alert"}', *entries_of(place)[1:]]),
            "entry 0: found JSON of another form",
            id="an entry says the same in other bytes, and all is signed anew",
        ),
        pytest.param(
            changed_account,
            "found counts that add up to",
            id="an account does not add up, and all is signed anew",
        ),
        pytest.param(
            index_that_hides,
            "found .*index.day.*expected what the entries since the last index give",
            id="the index of a day leaves an alert out, those behind it name it, and all is signed anew",
        ),
        pytest.param(
            day_without_index,
            "found what was told on .*, and no index.day before it; expected one of",
            id="a day has no index, and all is signed anew",
        ),
        pytest.param(
            no_index_at_all,
            "found what was told on .*, and no index.day before it; expected one of",
            id="no day has an index, and all is signed anew",
        ),
        pytest.param(
            index_of_another_day,
            "found an index of 2025-01-01, closed on .*; expected one of",
            id="an index is said to be of another day, and all is signed anew",
        ),
        pytest.param(
            index_twice, "and nothing that it speaks of", id="a day is indexed twice, and all is signed anew"
        ),
        pytest.param(
            forked_chain,
            "found .*index.day.*expected what the entries since the last index give",
            id="an index names another one before it, and all is signed anew",
        ),
        pytest.param(
            other_history, f"{HISTORY}:2: found the root", id="a checkpoint on the way is of another history"
        ),
    ],
)
def test_files_that_were_changed_are_noticed(place: Path, attack: Callable[[Path], None], words: str) -> None:
    attack(place)
    with pytest.raises(BrokenError, match=words):
        verified(place)


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        pytest.param(
            lambda place: rebuild(place, reindexed(entries_of(place)[1:])),
            "kept: found the root",
            id="a fork: all is rebuilt without an entry, and signed with the stolen key",
        ),
        pytest.param(
            lambda place: rebuild(place, entries_of(place)[:50]),
            "kept: found a checkpoint of",
            id="a rollback: all is cut off, and signed with the stolen key",
        ),
    ],
)
def test_only_a_checkpoint_that_was_kept_catches_who_has_the_key(
    place: Path, attack: Callable[[Path], None], words: str
) -> None:
    attack(place)
    assert verified(place), "not caught: to whoever kept nothing, another history looks right"
    with pytest.raises(BrokenError, match=words):
        verified(place, seen=True)


def test_an_unsigned_log_shows_damage_and_no_more(place: Path) -> None:
    with sqlite3.connect(place / "shop.db") as database:
        database.executescript("UPDATE heads SET note = NULL; UPDATE heads SET root = zeroblob(32)")
    database.close()
    with (
        open_reader(place / "shop.db") as reader,
        pytest.raises(BrokenError, match="audit log: found the root 0000"),
    ):
        verify_unsigned(Stored(reader.audit, "shop.db"), no_show)


def test_a_lost_row_of_what_is_not_indexed_yet_is_noticed(place: Path) -> None:
    """A run goes on with it, since it is no state of the engine; its next index is wrong, and verification says so."""
    with sqlite3.connect(place / "shop.db") as database:
        database.execute("DELETE FROM unindexed WHERE day <> ''")
    database.close()
    store = open_at(place / "shop.db")
    runner = Runner(store, Engine(program()), signer=SIGNER)
    runner.resume()
    runner.take("more", block_of(list(islice(events(3), 6_000, 6_300)), 0))
    runner.end()
    store.close()
    with pytest.raises(BrokenError, match=r"found .*index\.day"):
        verified(place, database=True)
