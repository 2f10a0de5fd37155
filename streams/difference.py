"""What differs between the alerts that stand under two rule sets: the shape of a backtest's answer.

`before` is the rule set compared with, `after` the one asked about. An alert is the same under both where its id is:
the same tenant, rule, key and window.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

Change: TypeAlias = Literal["raised", "gone", "changed"]
Counts: TypeAlias = dict[str, int]


class Example(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alert that differs, as it stands; `event` is its trigger. `was` and `fields`: what changed, and from what."""

    id: str
    tenant: str
    level: str
    key: dict[str, Any]
    window: dict[str, Any]
    at: str
    event: dict[str, str]
    values: dict[str, Any]
    limits: dict[str, Any]
    message: dict[str, str]
    fields: list[str] = []
    was: dict[str, Any] = {}


class Moved(msgspec.Struct, rename={"from_": "from"}):
    """So many alerts changed and have one level before and another, or the same, after."""

    from_: str
    to: str
    count: int


class OfRule(msgspec.Struct):
    """One rule: how many alerts stand before and after, and which differ, each by level."""

    rule: str
    before: Counts = {}
    after: Counts = {}
    raised: Counts = {}
    gone: Counts = {}
    changed: list[Moved] = []
    fields: Counts = {}  # Which facts differ in those that changed.
    examples: dict[Change, list[Example]] = {}

    @property
    def differing(self) -> int:
        """How many alerts differ."""
        return (
            sum(self.raised.values()) + sum(self.gone.values()) + sum(moved.count for moved in self.changed)
        )


class OfDay(msgspec.Struct):
    """One day in the tenant's zone: how many alerts have their crossing in it."""

    day: str
    before: int
    after: int


class OfKey(msgspec.Struct):
    """An account (or owner, or a key that has neither) and how many of its alerts differ."""

    tenant: str
    key: dict[str, Any]
    raised: int
    gone: int
    changed: int


class Difference(msgspec.Struct):
    """All that differs."""

    raised: int
    gone: int
    changed: int
    rules: list[OfRule]
    days: list[OfDay]
    keys: list[OfKey]
