"""The words around the reference pages, in both languages."""

from __future__ import annotations

from typing import Final

from monitoring.wording.words import Language

SAID: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "reference": "规则参考", "index": "目录", "packs": "规则包", "pack": "规则包", "rules": "规则",
        "rule": "规则", "title": "标题", "levels": "级别", "confidence": "可信度", "means": "含义",
        "limits": "限额", "limit": "限额", "value": "数值", "source": "依据", "reviewed": "复核于",
        "read_by": "使用者", "functions": "函数", "function": "函数", "unit": "结果单位", "does": "作用",
        "called": "用法", "same_unit": "同第一个参数", "lexicons": "词表", "term": "词语", "exempt": "豁免的语境",
        "statements": "原文与规则", "statement": "原文", "became": "对应", "not_built": "尚未建成",
        "ruleset": "规则集", "who": "对象", "tags": "标签", "note": "说明", "shadow": "影子规则：只判定，不报警",
        "effective_from": "生效", "until": "失效", "later": "尚不能运行，需要", "decides": "如何判定",
        "message": "说明文字", "action": "处置", "from": "来自原文", "tests": "测试示例", "at": "时间",
        "event": "事件", "with": "内容", "silent": "不触发", "clock": "时钟走到 {at}",
        "times": "共 {count} 次，每隔 {step}", "arrives": "{at} 才到达", "yuan": "{amount} 元",
        "doubtful": "存疑", "other": "英文标题", "terms": "{count} 个词语", "file": "文件", "fallible": "可能没有值",
        "counts": "规则数", "doubted": "依据为非官方数字或未经核实（可信度 {mark}），请按自己的政策取舍。",
        "doubted_limits": "以下限额的依据为非官方数字或未经核实：{names}。",
    },
    "en": {
        "reference": "Rule reference", "index": "Index", "packs": "Packs", "pack": "Pack", "rules": "Rules",
        "rule": "Rule", "title": "Title", "levels": "Levels", "confidence": "Confidence",
        "means": "Means", "limits": "Limits", "limit": "Limit", "value": "Value", "source": "Source",
        "reviewed": "Reviewed", "read_by": "Read by", "functions": "Functions", "function": "Function",
        "unit": "Unit of the result", "does": "Does", "called": "Called", "same_unit": "as its first argument",
        "lexicons": "Term lists", "term": "Term", "exempt": "Exempt in", "statements": "From the text to the rules",
        "statement": "Statement", "became": "Became", "not_built": "not built yet", "ruleset": "Rule set",
        "who": "For", "tags": "Tags", "note": "Note", "shadow": "A shadow rule: it decides and does not alert",
        "effective_from": "From", "until": "Until", "later": "Does not run yet; it needs",
        "decides": "What it decides", "message": "Message", "action": "Action", "from": "From the text",
        "tests": "Tests as examples", "at": "At", "event": "Event", "with": "With", "silent": "stays silent",
        "clock": "the clock goes on to {at}", "times": "{count} times, {step} apart", "arrives": "arrives {at}",
        "yuan": "{amount} yuan", "doubtful": "Doubtful", "other": "In Chinese",
        "terms": "{count} terms", "file": "File", "fallible": "may have no value", "counts": "Rules",
        "doubted": "its source is unofficial or was not confirmed (confidence {mark}); take it as policy of your own.",
        "doubted_limits": "limits whose source is unofficial or was not confirmed: {names}.",
    },
}  # fmt: skip

DOUBTFUL: Final = ("D", "M")  # Marks of confidence that a reader must not miss.
CONFIDENCE: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "A": "读过法条原文", "B": "官方页面或公告，或多个独立报道", "C": "单一的间接来源",
        "D": "传闻或非官方数字，只作可调整的政策", "M": "凭记忆，未经核实",
    },
    "en": {
        "A": "the statute was read", "B": "an official page, or several independent reports",
        "C": "one secondary source", "D": "folklore or an unofficial number: policy that may be changed",
        "M": "from memory, not confirmed",
    },
}  # fmt: skip

# What functions do, for readers of Chinese; English readers have the functions' own sentences.
FUNCTIONS_ZH: Final[dict[str, str]] = {
    "hour": "时刻在租户时区的小时，0 至 23。",
    "date": "时刻在租户时区的日期。",
    "age": "从出生日期到某时刻所在日期的周岁；2 月 29 日出生者在平年 3 月 1 日满岁。",
    "days_between": "从前一日期到后一日期的天数；后者更早时为负。",
    "add_days": "若干天之后的日期。",
    "add_years": "若干年期限的最后一日（《民法典》201、202 条）：同月同日，没有则为月末。",
    "percent": "前者占后者的百分比，只舍入一次；后者为零时没有值。",
    "distance_km": "两地（度）之间的大圆距离，公里。",
    "speed_kmh": "走过的距离除以时长，公里/小时；时长至少按 1 秒计。",
    "fee": "金额按万分比计的费用，四舍五入到分。",
    "abs": "绝对值。",
    "floor_zero": "负数作零，其余不变。",
    "robust_z": "与自身历史相比偏离几个标准差（以中位数与中位数绝对偏差计）。",
    "hour_probability": "按小时分布平滑后，某一小时出现的概率。",
    "hits": "文字中是否有词表的词语，豁免的语境除外。",
    "mentions": "文字中是否有词表的词语，不论豁免。",
    "qualified": "主体是否持有某类有效资质，且范围含某项（空：任意）。",
    "consented": "联系人对某范围的同意是否有效。",
    "listed": "某方是否在名单上。",
    "freeman": "按网络和设备环境，本次登录比本账号百分之几的登录更少见（Freeman 等，2016；只看自身历史）。",
}
