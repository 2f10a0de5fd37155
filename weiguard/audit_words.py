"""What the audit commands say, in both languages."""

from __future__ import annotations

from typing import Final

from weiguard.words import Language

AUDIT: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "holds": "审计日志 {name}：{entries}，根 {root}；每条记录、每个哈希块、{checkpoints} 个检查点均成立",
        "signed": "由 {signer} 签署",
        "unsigned": "未签署：没有密钥，只能说明未损坏，不能证明未被改动",
        "retold": "由数据库的 {inputs} 条输入重新推得，逐字节相同",
        "account": "  {tenant}：已交代 {position} 条输入（{counts}）",
        "broken": "不成立",
        "proved": "第 {index} 条记录在 {origin} 的 {size} 条之中：",
        "exported": "{origin} 的 {entries}已写入 {folder}",
        "unkeyed": "审计日志 {entries}，未签署（没有密钥；见 weiguard audit keygen）",
        "keyed": "审计日志 {entries}，由 {signer} 签署",
    },
    "en": {
        "holds": "audit log {name}: {entries}, root {root}; entries, tiles and checkpoints ({checkpoints}) hold",
        "signed": "signed by {signer}",
        "unsigned": "unsigned: without a key this shows that nothing is damaged, not that nothing was changed",
        "retold": "told again from {inputs} inputs of the database, byte for byte the same",
        "account": "  {tenant}: {position} inputs accounted for ({counts})",
        "broken": "does not hold",
        "proved": "entry {index} is among the {size} of {origin}:",
        "exported": "{entries} of {origin} written to {folder}",
        "unkeyed": "audit log: {entries}, unsigned (no key; see weiguard audit keygen)",
        "keyed": "audit log: {entries}, signed by {signer}",
    },
}
QUERY_LIST: Final[dict[Language, tuple[str, ...]]] = {
    "zh": ("序号", "时间", "类别", "规则", "对象与经手人", "内容"),
    "en": ("leaf", "at", "kind", "rule", "about and by", "says"),
}
QUERIED: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "read": "共 {rows} 条，读自 {size} 条记录的日志，根 {root}",
        "none": "没有符合的记录；读自 {size} 条记录的日志，根 {root}",
        "next": "还有更多：--after {cursor}",
    },
    "en": {
        "read": "{rows} found, read at {size} entries, root {root}",
        "none": "None found; read at {size} entries, root {root}",
        "next": "there are more: --after {cursor}",
    },
}


def entries(number: int, lang: Language) -> str:
    """Return `1 entry`, `2 entries`."""
    if lang == "zh":
        return f"{number:,} 条记录"
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
