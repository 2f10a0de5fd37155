"""Why an alert is there: its rule as it was, every record with its values and limits, and the events behind them.

All of it comes from the database, so that an old alert can be explained after its rule has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from engine.alert import Record
from streams.commit import StoredInput
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader


@dataclass(frozen=True, slots=True)
class Explained:
    """One alert, explained. `rule` is its text in plain values; `missing` are events that the log does not hold."""

    records: list[Record]
    rule: dict[str, Any]
    events: list[dict[str, Any]]
    missing: list[str]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON values."""
        last = self.records[-1]
        return {
            "alert": last.id,
            "rule": self.rule,
            "records": msgspec.to_builtins(self.records),
            "events": self.events,
            "missing": self.missing,
        }


def explain(reader: SqliteReader, alert: str) -> Explained:
    """Explain one alert, named by its id or the beginning of it. Raises RefusedError where it names none or several."""
    stored = reader.of_alert(alert)
    ids = sorted({each.alert for each in stored})
    if not ids:
        raise RefusedError(
            str(reader.path), f"no alert {alert}", "the id of one", "`weiguard alerts` lists them"
        )
    if len(ids) > 1:
        shown = ", ".join(ids[:5])
        raise RefusedError(
            alert,
            f"{len(ids)} alerts that begin so ({shown}{', …' if len(ids) > 5 else ''})",
            "one",
            "give more of the id",
        )
    records = [msgspec.json.decode(each.body, type=Record) for each in stored]
    text = reader.rule(records[-1].rule)
    named = _named(records)
    events = _found(reader, records[-1].tenant, named, max(each.input for each in stored))
    missing = sorted(named - {event["id"] for event in events})
    return Explained(records, msgspec.json.decode(text) if text is not None else {}, events, missing)


def _named(records: list[Record]) -> set[str]:
    """Return the ids of all events that the records name."""
    found: set[str] = set()
    for record in records:
        found |= {*record.evidence.get("first", ()), *record.evidence.get("last", ())}
        found |= {each["id"] for each in (record.trigger, record.cause) if each["source"] != "weiguard"}
    return found


def _found(reader: SqliteReader, tenant: str, ids: set[str], until: int) -> list[dict[str, Any]]:
    """Look for events backwards from the last record, as they are mostly near it; return them in order of time."""
    left = {msgspec.json.encode(name)[1:-1]: name for name in ids}
    found = []
    for stored in reader.backwards(until, tenant):
        if not left:
            break
        if any(name in stored.raw for name in left):
            event = _event(stored)
            if left.pop(msgspec.json.encode(event["id"])[1:-1], None) is not None:
                found.append((stored.time_us, event))
    return [event for _, event in sorted(found, key=lambda each: (each[0], each[1]["source"], each[1]["id"]))]


def _event(stored: StoredInput) -> dict[str, Any]:
    whole = msgspec.json.decode(stored.raw)
    return {
        "input": stored.seq,
        "from": f"{stored.source}:{stored.line}",
        **{
            name: whole[name]
            for name in ("id", "source", "type", "time", "subject", "receivedtime", "data")
            if name in whole
        },
    }


def in_log_order(reader: SqliteReader, *, standing: bool) -> Iterator[tuple[Record, bytes]]:
    """Yield records with their lines: all in log order, or the last ones of the alerts that stand, sorted by id."""
    for stored in reader.standing() if standing else reader.records():
        record = msgspec.json.decode(stored.body, type=Record)
        if not (standing and record.state == "retracted"):
            yield record, stored.body
