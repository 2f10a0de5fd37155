"""The minutes that `micros` remembers: no other text is taken for one of them, and they are bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.instants import _KEPT, _MINUTES, _SECONDS, micros

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@given(second=st.integers(0, 99), place=st.sampled_from([0, 3, 5, 8, 11, 14, 17, 20, 23]))
def test_a_known_minute_makes_no_wrong_text_right(second: int, place: int) -> None:
    """The cache is keyed by pieces of the text: no other text may be taken for one that is known."""
    good = "2026-03-10T09:15:30+08:00"
    micros(good)
    text = f"{good[:place]}{second:02}{good[place + 2 :]}"
    try:
        expected = (datetime.fromisoformat(text) - EPOCH) // MICROSECOND
    except (ValueError, TypeError):
        expected = -1
    if (
        len(text) != len(good)
        or text[4] + text[7] + text[13] + text[16] + text[22] != "--:::"
        or text[19] != "+"
    ):
        expected = -1
    if text[23:] >= "60":
        expected = -1
    if expected < 0 or not "1970" <= text[:4] <= "9998":
        with pytest.raises(ValueError):  # noqa: PT011  # the text is the message
            micros(text)
    else:
        assert micros(text) == expected


def test_the_cache_has_a_bound() -> None:
    for minute in range(_KEPT + 100):
        offset = f"{'+-'[minute % 2]}{minute // 60 % 24:02}:{minute % 60:02}"
        micros(f"{(EPOCH + timedelta(minutes=minute + 10_000)):%Y-%m-%dT%H:%M}:{minute % 59:02}{offset}")
        assert max(len(_MINUTES), len(_SECONDS)) <= _KEPT
