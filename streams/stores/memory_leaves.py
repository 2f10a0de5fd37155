"""The audit log in lists, for demonstrations and for tests."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from engine.merkle import HASH_BYTES
from streams.audit.growth import Growth, Head, Ledger


class MemoryLeaves:
    """What a database keeps of the audit log."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._heads: dict[int, Head] = {}
        self._ledgers: dict[str, Ledger] = {}
        self._unindexed: dict[str, list[tuple[int, str]]] = {}
        self._stops: set[int] = set()
        self._key: str | None = None

    def take(self, growth: Growth, last: int) -> None:
        """Take what a batch adds; `last` is the number of its last input."""
        assert [leaf for leaf, _ in growth.entries] == list(
            range(len(self._entries), len(self._entries) + len(growth.entries))
        ), "entries are written once, in order"
        self._entries += [body for _, body in growth.entries]
        self._tiles |= {(level, number): body for level, number, body in growth.tiles}
        self._ledgers |= deepcopy(growth.ledgers)
        for tenant in growth.indexed:
            self._unindexed[tenant] = []
        for tenant, leaf, day in growth.unindexed:
            self._unindexed.setdefault(tenant, []).append((leaf, day))
        if growth.head.size:
            self._heads[growth.head.size] = growth.head
        if growth.stopped:
            self._stops.add(last)
        if growth.key is not None:
            self._key = growth.key

    def refolding(self) -> MemoryLeaves:
        """Return the same log, with nothing told of any tenant yet."""
        other = MemoryLeaves()
        other._entries, other._tiles, other._heads = list(self._entries), dict(self._tiles), dict(self._heads)
        other._stops, other._key = set(self._stops), self._key
        return other

    def head(self) -> Head | None:
        """Return the log as it is; None while it is empty."""
        return self._heads[max(self._heads)] if self._heads else None

    def heads(self) -> Iterator[Head]:
        """Yield the log at every size at which a batch ended, in order."""
        yield from (self._heads[size] for size in sorted(self._heads))

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield entries in order, those from `start` up to and without `end`."""
        yield from self._entries[start:end]

    def tile(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of a tile; none where there is no such tile."""
        body = self._tiles.get((level, number), b"")
        return [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]

    def ledgers(self) -> dict[str, Ledger]:
        """Return the ledger of every tenant."""
        return deepcopy(self._ledgers)

    def unindexed(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield (tenant, day, entry) of each tenant's last index, whose day is empty, and of what stands behind it."""
        for tenant, kept in sorted(self._unindexed.items()):
            yield from ((tenant, day, self._entries[leaf]) for leaf, day in kept)

    def stops(self) -> list[int]:
        """Return the numbers of the inputs behind which a runner stopped, in order."""
        return sorted(self._stops)

    def key(self) -> str | None:
        """Return the public key that signs the log; None while nobody does."""
        return self._key
