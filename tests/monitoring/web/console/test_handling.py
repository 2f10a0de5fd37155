"""Acts from the console stand in the log under the name of who is logged in, and nobody overwrites another unseen."""

from __future__ import annotations

import re

import httpx2
import pytest
from starlette.testclient import TestClient

from tests.monitoring.web.console.conftest import ORIGIN, Lodge, csrf
from tests.monitoring.web.house import payment

HTMX = {"origin": ORIGIN, "hx-request": "true"}


def act(client: TestClient, verb: str, *alerts: str, **fields: str) -> httpx2.Response:
    form = {"csrf": csrf(client), "act": verb, "alert": list(alerts), "hours": "4", **fields}
    return client.post("/acts", data=form, headers=HTMX)


def seen(client: TestClient, alert: str) -> str:
    """Return what the alert's page sends as seen."""
    found = re.search(r'name="alert" value="([^"]+)"', client.get(f"/alerts/{alert}").text)
    assert found is not None
    return found[1]


@pytest.fixture
def alert(lodge: Lodge, request: pytest.FixtureRequest) -> str:
    """Return an alert that nobody has touched."""
    number = 1_000 + abs(hash(request.node.nodeid)) % 10**6
    lodge.house.send(payment(number))
    return lodge.alert("COL-01")


def test_an_act_is_shown_with_who_did_it_and_why(lodge: Lodge, alert: str) -> None:
    client = lodge.client("risk")
    page = act(client, "resolve", seen(client, alert), page="alert", reason="the documents are there")
    assert page.status_code == 200
    assert 'class="tag resolved"' in page.text
    assert "<b>risk</b> resolved it: the documents are there" in page.text
    assert "the documents are there" in lodge.client("auditor").get(f"/alerts/{alert}").text
    listed = client.get("/?handling=resolved").text
    assert alert in listed
    assert alert not in client.get("/?handling=new").text


def test_who_was_slower_is_told_of_who_was_faster(lodge: Lodge, alert: str) -> None:
    fast, slow = lodge.client("operator"), lodge.client("compliance")
    before = seen(slow, alert)
    assert "acknowledged" in act(fast, "acknowledge", before, page="alert").text
    page = act(slow, "resolve", before, page="alert", reason="done").text
    assert 'role="alert"' in page
    assert "operator acknowledged it" in page
    assert 'class="tag acknowledged"' in page, "nothing was done"


@pytest.mark.parametrize(
    ("verb", "fields", "state", "words"),
    [
        ("acknowledge", {}, "acknowledged", "acknowledged it"),
        ("assign", {"assignee": "wang"}, "new", "→ wang"),
        ("snooze", {"hours": "24"}, "snoozed", "snoozed until"),
    ],
)
def test_what_can_be_done(
    lodge: Lodge, alert: str, verb: str, fields: dict[str, str], state: str, words: str
) -> None:
    client = lodge.client("operator")
    page = act(client, verb, seen(client, alert), page="alert", **fields).text
    assert f'class="tag {state}"' in page
    assert words in page


def test_many_at_once_are_told_one_by_one(lodge: Lodge, alert: str) -> None:
    client = lodge.client("risk")
    first = seen(client, alert)
    lodge.house.send(payment(990_001))
    second = seen(client, lodge.alert("COL-01"))
    act(lodge.client("operator"), "acknowledge", second)
    answer = act(client, "resolve", first, second, reason="both")
    assert answer.headers["hx-trigger"] == "acted"
    assert "1 of 2 stand in the log" in answer.text
    assert "operator acknowledged it" in answer.text


@pytest.mark.parametrize(
    ("verb", "alerts", "fields", "status", "words"),
    [
        ("acknowledge", [], {}, 400, "choose some first"),
        ("acknowledge", ["a_1"], {}, 400, "load the page again"),
        ("acknowledge", ["a_1:x:1"], {}, 400, "load the page again"),
        ("acknowledge", ["a_1:0:1"], {}, 404, "none &#39;a_1&#39;"),
        ("destroy", None, {}, 400, "one of acknowledge"),
        ("resolve", None, {}, 400, "reason"),
        ("snooze", None, {"hours": "0"}, 400, "1 to 720"),
        ("snooze", None, {"hours": "-1"}, 400, "1 to 720"),
        ("assign", None, {}, 400, "assignee"),
    ],
)
def test_what_cannot_be_done_is_said(
    lodge: Lodge, verb: str, alerts: list[str] | None, fields: dict[str, str], status: int, words: str
) -> None:
    client = lodge.client("risk")
    named = [seen(client, lodge.alert("COL-01"))] if alerts is None else alerts
    answer = act(client, verb, *named, **fields)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_nobody_acts_on_what_they_may_not_see(lodge: Lodge) -> None:
    hidden = lodge.alert("AML-12")
    answer = act(lodge.client("risk"), "acknowledge", f"{hidden}:0:1")
    assert answer.status_code == 404
    assert 'class="tag new"' in lodge.client("compliance").get(f"/alerts/{hidden}").text
