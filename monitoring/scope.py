"""What a database holds of one tenant, or of all: the entries and records that deciding again has to come to."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Final

import msgspec

from monitoring.aligning import Aligned
from streams.audit.entries import named
from streams.commit import StoredRecord
from streams.stores.sqlite_reading import SqliteReader


class _Tenanted(msgspec.Struct, gc=False):
    tenant: str = ""


_TENANT: Final = msgspec.json.Decoder(_Tenanted)
_ANY: Final = msgspec.json.Decoder()


class Scope:
    """The stored entries and records of what is decided again."""

    def __init__(self, reader: SqliteReader, tenant: str | None, last: int, span: tuple[int, int]) -> None:
        """`last`: the number of the last input; `span`: the first entry, and the one behind the last."""
        self._reader = reader
        self._last, self._span = last, span
        self._tenants = None if tenant is None else frozenset((tenant, named(tenant), ""))
        self.entries: Aligned[bytes] = Aligned(self._entries(), entry_name)
        self.records: Aligned[StoredRecord] = Aligned(self._records(), lambda each: (each.alert, each.record))

    def _entries(self) -> Iterator[tuple[int, bytes]]:
        numbered = enumerate(self._reader.audit.entries(*self._span), self._span[0])
        return (each for each in numbered if self._has(each[1]))

    def _records(self) -> Iterator[tuple[int, StoredRecord]]:
        for each in self._reader.sealed_records():
            if each.input <= self._last and self._has(each.body):
                yield each.input, each

    def _has(self, body: bytes) -> bool:
        if self._tenants is None:
            return True
        try:
            return _TENANT.decode(body).tenant in self._tenants
        except msgspec.MsgspecError:
            return True  # Whosever it was: nothing that is decided again looks so.


def entry_name(entry: bytes) -> Hashable:
    """Return what an entry speaks of; seldom by its position, which one input too few changes for all behind it."""
    try:
        told: dict[str, Any] = _ANY.decode(entry)
        record = told.get("record")
        of = (
            (record["id"], record["record"])
            if record
            else told.get("sha256") or told.get("day") or told["position"]
        )
        name = (told["kind"], told.get("tenant"), of)
        hash(name)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
        return entry
    return name
