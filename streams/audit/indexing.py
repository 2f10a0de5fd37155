"""The daily index of the audit log: each day of a tenant is closed by an entry that commits to all that was told on it.

So whoever is shown some entries of an account can tell that there are no others. Three trees of RFC 6962 stand in each
other: over the entries of an account, in their order; over the accounts' rows, sorted; and the log, which has the root
of those rows in an entry `index.day`. A row names its account by SHA-256, so that a neighbour who shows that an account
has no row does not give its name away.

A day is one of the tenant's clock. It is closed before what is told first at a later one, so that neither batches nor
restarts move its end, and a day of which nothing is told has no entry: each names the one before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from engine.canonical import canonical
from engine.instants import rfc3339
from engine.merkle import Growing, leaf_hash
from engine.payloads.fields import GREATEST
from engine.windows import Zone
from streams.audit.broken import BrokenError
from streams.audit.entries import named
from streams.audit.facets import account_in

KIND: Final = "index.day"
_NEVER: Final = 1 << 63
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
_Clock = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T")]
_Count = Annotated[int, Meta(ge=0, le=GREATEST)]
_Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class Previous(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The index before: its day, and its leaf in hexadecimal."""

    day: Day
    leaf: _Hash


class Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag=KIND):
    """An entry that closes a day of a tenant.

    `position`: the tenant's inputs before it; `clock`: which instant closed it, in the tenant's zone; `previous`: None
    where it is the first that is told; `entries`: how many it commits to; `accounts`: how many rows, `root`: of the
    tree over them.
    """

    tenant: str
    position: _Count
    clock: _Clock
    day: Day
    previous: Previous | None
    entries: _Count
    accounts: _Count
    root: _Hash

    @property
    def until(self) -> str:
        """The day of the clock that closed it: between the two nothing was told."""
        return self.clock[:10]


_INDEX: Final = msgspec.json.Decoder(Index)


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an index says of one account: its SHA-256 (empty: no account), and the tree over its entries."""

    account: str
    entries: _Count
    root: _Hash


def index_of(entry: bytes, where: str) -> Index:
    """Read an index. Raises BrokenError where it is none."""
    try:
        return _INDEX.decode(entry)
    except msgspec.MsgspecError as error:
        raise BrokenError(where, f"an index that cannot be read ({error})", f"the fields of {KIND}") from None


@dataclass(frozen=True, slots=True)
class Closed:
    """The last index of a tenant: its day, the day of the clock that closed it, and its leaf's 32 bytes."""

    day: str
    until: str
    leaf: bytes


@dataclass(slots=True)
class OpenDay:
    """What was told of one tenant since its last index: its day, and by account the tree over its entries.

    `day` is empty before the first of them. Of a tree only the right edge is kept, some 32 bytes for each doubling.
    """

    last: Closed | None = None
    day: str = ""
    ends_us: int = _NEVER
    entries: int = 0
    trees: dict[str | None, Growing] = field(default_factory=dict)

    def take(self, account: str | None, leaf: bytes) -> None:
        """Take an entry by its leaf's hash."""
        tree = self.trees.get(account)
        if tree is None:
            tree = self.trees[account] = Growing()
        tree.append(leaf)
        self.entries += 1

    def entry(self, tenant: str, position: int, day: str, clock: str) -> bytes:
        """Return the entry that closes it. `tenant`: as entries name it; `clock`: RFC 3339, in the tenant's zone."""
        last = self.last
        return canonical(
            {
                "kind": KIND,
                "tenant": tenant,
                "position": position,
                "clock": clock,
                "day": day,
                "previous": {"day": last.day, "leaf": last.leaf.hex()} if last is not None else None,
                "entries": self.entries,
                "accounts": len(self.trees),
                "root": self.root().hex(),
            }
        )

    def root(self) -> bytes:
        """Return the root of the tree over the rows."""
        tree = Growing()
        for _, row in self.rows():
            tree.append(leaf_hash(row))
        return tree.root()

    def rows(self) -> list[tuple[str, bytes]]:
        """Return the names of the accounts' rows and the rows as the index has them, sorted."""
        return sorted(
            (name, canonical({"account": name, "entries": tree.size, "root": tree.root().hex()}))
            for name, tree in ((row_name(account), tree) for account, tree in self.trees.items())
        )


