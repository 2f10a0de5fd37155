"""The list of alerts: those that filters ask for, the newest or the gravest first, or grouped by rule and key.

All of the view stands in the address, so a saved view is a link. What is shown is read from the database page by page;
only grouping and sorting by level look at all that stand, and at no more than LOOKED_AT records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.datastructures import QueryParams

from engine.alert import RANK, Record
from engine.program import LEVELS
from monitoring.filtering import Filters, Handled, instant_or_day
from monitoring.handling import Handling
from monitoring.web.console.sight import Sight
from monitoring.web.desk import Clock
from streams.handling import STATES
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

PAGE: Final = 50
LOOKED_AT: Final = 40_000
SORTS: Final = ("newest", "level")
KNOWN: Final = (
    "rule", "level", "tenant", "owner", "key", "keys", "since", "until", "q", "handling", "assignee", "sort", "group",
    "before",
    "page", "after", "lang",
)  # fmt: skip
_RECORD: Final = msgspec.json.Decoder(Record)
_MOST_PAGES: Final = LOOKED_AT // PAGE
_ANYHOW: Final = Handled()
_TOGETHER: Final = 100  # Alerts whose handling is read at a time.
_MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class View:
    """What is asked for.

    `text`: words that all must stand in an alert, in small letters; `keys`: a whole key, as `key_text` writes it.
    """

    filters: Filters
    text: tuple[str, ...] = ()
    keys: str | None = None
    handled: Handled = _ANYHOW
    sort: str = "newest"
    grouped: bool = False
    before: int | None = None
    page: int = 1

    @classmethod
    def of(cls, given: QueryParams, zone: ZoneInfo) -> View:
        """Read a view from an address; empty fields ask for nothing. Raises RefusedError."""
        for name in given:
            if name not in KNOWN:
                raise RefusedError(f"?{name}", "a parameter", f"one of {', '.join(KNOWN)}", "leave it out")
        stated = {name: given[name].strip() for name in given if given[name].strip()}
        levels = [each for each in given.getlist("level") if each]
        for level in levels:
            if level not in LEVELS[1:]:
                raise RefusedError(
                    "?level", repr(level), f"one of {', '.join(LEVELS[1:])}", "choose one of these"
                )
        name, equals, value = stated.get("key", "").rpartition("=")
        return cls(
            Filters(
                rules=tuple(part for part in stated.get("rule", "").replace(",", " ").split() if part)[:50],
                levels=tuple(levels),
                tenants=tuple(each for each in given.getlist("tenant") if each),
                owner=stated.get("owner"),
                key=(name if equals else "", value) if "key" in stated else None,
                since=_instant("since", stated.get("since"), zone),
                until=_instant("until", stated.get("until"), zone),
            ),
            text=tuple(stated.get("q", "")[:_MOST_TEXT].casefold().split()),
            keys=stated.get("keys"),
            handled=Handled(
                tuple(
                    _one_of("handling", each, STATES)
                    for part in given.getlist("handling")
                    for each in part.split(",")
                    if each
                ),
                stated.get("assignee"),
            ),
            sort=_one_of("sort", stated.get("sort", SORTS[0]), SORTS),
            grouped=_one_of("group", stated.get("group", "0"), ("0", "1")) == "1",
            before=_whole("before", stated.get("before"), 1 << 62),
            page=_whole("page", stated.get("page"), _MOST_PAGES) or 1,
        )

    def asks_for(self, record: Record) -> bool:
        """Return whether an alert is asked for."""
        return (
            self.filters.match(record)
            and (self.keys is None or key_text(record.key) == self.keys)
            and (not self.text or self._says(record))
        )

    def _says(self, record: Record) -> bool:
        words = (
            record.rule,
            record.tenant,
            *map(str, record.key.values()),
            *record.message.values(),
        )
        said = "\n".join(words).casefold()
        return all(
            record.id.startswith(part) if part.startswith("a_") else part in said for part in self.text
        )


@dataclass(frozen=True, slots=True)
class Item:
    """An alert that stands, and how it is handled."""

    record: Record
    handling: Handling

    @property
    def seen(self) -> str:
        """What is seen of it, as forms send it."""
        return f"{self.record.id}:{self.handling.acts}:{self.record.record}"


@dataclass(slots=True)
class Group:
    """The alerts of one rule about one key: the newest of them, how many, and how grave the gravest is."""

    newest: Record
    count: int = 0
    level: str = "info"

    def take(self, record: Record) -> None:
        """Count an alert; the newest comes first."""
        self.count += 1
        if RANK[record.level] > RANK[self.level]:
            self.level = record.level


@dataclass(slots=True)
class Listed:
    """A page of alerts, or of groups. `before`, `page`: where the next one begins, None where there is none.

    `cut`: there may be more, but so many records were looked at that it ends here.
    """

    alerts: list[Item] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    before: int | None = None
    page: int | None = None
    total: int | None = None  # Where all were looked at.
    cut: bool = False


def listed(reader: SqliteReader, view: View, sight: Sight, clock: Clock) -> Listed:
    """Return a page of the alerts that stand."""
    with reader.at_once():
        looked_at = _looked_at(reader, view, sight, clock)
        if view.grouped:
            return _grouped(looked_at, view)
        if view.sort == "level":
            return _by_level(looked_at, view)
        return _newest(looked_at)


def _newest(looked_at: Iterator[tuple[int, Item | None]]) -> Listed:
    found = Listed()
    for count, (seq, item) in enumerate(looked_at, 1):
        if item is not None:
            if len(found.alerts) == PAGE:
                return found
            found.alerts.append(item)
        found.before = seq  # The next page begins behind the last record that this one looked at.
        if count == LOOKED_AT:
            found.cut = True
            return found
    found.before = None
    return found


def _by_level(looked_at: Iterator[tuple[int, Item | None]], view: View) -> Listed:
    found = Listed()
    alerts = list(_matching(looked_at, found))
    alerts.sort(key=lambda item: -RANK[item.record.level])  # Stable: the newest of a level stay first.
    found.total, found.alerts = len(alerts), _cut(alerts, view.page)
    found.page = view.page + 1 if len(alerts) > view.page * PAGE else None
    return found


def _grouped(looked_at: Iterator[tuple[int, Item | None]], view: View) -> Listed:
    found = Listed()
    groups: dict[tuple[str, str, str], Group] = {}
    for item in _matching(looked_at, found):
        record = item.record
        name = (record.tenant, record.rule, key_text(record.key))
        group = groups.get(name)
        if group is None:
            group = groups[name] = Group(record)
        group.take(record)
    ordered = list(groups.values())
    if view.sort == "level":
        ordered.sort(key=lambda group: -RANK[group.level])
    found.total, found.groups = len(ordered), _cut(ordered, view.page)
    found.page = view.page + 1 if len(ordered) > view.page * PAGE else None
    return found


def _matching(looked_at: Iterator[tuple[int, Item | None]], found: Listed) -> Iterator[Item]:
    for count, (_, item) in enumerate(looked_at, 1):
        if item is not None:
            yield item
        if count == LOOKED_AT:
            found.cut = True
            return


def _looked_at(
    reader: SqliteReader, view: View, sight: Sight, clock: Clock
) -> Iterator[tuple[int, Item | None]]:
    """Yield the number of the last record of each alert, the newest first, with the alert if it is asked for."""
    told = reader.told.last(view.before if view.sort == "newest" and not view.grouped else None)
    while some := list(islice(told, _TOGETHER)):
        records = [_RECORD.decode(each.body) for each in some]
        kept = [
            each.id
            for each in records
            if each.state != "retracted" and view.asks_for(each) and sight.shows(reader, each)
        ]
        handled = reader.handled(kept, clock)
        for each, record in zip(some, records, strict=True):
            handling = handled.get(record.id)
            is_asked = handling is not None and view.handled.match(handling)
            yield each.seq, Item(record, handling) if handling is not None and is_asked else None


def _cut(found: list[Any], page: int) -> list[Any]:
    return found[(page - 1) * PAGE : page * PAGE]


def key_text(key: dict[str, Any]) -> str:
    """Return a key as people read it."""
    return " ".join(f"{name}={value}" for name, value in key.items())


def _instant(name: str, text: str | None, zone: ZoneInfo) -> int | None:
    """Read a day, an instant, or what a browser's field for a local time gives, in UTC microseconds."""
    if text is not None and len(text) == len("2026-03-01T09:00"):
        with suppress(ValueError):  # It is refused below, in words.
            text = datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    return instant_or_day(f"?{name}", text, zone)


def _one_of(name: str, given: str, known: tuple[str, ...]) -> str:
    if given not in known:
        raise RefusedError(f"?{name}", repr(given[:80]), f"one of {', '.join(known)}", "choose one of these")
    return given


def _whole(name: str, text: str | None, most: int) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= most):
        raise RefusedError(f"?{name}", repr(text[:80]), f"a whole number from 1 to {most:,}", "write one")
    return int(text)
