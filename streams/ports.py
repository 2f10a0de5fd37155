"""What a source, a store and an observer promise; the runners know nothing else of them.

A source hands out lines in blocks, each with the position that lies behind it. A store takes a batch whole or not at
all. An observer hears of a batch once it is durable, never before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from streams.audit.growth import LeafStore
    from streams.commit import Batch, Committed, InputRow, StoredInput, StoredRecord
    from streams.sealing.seals import Seals

BLOCK_LINES = 1_000  # The most lines of one block, hence inputs of one transaction.


class Position(msgspec.Struct, frozen=True, gc=False):
    """How far a source was read, and enough of what stands there to tell whether it is still the same source.

    Offsets and lengths are bytes of the unpacked stream. `open` tells that the last line had no end when it was taken.
    """

    offset: int = 0
    lines: int = 0
    head_bytes: int = 0
    head: str = ""  # Digest of the first `head_bytes`.
    last_at: int = 0  # Where the last line begins.
    last_bytes: int = 0
    last: str = ""  # Digest of `last_bytes` from there on.
    open: bool = False


class Block(msgspec.Struct, gc=False):
    """Some lines of a source, without their ends, and the position behind them (None: it cannot be read again).

    `rest` is what follows the first bytes of a line that is too long to be decoded; the block has that line alone.
    `taken` hears what became of the lines once that is durable.
    """

    lines: list[bytes]
    position: Position | None
    rest: IO[bytes] | None = None
    taken: Callable[[list[InputRow]], None] | None = None


class Source(Protocol):
    """Something that lines come from. `live`: it waits for more at its end, so a clock must tick beside it."""

    @property
    def name(self) -> str:
        """The name it is known by from run to run."""

    @property
    def live(self) -> bool:
        """Whether it waits for more at its end."""

    @property
    def lasting(self) -> bool:
        """Whether it can be read again from its start."""

    @property
    def size(self) -> int | None:
        """Bytes there are to read, where that is known; for progress only."""

    def blocks(self, after: Position | None) -> Iterator[Block]:
        """Yield blocks from a position on, or from the start. A live source yields an empty block when idle.

        Raises RefusedError where the source is not the one that the position was taken in, or cannot be read.
        """


class Store(Protocol):
    """The log, what was decided of it, and the engine's state: one whole."""

    @property
    def audit(self) -> LeafStore:
        """The audit log."""

    @property
    def seals(self) -> Seals:
        """By what its personal values are sealed. What is committed is sealed; what is asked for is opened."""

    @property
    def last(self) -> int:
        """The number of the last input; 0 before the first."""

    def clock_us(self) -> int:
        """Return the clock, in UTC microseconds, of the last input that moved one; 0 where none did."""

    def position(self, source: str) -> Position | None:
        """Return how far a source was read; None where it never was, or cannot be told."""

    def commit(self, batch: Batch) -> None:
        """Take a batch whole or not at all; raises RefusedError where it cannot."""

    def inputs(self, after: int = 0, tenant: str | None = None) -> Iterator[StoredInput]:
        """Yield inputs in the order of the log, those with a greater number than `after`."""

    def sealed_inputs(self, after: int = 0) -> Iterator[StoredInput]:
        """Yield the same inputs sealed, as they are stored."""

    def seen(self, until: int, since_us: int) -> Iterator[StoredInput]:
        """Yield the decided inputs up to a number that came, or whose time is, at an instant or later."""

    def decided(self, tenant: str, until: int) -> Iterator[tuple[int, bytes]]:
        """Yield a tenant's decided inputs up to a number with their times, in the order of their times."""

    def late(self, tenant: str, until: int) -> Iterator[bytes]:
        """Yield a tenant's late inputs up to a number, in the order of the log."""

    def rest(self, seq: int) -> bytes:
        """Return what follows the first bytes of an overlong line, opened."""

    def records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield records in the order of the log, those of inputs with a greater number than `after`."""

    def sealed_records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield the same records sealed, as they are stored."""

    def shadows(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield what shadow rules would have said, as `records` does what was said."""

    def sealed_shadows(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield the same sealed, as it is stored."""

    def checkpointed(self) -> int:
        """Return the number of the input that the state stands behind; 0 without state."""

    def state(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries of the last checkpoint."""

    def dispositions(self) -> dict[str, int]:
        """Return how many inputs had each disposition."""

    def tenants(self) -> list[str]:
        """Return the tenants of the log, sorted."""

    def refolding(self) -> AbstractContextManager[None]:
        """Forget all that was decided, keeping inputs and audit log; what is committed inside is taken whole or not."""


Observer = Callable[["Committed"], None]
