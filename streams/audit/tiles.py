"""The log as files that never change: tiles of hashes and bundles of entries (c2sp.org/tlog-tiles).

`tile/<L>/<N>` has up to 256 hashes of level L, each that of a full tile below (level 0: of an entry);
`tile/entries/<N>` has the entries themselves, each behind its length in two bytes. The last of a level may be shorter
and has its width in its name: `.p/<W>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from engine.merkle import HASH_BYTES, Perfect, perfect_root, root
from streams.audit.broken import BrokenError

WIDTH: Final = 256  # Hashes of a full tile, entries of a full bundle.
HEIGHT: Final = 8  # Levels of the tree in one of tiles.
MOST_ENTRY: Final = 65_535  # Bytes of an entry, as its length has two.
ENTRIES: Final = -1  # What stands for the level of bundles.
_WORD: Final = "entries"
_PATH: Final = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


def tile_path(level: int, number: int, width: int) -> str:
    """Return where a tile (or, with level ENTRIES, a bundle) is: index 1234067 is `x001/x234/067`."""
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.append(f"x{number % 1000:03}")
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{_WORD if level == ENTRIES else level}/{'/'.join(reversed(parts))}{partial}"


def tile_at(path: str) -> tuple[int, int, int] | None:
    """Return (level, number, width) of the tile or bundle that a path names as `tile_path` does; None for others."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level, number = found[1], int(found[2].replace("x", "").replace("/", ""))
    width = int(found[3]) if found[3] else WIDTH
    place = (ENTRIES if level == _WORD else int(level), number, width)
    return place if width and tile_path(*place) == path else None


def widths(size: int, level: int) -> tuple[int, int]:
    """Return how many full tiles a level has in a tree of `size`, and how wide the partial one is; 0 where none is."""
    hashes = size >> (HEIGHT * max(level, 0))
    return hashes // WIDTH, hashes % WIDTH


def levels(size: int) -> int:
    """Return how many levels of tiles a tree of `size` has."""
    count = 0
    while size >> (HEIGHT * count):
        count += 1
    return count


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (level, number, width) of every tile of a tree, level by level."""
    for level in range(levels(size)):
        full, partial = widths(size, level)
        yield from ((level, number, WIDTH) for number in range(full))
        if partial:
            yield level, full, partial


def bundle(entries: Sequence[bytes]) -> bytes:
    """Return entries as one sequence of bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundled(body: bytes, width: int, where: str) -> list[bytes]:
    """Return the entries of a bundle. Raises BrokenError where they are not as many as they must be."""
    found: list[bytes] = []
    at = 0
    while at < len(body):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        if at + 2 > len(body) or end > len(body):
            raise BrokenError(f"{where}, entry {len(found)}", "the end of the file", "the rest of the entry")
        found.append(body[at + 2 : end])
        at = end
    if len(found) != width:
        raise BrokenError(where, f"{len(found)} entries", f"{width}")
    return found


def hashes_of(body: bytes, width: int, where: str) -> list[bytes]:
    """Return the hashes of a tile. Raises BrokenError where they are not as many as they must be."""
    if len(body) != width * HASH_BYTES:
        raise BrokenError(where, f"{len(body):,} bytes", f"{width} hashes of {HASH_BYTES} bytes")
    return [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]


def perfect_in(tile: Callable[[int, int], Sequence[bytes]]) -> Perfect:
    """Return what finds perfect subtrees in tiles; `tile` gives the hashes of one by (level, number)."""

    def perfect(level: int, index: int) -> bytes:
        above, inside = divmod(level, HEIGHT)
        number, first = divmod(index << inside, WIDTH)
        return perfect_root(tile(above, number)[first : first + (1 << inside)])

    return perfect


class RightEdge:
    """The tiles at the right edge of a growing tree, and which of them changed since they were written."""

    __slots__ = ("_changed", "_tiles", "size")

    def __init__(self, size: int = 0, tile: Callable[[int, int], Sequence[bytes]] = lambda _, __: ()) -> None:
        """Take up a tree of `size`; `tile` gives the hashes of its partial tiles."""
        self.size = size
        self._tiles: list[list[bytes]] = []
        self._changed: dict[tuple[int, int], list[bytes]] = {}
        for level in range(levels(size)):
            number, partial = widths(size, level)
            self._tiles.append(list(tile(level, number))[:partial] if partial else [])

    @property
    def whole(self) -> bool:
        """Whether the tiles were there that it took up."""
        return [len(tile) for tile in self._tiles] == [
            widths(self.size, level)[1] for level in range(levels(self.size))
        ]

    def append(self, leaf: bytes) -> None:
        """Add an entry by its leaf hash."""
        level, hash_, index = 0, leaf, self.size
        self.size += 1
        while True:
            if level == len(self._tiles):
                self._tiles.append([])
            tile = self._tiles[level]
            tile.append(hash_)
            number = index // WIDTH
            self._changed[level, number] = tile
            if len(tile) < WIDTH:
                return
            hash_, self._tiles[level] = perfect_root(tile), []
            level, index = level + 1, number

    def root(self) -> bytes:
        """Return the root of the tree."""
        return root(self.size, perfect_in(lambda level, _: self._tiles[level]))

    def changed(self) -> list[tuple[int, int, bytes]]:
        """Return (level, number, hashes) of the tiles that changed, in order, and count them as written."""
        found = [(level, number, b"".join(tile)) for (level, number), tile in sorted(self._changed.items())]
        self._changed = {}
        return found
