"""What the audit log says, input by input: a pure function of the inputs, what became of them, and their records.

The writer tells while it decides, and whoever verifies a database tells it all again from what is stored; the two must
give the same bytes. Batches, restarts and crashes do not reach an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from engine.alert import Record
from engine.decoding import timed
from engine.disposition import DISPOSITIONS
from engine.merkle import leaf_hash
from streams.audit.entries import (
    ACTS,
    act_entry,
    alert_entry,
    commit_entry,
    quarantine_entry,
    refold_entry,
)
from streams.audit.facets import account_in
from streams.audit.growth import Ledger
from streams.audit.indexing import DailyIndex

# seq, line in its source, tenant, its time and the clock after it, disposition's code, reason, the line: as stored.
Row: TypeAlias = tuple[int, int, str, int, int, int, str, bytes]
COMMIT_EVERY: Final = 1_000  # Inputs of a tenant between two `ingest.commit`.
_CODES: Final = [bytes([code]) for code in range(len(DISPOSITIONS))]
_DECIDED: Final = DISPOSITIONS.index("decided")
_QUARANTINED: Final = DISPOSITIONS.index("quarantined")
_LIVED: Final = (
    DISPOSITIONS.index("decided"),
    DISPOSITIONS.index("late"),
)  # An act that is late was done all the same.


class Teller:
    """The tenants' ledgers and open days, and the entries told since they were taken."""

    __slots__ = ("changed", "entries", "index", "leaves", "ledgers", "of_records")

    def __init__(self, ledgers: dict[str, Ledger], index: DailyIndex) -> None:
        self.ledgers = ledgers
        self.index = index
        self.changed: set[str] = set()
        self.entries: list[bytes] = []
        self.leaves: list[bytes] = []  # Their hashes.
        self.of_records: list[int] = []  # Places in `entries` of the records, in their order.

    def add(self, row: Row, kind: str, records: Sequence[Record], rest: Iterable[bytes] = ()) -> None:
        """Tell of one input, its type and its records; `rest` follows the line where that is too long for a row.

        The running hash is SHA-256(the one before, the code of the disposition as one byte, the line).
        """
        _, _, tenant, _, clock_us, code, reason, raw = row
        ledger = self.ledgers.get(tenant) or self._ledger(tenant)
        if self.index.is_due(tenant, clock_us):
            self._index(tenant, clock_us)
        at_us = self._tick(raw) if not tenant and code == _DECIDED else clock_us
        self.changed.add(tenant)
        ledger.ordinal += 1
        ledger.clock_us = clock_us
        ledger.counts[code] += 1
        if code == _QUARANTINED:
            self._quarantined(tenant, ledger, reason, raw, rest)
        else:
            ledger.hash = sha256(ledger.hash + _CODES[code] + raw).digest()
            if kind in ACTS and code in _LIVED:
                self._say(tenant, clock_us, act_entry(tenant, ledger.ordinal, kind, raw))
        for record in records:
            place = ledger if record.tenant == tenant else self.ledgers[record.tenant]
            self.of_records.append(len(self.entries))
            self._say(record.tenant, at_us, alert_entry(record.tenant, place.ordinal, record))
        if not ledger.ordinal % COMMIT_EVERY:
            self._commit(tenant, ledger)

    def _quarantined(
        self, tenant: str, ledger: Ledger, reason: str, raw: bytes, rest: Iterable[bytes]
    ) -> None:
        """Tell of a line that was not decided. It may be longer than memory is large, and is read once."""
        chain, line, size = sha256(ledger.hash + _CODES[_QUARANTINED] + raw), sha256(raw), len(raw)
        for piece in rest:
            chain.update(piece)
            line.update(piece)
            size += len(piece)
        ledger.hash = chain.digest()
        entry = quarantine_entry(tenant, ledger.ordinal, reason, line.hexdigest(), size)
        self._say(tenant, ledger.clock_us, entry)

    def stop(self) -> None:
        """Tell that the runner stops: account for the inputs of every tenant since its last account."""
        for tenant in sorted(self.ledgers):
            ledger = self.ledgers[tenant]
            if ledger.ordinal > ledger.committed:
                self.changed.add(tenant)
                self._commit(tenant, ledger)

    def begin_anew(self, size: int, ruleset: str) -> None:
        """Tell that all is decided anew from the first input on; what was said stays."""
        self.ledgers.clear()
        self.index.begin_anew()
        self._say("", 0, refold_entry(size, ruleset))

    def forget(self) -> None:
        """Forget the entries that were told: somebody has taken them."""
        self.entries, self.leaves, self.of_records, self.changed = [], [], [], set()
        self.index.taken()

    def _commit(self, tenant: str, ledger: Ledger) -> None:
        ledger.committed = ledger.ordinal
        self._say(tenant, ledger.clock_us, commit_entry(tenant, ledger))

    def _tick(self, raw: bytes) -> int:
        """Close the days that are over at a tick for all tenants; return the instant that it moves their clocks to."""
        read = timed(raw)
        if not isinstance(read, tuple):
            return 0  # Only whoever tells a changed database again meets one that cannot be read.
        clock_us = read[2]
        for tenant in self.index.due(clock_us):
            self._index(tenant, clock_us)
        return clock_us

    def _index(self, tenant: str, clock_us: int) -> None:
        entry = self.index.close(tenant, self.ledgers[tenant].ordinal, clock_us, len(self.entries))
        self.entries.append(entry)
        self.leaves.append(leaf_hash(entry))

    def _say(self, tenant: str, clock_us: int, entry: bytes) -> None:
        """Add an entry, told at a tenant's clock. What is of no tenant has no clock and is in no index."""
        leaf = leaf_hash(entry)
        if tenant:
            self.index.take(tenant, clock_us, account_in(entry), leaf, len(self.entries))
        self.entries.append(entry)
        self.leaves.append(leaf)

    def _ledger(self, tenant: str) -> Ledger:
        made = self.ledgers[tenant] = Ledger()
        return made
