"""Which alerts somebody may see: those of confidential packs, and what is said about them, only who has the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from engine.alert import Record
from monitoring.web.answers import Refusal
from monitoring.web.console.roles import CONFIDENTIAL_PACKS
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader


class _Packed(msgspec.Struct):
    pack: str


class _Ruled(msgspec.Struct):
    rule: str


_PACKED: Final = msgspec.json.Decoder(_Packed)
_RECORD: Final = msgspec.json.Decoder(Record)
_RULED: Final = msgspec.json.Decoder(_Ruled)
_ALERT: Final = "alert"  # The dimension of a rule's key that names another alert.


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see. `rules`: those whose alerts may be shown, None for all."""

    rules: frozenset[str] | None = None

    @classmethod
    def of(cls, reader: SqliteReader, *, everything: bool) -> Sight:
        """Return what may be seen in a database.

        A rule that was ever in a confidential pack stays hidden; so is one that the database has no text of.
        """
        if everything:
            return cls()
        packs: dict[str, set[str]] = {}
        for name, body in reader.rule_texts():
            packs.setdefault(name, set()).add(_PACKED.decode(body).pack)
        return cls(frozenset(name for name, found in packs.items() if not found & CONFIDENTIAL_PACKS))

    def knows(self, rule: str) -> bool:
        """Return whether alerts of a rule may be shown."""
        return self.rules is None or rule in self.rules

    def shows(self, reader: SqliteReader, record: Record) -> bool:
        """Return whether a record may be shown. One that speaks of an alert is as confidential as that one is."""
        if self.rules is None:
            return True
        if record.rule not in self.rules:
            return False
        about = record.key.get(_ALERT)
        if not isinstance(about, str):
            return True
        found = [each for each in reader.of_alert(about) if each.alert == about]
        return bool(found) and _RULED.decode(found[-1].body).rule in self.rules

    def records(self, reader: SqliteReader, name: str) -> list[Record] | None:
        """Return the records of an alert by its whole id; None where there is none, or it may not be seen."""
        found = [_RECORD.decode(each.body) for each in reader.of_alert(name) if each.alert == name]
        return found if found and self.shows(reader, found[-1]) else None


def seen(reader: SqliteReader, name: str, *, everything: bool) -> list[Record]:
    """Return the records of an alert that somebody may see. Raises Refusal: what may not be seen is not there."""
    records = Sight.of(reader, everything=everything).records(reader, name)
    if records is None:
        why = RefusedError("the alert", f"none {name[:80]!r}", "the id of one", "look at the list")
        raise Refusal(404, why)
    return records
