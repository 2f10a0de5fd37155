"""Entries held against the tree that they are in, up to its root, without reading the others.

A full tile is right where its own root stands in the tile above it, and the tiles at the right edge are where together
they give the root of the log. So a few tiles are enough, and each is looked at once.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from engine.merkle import leaf_hash, perfect_root, root
from streams.audit.broken import BrokenError
from streams.audit.growth import Head, LeafStore
from streams.audit.tiles import WIDTH, perfect_in, widths

_KEPT: Final = 1_024  # Tiles, of 8 KiB each.


class AuthenticTree:
    """The tree of a log at one head."""

    def __init__(self, leaves: LeafStore, head: Head, name: str) -> None:
        """Take it; `name`: what the log is called. Raises BrokenError where its right edge has not the head's root."""
        self.head = head
        self._leaves = leaves
        self._name = name
        self._known: dict[tuple[int, int], list[bytes]] = {}
        self.check_head(head)

    def check_head(self, head: Head) -> None:
        """Raise BrokenError where the tree had not this root when it had this size."""
        found = root(head.size, perfect_in(partial(self._read, head.size)))
        if found != head.root:
            where = f"{self._name}, audit log of {head.size:,} entries"
            raise BrokenError(where, f"the root {found.hex()}", f"{head.root.hex()}, which was committed")

    def check(self, leaf: int, entry: bytes) -> None:
        """Raise BrokenError where an entry is not the one that stands at this place."""
        if leaf_hash(entry) != self._tile(0, leaf // WIDTH)[leaf % WIDTH]:
            raise BrokenError(
                f"{self._name}, entry {leaf:,}", "other bytes", "those whose hash is in the tree"
            )

    def _tile(self, level: int, number: int) -> list[bytes]:
        known = self._known.get((level, number))
        if known is not None:
            return known
        hashes = self._read(self.head.size, level, number)
        if len(hashes) == WIDTH:  # A narrower one was looked at with the root.
            above = self._tile(level + 1, number // WIDTH)[number % WIDTH]
            if perfect_root(hashes) != above:
                raise BrokenError(self._place(level, number), "other hashes", "those that lead to the root")
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[level, number] = hashes
        return hashes

    def _read(self, size: int, level: int, number: int) -> list[bytes]:
        """Return the hashes that a tile had when the log had `size` entries."""
        full, rest = widths(size, level)
        width = WIDTH if number < full else rest
        hashes = self._leaves.tile(level, number)[:width]
        if len(hashes) != width:
            raise BrokenError(self._place(level, number), f"{len(hashes)} hashes", f"{width}")
        return hashes

    def _place(self, level: int, number: int) -> str:
        return f"{self._name}, tile {number:,} of level {level}"
