"""What `audit replay` says, in both languages."""

from __future__ import annotations

from typing import Final

from monitoring.wording.words import Language

REPLAY: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "alert": "警报 {name}：{wanted} 条记录中 {identical} 条相同",
        "day": "{name}：{wanted} 条审计记录中 {identical} 条相同",
        "tenant": "租户 {name}：{wanted} 条审计记录中 {identical} 条相同",
        "all": "整个日志：{wanted} 条审计记录中 {identical} 条相同",
        "leaf": "  第 {index} 条（警报记录 {record}，{state}）：{verdict}",
        "identical": "逐字节相同",
        "differs": "不同",
        "erased": "已删除：涉及已删除的主体",
        "of_erased": "涉及已删除主体：{entries}（所问之中 {wanted} 条），无法再完整重新判定，不计为不同",
        "decided": "重新判定输入 {inputs} 条（{whose}），规则集 {rulesets}；审计记录 {entries} 条，相同 {identical} 条",
        "of_all": "全部租户",
        "of": "租户 {tenant} 及不属于任何租户者",
        "earlier": "最近一次重算之前的 {entries}未重新判定：当时的判定依据已由重算取代",
        "ended": "到此为止：一条已判定的输入无法再读取，其后未重新判定",
        "more": "  另有 {count} 处不同",
        "broken": "不成立",
        "none": "无",
    },
    "en": {
        "alert": "alert {name}: {identical} of {wanted} leaves identical",
        "day": "{name}: {identical} of {wanted} entries identical",
        "tenant": "tenant {name}: {identical} of {wanted} entries identical",
        "all": "the whole log: {identical} of {wanted} entries identical",
        "leaf": "  entry {index}, record {record}, {state}: {verdict}",
        "identical": "identical",
        "differs": "differs",
        "erased": "erased: it speaks of a subject that was",
        "of_erased": "of erased subjects: {entries} ({wanted} of those asked for), which is no difference",
        "decided": "decided again: inputs {inputs} ({whose}), by {rulesets}; {identical} of {entries} entries same",
        "of_all": "of all tenants",
        "of": "of {tenant} and of no tenant",
        "earlier": "{entries} before the last refold not decided again: it took the place of what decided them",
        "ended": "it ends there: an input that was decided cannot be read any more; nothing behind it was decided",
        "more": "  and {count} more differences",
        "broken": "does not hold",
        "none": "none",
    },
}