def behind(entry: bytes, index: Index) -> OpenDay:
    """Return what is open behind an index."""
    return OpenDay(Closed(index.day, index.until, leaf_hash(entry)))


def row_name(account: str | None) -> str:
    """Return the name of an account's row: its SHA-256 in hexadecimal; empty for entries of no account."""
    return sha256(account.encode()).hexdigest() if account is not None else ""


class DailyIndex:
    """The open days of all tenants, and what of the entries told since it was asked last is not indexed yet."""

    __slots__ = ("_days", "_zone", "indexed", "unindexed")

    def __init__(self, zone: Zone, kept: Iterable[tuple[str, str, bytes]] = ()) -> None:
        """Take up what a store kept: (tenant, day, entry) in order; a tenant's last index has no day.

        Raises BrokenError where that cannot be read.
        """
        self._zone = zone
        self._days: dict[str, OpenDay] = {}
        self.indexed: set[str] = set()  # Tenants of which nothing that was kept is wanted any more.
        self.unindexed: dict[
            str, list[tuple[int, str]]
        ] = {}  # By tenant: place among the entries told, and day.
        for tenant, day, entry in kept:
            if day:
                self._open(tenant, day).take(account_in(entry), leaf_hash(entry))
            else:
                self._days[tenant] = behind(entry, index_of(entry, f"the last index of {tenant}"))

    def is_due(self, tenant: str, clock_us: int) -> bool:
        """Return whether a tenant has a day that is over at this clock."""
        held = self._days.get(tenant)
        return held is not None and clock_us >= held.ends_us

    def due(self, clock_us: int) -> list[str]:
        """Return the tenants that have a day that is over, sorted."""
        return sorted(name for name, held in self._days.items() if clock_us >= held.ends_us)

    def close(self, tenant: str, position: int, clock_us: int, place: int) -> bytes:
        """Return the entry that closes a tenant's day; `place` is where it stands among the entries told."""
        held = self._days[tenant]
        clock = rfc3339(clock_us, self._zone.info)
        entry = held.entry(named(tenant), position, held.day, clock)
        self._days[tenant] = behind(entry, index_of(entry, KIND))
        self.indexed.add(tenant)
        self.unindexed[tenant] = [(place, "")]
        return entry

    def take(self, tenant: str, clock_us: int, account: str | None, leaf: bytes, place: int) -> None:
        """Take an entry of a tenant at its clock; `place` is where it stands among the entries told."""
        held = self._days.get(tenant)
        if held is None or not held.day:
            day = self._zone.day(clock_us)
            # A tick may have closed a day whose morrow the tenant's own inputs have not seen.
            held = self._open(tenant, max(day, held.last.until) if held is not None and held.last else day)
        held.take(account, leaf)
        self.unindexed.setdefault(tenant, []).append((place, held.day))

    def _open(self, tenant: str, day: str) -> OpenDay:
        held = self._days.setdefault(tenant, OpenDay())
        if not held.day:
            try:
                start_us = self._zone.midnight(date.fromisoformat(day))
            except ValueError:
                raise BrokenError(f"the open day of {tenant}", repr(day), "a day") from None
            held.day, held.ends_us = day, self._zone.window("day", start_us)[1]
        return held

    def taken(self) -> None:
        """Forget which entries were told: a store has taken them."""
        self.indexed, self.unindexed = set(), {}

    def begin_anew(self) -> None:
        """Forget all tenants, as all is told anew."""
        self._days.clear()
        self.taken()


def day_of(told: dict[str, Any]) -> str | None:
    """Return the day of the tenant's clock at which an entry says that it was told; None where it does not say."""
    record = told.get("record")
    raised_at = record.get("raised_at") if isinstance(record, dict) else None
    return raised_at[:10] if isinstance(raised_at, str) else None
