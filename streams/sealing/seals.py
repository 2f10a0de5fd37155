"""What one log knows of sealing: how its lines, reasons and records are sealed and opened, and which ids stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Final

import msgspec
from msgspec.structs import replace

from engine.alert import Record, alert_id, encode
from streams.sealing.lines import sealed_line, sealed_piece, sealed_reason
from streams.sealing.records import opened_record, renamed, sealed_record
from streams.sealing.retention import kept_us
from streams.sealing.subjects import Puncture, SubjectKeys
from streams.sealing.tokens import VALUE, Sealer
from streams.sealing.weeks import Kept, Weeks, week_of

_ALERT: Final = re.compile(rb"a_[0-9a-f]{32}")
_RECORD: Final = msgspec.json.Decoder(Record)
Bodies = Callable[[], Iterable[bytes]]


class Seals:
    """The seals of one log. `bodies` yields its stored records, sealed, where it is asked."""

    def __init__(self, keys: SubjectKeys, bodies: Bodies, kept: Iterable[Kept] = ()) -> None:
        """`kept`: what is kept of the weeks of tenants (weeks.py)."""
        self.keys = keys
        self.weeks = Weeks(keys, kept)
        self._sealer = Sealer(keys, self.weeks)
        self._bodies = bodies
        self.opened = self._sealer.opened
        self.opened_text = self._sealer.opened_text
        self.opened_line = self._sealer.opened_line
        self.erased = self._sealer.erased
        self.ended = self._sealer.ended
        self.addresses_us = kept_us("addresses")  # How long they can be read; may be set shorter.
        self._ended: dict[
            str, int
        ] = {}  # By tenant, before which week addresses were last seen to have ended.
        self._behind = False  # Whether a week has ended since `_gone` was found.
        self.lost = self._sealer.lost

    def line(self, tenant: str, raw: bytes, clock_us: int = 0) -> bytes:
        """Return an input as it is stored. `clock_us`: the tenant's clock after it, by which its addresses end."""
        return sealed_line(self._sealer, tenant, raw, week_of(clock_us) if clock_us else None)

    def piece(self, tenant: str, piece: bytes) -> bytes:
        """Return a piece of an overlong input as it is stored."""
        return sealed_piece(self._sealer, tenant, piece)

    def reason(self, tenant: str, reason: str, raw: bytes, clock_us: int = 0) -> str:
        """Return why an input was not decided, as it is stored."""
        week = week_of(clock_us) if clock_us else None
        return sealed_reason(self._sealer, tenant, reason, raw, week) if reason else reason

    def mark(self, tenant: str, subject: str) -> bytes:
        """Return with what every token of a subject begins."""
        return self._sealer.mark(tenant, subject)

    def asked(self, tenant: str, value: str) -> str:
        """Return a value that is looked for as it stands where it is sealed."""
        content = msgspec.json.encode(value)[1:-1]
        return self._sealer.token(tenant, value, content).decode() if value else value

    def forms(self, tenant: str, value: str) -> tuple[str, ...]:
        """Return how a value, if it is sealed for itself, may stand in a key: as a text or as a number, or clear."""
        content = msgspec.json.encode(value)[1:-1]
        number = self._sealer.token(tenant, value, content, VALUE).decode()
        return self.asked(tenant, value), number, content.decode()

    def record(self, record: Record, personal: frozenset[str] = frozenset()) -> Record:
        """Return a record as it is told and stored, by the id that its alert was first said by."""
        sealed = sealed_record(self._sealer, record, personal)
        names, erased = self._gone
        if not names:
            return sealed
        if record.id in erased:  # Somebody of the same name was erased: this is another alert.
            other = alert_id(record.tenant, record.rule, sealed.key, record.window)
            names = {**names, record.id: other}
        return _with_ids(sealed, names)

    def for_engine(self, record: Record) -> Record:
        """Return a stored record as an engine knows it that decides by what is left: opened, by the id that follows."""
        opened = opened_record(self._sealer, record)
        if self._behind:  # An engine that never read the log again knows alerts by the ids that were said.
            self._forget()
        if not self._gone[0]:
            return opened
        return replace(opened, id=alert_id(opened.tenant, opened.rule, opened.key, opened.window))

    def destroy(self, tenant: str, subject: str) -> Puncture:
        """Forget a subject's key; return what is to be changed where keys are kept."""
        done = self.keys.destroy(tenant, subject)
        self._forget()
        return done

    def end(self, clocks: Mapping[str, int]) -> None:
        """End the addresses of tenants that are too old at an instant of each, in UTC microseconds."""
        weeks = {
            tenant: week
            for tenant, clock_us in clocks.items()
            if (week := week_of(clock_us - self.addresses_us) + 1) != self._ended.get(tenant)
        }
        self._ended |= weeks
        if weeks and self.weeks.end(weeks):
            self._sealer.forget()
            self._behind = True

    def _forget(self) -> None:
        self._sealer.forget()
        self._behind = False
        self.__dict__.pop("_gone", None)

    @cached_property
    def _gone(self) -> tuple[dict[str, str], frozenset[str]]:
        """The ids of alerts whose keys hold what is gone, by those that follow now; and those of subjects erased."""
        return renamed(self._sealer, self._bodies()) if self.keys.punctured else ({}, frozenset())


def _with_ids(record: Record, names: dict[str, str]) -> Record:
    """Return a record with alerts named otherwise: its own, and those that it watches."""
    body = encode(record)
    if not any(each.decode() in names for each in _ALERT.findall(body)):
        return record
    return _RECORD.decode(
        _ALERT.sub(lambda found: names.get(found[0].decode(), found[0].decode()).encode(), body)
    )
