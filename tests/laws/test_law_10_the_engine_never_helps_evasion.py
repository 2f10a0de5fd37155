"""Law 10: no alert, hint or remediation suggests splitting payments, switching accounts or moving funds."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from rules.evasion import Kind, advice
from rules.loading import SHIPPED, load
from rules.model import Language, Text
from rules.problems import RuleProblems
from tests.engine.driving import fed, shipped
from tests.logs.arrival import Line
from tests.logs.strategies import logs

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def texts() -> Iterator[tuple[str, Kind, Language, str]]:
    """Yield every text of the catalogue that a person is shown: (rule, kind, language, text)."""
    for name, rule in shipped().rules().items():
        for language in LANGUAGES:
            yield name, "title", language, rule.title[language]
            for case in rule.cases:
                yield name, "message", language, plain(case.message[language])
                yield name, "action", language, plain(case.action[language])


def plain(text: Text) -> str:
    """Return a text with a number where a value will stand."""
    return "".join(part if isinstance(part, str) else "7" for part in text.parts)


def test_no_text_of_the_catalogue_advises_evasion() -> None:
    shown = list(texts())
    assert len(shown) >= 6 * len(shipped().rules()), "title, message and action in two languages"
    assert [
        (rule, text) for rule, kind, language, text in shown if advice(text, language, kind) is not None
    ] == []


@given(log=logs(least=40))
def test_no_record_advises_evasion(log: list[Line]) -> None:
    """The words as they are shown, with their values bound."""
    for record in fed(log).records:
        for language in LANGUAGES:
            assert advice(record.action[language], language) is None
            assert advice(record.message[language], language, "message") is None


@pytest.mark.parametrize(
    "wording",
    [
        pytest.param("action: {zh: 请分成多笔小额收款。, en: Collect less.}", id="split, in Chinese"),
        pytest.param("action: {zh: 今日停止收款。, en: Please split the payment.}", id="split, in English"),
        pytest.param(
            "action: {zh: 请改用其他账号收款。, en: Collect less.}", id="switch accounts, in Chinese"
        ),
        pytest.param("action: {zh: 今日停止收款。, en: Switch to another account.}", id="switch, in English"),
        pytest.param("action: {zh: 请尽快转移资金。, en: Collect less.}", id="move funds, in Chinese"),
        pytest.param(
            "action: {zh: 今日停止收款。, en: Move the funds at once.}", id="move funds, in English"
        ),
        pytest.param("message: {zh: 建议换号。, en: Too much.}", id="in a message"),
    ],
)
def test_a_rule_that_advises_evasion_is_not_loaded(wording: str, tmp_path: Path) -> None:
    """The words are put into a rule of the catalogue, in the place of its own."""
    for part in ("catalog/collection.yaml", "limits/collection.yaml"):
        (tmp_path / part).parent.mkdir()
        shutil.copyfile(SHIPPED / part, tmp_path / part)
    path = tmp_path / "catalog" / "collection.yaml"
    text = path.read_text("utf-8")
    field = wording.partition(":")[0]
    first = re.search(rf"^    {field}:.*\n(      .*\n)*", text, re.MULTILINE)
    assert first is not None, f"the first rule has a {field}"
    path.write_text(f"{text[: first.start()]}    {wording}\n{text[first.end() :]}", "utf-8")
    with pytest.raises(
        RuleProblems, match="expected no advice to split payments, switch accounts or move funds"
    ):
        load(tmp_path)
    path.write_text(text, "utf-8")
    assert "COL-01" in load(tmp_path).rules(), "as it is shipped it is loaded"
