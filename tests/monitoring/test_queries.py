"""Queries of the audit log: what they find, that pages stand still, and that nobody reads unknown to the log."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.instants import micros
from monitoring.queries import Answer, Found, answer, ask, check_index
from streams.audit.broken import BrokenError
from streams.audit.query import MOST_PARTS, Query
from streams.embedded import Runner
from streams.refusing import RefusedError
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import open_reader
from tests.monitoring.auditing import AT, ZONE, act, answered, asked, make, rows, running
from tests.streams.running import block_of


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the database once."""
    path = tmp_path_factory.mktemp("kept") / "shop.db"
    make(path)
    return path


@pytest.fixture
def shop(kept: Path, tmp_path: Path) -> Path:
    """Copy it, for a test to write."""
    return Path(shutil.copy(kept, tmp_path / "shop.db"))


def entries_of(path: Path) -> list[dict[str, Any]]:
    with open_reader(path) as reader:
        return [msgspec.json.decode(entry) for entry in reader.audit.entries()]


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            assert db.execute(statement).rowcount


FACET_ROWS: list[tuple[dict[str, Any], Callable[[dict[str, Any]], bool]]] = [
    ({"kinds": ("alert",)}, lambda e: e["kind"] == "alert"),
    ({"kinds": ("quarantine", "override.set")}, lambda e: e["kind"] in ("quarantine", "override.set")),
    ({"rules": ("LOG-*",)}, lambda e: e.get("record", {}).get("rule", "").startswith("LOG-")),
    ({"rules": ("COL-01",)}, lambda e: e["kind"] == "suppression.added"),
    ({"levels": ("critical",)}, lambda e: e.get("record", {}).get("level") == "critical"),
    ({"key": ("", "A1")}, lambda e: e["kind"] == "suppression.added"),
    ({"key": ("owner", "owner-10")}, lambda e: e.get("record", {}).get("key", {}).get("owner") == "owner-10"),
    ({"key": ("account", "owner-10")}, lambda _: False),
    ({"owner": "owner-10"}, lambda e: e.get("record", {}).get("key", {}).get("owner") == "owner-10"),
    ({"account": "A1"}, lambda e: e["kind"] in ("override.set", "suppression.added")),
    ({"actor": "li"}, lambda e: e["kind"] in ("override.set", "suppression.added")),
    ({"actor": "zhang"}, lambda e: e["kind"] == "correction.requested"),
    ({"tenant": "other"}, lambda e: e.get("tenant") == "other"),
    ({"text": "账单"}, lambda e: e["kind"] == "correction.requested"),
    ({"text": "IMPORTED 三月"}, lambda e: e["kind"] == "correction.requested"),
    (
        {"since": micros(AT), "until": micros(AT) + 1},
        lambda e: micros(AT) in map(micros, filter(None, (e.get("clock"), e.get("event", {}).get("time")))),
    ),
    (
        {"kinds": ("alert",), "until": micros("2025-11-05T00:00:00+08:00")},
        lambda e: e["kind"] == "alert" and micros(e["record"]["at"]) < micros("2025-11-05T00:00:00+08:00"),
    ),
    (
        {"levels": ("critical",), "tenant": "shops", "text": "申报", "rules": ("TAX-*", "QUA-*")},
        lambda e: (
            e.get("record", {}).get("level") == "critical"
            and e["tenant"] == "shops"
            and e["record"]["rule"][:4] in ("TAX-", "QUA-")
            and any("申报" in text for name in ("message", "action") for text in e["record"][name].values())
        ),
    ),
]


@pytest.mark.parametrize(("filters", "right"), FACET_ROWS, ids=[str(filters) for filters, _ in FACET_ROWS])
def test_each_filter_finds_what_a_look_at_every_entry_finds(
    shop: Path, filters: dict[str, Any], right: Callable[[dict[str, Any]], bool]
) -> None:
    expected = [leaf for leaf, entry in enumerate(entries_of(shop)) if right(entry)]
    newest = [each.facets.leaf for each in rows(shop, **filters)]
    assert newest == expected[::-1]
    oldest = [each.facets.leaf for each in rows(shop, **filters, oldest_first=True)]
    assert oldest[: len(expected)] == expected


def test_most_filters_find_something(kept: Path) -> None:
    entries = entries_of(kept)
    assert [filters for filters, right in FACET_ROWS if not any(map(right, entries))] == [
        {"key": ("account", "owner-10")}
    ]


def test_an_alert_is_found_by_the_beginning_of_its_id_with_what_was_done(shop: Path) -> None:
    alert = next(entry["record"]["id"] for entry in entries_of(shop) if entry["kind"] == "alert")
    with running(shop) as runner:
        runner.take("desk", block_of([act("alert.resolved", 9, alert_id=alert, by="chen")], 0))
    found = rows(shop, alert=alert[:12], oldest_first=True)
    assert found[0].told["record"]["id"] == alert
    assert (found[-1].told["kind"], found[-1].facets.actor) == ("alert.resolved", "chen")


