"""Logging in and out: what a browser bears, what ends it, and what a guesser meets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from starlette.testclient import TestClient

from monitoring.web.console import throttle, users
from monitoring.web.console.console import Lodging
from monitoring.web.console.pages import CSP
from tests.monitoring.web.console.conftest import ORIGIN, PASSWORD, Lodge, csrf
from tests.monitoring.web.house import house, payment


def log_in(client: TestClient, name: str, password: str = PASSWORD, origin: str = ORIGIN) -> int:
    form = {"name": name, "password": password}
    return client.post("/login", data=form, headers={"origin": origin}, follow_redirects=False).status_code


def test_a_session_is_borne_by_a_cookie_that_no_script_and_no_other_site_can_use(lodge: Lodge) -> None:
    client = lodge.stranger()
    form = {"name": "risk", "password": PASSWORD, "next": "/?level=critical"}
    answer = client.post("/login", data=form, headers={"origin": ORIGIN}, follow_redirects=False)
    assert answer.headers["location"] == "/?level=critical"
    cookie = answer.headers["set-cookie"]
    assert re.match(r"weiguard=[\w-]{43}; HttpOnly; Max-Age=43200; Path=/; SameSite=strict", cookie)
    assert "Secure" not in cookie


def test_over_https_the_cookie_goes_nowhere_else(tmp_path: Path) -> None:
    users.add(tmp_path / "users.json", "li", "risk", PASSWORD)
    url = "https://weiguard.example"
    lodging = Lodging(users.Users(tmp_path / "users.json"), url)
    with house(tmp_path / "weiguard.db", lodging=lodging) as found:
        client = found.client(base=url)
        assert log_in(client, "li") == 403, "the origin is the public one"
        form = {"name": "li", "password": PASSWORD}
        answer = client.post("/login", data=form, headers={"origin": url}, follow_redirects=False)
        assert answer.headers["set-cookie"].startswith("__Host-weiguard=")
        assert "Secure" in answer.headers["set-cookie"]
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("/rules", "/rules"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"),
    ],
)  # fmt: skip
def test_nobody_is_sent_on_to_another_site(lodge: Lodge, to: str, place: str) -> None:
    form = {"name": "risk", "password": PASSWORD, "next": to}
    answer = lodge.stranger().post("/login", data=form, headers={"origin": ORIGIN}, follow_redirects=False)
    assert answer.headers["location"] == place
    assert (
        lodge.client("risk").get("/login", params={"next": to}, follow_redirects=False).headers["location"]
        == place
    )


def test_an_id_that_a_browser_bore_before_is_not_the_one_after_it_logged_in(lodge: Lodge) -> None:
    client = lodge.stranger()
    client.cookies.set("weiguard", "chosen-by-somebody-else", domain="127.0.0.1", path="/")
    assert log_in(client, "risk") == 303
    first = client.cookies["weiguard"]
    assert first != "chosen-by-somebody-else"
    assert log_in(client, "risk") == 303
    assert client.cookies["weiguard"] != first
    old = lodge.stranger()
    old.cookies.set("weiguard", first, domain="127.0.0.1", path="/")
    assert old.get("/", follow_redirects=False).status_code == 303


def test_who_logs_out_is_out_wherever_the_cookie_was_copied(lodge: Lodge) -> None:
    client, copy = lodge.fresh("risk"), lodge.stranger()
    copy.cookies.update(client.cookies)
    assert copy.get("/").url.path == "/"
    client.post("/logout", data={"csrf": csrf(client)}, headers={"origin": ORIGIN})
    assert copy.get("/").url.path == "/login"
    assert client.get("/").url.path == "/login"


def test_who_is_taken_out_of_the_file_or_gets_another_password_is_out(lodge: Lodge) -> None:
    users.add(lodge.file, "guest", "risk", PASSWORD)
    client = lodge.fresh("guest")
    users.change(lodge.file, "guest", PASSWORD)
    assert client.get("/").url.path == "/login"
    client = lodge.fresh("guest")
    users.remove(lodge.file, "guest")
    assert client.get("/").url.path == "/login"


def test_without_users_nothing_is_shown(tmp_path: Path) -> None:
    with house(tmp_path / "weiguard.db") as found:
        found.send(payment(1))
        page = found.client(base=ORIGIN).get("/", headers={"accept-language": "zh-CN"}).text
        assert "weiguard users add NAME" in page
        assert "A1" not in page
        assert log_in(found.client(base=ORIGIN), "risk") == 200, "it says the same"
        link = found.served.console.invite("demo")
        client = found.client(base=ORIGIN)
        assert client.get(link).url.path == "/"
        assert "A1" in client.get("/").text
        assert found.client(base=ORIGIN).get(link).status_code == 403, "it works once"


def test_a_guesser_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users.add(tmp_path / "users.json", "li", "risk", PASSWORD)
    with house(tmp_path / "weiguard.db", lodging=Lodging(users.Users(tmp_path / "users.json"))) as found:
        near, far = found.client(base=ORIGIN), found.client("192.0.2.9", ORIGIN)
        assert [log_in(near, "li", "a wrong password") for _ in range(throttle.WRONG)] == [
            401
        ] * throttle.WRONG
        form = {"name": "li", "password": PASSWORD}
        for client, name in ((near, "li"), (far, "li"), (near, "wang")):
            answer = client.post("/login", data={**form, "name": name}, headers={"origin": ORIGIN})
            assert answer.status_code == 429, "by its name and by its address"
            assert 800 < int(answer.headers["retry-after"]) <= throttle.SPAN_S
        assert log_in(far, "wang", "whatever it is") == 401


def test_an_unknown_name_takes_as_long_as_a_wrong_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is the hash: one is computed, with the same parameters, whoever asks."""
    users.add(tmp_path / "users.json", "li", "risk", PASSWORD)
    known = users.Users(tmp_path / "users.json")
    computed: list[Parameters] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, hash_: str, password: str) -> bool:
        computed.append(extract_parameters(hash_))
        return verify(hasher, hash_, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    for name in ("li", "nobody"):
        assert known.verified(name, "a wrong password") is None
    assert len(computed) == 2
    assert computed[0] == computed[1]


def test_every_answer_keeps_strangers_out(lodge: Lodge) -> None:
    client = lodge.client("compliance")
    for path in ("/", "/login", "/alerts/a_nothing", "/static/console.css", "/?level=none"):
        headers = client.get(path, follow_redirects=False).headers
        assert headers["content-security-policy"] == CSP
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "public" in headers["cache-control"] or headers["cache-control"] == "no-store"


def test_a_link_of_another_site_finds_who_is_logged_in(lodge: Lodge) -> None:
    """Behind such a link a browser holds the cookie back, so the page asks once more by itself."""
    headers = {"sec-fetch-site": "cross-site"}
    answer = lodge.stranger().get("/?rule=COL-01&q=%22%3E", headers=headers, follow_redirects=False)
    assert answer.status_code == 200
    assert 'content="0; url=/?rule=COL-01&amp;q=%22%3E"' in answer.text
