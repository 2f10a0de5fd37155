"""Who may ask for what: every path against every kind of caller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.web import tokens
from streams.refusing import RefusedError
from tests.monitoring.web.house import House, house, payment

POSTS = {
    "/v1/alerts/a_0/acknowledge": {},
    "/v1/alerts/acts": {"act": "acknowledge", "alerts": [{"id": "a_0"}]},
}
PATHS = ("/v1/events", "/v1/alerts", "/v1/alerts/a_0", "/v1/audit", "/tlog/tile/0/000.p/1", *POSTS)
OPEN = ("/healthz", "/readyz", "/metrics", "/v1/openapi.json")
FINE = {
    "/v1/events": 202,
    "/v1/alerts": 200,
    "/v1/alerts/a_0": 404,
    "/v1/audit": 200,
    "/tlog/tile/0/000.p/1": 200,
    "/v1/alerts/a_0/acknowledge": 404,
    "/v1/alerts/acts": 200,
}
NEEDS = {
    "/v1/events": "ingest", "/v1/alerts": "read", "/v1/alerts/a_0": "read", "/v1/audit": "audit",
    "/tlog/tile/0/000.p/1": "audit", "/v1/alerts/a_0/acknowledge": "act", "/v1/alerts/acts": "act",
}  # fmt: skip
FAR = ("192.0.2.7", "http://weiguard.example:8787")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, str], Path]]:
    """Return a house, the tokens for it by their scope, and their file."""
    folder = tmp_path_factory.mktemp("guarded")
    file = folder / "tokens.json"
    bearers: dict[str, str] = {scope: tokens.add(file, scope, [scope], [], []) for scope in tokens.SCOPES}
    bearers["one shop"] = tokens.add(file, "one shop", tokens.SCOPES, ["wechatpay/*"], ["t1"])
    with house(folder / "weiguard.db", file) as found:
        found.send(payment(1))
        yield found, bearers, file


def ask(house: House, path: str, where: tuple[str, str], headers: dict[str, str]) -> int:
    client = house.client(*where)
    if path == "/v1/events":
        return client.post(path, json=payment(2), headers=headers).status_code
    if path in POSTS:
        return client.post(path, json=POSTS[path], headers=headers).status_code
    return client.get(path, headers=headers).status_code


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("where", "headers", "may"),
    [
        pytest.param(("127.0.0.1", "http://127.0.0.1:8787"), {}, True, id="this machine"),
        pytest.param(("::1", "http://[::1]:8787"), {}, True, id="this machine by IPv6"),
        pytest.param(("127.0.0.1", "http://localhost:8787"), {}, True, id="this machine by name"),
        pytest.param(
            ("127.0.0.1", "http://localhost:8787"),
            {"origin": "http://localhost:8787"},
            True,
            id="a page of its own",
        ),
        pytest.param(
            ("127.0.0.1", "http://localhost:8787"),
            {"origin": "http://evil.example"},
            False,
            id="a strange page",
        ),
        pytest.param(
            ("127.0.0.1", "http://localhost:8787"), {"origin": "null"}, False, id="a page from nowhere"
        ),
        pytest.param(("127.0.0.1", "http://evil.example"), {}, False, id="a name that a page chose"),
        pytest.param(
            ("127.0.0.1", "http://127.0.0.1"), {"x-forwarded-for": "192.0.2.7"}, False, id="a proxy"
        ),
        pytest.param(FAR, {}, False, id="elsewhere"),
        pytest.param(FAR, {"x-forwarded-for": "127.0.0.1"}, False, id="elsewhere, said to be here"),
        pytest.param(FAR, {"authorization": "Bearer wg_guessed"}, False, id="a guess"),
        pytest.param(FAR, {"authorization": "Basic Og=="}, False, id="no bearer"),
        pytest.param(
            ("127.0.0.1", "http://127.0.0.1"), {"authorization": "Bearer x"}, False, id="a wrong one here"
        ),
    ],
)
def test_without_a_token(
    guarded: tuple[House, dict[str, str], Path],
    path: str,
    where: tuple[str, str],
    headers: dict[str, str],
    may: bool,
) -> None:
    found, _, _ = guarded
    assert ask(found, path, where, headers) == (FINE[path] if may else 401)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scope", tokens.SCOPES)
def test_a_token_opens_what_it_is_for(
    guarded: tuple[House, dict[str, str], Path], path: str, scope: str
) -> None:
    found, bearers, _ = guarded
    status = ask(found, path, FAR, {"authorization": f"Bearer {bearers[scope]}"})
    assert status == (FINE[path] if NEEDS[path] == scope else 403)


@pytest.mark.parametrize("path", OPEN)
def test_health_and_metrics_tell_of_nobody(guarded: tuple[House, dict[str, str], Path], path: str) -> None:
    found, _, _ = guarded
    assert found.client(*FAR).get(path).status_code == 200


def test_a_token_of_one_shop(guarded: tuple[House, dict[str, str], Path]) -> None:
    found, bearers, _ = guarded
    client = found.client(*FAR)
    client.headers["authorization"] = f"Bearer {bearers['one shop']}"
    assert client.post("/v1/events", json=payment(5, tenant="t1")).status_code == 202
    for event in (payment(6), payment(6, tenant="t2"), payment(6, tenant="t1", source="bank")):
        refused = client.post("/v1/events", json=[payment(7, tenant="t1"), event])
        assert refused.status_code == 403
        assert refused.json()["where"].startswith("event 1, ")
    alerts = client.get("/v1/alerts").json()["alerts"]
    assert [each["key"]["account"] for each in alerts] == ["A5"]
    assert client.get("/v1/alerts?tenant=default").status_code == 403
    (hidden,) = found.client().get("/v1/alerts?key=A1").json()["alerts"]
    assert client.get(f"/v1/alerts/{hidden['id']}").status_code == 404
    assert client.post(f"/v1/alerts/{hidden['id']}/acknowledge").status_code == 404
    batch = {
        "act": "acknowledge",
        "alerts": [{"id": hidden["id"]}, {"id": alerts[0]["id"]}],
        "by": "somebody else",
    }
    done = client.post("/v1/alerts/acts", json=batch).json()["done"]
    assert [each["status"] for each in done] == [404, 200]
    assert done[1]["handling"]["last"]["by"] == "one shop", "it says who it is itself"
    answer = client.get("/v1/audit?by=somebody+else").json()
    assert {each["entry"]["tenant"] for each in answer["entries"]} == {"t1"}
    assert client.get("/v1/audit?tenant=default").status_code == 403
    asked = client.get("/v1/audit?kind=audit.queried").json()["entries"]
    assert {each["entry"]["event"]["data"]["by"] for each in asked} == {"one shop"}, (
        "it says who it is itself"
    )


@pytest.mark.parametrize(
    "kind", ["suppression.added", "override.set", "rule.changed", "clock.tick", "subject.erased"]
)
def test_who_sends_payments_sends_none_of_weiguards_own_events(
    guarded: tuple[House, dict[str, str], Path], kind: str
) -> None:
    """A source that could silence the alerts about itself would be no source."""
    found, bearers, file = guarded
    own = {**payment(8), "type": kind}
    headers = {"authorization": f"Bearer {bearers['ingest']}"}
    refused = found.client(*FAR).post("/v1/events", json=[payment(9), own], headers=headers)
    assert (refused.status_code, refused.json()["where"]) == (403, "event 1, type")
    name = f"officer {kind}"
    headers = {"authorization": f"Bearer {tokens.add(file, name, ['ingest', 'act'], [], [])}"}
    assert found.client(*FAR).post("/v1/events", json=[own], headers=headers).status_code == 202


def test_a_token_that_was_taken_away_opens_nothing(guarded: tuple[House, dict[str, str], Path]) -> None:
    found, _, file = guarded
    bearer = tokens.add(file, "for a day", ["read"], [], [])
    headers = {"authorization": f"Bearer {bearer}"}
    assert ask(found, "/v1/alerts", FAR, headers) == 200
    tokens.remove(file, "for a day")
    assert ask(found, "/v1/alerts", FAR, headers) == 401


@pytest.mark.parametrize(
    ("body", "mode", "words"),
    [
        (b"[]", 0o666, "a file that others can write (mode 666)"),
        (b"{", 0o600, "a file of tokens"),
        (
            json.dumps([{"name": "x", "sha256": "", "scopes": ["all"]}]).encode(),
            0o600,
            "Invalid enum value 'all'",
        ),
    ],
)
def test_a_file_that_is_not_right_is_refused(tmp_path: Path, body: bytes, mode: int, words: str) -> None:
    file = tmp_path / "tokens.json"
    file.write_bytes(body)
    file.chmod(mode)
    with pytest.raises(RefusedError) as refused:
        tokens.Tokens(file)
    assert words in str(refused.value)
