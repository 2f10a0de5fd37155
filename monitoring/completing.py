"""The answer to a query with the proof that it is complete: that it leaves out nothing that the log told on those days.

The days are those of the tenant's clock, on which something was told, and not of what it speaks of: an alert that is
raised late stands on the day of its raising.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from msgspec.structs import replace

from engine.instants import rfc3339
from engine.merkle import inclusion_proof, leaf_hash, perfect_root
from engine.windows import Zone
from monitoring.queries import ANEW, Answer, Found, View, look
from streams.audit.asking import Asked
from streams.audit.broken import BrokenError
from streams.audit.completeness import FORMAT, Completeness, ShownDay, ShownRow, coded
from streams.audit.facets import Facets
from streams.audit.indexing import KIND, Index, OpenDay, index_of, row_name
from streams.audit.query import Query
from streams.audit.tiles import WIDTH, perfect_in
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

Tile: TypeAlias = Callable[[int, int], Sequence[bytes]]
_REFOLDED: Final = Query(kinds=("log.refolded",))


@dataclass(frozen=True, slots=True)
class _Kept:
    """An index as the log has it: the entry behind the one before, its own place, its bytes, and what it says."""

    start: int
    leaf: int
    entry: bytes
    index: Index


def answer_completely(
    reader: SqliteReader, query: Query, asked: str, zone: Zone, flag: str = "--"
) -> tuple[Answer, Completeness]:
    """Return the answer to a query that stands in the log, and the proof that nothing is left out of it.

    What is not closed yet is in neither; the proof's `until` says from when on. Raises RefusedError where nothing is
    closed, nobody signs or several tenants are asked for; otherwise as `answer`. `flag`: how its words call what is
    asked for.
    """
    view = look(reader, query, asked)
    since, until = _day(f"{flag}from", query.since, zone), _day(f"{flag}until", query.until, zone)
    tenant, note = _tenant(view, flag), view.head.note
    closed = _closed(view, tenant)
    if not closed or (since is not None and closed[-1].index.until <= since):
        raise _open(closed, since, flag)
    if note is None:
        raise RefusedError(
            str(reader.path), "an audit log that nobody signed", "a signed one, as a proof is of a checkpoint",
            "make a key with `weiguard audit keygen` and name it with --audit-key",
        )  # fmt: skip
    end = min(until or closed[-1].index.until, closed[-1].index.until)
    claim = Completeness(FORMAT, tenant, query.account, since, end, note.decode(), ())
    tile = cache(reader.audit.tile)  # The ways up ask for each of a few tiles again and again.
    found: list[Found] = []
    days: list[ShownDay] = []
    for kept in closed:
        if since is not None and kept.index.until <= since:
            continue
        some, rows = _on(view, kept, query.account, tile) if claim.wants(kept.index) else ([], ())
        hashes = coded(inclusion_proof(kept.leaf, view.head.size, perfect_in(tile)))
        entries = tuple(each.entry.decode() for each in some)
        days.append(ShownDay(kept.leaf, kept.entry.decode(), hashes, rows, entries))
        found += some
        if kept.index.until >= end:
            break
    ordered = found if query.oldest_first else found[::-1]
    return Answer(query, asked, view.head, iter(ordered), None), replace(claim, days=tuple(days))


def _tenant(view: View, flag: str) -> str:
    """Return the tenant that is asked for. Raises RefusedError where it is not one."""
    tenants = sorted(view.tenants)
    if len(tenants) != 1:
        raise RefusedError(
            f"{flag}proof",
            f"{len(tenants)} tenants",
            "one, as each has days of its own",
            f"name it with {flag}tenant",
        )
    return tenants[0]


def _closed(view: View, tenant: str) -> list[_Kept]:
    """Return the tenant's indexes of the last telling, in order."""
    search = view.reader.index.search
    refold = next(search(Asked(_REFOLDED), view.tenants, 0, view.end), None)
    start = refold.leaf + 1 if refold is not None else 0
    kept = []
    query = Query(kinds=(KIND,), tenant=tenant, oldest_first=True)
    for each in view.read(search(Asked(query), view.tenants, start, view.end)):
        leaf = each.facets.leaf
        kept.append(
            _Kept(start, leaf, each.entry, index_of(each.entry, f"{view.reader.path}, entry {leaf:,}"))
        )
        start = leaf + 1
    return kept


def _on(view: View, kept: _Kept, account: str | None, tile: Tile) -> tuple[list[Found], tuple[ShownRow, ...]]:
    """Return the entries of an account, or of all, that an index speaks of, and what of its rows shows them."""
    query = Query(tenant=kept.index.tenant, oldest_first=True)
    day = OpenDay()
    mine: list[Facets] = []
    for each in view.reader.index.search(Asked(query), view.tenants, kept.start, kept.leaf):
        day.take(each.account, tile(0, each.leaf // WIDTH)[each.leaf % WIDTH])
        if account is None or each.account == account:
            mine.append(each)
    if day.root().hex() != kept.index.root:
        raise BrokenError(
            f"{view.reader.path}, entry {kept.leaf:,}", f"an index of {kept.index.entries:,} entries",
            f"what {day.entries:,} give that the tables of queries know; {ANEW}",
        )  # fmt: skip
    found = list(view.read(iter(mine)))
    return found, _rows(day, account) if account is not None else ()


def _rows(day: OpenDay, account: str) -> tuple[ShownRow, ...]:
    """Return the row of an account, or those between which it would stand."""
    rows = day.rows()
    leaves = [leaf_hash(row) for _, row in rows]
    names = [name for name, _ in rows]
    place = bisect_left(names, row_name(account))
    places = [place] if account in day.trees else [at for at in (place - 1, place) if 0 <= at < len(rows)]

    def perfect(level: int, number: int) -> bytes:
        return perfect_root(leaves[number << level : (number + 1) << level])

    return tuple(
        ShownRow(at, rows[at][1].decode(), coded(inclusion_proof(at, len(rows), perfect))) for at in places
    )


def _day(flag: str, us: int | None, zone: Zone) -> str | None:
    """Return the day that begins at an instant. Raises RefusedError where none does."""
    if us is None:
        return None
    if zone.window("day", us)[0] != us:
        expected = f"a day of {zone.key}, as days are proved whole"
        raise RefusedError(flag, rfc3339(us, zone.info), expected, "name it as in 2026-03-01")
    return zone.local(us).date().isoformat()


def _open(closed: Sequence[_Kept], since: str | None, flag: str) -> RefusedError:
    last = f"those closed are before {closed[-1].index.until}" if closed else "none is closed yet"
    return RefusedError(
        f"{flag}proof", f"no day that is closed{f' from {since} on' if since else ''}", f"one or more; {last}",
        "a day is closed by the first that is told when the tenant's clock stands on a later one",
    )  # fmt: skip
