"""What people decided that bears on an alert: overrides of its limits that were in force, suppressions of its key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from engine.alert import Record
from engine.approving import APPROVED, covers, until_us
from engine.instants import micros
from engine.windows import Zone
from streams.stores.sqlite_reading import SqliteReader

_SHOWN: Final = (
    "rule",
    "key",
    "limit",
    "value",
    "account",
    "owner_id",
    "until",
    "author",
    "approver",
    "reason",
)


def decisions(
    reader: SqliteReader, record: Record, limits: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the overrides in force at a record's crossing, and all suppressions of its rule and key, in order.

    `limits`: those that its rule reads. An override of an owner is told of any account: whose it was is not known here.
    """
    by = reader.decided_by()
    zone = Zone(by.zone if by is not None else "UTC")
    held: dict[tuple[Any, ...], dict[str, Any]] = {}
    suppressed = []
    at_us = micros(record.at)
    for event in _in_order(reader, record.tenant):
        data = event["data"]
        if event["type"] != "override.set":
            if covers(data["rule"], data["key"], record.rule, record.key):
                suppressed.append(_told(event))
        elif data["limit"] in limits and _concerns(data, record) and micros(event["time"]) <= at_us:
            held[data["limit"], data.get("account"), data.get("owner_id")] = event
    in_force = [
        _told(event)
        for event in held.values()
        if (end := until_us(event["data"].get("until"), zone)) is None or at_us < end
    ]
    return in_force, suppressed


def _in_order(reader: SqliteReader, tenant: str) -> Iterator[dict[str, Any]]:
    """Yield what people decided of a tenant, sorted by (time, source, id)."""
    found = []
    for stored in reader.mentioning(tenant, ("override.set", "suppression.")):
        event = msgspec.json.decode(stored.raw, type=dict[str, Any])
        if event.get("type") in APPROVED:
            found.append(((stored.time_us, event["source"], event["id"]), event))
    yield from (event for _, event in sorted(found, key=lambda pair: pair[0]))


def _concerns(data: dict[str, Any], record: Record) -> bool:
    own = {"account": record.key.get("account"), "owner_id": record.key.get("owner")}
    return all(data.get(name) in (None, value) for name, value in own.items() if value is not None)


def _told(event: dict[str, Any]) -> dict[str, Any]:
    named = {name: event["data"][name] for name in _SHOWN if event["data"].get(name) is not None}
    return {
        "id": event["id"],
        "source": event["source"],
        "type": event["type"],
        "from": event["time"],
        **named,
    }
