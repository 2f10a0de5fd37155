"""Which inputs of a database tell of acts on which alert, and how the alerts are handled.

What an act says stands in its input; the table only finds it, and is written with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

import msgspec

from engine.decoding import Refusal, decode
from streams.handling import RISES, Act, Handling, act_of, handling_of

TABLES: Final = """
CREATE TABLE acts(alert TEXT NOT NULL, input INTEGER NOT NULL, PRIMARY KEY(alert, input)) WITHOUT ROWID;
"""
_ACTS: Final = """
SELECT acts.alert, input, tenant, raw FROM json_each(?) AS asked
CROSS JOIN acts ON acts.alert = asked.value CROSS JOIN inputs ON seq = input ORDER BY acts.alert, input"""
_ACTED: Final = (
    "SELECT DISTINCT alert FROM json_each(?) AS a CROSS JOIN acts ON acts.alert = a.value ORDER BY alert"
)
_RECORDS: Final = """
SELECT alert, input, body FROM json_each(?) AS asked CROSS JOIN records ON alert = asked.value ORDER BY alert, record"""


class _Said(msgspec.Struct):
    """What is looked at of a record; none of it is ever sealed."""

    record: int
    state: str
    tenant: str


_SAID: Final = msgspec.json.Decoder(_Said)


class Case(NamedTuple):
    """An alert: its tenant, the number and state of its last record, where it rose and what was done about it.

    `rises` are (place in the log, number of the record), `acts` (place in the log, act), both in order.
    """

    tenant: str
    record: int
    state: str
    rises: list[tuple[int, int]]
    acts: list[tuple[int, Act]]

    def handling(self, clock_us: int | None) -> Handling:
        """Return how it is handled at its tenant's clock (UTC microseconds)."""
        return handling_of(self.acts, self.rises, clock_us)


class SqliteActs:
    """What was done about alerts."""

    def __init__(self, connection: sqlite3.Connection, opened: Callable[[bytes], bytes]) -> None:
        """Take a database and what opens a line that is sealed (streams/sealing/)."""
        self._db = connection
        self._opened = opened

    def of(self, alert: str) -> list[Act]:
        """Return what was done about an alert, in the order of the log."""
        return [act for case in self.cases([alert]).values() for _, act in case.acts]

    def handled(self, alerts: Iterable[str], clock: Callable[[str], int | None]) -> dict[str, Handling]:
        """Return how alerts are handled, by id; `clock`: a tenant's clock in UTC microseconds.

        Two queries for all of them, of which the second reads the records of those that somebody acted on.
        """
        names = list(alerts)
        acted = self._acts(names)
        cases = self._cases(acted, acted)
        none = Handling()
        return {
            name: cases[name].handling(clock(cases[name].tenant)) if name in cases else none for name in names
        }

    def cases(self, alerts: Collection[str]) -> dict[str, Case]:
        """Return all that is told of alerts, by id; those that do not exist are left out."""
        return self._cases(alerts, self._acts(alerts))

    def acted(self, alerts: Collection[str]) -> list[str]:
        """Return those alerts that somebody acted on, sorted."""
        return [alert for (alert,) in self._db.execute(_ACTED, (_list(alerts),))]

    def all(self) -> set[tuple[str, int]]:
        """Return every (alert, input) of the table."""
        return set(self._db.execute("SELECT alert, input FROM acts"))

    def _cases(self, alerts: Collection[str], acts: dict[str, list[tuple[int, str, Act]]]) -> dict[str, Case]:
        """Return what is told of alerts. Who acts on an alert of another tenant does nothing."""
        last: dict[str, _Said] = {}
        rises: dict[str, list[tuple[int, int]]] = {}
        for alert, place, body in self._db.execute(_RECORDS, (_list(alerts),)):
            said = last[alert] = _SAID.decode(body)
            if said.state in RISES:
                rises.setdefault(alert, []).append((place, said.record))
        return {
            alert: Case(
                said.tenant, said.record, said.state, rises.get(alert, []),
                [(place, act) for place, tenant, act in acts.get(alert, ()) if tenant == said.tenant],
            )
            for alert, said in last.items()
        }  # fmt: skip

    def _acts(self, alerts: Collection[str]) -> dict[str, list[tuple[int, str, Act]]]:
        found: dict[str, list[tuple[int, str, Act]]] = {}
        for alert, place, tenant, raw in self._db.execute(_ACTS, (_list(alerts),)):
            event = decode(self._opened(bytes(raw)))
            assert not isinstance(event, Refusal), "what was read once can be read again"
            found.setdefault(alert, []).append((place, tenant, act_of(event)))
        return found


def _list(names: Collection[str]) -> str:
    return msgspec.json.encode(list(names)).decode()
