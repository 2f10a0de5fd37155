"""The words that people read, in both languages, and the colours that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitoring.wording.words import Language

COLOURS: Final = {"info": "cyan", "warn": "yellow", "critical": "bold red"}
SUMMARY: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "inputs": "输入",
        "decided": "已判定",
        "duplicate": "重复",
        "conflict": "冲突",
        "late": "迟到",
        "quarantined": "隔离",
        "rule": "规则",
        "amended": "修正",
        "retracted": "撤回",
        "undecided": "未决",
        "unlisted": "清单外的取值",
        "none": "无预警记录。",
        "line": "第 {line} 行：{reason}",
        "more": "……另有 {count} 行被隔离",
    },
    "en": {
        **{name: name for name in ("inputs", "decided", "duplicate", "conflict", "late", "quarantined")},
        **{name: name for name in ("rule", "amended", "retracted", "undecided")},
        "unlisted": "values outside their lists",
        "none": "No alert records.",
        "line": "line {line}: {reason}",
        "more": "… and {count} more lines quarantined",
    },
}
LISTING: Final[dict[Language, tuple[str, ...]]] = {
    "zh": ("时间", "级别", "规则", "对象", "说明", "编号"),
    "en": ("at", "level", "rule", "key", "message", "id"),
}
RULE_LIST: Final[dict[Language, tuple[str, ...]]] = {
    "zh": ("编号", "标题", "触发", "级别", "依据"),
    "en": ("id", "title", "on", "levels", "source"),
}
DOUBTFUL: Final[dict[Language, dict[str, str]]] = {
    "zh": {"warning": "提醒", "later": "尚不能运行"},
    "en": {"warning": "warning", "later": "not yet"},
}
SHADOW: Final[dict[Language, str]] = {"zh": "影子", "en": "shadow"}
NO_ALERTS: Final[dict[Language, str]] = {"zh": "没有预警。", "en": "No alerts."}
EXPLAINED: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "rule": "规则",
        "source": "依据",
        "key": "对象",
        "window": "窗口",
        "action": "处置",
        "records": "记录",
        "raised": "触发",
        "trigger": "触发事件",
        "cause": "因其到达而写入",
        "late": "迟到",
        "retracted": "已撤回：不再成立",
        "values": "数值",
        "limits": "限额",
        "events": "相关事件（列出 {shown} 条，共 {count} 条）",
        "arrivals": "其到达促成记录写入的其他事件",
        "missing": "日志中没有",
        "overrides": "越级时有效的限额调整",
        "suppressions": "对该对象的静默",
        "tenant": "整个租户",
        "ended": "结束静默",
        "until": "至",
        "signed": "{author} 决定，{approver} 批准",
        "ruleset": "规则集",
    },
    "en": {
        **{name: name for name in ("rule", "key", "window", "action", "records", "raised")},
        **{name: name for name in ("trigger", "late", "values", "limits")},
        "cause": "written when there came",
        "retracted": "retracted: it stands no more",
        "events": "events behind it ({shown} of {count})",
        "arrivals": "other events whose arrival wrote a record",
        "missing": "not in the log",
        "overrides": "overrides in force when it crossed its level",
        "suppressions": "suppressions of its rule and key",
        "tenant": "the whole tenant",
        "ended": "ended",
        "until": "until",
        "signed": "by {author}, approved by {approver}",
        "ruleset": "rule set",
    },
}
BACKTEST: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "side": "{side}（{flag}）：{ruleset}，规则 {rules} 条",
        "before": "变更前",
        "after": "变更后",
        "only_before": "仅变更前有的规则：{rules}",
        "only_after": "仅变更后有的规则：{rules}",
        "none": "预警无差别。",
        "rule": "规则",
        "level": "级别",
        "raised": "新增",
        "gone": "消失",
        "changed": "变化",
        "event": "事件",
        "at": "时间",
        "trigger": "触发事件",
        "values": "数值",
        "limits": "限额",
        "evidence": "相关事件",
        "days": "每日预警数（{first} 至 {last}）：变更前平均 {before}，变更后平均 {after}",
        "keys": "受影响最多的对象：",
    },
    "en": {
        "side": "{side} ({flag}): {ruleset}, rules: {rules}",
        **{name: name for name in ("before", "after", "rule", "level", "raised", "gone", "changed")},
        **{name: name for name in ("event", "at", "trigger", "values", "limits", "evidence")},
        "only_before": "rules only before: {rules}",
        "only_after": "rules only after: {rules}",
        "none": "No alert differs.",
        "days": "alerts a day, {first} to {last}: {before} before, {after} after, on average",
        "keys": "most affected:",
    },
}


def language(environment: Mapping[str, str]) -> Language:
    """Return the language of a terminal: Chinese where LC_ALL, LC_MESSAGES or LANG says so, otherwise English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"
