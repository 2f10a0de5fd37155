"""What shadow rules found, on the pages of rules: counted and shown to who may see their alerts, and told to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from monitoring.web.console import users
from monitoring.web.console.console import Lodging
from monitoring.web.console.results import results_by_rule, results_of
from monitoring.web.console.roles import ROLES, Role
from monitoring.web.console.sight import Sight
from streams.commit import Batch
from tests.contracts.store import inputs, record
from tests.monitoring.scraping import by, scraped
from tests.monitoring.web.console.conftest import ONLY, PASSWORD, Lodge, listed, paid_by
from tests.monitoring.web.console.test_browser import look, opened
from tests.monitoring.web.console.test_roles import MAY, nagging
from tests.monitoring.web.house import house, payment
from tests.streams.running import open_at

LOOKERS = [role for role in ROLES if role in MAY["rules"]]


@pytest.fixture(scope="module")
def hushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodge]:
    """Return a house in which a confidential rule and another are shadows, and both found something."""
    folder = tmp_path_factory.mktemp("hushed")
    file = folder / "users.json"
    for role in ROLES:
        users.add(file, role, role, PASSWORD)
    lodging = Lodging(users.Users(file))
    shadows = frozenset({"COL-01", "AML-12"})
    with house(folder / "weiguard.db", lodging=lodging, only=ONLY, shadows=shadows) as found:
        more = [payment(number) for number in range(10, 65)]
        found.send(listed("X"), payment(1), payment(2), payment(3, 100, data=paid_by("X")), *more)
        yield Lodge(found, file)


@pytest.mark.parametrize("role", LOOKERS)
def test_results_of_a_confidential_shadow_are_as_confidential_as_its_alerts(
    hushed: Lodge, role: Role
) -> None:
    client, shown = hushed.client(role), role in MAY["aml"]
    listing = client.get("/rules").text
    cells = dict(re.findall(r'<a href="/rules/([\w-]+)#results">(.*?)</a>', listing))
    assert "COL-01" in cells
    assert ("AML-12" in cells) == shown
    page = client.get("/rules/AML-12").text
    assert ('<li class="row' in page) == shown
    assert ("Only who may see alerts of this rule" in page) != shown


def test_who_may_see_no_rules_sees_no_results(hushed: Lodge) -> None:
    for path in ("/rules", "/rules/COL-01"):
        assert hushed.client("operator").get(path).status_code == 403


def test_they_are_counted_and_the_newest_are_shown(hushed: Lodge) -> None:
    page = hushed.client("compliance").get("/rules/COL-01").text
    assert re.search(r"</svg>critical</span> 58 stand", page), "of 58 accounts above the limit"
    assert len(re.findall(r'<li class="row critical">', page)) == 50
    assert "A64<" in page.replace(" ", ""), "the newest"
    assert "A1 " not in page, "and not the oldest"


def test_nobody_is_told_of_them(hushed: Lodge) -> None:
    assert "COL-01" not in re.findall(r"<b>([\w-]+)</b>", hushed.client("auditor").get("/").text)
    answer = hushed.house.client().get("/v1/alerts").json()
    assert {each["rule"] for each in answer["alerts"]} <= {"ENG-07"}
    shadows = by(scraped(hushed.house.metrics.registry), "weiguard_shadow_records_total", "rule")
    assert shadows["COL-01",] >= 58
    assert by(scraped(hushed.house.metrics.registry), "weiguard_alerts_total", "rule")["COL-01",] == 0


@pytest.mark.slow
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_pages_in_both_languages(browser: Browser, hushed: Lodge, size: str) -> None:
    for locale, words in (
        ("zh-CN", ("影子结果", "仍成立", "最近变化的，至多 50 条：")),
        ("en-GB", ("Shadow results", "stand", "Those that changed last, 50 at most:")),
    ):
        with opened(browser, hushed, "compliance", size=size, locale=locale) as page:
            page.goto("/rules")
            expect(page.locator("thead")).to_contain_text(words[0])
            look(page, f"{size}-{locale[:2]}-hushed")
            page.click('a[href="/rules/COL-01#results"]')
            results = page.locator("#results")
            expect(results.locator("h2")).to_have_text(words[0])
            for each in words[1:]:
                expect(results).to_contain_text(each)
            expect(results.locator(".row")).to_have_count(50)
            look(page, f"{size}-{locale[:2]}-results")


def test_who_may_not_see_everything_sees_none_that_speaks_of_another_alert(tmp_path: Path) -> None:
    store = open_at(tmp_path / "log.db")
    said = [
        (1, record("a_1", 1)),
        (2, replace(record("a_1", 2), state="retracted")),
        (2, replace(nagging("a_9"), id="a_2")),
    ]
    store.commit(Batch("log", inputs(1, 2), shadows=said))
    some, everything = Sight(frozenset({"COL-01", "ENG-07"})), Sight()
    for sight, seen in ((some, 0), (everything, 1)):
        found = results_of(store, sight, "ENG-07")
        assert found is not None
        assert (sum(count for _, count in found.standing), len(found.newest)) == (seen, seen)
        assert ("ENG-07" in results_by_rule(store, sight)) == bool(seen)
        of_rule = results_by_rule(store, sight)["COL-01"]
        assert (of_rule.standing, of_rule.retracted) == ((), 1), "the last record says what stands"
    assert results_of(store, Sight(frozenset({"ENG-07"})), "COL-01") is None
    store.close()
