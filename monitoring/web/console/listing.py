"""The list of alerts: those that filters ask for, the newest or the gravest first, or grouped by rule and key.

All of the view stands in the address, so a saved view is a link. What is shown is read from the database page by page;
only grouping and sorting by level look at all that stand, and at no more than LOOKED_AT records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.datastructures import QueryParams

from engine.alert import RANK, Record
from engine.program import LEVELS
from monitoring.filtering import Filters, instant_or_day
from monitoring.web.console.sight import Sight
from streams.refusing import RefusedError
from streams.stores.sqlite_reading import SqliteReader

PAGE: Final = 50
LOOKED_AT: Final = 40_000
SORTS: Final = ("newest", "level")
KNOWN: Final = (
    "rule", "level", "tenant", "owner", "key", "keys", "since", "until", "q", "sort", "group", "before",
    "page", "after", "lang",
)  # fmt: skip
_RECORD: Final = msgspec.json.Decoder(Record)
_MOST_PAGES: Final = LOOKED_AT // PAGE
_MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class View:
    """What is asked for.

    `text`: words that all must stand in an alert, in small letters; `keys`: a whole key, as `key_text` writes it.
    """

    filters: Filters
    text: tuple[str, ...] = ()
    keys: str | None = None
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

    alerts: list[Record] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    before: int | None = None
    page: int | None = None
    total: int | None = None  # Where all were looked at.
    cut: bool = False


def listed(reader: SqliteReader, view: View, sight: Sight) -> Listed:
    """Return a page of the alerts that stand."""
    if view.grouped:
        return _grouped(reader, view, sight)
    if view.sort == "level":
        return _by_level(reader, view, sight)
    found = Listed()
    for count, (seq, record) in enumerate(_standing(reader, view.before), 1):
        if view.asks_for(record) and sight.shows(reader, record):
            if len(found.alerts) == PAGE:
                return found
            found.alerts.append(record)
        found.before = seq  # The next page begins behind the last record that this one looked at.
        if count == LOOKED_AT:
            found.cut = True
            return found
    found.before = None
    return found


def _by_level(reader: SqliteReader, view: View, sight: Sight) -> Listed:
    found = Listed()
    alerts = list(_matching(reader, view, sight, found))
    alerts.sort(key=lambda record: -RANK[record.level])  # Stable: the newest of a level stay first.
    found.total, found.alerts = len(alerts), _cut(alerts, view.page)
    found.page = view.page + 1 if len(alerts) > view.page * PAGE else None
    return found


def _grouped(reader: SqliteReader, view: View, sight: Sight) -> Listed:
    found = Listed()
    groups: dict[tuple[str, str, str], Group] = {}
    for record in _matching(reader, view, sight, found):
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


def _matching(reader: SqliteReader, view: View, sight: Sight, found: Listed) -> Iterator[Record]:
    for count, (_, record) in enumerate(_standing(reader, None), 1):
        if view.asks_for(record) and sight.shows(reader, record):
            yield record
        if count == LOOKED_AT:
            found.cut = True
            return


def _standing(reader: SqliteReader, before: int | None) -> Iterator[tuple[int, Record]]:
    for told in reader.told.last(before):
        record = _RECORD.decode(told.body)
        if record.state != "retracted":
            yield told.seq, record


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
