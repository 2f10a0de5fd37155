"""The list of alerts: filters, order, pages and groups, and what is new."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.web.console import users
from monitoring.web.console.console import Lodging
from tests.monitoring.web.console.conftest import ORIGIN, PASSWORD, Lodge
from tests.monitoring.web.house import house, payment


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodge]:
    """Return a house with 120 alerts of three tenants, every fourth a warning."""
    folder = tmp_path_factory.mktemp("many")
    users.add(folder / "users.json", "risk", "risk", PASSWORD)
    with house(folder / "weiguard.db", lodging=Lodging(users.Users(folder / "users.json"))) as found:
        found.send(*(_paid(number) for number in range(120)))
        yield Lodge(found, folder / "users.json")


def _paid(number: int) -> dict[str, object]:
    return payment(number, 6_000_000 if number % 4 else 4_500_000, tenant=f"t{number % 3}")


def accounts(page: str) -> list[str]:
    return re.findall(r'<span class="dim">account</span> (A\d+)', page)


def walked(many: Lodge, path: str) -> list[str]:
    """Follow the pages to the last one."""
    client, found = many.client("risk"), []
    while path:
        page = client.get(path).text
        found += accounts(page)
        after = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(after[1]) if after else ""
    return found


def test_pages_show_each_alert_once_the_newest_first(many: Lodge) -> None:
    assert walked(many, "/") == [f"A{number}" for number in reversed(range(120))]


def test_the_gravest_come_first(many: Lodge) -> None:
    found = walked(many, "/?sort=level&tenant=t0")
    levels = [int(name[1:]) % 4 == 0 for name in found]
    assert len(found) == 40
    assert levels == sorted(levels), "warnings last"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("level=warn&tenant=t0", 10),
        ("rule=COL-*&tenant=t1", 40),
        ("rule=FRD-*", 0),
        ("key=account%3DA8", 1),
        ("key=A8", 1),
        ("q=a8", 11),
        ("q=A8+col-01+t2", 5),
        ("owner=nobody", 0),
        ("until=2020-01-01", 0),
        ("since=2020-01-01&tenant=t2&rule=&level=", 40),
        ("keys=account%3DA8", 1),
    ],
)
def test_filters(many: Lodge, query: str, wanted: int) -> None:
    assert len(walked(many, f"/?{query}")) == wanted


def test_groups_are_counted_and_unfold(tmp_path: Path) -> None:
    users.add(tmp_path / "users.json", "risk", "risk", PASSWORD)
    with house(tmp_path / "weiguard.db", lodging=Lodging(users.Users(tmp_path / "users.json"))) as found:
        now = datetime.now(UTC)
        day_before = (now - timedelta(hours=24)).isoformat()
        found.send(
            payment(1, subject="A1", time=day_before), payment(2, subject="A1"), payment(3, subject="A2")
        )
        client = Lodge(found, tmp_path / "users.json").client("risk")
        page = client.get("/?group=1").text
        counts = re.findall(r'class="count"[^>]*>(\d+)<', page)
        assert sorted(counts) == ["1", "2"]
        inside = [html.unescape(each) for each in re.findall(r'hx-get="([^"]*keys=[^"]*)"', page)]
        sizes = sorted(
            len(accounts(client.get(each, headers={"hx-request": "true"}).text)) for each in inside
        )
        assert sizes == [1, 2]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("level=grave", "critical, warn, info"),
        ("since=tomorrow", "?since: found"),
        ("sort=random", "newest, level"),
        ("page=0", "a whole number from 1"),
        ("page=1e9", "a whole number from 1"),
        ("before=x", "a whole number from 1"),
        ("colour=red", "?colour: found"),
        ("q=%3Cscript%3Ealert(1)%3C/script%3E&page=%3Cscript%3E", "&lt;script&gt;"),
    ],
)
def test_what_cannot_be_asked_is_said_in_its_place(many: Lodge, query: str, words: str) -> None:
    for headers in ({}, {"hx-request": "true"}):
        answer = many.client("risk").get(f"/?{query}", headers=headers)
        assert answer.status_code == 400
        assert "<script>alert" not in answer.text
        if "level" not in query:
            assert words in answer.text, answer.text


def test_htmx_is_given_rows_and_no_page(many: Lodge) -> None:
    answer = many.client("risk").get("/", headers={"hx-request": "true"})
    assert answer.text.lstrip().startswith("<section")
    gone = many.stranger().get("/", headers={"hx-request": "true"}, follow_redirects=False)
    assert (gone.status_code, gone.headers["hx-redirect"]) == (401, "/login")


def test_a_language_is_kept(many: Lodge) -> None:
    client = many.fresh("risk")
    assert '<html lang="zh-CN"' in client.get("/?lang=zh").text
    assert "预警" in client.get("/").text
    assert '<html lang="en"' in client.get("/?lang=en").text
    assert ORIGIN not in client.get("/").text
