"""Answers with a proof that they are complete: what holds, and that one with anything left out or added does not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.fold import Engine
from engine.instants import micros
from engine.windows import Zone
from monitoring.completing import answer_completely
from monitoring.queries import ask
from streams.audit.broken import BrokenError
from streams.audit.completeness import Complete, Completeness, ShownDay, parse, verify
from streams.audit.facets import account_of
from streams.audit.indexing import KIND
from streams.audit.notes import Signer
from streams.audit.query import Query
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import open_reader
from tests.monitoring.auditing import ZONE, asked, make, running
from tests.streams.audit.running import SIGNER
from tests.streams.running import open_at, program
from tests.streams.test_sqlite import change

SHANGHAI = Zone("Asia/Shanghai")
ACCOUNTS = ("wechat-07-2", "wechat-01-2", "personal-00-0", "A1", "nobody", None)
FROM = (None, "2025-10-01", "2025-10-12", "2025-10-14", "2025-10-20")
UNTIL = (None, "2025-10-13", "2025-10-15", "2025-10-19", "2026-12-01")
CASES = [
    (account, since, until)
    for account, since, until in product(ACCOUNTS, FROM, UNTIL)
    if since is None or until is None or since < until
]


def query_of(account: str | None, since: str | None, until: str | None) -> Query:
    first, last = (None if day is None else micros(f"{day}T00:00:00+08:00") for day in (since, until))
    return Query(account=account, tenant="shops", since=first, until=last, proof=True, oldest_first=True)


class Kept:
    """A database, and of each case the id of its query, the entries of its answer, and its proof."""

    def __init__(self, path: Path, asked: list[str], proofs: list[tuple[list[bytes], Completeness]]) -> None:
        self.path, self.asked, self.proofs = path, asked, proofs


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Make a database of two tenants, and ask every case of it."""
    path = tmp_path_factory.mktemp("kept") / "shop.db"
    make(path)
    with running(path) as runner:
        events = [ask(runner, query_of(*case), "auditor", ZONE) for case in CASES]
    catch_up(path, lambda _, __: None)
    with open_reader(path) as reader:
        found = [
            answer_completely(reader, query_of(*case), event, SHANGHAI)
            for case, event in zip(CASES, events, strict=True)
        ]
        return Kept(path, events, [([each.entry for each in answer.rows], proof) for answer, proof in found])


def held(proof: Completeness) -> Complete:
    return verify(proof, [SIGNER.verifier], "proof")


def told_on(path: Path, tenant: str) -> list[tuple[str, bytes]]:
    """Return the entries of a tenant with the day by whose index they are followed, as a look at all of them finds."""
    with open_reader(path) as reader:
        entries = [(msgspec.json.decode(entry), entry) for entry in reader.audit.entries()]
    found: list[tuple[str, bytes]] = []
    behind: list[bytes] = []
    for told, entry in entries:
        if told.get("tenant") != tenant:
            continue
        if told["kind"] == KIND:
            found += [(told["day"], each) for each in behind]
            behind = []
        else:
            behind.append(entry)
    return found


def test_a_proof_holds_and_shows_what_a_look_at_every_entry_finds(kept: Kept) -> None:
    entries = told_on(kept.path, "shops")
    sizes = []
    for (account, since, until), (rows, proof) in zip(CASES, kept.proofs, strict=True):
        expected = [
            entry
            for day, entry in entries
            if (since is None or since <= day) and (until is None or day < until)
            and account in (None, account_of(msgspec.json.decode(entry)))
        ]  # fmt: skip
        assert rows == held(proof).entries == expected
        assert held(parse(proof.encode(), "file")) == held(proof)
        assert (proof.account, proof.since, proof.tenant) == (account, since, "shops")
        assert until is None or proof.until <= until
        sizes.append(len(expected))
    assert sizes.count(0) > 5
    assert len(set(sizes)) > 5


def test_days_that_are_not_closed_are_not_claimed(kept: Kept) -> None:
    ends = {proof.until for _, proof in kept.proofs}
    closed = max(ends)
    with open_reader(kept.path) as reader:
        told = [msgspec.json.decode(entry) for entry in reader.audit.entries()]
    assert closed == max(
        each["clock"][:10] for each in told if each["kind"] == KIND and each["tenant"] == "shops"
    )
    assert ends == {closed, *(until for until in UNTIL if until is not None and until < closed)}


NUMBERS = st.integers(0, 10**6)  # Each is taken as far as there is something to choose from.


