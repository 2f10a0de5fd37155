"""A part of a source, tenant by tenant: what one of several processes decides of a log.

Every tenant is in one share, so nothing that is decided changes with the number of shares. A line that is nobody's is
in the first; a tick for all tenants is in every share, and counted in the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from streams.addressing import NOBODY, tenant_of
from streams.ports import Block, Position, Source

_FIRST: Final = 0
_ALL: Final = -1  # In every share.


def tenants_at_start(source: Source) -> int:
    """Return how many tenants the first block of a source has; raises RefusedError where it cannot be read."""
    first = next(source.blocks(None), None)
    names = {tenant_of(raw) for raw in first.lines} if first is not None else set()
    if first is not None and first.rest is not None:
        first.rest.close()
    return len(names - {None, NOBODY})


def share_of(raw: bytes, of: int) -> int:
    """Return which of so many shares a line is in; -1 for all of them."""
    tenant = tenant_of(raw)
    if tenant is None:
        return _ALL
    return crc32(tenant.encode("utf-8", "surrogatepass")) % of if tenant != NOBODY else _FIRST


@dataclass(slots=True)
class Share:
    """The lines of one share, as a source. It tells how far the whole source was read."""

    source: Source
    number: int = 0
    of: int = 1
    lines: int = 0  # Of the whole source, so far.
    bytes_read: int = 0
    uncounted: int = 0  # Ticks for all that another share counts.
    _before: int = 0  # Lines of this share before the last block.
    _places: list[int] = field(default_factory=list)  # Line numbers of the last block's lines.
    _begun: bool = False

    @property
    def name(self) -> str:
        """The name of the whole source."""
        return self.source.name

    @property
    def live(self) -> bool:
        """Whether the whole source waits for more."""
        return self.source.live

    @property
    def lasting(self) -> bool:
        """Whether the whole source can be read again."""
        return self.source.lasting

    @property
    def size(self) -> int | None:
        """Bytes of the whole source."""
        return self.source.size

    def blocks(self, after: Position | None) -> Iterator[Block]:
        """Yield the blocks of the source with this share's lines alone; some may be empty."""
        counting, self._begun = not self._begun, True  # A correction reads again; that is no progress.
        for block in self.source.blocks(after):
            places = self._mine(block.lines)
            if counting:
                self._note(block.lines, places)
            mine = [block.lines[place] for place in places]
            rest = block.rest
            if rest is not None and not mine:
                rest.close()
                rest = None
            yield Block(mine, block.position, rest)

    def line(self, nth: int) -> int:
        """Return where in the source the nth line of this share stands; it must be of the last block."""
        return self._places[nth - self._before - 1]

    def _mine(self, lines: list[bytes]) -> list[int]:
        if self.of == 1:
            return list(range(len(lines)))
        return [place for place, raw in enumerate(lines) if share_of(raw, self.of) in (self.number, _ALL)]

    def _note(self, lines: list[bytes], places: list[int]) -> None:
        self._before += len(self._places)
        self._places = [self.lines + place + 1 for place in places]
        self.lines += len(lines)
        self.bytes_read += sum(map(len, lines)) + len(lines)
        if self.number != _FIRST:
            self.uncounted += sum(share_of(lines[place], self.of) == _ALL for place in places)
