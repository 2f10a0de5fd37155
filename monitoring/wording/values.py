"""Values of a record as people read them: fen as yuan, basis points as percent, metres as km, spans in words."""

from __future__ import annotations

import re
from typing import Any, Final

from monitoring.describing import DECIMAL, written
from monitoring.wording.words import Language
from rules.durations import duration_us
from rules.planning.words import SCALES, scaled

UNSET: Final[dict[Language, str]] = {"zh": "未设，由租户设定", "en": "not set; a tenant sets it"}
ABSENT: Final = "—"
_SCALES: Final = {**SCALES, "bp": 100, DECIMAL: 1_000}
_SPAN: Final = re.compile(r"(?P<count>\d+)(?P<unit>[dhms])\Z")
_SPANS: Final = {"d": ("天", "day"), "h": ("小时", "hour"), "m": ("分钟", "minute"), "s": ("秒", "second")}
_UNITS: Final[dict[str, dict[Language, str]]] = {
    "percent": {"zh": "%", "en": "%"},
    "bp": {"zh": "%", "en": "%"},
    "km": {"zh": " 公里", "en": " km"},
    "km_h": {"zh": " 公里/小时", "en": " km/h"},
    "times": {"zh": " 倍", "en": " times"},
    "days": {"zh": " 天", "en": " days"},
    "workdays": {"zh": " 个工作日", "en": " working days"},
    "years": {"zh": " 年", "en": " years"},
    "px": {"zh": " 像素", "en": " px"},
    "ms": {"zh": " 毫秒", "en": " ms"},
    "bits": {"zh": " 位", "en": " bits"},
    "lines": {"zh": " 行", "en": " lines"},
    "chars": {"zh": " 字", "en": " characters"},
}


def value_text(value: Any, unit: str, lang: Language) -> str:
    """Return a value of a record in words; a value of a kind that has no words stays as it is."""
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return {"zh": ("否", "是"), "en": ("no", "yes")}[lang][value]
    if isinstance(value, dict):
        return ", ".join(f"{kind}: {value_text(each, unit, lang)}" for kind, each in value.items())
    if isinstance(value, list):
        return f"[{', '.join(str(each) for each in value)}]"
    if unit == "duration":
        return _duration(value, lang)
    if not isinstance(value, int):
        return str(value)
    if unit == "fen":
        return f"{decimal(value, 100, places=2)} {'元' if lang == 'zh' else 'yuan'}"
    return decimal(value, _SCALES.get(unit, 1)) + _UNITS.get(unit, {}).get(lang, "")


def limit_text(value: Any, unit: str, lang: Language) -> str:
    """Return a limit's value, as a rule set holds it, in words."""
    if value is None:
        return UNSET[lang]
    if isinstance(value, dict):
        return ", ".join(f"{kind}: {limit_text(each, unit, lang)}" for kind, each in value.items())
    return value_text(scaled(value, unit), unit, lang)


def span(text: str, lang: Language) -> str:
    """Return a length of time in words: `30d` is `30 days`."""
    match = _SPAN.match(text)
    if match is None:
        return text
    chinese, english = _SPANS[match["unit"]]
    count = int(match["count"])
    return f"{count:,} {chinese}" if lang == "zh" else f"{count:,} {english}{'' if count == 1 else 's'}"


def decimal(value: int, scale: int, places: int = 0) -> str:
    """Write value / scale exactly, with thousands separators; `places` are kept even where they are zeros."""
    whole, rest = divmod(abs(value), scale)
    digits = f"{rest:0{len(str(scale)) - 1}d}" if scale > 1 else ""
    kept = digits[:places] + digits[places:].rstrip("0")
    return f"{'-' if value < 0 else ''}{whole:,}{'.' if kept else ''}{kept}"


def _duration(value: int | str, lang: Language) -> str:
    """Return a duration in words, given in microseconds (limits) or as `5400s` (records)."""
    us = value if isinstance(value, int) else duration_us(value)
    if us is None or us % 1_000_000:
        return str(value)
    return span(written(us) or "0s", lang)