@given(
    attack=st.sampled_from(["drop", "entry", "row", "more", "claim", "swap"]),
    numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
)
def test_whatever_still_holds_after_a_change_is_right(
    kept: Kept, attack: str, numbers: tuple[int, ...]
) -> None:
    """Something in it is changed, added, dropped, or taken from another proof of the same log."""
    (_, proof), (_, other) = (kept.proofs[number % len(CASES)] for number in numbers[:2])
    plain = msgspec.json.decode(proof.encode())
    days, others = plain["days"], msgspec.json.decode(other.encode())["days"]
    place = numbers[2] % len(days)
    day, strange = days[place], others[numbers[3] % len(others)]
    match attack:
        case "drop":
            days.pop(place)
        case "entry" if day["entries"]:
            day["entries"].pop(numbers[3] % len(day["entries"]))
        case "row":
            day["rows"] = strange["rows"]
        case "more":
            day["entries"] = [*day["entries"], *strange["entries"]]
        case "claim":
            plain["account"] = ACCOUNTS[numbers[2] % len(ACCOUNTS)]
            plain["tenant"] = ("shops", "other")[numbers[3] % 2]
        case "swap":
            days[place] = strange
    changed = parse(msgspec.json.encode(plain), "changed")
    try:
        found = held(changed)
    except BrokenError:
        return
    # Such as another account that has nothing either, or what was there before.
    entries = [
        entry
        for day_, entry in told_on(kept.path, changed.tenant)
        if changed.since is None or changed.since <= day_
        if day_ < changed.until and changed.account in (None, account_of(msgspec.json.decode(entry)))
    ]
    assert found.entries == entries


def case(
    kept: Kept, account: str | None, since: str | None = "2025-10-12", until: str | None = "2025-10-19"
) -> Completeness:
    return kept.proofs[CASES.index((account, since, until))][1]


def on(proof: Completeness, number: int, **changed: Any) -> Completeness:
    """Change a day of a proof."""
    days = [*proof.days]
    days[number] = replace(days[number], **changed)
    return replace(proof, days=tuple(days))


def with_entries(proof: Completeness) -> int:
    return next(number for number, day in enumerate(proof.days) if day.entries)


def without(proof: Completeness, number: int) -> Completeness:
    return replace(proof, days=tuple(day for at, day in enumerate(proof.days) if at != number))


def between_two(proof: Completeness) -> int:
    return next(number for number, day in enumerate(proof.days) if len(day.rows) == 2)


def cut_row(day: ShownDay) -> ShownDay:
    return replace(day, rows=(replace(day.rows[0], hashes=day.rows[0].hashes[1:]), *day.rows[1:]))


MINE, ABSENT = "wechat-07-2", "nobody"


@pytest.mark.parametrize(
    ("account", "attack", "words"),
    [
        pytest.param(
            MINE, lambda p: on(p, with_entries(p), entries=()), "found 0 entries .*expected the 1 of",
            id="an entry is dropped",
        ),
        pytest.param(
            MINE, lambda p: on(p, with_entries(p), entries=p.days[with_entries(p)].entries * 2),
            "found 2 entries .*expected the 1 of", id="an entry is shown twice",
        ),
        pytest.param(
            MINE,
            lambda p: on(p, with_entries(p), entries=(p.days[with_entries(p)].entries[0].replace("warn", "info"),)),
            "found 1 entries that lead to", id="an entry is made milder",
        ),
        pytest.param(
            MINE, lambda p: replace(p, account="wechat-01-2"), "found one of the account wechat-07-2",
            id="it is said to be of another account",
        ),
        pytest.param(
            MINE, lambda p: on(p, with_entries(p), entries=(), rows=()), "found rows none of",
            id="the account's row is left out",
        ),
        pytest.param(
            ABSENT, lambda p: on(p, between_two(p), rows=p.days[between_two(p)].rows[:1]), "found rows .* of",
            id="one of two neighbours is left out",
        ),
        pytest.param(
            MINE, lambda p: on(p, with_entries(p), entries=(), rows=p.days[0].rows[:1] * 2), "hashes|found rows",
            id="an account that has a row is said to have none",
        ),
        pytest.param(
            ABSENT, lambda p: replace(p, days=(cut_row(p.days[0]), *p.days[1:])), "do not lead to the root of the day",
            id="a row is not of that day's index",
        ),
        pytest.param(MINE, lambda p: without(p, 2), "found an index of .* behind that of", id="a day is dropped"),
        pytest.param(MINE, lambda p: without(p, 0), "as the first", id="the first day is dropped"),
        pytest.param(MINE, lambda p: without(p, len(p.days) - 1), "as the last", id="the last day is dropped"),
        pytest.param(MINE, lambda p: replace(p, days=()), "found no index", id="all days are dropped"),
        pytest.param(MINE, lambda p: replace(p, until="2025-10-25"), "as the last", id="a later end is claimed"),
        pytest.param(
            MINE, lambda p: replace(p, tenant="other"), "expected one of other", id="it is said to be of another tenant"
        ),
        pytest.param(
            MINE, lambda p: on(p, 1, place=p.days[1].place + 1), "do not lead to the signed root",
            id="an index is said to stand elsewhere",
        ),
        pytest.param(
            MINE, lambda p: on(p, 1, index=p.days[1].index.replace('"entries":', '"entries":1')),
            "do not lead to the signed root", id="an index is changed",
        ),
        pytest.param(
            MINE, lambda p: replace(p, checkpoint=p.checkpoint.replace("example", "exomple")), "signature",
            id="the checkpoint is changed",
        ),
        pytest.param(
            None, lambda p: on(p, with_entries(p), entries=p.days[with_entries(p)].entries[:-1]), "expected the",
            id="of all entries of a tenant one is dropped",
        ),
    ],
)  # fmt: skip
def test_what_is_not_complete_is_refused(
    kept: Kept, account: str | None, attack: Callable[[Completeness], Completeness], words: str
) -> None:
    proof = case(kept, account)
    held(proof)
    with pytest.raises(BrokenError, match=words):
        held(attack(proof))


