"""What the audit log gains by one batch, and what it must find again after a restart.

The log keeps no state of its own beside its store: entries, tiles, the tenants' ledgers and the signed heads are
committed in the transaction of the decisions that they speak of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine.disposition import DISPOSITIONS

START: Final = bytes(32)  # The running hash before a tenant's first input.


@dataclass(slots=True)
class Ledger:
    """What was told of one tenant: how many inputs, how many of each disposition, and their running hash.

    `committed` is the ordinal of its last `ingest.commit`.
    """

    ordinal: int = 0
    committed: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * len(DISPOSITIONS))
    hash: bytes = START
    clock_us: int = 0


@dataclass(frozen=True, slots=True)
class Head:
    """The log at one size: its root, and the checkpoint as a signed note where somebody signed it."""

    size: int
    root: bytes
    note: bytes | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """What one batch adds. `of_records`: the leaves of the batch's records, in their order."""

    head: Head
    entries: list[tuple[int, bytes]]
    of_records: list[int]
    tiles: list[tuple[int, int, bytes]]  # (level, number, hashes)
    ledgers: dict[str, Ledger]
    stopped: bool = False  # Behind this batch the runner stops, and said so in the log.
    key: str | None = None  # The public key that signs from here on, where that is new.
    indexed: frozenset[str] = (
        frozenset()
    )  # The tenants of which nothing is unindexed any more but what follows:
    unindexed: Sequence[tuple[str, int, str]] = ()  # (tenant, leaf, day), as LeafStore has them.


class LeafStore(Protocol):
    """A store as far as it holds the audit log."""

    def head(self) -> Head | None:
        """Return the log as it is; None while it is empty."""

    def heads(self) -> Iterator[Head]:
        """Yield the log at every size at which a batch ended, in order."""

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield entries in order, those from `start` up to and without `end`."""

    def tile(self, level: int, number: int) -> list[bytes]:
        """Return the hashes of a tile; none where there is no such tile."""

    def ledgers(self) -> dict[str, Ledger]:
        """Return the ledger of every tenant."""

    def unindexed(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield (tenant, day, entry) of each tenant's last index, whose day is empty, and of what stands behind it."""

    def stops(self) -> list[int]:
        """Return the numbers of the inputs behind which a runner stopped, in order."""

    def key(self) -> str | None:
        """Return the public key that signs the log; None while nobody does."""
