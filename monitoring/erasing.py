"""Who is to be erased: in which tenants something of a subject is sealed, and the events that tell of its erasure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import msgspec

from engine.alert import Record
from streams.refusing import RefusedError
from streams.sealing.records import event_subject
from streams.sealing.tokens import places_in, tells_of
from streams.stores.sqlite_reading import SqliteReader

KIND: Final = "subject.erased"
SOURCE: Final = "weiguard/erase"
_DEFAULT: Final = "default"  # The tenant of what can be said of no other.


class _Name(msgspec.Struct):
    id: str = ""


_NAME: Final = msgspec.json.Decoder(_Name)
_RECORD: Final = msgspec.json.Decoder(Record)


@dataclass(frozen=True, slots=True)
class Held:
    """What a log holds of a subject: inputs by tenant (empty: of lines that could not be read), and audit entries.

    Records quote what events of a subject say, such as a text, by a key of the event (streams/sealing/records.py).
    """

    inputs: dict[str, int]
    entries: int
    subjects: tuple[
        tuple[str, str], ...
    ]  # Whose keys hold it, each in its tenant: the subject's and its events'.

    @property
    def told_in(self) -> list[str]:
        """The tenants in whose log the erasure is told."""
        return sorted(filter(None, self.inputs)) or [_DEFAULT]


def held_of(reader: SqliteReader, subject: str, tenant: str | None) -> Held:
    """Return what a log holds of a subject, in one tenant or in all. Reads all of it.

    Raises RefusedError where there is no such tenant, or nothing to be erased.
    """
    tenants = reader.tenants()
    if tenant is not None and tenant not in tenants:
        known = ", ".join(tenants) or "none: the log is empty"
        raise RefusedError("--tenant", tenant, f"one of {known}", "name one of these")
    marks = {name: reader.seals.mark(name, subject) for name in ([tenant] if tenant else tenants) + [""]}
    inputs: Counter[str] = Counter()
    subjects: dict[tuple[str, str], bytes] = {}
    telling: set[tuple[str, str]] = (
        set()
    )  # Tenants and ids of events that tell of the subject, not only name it.
    for stored in reader.holding(marks):
        inputs[stored.tenant] += 1
        subjects[stored.tenant, subject] = marks[stored.tenant]
        if tells_of(stored.raw, marks[stored.tenant]):
            telling.add((stored.tenant, _id_of(stored.raw)))
    subjects |= _quoting(reader, telling)
    if not inputs:
        raise RefusedError(
            "audit erase", "nothing of that subject", "a payer, contact, operator or account that events name",
            "write it as the events do; `weiguard audit query` finds what alerts say of it",
        )  # fmt: skip
    return Held(dict(inputs), reader.audit.holding(sorted(subjects.values())), tuple(subjects))


def _id_of(raw: bytes) -> str:
    try:
        return _NAME.decode(raw).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""  # It was never decided, so nothing quotes it.


def _quoting(reader: SqliteReader, telling: set[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Return whose keys hold what records quote of events, with their marks: those of the events that they tell of."""
    found = {}
    for stored in chain(reader.sealed_records(), reader.sealed_shadows()) if telling else ():
        places = places_in(stored.body)
        if places:
            record = _RECORD.decode(stored.body)
            named = {
                record.trigger["id"],
                *record.evidence.get("first", ()),
                *record.evidence.get("last", ()),
            }
            whose = (record.tenant, event_subject(record.trigger["source"], record.trigger["id"]))
            mark = reader.seals.mark(*whose)
            if mark in places and any((record.tenant, each) in telling for each in named):
                found[whose] = mark
    return found


def erasure_events(
    subject: str, by: str, reason: str, times: dict[str, str], first: int
) -> list[dict[str, Any]]:
    """Return the events that tell of an erasure, one a tenant; `times` by tenant. The subject is sealed in them too."""
    return [
        {
            "specversion": "1.0", "id": f"erasure-{number}", "source": SOURCE, "type": KIND, "tenant": tenant,
            "time": time, "data": {"subject": subject, "by": by, "reason": reason},
        }
        for number, (tenant, time) in enumerate(times.items(), first)
    ]  # fmt: skip
