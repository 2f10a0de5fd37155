"""A house with a console for the tests of a module: one user for each role, and alerts of which one is confidential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from monitoring.web.console import users
from monitoring.web.console.console import Lodging
from monitoring.web.console.roles import ROLES, Role
from tests.monitoring.web.house import TIME, House, house, payment

PASSWORD = "four words of no poem"
ORIGIN = "http://127.0.0.1"
ONLY = ("COL-01", "AML-12", "ENG-07")


@dataclass(slots=True)
class Lodge:
    """A house, its file of users, and who is logged in."""

    house: House
    file: Path
    refused: int = 0  # The number of a line in quarantine.
    clients: dict[Role, TestClient] = field(default_factory=dict)

    def stranger(self) -> TestClient:
        """Return a browser in which nobody is logged in."""
        return self.house.client(base=ORIGIN)

    def client(self, role: Role) -> TestClient:
        """Return a browser in which the user of a role is logged in."""
        if role not in self.clients:
            self.clients[role] = self.fresh(role)
        return self.clients[role]

    def fresh(self, name: str) -> TestClient:
        """Log somebody in, in a browser of their own."""
        client = self.stranger()
        answer = client.post(
            "/login",
            data={"name": name, "password": PASSWORD},
            headers={"origin": ORIGIN},
            follow_redirects=False,
        )
        assert answer.status_code == 303, answer.text
        return client

    def alert(self, rule: str) -> str:
        """Return the id of the newest alert of a rule."""
        page = self.client("auditor").get("/", params={"rule": rule}).text
        found = re.search(r'href="/alerts/(a_[0-9a-f]{32})"', page)
        assert found is not None, page
        return found[1]


def csrf(client: TestClient, path: str = "/") -> str:
    """Return the token that a page has for its forms."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def listed(party: str) -> dict[str, object]:
    """Return the entry of a party on a list of those whom nobody may deal with."""
    return {
        "specversion": "1.0", "id": f"list-{party}", "source": "lists", "type": "listed_party.added", "time": TIME,
        "data": {"party_id": party, "list": "un"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def lodge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodge]:
    """Return a house with three payments above a limit, one of them by somebody on a list."""
    folder = tmp_path_factory.mktemp("lodge")
    file = folder / "users.json"
    for role in ROLES:
        users.add(file, role, role, PASSWORD)
    lodging = Lodging(users.Users(file))
    with house(folder / "weiguard.db", lodging=lodging, only=ONLY) as found:
        found.send(listed("X"), payment(1), payment(2), payment(3, 100, data=paid_by("X")), payment(4, -1))
        yield Lodge(found, file, refused=5)


def paid_by(payer: str) -> dict[str, object]:
    return {"transaction_id": "t3", "amount_fen": 6_000_000, "payer_id": payer}
