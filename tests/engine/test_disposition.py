"""The tally: every input counted once, and sums that agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.disposition import DISPOSITIONS, OTHER, Tally
from engine.payloads import PAYLOADS

inputs = st.tuples(
    st.sampled_from([*sorted(PAYLOADS), "karma.changed", "", "x"]), st.sampled_from(DISPOSITIONS)
)


def test_the_five_are_those_of_the_contract() -> None:
    assert DISPOSITIONS == ("decided", "duplicate", "conflict", "late", "quarantined")
    assert Tally().by_disposition() == dict.fromkeys(DISPOSITIONS, 0)


@given(log=st.lists(inputs))
def test_the_sums_agree_with_the_inputs(log: list[tuple[str, str]]) -> None:
    tally = Tally()
    for kind, disposition in log:
        tally.add(kind, disposition)
    assert tally.inputs == sum(tally.counts.values()) == len(log)
    assert tally.by_disposition() == {
        each: sum(disposition == each for _, disposition in log) for each in DISPOSITIONS
    }


def test_types_outside_the_contract_are_counted_together() -> None:
    tally = Tally()
    for kind in ("karma.changed", "payment.received", "karma.lost", "", OTHER):
        tally.add(kind, "decided")
    assert tally.counts == {(OTHER, "decided"): 4, ("payment.received", "decided"): 1}


def test_an_input_that_was_counted_elsewhere_is_noticed() -> None:
    tally = Tally()
    tally.add("payment.received", "decided")
    tally.counts["payment.received", "decided"] += 1
    with pytest.raises(AssertionError, match="exactly one disposition"):
        tally.by_disposition()
