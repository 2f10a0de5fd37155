"""Entries taken out of rule files and put into them, with every other character left as it is."""

from __future__ import annotations

import pytest

from rules.inserting import appended, entries, root_of
from rules.problems import RuleProblems

RULES = """\
# Takings.
pack: takings
rules:
  # The first.
  - id: TAK-01
    note: a  # with a comment

  - {id: TAK-02,
     note: b}
  # A last word.

# What all share.
let: {x: 1}
"""
LIMITS = "limits:\r\n    day: {value: 1}\r\n"


def put(text: str, section: str, entry: str) -> str | None:
    return appended(text, root_of(text, "f"), section, entry)


def taken(text: str, section: str) -> list[str] | None:
    return entries(text, root_of(text, "f"), section)


def test_an_entry_goes_to_the_end_of_its_section() -> None:
    assert put(RULES, "rules", "- id: TAK-03\n  note: c\n") == RULES.replace(
        "  # A last word.\n", "  # A last word.\n\n  - id: TAK-03\n    note: c\n"
    )


def test_an_entry_goes_to_the_end_of_a_file() -> None:
    assert put(LIMITS, "limits", "week: {value: 7}\n") == LIMITS + "    week: {value: 7}\n"
    assert put("limits:\n  a: {value: 1}", "limits", "b: 2\n") == "limits:\n  a: {value: 1}\n  b: 2\n"
    assert put("rules:\n- id: A", "rules", "- id: B\n") == "rules:\n- id: A\n\n- id: B\n"


def test_entries_are_taken_out_as_they_are_written() -> None:
    assert taken(RULES, "rules") == [
        "- id: TAK-01\n  note: a  # with a comment\n",
        "- {id: TAK-02,\n   note: b}\n",
    ]
    assert taken("limits:\n  a: 1\n  # of b\n  b:\n    value: 2\n", "limits") == [
        "a: 1\n",
        "b:\n  value: 2\n",
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("rules: [{id: A}, {id: B}]\n", id="a list in brackets"),
        pytest.param("rules: [\n  {id: A}]\n", id="a list in brackets over lines"),
        pytest.param("rules:\n  [{id: A}]\n", id="brackets on a line of their own"),
        pytest.param("rules: {a: 1}\n", id="a mapping in brackets"),
        pytest.param("rules: {\n  a: 1}\n", id="a mapping in brackets over lines"),
        pytest.param("rules: []\n", id="nothing in it"),
        pytest.param("pack: x\n", id="no such section"),
        pytest.param("rules: text\n", id="another kind"),
    ],
)
def test_what_stands_in_brackets_is_left_alone(text: str) -> None:
    assert put(text, "rules", "- id: C\n") is None
    assert taken(text, "rules") is None


def test_a_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(RuleProblems):
        root_of("rules: [", "f")
