"""Alerts as the contract shows them, and the facts that other rules may watch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.oracle.events import Event, Position
from tests.oracle.instants import calendar, rfc3339
from tests.oracle.shapes import LEVELS, Case
from tests.oracle.triggers import Key, Trigger

RANK = {level: rank for rank, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A raise or an escalation: the level reached, when, by which event, with which values."""

    level: str
    at: int
    event: Event
    after: Position  # What it stands directly behind in the order.
    values: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Alert:
    """One alert of one window; its crossings rise."""

    case: Case
    key: Key
    window: dict[str, Any]
    crossings: list[Crossing]
    account: str | None = None

    @property
    def identity(self) -> str:
        """What makes two alerts the same one."""
        return repr((self.case.rule, self.key, sorted(self.window.items(), key=str)))

    def named_key(self) -> dict[str, Any]:
        """Return the key by the names of its dimensions."""
        return dict(zip([dimension.name for dimension in self.case.per], self.key, strict=True))

    def standing(self, tenant: str) -> dict[str, Any]:
        """Return the alert as it stands: the highest level, and what set it."""
        top = self.crossings[-1]
        return {
            "tenant": tenant,
            "rule": self.case.rule,
            "level": top.level,
            "key": self.named_key(),
            "window": self.window,
            "at": rfc3339(top.at),
            "trigger": {"source": top.event.source, "id": top.event.id},
            "values": top.values,
            "limits": top.limits,
        }

    def id(self, tenant: str) -> str:
        """Return the alert's id by the contract: of the hash of its identity as canonical JSON."""
        told = [tenant, self.case.rule, self.named_key(), self.window]
        text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "a_" + sha256(text.encode()).hexdigest()[:32]

    def facts(self, tenant: str) -> list[Event]:
        """Return one `alert.raised` for every crossing, directly behind what caused it."""
        key = self.named_key()
        carried = {**key, **{f"{name}_id": value for name, value in key.items()}}
        return [
            Event(
                type="alert.raised",
                source=crossing.event.source,  # Whoever is told of it says what triggered the alert.
                id=crossing.event.id,
                time=crossing.at,
                received=crossing.at,
                tenant=None,
                account=key.get("account"),
                extension=key.get("owner"),
                data={
                    **carried,
                    "alert_id": self.id(tenant),
                    "rule": self.case.rule,
                    "level": crossing.level,
                },
                position=(
                    *crossing.after,
                    self.case.rule,
                    tuple(str(part) for part in self.key),
                    self.case.name,
                ),
            )
            for crossing in self.crossings
        ]


def rising(crossings: list[Crossing]) -> list[Crossing]:
    """Keep the crossings that reach a level higher than all before them."""
    kept: list[Crossing] = []
    for crossing in crossings:
        if not kept or RANK[crossing.level] > RANK[kept[-1].level]:
            kept.append(crossing)
    return kept


def event_window(case: Case, event: Event) -> dict[str, Any]:
    """Return the window of an alert about one event."""
    return named(case, {"kind": "event", "source": event.source, "id": event.id})


def calendar_window(case: Case, unit: str, time: int) -> dict[str, Any]:
    """Return the calendar window of an instant."""
    start, end = calendar(unit, time)
    return named(case, {"kind": unit, "start": rfc3339(start), "end": rfc3339(end)})


def open_window(case: Case, trigger: Trigger) -> dict[str, Any]:
    """Return the window of an episode: it starts at its first crossing."""
    kind = "rolling" if case.used and case.alert == "episode" else "asof"
    return named(case, {"kind": kind, "start": rfc3339(trigger.event.time), "end": None})


def deadline_window(case: Case, start: int, end: int) -> dict[str, Any]:
    """Return the window of a deadline."""
    return named(case, {"kind": "deadline", "start": rfc3339(start), "end": rfc3339(end)})


def named(case: Case, window: dict[str, Any]) -> dict[str, Any]:
    """Add the case's name, which is part of the window."""
    return {**window, "case": case.name} if case.name else window
