"""The list of alerts: those that filters ask for, the newest or the gravest first, or grouped by rule and key.

All of the view stands in the address, so a saved view is a link. The database finds, sorts, counts and groups; of what
was said of alerts only what a page shows is read, or where words are looked for.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from starlette.datastructures import QueryParams

from engine.alert import Record
from engine.program import LEVELS
from monitoring.filtering import Filters, Handled, instant_or_day
from monitoring.handling import Handling
from monitoring.web.console.sight import Sight
from monitoring.web.desk import Clock
from streams.handling import STATES
from streams.refusing import RefusedError
from streams.stores.sqlite_listing import Found, Grouped, Wanted
from streams.stores.sqlite_reading import SqliteReader

PAGE: Final = 50
SORTS: Final = ("newest", "level")
KNOWN: Final = (
    "rule", "level", "tenant", "owner", "key", "keys", "since", "until", "q", "handling", "assignee", "sort", "group",
    "before",
    "page", "after", "lang",
)  # fmt: skip
_RECORD: Final = msgspec.json.Decoder(Record)
_MOST_PAGES: Final = 1 << 40
_ANYHOW: Final = Handled()
_MOST_TEXT: Final = 200
_ID: Final = "a_"  # How ids of alerts begin.


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
            and (not self.text or self._says(record.id, _words(record)))
        )

    def wanted(self, sight: Sight) -> Wanted:
        """Return the same as a database is asked for it, of what somebody may see."""
        keys = self.keys
        ids = tuple(part for part in self.text if part.startswith(_ID))
        return replace(
            self.filters.wanted(self.handled, None if keys is None else lambda key: key_text(key) == keys),
            ids=ids,
            text=(lambda said: self._says(said.id, said.words())) if len(ids) < len(self.text) else None,
            seen=sight.rules,
        )

    def _says(self, name: str, words: list[str]) -> bool:
        said = "\n".join(words).casefold()
        return all(name.startswith(part) if part.startswith(_ID) else part in said for part in self.text)


def _words(record: Record) -> list[str]:
    return [record.rule, record.tenant, *map(str, record.key.values()), *record.message.values()]


@dataclass(frozen=True, slots=True)
class Item:
    """An alert that stands, and how it is handled."""

    record: Record
    handling: Handling

    @property
    def seen(self) -> str:
        """What is seen of it, as forms send it."""
        return f"{self.record.id}:{self.handling.acts}:{self.record.record}"


@dataclass(frozen=True, slots=True)
class Group:
    """The alerts of one rule about one key: the newest of them, how many, and how grave the gravest is."""

    newest: Record
    count: int
    level: str


@dataclass(slots=True)
class Listed:
    """A page of alerts, or of groups. `before`, `page`: where the next one begins, None where there is none.

    `total`: of all pages, None where they are not counted. `cut`: there may be more, but words were looked for in so
    many records that it ends here.
    """

    alerts: list[Item] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    before: int | None = None
    page: int | None = None
    total: int | None = None
    cut: bool = False


def listed(reader: SqliteReader, view: View, sight: Sight, clock: Clock) -> Listed:
    """Return a page of the alerts that stand."""
    wanted, listing = view.wanted(sight), reader.listing
    part = slice((view.page - 1) * PAGE, view.page * PAGE)
    with reader.at_once():
        if view.grouped:
            groups = listing.groups(wanted, clock, part, gravest=view.sort == "level")
            return Listed(groups=_groups(reader, groups.rows), **_counted(view, groups))
        if view.sort == "level":
            gravest = listing.gravest(wanted, clock, part)
            return Listed(_items(reader, gravest.rows, clock), **_counted(view, gravest))
        newest = listing.newest(wanted, clock, PAGE + 1, view.before)
        seqs, is_cut = newest.rows[:PAGE], newest.looked is not None
        # Words are looked for behind the last record that this page read.
        before = seqs[-1] if len(newest.rows) > PAGE else newest.looked
        return Listed(_items(reader, seqs, clock), before=before, cut=is_cut)


def _counted(view: View, found: Found[Any]) -> dict[str, Any]:
    is_last = (found.total or 0) <= view.page * PAGE
    return {"total": found.total, "page": None if is_last else view.page + 1, "cut": found.looked is not None}


def _items(reader: SqliteReader, seqs: list[int], clock: Clock) -> list[Item]:
    records = [_RECORD.decode(body) for body in reader.listing.bodies(seqs)]
    handled = reader.handled([each.id for each in records], clock)
    return [Item(each, handled[each.id]) for each in records]


def _groups(reader: SqliteReader, found: list[Grouped]) -> list[Group]:
    bodies = reader.listing.bodies(each.seq for each in found)
    return [
        Group(_RECORD.decode(body), each.size, LEVELS[each.level])
        for each, body in zip(found, bodies, strict=True)
    ]


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
