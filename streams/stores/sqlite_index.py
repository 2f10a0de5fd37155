"""What entries of the audit log are found by, in tables of their own beside it.

They are made from the entries and hold nothing that those do not say, so a run need not keep them: whoever asks brings
them up to date first, in small transactions that a running engine does not notice, and may throw them away. A database
that never was asked has none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from streams.audit.asking import Asked
from streams.audit.facets import Facets, decoded, entry_words, facets_of
from streams.stores.sqlite_failing import failed
from streams.stores.sqlite_schema import check_kind

VERSION: Final = "1"  # Another where entries are found by something else: older tables are made anew then.
_FACT: Final = "audit_index"
_CHUNK: Final = 1_000  # Entries of a transaction: some 0.1 s, for which a running engine may have to wait.
_PAGE: Final = 1_000
_WAIT_S: Final = 10.0  # For a batch that is being committed.
# Words are kept without the text they are of (content=''): that is in the entry. The tokenizer splits at spaces alone,
# as all else was cut before (streams/audit/words.py).
_TABLES: Final = """
CREATE TABLE audit_facets(
  leaf INTEGER PRIMARY KEY, tenant TEXT, kind TEXT NOT NULL, position INTEGER, at_us INTEGER, rule TEXT, level TEXT,
  alert TEXT, event TEXT, account TEXT, owner TEXT, actor TEXT, approver TEXT, key TEXT);
CREATE INDEX audit_at ON audit_facets(at_us);
CREATE INDEX audit_kind ON audit_facets(kind);
CREATE INDEX audit_rule ON audit_facets(rule);
CREATE INDEX audit_alert ON audit_facets(alert) WHERE alert IS NOT NULL;
CREATE INDEX audit_event ON audit_facets(event) WHERE event IS NOT NULL;
CREATE INDEX audit_account ON audit_facets(account, at_us) WHERE account IS NOT NULL;
CREATE INDEX audit_owner ON audit_facets(owner, at_us) WHERE owner IS NOT NULL;
CREATE INDEX audit_actor ON audit_facets(actor) WHERE actor IS NOT NULL;
CREATE INDEX audit_approver ON audit_facets(approver) WHERE approver IS NOT NULL;
CREATE VIRTUAL TABLE audit_words USING fts5(words, content='', tokenize='ascii')
"""
_RULES: Final = """
WITH RECURSIVE named(rule) AS (
  SELECT min(rule) FROM audit_facets
  UNION ALL SELECT (SELECT min(rule) FROM audit_facets WHERE rule > named.rule) FROM named WHERE named.rule IS NOT NULL)
