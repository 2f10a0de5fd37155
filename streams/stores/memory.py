"""The store that forgets: what a database promises, without the file. For demonstrations and for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from engine.alert import Record, encode
from streams.commit import CODE, NO_TENANT, PIECE_BYTES, Batch, StoredInput, StoredRecord
from streams.ports import Position
from streams.sealing.seals import Seals
from streams.sealing.subjects import SEED_BYTES, keys_from
from streams.stores.memory_leaves import MemoryLeaves

_NAMES = tuple(CODE)


class _Records:
    """Records in the order of the log, each of them once."""

    def __init__(self) -> None:
        self.all: list[StoredRecord] = []
        self._names: set[tuple[str, int]] = set()

    def made(self, said: list[tuple[int, Record]]) -> list[StoredRecord]:
        """Return records as they are stored."""
        made = [StoredRecord(seq, each.id, each.record, encode(each)) for seq, each in said]
        names = {(each.alert, each.record) for each in made}
        assert len(names) == len(made), "a record is written once"
        assert names.isdisjoint(self._names), "a record is written once"
        return made

    def take(self, made: list[StoredRecord]) -> None:
        self.all += made
        self._names.update((each.alert, each.record) for each in made)


class MemoryStore:
    """Everything in lists; a batch that fails leaves them as they were."""

    def __init__(self) -> None:
        """Nothing is kept, so the keys of subjects are always the same."""
        self.seals = Seals(
            keys_from(bytes(SEED_BYTES)),
            lambda: (each.body for each in (*self._records.all, *self._shadows.all)),
        )
        self._inputs: list[StoredInput] = []
        self._records, self._shadows = _Records(), _Records()
        self._positions: dict[str, Position] = {}
        self._state: dict[bytes, bytes] = {}
        self._checkpoint = 0
        self._rest: dict[int, list[bytes]] = {}
        self.audit = MemoryLeaves()

    @property
    def last(self) -> int:
        """The number of the last input."""
        return len(self._inputs)

    def clock_us(self) -> int:
        """Return the clock of the last input that moved one."""
        return next((each.clock_us for each in reversed(self._inputs) if each.clock_us), 0)

    def position(self, source: str) -> Position | None:
        """Return how far a source was read."""
        return self._positions.get(source)

    def commit(self, batch: Batch) -> None:
        """Take a batch whole or not at all."""
        inputs = [
            StoredInput(seq, batch.source, line, tenant, time_us, clock_us, _NAMES[code], reason, raw)
            for seq, line, tenant, time_us, clock_us, code, reason, raw in batch.inputs
        ]
        records, shadows = self._records.made(batch.records), self._shadows.made(batch.shadows)
        changed = list(batch.state) if batch.state is not None else []
        rest = []
        while batch.rest is not None and (piece := batch.rest.read(PIECE_BYTES)):
            rest.append(self.seals.piece(NO_TENANT, piece))
        # From here on nothing can fail.
        if batch.again:
            for each in inputs:
                old = self._inputs[each.seq - 1]
                self._inputs[each.seq - 1] = msgspec.structs.replace(each, source=old.source, line=old.line)
        else:
            self._inputs += inputs
        if rest:
            self._rest[inputs[-1].seq] = rest
        self._records.take(records)
        self._shadows.take(shadows)
        if batch.position is not None:
            self._positions[batch.source] = batch.position
        if batch.rules is not None:
            self._state = {}
        for key, value in changed:
            if value is None:
                self._state.pop(key, None)
            else:
                self._state[key] = value
        if batch.growth is not None:
            self.audit.take(batch.growth, batch.inputs[-1][0] if batch.inputs else self.last)
        if batch.state is not None:
            self._checkpoint = self.last

    def inputs(self, after: int = 0, tenant: str | None = None) -> Iterator[StoredInput]:
        """Yield inputs in the order of the log."""
        return (self._opened(each) for each in self._inputs[after:] if tenant in (None, each.tenant))

    def sealed_inputs(self, after: int = 0) -> Iterator[StoredInput]:
        """Yield the same inputs sealed."""
        yield from self._inputs[after:]

    def _opened(self, stored: StoredInput) -> StoredInput:
        raw, reason = self.seals.opened_line(stored.raw), self.seals.opened_text(stored.reason)
        return msgspec.structs.replace(stored, raw=raw, reason=reason)

    def seen(self, until: int, since_us: int) -> Iterator[StoredInput]:
        """Yield the decided inputs up to a number that came, or whose time is, at an instant or later."""
        for each in self._inputs[:until]:
            if each.disposition == "decided" and each.tenant and max(each.time_us, each.clock_us) >= since_us:
                yield self._opened(each)

    def decided(self, tenant: str, until: int) -> Iterator[tuple[int, bytes]]:
        """Yield a tenant's decided inputs up to a number with their times, in the order of their times."""
        found = [
            each for each in self._inputs[:until] if (each.tenant, each.disposition) == (tenant, "decided")
        ]
        for each in sorted(found, key=lambda each: each.time_us):
            yield each.time_us, self.seals.opened_line(each.raw)

    def late(self, tenant: str, until: int) -> Iterator[bytes]:
        """Yield a tenant's late inputs up to a number, in the order of the log."""
        for each in self._inputs[:until]:
            if (each.tenant, each.disposition) == (tenant, "late"):
                yield self.seals.opened_line(each.raw)

    def rest(self, seq: int) -> bytes:
        """Return what follows the first bytes of an overlong line."""
        return b"".join(map(self.seals.opened, self._rest.get(seq, [])))

    def records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield records in the order of the log, those of inputs after a number."""
        for each in self.sealed_records(after):
            yield msgspec.structs.replace(each, body=self.seals.opened(each.body))

    def sealed_records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield the same records sealed."""
        yield from (each for each in list(self._records.all) if each.input > after)

    def shadows(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield what shadow rules would have said."""
        for each in self.sealed_shadows(after):
            yield msgspec.structs.replace(each, body=self.seals.opened(each.body))

    def sealed_shadows(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield the same sealed."""
        yield from (each for each in list(self._shadows.all) if each.input > after)

    def checkpointed(self) -> int:
        """Return the number of the input that the state stands behind."""
        return self._checkpoint

    def state(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries of the last checkpoint."""
        yield from list(self._state.items())

    def dispositions(self) -> dict[str, int]:
        """Return how many inputs had each disposition."""
        found = dict.fromkeys(CODE, 0)
        for each in self._inputs:
            found[each.disposition] += 1
        return found

    def tenants(self) -> list[str]:
        """Return the tenants of the log, sorted."""
        return sorted({each.tenant for each in self._inputs if each.tenant})

    @contextmanager
    def refolding(self) -> Iterator[None]:
        """Forget all that was decided, keeping inputs and audit log; what is committed inside is taken whole or not."""
        before = (list(self._inputs), self._records, self._shadows, self._state, self._checkpoint)
        audit = self.audit
        self.audit = audit.refolding()
        self._records, self._shadows, self._state, self._checkpoint = _Records(), _Records(), {}, 0
        try:
            yield
        except BaseException:
            self._inputs, self._records, self._shadows, self._state, self._checkpoint = before
            self.audit = audit
            raise