def test_hostile_words_are_data(shop: Path) -> None:
    for text in ('a" OR words : "b', "NEAR(a b)", "x'; DROP TABLE entries; --", "* ^ a"):
        assert rows(shop, text=text, kinds=("override.set",)) == []
    assert rows(shop, account="' OR 1=1 --") == rows(shop, key=("", "%")) == []


@settings(max_examples=6, deadline=None)
@given(limit=st.integers(5, 40), oldest=st.booleans(), more=st.lists(st.booleans(), min_size=6, max_size=6))
def test_pages_neither_shift_nor_repeat_while_the_log_grows(
    kept: Path, tmp_path_factory: pytest.TempPathFactory, limit: int, oldest: bool, more: list[bool]
) -> None:
    """All pages together are what one page would have been, whatever is appended between them."""
    shop = Path(shutil.copy(kept, tmp_path_factory.mktemp("paged") / "shop.db"))
    filters: dict[str, Any] = {"levels": ("critical", "warn"), "oldest_first": oldest}
    paged: list[bytes] = []
    roots, after = set(), None
    with running(shop) as runner:
        whole = [each.entry for each in _asked_in(runner, shop, Query(**filters))[1]]
        for number, appended in enumerate(more):
            found, page = _asked_in(runner, shop, Query(**filters, limit=limit, after=after))
            paged += [each.entry for each in page]
            roots.add((found.head.size, found.root))
            after = found.next
            if after is None:
                break
            if appended:
                late = act("suppression.ended", number, rule="*", key={}, author="a", approver="b")
                runner.take("desk", block_of([late, b"no event"], number))
    assert paged == whole[: len(paged)]
    assert after is not None or len(paged) == len(whole)
    assert len(roots) == 1, "all pages are read at one size of the log"


def _asked_in(runner: Runner, path: Path, query: Query) -> tuple[Answer, list[Found]]:
    """Ask while a run goes on in this process, as a console does."""
    noted = ask(runner, query, "auditor", ZONE)
    catch_up(path, lambda _, __: None)
    return answered(path, query, noted)


def test_an_answer_names_the_log_it_was_read_at(shop: Path) -> None:
    before = len(entries_of(shop))
    query = Query(kinds=("quarantine",), tenant="shops")
    found, _ = answered(shop, query, asked(shop, query))
    with open_reader(shop) as reader:
        assert found.head in list(reader.audit.heads())
        assert found.head.note is not None
    assert found.head.size == before + 1, "its own entry is the last"


def test_the_log_tells_of_a_query_before_it_is_answered(shop: Path) -> None:
    rows(shop, text="收款", limit=5)
    with open_reader(shop) as reader:
        opened = map(reader.seals.opened, reader.audit.entries())
        told = [entry for entry in map(msgspec.json.decode, opened) if entry["kind"] == "audit.queried"]
    assert {entry["tenant"] for entry in told} == {"shops", "other"}
    assert all(
        entry["event"]["data"] == {"by": "auditor", "query": '{"limit":5,"text":"收款"}'} for entry in told
    )


def test_a_query_that_does_not_stand_in_the_log_is_not_answered(shop: Path) -> None:
    noted = asked(shop, Query(tenant="shops"))
    for query, other in (
        (Query(tenant="other"), noted),
        (Query(), noted),
        (Query(tenant="shops"), "query-0"),
    ):
        with pytest.raises(RefusedError, match="found no entry"):
            answered(shop, query, other)


def test_a_query_of_one_tenant_shows_nothing_of_others(shop: Path) -> None:
    assert {each.facets.tenant for each in rows(shop, tenant="other")} == {"other"}
    with pytest.raises(RefusedError, match="--tenant: found nobody; expected one of other, shops"):
        asked(shop, Query(tenant="nobody"))


def test_the_same_query_has_the_same_answer_later(shop: Path) -> None:
    query = Query(levels=("warn",))
    noted = asked(shop, query)
    first = answered(shop, query, noted)
    rows(shop, actor="x")
    again = answered(shop, query, noted)
    assert (again[0].head, again[1]) == (first[0].head, first[1])


def test_a_query_that_the_log_does_not_take_is_not_answered(shop: Path) -> None:
    """An identity number in clear is quarantined, in a query as everywhere."""
    with running(shop) as runner, pytest.raises(RefusedError, match=r"does not take it \(PRV-04") as refused:
        ask(runner, Query(text="11010519491231002X"), "auditor", ZONE)
    assert "11010519491231002X" not in str(refused.value)


