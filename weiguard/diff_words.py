"""The words for what differs between two rule sets; the parts of a rule have those of its page."""

from __future__ import annotations

from typing import Final

from monitoring.wording.rule_words import HEADS
from monitoring.wording.words import Language

SECTIONS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"packs": "规则包", "rules": "规则", "limits": "限额", "lexicons": "词表"},
    "en": {"packs": "packs", "rules": "rules", "limits": "limits", "lexicons": "term lists"},
}
PARTS: Final[dict[Language, dict[str, str]]] = {
    "zh": {**HEADS["zh"], "title": "标题", "shadow": "影子规则"},
    "en": {
        **HEADS["en"],
        "title": "title",
        "shadow": "shadow",
        "who": "for",
        "effective_from": "effective from",
    },
}
FIELDS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"value": "数值", "unit": "单位", "source": "依据", "confidence": "可信度", "reviewed": "复核于"},
    "en": {name: name for name in ("value", "unit", "source", "confidence", "reviewed")},
}
COUNTS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"added": "新增 {}", "removed": "删除 {}", "changed": "改动 {}"},
    "en": {"added": "{} added", "removed": "{} removed", "changed": "{} changed"},
}
YES_NO: Final[dict[Language, tuple[str, str]]] = {"zh": ("否", "是"), "en": ("no", "yes")}
READ_BY: Final[dict[Language, str]] = {"zh": "用于 {}", "en": "read by {}"}
UNREAD: Final[dict[Language, str]] = {"zh": "无规则引用", "en": "read by no rule"}
EXEMPT: Final[dict[Language, str]] = {"zh": "豁免语境有变", "en": "other exempting contexts"}
