"""`weiguard run --listen` as its users meet it: events in, kill -9, a restart, and the published log verified."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.weiguard.calling import start
from tests.weiguard.conftest import Weiguard
from tests.weiguard.test_listening import ANY_PORT, Running


def event(number: int) -> dict[str, Any]:
    """Return a payment above the limit of its account."""
    return {
        "specversion": "1.0", "id": f"e{number}", "source": "s", "type": "payment.received", "subject": f"A{number}",
        "time": datetime.now(UTC).isoformat(),
        "data": {"transaction_id": f"t{number}", "amount_fen": 6_000_000, "payer_id": "p"},
    }  # fmt: skip


def act(run: Running, alert: str, **body: Any) -> httpx2.Response:
    return httpx2.post(f"{run.url}/v1/alerts/{alert}/resolve", json=body, timeout=30)


def send(run: Running, *events: dict[str, Any]) -> dict[str, Any]:
    answer = httpx2.post(f"{run.url}/v1/events", json=events, timeout=30)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def served(tmp_path: Path) -> Callable[..., Running]:
    """Return what starts a run that takes events, in a folder of its own."""

    def begin(*arguments: str) -> Running:
        run = Running(start("run", "--only", "COL-01", *arguments, *ANY_PORT, cwd=tmp_path))
        run.says(rb"events are taken on http://\S+/v1/events; Ctrl-C ends it\n")
        return run

    return begin


def test_what_was_answered_survives_a_kill(served: Callable[..., Running], weiguard: Weiguard) -> None:
    sent = [event(number) for number in range(30)]
    run = served()
    assert send(run, *sent[:20])["decided"] == 20
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait(30)
    again = served()
    found = send(again, *sent)
    assert (found["duplicate"], found["decided"]) == (20, 10)
    assert again.ended()[0] == 0
    standing = [json.loads(line) for line in weiguard("alerts", "--json").out.splitlines()]
    assert {each["key"]["account"] for each in standing} == {f"A{number}" for number in range(30)}
    assert weiguard("audit", "verify").status == 0


def test_an_act_that_was_answered_survives_a_kill(served: Callable[..., Running]) -> None:
    run = served()
    send(run, event(1))
    (alert,) = httpx2.get(f"{run.url}/v1/alerts").json()["alerts"]
    assert act(run, alert["id"], by="li", reason="known").status_code == 200
    os.kill(run.process.pid, signal.SIGKILL)
    run.process.wait(30)
    again = served()
    found = httpx2.get(f"{again.url}/v1/alerts/{alert['id']}").json()
    assert [(each["kind"], each["by"], each["reason"]) for each in found["acts"]] == [
        ("resolved", "li", "known")
    ]
    assert found["handling"]["state"] == "resolved"
    assert act(again, alert["id"], by="wang", reason="known", seen=0).status_code == 409
    assert again.ended()[0] == 0


def test_the_published_log_is_verified_where_it_is_served(
    served: Callable[..., Running], weiguard: Weiguard
) -> None:
    assert weiguard("audit", "keygen", "--out", "audit.key").status == 0
    run = served("--audit-key", "audit.key")
    send(run, *(event(number) for number in range(300)))
    verified = weiguard("audit", "verify", f"{run.url}/tlog", "--key", "audit.key.pub")
    assert verified.status == 0, verified.err
    assert run.ended()[0] == 0


def test_a_file_is_read_before_anything_is_taken(served: Callable[..., Running], tmp_path: Path) -> None:
    (tmp_path / "before.jsonl").write_text(json.dumps(event(1)) + "\n")
    run = served("before.jsonl")
    assert send(run, event(1), event(2))["duplicate"] == 1
    assert run.ended(signal.SIGINT)[0] == 0
