"""The console in a real browser: all pages and flows in both languages, at desktop and phone size.

Each page is looked at by axe-core, must say nothing on the browser's console, and may ask nobody but this machine.
Pictures of all pages are in build/screens/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from monitoring.web.console.words import words_of
from monitoring.wording.words import Language
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
LOCALES: dict[Language, str] = {"zh": "zh-CN", "en": "en-GB"}
VIEWS = pytest.mark.parametrize(
    ("size", "lang"),
    [
        ("desktop", "en"),
        ("phone", "zh"),
        pytest.param("desktop", "zh", marks=pytest.mark.slow),
        pytest.param("phone", "en", marks=pytest.mark.slow),
    ],
)
NUMBERS = count(1_000)  # Of payments, each of another account.
# Pages take no style from their text (content security policy), but from scripts.
PLANT = """fault => {
  document.querySelector("main").insertAdjacentHTML("afterbegin", fault);
  for (const each of document.querySelectorAll(".pale")) Object.assign(each.style, {color: "#ccc", background: "#fff"});
}"""
EVIL = "\"'><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@contextmanager
def opened(
    browser: Browser, lodge: Lodge, role: str | None, *, excused: str = "nothing", **wishes: Any
) -> Iterator[Page]:
    """Open a page in which somebody is logged in; nothing may go wrong on it, and nothing may leave the machine.

    `excused`: what the browser says by itself of an answer that is to be a refusal.
    """
    wrong: list[str] = []
    width, height = SIZES[wishes.pop("size", "desktop")]
    wishes = {"locale": "en-GB", "viewport": {"width": width, "height": height}} | wishes
    context = browser.new_context(base_url=lodge.house.url, **wishes)
    context.set_default_timeout(PATIENCE_MS)

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and excused not in message.text:
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


@VIEWS
def test_every_page(browser: Browser, lodge: Lodge, size: str, lang: Language) -> None:
    scheme = {"desktop": "dark", "phone": "light"}[size]
    locale = LOCALES[lang]
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


@VIEWS
def test_a_new_alert_is_counted_and_shown_when_asked_for(
    browser: Browser, lodge: Lodge, size: str, lang: Language
) -> None:
    t = words_of(lang)
    with opened(browser, lodge, "operator", size=size, locale=LOCALES[lang]) as page:
        expect(page.locator("#line")).to_have_attribute("data-state", "open")
        before = page.locator(".row").count()
        lodge.house.send(payment(next(NUMBERS)), payment(next(NUMBERS)))
        expect(page.locator("#new")).to_have_text(t("new_many", count=2))
        assert page.locator(".row").count() == before, "rows do not jump"
        assert page.title().startswith("(2) ")
        page.click("#new")
        expect(page.locator(".row")).to_have_count(min(before + 2, 50))
        expect(page.locator("#new")).to_be_hidden()
        lodge.house.send(payment(next(NUMBERS)))
        expect(page.locator("#new")).to_have_text(t("new_one"))


def unfold(page: Page) -> None:
    """Show the filters, which a phone folds."""
    if page.locator("#fold").is_visible() and not page.locator("input[name=rule]").is_visible():
        page.click("#fold")


@VIEWS
def test_filters_stand_in_the_address(browser: Browser, lodge: Lodge, size: str, lang: Language) -> None:
    with opened(browser, lodge, "compliance", size=size, locale=LOCALES[lang]) as page:
        unfold(page)
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


@VIEWS
def test_by_keys_alone(browser: Browser, lodge: Lodge, size: str, lang: Language) -> None:
    t = words_of(lang)
    numbers = [next(NUMBERS) for _ in range(3)]
    lodge.house.send(*map(payment, numbers))
    with opened(browser, lodge, "risk", size=size, locale=LOCALES[lang]) as page:
        focused = "document.activeElement.closest('.row')?.dataset.alert"
        page.keyboard.press("j")
        first = page.evaluate(focused)
        page.keyboard.press("j")
        second = page.evaluate(focused)
        page.keyboard.press("k")
        assert page.evaluate(focused) == first != second
        page.keyboard.press("?")
        expect(page.locator("#help")).to_be_visible()
        look(page, f"{size}-{lang}-help")
        page.keyboard.press("Escape")
        expect(page.locator("#help")).to_be_hidden()
        page.keyboard.press("a")
        expect(page.locator("#acted")).to_contain_text(t("acted", written=1, all=1))
        expect(page.locator(f'[data-alert="{first}"] .tag')).to_have_text(t("handling_acknowledged"))
        page.locator(f'[data-alert="{second}"] .open').focus()
        page.keyboard.press("r")
        page.keyboard.type("the papers are there")
        page.locator("#bulk button[value=resolve]").press("Enter")
        expect(page.locator(f'[data-alert="{second}"] .tag')).to_have_text(t("handling_resolved"))
        page.keyboard.press("Escape")
        page.locator("main").focus()
        page.keyboard.press("/")
        page.keyboard.type(f"A{numbers[2]}")
        page.keyboard.press("Enter")
        expect(page.locator(".row")).to_have_count(1)
        page.locator(".row .open").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/alerts/a_"))
        page.keyboard.press("a")
        expect(page.locator("#handling .tag")).to_have_text(t("handling_acknowledged"))


@VIEWS
def test_everything_that_can_be_done_about_an_alert(
    browser: Browser, lodge: Lodge, size: str, lang: Language
) -> None:
    t = words_of(lang)
    lodge.house.send(*(payment(next(NUMBERS)) for _ in range(3)))
    with opened(browser, lodge, "risk", size=size, locale=LOCALES[lang]) as page:
        page.locator(".row .open").first.click()
        page.wait_for_url(re.compile(r"/alerts/a_"))
        tag = page.locator("#handling .tag")
        expect(tag).to_have_text(t("handling_new"))
        page.fill("#acting [name=assignee]", "chen")
        page.click("#acting [value=assign]")
        expect(page.locator("#handling .acts")).to_contain_text("chen")
        for act, state in (
            ("snooze", "snoozed"), ("acknowledge", "acknowledged"), ("resolve", "resolved"), ("reopen", "new"),
        ):  # fmt: skip
            page.fill("#acting [name=reason]", f"{act}: the papers")
            page.click(f"#acting [value={act}]")
            expect(tag).to_have_text(t(f"handling_{state}"))
            expect(page.locator("#handling .acts")).to_contain_text("risk")
        page.goto("/")
        for at in (0, 1):
            page.locator(".row .pick").nth(at).check()
        page.fill("#bulk [name=reason]", "both looked at")
        page.click("#bulk [value=resolve]")
        expect(page.locator("#acted")).to_contain_text(t("acted", written=2, all=2))


@VIEWS
def test_what_was_refused_is_mended_and_sent_again(
    browser: Browser, lodge: Lodge, size: str, lang: Language
) -> None:
    t = words_of(lang)
    with opened(browser, lodge, "compliance", size=size, locale=LOCALES[lang]) as page:
        page.goto("/quarantine")
        page.click(f"a[href='/quarantine/{lodge.refused}']")
        page.fill("textarea[name=raw]", json.dumps(payment(next(NUMBERS), 100)))
        page.click("form.stack button.main")
        expect(page.locator("main .right")).to_have_text(f"{t('resubmitted')} {t('disposition_decided')}")


@VIEWS
def test_a_wrong_password_is_said_and_the_right_one_let_in(
    browser: Browser, lodge: Lodge, size: str, lang: Language
) -> None:
    with opened(browser, lodge, None, excused="status of 401", size=size, locale=LOCALES[lang]) as page:
        for password in ("four words too many", PASSWORD):
            page.goto("/login")
            page.fill("input[name=name]", "auditor")
            page.fill("input[name=password]", password)
            page.click("button.main")
            if password != PASSWORD:
                expect(page.locator(".wrong")).to_have_text(words_of(lang)("login_wrong"))
        page.wait_for_selector("nav")
        expect(page.locator(".who")).to_contain_text("auditor")


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


@VIEWS
def test_an_alert_is_decided_again_where_it_stands(
    browser: Browser, lodge: Lodge, size: str, lang: Language
) -> None:
    t = words_of(lang)
    with opened(browser, lodge, "auditor", size=size, locale=LOCALES[lang]) as page:
        page.goto(f"/alerts/{lodge.alert('AML-12')}")
        page.click(f"text={t('replay')}")
        expect(page.locator("#replayed .right")).to_contain_text(t("replay_done", wanted=1, identical=1))
        page.goto("/audit")
        page.fill("input[name=kind]", "alert")
        page.click("button.main")
        expect(page.locator("#audit-rows li").first).to_contain_text("alert")
        page.click(f"text={t('verify')}")
        expect(page.locator("#verified .right")).to_contain_text(t("verify_holds")[:2])
        with page.expect_download() as download:
            page.click("text=JSONL")
        assert download.value.suggested_filename == "weiguard-audit.jsonl"
        look(page, f"{size}-{lang}-verified")


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
