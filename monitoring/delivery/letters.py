"""What is sent: one record or a digest, for one route, with the words that go with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.alert import Record
from monitoring.delivery.routes import Route
from monitoring.delivery.waiting import Standing, Waiting


@dataclass(frozen=True, slots=True)
class Item:
    """A record with its line of JSON as it was told, and its rule's pack and title."""

    record: Record
    body: bytes
    pack: str
    title: dict[str, str]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way. Instants are UTC microseconds.

    `items`: its record, or the first records of a digest, or what Alertmanager is told again; `message` is None for the
    last, and for a test.
    """

    route: Route
    name: str
    attempt: int
    now_us: int
    items: tuple[Item, ...]
    message: Waiting | None = None
    counts: tuple[tuple[str, str, int], ...] = ()  # (rule, level, how many), of a digest alone.
    before: Standing | None = None  # What Alertmanager was told of the alert.
    resolved: frozenset[str] = frozenset()  # Alerts that people have resolved, for Alertmanager.
    console: str = ""

    @property
    def gathered(self) -> int:
        """Of how many records it is a digest; 0 where it is none."""
        return self.message.parts if self.message is not None else 0

    def link(self, alert: str) -> str:
        """Return where an alert is seen; empty where nobody said where the console is."""
        return f"{self.console}/alerts/{alert}" if self.console else ""


@dataclass(frozen=True, slots=True)
class Post:
    """A request as it goes out. `url`, `headers` and `body` are in no text that this makes of itself."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, what it says of when to come again, and the first bytes of its body."""

    status: int
    retry_after: str = ""
    body: bytes = b""
