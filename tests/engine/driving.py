"""Drives a real engine over a log, and looks at what came of it: shared by the tests of the engine and of its laws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import msgspec

from engine.alert import Record, encode, standing_view
from engine.correcting import Past
from engine.fold import Engine, Outcome, Settings
from engine.program import Program
from rules.loading import load
from rules.model import RuleSet
from rules.moments import moment, received
from rules.planning.compiling import compile_rules
from tests.logs.arrival import Line

# Findings about intake itself speak of arrival: law 4 exempts them.
ABOUT_ARRIVAL: Final = ("ENG-02", "ENG-03", "ENG-04", "PRV-04")


@cache
def shipped() -> RuleSet:
    """Load the shipped rules once for all tests."""
    return load()


@cache
def program(*only: str) -> Program:
    """Compile the shipped rules, or those that match, once for all tests."""
    return compile_rules(shipped(), only)


@dataclass(slots=True)
class Run:
    """An engine and what it answered to each line."""

    engine: Engine
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def records(self) -> list[Record]:
        """Return every record, in the order of the log."""
        return [record for outcome in self.outcomes for record in outcome.records]

    @property
    def said(self) -> list[tuple[str, str, list[bytes]]]:
        """Return all that a line came to: disposition, reason, and its records byte for byte."""
        return [(each.disposition, each.reason, list(map(encode, each.records))) for each in self.outcomes]

    def feed(self, lines: Iterable[Line | bytes]) -> Run:
        """Feed more lines."""
        self.outcomes += [self.engine.feed(raw_of(line)) for line in lines]
        return self


def raw_of(line: Line | bytes) -> bytes:
    """Return a line as it stands in a file."""
    return line if isinstance(line, bytes) else msgspec.json.encode(line)


def fed(
    log: Iterable[Line | bytes],
    rules: Program | None = None,
    settings: Settings = Settings(),  # noqa: B008  # frozen
    past: Past | None = None,
) -> Run:
    """Feed a log to a new engine; by default with all shipped rules."""
    return Run(Engine(rules or program(), settings, past)).feed(log)


def stands(engine: Engine, tenant: str | None = None) -> list[dict[str, Any]]:
    """Return what stands, without what tells of arrival and without findings about arrival."""
    found = [record for record in engine.standing(tenant) if record.rule not in ABOUT_ARRIVAL]
    return [standing_view(record) for record in found]


def folded(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Fold records into what stands, as a reader of the alert feed does.

    Raises AssertionError where a record does not follow from the one before it.
    """
    last: dict[str, Record] = {}
    for record in records:
        before = last.get(record.id)
        assert record.record == (before.record + 1 if before else 1), f"a number is left out: {record}"
        if before is None or before.state == "retracted":
            assert record.state == "raised", f"what does not stand can only be raised: {record}"
        else:
            assert record.state != "raised", f"what stands is not raised again: {record}"
        last[record.id] = record
    standing = [record for record in last.values() if record.state != "retracted"]
    return [standing_view(record) for record in sorted(standing, key=lambda record: record.id)]


# --- small logs ------------------------------------------------------------------------------------------------------


def event(
    name: str, kind: str, at: str, /, arrives: str = "", account: str | None = "A1", **data: Any
) -> Line:
    """Return one event: `at` and `arrives` as rule files write them (`09:00`, `d2 10:00`; `+1d 09:00`).

    What is no field of the payload goes by a capital: `Tenant="t2"`, `Source="bill"`, `Owner="O2"`.
    """
    time = moment(at)
    assert time is not None, at
    arrival = received(arrives, time) if arrives else time
    assert arrival is not None, arrives
    line: Line = {"specversion": "1.0", "id": name, "source": "test", "type": kind, "tenant": "t1"}
    line |= {key.lower(): data.pop(key) for key in ("Tenant", "Source", "Owner") if key in data}
    line |= {"time": _text(time), "receivedtime": _text(arrival), "data": data}
    return line if account is None else {**line, "subject": account}


def payment(name: str, at: str, fen: int, /, arrives: str = "", account: str = "A1", **data: Any) -> Line:
    """Return a payment; its transaction and its payer are its own unless said otherwise."""
    fields = {"transaction_id": f"T-{name}", "payer_id": f"P-{name}", "amount_fen": fen, **data}
    return event(name, "payment.received", at, arrives, account, **fields)


def tick(at: str, name: str = "tick") -> Line:
    """Return what moves the clock when nothing else does."""
    return event(name, "clock.tick", at, account=None)


def _text(time: datetime) -> str:
    return time.isoformat(timespec="microseconds" if time.microsecond else "seconds")


def just_before(text: str, by: timedelta = timedelta(microseconds=1)) -> str:
    """Return an instant a little before another, as an event writes it."""
    return (datetime.fromisoformat(text) - by).isoformat()


def brief(records: Iterable[Record]) -> list[tuple[str, str, str]]:
    """Return of each record its state, its level, and the trigger of its crossing."""
    return [(record.state, record.level, record.trigger["id"]) for record in records]
