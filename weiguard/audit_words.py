"""What the audit commands say, in both languages."""

from __future__ import annotations

from typing import Final

from monitoring.wording.words import Language

AUDIT: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "holds": "审计日志 {name}：{entries}，根 {root}；每条记录、每个哈希块、{checkpoints} 个检查点均成立",
        "signed": "由 {signer} 签署",
        "unsigned": "未签署：没有密钥，只能说明未损坏，不能证明未被改动",
        "retold": "由数据库的 {inputs} 条输入重新推得，逐字节相同",
        "account": "  {tenant}：已交代 {position} 条输入（{counts}）",
        "broken": "不成立",
        "proved": "第 {index} 条记录在 {origin} 的 {size} 条之中：",
        "complete": "{origin} 自 {since} 起至 {until} 前{whom}说过的 {entries}全部在此，见于其中 {days} 天",
        "nothing": "{origin} 自 {since} 起至 {until} 前没有{whom}说过什么",
        "whom": "就租户 {tenant} 的账号 {account} ",
        "whole": "就租户 {tenant} ",
        "first": "第一条记录",
        "read_at": "读自 {size} 条记录的日志，根 {root}",
        "rests": "所据为日志自己的每日索引；索引有无遗漏，由核验整个日志的人检查：weiguard audit verify DIR|URL",
        "told_on": "日子按租户时钟，即说出之日：迟到事件日后引出的记录，在日后的日子里",
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
        "complete": "all {entries} that {origin} told of {whom} from {since} until {until}, on {days} days",
        "nothing": "{origin} told nothing of {whom} from {since} until {until}",
        "whom": "the account {account} of tenant {tenant}",
        "whole": "tenant {tenant}",
        "first": "its first entry",
        "read_at": "read at {size} entries, root {root}",
        "rests": "by the log's own daily index; that it omits nothing, `weiguard audit verify DIR|URL` shows",
        "told_on": "days are those on which it was told: what late events raised later stands on later days",
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
        "proof": "{until} 前的完整性证明：{file}；用 weiguard audit verify {file} --key … 核验",
        "open": "自 {until} 起的日子尚未结束：既未列出，也未证明",
    },
    "en": {
        "read": "{rows} found, read at {size} entries, root {root}",
        "none": "None found; read at {size} entries, root {root}",
        "next": "there are more: --after {cursor}",
        "proof": "proof of completeness until {until}: {file}; check it with weiguard audit verify {file} --key …",
        "open": "days from {until} on are not closed yet: nothing of them is shown or proved",
    },
}


def entries(number: int, lang: Language) -> str:
    """Return `1 entry`, `2 entries`."""
    if lang == "zh":
        return f"{number:,} 条记录"
    return f"{number:,} {'entry' if number == 1 else 'entries'}"
