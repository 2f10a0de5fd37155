"""Auditors' queries, which stand in the log themselves before anybody sees a row.

`ask` writes the query into the log, `answer` answers what stands there and nothing else. So an answer is fixed by its
query's own entry: asked again it is the same, and nobody reads what came later without another entry.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.instants import rfc3339
from streams.audit.asking import Asked
from streams.audit.asking import asked as forms_of
from streams.audit.authentic import AuthenticTree
from streams.audit.broken import BrokenError
from streams.audit.facets import Facets, decoded, entry_words, facets_of
from streams.audit.growth import Head
from streams.audit.query import Query
from streams.embedded import Runner
from streams.ports import Block
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

KIND: Final = "audit.queried"
SOURCE: Final = "weiguard/audit"
_DEFAULT: Final = "default"  # The tenant of a query before there is any.
ANEW: Final = "make the index anew with `weiguard audit query --reindex`"


@dataclass(frozen=True, slots=True)
class Found:
    """An entry that was found: its facets, its bytes, and what they say, opened as far as that can be."""

    facets: Facets
    entry: bytes
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave. `asked`: the id of its event; `head`: the log that it was read at.

    `rows` can be read once; `next` is the cursor of the next page, None where there is none.
    """

    query: Query
    asked: str
    head: Head
    rows: Iterator[Found]
    next: str | None

    @property
    def root(self) -> str:
        """The root of the log that it was read at, in base64 as checkpoints have it."""
        return b64encode(self.head.root).decode()


def query_events(
    query: Query, by: str, tenants: list[str], id: str, times: list[str]
) -> list[dict[str, Any]]:
    """Return the events that tell of a query: one for each tenant whose entries may be shown."""
    data = {"by": by, "query": query.spelling()}
    return [
        {
            "specversion": "1.0", "id": id, "source": SOURCE, "type": KIND, "tenant": tenant, "time": time,
            "data": data,
        }
        for tenant, time in zip(tenants, times, strict=True)
    ]  # fmt: skip


def tenants_of(reader: SqliteReader, query: Query) -> list[str]:
    """Return the tenants that a query asks for. Raises RefusedError where there is no such."""
    tenants = reader.tenants()
    if query.tenant is None:
        return tenants or [_DEFAULT]
    if query.tenant not in tenants:
        known = ", ".join(tenants) or "none: the log is empty"
        raise RefusedError("--tenant", query.tenant, f"one of {known}", "name one of these")
    return [query.tenant]


def ask(runner: Runner, query: Query, by: str, zone: ZoneInfo) -> str:
    """Write a query into the log, at each tenant's clock, and commit it; return the id of its events.

    Raises RefusedError where it cannot be written or is not decided, and then there is nothing to be shown.
    """
    store, engine = runner.store, runner.engine
    assert isinstance(store, SqliteReader), "queries are asked of a database"
    asked, tenants = f"query-{store.last + 1}", tenants_of(store, query)
    times = [rfc3339(engine.clock(tenant) or 0, zone) for tenant in tenants]
    lines = [msgspec.json.encode(each) for each in query_events(query, by, tenants, asked, times)]
    committed = runner.take(SOURCE, Block(lines, None))
    if committed.dispositions != {"decided": len(lines)}:
        raise not_taken(
            next((each.reason for each in store.inputs(store.last - len(lines)) if each.reason), "")
        )
    return asked


def not_taken(reason: str) -> RefusedError:
    """Return the refusal of a query that the log does not take, so that nothing is shown."""
    return RefusedError(
        "the query", f"that the log does not take it ({reason})", "one that can stand in the log",
        "leave out what must not stand there",
    )  # fmt: skip


def answer(reader: SqliteReader, query: Query, asked: str) -> Answer:
    """Return the answer to a query that stands in the log as the event `asked`; the index must have caught up.

    It looks at what stands before the query's own entry, and says at which size of the log that entry was committed.
    Rows come with their own bytes from the log, each held against the tree. Raises RefusedError where the query does
    not stand there, BrokenError where the log is damaged or an index says what an entry does not.
    """
    view, cursor = look(reader, query, asked), query.cursor()
    start, end = 0, view.end
    if cursor is not None:
        start, end = (cursor.leaf + 1, end) if query.oldest_first else (0, cursor.leaf)
    rows = view.read(reader.index.search(view.asked, view.tenants, start, end))
    if query.limit is None:
        return Answer(query, asked, view.head, rows, None)
    page = list(islice(rows, query.limit))
    more = page and next(rows, None) is not None
    last = query.cursor_at(view.end, page[-1].facets.leaf) if more else None
    return Answer(query, asked, view.head, iter(page), last)


