"""The words around a rule that is shown to people: what a measure counts, over which window, how often it alerts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from monitoring.wording.values import span
from monitoring.wording.words import Language

HEADS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "pack": "规则包", "source": "依据", "confidence": "可信度", "who": "对象", "tags": "标签",
        "note": "说明", "shadow": "影子规则：只判定，不报警", "effective_from": "生效", "until": "失效",
        "case": "情形", "on": "触发", "sequence": "先后", "where": "条件", "per": "每个", "measure": "统计",
        "let": "其中", "levels": "级别", "expect": "应有答复", "remind": "提醒", "unless": "除非",
        "alert": "报警", "message": "说明文字", "action": "处置", "limits": "限额", "tests": "测试",
        "later": "尚不能运行，需要", "reviewed": "复核于", "to": "最迟", "business": "营业时间",
        "first": "自首个未答者起", "latest": "自最近一个起", "workdays": "工作日", "after": "之后",
        "before": "之前", "days": "天", "every": "每逢", "near": "相近", "migrate": "替换旧规则时",
    },
    "en": {
        **{name: name for name in ("pack", "source", "confidence", "tags", "note", "case", "on", "sequence", "where")},
        **{name: name for name in ("per", "let", "levels", "remind", "unless", "message", "action", "limits", "tests")},
        **{name: name for name in ("until", "reviewed", "after", "before", "days", "every", "near")},
        "who": "for", "shadow": "a shadow rule: it decides and does not alert", "effective_from": "from",
        "measure": "counts", "expect": "expects", "alert": "alerts", "later": "does not run yet; it needs",
        "to": "within", "migrate": "where it replaces another:",
        "business": "of business time", "first": "from the first that waits", "latest": "from the latest",
        "workdays": "working days",
    },
}  # fmt: skip

# What is taken of the events; {} is the expression.
_AGGREGATES: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "count": "次数", "sum": "{} 之和", "distinct": "{} 的不同个数", "min": "{} 的最小值", "max": "{} 的最大值",
        "median": "{} 的中位数", "quantile": "{} 的分位数 {q}", "first": "首个 {}", "last": "最后一个 {}",
        "previous": "上一个 {}", "series": "{} 的序列", "histogram": "{} 的分布", "spread": "{} 之间的差距",
        "score": "按 {} 的 {score} 评分",
    },
    "en": {
        "count": "how many", "sum": "the sum of {}", "distinct": "how many different {}", "min": "the least {}",
        "max": "the greatest {}", "median": "the median of {}", "quantile": "the {q} quantile of {}",
        "first": "the first {}", "last": "the last {}", "previous": "the previous {}", "series": "the series of {}",
        "histogram": "how often each {}", "spread": "the spread of {}", "score": "the {score} score of {}",
    },
}  # fmt: skip
# What else is said of a measure; {} is its value.
_MORE: Final[dict[Language, dict[str, str]]] = {
    "zh": {"each": "按 {} 逐一", "other": "仅其他 {}", "at_least": "至少 {}，否则无值", "after": "事件 {} 之后计入"},
    "en": {
        "each": "for each {}", "other": "of another {} only", "at_least": "at least {}, else without value",
        "after": "counted {} after the event",
    },
}  # fmt: skip
_OPEN: Final = re.compile(r"open until (.+) with the same (.+), at most (.+)")
_UNITS: Final = {"day": "日", "week": "周", "month": "月", "quarter": "季度", "year": "年"}
_ALERTS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "event": "每个事件至多一次", "episode": "每次持续达标至多一次", "ever": "至多一次",
        "deadline": "每个期限至多一次",
        **{unit: f"每{name}至多一次" for unit, name in _UNITS.items()},
    },
    "en": {
        "event": "at most once an event", "episode": "once for as long as a level holds", "ever": "once",
        "deadline": "once a deadline", **{unit: f"at most once a {unit}" for unit in _UNITS},
    },
}  # fmt: skip


def how_often(alert: str, lang: Language) -> str:
    """Say how often a rule alerts for one key."""
    return _ALERTS[lang][alert]


def counted(measure: Mapping[str, Any], key: list[str], lang: Language) -> str:
    """Say what a measure counts; `key` is the rule's own, which need not be said again."""
    aggregate = next(name for name in _AGGREGATES["en"] if name in measure)
    what = _AGGREGATES[lang][aggregate].format(
        measure[aggregate], q=measure.get("q", ""), score=measure.get("score", "")
    )
    chinese = lang == "zh"
    heads = HEADS[lang]
    before = bool(measure.get("before"))
    parts = [what, _window(str(measure.get("window", "")), lang, before=before)]
    if measure.get("of"):
        parts.insert(*((0, "、".join(measure["of"])) if chinese else (1, f"of {', '.join(measure['of'])}")))
    parts += [said.format(measure[name]) for name, said in _MORE[lang].items() if name in measure]
    if "near" in measure:
        parts.append(f"{heads['near']} {measure['near']} ({measure.get('near_within', '')})")
    if before and not _whole_units(str(measure.get("window", ""))):
        parts.append("不含本次" if chinese else "this event not among them")
    if measure.get("per", key) != key:
        parts.append(f"{heads['per']} {', '.join(measure['per'])}")
    if "where" in measure:
        parts.append(f"{heads['where']} {measure['where']}")
    return ("，" if chinese else ", ").join(part for part in parts if part)


def _many(count: str, noun: str) -> str:
    return f"{count} {noun}{'' if count == '1' else 's'}"


def _whole_units(window: str) -> bool:
    """Return whether a window is so many calendar units: with `before`, the complete ones before this one."""
    return window.startswith("over ") and window.rpartition(" ")[2].removesuffix("s") in _UNITS


def _window(window: str, lang: Language, *, before: bool) -> str:
    chinese = lang == "zh"
    kind, _, rest = window.partition(" ")
    if window in _UNITS:
        return f"自然{_UNITS[window]}内" if chinese else f"in the calendar {window}"
    if kind in ("over", "within") and span(rest, lang) != rest:
        return f"最近 {span(rest, lang)}内" if chinese else f"in the last {span(rest, lang)}"
    if kind == "over":
        count, _, units = rest.partition(" ")
        unit = units.removesuffix("s")
        if before:
            told = f"此前 {count} 个完整的自然{_UNITS[unit]}内"
            return told if chinese else f"in the {_many(count, f'complete calendar {unit}')} before"
        return (
            f"最近 {count} 个自然{_UNITS[unit]}内"
            if chinese
            else f"in the last {_many(count, f'calendar {unit}')}"
        )
    if kind == "since":
        return f"自 {rest} 起" if chinese else f"since {rest}"
    if kind == "period":
        return f"{rest} 所指的期间内" if chinese else f"in the period {rest} names"
    if chinese and (open_until := _OPEN.fullmatch(window)):
        return "尚未由 {} 结束（{} 相同），最长 {}".format(*open_until.groups())
    if window == "ever":
        return "有史以来" if chinese else "ever"
    return window
