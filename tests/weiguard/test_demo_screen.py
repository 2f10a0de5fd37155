"""What the demo prints, at several widths, with and without a terminal, in both languages."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from engine.alert import Record, State
from engine.program import RuleFace
from monitoring.wording.words import Language
from weiguard.commands.demo_screen import Screen
from weiguard.words import language

FACE = RuleFace(
    id="COL-01",
    pack="collection",
    title={"zh": "个人号单日收款累计超限", "en": "Personal account daily gross collection"},
    confidence="C",
    source="test",
)


def record(state: State = "raised", level: str = "critical") -> Record:
    return Record(
        id="a_1", record=1, state=state, rule="COL-01", level=level, tenant="shops", key={"account": "A[1]"},
        window={"kind": "day"}, at="2026-03-10T18:15:00+08:00", raised_at="2026-03-10T18:15:01+08:00",
        trigger={"source": "s", "id": "e"}, cause={"source": "s", "id": "e"}, late=False, values={}, limits={},
        evidence={}, ruleset="sha256:0", message={"zh": "今日已收款 52,125.00。", "en": "Collected 52,125.00 today."},
        action={"zh": "", "en": ""},
    )  # fmt: skip


def printed(lang: Language, width: int, *records: Record, terminal: bool = False, colour: bool = True) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=terminal,
        no_color=not colour,
        color_system="standard" if terminal else None,
        legacy_windows=False,
    )
    screen = Screen(console, lang, {"COL-01": FACE})
    for one in records:
        screen.alert(one)
    return out.getvalue()


def test_a_wide_screen_has_one_line_for_an_alert() -> None:
    assert printed("en", 160, record()) == (
        "03-10 18:15:01 critical COL-01 Personal account daily gross collection  account=A[1]"
        "  Collected 52,125.00 today.\n"
    )


def test_chinese_words_for_a_chinese_reader() -> None:
    shown = printed("zh", 160, record())
    assert (
        shown
        == "03-10 18:15:01 严重     COL-01 个人号单日收款累计超限  account=A[1]  今日已收款 52,125.00。\n"
    )


def test_a_narrow_screen_tells_what_happened_on_a_line_of_its_own() -> None:
    assert printed("en", 80, record()).splitlines() == [
        "03-10 18:15:01 critical COL-01 Personal account daily gross collection  account=A[1]",
        "  Collected 52,125.00 today.",
    ]


def test_a_very_narrow_terminal_wraps_and_loses_nothing() -> None:
    shown = printed("en", 30, record(), terminal=True, colour=False)
    assert "".join(shown.split()).replace("\x1b[1m", "").count("Collected52,125.00today.") == 1
    assert all(len(line) <= 60 for line in shown.splitlines())


@pytest.mark.parametrize("state", ["escalated", "lowered", "amended", "retracted"])
def test_a_change_says_what_changed(state: State) -> None:
    assert f"[{state}]" in printed("en", 160, record(state))


def test_nothing_but_text_where_there_is_no_terminal() -> None:
    assert "\x1b" not in printed("en", 160, record())


def test_no_colour_where_none_is_wanted() -> None:
    assert "\x1b[1;31m" in printed("en", 160, record(), terminal=True)
    assert "31m" not in printed("en", 160, record(), terminal=True, colour=False)


def test_the_summary_counts_by_disposition_pack_and_level() -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=100), "en", {"COL-01": FACE})
    standing = [record(), record(level="warn"), record(level="warn")]
    screen.summary({"decided": 10_399, "duplicate": 3}, standing)
    rows = [line.replace("│", " ").replace("┃", " ").split() for line in out.getvalue().splitlines()]
    assert ["10,399", "3", "0", "0", "0"] in rows
    assert ["collection", "0", "2", "1"] in rows
    assert ["total", "0", "2", "1"] in rows


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"LANG": "zh_CN.UTF-8"}, "zh", id="Chinese"),
        pytest.param({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en", id="LC_ALL wins over LANG"),
        pytest.param({"LANG": "en_GB.UTF-8", "LC_ALL": ""}, "en", id="an empty variable says nothing"),
        pytest.param({"LANG": "de_DE.UTF-8"}, "en", id="other languages read English"),
        pytest.param({}, "en", id="nothing said"),
    ],
)
def test_the_language_is_that_of_the_terminal(environment: dict[str, str], expected: str) -> None:
    assert language(environment) == expected
