"""The languages that people read, and the words for levels and for states of alerts."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["zh", "en"]

LEVELS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"info": "提示", "warn": "预警", "critical": "严重"},
    "en": {"info": "info", "warn": "warn", "critical": "critical"},
}
STATES: Final[dict[Language, dict[str, str]]] = {
    "zh": {"raised": "", "escalated": "升级", "lowered": "降级", "amended": "修正", "retracted": "撤回"},
    "en": {"raised": "", **{name: name for name in ("escalated", "lowered", "amended", "retracted")}},
}
