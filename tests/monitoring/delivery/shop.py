"""A database of small shops with as many alerts as a test wants, decided by the engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.fold import Engine, Settings
from monitoring.delivery.choosing import Shelf
from monitoring.delivery.routes import Receiver, Route
from monitoring.describing import texts
from rules.loading import load
from rules.planning.compiling import compile_rules
from streams.embedded import Runner
from streams.stores.deciding import decided_by
from streams.stores.sqlite import open_store
from streams.stores.sqlite_reading import open_reader
from tests.streams.running import block_of
from tests.tidy.tree import ROOT

RULES = ROOT / "tests/golden/cli/mine"
KEY = bytes(range(32))


@cache
def rules() -> Any:
    """Load the rules once."""
    return load(RULES)


def payment(account: str, number: int, amount_fen: int, tenant: str = "t1") -> bytes:
    """Return a payment at so many seconds of a morning, as a line."""
    return json.dumps(
        {
            "specversion": "1.0", "id": f"{account}-{number}", "source": "till", "type": "payment.received",
            "tenant": tenant, "subject": account,
            "time": _written(number),
            "data": {"transaction_id": f"{account}-{number}", "amount_fen": amount_fen, "payer_id": "p"},
        }
    ).encode()  # fmt: skip


def message(kind: str, number: int, conversation: str = "V1") -> bytes:
    """Return a message of a customer (`received`) or to one (`sent`) at so many seconds of a morning, as a line."""
    return json.dumps(
        {
            "specversion": "1.0", "id": f"{kind}-{number}-{conversation}", "source": "phone", "type": f"message.{kind}",
            "tenant": "t1", "subject": "A1",
            "time": _written(number),
            "data": {"conversation_id": conversation},
        }
    ).encode()  # fmt: skip


def act(kind: str, alert: str, number: int) -> bytes:
    """Return what somebody did about an alert (`resolved`, `reopened`), as a line."""
    return json.dumps(
        {
            "specversion": "1.0", "id": f"{kind}-{number}", "source": "weiguard", "type": f"alert.{kind}",
            "tenant": "t1", "time": _written(number),
            "data": {"alert_id": alert, "by": "li", "reason": "looked at"},
        }
    ).encode()  # fmt: skip


def decide(path: Path, lines: Sequence[bytes], *, refold: bool = False) -> None:
    """Decide lines into a database behind what is there; `refold`: fold all anew first."""
    program = compile_rules(rules())
    by = decided_by(program, Settings())
    with open_store(path, by, texts(rules(), program), refold=refold, seed=bytes(32)) as store:
        runner = Runner(store, Engine(program))
        if refold:
            runner.refold()
        else:
            runner.resume()
        for at in range(0, len(lines), 100):
            runner.take("log", block_of(list(lines[at : at + 100]), store.last))


def told(path: Path) -> list[dict[str, Any]]:
    """Return every record of a database in log order."""
    with open_reader(path) as reader:
        return [json.loads(each.body) for each in reader.records()]


def shelf_of(path: Path) -> Callable[[], AbstractContextManager[Shelf]]:
    """Return what opens a database to look at it."""

    @contextmanager
    def shelf() -> Iterator[Shelf]:
        with open_reader(path) as reader:
            yield Shelf(reader)

    return shelf


def webhook(name: str = "hook", url: str = "http://127.0.0.1:1/hook", **more: Any) -> Route:
    """Return a route to a webhook that begins with the first record."""
    to = Receiver("webhook", "http://127.0.0.1", url, (KEY,))
    return Route(name, to, **{"from_start": True, **more})


def wecom(name: str = "robot", url: str = "http://127.0.0.1:1/send?key=s3cret", **more: Any) -> Route:
    """Return a route to a robot that begins with the first record."""
    return Route(name, Receiver("wecom", "http://127.0.0.1", url), **{"from_start": True, **more})


def alertmanager(name: str = "am", url: str = "http://127.0.0.1:1", **more: Any) -> Route:
    """Return a route to Alertmanager that begins with the first record."""
    return Route(name, Receiver("alertmanager", url, url), **{"from_start": True, **more})


def _written(seconds: int) -> str:
    """Return an instant so long after nine on a morning."""
    return (
        datetime(2026, 3, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai")) + timedelta(seconds=seconds)
    ).isoformat()