@dataclass(frozen=True, slots=True)
class View:
    """What a query may see: the entries of some tenants before one place, as they stand in the log at one head."""

    reader: SqliteReader
    asked: Asked
    tenants: frozenset[str]
    end: int
    head: Head
    tree: AuthenticTree

    def read(self, facets: Iterator[Facets]) -> Iterator[Found]:
        """Read the entries that an index names; see `answer`."""
        return _found(self.reader, self.tree, facets, self.asked)


def look(reader: SqliteReader, query: Query, asked: str) -> View:
    """Return what the query that stands in the log as the event `asked` may see. Raises as `answer`."""
    head = reader.audit.head()
    if head is None:
        raise _unasked(asked)
    tree = AuthenticTree(reader.audit, head, str(reader.path))
    noted = [
        each for each in _found(reader, tree, reader.index.of_event(asked)) if _tells(each, query, asked)
    ]
    if not noted:
        raise _unasked(asked)
    tenants = frozenset(each.facets.tenant or "" for each in noted)
    own, cursor = min(each.facets.leaf for each in noted), query.cursor()
    end = own if cursor is None else cursor.end
    read_at = reader.audit.head_behind(end)
    if end > own or read_at is None:
        raise RefusedError("--after", f"a page of {end:,} entries", f"one of at most {own:,}", "leave it out")
    tree.check_head(read_at)
    return View(reader, forms_of(query, tenants, reader.seals.asked), tenants, end, read_at, tree)


def _tells(found: Found, query: Query, asked: str) -> bool:
    """Return whether an entry is the one that tells of a query."""
    event = found.told.get("event", {})
    return (
        found.facets.kind == KIND
        and (event.get("id"), event.get("source")) == (asked, SOURCE)
        and event.get("data", {}).get("query") == query.spelling()
        and query.tenant in (None, found.facets.tenant)
    )


def _unasked(asked: str) -> RefusedError:
    return RefusedError(
        "the query", f"no entry {asked} of it in the log", "that the log says who asks what before anybody is answered",
        "let `weiguard run` read its event first, and repeat the very same query",
    )  # fmt: skip


def _found(
    reader: SqliteReader,
    tree: AuthenticTree,
    facets: Iterator[Facets] | list[Facets],
    asked: Asked | None = None,
) -> Iterator[Found]:
    """Read the entries that an index names, and hold each against the tree and the index."""
    for each in facets:
        where = f"{reader.path}, entry {each.leaf:,}"
        entry = next(reader.audit.entries(each.leaf, each.leaf + 1), None)
        if entry is None:
            raise BrokenError(where, "no entry", "one, as the index says")
        tree.check(each.leaf, entry)
        told = decoded(each.leaf, entry)
        _compare(each, told, where)
        if asked is not None and asked.phrases and not asked.within(entry_words(told)):
            raise BrokenError(where, "an index of words that it does not hold", f"its own; {ANEW}")
        opened = reader.seals.opened(entry)
        yield Found(each, entry, decoded(each.leaf, opened) if opened is not entry else told)


def check_index(reader: SqliteReader) -> None:
    """Raise BrokenError where the index says otherwise than the entries, or leaves one out; words are not looked at.

    A database whose index lags behind its log, or that has none, is right: what is missing at its end is made.
    """
    facets = reader.index.facets() if reader.index.made else iter(())
    for leaf, entry in enumerate(reader.audit.entries()):
        found = next(facets, None)
        if found is None:
            return
        where = f"{reader.path}, entry {leaf:,}"
        if found.leaf != leaf:
            raise BrokenError(where, "no row in the index", f"one, as later entries have; {ANEW}")
        _compare(found, decoded(leaf, entry), where)
    for extra in facets:
        raise BrokenError(
            f"{reader.path}, entry {extra.leaf:,}", "no entry", f"one, as the index says; {ANEW}"
        )


def _compare(found: Facets, told: dict[str, Any], where: str) -> None:
    right = facets_of(found.leaf, told)
    if found != right:
        name = next(name for name in Facets._fields if getattr(found, name) != getattr(right, name))
        shown = repr(getattr(found, name))
        raise BrokenError(
            where, f"{name} {shown} in the index", f"{getattr(right, name)!r}, as it says; {ANEW}"
        )
