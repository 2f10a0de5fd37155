"""Hypothesis strategies over made logs: they shrink by dropping events, not by changing the seed."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.logs.arrival import Line, shuffle_within_lateness
from tests.logs.making import make_log

SEEDS = st.integers(0, 1_000_000)


@st.composite
def logs(
    draw: st.DrawFn, *, least: int = 10, most: int = 60, families: frozenset[str] | None = None
) -> list[Line]:
    """Draw a made log with some of its lines left out; the ticks at its end stay."""
    size = draw(st.integers(least, most))
    log = make_log(draw(SEEDS), size, set(families) if families is not None else None)
    return [line for line in log if line["type"] == "clock.tick" or draw(st.integers(0, 9)) > 0]


@st.composite
def arrivals(draw: st.DrawFn, *, least: int = 10, most: int = 60) -> tuple[list[Line], list[Line]]:
    """Draw a log and another order in which it might have arrived."""
    log = draw(logs(least=least, most=most))
    return log, shuffle_within_lateness(log, draw(SEEDS))
