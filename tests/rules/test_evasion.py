"""No text helps evasion: what advises it is refused, what forbids it is allowed."""

from __future__ import annotations

from typing import Literal

import pytest

from rules.evasion import advice
from rules.loading import load
from rules.model import Language, Text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "大额交易建议分拆多笔完成"),
        ("zh", "请将付款拆分。"),
        ("zh", "可分多笔收款"),
        ("zh", "请分3笔支付"),
        ("zh", "化整为零即可"),
        ("zh", "换个账号继续收款"),
        ("zh", "请换号收款"),
        ("zh", "改用其他账号收款。"),
        ("zh", "用另一个收款码"),
        ("zh", "多账号矩阵分散风险"),
        ("zh", "冻结前请转移资金"),
        ("zh", "尽快把资金转移至其他账户"),
        ("zh", "余额转到亲友账户"),
        ("zh", "以免被限，绕过风控"),
        ("zh", "不得停止收款，请分拆付款"),
        ("zh", "不得不分拆付款"),
        ("en", "Split the payment into parts."),
        ("en", "Ask the payer to split payments"),
        ("en", "Take it in several smaller payments."),
        ("en", "Switch accounts and go on."),
        ("en", "Use another account for today"),
        ("en", "collect through a second account"),
        ("en", "Register new accounts."),
        ("en", "Move the funds before the freeze"),
        ("en", "withdraw the money at once"),
        ("en", "Keep below the limit"),
        ("en", "This avoids trouble: bypass the check"),
        ("en", "Do not wait, use another account"),
        ("en", "Never mind; split the order."),
    ],
)
def test_advice_to_evade_is_found(language: Language, text: str) -> None:
    assert advice(text, language) is not None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "大额走对公转账，不得分拆收款。"),
        ("zh", "请勿分拆付款"),
        ("zh", "禁止换号收款"),
        ("zh", "冻结期间不得将收款或资金转移至其他账号。"),
        ("zh", "冻结期间资金与收款不得转移至其他账号。"),
        ("zh", "不得以其他账号规避处罚"),
        ("zh", "不得用多账号同步发布。"),
        ("zh", "改日分批清理。"),
        ("zh", "申请商户收款码。"),
        ("zh", "转为商户号经营。"),
        ("zh", "改用动态码收款"),
        ("en", "Take large sums by corporate transfer, never split the payment."),
        ("en", "Do not use another account."),
        ("en", "Other accounts must not be used around the penalty."),
        ("en", "Funds must stay where they are."),
        ("en", "Stop splitting payments."),
        ("en", "Move the trade to a merchant account."),
        ("en", "Serve customers through WeCom."),
        ("en", "Go on another day."),
        ("en", "Space the posts out."),
    ],
)
def test_what_forbids_or_means_something_else_is_allowed(language: Language, text: str) -> None:
    assert advice(text, language) is None


@pytest.mark.parametrize(
    ("language", "kind", "text", "refused"),
    [
        ("zh", "title", "同一订单分拆支付", False),
        ("zh", "title", "冻结后换号收款", False),
        ("zh", "title", "建议分拆支付", True),
        ("en", "title", "One order split into payments", False),
        ("en", "title", "You should split payments", True),
        ("zh", "message", "未登记的操作人登录后转出资金。", False),
        ("zh", "message", "收款后请转出资金。", True),
        ("zh", "message", "分拆付款即可。", True),
    ],
)
def test_titles_and_messages_may_name_what_happened(
    language: Language, kind: Literal["message", "title"], text: str, refused: bool
) -> None:
    assert (advice(text, language, kind) is not None) is refused


def test_no_shipped_text_advises_evasion() -> None:
    """Asked of the words as a reader meets them, not of the loader that has let them in."""
    texts = 0
    for rule in load().rules().values():
        for case in rule.cases:
            for language in ("zh", "en"):
                assert advice(_plain(case.action[language]), language) is None, rule.id
                assert advice(_plain(case.message[language]), language, "message") is None, rule.id
                texts += 2
    assert texts > 200


def _plain(text: Text) -> str:
    return "".join(part if isinstance(part, str) else "1" for part in text.parts)
