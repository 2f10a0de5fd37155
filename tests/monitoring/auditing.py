"""What tests of queries share: a database of two tenants with alerts, decisions and a broken line, and how to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.fold import Engine
from monitoring.queries import Answer, Found, answer, ask
from streams.audit.query import Query
from streams.embedded import Runner
from streams.sources.shops import events
from streams.stores.sqlite_index import catch_up
from streams.stores.sqlite_reading import open_reader
from tests.streams.audit.running import SIGNER
from tests.streams.running import block_of, open_at, program

ZONE: Final = ZoneInfo("Asia/Shanghai")
AT: Final = "2025-11-20T10:00:00+08:00"
SHOPS: Final = list(islice(events(3), 1_200))


def act(kind: str, number: int, tenant: str = "shops", **data: Any) -> bytes:
    """Return the event of what somebody did."""
    event = {
        "specversion": "1.0", "id": f"act-{number}", "source": "desk", "type": kind, "tenant": tenant, "time": AT,
        "data": data,
    }  # fmt: skip
    return msgspec.json.encode(event)


LINES: Final = [
    *SHOPS,
    *(line.replace(b'"tenant":"shops"', b'"tenant":"other"') for line in SHOPS[:500]),
    b"no event",
    act(
        "override.set", 1, limit="personal_daily", value=4_000_000, author="li", approver="wang", account="A1"
    ),
    act("suppression.added", 2, rule="COL-01", key={"account": "A1"}, author="wang", approver="li"),
    act("correction.requested", 3, "other", by="zhang", reason="三月账单 imported"),
]


def make(path: Path) -> None:
    """Make a signed database of all lines."""
    with open_at(path) as store:
        runner = Runner(store, Engine(program()), signer=SIGNER)
        for at in range(0, len(LINES), 300):
            runner.take("log", block_of(LINES[at : at + 300], at))
        runner.end()


@contextmanager
def running(path: Path) -> Iterator[Runner]:
    """Yield a runner of the database that has caught up with it."""
    with open_at(path) as store:
        runner = Runner(store, Engine(program()), signer=SIGNER)
        runner.resume()
        yield runner


def asked(path: Path, query: Query) -> str:
    """Write a query into the log and bring the index up to date; return the id of its events."""
    with running(path) as runner:
        found = ask(runner, query, "auditor", ZONE)
        runner.end()
    catch_up(path, lambda _, __: None)
    return found


def answered(path: Path, query: Query, id: str) -> tuple[Answer, list[Found]]:
    """Return the answer to a query that the log has, and its rows."""
    with open_reader(path) as reader:
        found = answer(reader, query, id)
        return found, list(found.rows)


def rows(path: Path, **filters: Any) -> list[Found]:
    """Ask, and return what is found."""
    query = Query(**filters)
    return answered(path, query, asked(path, query))[1]
