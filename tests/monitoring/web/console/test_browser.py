"""The console in a real browser: every page in both languages, at desktop and phone size, by mouse, keys and feed.

Each page is looked at by axe-core, must say nothing on the browser's console, and may ask nobody but this machine.
Pictures of all pages are in build/screens/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.monitoring.web.console.conftest import PASSWORD, Lodge
from tests.monitoring.web.house import payment
from tests.tidy.tree import ROOT

SCREENS = ROOT / "build/screens"
PATIENCE_MS = 45_000  # A busy machine answers late.
expect.set_options(PATIENCE_MS)
SIZES = {"desktop": (1440, 900), "phone": (375, 812)}
PAGES = {
    "list": "/", "groups": "/?group=1", "alert": "/alerts/{alert}", "rules": "/rules", "rule": "/rules/COL-01",
    "quarantine": "/quarantine", "line": "/quarantine/{number}", "audit": "/audit", "health": "/health",
}  # fmt: skip
# Pages take no style from their text (content security policy), but from scripts.
PLANT = """fault => {
  document.querySelector("main").insertAdjacentHTML("afterbegin", fault);
  for (const each of document.querySelectorAll(".pale")) Object.assign(each.style, {color: "#ccc", background: "#fff"});
}"""
EVIL = "\"'><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@contextmanager
def opened(browser: Browser, lodge: Lodge, role: str | None, **wishes: Any) -> Iterator[Page]:
    """Open a page in which somebody is logged in; nothing may go wrong on it, and nothing may leave the machine."""
    wrong: list[str] = []
    width, height = SIZES[wishes.pop("size", "desktop")]
    wishes = {"locale": "en-GB", "viewport": {"width": width, "height": height}} | wishes
    context = browser.new_context(base_url=lodge.house.url, **wishes)
    context.set_default_timeout(PATIENCE_MS)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(message.text)

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            wrong.append(f"it asked {request.url}")

    page = context.new_page()
    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", asked)
    try:
        if role is not None:
            page.goto("/")
            page.fill("input[name=name]", role)
            page.fill("input[name=password]", PASSWORD)
            page.press("input[name=password]", "Enter")
            page.wait_for_selector("nav")
        yield page
        assert wrong == []
    finally:
        context.close()


def look(page: Page, name: str) -> None:
    """Take a picture, and let axe-core look for what people with disabilities could not use.

    Of the pages that are there four times it looks at two, which have between them both sizes, languages and colours.
    """
    SCREENS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENS / f"{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} pixels too wide"
    if not name.startswith(("desktop-zh", "phone-en")):
        assert grave(page) == [], name


def grave(page: Page) -> list[tuple[str, list[str]]]:
    """Return what axe-core finds that is serious or worse: the name of each rule, and where it is broken."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        pytest.param("<img src='/static/icon.svg'>", "image-alt", id="a picture that nobody describes"),
        pytest.param("<button></button>", "button-name", id="a button without a name"),
        pytest.param("<input>", "label", id="a field without a label"),
        pytest.param("<p class='pale'>pale</p>", "color-contrast", id="a text that is hard to see"),
    ],
)
def test_a_planted_fault_is_found(browser: Browser, lodge: Lodge, fault: str, rule: str) -> None:
    with opened(browser, lodge, "operator") as page:
        assert grave(page) == []
        page.evaluate(PLANT, fault)
        assert [name for name, _ in grave(page)] == [rule]


@pytest.mark.parametrize(
    ("size", "lang"),
    [
        ("desktop", "en"),
        ("phone", "zh"),
        pytest.param("desktop", "zh", marks=pytest.mark.slow),
        pytest.param("phone", "en", marks=pytest.mark.slow),
    ],
)
def test_every_page(browser: Browser, lodge: Lodge, size: str, lang: str) -> None:
    scheme = {"desktop": "dark", "phone": "light"}[size]
    locale = {"zh": "zh-CN", "en": "en-GB"}[lang]
    with opened(browser, lodge, None, size=size, locale=locale, color_scheme=scheme) as page:
        page.goto("/login")
        look(page, f"{size}-{lang}-login")
    with opened(browser, lodge, "compliance", size=size, locale=locale, color_scheme=scheme) as page:
        for name, path in PAGES.items():
            page.goto(path.replace("{alert}", lodge.alert("COL-01")).replace("{number}", str(lodge.refused)))
            expect(page.locator("html")).to_have_attribute("lang", {"zh": "zh-CN", "en": "en"}[lang])
            look(page, f"{size}-{lang}-{name}")
    if size == "desktop":
        with opened(browser, lodge, "admin", locale=locale, color_scheme=scheme) as page:
            page.goto("/users")
            look(page, f"{size}-{lang}-users")


