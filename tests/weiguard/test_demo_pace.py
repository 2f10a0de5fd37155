"""The demo's pace, with a clock and a sleep that only count."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, pairwise

import pytest

from streams.sources.shops import events
from weiguard.commands.demo_pace import Pace, arrival, default_speed

OPENING = datetime.fromisoformat("2026-03-10T00:00:00+08:00")


@dataclass
class Watch:
    """A watch that only moves when someone sleeps."""

    seconds: float = 0.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.seconds += seconds


def line(time: str) -> bytes:
    return json.dumps({"receivedtime": f"2026-03-{time}+08:00"}, separators=(",", ":")).encode()


def paced(speed: float, *times: str) -> Watch:
    watch = Watch()
    lines = [line(time) for time in times]
    batches = Pace(speed, OPENING, watch.now, watch.sleep).batches(lines)
    assert list(chain.from_iterable(batches)) == lines
    return watch


def test_the_day_is_stretched_over_the_speed() -> None:
    watch = paced(3600.0, "10T00:00:01", "10T01:00:00", "10T03:00:00")
    assert watch.seconds == pytest.approx(3.0)


def test_flat_out_never_sleeps() -> None:
    assert paced(0.0, "10T00:00:01", "10T23:00:00").naps == []


def test_the_history_is_not_paced() -> None:
    watch = paced(1.0, "01T00:00:00", "09T23:59:59", "10T00:00:02")
    assert watch.seconds == pytest.approx(2.0)


def test_a_slow_engine_is_not_waited_for_twice() -> None:
    watch = Watch()
    lines = Pace(3600.0, OPENING, watch.now, watch.sleep).batches([line("10T00:00:01"), line("10T02:00:00")])
    next(lines)
    watch.seconds += 5.0  # The engine took longer than the two seconds until the next line.
    next(lines)
    assert watch.seconds == pytest.approx(5.0 + 1 / 3600, abs=0.01)


@pytest.mark.parametrize(
    ("terminal", "days", "speed"),
    [
        pytest.param(True, 1, 4320.0, id="a day in twenty seconds on a terminal"),
        pytest.param(True, 3, 12_960.0, id="three days too"),
        pytest.param(False, 1, 0.0, id="flat out elsewhere"),
    ],
)
def test_the_speed_nobody_asked_for(terminal: bool, days: int, speed: float) -> None:
    assert default_speed(terminal=terminal, days=days) == speed


def test_every_line_of_the_shops_says_when_it_arrived() -> None:
    arrivals = [arrival(one) for one in events()]
    assert all(first <= second for first, second in pairwise(arrivals))
