"""Which alert records are asked for: by rule, level, state, key, tenant, owner and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from engine.alert import Record
from engine.instants import micros
from streams.handling import Handling
from streams.refusing import RefusedError
from streams.stores.sqlite_listing import Wanted


@dataclass(frozen=True, slots=True)
class Filters:
    """What a listed record must match; empty matches all. Instants are UTC microseconds."""

    rules: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    owner: str | None = None  # Of alerts whose key has one.
    key: tuple[str, str] | None = None  # (dimension or empty for any, value)
    since: int | None = None
    until: int | None = None

    @classmethod
    def of(
        cls,
        patterns: Mapping[str, Sequence[str] | None],
        key: str | None,
        since: str | None,
        until: str | None,
        owner: str | None = None,
        *,
        flag: str = "--",
    ) -> Filters:
        """Read filters as people write them (`patterns`: rules, levels, states, tenants); raises RefusedError.

        `flag` stands before a filter's name where one is refused.
        """
        name, equals, value = (key or "").rpartition("=")
        return cls(
            **{name: tuple(given or ()) for name, given in patterns.items()},
            owner=owner,
            key=None if key is None else (name if equals else "", value),
            since=_instant(f"{flag}since", since),
            until=_instant(f"{flag}until", until),
        )

    def within(self, tenants: tuple[str, ...]) -> Filters:
        """Return the same for some tenants only; empty: for all."""
        return replace(self, tenants=tenants)

    def match(self, record: Record) -> bool:
        """Return whether a record is to be listed."""
        at = micros(record.at) if self.since is not None or self.until is not None else 0
        return (
            self._asks_for_rule(record.rule)
            and (not self.levels or record.level in self.levels)
            and (not self.states or record.state in self.states)
            and (not self.tenants or record.tenant in self.tenants)
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and self._asks_for_key(record.key)
        )

    def _asks_for_rule(self, rule: str) -> bool:
        return not self.rules or any(fnmatchcase(rule, pattern) for pattern in self.rules)

    def _asks_for_key(self, key: dict[str, Any]) -> bool:
        return (self.owner is None or key.get("owner") == self.owner) and (
            self.key is None or _has(key, *self.key)
        )

    def wanted(self, handled: Handled, keys: Callable[[dict[str, Any]], bool] | None = None) -> Wanted:
        """Return the same as a database is asked for it; `keys`: what else a key must be."""
        asks: list[Callable[[dict[str, Any]], bool]] = (
            [self._asks_for_key] if self.owner is not None or self.key is not None else []
        )
        asks += [keys] if keys is not None else []
        return Wanted(
            rule=self._asks_for_rule if self.rules else None,
            levels=self.levels, states=self.states, tenants=self.tenants, since=self.since, until=self.until,
            key=(lambda key: all(ask(key) for ask in asks)) if asks else None,
            values=tuple(each for each in (self.owner, self.key and self.key[1]) if each),
            handling=handled.states, assignee=handled.assignee,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handled:
    """How a listed alert must be handled. No states: any; `assignee` None: whoever, empty: nobody."""

    states: tuple[str, ...] = ()
    assignee: str | None = None

    def match(self, handling: Handling) -> bool:
        """Return whether an alert is to be listed."""
        return (not self.states or handling.state in self.states) and (
            self.assignee is None or (handling.assignee or "") == self.assignee
        )


def _has(key: dict[str, Any], name: str, value: str) -> bool:
    return any(str(each) == value for dimension, each in key.items() if name in ("", dimension))


def _instant(flag: str, text: str | None) -> int | None:
    try:
        return micros(text) if text is not None else None
    except ValueError:
        raise RefusedError(
            flag, repr(text), "an instant such as 2026-04-01T00:00:00+08:00", "write it with its offset"
        ) from None


def instant_or_day(flag: str, text: str | None, zone: ZoneInfo) -> int | None:
    """Read an instant, or a day as its first, in UTC microseconds. Raises RefusedError, which names the flag."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-01"):
            start = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
            text = start.isoformat()
        return micros(text)
    except ValueError:
        expected = "a day such as 2026-03-01, or an instant such as 2026-03-01T00:00:00+08:00"
        raise RefusedError(flag, repr(text), expected, "write it so") from None
