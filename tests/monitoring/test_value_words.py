"""Values of a record in words: exact, in the unit that people use."""

from __future__ import annotations

import pytest

from monitoring.describing import DECIMAL
from monitoring.wording.values import decimal, limit_text, span, value_text
from monitoring.wording.words import Language


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        pytest.param(5_000_001, "fen", "50,000.01 yuan", "50,000.01 元", id="fen are yuan"),
        pytest.param(-5, "fen", "-0.05 yuan", "-0.05 元", id="less than nothing"),
        pytest.param(2667, "percent", "26.67%", "26.67%", id="percent are kept in basis points"),
        pytest.param(60, "bp", "0.6%", "0.6%", id="basis points"),
        pytest.param(3_194_099, "km", "3,194.099 km", "3,194.099 公里", id="kilometres are kept in metres"),
        pytest.param(1_500, "times", "1.5 times", "1.5 倍", id="times in thousandths"),
        pytest.param(9434, "probability", "0.009434", "0.009434", id="a probability in millionths"),
        pytest.param(43_826, DECIMAL, "43.826", "43.826", id="a number with decimals"),
        pytest.param(1_234, "count", "1,234", "1,234", id="a count"),
        pytest.param(30, "days", "30 days", "30 天", id="days"),
        pytest.param("1209600s", "duration", "14 days", "14 天", id="a duration"),
        pytest.param("1.5s", "duration", "1.5s", "1.5s", id="a duration with a fraction stays as it is"),
        pytest.param("2026-03-09", "date", "2026-03-09", "2026-03-09", id="a date"),
        pytest.param(None, "fen", "—", "—", id="a value that is not there"),
        pytest.param(True, "", "yes", "是", id="yes"),
        pytest.param({"food": 100}, "fen", "food: 1.00 yuan", "food: 1.00 元", id="one for each kind"),
        pytest.param(["a", "b"], "terms", "[a, b]", "[a, b]", id="terms"),
    ],
)
def test_a_value_reads_in_both_languages(value: object, unit: str, en: str, zh: str) -> None:
    assert value_text(value, unit, "en") == en
    assert value_text(value, unit, "zh") == zh


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        pytest.param(10.0, "percent", "10%", id="percent are written as percent"),
        pytest.param(805.5, "km_h", "805.5 km/h", id="a speed"),
        pytest.param(300_000_000, "duration", "5 minutes", id="a duration in microseconds"),
        pytest.param({"personal": 500_000}, "fen", "personal: 5,000.00 yuan", id="a table"),
        pytest.param(None, "fen", "not set; a tenant sets it", id="none"),
    ],
)
def test_a_limit_reads_as_its_file_means_it(value: object, unit: str, text: str) -> None:
    assert limit_text(value, unit, "en") == text


@pytest.mark.parametrize(
    ("text", "lang", "words"),
    [("1d", "en", "1 day"), ("24h", "en", "24 hours"), ("30m", "zh", "30 分钟"), ("soon", "en", "soon")],
)
def test_a_span_in_words(text: str, lang: Language, words: str) -> None:
    assert span(text, lang) == words


def test_decimals_are_exact_beyond_what_a_float_holds() -> None:
    assert decimal((1 << 53) + 1, 100) == "90,071,992,547,409.93"
    assert decimal(100, 100, places=2) == "1.00"
    assert decimal(1, 1_000_000) == "0.000001"
