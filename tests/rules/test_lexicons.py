"""Term lists: a term hits unless a context of its own covers the occurrence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.lexicons import Lexicon, LexiconFault, parse

LIST = """# Absolute terms.
最佳
  except: 最佳食用 | 个人最佳
第一
NO.1
"""


def lexicon(text: str = LIST) -> Lexicon:
    found, faults = parse("terms", text)
    assert faults == ()
    return found


@pytest.mark.parametrize(
    ("text", "hits", "mentions"),
    [
        pytest.param("全网最佳", True, True, id="a term"),
        pytest.param("😀最佳食用期", False, True, id="exempt by its context"),
        pytest.param("最佳食用期到了，最佳选择", True, True, id="a context exempts only what it covers"),
        pytest.param("个人最佳食用", False, True, id="either of two contexts is enough"),
        pytest.param("最 佳", False, False, id="no term"),
        pytest.param("no.1", False, False, id="terms are compared as written"),
        pytest.param("NO.1", True, True, id="another term has no context"),
        pytest.param("", False, False, id="nothing"),
        pytest.param("\ud83d最佳", True, True, id="a lone surrogate does not hide a term"),
    ],
)
def test_hits_and_mentions(text: str, hits: bool, mentions: bool) -> None:
    assert (lexicon().hits(text), lexicon().mentions(text)) == (hits, mentions)


def test_a_context_of_one_term_does_not_exempt_another() -> None:
    assert lexicon("最佳\n  except: 第一最佳\n第一\n").hits("第一最佳")


def test_a_list_is_read_as_written() -> None:
    assert lexicon("\ufeff# x\r\n最佳\r\n  except: 最佳食用 | 最佳食用\r\n").terms == (
        ("最佳", ("最佳食用",)),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("except: a\nb\n", LexiconFault(1, 1, "except: before any term", "a term above it", "put it under its term")),
        ("a\nb\na\n", LexiconFault(3, 1, "a again", "each term once", "take one of them out")),
        ("a\n  except: ab |  | ac\n", LexiconFault(2, 3, "an empty context", "a | b", "take the bar out")),
        ("# nothing\n", LexiconFault(1, 1, "a list without terms", "a term a line", "write one, or take the list out")),
        ("ab\n  except: ac\n", LexiconFault(2, 3, "ac, which does not hold ab", "a context of ab",
                                            "a context exempts only what it covers", mild=True)),
    ],
)  # fmt: skip
def test_a_mistake_is_placed(text: str, fault: LexiconFault) -> None:
    assert parse("x", text)[1] == (fault,)


letters = st.text("ab", min_size=1, max_size=3)


@given(
    st.lists(st.tuples(letters, st.lists(letters, max_size=3)), min_size=1, max_size=4),
    st.text("ab", max_size=12),
)
def test_searching_agrees_with_looking_everywhere(drawn: list[tuple[str, list[str]]], text: str) -> None:
    terms = {term: tuple(f"{context}{term}" for context in contexts) for term, contexts in drawn}
    found = Lexicon("x", tuple(terms.items()))

    def places(part: str) -> list[tuple[int, int]]:
        return [(at, at + len(part)) for at in range(len(text)) if text.startswith(part, at)]

    expected = any(
        not any(opens <= start and end <= closes for context in contexts for opens, closes in places(context))
        for term, contexts in terms.items()
        for start, end in places(term)
    )
    assert found.hits(text) == expected
    assert found.mentions(text) == any(term in text for term in terms)
