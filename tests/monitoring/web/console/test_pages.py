"""The other pages: one alert with what explains it, rules, health, quarantine and the audit log."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from monitoring.sheets import plain_cell
from tests.monitoring.web.console.conftest import ORIGIN, Lodge, csrf
from tests.monitoring.web.house import payment

HTMX = {"origin": ORIGIN, "hx-request": "true"}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                "60,000.00 yuan",
                "limit personal_daily",
                "50,000.00 yuan",
                "counts",
                "raised",
                "Decide it again",
            ),
        ),
        ("zh", ("60,000.00 元", "限额 personal_daily", "统计", "触发", "重新判定")),
    ],
)
def test_an_alert_says_why_it_is_there(lodge: Lodge, lang: str, words: tuple[str, ...]) -> None:
    page = lodge.fresh("risk").get(f"/alerts/{lodge.alert('COL-01')}?lang={lang}").text
    assert [word for word in words if word not in page] == []
    (value,) = re.findall(r'<rect class="value critical"[^>]* width="(\d+)"', page)
    marks = [int(at) for at in re.findall(r'<path class="mark" d="M(\d+) 0V', page)]
    assert marks
    assert all(mark < int(value) for mark in marks), "the value is beyond its limits"


def test_an_alert_is_decided_again_in_its_place(lodge: Lodge) -> None:
    client = lodge.client("operator")
    path = f"/alerts/{lodge.alert('COL-01')}/replay"
    answer = client.post(path, data={"csrf": csrf(client)}, headers=HTMX)
    assert "1 of 1 records are identical to the byte" in answer.text


def test_the_rules_that_are_on_are_listed_with_how_often_they_fired(lodge: Lodge) -> None:
    risk, auditor = (lodge.client(role).get("/rules").text for role in ("risk", "auditor"))
    for page in (risk, auditor):
        assert set(re.findall(r'href="/rules/([\w-]+)"', page)) == {"COL-01", "AML-12", "ENG-07"}
    assert 'href="/?rule=AML-12"' in auditor
    assert 'href="/?rule=AML-12"' not in risk, "that it fired is what others must not know"
    one = lodge.client("risk").get("/rules/COL-01").text
    assert "personal_daily" in one
    assert "confidence" in one
    assert lodge.client("risk").get("/rules/COL-99").status_code == 404


def test_health_adds_up(lodge: Lodge) -> None:
    page = lodge.client("operator").get("/health").text
    facts = dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([^<]+)</dd>", page))
    assert int(facts["decided"]) >= 4
    assert int(facts["quarantined"]) >= 1
    assert int(facts["audit entries"]) >= 3


def test_what_was_refused_is_mended_by_name(lodge: Lodge) -> None:
    client = lodge.client("risk")
    path = f"/quarantine/{lodge.refused}"
    assert f'href="{path}"' in client.get("/quarantine").text
    page = client.get(path).text
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    event = json.loads(html.unescape(found[1]))
    again = client.post(
        path, data={"csrf": csrf(client), "raw": json.dumps(event)}, headers={"origin": ORIGIN}
    )
    assert "It was quarantined" not in again.text.replace("\n", " ") or "quarantined" in again.text
    event["data"]["amount_fen"] = 7_000_000
    done = client.post(
        path, data={"csrf": csrf(client), "raw": json.dumps(event)}, headers={"origin": ORIGIN}
    )
    assert "Sent. It was decided" in done.text
    alert = re.search(r'href="/alerts/(a_\w+)"', client.get("/?key=A4").text)
    assert alert is not None
    assert client.get(path).status_code == 200, "the old one stays as it is"


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        ("{", 400, "one JSON object"),
        ("[]", 400, "one JSON object"),
        ('{"type": "suppression.added"}', 403, "event 0, type"),
        ('{"type": "clock.tick"}', 403, "event 0, type"),
    ],
)
def test_what_cannot_be_sent_again(lodge: Lodge, raw: str, status: int, words: str) -> None:
    client = lodge.client("risk")
    path = f"/quarantine/{lodge.refused}"
    answer = client.post(path, data={"csrf": csrf(client), "raw": raw}, headers={"origin": ORIGIN})
    assert (answer.status_code, words in answer.text) == (status, True), answer.text


def test_no_page_shows_a_card_number(lodge: Lodge) -> None:
    card = "6222021234567890128"
    lodge.house.send(payment(777, note=f"card {card}"), payment(778, -5, note=card))
    client = lodge.client("admin")
    page = client.get("/quarantine").text
    numbers = re.findall(r'href="/quarantine/(\d+)"', page)
    assert len(numbers) >= 2
    for text in (page, *(client.get(f"/quarantine/{number}").text for number in numbers)):
        assert card not in text


def test_an_auditors_query_stands_in_the_log_under_the_name_of_who_is_logged_in(lodge: Lodge) -> None:
    client = lodge.client("auditor")
    token = csrf(client)
    first = client.post("/audit", data={"csrf": token, "kind": "alert", "rule": "COL-01"}, headers=HTMX).text
    assert "COL-01" in first
    assert "AML-12" not in first
    noted = client.post("/audit", data={"csrf": token, "kind": "audit.queried"}, headers=HTMX).text
    assert "&#34;by&#34;:&#34;auditor&#34;" in noted
    for kind, begins in (("jsonl", b"{"), ("csv", b"\xef\xbb\xbfleaf,kind")):
        form = {"csrf": token, "as": kind, "text": f"export {kind}"}
        export = client.post("/audit/export", data=form, headers={"origin": ORIGIN})
        assert export.status_code == 200, export.text
        assert export.content == b"" or export.content.startswith(begins)
        told = client.post("/audit", data={"csrf": token, "kind": "audit.queried"}, headers=HTMX).text
        assert f"export {kind}" in told
    wrong = client.post("/audit", data={"csrf": token, "from": "tomorrow"}, headers=HTMX)
    assert (wrong.status_code, "found &#39;tomorrow&#39;" in wrong.text) == (400, True)


def test_the_log_is_verified(lodge: Lodge) -> None:
    client = lodge.client("auditor")
    answer = client.post("/audit/verify", data={"csrf": csrf(client)}, headers=HTMX)
    assert "It holds:" in answer.text
    assert "Nobody signs it" in answer.text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    assert plain_cell(text) == f"'{text}"
    assert plain_cell("COL-01") == "COL-01"


def test_what_stands_in_events_is_text_on_every_page(lodge: Lodge) -> None:
    evil: dict[str, Any] = {
        "data": {"transaction_id": EVIL, "amount_fen": 6_000_000, "payer_id": EVIL, "note": EVIL}, "tenant": "t<b>",
    }  # fmt: skip
    lodge.house.send(
        payment(880, subject=EVIL, source=EVIL, **evil),
        payment(881, -1, subject=EVIL, **{EVIL: EVIL}),
        {EVIL: EVIL},
    )
    client = lodge.client("compliance")
    listed = client.get("/").text
    alerts = re.findall(r'href="/alerts/(a_[0-9a-f]{32})"', listed)
    paths = ["/", "/?group=1", f"/?q={EVIL}", f"/alerts/{alerts[0]}", "/quarantine", "/health", "/rules"]
    seen_in = [path for path in paths if "&lt;script&gt;" in client.get(path).text]
    assert {"/", f"/alerts/{alerts[0]}", "/quarantine"} <= set(seen_in)
    for path in paths:
        page = client.get(path).text
        assert "<script>alert" not in page, path
        assert "<img" not in page, path
        assert "t<b>" not in page, path
