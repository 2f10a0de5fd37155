"""The entries of the audit log: what is said of each decision, as canonical JSON (RFC 8785).

An entry names a tenant and a position, which is how many inputs the tenant had up to and with the one it speaks of;
never an offset, a row or a batch, so that every runner writes the same. Numbers are whole and below 2^53, keys are
ASCII, and what an entry cannot hold in 65,535 bytes it names by its digest.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.alert import Record, encode
from engine.canonical import canonical
from engine.disposition import DISPOSITIONS
from engine.instants import rfc3339
from engine.payloads import PAYLOADS
from engine.payloads import engine as own
from engine.payloads.fields import GREATEST
from streams.audit.growth import Ledger
from streams.audit.tiles import MOST_ENTRY

# What people and Weiguard do, which enters as an event of Weiguard's own and is told whole.
ACTS: Final = frozenset(
    {kind for kind, payload in PAYLOADS.items() if payload.__module__ == own.__name__}
    - {"clock.tick", "connector.heartbeat"}  # These only move time.
    | {"audit.key_rotated"}
)
MOST_NAME: Final = 1_024  # Bytes of a tenant's name; a longer one is named by its digest.
_UTC: Final = ZoneInfo("UTC")
# What canonical() writes, without a look at each value of a record, which are checked where they are made.
_SORTED: Final = msgspec.json.Encoder(order="sorted")
_ANY: Final = msgspec.json.Decoder()


def alert_entry(tenant: str, position: int, record: Record) -> bytes:
    """Return the entry of an alert record: the record whole, or by its digest where it is too long."""
    told = {"kind": "alert", "position": position, "tenant": named(tenant)}
    entry = _SORTED.encode({**told, "record": record}) if _fits(record) else b""
    if entry and len(entry) <= MOST_ENTRY:
        return entry
    body = encode(record)
    short = {"id": record.id, "record": record.record, "bytes": len(body), "sha256": sha256(body).hexdigest()}
    return canonical({**told, "record": short})


def act_entry(tenant: str, position: int, kind: str, raw: bytes) -> bytes:
    """Return the entry of an event that tells what a person or Weiguard did; `raw` is its line, which can be read."""
    event = _ANY.decode(raw)
    told = {"kind": kind, "position": position, "tenant": named(tenant), "sha256": sha256(raw).hexdigest()}
    shown = {name: _exact(event[name]) for name in ("source", "id", "time", "data") if name in event}
    entry = canonical({**told, "event": shown})
    return entry if len(entry) <= MOST_ENTRY else canonical({**told, "bytes": len(raw)})


def quarantine_entry(tenant: str, position: int, reason: str, digest: str, size: int) -> bytes:
    """Return the entry of an input that was not decided: why, and the SHA-256 and the bytes of its line."""
    told = {
        "kind": "quarantine",
        "position": position,
        "tenant": named(tenant),
        "sha256": digest,
        "bytes": size,
    }
    entry = canonical({**told, "reason": reason})
    return entry if len(entry) <= MOST_ENTRY else canonical(told)


def commit_entry(tenant: str, ledger: Ledger) -> bytes:
    """Return the entry that accounts for all of a tenant's inputs so far."""
    return canonical(
        {
            "kind": "ingest.commit",
            "tenant": named(tenant),
            "position": ledger.ordinal,
            "clock": rfc3339(ledger.clock_us, _UTC),
            "counts": dict(zip(DISPOSITIONS, ledger.counts, strict=True)),
            "hash": ledger.hash.hex(),
        }
    )


def refold_entry(size: int, ruleset: str) -> bytes:
    """Return the entry behind which the whole log is told anew; `size`: how many entries stand before it."""
    return canonical({"kind": "log.refolded", "entries": size, "ruleset": ruleset})


def named(tenant: str) -> str:
    """Return a tenant's name, or its digest where nobody would call a tenant so."""
    body = tenant.encode()
    return tenant if len(body) <= MOST_NAME else f"sha256:{sha256(body).hexdigest()}"


def _fits(record: Record) -> bool:
    """Return whether all numbers of a record are exact in every reader; its words and names always are."""
    return all(
        not isinstance(value, int) or -GREATEST <= value <= GREATEST
        for values in (record.values, record.limits)
        for value in values.values()
    )


def _exact(value: Any) -> Any:
    """Return a value of an event as an entry may hold it: what is no whole exact number becomes a text."""
    if isinstance(value, dict):
        return {key.encode("unicode_escape").decode(): _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, float) or (type(value) is int and abs(value) > GREATEST):
        return repr(value)
    return value
