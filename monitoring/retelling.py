"""A database's audit log, told again from its inputs and records: every byte of it must come out the same.

Files and a key show that nobody changed the log; this shows that the log says what the database holds. An input, a
disposition or a record that was changed, removed or added afterwards tells another story from that place on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from engine.alert import Record, encode
from engine.decoding import LONGEST, Refusal, decode
from engine.windows import Zone
from monitoring.relisting import check_alerts
from streams.audit.broken import BrokenError
from streams.audit.indexing import DailyIndex
from streams.audit.telling import Teller
from streams.commit import CODE, StoredInput
from streams.handling import EVENTS
from streams.stores.sqlite_reading import SqliteReader


class _Typed(msgspec.Struct):
    type: str = ""


_KIND = msgspec.json.Decoder(_Typed)


def retell(reader: SqliteReader, told_from: int, show: Callable[[int, int], None]) -> int:
    """Tell the log again and compare; return the number of inputs. `told_from`: the entry where telling began.

    Raises BrokenError at the first entry that comes out otherwise. `show` hears (inputs, bytes).
    """
    entries = enumerate(reader.audit.entries(told_from), told_from)
    stops = frozenset(reader.audit.stops())
    teller = Teller({}, DailyIndex(_zone(reader)))
    records = _Records(reader)
    acts = reader.acts.all()
    count = size = 0
    for stored in reader.sealed_inputs():
        row = (
            stored.seq, stored.line, stored.tenant, stored.time_us, stored.clock_us, CODE[stored.disposition],
            stored.reason, stored.raw,
        )  # fmt: skip
        overlong = len(stored.raw) > LONGEST
        kind = _kind(stored)
        if kind in EVENTS:
            _find(acts, reader.opened(stored))
        teller.add(row, kind, records.of(stored.seq), reader.sealed_rest(stored.seq) if overlong else ())
        if stored.seq in stops:
            teller.stop()
        _compare(teller, entries, stored)
        count, size = stored.seq, size + len(stored.raw)
        show(count, size)
    left = next(entries, None)
    if left is not None:
        raise BrokenError(f"entry {left[0]}", _shown(left[1]), "an input in the database that it speaks of")
    records.end()
    for alert, seq in sorted(acts):
        raise BrokenError(
            f"input {seq:,}", f"an act on {alert} in the table of acts", "an input that tells of it"
        )
    check_alerts(reader)
    return count


def _find(acts: set[tuple[str, int]], stored: StoredInput) -> None:
    """Take an act out of those that are found by their alerts; raises BrokenError where it is not among them."""
    event = decode(stored.raw)
    alert = "" if isinstance(event, Refusal) else event.data.alert_id
    if (alert, stored.seq) not in acts:
        raise BrokenError(f"input {stored.seq:,}", "no act in the table of acts", f"the one on {alert}")
    acts.remove((alert, stored.seq))


def _zone(reader: SqliteReader) -> Zone:
    """Return the zone of a database's days."""
    by = reader.decided_by()
    try:
        return Zone(by.zone if by is not None else "")
    except (ZoneInfoNotFoundError, ValueError):
        found = repr(by.zone) if by is not None else "nothing"
        raise BrokenError(f"{reader.path}: facts.decided_by", found, "the zone of its days") from None


def _compare(teller: Teller, entries: Iterator[tuple[int, bytes]], stored: StoredInput) -> None:
    where = f"input {stored.seq:,} ({stored.source}:{stored.line})"
    for again in teller.entries:
        number, entry = next(entries, (None, b""))
        if entry != again:
            found = f"entry {number}, {_shown(entry)}" if number is not None else "no entry any more"
            raise BrokenError(where, found, f"what the database tells: {_shown(again)}")
    teller.forget()


def _kind(stored: StoredInput) -> str:
    """Return the type of an input that was decided; of others it does not matter."""
    if stored.disposition not in ("decided", "late"):
        return ""
    try:
        return _KIND.decode(stored.raw).type
    except msgspec.MsgspecError:
        raise BrokenError(
            f"input {stored.seq:,}", "a line that cannot be read", "one that was decided"
        ) from None


class _Records:
    """The records of a database, asked for by input, in order."""

    def __init__(self, reader: SqliteReader) -> None:
        self._stored = reader.sealed_records()
        self._next = next(self._stored, None)

    def of(self, seq: int) -> list[Record]:
        """Return the records of an input."""
        found: list[Record] = []
        while self._next is not None and self._next.input <= seq:
            where = f"record {self._next.record} of {self._next.alert}"
            try:
                record = msgspec.json.decode(self._next.body, type=Record)
            except msgspec.MsgspecError:
                raise BrokenError(where, "what cannot be read", "an alert record") from None
            if encode(record) != self._next.body or (record.id, record.record) != (
                self._next.alert,
                self._next.record,
            ):
                raise BrokenError(where, "other bytes", "the record as it was written")
            found.append(record)
            self._next = next(self._stored, None)
        return found

    def end(self) -> None:
        """Raise BrokenError where a record is left over."""
        if self._next is not None:
            where = f"record {self._next.record} of {self._next.alert}"
            raise BrokenError(where, f"that it is of input {self._next.input:,}", "an input that is there")


def _shown(entry: bytes) -> str:
    text = entry.decode("utf-8", "replace")
    return text if len(text) <= 120 else f"{text[:120]}…"


def check_types(reader: SqliteReader) -> None:
    """Raise BrokenError where a database holds a text in the place of bytes, as hands leave it and programs do not."""
    found = reader.audit.text_for_bytes()
    if found is not None:
        raise BrokenError(found, "a text", "bytes, as they were written")
