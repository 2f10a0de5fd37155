"""How figures are written: each format, in both languages, at its boundaries."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.location import Location
from rules.messages import FORMATS, Slot, cut, render
from rules.model import Expression, Language, Placeholder, Text
from rules.tree import Name

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
MORNING = 1_773_018_000 * SECOND  # 2026-03-09 09:00:00 in Shanghai.


def shown(value: object, form: str, language: Language = "en") -> str:
    name = Expression("x", Name("x", "int", 0), "int", "", Location("a.yaml", 1, 1), frozenset({"x"}))
    return render(Text(("<", Placeholder("x", form, name), ">"), language), {"x": value})[1:-1]


@pytest.mark.parametrize(
    ("form", "value", "zh", "en"),
    [
        ("yuan", 4_000_000, "40,000.00", "40,000.00"),
        ("yuan", 1, "0.01", "0.01"),
        ("yuan", 0, "0.00", "0.00"),
        ("yuan", -100_001, "-1,000.01", "-1,000.01"),
        ("yuan", -1, "-0.01", "-0.01"),
        ("percent", 1_000, "10%", "10%"),
        ("percent", 3_333, "33.3%", "33.3%"),
        ("percent", 1_005, "10%", "10%"),
        ("percent", 1_015, "10.2%", "10.2%"),
        ("percent", 1_006, "10.1%", "10.1%"),
        ("percent", -1_250, "-12.5%", "-12.5%"),
        ("percent", 1_000_000, "10,000%", "10,000%"),
        ("bp", 60, "0.6%", "0.6%"),
        ("bp", 2_505, "25.05%", "25.05%"),
        ("count", 12_345, "12,345", "12,345"),
        ("date", "2028-02-29", "2028-02-29", "2028-02-29"),
        ("date", MORNING - 9 * HOUR, "2026-03-09", "2026-03-09"),
        ("date", MORNING - 9 * HOUR - 1, "2026-03-08", "2026-03-08"),
        ("time", MORNING, "2026-03-09 09:00", "2026-03-09 09:00"),
        ("time", MORNING + SECOND, "2026-03-09 09:00:01", "2026-03-09 09:00:01"),
        ("days", 1, "1 天", "1 day"),
        ("days", 30, "30 天", "30 days"),
        ("km", 3_134_093, "3,134.1 公里", "3,134.1 km"),
        ("km", 300_000, "300 公里", "300 km"),
        ("km_h", 1_044_698, "1,045 公里/小时", "1,045 km/h"),
        ("times", 3_500, "3.5 倍", "3.5 times"),
        ("times", 3_000, "3 倍", "3 times"),
        ("duration", 3 * MINUTE, "3 分钟", "3 minutes"),
        ("duration", DAY + HOUR + MINUTE, "1 天 1 小时", "1 day 1 hour"),
        ("duration", DAY + 5 * MINUTE, "1 天", "1 day"),
        ("duration", 90 * DAY, "90 天", "90 days"),
        ("duration", 61 * SECOND, "1 分钟 1 秒", "1 minute 1 second"),
        ("duration", 250_000, "0.25 秒", "0.25 seconds"),
        ("duration", 0, "0 秒", "0 seconds"),
        ("duration", -3 * MINUTE, "-3 分钟", "-3 minutes"),
        ("text", "AS64496", "AS64496", "AS64496"),
        ("", 7, "7", "7"),
        ("", "food", "food", "food"),
        ("", ["food", "drug"], "food、drug", "food, drug"),
        ("yuan", None, "—", "—"),
    ],
)
def test_a_figure_is_written_so(form: str, value: object, zh: str, en: str) -> None:
    assert (shown(value, form, "zh"), shown(value, form, "en")) == (zh, en)


def test_every_format_has_a_row_above() -> None:
    rows = test_a_figure_is_written_so.pytestmark[0].args[1]  # type: ignore[attr-defined]  # set by parametrize
    assert {row[0] for row in rows} - {""} == FORMATS.keys()


def test_dates_are_those_of_the_zone() -> None:
    name = Expression("x", Name("x", "timestamp", 0), "timestamp", "", Location("a.yaml", 1, 1), frozenset())
    text = Text((Placeholder("x", "date", name),), "en")
    assert render(text, {"x": MORNING - 9 * HOUR}, UTC) == "2026-03-08"
    assert render(text, {"x": MORNING - 9 * HOUR}) == "2026-03-09"


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_yuan_is_exact(fen: int) -> None:
    written = shown(fen, "yuan").replace(",", "").replace(".", "")
    assert int(written) == fen


@given(st.integers(-(2**53) + 1, 2**53 - 1), st.sampled_from(sorted(FORMATS.keys() - {"date", "time"})))
def test_no_figure_is_too_large_to_show(value: int, form: str) -> None:
    assert shown(value, form)


@pytest.mark.parametrize(
    ("text", "parts", "stray"),
    [
        ("plain", ("plain",), None),
        ("{a|yuan}", (Slot("a", "yuan", 1, 3),), None),
        ("x {a.b} y", ("x ", Slot("a.b", "", 3, 7), " y"), None),
        ("{a}{b}", (Slot("a", "", 1, 3), Slot("b", "", 4, 6)), None),
        ("今日 {a|yuan} 元", ("今日 ", Slot("a", "yuan", 4, 6), " 元"), None),
        ("a } b", ("a } b",), 2),
        ("{a} {", (Slot("a", "", 1, 3), " {"), 4),
        ("{{a}}", ("{", Slot("a", "", 2, 4), "}"), 0),
        ("", (), None),
    ],
)
def test_a_text_is_cut_at_its_placeholders(text: str, parts: tuple[object, ...], stray: int | None) -> None:
    assert cut(text) == (parts, stray)
