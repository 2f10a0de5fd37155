"""How texts are cut into words, and that the index finds what a reader would."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.audit.words import phrases_of, words_of

CHINESE = st.text(alphabet="今日已收款超限额。，", max_size=12)
# What FTS5 reads as its own language, and what it trips over.
HOSTILE = st.text(alphabet="收款a1 \"'*^:()-+{}\0ＡÀİ,.~\U00020000あ", max_size=14) | st.sampled_from(
    ["a OR b", "NEAR(a b)", 'words : "a"', '"', "a*", "-a", "^a", "a AND NOT b", "{words} : a", "收 款*"]
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(
            "今日已收款", ["今日", "日已", "已收", "收款", "款"], id="a run becomes pairs and its last sign"
        ),
        pytest.param("款", ["款"], id="a run of one sign is that sign"),
        pytest.param(
            "收款,超限", ["收款", "款", "超限", "限"], id="no pair reaches over a sign that is no letter"
        ),
        pytest.param("COL-01 Warns", ["col", "01", "warns"], id="other words stay whole, in lower case"),
        pytest.param("43,210.00 元", ["43", "210", "00", "元"], id="a number is its parts"),
        pytest.param("账户A1超限", ["账户", "户", "a1", "超限", "限"], id="letters end a run"),
        pytest.param("ＣＯＬ１", ["col1"], id="wide letters are letters"),
        pytest.param("…!\"'", [], id="signs are no words"),
    ],
)
def test_a_text_is_cut(text: str, words: list[str]) -> None:
    assert words_of([text]) == words


@pytest.mark.parametrize(
    ("asked", "text", "found"),
    [
        pytest.param("收款", "今日已收款 5 元", True, id="inside a run"),
        pytest.param("收 款", "今日已收 5 元，退款", True, id="parts may stand apart"),
        pytest.param("收款", "今日已收 5 元，退款", False, id="signs of one part may not"),
        pytest.param("款", "今日已收款", True, id="one sign at the end of a run"),
        pytest.param("日", "今日已收款", True, id="one sign inside a run"),
        pytest.param("col-01", "The rule COL-01 warns", True, id="a rule's id"),
        pytest.param("col", "collected", False, id="a word is not found by its beginning"),
        pytest.param("43,210.00", "已收 43,210.00 元", True, id="a number as it is written"),
        pytest.param("10.00", "已收 43,210.00 元", False, id="a number is not found by its end"),
        pytest.param("a1超限", "账户A1超限额", True, id="a run that goes on"),
    ],
)
def test_what_is_asked_for_is_found_or_not(asked: str, text: str, found: bool) -> None:
    assert all(phrase.within(words_of([text])) for phrase in phrases_of(asked)) == found


def test_no_phrase_reaches_from_one_text_into_the_next() -> None:
    (phrase,) = phrases_of("a-b")
    assert phrase.within(words_of(["a b"]))
    assert not phrase.within(words_of(["a", "b"]))


@given(text=CHINESE, cut=st.tuples(st.integers(0, 12), st.integers(0, 12)))
def test_every_piece_of_a_chinese_text_is_found_in_it(text: str, cut: tuple[int, int]) -> None:
    """Whatever a reader marks and looks for is found where it was marked."""
    piece = text[min(cut) : max(cut)]
    words = words_of([text])
    assert all(phrase.within(words) for phrase in phrases_of(piece))


@given(asked=HOSTILE, texts=st.lists(HOSTILE, max_size=4))
def test_the_index_finds_what_the_words_say(asked: str, texts: list[str]) -> None:
    """FTS5 and `within` agree on every text, and no query is an expression to FTS5."""
    phrases = phrases_of(asked)
    if not phrases:
        return
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5(words, content='', tokenize='ascii')")
        for number, text in enumerate(texts):
            db.execute("INSERT INTO t(rowid, words) VALUES (?, ?)", (number, " ".join(words_of([text, "x"]))))
        expression = " AND ".join(phrase.expression() for phrase in phrases)
        found = [
            row for (row,) in db.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rowid", (expression,))
        ]
    expected = [
        n for n, text in enumerate(texts) if all(each.within(words_of([text, "x"])) for each in phrases)
    ]
    assert found == expected
