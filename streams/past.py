"""The log read again, for a correction: what was decided, what came too late, and what was said, up to this moment.

A runner decides an input before it commits it, so the past is what is stored and what is pending. After a restart the
store also holds what came later; that is no past yet and is left out.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import msgspec

from engine.alert import Record, encode
from engine.instants import micros
from streams.addressing import tenant_of
from streams.commit import CODE, Batch, StoredRecord
from streams.ports import Source

if TYPE_CHECKING:
    from streams.sealing.seals import Seals

_DECIDED: Final = CODE["decided"]
_LATE: Final = CODE["late"]
Timed: TypeAlias = tuple[int, bytes]  # UTC microseconds, the input.


class _Identity(msgspec.Struct, gc=False):
    id: str
    source: str


class _Timed(msgspec.Struct, gc=False):
    time: str


_IDENTITY: Final = msgspec.json.Decoder(_Identity)
_RECORD: Final = msgspec.json.Decoder(Record)


def _in_order(timed: Iterable[Timed]) -> Iterator[bytes]:
    """Sort inputs that come in order of time by (time, source, id)."""
    for _, group in groupby(timed, key=itemgetter(0)):
        alike = [raw for _, raw in group]
        if len(alike) > 1:
            alike.sort(key=_name)
        yield from alike


def _name(raw: bytes) -> tuple[str, str]:
    identity = _IDENTITY.decode(raw)
    return identity.source, identity.id


class Kept(Protocol):
    """What a store that is only looked at has of the past; see `ports.Store`."""

    @property
    def seals(self) -> Seals:
        """By what its personal values are sealed."""

    def decided(self, tenant: str, until: int) -> Iterator[tuple[int, bytes]]:
        """Yield a tenant's decided inputs up to a number with their times, in the order of their times."""

    def late(self, tenant: str, until: int) -> Iterator[bytes]:
        """Yield a tenant's late inputs up to a number, in the order of the log."""

    def sealed_records(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield records, sealed, in the order of the log, those of inputs with a greater number than `after`."""

    def sealed_shadows(self, after: int = 0) -> Iterator[StoredRecord]:
        """Yield what shadow rules would have said, likewise."""


class StoredPast:
    """The past of a run over a store."""

    keeps_shadows: Final = True

    def __init__(self, store: Kept) -> None:
        self._store = store
        self._until = 0  # The number of the last input that is stored and past.
        self._pending = Batch()

    def move(self, until: int, pending: Batch) -> None:
        """Say how far the store is past, and what is decided beyond that."""
        self._until, self._pending = until, pending

    def decided(self, tenant: str) -> Iterator[bytes]:
        """Yield a tenant's decided inputs, sorted by (time, source, id)."""
        opened = self._store.seals.opened_line
        pending = sorted((row[3], opened(row[7])) for row in self._rows(tenant, _DECIDED))
        yield from _in_order(merge(self._store.decided(tenant, self._until), pending, key=itemgetter(0)))

    def late(self, tenant: str) -> Iterator[bytes]:
        """Yield a tenant's late inputs in the order of arrival."""
        yield from self._store.late(tenant, self._until)
        opened = self._store.seals.opened_line
        yield from (opened(row[7]) for row in self._rows(tenant, _LATE))

    def _rows(self, tenant: str, code: int) -> Iterator[tuple[int, int, str, int, int, int, str, bytes]]:
        return (row for row in self._pending.inputs if row[2] == tenant and row[5] == code)

    def standing(self, tenant: str, shadows: AbstractSet[str]) -> Iterator[Record]:
        """Yield the last record of each of a tenant's alerts, retracted ones too; of shadows, what they would say.

        Who became a shadow goes on from what it said, and who said something again since from that.
        """
        last = self._last(tenant, self._store.sealed_records, self._pending.records)
        for name, record in (
            self._last(tenant, self._store.sealed_shadows, self._pending.shadows).items() if shadows else ()
        ):
            said = last.get(name)
            if record.rule in shadows and (said is None or said.record <= record.record):
                last[name] = record
        yield from map(self._store.seals.for_engine, last.values())

    def _last(
        self, tenant: str, stored: Callable[[], Iterable[StoredRecord]], pending: list[tuple[int, Record]]
    ) -> dict[str, Record]:
        bodies = (each.body for each in stored() if each.input <= self._until)
        return last_of(bodies, (record for _, record in pending), tenant)

    def ended_us(self, tenant: str) -> int:
        """Return before which instant addresses came that cannot be read any more."""
        return self._store.seals.weeks.ended_us(tenant)


def last_of(stored: Iterable[bytes], pending: Iterable[Record], tenant: str) -> dict[str, Record]:
    """Return the last record of each of a tenant's alerts, among those stored as JSON and those still pending."""
    last = {record.id: record for record in map(_RECORD.decode, stored) if record.tenant == tenant}
    last.update((record.id, record) for record in pending if record.tenant == tenant)
    return last


class RereadPast(ABC):
    """The past of a runner that keeps no index of its log: all of it is read again, with what became of each input."""

    @abstractmethod
    def again(self) -> Iterator[tuple[bytes, int]]:
        """Yield every input so far with the code of its disposition, in the order of the log."""

    def decided(self, tenant: str) -> Iterator[bytes]:
        """Yield a tenant's decided inputs, sorted by (time, source, id)."""
        timed = [(_time(raw), raw) for raw in self._of(tenant, _DECIDED)]
        timed.sort(key=itemgetter(0))
        yield from _in_order(timed)

    def late(self, tenant: str) -> Iterator[bytes]:
        """Yield a tenant's late inputs in the order of arrival."""
        yield from self._of(tenant, _LATE)

    def ended_us(self, tenant: str) -> int:  # noqa: ARG002  # as the other has it
        """Return 0: nothing is sealed here, so nothing ends."""
        return 0

    def _of(self, tenant: str, code: int) -> Iterator[bytes]:
        for raw, found in self.again():
            if found == code and tenant_of(raw) == tenant:
                yield raw


_TOGETHER: Final = 1_000  # Lines written in one piece.


class ReplayedPast(RereadPast):
    """The past of a replay: its source read again, with the dispositions found the first time."""

    keeps_shadows: Final = True

    def __init__(self, source: Source) -> None:
        self._source = source
        self.codes = bytearray()  # The disposition of each line so far.
        self._records = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the replay
        self._said: list[bytes] = []  # Lines that are not in the file yet.
        self._lines = None if source.lasting else tempfile.TemporaryFile()  # noqa: SIM115  # closed with the replay

    def keep(self, lines: list[bytes]) -> None:
        """Take note of lines that come, where the source cannot be read again."""
        if self._lines is not None:
            self._lines.seek(0, 2)
            self._lines.write(b"".join([line + b"\n" for line in lines]))

    def say(self, records: Iterable[Record]) -> list[bytes]:
        """Take note of records, and of what shadow rules would say: rules never change in a replay.

        Returns them as lines of JSON.
        """
        lines = [encode(record) + b"\n" for record in records]
        self._said += lines
        if len(self._said) >= _TOGETHER:
            self._write()
        return lines

    def _write(self) -> None:
        self._records.seek(0, 2)
        self._records.write(b"".join(self._said))
        self._said.clear()

    def close(self) -> None:
        """Let go of what was kept."""
        self._records.close()
        if self._lines is not None:
            self._lines.close()

    def standing(self, tenant: str, shadows: AbstractSet[str]) -> Iterator[Record]:  # noqa: ARG002  # they are all here
        """Yield the last record of each of a tenant's alerts, retracted ones too, and those of shadows."""
        self._write()
        self._records.seek(0)
        yield from last_of(self._records, (), tenant).values()

    def again(self) -> Iterator[tuple[bytes, int]]:
        """Yield every line so far with the code of its disposition."""
        return zip(self._read(), self.codes, strict=False)

    def _read(self) -> Iterator[bytes]:
        if self._lines is not None:
            self._lines.seek(0)
            yield from (line.rstrip(b"\n") for line in self._lines)
            return
        for block in self._source.blocks(None):
            yield from block.lines
            if block.rest is not None:
                block.rest.close()


_TIMED: Final = msgspec.json.Decoder(_Timed)


def _time(raw: bytes) -> int:
    return micros(_TIMED.decode(raw).time)
