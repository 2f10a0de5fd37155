"""A runner on a database, served over HTTP, in threads of this process."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from engine.fold import Engine, Settings
from engine.program import Program
from monitoring.describing import texts
from monitoring.metrics import Metrics
from monitoring.serving import Address, serving
from monitoring.web.application import Served
from monitoring.web.console.console import Lodging
from monitoring.web.tokens import Tokens
from rules.archiving import loaded
from rules.loading import SHIPPED
from rules.model import RuleSet
from rules.planning.compiling import compile_rules
from streams.audit.notes import Signer
from streams.embedded import Runner
from streams.sources.arriving import Arriving
from streams.stopping import Stop
from streams.stores.deciding import decided_by
from streams.stores.sqlite import open_store

ONLY = ("COL-01", "ENG-04")
TIME = datetime.now(UTC).isoformat()  # What is much older comes late.


@cache
def shipped() -> tuple[RuleSet, bytes]:
    """Load the shipped rules once, and their files as databases keep them."""
    return loaded(SHIPPED)


@cache
def rules(shadows: frozenset[str] = frozenset()) -> RuleSet:
    """Return the shipped rules, some of them as shadows."""
    shipped_ = shipped()[0]
    packs = [
        replace(
            pack,
            rules=tuple(replace(rule, shadow=True) if rule.id in shadows else rule for rule in pack.rules),
        )
        for pack in shipped_.packs
    ]
    return replace(shipped_, packs=tuple(packs))


@cache
def program(only: tuple[str, ...] = ONLY, shadows: frozenset[str] = frozenset()) -> Program:
    """Compile a few rules once."""
    return compile_rules(rules(shadows), only)


def payment(number: int, amount_fen: int = 6_000_000, **more: Any) -> dict[str, Any]:
    """Return a payment; each number is another account, and the usual amount is above its limit."""
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "wechatpay/m1",
        "type": "payment.received",
        "time": TIME,
        "subject": f"A{number}",
        "data": {"transaction_id": f"t{number}", "amount_fen": amount_fen, "payer_id": "p"},
        **more,
    }


def lines(*events: dict[str, Any]) -> bytes:
    """Return events as NDJSON."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


@dataclass(slots=True)
class House:
    """What is served, and where."""

    served: Served
    arriving: Arriving
    metrics: Metrics
    url: str = ""

    def send(self, *events: dict[str, Any]) -> dict[str, int]:
        """Send events; return how many had each disposition."""
        kind = {"content-type": "application/x-ndjson"}
        answer = httpx2.post(f"{self.url}/v1/events", content=lines(*events), headers=kind, timeout=30)
        assert answer.status_code == 202, answer.text
        found: dict[str, int] = answer.json()
        return found

    def client(self, host: str = "127.0.0.1", base: str = "http://127.0.0.1") -> TestClient:
        """Return a client of the application that calls from somewhere, and calls it so."""
        return TestClient(self.served.app, client=(host, 50_000), base_url=base)


@contextmanager
def house(
    path: Path,
    tokens: Path | None = None,
    arriving: Arriving | None = None,
    opened: threading.Event | None = None,
    signer: Signer | None = None,
    lodging: Lodging | None = None,
    only: tuple[str, ...] = ONLY,
    shadows: frozenset[str] = frozenset(),
) -> Iterator[House]:
    """Open a house whose database is at a path; it is decided in a thread of its own, until the end."""
    opened = opened or threading.Event()
    arriving = arriving or Arriving(opened.set)
    compiled = program(only, shadows)
    metrics = Metrics(compiled.ruleset, "0.0.1")
    served = Served(
        metrics,
        lambda: (True, ""),
        arriving,
        Tokens(tokens) if tokens is not None else None,
        lambda: "tester",
        lodging,
    )
    stop = Stop()

    def work() -> None:
        by = decided_by(compiled, Settings(), only)
        told = texts(rules(shadows), compiled)
        with open_store(path, by, told, archive=shipped()[1]) as store:
            runner = Runner(
                store, Engine(compiled), observers=[metrics.observe, served.observe], signer=signer
            )
            runner.resume()
            served.open(runner, path)
            runner.run([arriving], stop)

    thread = threading.Thread(target=work)
    thread.start()
    assert opened.wait(60), "it does not open"
    found = House(served, arriving, metrics)
    try:
        with serving(Address("127.0.0.1", 0), served.app, served.feed.end) as taken:
            found.url = f"http://{taken}"
            yield found
    finally:
        stop.asked = signal.SIGTERM
        thread.join(30)
        arriving.close()
        served.close()
        assert not thread.is_alive()