def test_a_query_that_cannot_be_committed_is_not_answered(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = entries_of(shop)

    def full(*_: object) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with running(shop) as runner, monkeypatch.context() as patch:
        patch.setattr("streams.stores.sqlite.put_growth", full)
        with pytest.raises(RefusedError, match="found a full disk"):
            ask(runner, Query(), "auditor", ZONE)
    assert entries_of(shop) == before


def test_an_index_is_made_when_first_asked_for_and_again_from_the_entries(shop: Path) -> None:
    with open_reader(shop) as reader:
        assert not reader.index.made
        check_index(reader)
    assert rows(shop, account="A1")
    with open_reader(shop) as reader:
        first = list(reader.index.facets())
    size = len(entries_of(shop))
    assert len(first) == size
    assert catch_up(shop, lambda _, __: None) == 0
    assert catch_up(shop, lambda _, __: None, anew=True) == size
    with open_reader(shop) as reader:
        assert list(reader.index.facets()) == first
        check_index(reader)


def test_an_index_of_another_version_is_made_anew(shop: Path) -> None:
    rows(shop)
    change(
        shop,
        "UPDATE facts SET value = '0' WHERE name = 'audit_index'",
        "DELETE FROM audit_facets WHERE leaf < 3",
    )
    found, size = rows(shop, oldest_first=True), len(entries_of(shop))
    assert [each.facets.leaf for each in found] == list(range(size - 4)), (
        "all but its own two, and two accounts"
    )


# What was done to the database, what is asked then, and what notices.
TAMPERED = [
    ("UPDATE audit_facets SET account = 'A2' WHERE account = 'A1'", {"account": "A2"}, "account 'A2' in the index"),
    ("UPDATE audit_facets SET level = 'warn' WHERE level = 'critical'", {"levels": ("warn",)}, "level 'warn' in"),
    (
        "INSERT INTO audit_words(rowid, words) SELECT leaf, '收款 款' FROM audit_facets WHERE kind = 'override.set'",
        {"text": "收款", "kinds": ("override.set",)},
        "an index of words that it does not hold",
    ),
    (
        """UPDATE entries SET body = CAST(replace(CAST(body AS TEXT), '4000000', '5000000') AS BLOB)
        WHERE instr(body, CAST('4000000' AS BLOB))""",
        {"account": "A1"},
        "found other bytes; expected those whose hash is in the tree",
    ),
    ("DELETE FROM entries WHERE leaf = 3", {"oldest_first": True}, "entry 3: found no entry"),
    ("UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND number = 0", {"oldest_first": True}, "other hashes"),
    ("DELETE FROM tiles WHERE level = 1", {}, "tile 0 of level 1: found 0 hashes"),
    ("UPDATE heads SET root = zeroblob(32) WHERE size = (SELECT max(size) FROM heads)", {}, "the root"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "filters", "words"), TAMPERED, ids=[row[2] for row in TAMPERED])
def test_what_is_shown_is_what_the_tree_holds(
    shop: Path, statement: str, filters: dict[str, Any], words: str
) -> None:
    query = Query(**filters)
    noted = asked(shop, query)
    answered(shop, query, noted)
    change(shop, statement)
    with pytest.raises(BrokenError, match=words):
        answered(shop, query, noted)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM audit_facets WHERE leaf = 3", "entry 3: found no row in the index"),
        ("UPDATE audit_facets SET owner = NULL WHERE owner = 'owner-10'", "found owner None in the index"),
        ("INSERT INTO audit_facets(leaf, kind) VALUES (99999, 'alert')", "entry 99,999: found no entry"),
    ],
)
def test_what_an_index_hides_a_verification_notices_and_reindexing_mends(
    shop: Path, statement: str, words: str
) -> None:
    rows(shop)
    change(shop, statement)
    with open_reader(shop) as reader, pytest.raises(BrokenError, match=words):
        check_index(reader)
    catch_up(shop, lambda _, __: None, anew=True)
    with open_reader(shop) as reader:
        check_index(reader)


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        (
            {"since": 2, "until": 2},
            r"--until: found 1970-01-01T00:00:00\.000002\+00:00; expected an instant behind",
        ),
        ({"limit": 0}, "--limit: found 0; expected 1 or more"),
        ({"text": " ?! "}, "--text: found ' \\?! '; expected letters"),
        ({"text": "a " * (MOST_PARTS + 1)}, "--text: found 101 of them; expected at most 100"),
        ({"account": "a" * 20_000}, "the query: found 20,014 bytes; expected at most 16,384"),
        ({"account": "\udcff"}, "the query: found bytes that are no UTF-8"),
        ({"after": "bm8="}, "--after: found 'bm8='; expected the cursor"),
        (
            {"after": Query(account="A2").cursor_at(9, 3)},
            "expected the cursor that a page of this very query",
        ),
        ({"after": Query().cursor_at(3, 9)}, "expected the cursor that a page of this very query"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(filters: dict[str, Any], words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        Query(**filters)


def test_a_cursor_cannot_reach_behind_its_own_query(shop: Path) -> None:
    query = Query(after=Query().cursor_at(9_999, 3))
    noted = asked(shop, query)
    with (
        open_reader(shop) as reader,
        pytest.raises(RefusedError, match="--after: found a page of 9,999 entries"),
    ):
        answer(reader, query, noted)
