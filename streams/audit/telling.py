"""What the audit log says, input by input: a pure function of the inputs, what became of them, and their records.

The writer tells while it decides, and whoever verifies a database tells it all again from what is stored; the two must
give the same bytes. Batches, restarts and crashes do not reach an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, TypeAlias

from engine.alert import Record
from engine.disposition import DISPOSITIONS
from streams.audit.entries import (
    ACTS,
    act_entry,
    alert_entry,
    commit_entry,
    quarantine_entry,
    refold_entry,
)
from streams.audit.growth import Ledger

# seq, line in its source, tenant, its time and the clock after it, disposition's code, reason, the line: as stored.
Row: TypeAlias = tuple[int, int, str, int, int, int, str, bytes]
COMMIT_EVERY: Final = 1_000  # Inputs of a tenant between two `ingest.commit`.
_CODES: Final = [bytes([code]) for code in range(len(DISPOSITIONS))]
_QUARANTINED: Final = DISPOSITIONS.index("quarantined")
_LIVED: Final = (
    DISPOSITIONS.index("decided"),
    DISPOSITIONS.index("late"),
)  # An act that is late was done all the same.


class Teller:
    """The tenants' ledgers, and the entries told since they were taken."""

    __slots__ = ("changed", "entries", "ledgers", "of_records")

    def __init__(self, ledgers: dict[str, Ledger]) -> None:
        self.ledgers = ledgers
        self.changed: set[str] = set()
        self.entries: list[bytes] = []
        self.of_records: list[int] = []  # Places in `entries` of the records, in their order.

    def add(self, row: Row, kind: str, records: Sequence[Record], rest: Iterable[bytes] = ()) -> None:
        """Tell of one input, its type and its records; `rest` follows the line where that is too long for a row.

        The running hash is SHA-256(the one before, the code of the disposition as one byte, the line).
        """
        _, _, tenant, _, clock_us, code, reason, raw = row
        ledger = self.ledgers.get(tenant) or self._ledger(tenant)
        self.changed.add(tenant)
        ledger.ordinal += 1
        ledger.clock_us = clock_us
        ledger.counts[code] += 1
        if code == _QUARANTINED:
            self._quarantined(tenant, ledger, reason, raw, rest)
        else:
            ledger.hash = sha256(ledger.hash + _CODES[code] + raw).digest()
            if kind in ACTS and code in _LIVED:
                self.entries.append(act_entry(tenant, ledger.ordinal, kind, raw))
        for record in records:
            place = ledger if record.tenant == tenant else self.ledgers[record.tenant]
            self.of_records.append(len(self.entries))
            self.entries.append(alert_entry(record.tenant, place.ordinal, record))
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
        self.entries.append(quarantine_entry(tenant, ledger.ordinal, reason, line.hexdigest(), size))

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
        self.entries.append(refold_entry(size, ruleset))

    def _commit(self, tenant: str, ledger: Ledger) -> None:
        ledger.committed = ledger.ordinal
        self.entries.append(commit_entry(tenant, ledger))

    def _ledger(self, tenant: str) -> Ledger:
        made = self.ledgers[tenant] = Ledger()
        return made
