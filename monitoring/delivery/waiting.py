"""What waits to be delivered, and up to where each route has read: a queue that survives whatever happens to us.

A message is written in the transaction that moves its route's place on, and removed in one of its own after the
receiver has taken it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from monitoring.delivery.queue_schema import open_queue
from streams.stores.sqlite_failing import failed

_KEPT_US: Final = 2 * 3_600 * 10**6  # How long attempts are remembered; no span that is counted is longer.
_MESSAGES: Final = (
    "SELECT id, route, alert, record, rule, level, attempts, first_us, parts, dead FROM messages AS one"
)
_GRAVITY: Final = "CASE level WHEN 'critical' THEN 3 WHEN 'warn' THEN 2 ELSE 1 END"
# A message goes when all before it of its alert have gone; one that is part of a digest goes with it.
_HEADS: Final = f"""
{_MESSAGES} WHERE route = :route AND dead IS NULL AND digest IS NULL AND next_us <= :now
  AND NOT EXISTS (SELECT 1 FROM messages AS before WHERE before.route = one.route AND before.alert = one.alert
    AND before.id < one.id AND before.dead IS NULL)
  AND (:some = 0 OR alert IN (SELECT alert FROM messages WHERE route = :route AND dead IS NULL
    AND level IN (:level0, :level1, :level2)))
ORDER BY next_us, id LIMIT :most"""  # noqa: S608  # constants
# What nobody has tried yet, and nothing that was tried waits before it.
_GATHERED: Final = """
SELECT id, alert FROM messages AS one WHERE route = :route AND dead IS NULL AND digest IS NULL AND parts = 0
  AND attempts = 0
  AND NOT EXISTS (SELECT 1 FROM messages AS before WHERE before.route = one.route AND before.alert = one.alert
    AND before.id < one.id AND before.dead IS NULL AND (before.attempts > 0 OR before.digest IS NOT NULL))
  AND (:some = 0 OR alert IN (SELECT alert FROM messages WHERE route = :route AND dead IS NULL
    AND level IN (:level0, :level1, :level2)))
ORDER BY id"""


class New(NamedTuple):
    """A record that a route asks for."""

    alert: str
    record: int
    rule: str
    level: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message as it waits. `parts`: of how many records it is a digest; 0 where it is one record."""

    id: int
    route: str
    alert: str
    record: int
    rule: str
    level: str
    attempts: int
    first_us: int
    parts: int
    dead: str | None

    @property
    def name(self) -> str:
        """By what a receiver knows it again: the same however often it is sent."""
        return self.alert if self.parts else f"{self.alert}.{self.record}"


class Standing(NamedTuple):
    """What Alertmanager was told of an alert, when it is told again and until when."""

    alert: str
    record: int
    level: str
    next_us: int
    until_us: int


