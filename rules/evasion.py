"""Texts that would help somebody get around a limit, a ban or a freeze. Weiguard never shows one.

What a reader is told to do must not be to split payments, to switch accounts or to move funds. A phrase of that kind
is refused unless its own clause forbids it: 不得分拆 is the right thing to say.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from rules.model import Language

_NUMBER = "账号|帐号|账户|帐户"
_ZH: Final = re.compile(
    "|".join(
        (
            r"分拆|拆分|拆单|拆成[^，。；]{0,8}笔|多笔小额|化整为零",
            r"分成?[^，。；]{0,4}(多|几|若干|两|二|三|数|[0-9])[^，。；]{0,2}笔",
            rf"换[^，。；]{{0,6}}({_NUMBER}|微信号|小号|商户号)|换号|换(一)?个号",
            (
                r"(改用|启用|使用|用|通过|登录|借用)(其他|其它|别的|另一个?|另外的?|备用|新的?|小|他人的?|亲友的?)"
                rf"({_NUMBER}|微信号|号|收款码)"
            ),
            r"多账号|多帐号|账号矩阵|分账户|分帐户|小号收款",
            r"(转移|转走|转出|转至|挪走|挪到|移走|提走)[^，。；]{0,10}(资金|款项|余额|钱)",
            r"(资金|款项|余额|钱)[^，。；]{0,10}(转移|转走|转出|转至|转到|挪走|挪到|移走|提走)",
            r"规避|绕过|绕开|躲避|避开(限额|监管|风控|审核|检测)",
        )
    )
)
_ZH_FORBIDS: Final = re.compile(r"不[得能可](?!不)|不要|不应|不许|禁止|严禁|勿|避免|停止|杜绝|防止|而非|不是")

_WHOLE = "(payments?|orders?|amounts?|transfers?|transactions?|sums?|bills?|purchases?|totals?|collections?|it|them)"
_OTHER = (
    "(another|an other|other|(a )?different|(a )?second|(a )?new|a spare|(a )?backup|multiple|several|more)"
)
_ACCOUNT = "(accounts?|codes?|wallets?|numbers?|devices?|shops?)"
_GUARD = "(limits?|bans?|freezes?|checks?|rules?|detection|reporting|review|penalt(y|ies)|restrictions?)"
_EN: Final = re.compile(
    "|".join(
        (
            (
                r"\b(split|splits|splitting|break|breaking|divide|dividing|structure|structuring|spread|spreading)\b"
                rf"[^,.;]{{0,24}}\b{_WHOLE}\b"
            ),
            (
                r"\b(in|into|as) (several|smaller|multiple|many|two|three|more) (small(er)? )?"
                r"(payments?|parts?|amounts?|transfers?|pieces)\b"
            ),
            rf"\b(switch|switching|change|changing|swap|swapping|rotate|rotating)\b[^,.;]{{0,16}}\b{_ACCOUNT}\b",
            (
                r"\b(use|using|open|opening|try|through|with|via|on|to|register)( the| an| your)? "
                rf"{_OTHER}( of your| of the)? [^,.;]{{0,12}}?{_ACCOUNT}\b"
            ),
            (
                r"\b(move|moving|transfer|transferring|shift|shifting|withdraw|withdrawing|pull|pulling)\b"
                r"[^,.;]{0,16}\b(funds?|money|balance|cash|proceeds)\b"
            ),
            (
                r"\b(evade|evading|bypass|bypassing|circumvent|circumventing|avoid|avoiding|get around"
                rf"|work around|dodge|stay under|keep below)\b[^,.;]{{0,20}}\b{_GUARD}\b"
            ),
        )
    ),
    re.IGNORECASE,
)
_EN_FORBIDS: Final = re.compile(
    r"\b(not|never|no|nor|cannot|don't|mustn't|without|instead of|rather than|stop|avoid"
    r"|forbidden|prohibited|against|nobody)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(r"[，。；：！？,.;:!?\n—]|\bbut\b|而是")
_ADVISES: Final = re.compile(
    r"请|建议|可|应|最好|尽快|推荐|考虑|不妨|"
    r"\b(please|should|can|could|may|try|consider|recommend|advise|suggest|better|you|to)\b",
    re.IGNORECASE,
)
_TELLS: Final = re.compile(r"后|\bafter\b", re.IGNORECASE)

Kind: TypeAlias = Literal["action", "message", "title"]


def advice(text: str, language: Language, kind: Kind = "action") -> tuple[int, str] | None:
    """Return the offset and the words of the first advice to evade in a text, or None where it gives none.

    An action is advice by nature. A message also tells what happened (a payout *after* a login), and a title names the
    pattern itself; they are advice only where they do not tell (message) or where they say so (title).
    """
    phrase, forbids = (_ZH, _ZH_FORBIDS) if language == "zh" else (_EN, _EN_FORBIDS)
    for match in phrase.finditer(text):
        clause = max((cut.end() for cut in _CLAUSE.finditer(text, 0, match.start())), default=0)
        before = text[clause : match.start()]
        excused = kind == "title" and not _ADVISES.search(before)
        excused |= kind == "message" and bool(_TELLS.search(before)) and not _ADVISES.search(before)
        forbidden = forbids.search(before) or (language == "zh" and forbids.search(match[0]))
        if not excused and not forbidden:
            return match.start(), match[0]
    return None
