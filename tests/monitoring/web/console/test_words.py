"""The console's words: both languages have all of them, no page asks for another one, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from starlette.requests import Request

from monitoring.web import console
from monitoring.web.console.audit_page import FIELDS
from monitoring.web.console.pages import MENU
from monitoring.web.console.roles import ROLES, Right
from monitoring.web.console.words import both, language_of
from streams.handling import EVENTS, STATES

TEMPLATES = Path(console.__file__).parent / "templates"
# Names that are put together: what stands before, and what may follow.
MADE = {
    "menu_": [right for _, right in MENU],
    "role_": ROLES,
    "level_": ("info", "warn", "critical"),
    "state_": ("raised", "escalated", "lowered", "amended", "retracted"),
    "disposition_": ("decided", "duplicate", "conflict", "late", "quarantined"),
    "sort_": ("newest", "level", "oldest"),
    "ask_": FIELDS,
    "right_": get_args(Right),
    "key_": ("j", "Enter", "x", "a", "r", "/", "g", "?", "Esc"),
    "handling_": STATES,
    "act_": EVENTS.values(),
    "refused_": ("403", "404", "503"),
}
BY_CODE = {"login_wrong", "login_wait", "overrides", "suppressions"}


def asked() -> set[str]:
    text = "".join(path.read_text() for path in TEMPLATES.glob("*.html"))
    return set(re.findall(r"\bt\('([a-z_]+)'[,)]", text)) | BY_CODE


def test_every_word_is_there_in_both_languages_and_asked_for() -> None:
    words = both()
    assert {name: set(each) for name, each in words.items() if set(each) != {"zh", "en"}} == {}
    made = {f"{head}{tail}" for head, tails in MADE.items() for tail in tails}
    assert asked() | made == set(words)


def test_values_have_the_same_names_in_both() -> None:
    for name, each in both().items():
        fields = [set(re.findall(r"\{(\w+)\}", each[lang])) for lang in ("zh", "en")]
        assert fields[0] == fields[1], name


@pytest.mark.parametrize(
    ("query", "cookie", "header", "lang"),
    [
        ("", "", "", "en"),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("", "", "fr, en;q=0.5, zh;q=0.7", "zh"),
        ("", "", "en, zh;q=nonsense", "en"),
        ("", "", "ZH-TW", "zh"),
        ("", "en", "zh-CN", "en"),
        ("lang=zh", "en", "en", "zh"),
        ("lang=fr", "fr", "fr", "en"),
    ],
)
def test_the_language_is_what_is_asked_for_then_chosen_then_preferred(
    query: str, cookie: str, header: str, lang: str
) -> None:
    headers = [(b"cookie", f"weiguard-lang={cookie}".encode()), (b"accept-language", header.encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers}
    assert language_of(Request(scope)) == lang
