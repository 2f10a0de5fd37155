"""What is allowed and probably not meant: the words of every warning, in both languages.

Each says what was found, what was expected and how to mend it; names in braces are filled in where it is found.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Said: TypeAlias = tuple[str, str, str]  # What was found, what was expected, how to mend it.

_DOUBTS: Final[dict[str, dict[str, Said]]] = {
    "unused_limit": {
        "zh": ("限额 {name} 没有规则使用", "有规则使用的限额", "删去即可"),
        "en": ("the limit {name}, which no rule reads", "a limit in use", "remove it"),
    },
    "unused_lexicon": {
        "zh": ("词表 {name} 没有规则使用", "有规则使用的词表", "删去即可"),
        "en": ("the lexicon {name}, which no rule reads", "a lexicon in use", "remove it"),
    },
    "unread_in_pack": {
        "zh": ("{kind} {name} 没有规则使用", "有规则使用的名称", "删去即可"),
        "en": ("the {kind} {name}, which no rule reads", "a name in use", "remove it"),
    },
    "unread_in_rule": {
        "zh": ("{kind} {name} 无处使用", "用得到的名称", "删去，或加以使用"),
        "en": ("the {kind} {name}, which nothing reads", "a name in use", "remove it, or read it"),
    },
    "unequal_to_nothing": {
        "zh": ("{name} 可能没有值，此时 != 不成立", "一定有值的名称", "同时判断 {name}.given"),
        "en": (
            "{name} may have no value, and then != does not hold",
            "a value",
            "test {name}.given too",
        ),
    },
    "never_passes": {
        "zh": ("条件按现有限额永不成立", "能够成立的条件", "{why}；改正条件，或删去"),
        "en": (
            "a filter that never holds, as the limits stand",
            "a filter that can hold",
            "{why}; mend it, or leave it out",
        ),
    },
    "never_fires": {
        "zh": ("级别 {level} 按现有限额永不成立", "能够成立的级别", "{why}；改正表达式，或删去 {level}"),
        "en": (
            "{level}, which never holds as the limits stand",
            "a level that can hold",
            "{why}; mend it, or remove {level}",
        ),
    },
    "hidden": {
        "zh": ("{low} 被 {high} 掩盖", "能够成为最高的级别", "删去 {low}，或使其更早成立"),
        "en": (
            "{low} hidden by {high}",
            "a level that can be the highest",
            "remove {low}, or let it hold sooner",
        ),
    },
    "grows_by_key": {
        "zh": (
            "{name} 为每个 {dimension} 永久保存一份统计",
            "有界的窗口，或不随事件增多的键",
            "用 over: 90d 之类限定窗口，或换一个键",
        ),
        "en": (
            "{name}, which keeps a value for every {dimension} for ever",
            "a window with an end, or a key that events do not add to",
            "bound it, say over: 90d, or take another key",
        ),
    },
    "grows_by_member": {
        "zh": (
            "{name} 永久记住每个事件都会带来的新值 {value}",
            "有界的窗口，或可能重复的值",
            "用 over: 90d 之类限定窗口，或改用 count",
        ),
        "en": (
            "{name}, which remembers for ever the {value} that each event brings anew",
            "a window with an end, or a value that comes again",
            "bound it, say over: 90d, or take count",
        ),
    },
    "no_tests": {
        "zh": ("没有测试", "一个触发的测试和一个不触发的测试", "写 tests: [{{name: …, given: […], expect: […]}}]"),
        "en": (
            "no tests",
            "a test that fires and one that stays silent",
            "write tests: [{{name: …, given: […], expect: […]}}]",
        ),
    },
    "none_fires": {
        "zh": ("没有一个测试会触发", "一个触发的测试和一个不触发的测试", "加一个，写 expect: [{{at: …, level: …}}]"),
        "en": (
            "no test that fires",
            "a test that fires and one that stays silent",
            "add one with expect: [{{at: …, level: …}}]",
        ),
    },
    "none_silent": {
        "zh": ("没有一个测试始终不触发", "一个触发的测试和一个不触发的测试", "加一个刚好不达界限的测试，写 expect: []"),
        "en": (
            "no test that stays silent",
            "a test that fires and one that stays silent",
            "add one just inside the boundary, with expect: []",
        ),
    },
    "not_loaded": {
        "zh": ("规则 {name} 未载入", "一个规则的编号", "{mend}"),
        "en": ("the rule {name}, which is not loaded", "the id of a rule", "{mend}"),
    },
    "idle_context": {
        "zh": ("{context} 不含 {term}", "含有 {term} 的语境", "语境只豁免它所覆盖之处"),
        "en": (
            "{context}, which does not hold {term}",
            "a context of {term}",
            "a context exempts only what it covers",
        ),
    },
}  # fmt: skip

# Why an expression never holds.
WHY: Final[dict[str, dict[str, str]]] = {
    "false": {"zh": "它恒为假", "en": "it is false whatever comes"},
    "apart": {"zh": "其中各条件互相矛盾", "en": "its conditions contradict each other"},
    "filtered": {"zh": "它与 where 互相矛盾", "en": "it contradicts where"},
}


def said(doubt: str, **names: str) -> dict[str, Said]:
    """Return the words of a warning in both languages; a name in WHY becomes the words that it stands for."""
    return {
        language: tuple(text.format(**_in_words(names, language)) for text in texts)  # type: ignore[misc]  # three
        for language, texts in _DOUBTS[doubt].items()
    }


def _in_words(names: dict[str, str], language: str) -> dict[str, str]:
    return {name: WHY[text][language] if name == "why" else text for name, text in names.items()}
