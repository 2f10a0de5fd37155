"""The words of messages to people, in both languages."""

from __future__ import annotations

from typing import Final

from monitoring.delivery.routes import Language

LEVELS: Final[dict[Language, dict[str, str]]] = {
    "zh": {"info": "提示", "warn": "预警", "critical": "严重"},
    "en": {"info": "Info", "warn": "Warning", "critical": "Critical"},
}
STATES: Final[dict[Language, dict[str, str]]] = {
    "zh": {"raised": "", "escalated": "升级", "lowered": "降级", "amended": "修正", "retracted": "撤回"},
    "en": {
        "raised": "",
        **{name: name.capitalize() for name in ("escalated", "lowered", "amended", "retracted")},
    },
}
WORDS: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "tenant": "租户：",
        "key": "对象：",
        "at": "时间：",
        "action": "处置：",
        "retracted": "该预警不再成立，无需处理。",
        "open": "在控制台查看",
        "digest": "{count} 条预警记录合并为一条",
        "times": "{level} {rule}：{count} 条",
        "others": "其余规则：{count} 条",
        "first": "最早的几条：",
        "test": "这是对通道“{route}”的测试，不是预警。",
        "test_title": "测试",
        "nothing": "无需处理。",
    },
    "en": {
        "tenant": "Tenant: ",
        "key": "About: ",
        "at": "At: ",
        "action": "To do: ",
        "retracted": "This alert stands no more; nothing is to be done.",
        "open": "Open in the console",
        "digest": "{count} alert records in one message",
        "times": "{level} {rule}: {count}",
        "others": "other rules: {count}",
        "first": "The first of them:",
        "test": "This is a test of the route “{route}”, and no alert.",
        "test_title": "Test",
        "nothing": "Nothing is to be done.",
    },
}
