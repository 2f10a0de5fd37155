"""The longest single arrival: CPU time of each line by itself, the collector quiet as with the runners."""

from __future__ import annotations

import time
from pathlib import Path

from engine.fold import Engine
from rules.loading import load
from rules.planning.compiling import compile_rules
from streams.large_state import large_state

SHIPPED = Path(__file__).parent.parent / "rules"


def measure(log: Path, rules: Path | None) -> dict[str, object]:
    """Return the longest arrival and two quantiles, in microseconds of CPU time, and the line of the longest."""
    engine = Engine(compile_rules(load(rules or SHIPPED)))
    clock, feed = time.process_time_ns, engine.feed
    spent: list[int] = []
    with log.open("rb") as lines, large_state():
        for line in lines:
            before = clock()
            feed(line.rstrip(b"\n"))
            spent.append(clock() - before)
    longest = max(range(len(spent)), key=spent.__getitem__)
    spent_sorted = sorted(spent)
    return {
        "longest_us": spent[longest] / 1000,
        "longest_line": longest + 1,
        "median_us": spent_sorted[len(spent) // 2] / 1000,
        "p9999_us": spent_sorted[int(len(spent) * 0.9999)] / 1000,
    }