def test_a_proof_signed_by_another_key_is_refused(kept: Kept) -> None:
    with pytest.raises(BrokenError, match="checkpoint: found the signature of"):
        verify(case(kept, MINE), [Signer("example.cn/other", bytes(32)).verifier], "proof")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(b"", "found what cannot be read", id="nothing"),
        pytest.param(b"{}", "missing required field `format`", id="no field"),
        pytest.param(b'{"format": "x"}', r"Invalid enum value .x. - at `\$.format`", id="another format"),
    ],
)
def test_what_is_no_proof_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(BrokenError, match=words):
        parse(body, "a.completeness")


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        pytest.param({"levels": ("warn",)}, "--proof: found another filter", id="a level"),
        pytest.param({"limit": 3}, "--proof: found another filter", id="a page"),
    ],
)
def test_only_whole_accounts_and_tenants_are_proved(filters: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        Query(account="A1", proof=True, **filters)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param(Query(proof=True), "--proof: found 2 tenants; expected one", id="of several tenants"),
        pytest.param(
            query_of(MINE, "2026-12-01", None),
            "no day that is closed from 2026-12-01 on",
            id="no day is closed",
        ),
        pytest.param(
            Query(tenant="shops", since=micros("2025-10-12T01:00:00+08:00"), proof=True),
            "--from: found .*expected a day of Asia/Shanghai",
            id="a day that does not begin at midnight",
        ),
    ],
)
def test_what_cannot_be_proved_is_said(kept: Kept, tmp_path: Path, query: Query, words: str) -> None:
    path = Path(shutil.copy(kept.path, tmp_path / "shop.db"))
    event = asked(path, query)
    with open_reader(path) as reader, pytest.raises(RefusedError, match=words):
        answer_completely(reader, query, event, SHANGHAI)


def test_tables_of_queries_that_hide_an_entry_are_noticed(kept: Kept, tmp_path: Path) -> None:
    path = Path(shutil.copy(kept.path, tmp_path / "shop.db"))
    change(path, "DELETE FROM audit_facets WHERE account = 'wechat-07-2'")
    number = CASES.index((MINE, "2025-10-12", "2025-10-19"))
    with (
        open_reader(path) as reader,
        pytest.raises(BrokenError, match=r"tables of queries know; .*--reindex"),
    ):
        answer_completely(reader, query_of(*CASES[number]), kept.asked[number], SHANGHAI)


def test_a_log_decided_anew_is_proved_by_its_last_telling_and_an_old_answer_by_its_own(
    kept: Kept, tmp_path: Path
) -> None:
    path = Path(shutil.copy(kept.path, tmp_path / "shop.db"))
    number = CASES.index((MINE, None, "2025-10-19"))
    with open_at(path, refold=True) as store:
        Runner(store, Engine(program()), signer=SIGNER).refold()
    query = query_of(*CASES[number])
    event = asked(path, query)
    with open_reader(path) as reader:
        answer, proof = answer_completely(reader, query, event, SHANGHAI)
        assert [each.entry for each in answer.rows] == held(proof).entries == kept.proofs[number][0]
        assert proof.days[0].place > kept.proofs[number][1].days[0].place
        again, old = answer_completely(reader, query, kept.asked[number], SHANGHAI)
        assert ([each.entry for each in again.rows], old) == kept.proofs[number]
