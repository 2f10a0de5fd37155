"""The audit log as it grows: what was told becomes leaves, tiles and, where somebody signs, a checkpoint a batch.

It is the outbox: alerts are published from what is committed here, and nothing is committed without its entries.
"""

from __future__ import annotations

from typing import Final

from engine.merkle import leaf_hash
from engine.windows import Zone
from streams.audit.broken import BrokenError
from streams.audit.checkpoints import Checkpoint
from streams.audit.growth import Growth, Head, LeafStore
from streams.audit.indexing import DailyIndex
from streams.audit.notes import Signer, signature_of, verifier_of
from streams.audit.telling import Teller
from streams.audit.tiles import WIDTH, RightEdge
from streams.refusing import RefusedError

_MEND: Final = "restore a copy of the database; `weiguard audit verify` says what was changed"


class AuditLog:
    """The log in one store. With a signer every batch that grows it is signed."""

    def __init__(self, store: LeafStore, zone: Zone, signer: Signer | None = None) -> None:
        """Take up the log where the store has it; `zone` is that of the days it is indexed by.

        Raises RefusedError where its right edge is damaged, or where another key, or one at all, signs it.
        """
        head = store.head()
        self._signed_by = store.key()
        _check_signer(self._signed_by, signer)
        self._signer = signer
        self._leaving: Signer | None = None  # Signs once more, beside the one that takes its place.
        self._edge = _edge(store, head)
        self._teller = Teller(store.ledgers(), _index(store, zone))
        self.add = self._teller.add  # Tells of one input.
        self._unsigned = signer is not None and head is not None and head.note is None
        self._stopped = False
        # Entries that are durable: now, and when it was taken up.
        self.committed = self.begun = self._edge.size
        self.failures = 0  # Batches that could not be committed with their entries.

    @property
    def size(self) -> int:
        """How many entries there are, those included that are not committed yet."""
        return self._edge.size + len(self._teller.entries)

    def stop(self, *, again: bool = False) -> None:
        """Tell that the runner stops; `again`: that it did, where all is decided anew."""
        before = len(self._teller.entries)
        self._teller.stop()
        self._stopped = not again and len(self._teller.entries) > before

    def begin_anew(self, ruleset: str) -> None:
        """Tell that the whole log is decided anew."""
        self._teller.begin_anew(self.size, ruleset)

    def sign_from_now_on(self, signer: Signer) -> None:
        """Let another key sign; the next batch says so in an entry, and both sign it."""
        self._leaving, self._signer = self._signer, signer

    def grown(self) -> Growth | None:
        """Return what came since it was asked last; None where that is nothing."""
        teller, edge = self._teller, self._edge
        if not (teller.entries or teller.changed or self._unsigned or self._stopped):
            return None
        first = edge.size
        for leaf in teller.leaves:
            edge.append(leaf)
        growth = Growth(
            self._head(),
            list(enumerate(teller.entries, first)),
            [first + place for place in teller.of_records],
            edge.changed(),
            {tenant: teller.ledgers[tenant] for tenant in sorted(teller.changed)},
            self._stopped,
            self._new_key(),
            frozenset(teller.index.indexed),
            [
                (tenant, first + place, day)
                for tenant, told in sorted(teller.index.unindexed.items())
                for place, day in told
            ],
        )
        teller.forget()
        self._unsigned = self._stopped = False
        return growth

    def _head(self) -> Head:
        root, signer = self._edge.root(), self._signer
        if signer is None:
            return Head(self._edge.size, root)
        note = Checkpoint(signer.name, self._edge.size, root).signed(signer)
        if self._leaving is not None:
            note += signature_of(self._leaving, note)
            self._leaving = None
        return Head(self._edge.size, root, note)

    def _new_key(self) -> str | None:
        if self._signer is None or str(self._signer.verifier) == self._signed_by:
            return None
        self._signed_by = str(self._signer.verifier)
        return self._signed_by


def _edge(store: LeafStore, head: Head | None) -> RightEdge:
    """Take up the right edge, and refuse one that does not have the root that was committed with it."""
    if head is None:
        return RightEdge()
    last = [leaf_hash(entry) for entry in store.entries(head.size - 1)]
    number, place = divmod(head.size - 1, WIDTH)
    edge = RightEdge(head.size, store.tile)
    if not edge.whole or edge.root() != head.root or store.tile(0, number)[place:] != last:
        raise RefusedError(
            "the audit log",
            f"tiles that do not lead to its root of {head.size:,} entries",
            "the tiles that were committed with it",
            _MEND,
        )
    return edge


def _index(store: LeafStore, zone: Zone) -> DailyIndex:
    """Take up the days that are not closed yet, and refuse what cannot be read."""
    try:
        return DailyIndex(zone, store.unindexed())
    except BrokenError as broken:
        raise RefusedError(f"the audit log, {broken.where}", broken.found, broken.expected, _MEND) from None


def _check_signer(signed_by: str | None, signer: Signer | None) -> None:
    if signed_by is None:
        return
    short = verifier_of(signed_by).short
    if signer is None:
        raise RefusedError(
            "the audit log",
            "no key",
            f"{short}, which signs it",
            "name its file with --audit-key or WEIGUARD_AUDIT_KEY",
        )
    if str(signer.verifier) != signed_by:
        raise RefusedError(
            "the audit log",
            f"the key {signer.verifier.short}",
            f"{short}, which signs it",
            "name that one's file with --audit-key; `weiguard audit rotate` puts another in its place",
        )
