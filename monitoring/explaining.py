"""Why an alert is there: its rule as it was, every record with its values and limits, and the events behind them.

All of it comes from the database, so that an old alert can be explained after its rule has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from engine.alert import Record
from engine.clear_text import without_numbers
from monitoring.decided import decisions
from streams.commit import StoredInput, StoredRecord
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

_SHOWN: Final = ("id", "source", "type", "time", "subject", "receivedtime", "data")


@dataclass(frozen=True, slots=True)
class Explained:
    """One alert, explained. `rule` is its text in plain values.

    `overrides` are those in force when it crossed its level, `suppressions` all that were ever about its rule and key.

    `events` are what it rests on (`role` evidence) and other inputs whose coming wrote a record (`role` arrival: one
    that moved the clock past a deadline, say); `missing` are ids of evidence that the log does not hold.
    """

    records: list[Record]
    rule: dict[str, Any]
    events: list[dict[str, Any]]
    missing: list[str]
    overrides: list[dict[str, Any]]
    suppressions: list[dict[str, Any]]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "alert": self.records[-1].id,
            "rule": self.rule,
            "records": msgspec.to_builtins(self.records),
            "events": self.events,
            "missing": self.missing,
            "overrides": self.overrides,
            "suppressions": self.suppressions,
        }


def explain(reader: SqliteReader, alert: str) -> Explained:
    """Explain one alert, named by its id or the beginning of it. Raises RefusedError where it names none or several."""
    stored = records_of(reader, alert)
    records = [msgspec.json.decode(each.body, type=Record) for each in stored]
    text = reader.rule(records[-1].rule, stored[-1].input)
    named = _named(records)
    arrivals = [
        each for seq in sorted({each.input for each in stored}) for each in islice(reader.inputs(seq - 1), 1)
    ]
    # What an intake rule speaks of was not decided: it is found as what wrote the record.
    told = {each.seq: event for each in arrivals if (event := _event(each)) is not None}
    left = named - {event.plain["id"] for event in told.values()}
    found: dict[int, _Event] = {**told, **_found(reader, records[-1].tenant, left, stored[-1].input)}
    events = [
        {**event.plain, "role": "evidence" if event.plain["id"] in named else "arrival"}
        for event in sorted(found.values(), key=lambda event: event.order)
    ]
    rule = msgspec.json.decode(text) if text is not None else {}
    missing = sorted(named - {event["id"] for event in events})
    limits = {**rule.get("limits", {}), **records[-1].limits}
    return Explained(records, rule, events, missing, *decisions(reader, records[-1], limits))


def records_of(reader: SqliteReader, alert: str) -> list[StoredRecord]:
    """Return the records of an alert, named by its id or enough of it. Raises RefusedError."""
    stored = reader.of_alert(alert) if alert else []
    ids = sorted({each.alert for each in stored})
    if not ids:
        found = f"no alert {alert}" if alert else "an empty id"
        raise RefusedError(str(reader.path), found, "the id of an alert", "`weiguard alerts` lists them")
    if len(ids) > 1:
        shown = f"{', '.join(ids[:5])}{', …' if len(ids) > 5 else ''}"
        raise RefusedError(alert, f"{len(ids)} alerts that begin so ({shown})", "one", "give more of the id")
    return stored


def _named(records: list[Record]) -> set[str]:
    """Return the ids of the events that the records rest on."""
    found: set[str] = set()
    for record in records:
        found |= {*record.evidence.get("first", ()), *record.evidence.get("last", ()), record.trigger["id"]}
    return found


def _found(reader: SqliteReader, tenant: str, ids: set[str], until: int) -> dict[int, _Event]:
    """Look for decided events backwards from the last record, as they are mostly near it."""
    left = {msgspec.json.encode(name)[1:-1]: name for name in ids}
    found: dict[int, _Event] = {}
    for stored in reader.backwards(until, tenant) if left else ():
        # An id is looked for in the bytes, which is quick; one may also be written with \u, so such lines are read too.
        if b"\\u" not in stored.raw and not any(name in stored.raw for name in left):
            continue
        event = _event(stored)
        if event is not None and left.pop(msgspec.json.encode(event.plain["id"])[1:-1], None) is not None:
            found[stored.seq] = event
        if not left:
            break
    return found


@dataclass(frozen=True, slots=True)
class _Event:
    """An event as it is told, and its place in the tenant's order."""

    plain: dict[str, Any]
    order: tuple[int, str, str]


def _event(stored: StoredInput) -> _Event | None:
    """Return an input's event and where it came from; None where it cannot be read."""
    try:
        whole = msgspec.json.decode(stored.raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(whole.get("id"), str):
        return None
    place = {"input": stored.seq, "from": f"{stored.source}:{stored.line}", "disposition": stored.disposition}
    shown: dict[str, Any] = {name: whole[name] for name in _SHOWN if name in whole}
    if stored.disposition == "quarantined":  # It may be there for a number in clear.
        shown = without_numbers(shown)
    plain: dict[str, Any] = {**place, **shown}
    return _Event(plain, (stored.time_us, str(whole.get("source")), whole["id"]))


def in_log_order(
    reader: SqliteReader, *, standing: bool, shadow: bool = False
) -> Iterator[tuple[Record, bytes]]:
    """Yield records with their lines: all in log order, or the last ones of the alerts that stand, sorted by id.

    `shadow`: what shadow rules would have said instead.
    """
    if shadow:
        found = reader.would_be.standing() if standing else reader.shadows()
    else:
        found = reader.standing() if standing else reader.records()
    for stored in found:
        record = msgspec.json.decode(stored.body, type=Record)
        if not (standing and record.state == "retracted"):
            yield record, stored.body