class Queue:
    """The messages of all routes. Instants are UTC microseconds. As a context it is closed at the end."""

    def __init__(self, path: Path) -> None:
        """Open it, made where there is none; raises RefusedError."""
        self.path = path
        self._db = open_queue(path)

    def place(self, route: str) -> int | None:
        """Return the last input that a route has read; None for a new route."""
        row = self._db.execute("SELECT input FROM places WHERE route = ?", (route,)).fetchone()
        return int(row[0]) if row else None

    def put(self, route: str, place: int, found: Sequence[New]) -> None:
        """Let records wait, and move the place of their route on, at once."""
        with self._at_once():
            self._db.executemany(
                "INSERT INTO messages(route, alert, record, rule, level) VALUES (?, ?, ?, ?, ?)",
                [(route, *each) for each in found],
            )
            self._db.execute(
                "INSERT INTO places(route, input) VALUES (?1, ?2) "
                "ON CONFLICT(route) DO UPDATE SET input = excluded.input",
                (route, place),
            )

    def alive(self, route: str) -> int:
        """Return how many records of a route wait."""
        query = "SELECT count(*) FROM messages WHERE route = ? AND dead IS NULL AND parts = 0"
        return int(self._db.execute(query, (route,)).fetchone()[0])

    def heads(self, route: str, now_us: int, levels: Sequence[str] | None, most: int) -> list[Waiting]:
        """Return what may be sent now, what has waited longest first. `levels`: only alerts of which one waits."""
        given = {"route": route, "now": now_us, "most": most, **_levels(levels)}
        return [Waiting(*row) for row in self._db.execute(_HEADS, given)]

    def gather(self, route: str, now_us: int, levels: Sequence[str] | None, without: Container[str]) -> bool:
        """Make one digest of what has not been tried; return whether there was any.

        A route has one digest at a time: what comes meanwhile waits for the next. `without`: alerts of which a record
        is on its way, and which go by themselves.
        """
        with self._at_once():
            busy = "SELECT 1 FROM messages WHERE route = ? AND parts > 0 AND dead IS NULL"
            if self._db.execute(busy, (route,)).fetchone() is not None:
                return False
            rows = self._db.execute(_GATHERED, {"route": route, **_levels(levels)})
            parts = [number for number, alert in rows if alert not in without]
            if parts:
                self._bind(route, parts)
            self._db.execute(
                "UPDATE places SET gathers_us = NULL, digest_us = ? WHERE route = ?", (now_us, route)
            )
        return bool(parts)

    def _bind(self, route: str, parts: list[int]) -> None:
        made = self._db.execute(
            "INSERT INTO messages(route, alert, record, rule, level, parts) VALUES (?, '', 0, '', '', ?)",
            (route, len(parts)),
        )
        number = made.lastrowid
        self._db.executemany(
            "UPDATE messages SET digest = ? WHERE id = ?", [(number, part) for part in parts]
        )
        first = "SELECT alert, record FROM messages WHERE id = ?"
        alert, record = self._db.execute(first, (parts[0],)).fetchone()
        grave = f"SELECT level FROM messages WHERE digest = ? ORDER BY {_GRAVITY} DESC LIMIT 1"  # noqa: S608  # constants
        (level,) = self._db.execute(grave, (number,)).fetchone()
        self._db.execute(
            "UPDATE messages SET alert = ?, level = ? WHERE id = ?",
            (f"digest.{number}.{alert}.{record}", level, number),
        )

    def gathers(self, route: str, now_us: int | None = None) -> tuple[int | None, int]:
        """Return since when a route gathers, if it does, and when its last digest was made.

        With an instant, it gathers from then on where it did not.
        """
        if now_us is not None:
            begin = "UPDATE places SET gathers_us = ? WHERE route = ? AND gathers_us IS NULL"
            self._db.execute(begin, (now_us, route))
        row = self._db.execute(
            "SELECT gathers_us, digest_us FROM places WHERE route = ?", (route,)
        ).fetchone()
        return (row[0], row[1]) if row else (None, 0)

    def parts_of(self, digest: int, most: int) -> list[Waiting]:
        """Return the first records of a digest."""
        query = f"{_MESSAGES} WHERE digest = ? ORDER BY id LIMIT ?"
        return [Waiting(*row) for row in self._db.execute(query, (digest, most))]

    def counts_of(self, digest: int) -> list[tuple[str, str, int]]:
        """Return how many records of each rule and level a digest has, the gravest and most first."""
        query = (
            "SELECT rule, level, count(*) AS n FROM messages WHERE digest = ? GROUP BY rule, level "  # noqa: S608  # constants
            f"ORDER BY {_GRAVITY} DESC, n DESC, rule"
        )
        return [(rule, level, n) for rule, level, n in self._db.execute(query, (digest,))]

    def attempts(self, lane: str, since_us: int, *, first: bool = False) -> int:
        """Return how many attempts of a lane were answered after an instant; `first`: first ones alone."""
        query = "SELECT count(*) FROM went WHERE lane = ? AND at_us > ? AND first >= ?"
        return int(self._db.execute(query, (lane, since_us, int(first))).fetchone()[0])

    def depart(self, messages: Iterable[Waiting], now_us: int) -> None:
        """Count an attempt of each before it is made: what a crash cuts off goes again by itself, in no digest."""
        with self._at_once():
            self._db.executemany(
                "UPDATE messages SET attempts = attempts + 1, "
                "first_us = CASE WHEN first_us THEN first_us ELSE ? END WHERE id = ?",
                [(now_us, message.id) for message in messages],
            )

    def taken(self, message: Waiting, lanes: Sequence[str], now_us: int, stands: Standing | None) -> None:
        """Forget a message that its receiver has. `stands`: what Alertmanager is to be told again of its alert."""
        with self._at_once():
            self._count(message, lanes, now_us)
            self._db.execute("DELETE FROM messages WHERE id = ?1 OR digest = ?1", (message.id,))
            ended = "DELETE FROM standing WHERE route = ? AND alert = ?"
            self._db.execute(ended, (message.route, message.alert))
            if stands is not None:
                self._db.execute("INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?)", (message.route, *stands))

    def refused(self, message: Waiting, lanes: Sequence[str], now_us: int, next_us: int | str) -> None:
        """Let a message wait until an instant, or, where a reason is given, for somebody who mends it."""
        with self._at_once():
            self._count(message, lanes, now_us)
            self._db.execute(
                "UPDATE messages SET next_us = ? WHERE id = ?",
                (next_us if isinstance(next_us, int) else 0, message.id),
            )
            if isinstance(next_us, str):
                self._db.execute(
                    "UPDATE messages SET dead = ?2 WHERE id = ?1 OR digest = ?1", (message.id, next_us)
                )

    def _count(self, message: Waiting, lanes: Sequence[str], now_us: int) -> None:
        self._db.execute("DELETE FROM went WHERE at_us < ?", (now_us - _KEPT_US,))
        first = int(not message.attempts and not message.parts)
        self._db.executemany("INSERT INTO went VALUES (?, ?, ?)", [(now_us, lane, first) for lane in lanes])

    def standing(self, route: str, alert: str) -> Standing | None:
        """Return what Alertmanager was told of an alert, if it stands there."""
        query = "SELECT alert, record, level, next_us, until_us FROM standing WHERE route = ? AND alert = ?"
        row = self._db.execute(query, (route, alert)).fetchone()
        return Standing(*row) if row else None

    def stands(self, route: str, now_us: int, most: int) -> list[Standing]:
        """Return what is to be told again; what has been told long enough is forgotten."""
        over = "DELETE FROM standing WHERE route = ? AND until_us <= ?"
        self._db.execute(over, (route, now_us))
        query = (
            "SELECT alert, record, level, next_us, until_us FROM standing WHERE route = ? AND next_us <= ? "
            "ORDER BY next_us, alert LIMIT ?"
        )
        return [Standing(*row) for row in self._db.execute(query, (route, now_us, most))]

    def told(self, route: str, alerts: Iterable[str], next_us: int) -> None:
        """Let standing alerts be told again at an instant."""
        with self._at_once():
            self._db.executemany(
                "UPDATE standing SET next_us = ? WHERE route = ? AND alert = ?",
                [(next_us, route, alert) for alert in alerts],
            )

    def dead(self) -> list[Waiting]:
        """Return what its receivers would not take, the oldest first; of a digest the digest alone."""
        query = f"{_MESSAGES} WHERE dead IS NOT NULL AND digest IS NULL ORDER BY id"
        return [Waiting(*row) for row in self._db.execute(query)]

    def retry(self, number: int | None) -> int:
        """Let one dead letter, or all, wait anew, as if nothing had been tried; return how many there were."""
        with self._at_once():
            which = "dead IS NOT NULL AND (?1 IS NULL OR id = ?1) AND digest IS NULL"
            rows = self._db.execute(f"SELECT id FROM messages WHERE {which}", (number,)).fetchall()  # noqa: S608  # constants
            self._db.executemany(
                "UPDATE messages SET dead = NULL, attempts = 0, first_us = 0, next_us = 0 WHERE id = ?1 OR digest = ?1",
                rows,
            )
        return len(rows)

    def totals(self) -> dict[str, tuple[int, int]]:
        """Return how many messages wait and how many are dead, by route; a digest counts as one."""
        query = (
            "SELECT route, sum(dead IS NULL), sum(dead IS NOT NULL) FROM messages WHERE digest IS NULL "
            "GROUP BY route ORDER BY route"
        )
        return {route: (waiting, dead) for route, waiting, dead in self._db.execute(query)}

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._db.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise failed(self.path, error) from None


def _levels(levels: Sequence[str] | None) -> dict[str, object]:
    padded = [*(levels or ()), "", "", ""]
    return {"some": int(levels is not None), **{f"level{at}": padded[at] for at in range(3)}}