SELECT rule FROM named WHERE rule IS NOT NULL
"""
_FIELDS: Final = ", ".join(f"f.{name}" for name in Facets._fields)
_PUT: Final = f"INSERT INTO audit_facets VALUES ({', '.join('?' * len(Facets._fields))})"  # noqa: S608  # marks alone


def catch_up(path: Path, show: Callable[[int, int], None], *, anew: bool = False) -> int:
    """Bring the index up to where the log ends, from the beginning where there is none or `anew`.

    Return how many entries were taken; `show` hears (entries, bytes). Another process may be writing the database.
    Raises RefusedError where the database cannot be written, BrokenError where an entry cannot be read.
    """
    try:
        address = f"file:{quote(str(path))}?mode=rw"  # Never makes a database where there is none.
        with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=_WAIT_S)) as connection:
            check_kind(connection, path)
            # Lost in a power cut it is made again; what a run commits it flushes itself.
            connection.execute("PRAGMA synchronous = NORMAL")
            _prepare(connection, anew=anew)
            count = size = 0
            while taken := _take(connection):
                count, size = count + taken[0], size + taken[1]
                show(count, size)
            return count
    except sqlite3.DatabaseError as error:
        raise failed(path, error) from None


def _prepare(connection: sqlite3.Connection, *, anew: bool) -> None:
    """Make the tables where there are none of this version."""
    if not anew and _version(connection) == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        connection.execute("DROP TABLE IF EXISTS audit_facets")
        connection.execute("DROP TABLE IF EXISTS audit_words")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_FACT, VERSION))


def _version(connection: sqlite3.Connection) -> str | None:
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (_FACT,)).fetchone()
    return str(row[0]) if row else None


def _take(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Take the next entries; return how many and their bytes, None at the end."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        (last,) = connection.execute("SELECT coalesce(max(leaf), -1) FROM audit_facets").fetchone()
        query = "SELECT leaf, body FROM entries WHERE leaf > ? ORDER BY leaf LIMIT ?"
        entries = connection.execute(query, (last, _CHUNK)).fetchall()
        told = [(leaf, decoded(leaf, bytes(body))) for leaf, body in entries]
        connection.executemany(_PUT, [facets_of(leaf, each) for leaf, each in told])
        connection.executemany(
            "INSERT INTO audit_words(rowid, words) VALUES (?, ?)",
            [(leaf, " ".join(entry_words(each))) for leaf, each in told],
        )
    return (len(entries), sum(len(body) for _, body in entries)) if entries else None


class SqliteIndex:
    """The index of one database, as it is."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @property
    def made(self) -> bool:
        """Whether there is one of this version; without it nothing else can be asked."""
        return _version(self._db) == VERSION

    def facets(self) -> Iterator[Facets]:
        """Yield all facets in the order of the log."""
        yield from self._pages("audit_facets f", "f.leaf", [], [], -1, 1 << 62, oldest=True)

    def of_event(self, event: str) -> list[Facets]:
        """Return the facets of the entries that tell the event of an id, in order."""
        query = f"SELECT {_FIELDS} FROM audit_facets f WHERE event = ? ORDER BY leaf"  # noqa: S608  # names of ours
        return [Facets(*row) for row in self._db.execute(query, (event,))]

    def search(self, asked: Asked, tenants: frozenset[str], start: int, end: int) -> Iterator[Facets]:
        """Yield what the index finds among entries `start` to `end`, in the order that the query asks for.

        Only entries of `tenants` and, where the query names none, those that are of no tenant.
        """
        query = asked.query
        conditions, values = _conditions(asked, tenants)
        table, place = "audit_facets f", "f.leaf"
        if query.rules:
            names = [name for name in self._rules() if any(fnmatchcase(name, each) for each in query.rules)]
            conditions.append(f"f.rule IN ({', '.join('?' * len(names))})")
            values += names
        if query.phrases:
            table, place = "audit_words w CROSS JOIN audit_facets f ON f.leaf = w.rowid", "w.rowid"
            conditions.append("audit_words MATCH ?")
            values.append(asked.expression())
        elif query.account or query.owner or query.alert:
            place = "+f.leaf"  # These find so few that to sort them costs less than to look along the log.
        yield from self._pages(table, place, conditions, values, start - 1, end, oldest=query.oldest_first)

    def _rules(self) -> list[str]:
        """Return the rules that entries speak of, sorted: a look-up each, however many entries there are."""
        return [name for (name,) in self._db.execute(_RULES)]

    def _pages(
        self,
        table: str,
        place: str,
        conditions: list[str],
        values: list[Any],
        after: int,
        end: int,
        *,
        oldest: bool,
    ) -> Iterator[Facets]:
        """Yield rows a page at a time, so that no reader holds up a checkpoint of the database."""
        where = " AND ".join([*conditions, f"{place} > ?", f"{place} < ?"])
        order = "ASC" if oldest else "DESC"
        query = f"SELECT {_FIELDS} FROM {table} WHERE {where} ORDER BY {place} {order} LIMIT ?"  # noqa: S608  # names of ours
        while rows := self._db.execute(query, (*values, after, end, _PAGE)).fetchall():
            yield from (Facets(*row) for row in rows)
            if len(rows) < _PAGE:
                return
            after, end = (rows[-1][0], end) if oldest else (after, rows[-1][0])


def _conditions(asked: Asked, tenants: frozenset[str]) -> tuple[list[str], list[Any]]:
    """Return what must hold, as SQL, and its values: what was asked for is never a part of a statement."""
    query = asked.query
    conditions: list[str] = []
    values: list[Any] = []

    def must(condition: str, *given: Any) -> None:
        conditions.append(condition)
        values.extend(given)

    if query.tenant is None:
        must(
            "(f.tenant IS NULL OR f.tenant = '' OR f.tenant IN (SELECT value FROM json_each(?)))",
            _list(tenants),
        )
    else:
        must("f.tenant IN (SELECT value FROM json_each(?))", _list(tenants))
    for name in ("account", "owner"):
        if getattr(query, name) is not None:
            must(f"f.{name} = ?", getattr(query, name))
    if query.actor is not None:
        must("(f.actor = ? OR f.approver = ?)", query.actor, query.actor)
    if query.alert is not None:
        must("f.alert >= ? AND f.alert < ?", query.alert, f"{query.alert}\U0010ffff")
    for name in ("level", "kind"):
        if some := getattr(query, f"{name}s"):
            must(f"f.{name} IN ({', '.join('?' * len(some))})", *some)
    if query.since is not None:
        must("f.at_us >= ?", query.since)
    if query.until is not None:
        must("f.at_us < ?", query.until)
    if query.key is not None:
        name, _ = query.key
        one = "CAST(k.value AS TEXT) IN (SELECT value FROM json_each(?))"
        keys = f"SELECT 1 FROM json_each(f.key) AS k WHERE (? = '' OR k.key = ?) AND {one}"  # noqa: S608  # marks alone
        must(f"EXISTS ({keys})", name, name, _list(frozenset(asked.values)))
    return conditions, values


def _list(names: frozenset[str]) -> str:
    return msgspec.json.encode(sorted(names)).decode()
