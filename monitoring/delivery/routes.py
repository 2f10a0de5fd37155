"""A route: who is told, of which records, in which language, and when rather not.

All that people write of it is read and refused in reading.py; here it is right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from engine.alert import Record
from engine.workdays import worked
from monitoring.filtering import Filters

Kind: TypeAlias = Literal["webhook", "wecom", "alertmanager"]
Language: TypeAlias = Literal["zh", "en"]
KINDS: Final[tuple[Kind, ...]] = ("webhook", "wecom", "alertmanager")
_SECOND_US: Final = 10**6
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a route leads. `url` and `keys` may be secret: they are in no text that this makes of itself."""

    kind: Kind
    host: str  # As it may be shown: scheme, host and port.
    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(default=(), repr=False)  # That sign, a webhook's alone.


@dataclass(frozen=True, slots=True)
class DigestRule:
    """When records are gathered: more than `after` would go within a span. Spans are microseconds."""

    after: int
    within_us: int
    every_us: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nobody is to be disturbed, but for some levels. Without hours, days off alone are quiet."""

    zone: ZoneInfo
    hours: tuple[time, time] | None  # From the first until the second, past midnight where that is earlier.
    days_off: bool = False  # Whether days that are not worked are quiet from midnight to midnight.
    levels: tuple[str, ...] = ()  # What goes all the same.

    def holds(self, now_us: int) -> bool:
        """Return whether an instant (UTC microseconds) is quiet."""
        now = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=now_us)).astimezone(self.zone)
        if self.days_off and not worked((now.date() - _EPOCH).days)[0]:
            return True
        if self.hours is None:
            return False
        begin, end = self.hours
        at = now.time()
        return begin <= at < end if begin < end else at >= begin or at < end


@dataclass(frozen=True, slots=True)
class Route:
    """One way out. Spans are microseconds."""

    name: str
    to: Receiver
    filters: Filters = field(default_factory=Filters)
    packs: tuple[str, ...] = ()  # Empty: all.
    lang: Language = "zh"
    from_start: bool = False  # Whether a new route begins with the first record of the log.
    digest: DigestRule | None = None
    quiet: Quiet | None = None
    give_up_us: int = 86_400 * _SECOND_US  # From the first attempt on.
    again_us: int = 300 * _SECOND_US  # How often Alertmanager is told of what stands,
    keep_us: int = 86_400 * _SECOND_US  # and how long after its last record.

    @property
    def at_once(self) -> int:
        """How many messages are on their way at a time.

        A robot and Alertmanager get one: what is said last must be the last that they hear.
        """
        return 4 if self.to.kind == "webhook" else 1

    def asks_for(self, record: Record, pack: str) -> bool:
        """Return whether a record is to go this way."""
        return self.filters.match(record) and (not self.packs or pack in self.packs)

    def let_through(self, now_us: int) -> tuple[str, ...] | None:
        """Return the levels that may go now; None for all."""
        return self.quiet.levels if self.quiet is not None and self.quiet.holds(now_us) else None


@dataclass(frozen=True, slots=True)
class Routes:
    """All routes of a file, and where the console is, if it says so (no slash at its end)."""

    routes: tuple[Route, ...]
    console: str = ""

    def named(self, name: str) -> Route | None:
        """Return a route by its name."""
        return next((route for route in self.routes if route.name == name), None)