def test_a_new_alert_is_counted_and_shown_when_asked_for(browser: Browser, lodge: Lodge) -> None:
    with opened(browser, lodge, "operator") as page:
        expect(page.locator("#line")).to_have_attribute("data-state", "open")
        before = page.locator(".row").count()
        lodge.house.send(payment(501), payment(502))
        expect(page.locator("#new")).to_have_text("2 new alerts. Show")
        assert page.locator(".row").count() == before, "rows do not jump"
        assert page.title().startswith("(2) ")
        page.click("#new")
        expect(page.locator(".row")).to_have_count(before + 2)
        expect(page.locator("#new")).to_be_hidden()
        lodge.house.send(payment(503))
        expect(page.locator("#new")).to_have_text("1 new alert. Show")


def test_filters_stand_in_the_address(browser: Browser, lodge: Lodge) -> None:
    with opened(browser, lodge, "compliance") as page:
        page.select_option("select[name=level]", "critical")
        page.fill("input[name=rule]", "AML-*")
        page.press("input[name=rule]", "Enter")
        expect(page.locator(".row b").first).to_have_text("AML-12")
        page.wait_for_url(re.compile(r"rule=AML-"))
        address = page.url
        assert "level=critical" in address
        page.goto("/health")
        page.goto(address)
        assert set(page.locator(".row b").all_text_contents()) == {"AML-12"}
        page.goto("/?group=1&rule=COL-01")
        page.locator(".row > .open").first.click()
        expect(page.locator(".unfolded .row").first).to_be_visible()


def test_by_keys_alone(browser: Browser, lodge: Lodge) -> None:
    lodge.house.send(payment(601), payment(602), payment(603))
    with opened(browser, lodge, "risk") as page:
        focused = "document.activeElement.closest('.row')?.dataset.alert"
        page.keyboard.press("j")
        first = page.evaluate(focused)
        page.keyboard.press("j")
        second = page.evaluate(focused)
        page.keyboard.press("k")
        assert page.evaluate(focused) == first != second
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        look(page, "desktop-en-help")
        page.keyboard.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        page.keyboard.press("a")
        expect(page.locator("#acted")).to_contain_text("1 of 1 stand in the log")
        expect(page.locator(f'[data-alert="{first}"] .tag')).to_have_text("acknowledged")
        page.locator(f'[data-alert="{second}"] .open').focus()
        page.keyboard.press("r")
        page.keyboard.type("the papers are there")
        page.locator("#bulk button[value=resolve]").press("Enter")
        expect(page.locator(f'[data-alert="{second}"] .tag')).to_have_text("resolved")
        page.keyboard.press("Escape")
        page.locator("main").focus()
        page.keyboard.press("/")
        page.keyboard.type("A603")
        page.keyboard.press("Enter")
        expect(page.locator(".row")).to_have_count(1)
        page.locator(".row .open").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/alerts/a_"))
        page.keyboard.press("a")
        expect(page.locator("#handling .tag")).to_have_text("acknowledged")


def test_language_and_colours_are_kept(browser: Browser, lodge: Lodge) -> None:
    with opened(browser, lodge, "risk", color_scheme="light") as page:
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        page.click("#theme")
        assert page.evaluate(ground) != light
        page.click("text=中文")
        page.goto("/rules")
        expect(page.locator("h1")).to_have_text("规则")
        assert page.evaluate(ground) != light
        page.click("text=退出")
        page.wait_for_url(re.compile("/login"))


def test_an_alert_is_decided_again_where_it_stands(browser: Browser, lodge: Lodge) -> None:
    with opened(browser, lodge, "auditor") as page:
        page.goto(f"/alerts/{lodge.alert('AML-12')}")
        page.click("text=Decide it again")
        expect(page.locator("#replayed .right")).to_contain_text("1 of 1")
        page.goto("/audit")
        page.fill("input[name=kind]", "alert")
        page.click("button.main")
        expect(page.locator("#audit-rows li").first).to_contain_text("alert")
        page.click("text=Verify the log")
        expect(page.locator("#verified .right")).to_contain_text("It holds")
        with page.expect_download() as download:
            page.click("text=JSONL")
        assert download.value.suggested_filename == "weiguard-audit.jsonl"
        look(page, "desktop-en-verified")


def test_no_text_of_an_event_is_ever_run(browser: Browser, lodge: Lodge) -> None:
    lodge.house.send(
        payment(
            701,
            subject=EVIL,
            source=EVIL,
            data={"transaction_id": EVIL, "amount_fen": 6_000_000, "payer_id": EVIL},
        ),
        payment(702, -1, subject=EVIL, source=EVIL),
    )
    with opened(browser, lodge, "compliance") as page:
        page.goto("/")
        page.locator(".row .open").first.click()
        page.wait_for_url(re.compile(r"/alerts/a_"))
        paths = ["/", "/?group=1", page.url, "/quarantine"]
        for path in paths:
            page.goto(path)
            assert "<script>document.title" in page.locator("main").inner_text(), path
            assert page.title() != "owned"
            assert page.locator("main script, main img").count() == 0


def test_a_page_weighs_little(browser: Browser, lodge: Lodge) -> None:
    with opened(browser, lodge, "compliance") as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        received: list[float] = []
        session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.goto("/")
        page.wait_for_load_state("load")
        assert len(received) >= 4
        assert sum(received) < 200_000, received
