"""Durations of rule files and of the limits that a tenant sets."""

from __future__ import annotations

import pytest

from rules.durations import LONGEST_US, duration_us

SECOND = 10**6


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("30s", 30 * SECOND), ("10m", 600 * SECOND), ("24h", 86_400 * SECOND), ("7d", 7 * 86_400 * SECOND),
        ("0s", 0), ("36525d", LONGEST_US),
    ],
)  # fmt: skip
def test_durations(text: str, us: int) -> None:
    assert duration_us(text) == us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "5",
        "5 m",
        "1.5h",
        "-1s",
        "1w",
        "1h30m",
        "1000000000s",
        "1S",
        "１s",
        "1s\n",
        "1ms",
        "36526d",
        "999999999d",
    ],
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    assert duration_us(text) is None
