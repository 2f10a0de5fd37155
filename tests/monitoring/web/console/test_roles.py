"""Who may see and do what: every page and call of the console against every role, and against nobody."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from engine.alert import Record
from monitoring.web.console.roles import ROLES, Right, Role
from monitoring.web.console.sight import Sight
from streams.stores.sqlite_reading import open_reader
from tests.monitoring.web.console.conftest import ORIGIN, Lodge, csrf

# Stated once more, apart from the code: a right that was given by mistake is seen here.
MAY: dict[Right, set[Role]] = {
    "alerts": {"operator", "risk", "compliance", "auditor", "admin"},
    "aml": {"compliance", "auditor"},
    "act": {"operator", "risk", "compliance"},
    "rules": {"risk", "compliance", "auditor", "admin"},
    "audit": {"auditor", "compliance"},
    "quarantine": {"risk", "compliance", "admin"},
    "health": {"operator", "risk", "compliance", "auditor", "admin"},
    "users": {"admin"},
}
# Every route that takes a right, by method and path, with what is asked and how it is answered where it may be.
CALLS: dict[tuple[str, str], tuple[Right, int]] = {
    ("GET", "/"): ("alerts", 200),
    ("GET", "/feed"): ("alerts", 400),  # With a wrong id: a right one would not end.
    ("GET", "/alerts/{alert}"): ("alerts", 200),
    ("GET", "/alerts/{alert}/proof"): ("alerts", 400),  # Nobody signs this log.
    ("POST", "/alerts/{alert}/replay"): ("alerts", 200),
    ("POST", "/acts"): ("act", 400),  # No alert is named.
    ("GET", "/rules"): ("rules", 200),
    ("GET", "/rules/{rule}"): ("rules", 200),
    ("GET", "/quarantine"): ("quarantine", 200),
    ("GET", "/quarantine/{number}"): ("quarantine", 200),
    ("POST", "/quarantine/{number}"): ("quarantine", 400),  # Without an event.
    ("GET", "/audit"): ("audit", 200),
    ("POST", "/audit"): ("audit", 200),
    ("POST", "/audit/export"): ("audit", 400),  # It does not say as what.
    ("POST", "/audit/verify"): ("audit", 200),
    ("GET", "/health"): ("health", 200),
    ("GET", "/users"): ("users", 200),
    ("POST", "/logout"): ("health", 303),
}


def ask(client: TestClient, lodge: Lodge, method: str, path: str, **more: Any) -> httpx2.Response:
    url = path.replace("{alert}", lodge.alert("COL-01")).replace("{rule}", "COL-01")
    url = url.replace("{number}", str(lodge.refused))
    if path == "/feed":
        more = {"params": {"after": "x"}}
    return client.request(method, url, headers={"origin": ORIGIN}, follow_redirects=False, **more)


def test_the_table_has_every_route(lodge: Lodge) -> None:
    routes = lodge.house.served.console.guarded
    found = {
        (method, route.path): right
        for right, route in routes
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert found == {call: right for call, (right, _) in CALLS.items()}


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_against_a_call(lodge: Lodge, role: Role, method: str, path: str) -> None:
    right, status = CALLS[method, path]
    client = lodge.fresh(role) if path == "/logout" else lodge.client(role)
    more = {"data": {"csrf": csrf(client)}} if method == "POST" else {}
    answer = ask(client, lodge, method, path, **more)
    assert answer.status_code == (status if role in MAY[right] else 403), answer.text


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_sees_or_does_anything(lodge: Lodge, method: str, path: str) -> None:
    answer = ask(lodge.stranger(), lodge, method, path)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
    assert "A1" not in answer.text


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "POST"])
@pytest.mark.parametrize(
    ("origin", "token"),
    [(ORIGIN, ""), (ORIGIN, "guessed"), ("http://evil.example", None), ("null", None), (None, None)],
)
def test_what_no_page_of_ours_sent_is_refused(
    lodge: Lodge, path: str, origin: str | None, token: str | None
) -> None:
    client = lodge.client("compliance")
    given = csrf(client) if token is None else token
    answer = client.post(
        path.replace("{alert}", lodge.alert("COL-01")).replace("{number}", str(lodge.refused)),
        data={"csrf": given},
        headers={} if origin is None else {"origin": origin},
        follow_redirects=False,
    )
    assert answer.status_code == 403
    assert client.get("/").status_code == 200, "who was attacked stays logged in"


@pytest.mark.parametrize("role", ROLES)
def test_confidential_alerts_are_not_there_for_others(lodge: Lodge, role: Role) -> None:
    client, hidden = lodge.client(role), lodge.alert("AML-12")
    shown = role in MAY["aml"]
    for page in ("/", "/?sort=level", "/?group=1", "/?rule=AML-*", "/?q=AML-12"):
        assert (">AML-12</b>" in client.get(page).text) == shown, page
    for path in (f"/alerts/{hidden}", f"/alerts/{hidden}/proof"):
        assert (client.get(path).status_code == 404) != shown, path
    answer = client.post(f"/alerts/{hidden}/replay", data={"csrf": csrf(client)}, headers={"origin": ORIGIN})
    assert answer.status_code == (200 if shown else 404)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_said_of_a_confidential_alert_is_confidential(lodge: Lodge, role: Role) -> None:
    """ENG-07 names the rule of an alert that nobody saw to."""
    path = lodge.file.with_name("weiguard.db")
    with open_reader(path) as reader:
        sight = Sight.of(reader, everything=role in MAY["aml"])
        for rule, shown in (("AML-12", role in MAY["aml"]), ("COL-01", True)):
            about = nagging(lodge.alert(rule))
            assert sight.shows(reader, about) == shown
        assert not Sight.of(reader, everything=False).shows(reader, nagging("a_nothing"))


def nagging(alert: str) -> Record:
    return Record(
        "a_1", 1, "raised", "ENG-07", "warn", "default", {"alert": alert}, {}, "", "", {}, {}, False, {}, {}, {}, "",
        {}, {},
    )  # fmt: skip
