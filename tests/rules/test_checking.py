"""Every refusal of one expression: what was found, where, and the way out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.checking import LONGEST, Checked, Declared, Fault, Scope, check, in_words

SCOPE: Scope = {
    "event.amount_fen": Declared("int", "fen"),
    "event.order_id": Declared("string", optional=True),
    "event.text": Declared("string"),
    "event.time": Declared("timestamp", "time"),
    "event.fee_fen": Declared("int", "fen", optional=True),
    "collected": Declared("int", "fen"),
    "payers": Declared("int", "count"),
    "rate": Declared("double", "percent", optional=True),
    "limit.personal_daily": Declared("int", "fen"),
    "limit.personal_daily_warn": Declared("int", "fen"),
    "limit.payers": Declared("int", "count"),
    "limit.due": Declared("duration", "duration"),
    "limit.single": Declared("map(string,int)", "fen"),
    "limit.special": Declared("int", "fen", optional=True),
}


def faults(source: str, *, levels: bool = False, want: str | None = None) -> tuple[Fault, ...]:
    found = check(source, SCOPE, levels=levels, want=want, lexicons=["absolute_terms"])
    assert not isinstance(found, Checked), f"{source} has no fault"
    return found


def checked(source: str, *, levels: bool = False) -> Checked:
    found = check(source, SCOPE, levels=levels, lexicons=["absolute_terms"])
    assert isinstance(found, Checked), found
    return found


@pytest.mark.parametrize(
    ("source", "offset", "found", "mend"),
    [
        ("collected >= limit.personal_daly_warn", 13, "undeclared reference to 'limit.personal_daly_warn'",
         "did you mean limit.personal_daily_warn?"),
        ("collected >\n  limit.personal_daly_warn", 14, "undeclared reference to 'limit.personal_daly_warn'",
         "did you mean limit.personal_daily_warn?"),
        ("event.amont_fen > 0", 0, "undeclared reference to 'event.amont_fen'", "did you mean event.amount_fen?"),
        ("event.order_id.gven", 0, "undeclared reference to 'event.order_id.gven'",
         "did you mean event.order_id.given?"),
        ("percnt(1, 2) > 1.0", 0, "undeclared reference to 'percnt'", "did you mean percent?"),
        ("collected > limit.payers", 10, "compares fen with count", "compare like with like, or name another limit"),
        ("collected + payers > 1", 10, "adds fen with count", "compare like with like, or name another limit"),
        ("(true ? collected : payers) > 0", 6, "chooses between fen with count",
         "compare like with like, or name another limit"),
        ("limit.single['a'] > payers", 18, "compares fen with count", "compare like with like, or name another limit"),
        ("percent(collected, payers) > 2.0", 7, "takes a percentage of fen with count",
         "compare like with like, or name another limit"),
        ("rate >= payers", 5, "no matching overload for '_>=_' applied to '(double, int)'",
         (">= was given a decimal number and a whole number; "
          "say double(…) for the whole number, or write it with a decimal point")),
        ("percent(1.0, 2) > 1.0", 7, "no matching overload for 'percent' applied to '(double, int)'",
         "it was given a decimal number and a whole number"),
        ("has(event.order_id)", 0, "has() does not test dotted names", "use event.order_id.given"),
        ("limit.personal_daily.given", 0, "limit.personal_daily is always there",
         "leave limit.personal_daily.given out"),
        ("[1].exists(x, x > 0)", 4, "the macro exists()", "a measure or a dimension that fans out looks at many"),
        ("event.text.matches('(')", 19, "invalid regular expression: missing ): (",
         "it has no look-around and no back-references"),
        ("event.text.matches(event.text)", 19, "a pattern that is not written here", "write it in quotes"),
        ("event.text.hits('absolute_term')", 16, 'unknown lexicon "absolute_term"', "did you mean absolute_terms?"),
        ("duration('7x') > limit.due", 9, '"7x"', "down to a microsecond at most"),
        ("event.time > timestamp('2026-02-30T00:00:00Z')", 23, '"2026-02-30T00:00:00Z"',
         "down to a microsecond at most"),
        ("1u > 2u", 0, "an unsigned number", "rules have no use for it; leave it out"),
        ("uint(1) == uint(1)", 4, "uint() of int", "rules have no use for it; leave it out"),
        ("size([1, 'a']) > 0", 5, "values of more than one type", "split them by type"),
        ("collected >", 11, "syntax error: mismatched input '<EOF>'", "mend the expression here"),
        ("event.text == '\0'", 15, "the character U+0000", "take it out"),
        ("event.text == '\ud83d'", 15, "the character U+D83D", "take it out"),
        ("(" * 40 + "1" + ")" * 40, 0, "an expression nested more than 32 deep", "split it with let"),
        ("a" * (LONGEST + 1), LONGEST, "4,001 characters", "split it with let"),
    ],
)  # fmt: skip
def test_a_fault_is_placed_and_ends_with_the_way_out(source: str, offset: int, found: str, mend: str) -> None:
    first = faults(source)[0]
    assert (first.offset, first.found, first.mend) == (offset, found, mend)


def test_all_faults_come_at_once_in_order() -> None:
    found = faults("event.amont_fen > 0 && payer == 1 && limit.payers.given")
    assert [(fault.offset, fault.found) for fault in found] == [
        (0, "undeclared reference to 'event.amont_fen'"),
        (23, "undeclared reference to 'payer'"),
        (37, "limit.payers is always there"),
    ]


@pytest.mark.parametrize(
    "source", ["collected > 5000000", "collected > -3", "rate > 0.5", "payers + 10 > 20"]
)
def test_a_level_has_no_numbers_without_a_name(source: str) -> None:
    assert {fault.found for fault in faults(source, levels=True)} == {f"inline number in '{source}'"}


@pytest.mark.parametrize(
    "source", ["payers >= 2", "payers in [3, 4, 9]", "rate > 0.0", "collected * 2 > limit.personal_daily - 1"]
)
def test_numbers_that_define_may_stand_inline(source: str) -> None:
    assert checked(source, levels=True).type == "bool"


def test_where_may_hold_any_number() -> None:
    assert checked("event.amount_fen * 10 >= limit.personal_daily * 9").type == "bool"


@pytest.mark.parametrize(
    ("source", "kind", "unit"),
    [
        ("collected * 2", "int", "fen"),
        ("collected / payers", "int", "fen"),
        ("collected / event.amount_fen", "int", ""),
        ("double(collected) * 1.5", "double", "fen"),
        ("percent(event.amount_fen, collected)", "double", "percent"),
        ("abs(event.amount_fen - collected)", "int", "fen"),
        ("-collected", "int", "fen"),
        ("collected % limit.personal_daily", "int", "fen"),
        ("true ? 0 : collected", "int", "fen"),
        ("days_between('2026-01-01', date(event.time))", "int", "days"),
        ("size(event.text)", "int", ""),
        ("event.time - timestamp('2026-01-01T00:00:00Z')", "duration", "duration"),
    ],
)
def test_a_unit_goes_up_the_tree(source: str, kind: str, unit: str) -> None:
    found = checked(source)
    assert (found.type, found.unit) == (kind, unit)


def test_names_are_those_that_are_read() -> None:
    assert checked("!event.order_id.given || collected > limit.personal_daily * 0").names == {
        "event.order_id.given", "collected", "limit.personal_daily",
    }  # fmt: skip


def test_what_a_place_needs_is_asked_for() -> None:
    fault = faults("collected", want="bool")[0]
    assert (fault.found, fault.expected) == ("a whole number", "true or false")


def test_days_are_read_by_us_and_not_by_the_runtime() -> None:
    assert checked("duration('7d') > limit.due").type == "bool"


def test_unequal_to_what_may_be_absent_is_warned_of() -> None:
    unequal = checked("event.order_id != 'a' && event.text != 'b'").unequal
    assert unequal == ("event.order_id",)


def test_strings_and_comments_are_not_read_as_names() -> None:
    assert checked("event.text == 'has(x) limit.none.given' // exists(").names == {"event.text"}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("list(string)", "a list of texts"),
        ("map(string,double)", "a table of decimal numbers"),
        ("list(bool)", "a list of truths"),
    ],
)
def test_types_are_said_in_words(kind: str, words: str) -> None:
    assert in_words(kind) == words


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from("(){}[]\"'.,&|!?:=<>+-*/% \n\\0a1ux😀\ud800event.text has"), max_size=60).map(
        "".join
    )
)
def test_no_source_raises(source: str) -> None:
    found = check(source, SCOPE)
    assert isinstance(found, Checked) or all(0 <= fault.offset <= len(source) for fault in found)
