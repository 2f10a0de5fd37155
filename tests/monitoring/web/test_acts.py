"""What people do about alerts over HTTP: in the log before it is answered, one at a time, and told of each other."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from monitoring.web.acts import MOST
from streams.stores.sqlite_reading import open_reader
from streams.ticks import tick_event
from tests.monitoring.web.house import TIME, House, house, payment

NUMBER = itertools.count(1)
NOBODY = "a_" + "0" * 32
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Path]]:
    path = tmp_path_factory.mktemp("acts") / "weiguard.db"
    with house(path) as found:
        yield found, path


@pytest.fixture
def home(place: tuple[House, Path]) -> House:
    return place[0]


def raised(home: House, amount_fen: int = 6_000_000, **more: Any) -> tuple[str, int]:
    """Raise an alert; return its id and the number of its account."""
    number = next(NUMBER)
    home.send(payment(number, amount_fen, **more))
    (found,) = httpx2.get(f"{home.url}/v1/alerts", params={"key": f"A{number}"}).json()["alerts"]
    return found["id"], number


def do(home: House, alert: str, act: str, **body: Any) -> httpx2.Response:
    return httpx2.post(f"{home.url}/v1/alerts/{alert}/{act}", json=body, timeout=30)


def look(home: House, alert: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{home.url}/v1/alerts/{alert}").json()
    return found


def soon(ahead: timedelta = HOUR) -> str:
    return (datetime.fromisoformat(TIME) + ahead).isoformat()


def inputs(path: Path) -> int:
    with open_reader(path) as reader:
        return reader.last


def test_an_alert_from_its_beginning_to_its_end(home: House) -> None:
    alert, _ = raised(home)
    steps: list[tuple[str, dict[str, Any], str]] = [
        ("acknowledge", {"by": "li"}, "acknowledged"),
        ("assign", {"assignee": "wang", "by": "li"}, "acknowledged"),
        ("snooze", {"until": soon(), "by": "wang", "reason": "asks the bank"}, "snoozed"),
        ("resolve", {"by": "wang", "reason": "a deposit, shown by contract"}, "resolved"),
        ("reopen", {"reason": "the contract is another's"}, "new"),
    ]
    for seen, (act, body, state) in enumerate(steps):
        answer = do(home, alert, act, seen=seen, record=1, **body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["written"], told["handling"]["state"], told["handling"]["acts"]) == (
            True,
            state,
            seen + 1,
        )
    found = look(home, alert)
    assert [each["kind"] for each in found["acts"]] == [
        "acknowledged", "assigned", "snoozed", "resolved", "reopened",
    ]  # fmt: skip
    assert [each["by"] for each in found["acts"]] == ["li", "li", "wang", "wang", "tester"]
    assert found["acts"][2]["until"] == soon()
    assert found["acts"][3]["reason"] == "a deposit, shown by contract"
    assert (found["handling"]["assignee"], found["handling"]["last"]) == ("wang", found["acts"][-1])


def test_an_act_stands_in_the_audit_log(home: House) -> None:
    alert, _ = raised(home)
    do(home, alert, "resolve", by="li", reason="known")
    query = {"alert": alert, "kind": "alert.resolved"}
    (entry,) = httpx2.get(f"{home.url}/v1/audit", params=query, timeout=30).json()["entries"]
    event = entry["entry"]["event"]
    assert event["data"] == {"alert_id": alert, "by": "li", "record": 1, "reason": "known"}
    assert event["source"] == "weiguard/console"


def test_to_acknowledge_again_writes_nothing(place: tuple[House, Path]) -> None:
    home, path = place
    alert, _ = raised(home)
    assert do(home, alert, "acknowledge", by="li", reason="seen").json()["written"]
    before = inputs(path)
    for body in ({}, {"reason": "seen"}, {"seen": 0}):
        answer = do(home, alert, "acknowledge", by="li", **body)
        assert (answer.status_code, answer.json()["written"]) == (200, False)
    assert inputs(path) == before
    assert do(home, alert, "acknowledge", by="li", reason="and the owner knows").json()["written"]
    assert do(home, alert, "acknowledge", by="wang").json()["written"], "another may take it over"


REFUSED: list[tuple[str, dict[str, Any], int, str]] = [
    ("resolve", {}, 400, "reason: found none; expected a text"),
    ("resolve", {"reason": "  "}, 400, "reason: found none"),
    ("resolve", {"reason": "x" * 2_001}, 400, "reason: found 2,001 signs; expected at most 2,000"),
    ("assign", {}, 400, "assignee: found none"),
    ("assign", {"assignee": "x" * 201}, 400, "assignee: found 201 signs"),
    ("acknowledge", {"assignee": "li"}, 400, "assignee: found it in acknowledge; expected it only in assign"),
    ("acknowledge", {"by": "x" * 201}, 400, "by: found 201 signs"),
    ("snooze", {}, 400, "until: found none"),
    ("snooze", {"until": "tomorrow"}, 400, "until: found 'tomorrow'; expected an instant such as"),
    ("snooze", {"until": "2026-03-10"}, 400, "write it with its offset"),
    ("snooze", {"until": soon(-HOUR)}, 400, "expected an instant within the next 30 days"),
    ("snooze", {"until": soon(timedelta(days=31))}, 400, "expected an instant within the next 30 days"),
    ("acknowledge", {"seen": -1}, 400, "the body: found “Expected `int` >= 0"),
    ("acknowledge", {"reason": 7}, 400, "$.reason"),
    ("acknowledge", {"why": "x"}, 400, "unknown field `why`"),
    ("reopen", {}, 409, "found that it is new; expected one that is resolved"),
    ("close", {}, 400, "act: found 'close'; expected one of acknowledge, assign"),
]


@pytest.mark.parametrize(
    ("act", "body", "status", "words"), REFUSED, ids=[f"{row[0]}: {row[3]}" for row in REFUSED]
)
def test_what_is_refused_leaves_nothing(
    place: tuple[House, Path], act: str, body: dict[str, Any], status: int, words: str
) -> None:
    home, path = place
    alert, _ = raised(home)
    before = inputs(path)
    answer = do(home, alert, act, **body)
    assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text
    assert (inputs(path), look(home, alert)["acts"]) == (before, [])


def test_a_body_that_is_no_json(home: House) -> None:
    alert, _ = raised(home)
    where = f"{home.url}/v1/alerts/{alert}/acknowledge"
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (
        httpx2.post(where, content=b"{broken", headers={"content-type": "application/json"}).status_code
        == 400
    )
    assert httpx2.post(where, content=b"reason=x", headers=form).status_code == 415
    assert httpx2.post(where, content=b"x" * (1 << 20)).status_code == 413
    assert httpx2.post(where).json()["written"], "nothing needs to be said"


def test_what_is_resolved_is_only_reopened(home: House) -> None:
    alert, _ = raised(home)
    assert do(home, alert, "resolve", reason="known").status_code == 200
    for act, body in (
        ("acknowledge", {}),
        ("assign", {"assignee": "li"}),
        ("snooze", {"until": soon()}),
        ("resolve", {"reason": "x"}),
    ):
        answer = do(home, alert, act, **body)
        assert answer.status_code == 409
        assert (
            "found that it is resolved; expected one that is not; reopen it first" in answer.json()["error"]
        )
    assert do(home, alert, "reopen").status_code == 200


def test_who_did_not_see_an_act_is_told_of_it(place: tuple[House, Path]) -> None:
    home, path = place
    alert, _ = raised(home)
    do(home, alert, "assign", assignee="wang", by="li")
    before = inputs(path)
    answer = do(home, alert, "resolve", reason="known", by="zhao", seen=0)
    told = answer.json()
    assert (answer.status_code, "found 1 acts; expected the 0 that were seen" in told["error"]) == (409, True)
    assert [(each["kind"], each["by"], each["assignee"]) for each in told["acts"]] == [
        ("assigned", "li", "wang")
    ]
    assert (told["record"], told["handling"]["assignee"], inputs(path)) == (None, "wang", before)
    assert do(home, alert, "resolve", reason="known", by="zhao", seen=1).status_code == 200


def test_what_rose_is_new_again_and_who_did_not_see_it_is_told(home: House) -> None:
    alert, number = raised(home, 4_500_000)
    assert do(home, alert, "acknowledge", by="li", record=1).status_code == 200
    more = payment(next(NUMBER), 4_500_000, subject=f"A{number}")
    home.send(more)
    found = look(home, alert)
    assert (found["level"], found["record"]) == ("critical", 2)
    assert (found["handling"]["state"], found["handling"]["changed"]) == ("new", True)
    answer = do(home, alert, "resolve", reason="known", record=1)
    assert (answer.status_code, answer.json()["acts"]) == (409, [])
    assert {name: found[name] for name in answer.json()["record"]} == answer.json()["record"]
    told = do(home, alert, "acknowledge", by="li", record=2).json()
    assert (told["written"], told["handling"]["changed"]) == (True, False), "what rose is acknowledged anew"


def test_of_two_at_once_one_is_first(home: House) -> None:
    for _ in range(5):
        alert, _ = raised(home)
        ready = threading.Barrier(8)
        answers: list[httpx2.Response] = []

        def click(person: int, alert: str = alert, ready: threading.Barrier = ready) -> None:
            ready.wait(30)
            answers.append(do(home, alert, "resolve", reason="known", by=f"person {person}", seen=0))  # noqa: B023

        people = [threading.Thread(target=click, args=(number,)) for number in range(8)]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert sorted(each.status_code for each in answers) == [200] + [409] * 7
        (first,) = look(home, alert)["acts"]
        assert all(
            [each["by"] for each in answer.json()["acts"]] == [first["by"]]
            for answer in answers
            if answer.status_code == 409
        )


def test_a_batch_tells_what_became_of_each(place: tuple[House, Path]) -> None:
    home, path = place
    alerts = [raised(home)[0] for _ in range(4)]
    do(home, alerts[1], "acknowledge", by="li")
    do(home, alerts[2], "resolve", by="wang", reason="known")
    before = inputs(path)
    body = {
        "act": "acknowledge", "by": "li",
        "alerts": [{"id": alerts[0], "seen": 0, "record": 1}, *({"id": name} for name in alerts[1:]), {"id": NOBODY}],
    }  # fmt: skip
    answer = httpx2.post(f"{home.url}/v1/alerts/acts", json=body, timeout=30)
    assert answer.status_code == 200, answer.text
    done = answer.json()["done"]
    assert [each["alert"] for each in done] == [*alerts, NOBODY]
    assert [(each["status"], each.get("written")) for each in done] == [
        (200, True), (200, False), (409, None), (200, True), (404, None),
    ]  # fmt: skip
    assert inputs(path) == before + 2


@pytest.mark.parametrize(
    ("alerts", "words"),
    [
        ([{"id": NOBODY}, {"id": NOBODY}], "found one of them twice"),
        ([{"id": f"a_{number}"} for number in range(MOST + 1)], "alerts: found 501; expected at most 500"),
        ([{"name": "a"}], "$.alerts[0]"),
        ("all", "$.alerts"),
    ],
)
def test_a_batch_that_is_wrong(home: House, alerts: Any, words: str) -> None:
    answer = httpx2.post(f"{home.url}/v1/alerts/acts", json={"act": "acknowledge", "alerts": alerts})
    assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text


def test_a_page_says_how_each_is_handled(home: House) -> None:
    tenant = "pages"
    names = [raised(home, tenant=tenant)[0] for _ in range(5)]
    do(home, names[0], "acknowledge")
    do(home, names[1], "assign", assignee="wang")
    do(home, names[2], "resolve", reason="known")

    def listed(**query: str) -> list[str]:
        page = httpx2.get(f"{home.url}/v1/alerts", params={"tenant": tenant, **query}).json()
        found = [each["id"] for each in page["alerts"]]
        assert set(page["handling"]) == set(found)
        return found

    assert listed() == names[::-1]
    assert listed(handling="acknowledged") == [names[0]]
    assert listed(handling="new,resolved") == [names[4], names[3], names[2], names[1]]
    assert listed(assignee="wang") == [names[1]]
    assert listed(assignee="", handling="new") == [names[4], names[3]]
    page = httpx2.get(
        f"{home.url}/v1/alerts", params={"tenant": tenant, "handling": "new", "limit": "2"}
    ).json()
    assert [each["id"] for each in page["alerts"]] == [names[4], names[3]]
    assert listed(handling="new", cursor=page["next"]) == [names[1]]


def test_an_act_that_the_log_quarantines_is_refused(tmp_path: Path) -> None:
    """A reason may not name an identity number in clear; that it was tried is kept, as all that is quarantined."""
    with house(tmp_path / "weiguard.db", only=("COL-01", "PRV-04")) as found:
        alert, _ = raised(found)
        answer = do(found, alert, "resolve", reason="he is 11010519491231002X")
        assert answer.status_code == 400
        assert "PRV-04" in answer.json()["error"]
        assert "1949" not in answer.text
        assert look(found, alert)["handling"]["state"] == "new"


def test_a_snooze_ends_by_the_tenants_clock(tmp_path: Path) -> None:
    with house(tmp_path / "weiguard.db") as found:
        alert, _ = raised(found)
        until = soon()
        assert do(found, alert, "snooze", until=until).json()["handling"]["until"] == until
        for ahead, state in ((HOUR - timedelta(seconds=1), "snoozed"), (HOUR, "new")):
            found.arriving.put([tick_event(soon(ahead))]).result(10)
            assert look(found, alert)["handling"]["state"] == state


def test_nothing_is_done_about_what_was_retracted(tmp_path: Path) -> None:
    """ENG-07 takes its own alert back when it hears that somebody acknowledged in time after all."""
    with house(tmp_path / "weiguard.db", only=("COL-01", "ENG-07")) as found:
        alert, _ = raised(found)
        found.arriving.put([tick_event(soon(24 * HOUR + HOUR / 2))]).result(10)
        (nagging,) = httpx2.get(f"{found.url}/v1/alerts", params={"rule": "ENG-07"}).json()["alerts"]
        acknowledged = {"type": "alert.acknowledged", "data": {"alert_id": alert, "by": "li"}}
        assert found.send({**payment(0), **acknowledged, "id": "told late"})["decided"] == 1
        assert look(found, nagging["id"])["state"] == "retracted"
        assert look(found, alert)["handling"]["state"] == "acknowledged", "whichever way it came"
        answer = do(found, nagging["id"], "acknowledge")
        assert answer.status_code == 409
        assert "found that it was retracted" in answer.json()["error"]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_who_acknowledges_is_not_nagged(tmp_path: Path, acknowledged: bool) -> None:
    """ENG-07 waits 24 hours for somebody to acknowledge a critical alert."""
    with house(tmp_path / "weiguard.db", only=("COL-01", "ENG-07")) as found:
        alert, _ = raised(found)
        if acknowledged:
            assert do(found, alert, "acknowledge").status_code == 200
        found.arriving.put([tick_event(soon(25 * HOUR))]).result(10)
        nagging = httpx2.get(f"{found.url}/v1/alerts", params={"rule": "ENG-07"}).json()["alerts"]
        assert [each["key"] for each in nagging] == ([] if acknowledged else [{"alert": alert}])
