"""What one log knows of sealing: how its lines, reasons and records are sealed and opened, and which ids stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

import msgspec
from msgspec.structs import replace

from engine.alert import Record, alert_id, encode
from streams.sealing.lines import sealed_line, sealed_piece, sealed_reason
from streams.sealing.records import opened_record, renamed, sealed_record
from streams.sealing.subjects import Puncture, SubjectKeys
from streams.sealing.tokens import Sealer

_ALERT: Final = re.compile(rb"a_[0-9a-f]{32}")
_RECORD: Final = msgspec.json.Decoder(Record)
Bodies = Callable[[], Iterable[bytes]]


class Seals:
    """The seals of one log. `bodies` yields its stored records, sealed, where it is asked."""

    def __init__(self, keys: SubjectKeys, bodies: Bodies) -> None:
        self.keys = keys
        self._sealer = Sealer(keys)
        self._bodies = bodies
        self.opened = self._sealer.opened
        self.opened_text = self._sealer.opened_text
        self.opened_line = self._sealer.opened_line
        self.erased = self._sealer.erased
        self.lost = self._sealer.lost

    def line(self, tenant: str, raw: bytes) -> bytes:
        """Return an input as it is stored."""
        return sealed_line(self._sealer, tenant, raw)

    def piece(self, tenant: str, piece: bytes) -> bytes:
        """Return a piece of an overlong input as it is stored."""
        return sealed_piece(self._sealer, tenant, piece)

    def reason(self, tenant: str, reason: str, raw: bytes) -> str:
        """Return why an input was not decided, as it is stored."""
        return sealed_reason(self._sealer, tenant, reason, raw) if reason else reason

    def mark(self, tenant: str, subject: str) -> bytes:
        """Return with what every token of a subject begins."""
        return self._sealer.mark(tenant, subject)

    def asked(self, tenant: str, value: str) -> str:
        """Return a value that is looked for as it stands where it is sealed."""
        content = msgspec.json.encode(value)[1:-1]
        return self._sealer.token(tenant, value, content).decode() if value else value

    def record(self, record: Record, personal: frozenset[str] = frozenset()) -> Record:
        """Return a record as it is told and stored, by the id that its alert was first said by."""
        sealed = sealed_record(self._sealer, record, personal)
        if not self._said:
            return sealed
        names = self._said
        if record.id in self._taken:  # Somebody of the same name was erased: this is another alert.
            other = alert_id(record.tenant, record.rule, sealed.key, record.window)
            names = {**names, record.id: other}
        return _with_ids(sealed, names)

    def for_engine(self, record: Record) -> Record:
        """Return a stored record as an engine knows it that decides by what is left: opened, by the id that follows."""
        opened = opened_record(self._sealer, record)
        if not self._said:
            return opened
        return replace(opened, id=alert_id(opened.tenant, opened.rule, opened.key, opened.window))

    def destroy(self, tenant: str, subject: str) -> Puncture:
        """Forget a subject's key; return what is to be changed where keys are kept."""
        done = self.keys.destroy(tenant, subject)
        self._sealer.forget()
        self.__dict__.pop("_said", None)
        self.__dict__.pop("_taken", None)
        return done

    @cached_property
    def _said(self) -> dict[str, str]:
        return renamed(self._sealer, self._bodies()) if self.keys.punctured else {}

    @cached_property
    def _taken(self) -> frozenset[str]:
        """The ids of alerts about subjects that were erased."""
        return frozenset(self._said.values())


def _with_ids(record: Record, names: dict[str, str]) -> Record:
    """Return a record with alerts named otherwise: its own, and those that it watches."""
    body = encode(record)
    if not any(each.decode() in names for each in _ALERT.findall(body)):
        return record
    return _RECORD.decode(
        _ALERT.sub(lambda found: names.get(found[0].decode(), found[0].decode()).encode(), body)
    )
