"""The result as tables, or as plain values for JSON: what was measured, and which aims are met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from bench.kafka.latency import Latency
from bench.kafka.restore import Restored
from bench.kafka.takeover import Taken
from bench.kafka.throughput import Rate

LEAST_OF_EMBEDDED: Final = 0.6  # Events a CPU second of a worker, by those of the embedded runner.
MOST_P99_MS: Final = 150.0
MOST_S: Final = {"survivor": 8.0, "again": 3.0}  # With a session of six seconds.


@dataclass(slots=True)
class Found:
    """Everything that was measured; what was not asked for is empty."""

    rates: dict[str, Rate]
    latencies: list[Latency]
    taken: dict[str, Taken]
    restored: Restored | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two cases of throughput, and what is divided. `least`: the ratio wanted, None where it is only told."""

    case: str
    against: str
    what: str
    value: Callable[[Rate, int], float]
    least: float | None = None


def _a_cpu_second(rate: Rate, turn: int) -> float:
    return 1e6 / rate.us_per_event(turn)


COMPARISONS: Final = (
    Comparison("worker", "embedded", "events a CPU second", _a_cpu_second, LEAST_OF_EMBEDDED),
    Comparison("worker", "embedded", "events/s", Rate.a_second),
    Comparison("workers", "worker", "events/s", Rate.a_second),
    Comparison("worker", "table", "events/s", Rate.a_second),
    Comparison("worker", "plain", "events/s", Rate.a_second),
    Comparison("worker", "raw", "events/s", Rate.a_second),
)


def ratio(comparison: Comparison, rates: dict[str, Rate]) -> float:
    """Return the median over the rounds of the ratio within one round."""
    one, other = rates[comparison.case], rates[comparison.against]
    turns = range(len(one.wall_s))
    return median(comparison.value(one, turn) / comparison.value(other, turn) for turn in turns)


def report(found: Found) -> dict[str, Any]:
    """Return everything measured as plain values."""
    restored = found.restored
    return {
        "throughput": {name: _rate(one) for name, one in found.rates.items()},
        "comparisons": [
            {
                "case": each.case,
                "against": each.against,
                "what": each.what,
                "ratio": round(ratio(each, found.rates), 2),
                "least": each.least,
            }
            for each in COMPARISONS
            if each.case in found.rates and each.against in found.rates
        ],
        "latency": [
            {
                "events_a_second": each.a_second,
                "alerts": len(each.alerts),
                "p50_ms": round(each.quantile(0.50) * 1000, 1),
                "p99_ms": round(each.quantile(0.99) * 1000, 1),
                "longest_ms": round(each.alerts[-1] * 1000, 1),
                "most_p99_ms": MOST_P99_MS,
            }
            for each in found.latencies
        ],
        "takeover": {
            name: {
                "first_s": round(median(each.first_s), 1),
                "all_s": round(median(each.all_s), 1),
                "longest_s": round(max(each.all_s), 1),
                "most_s": MOST_S[name],
            }
            for name, each in found.taken.items()
        },
        "restore": _restored(restored) if restored is not None else {},
    }


def _rate(one: Rate) -> dict[str, Any]:
    turns = range(len(one.wall_s))
    return {
        "events": one.events,
        "events_a_second": round(one.typical()),
        "us_per_event": round(median(one.us_per_event(turn) for turn in turns), 2),
        "start_s": round(median(one.start_s), 2),
    }


def _restored(one: Restored) -> dict[str, Any]:
    return {
        "cells": one.cells,
        "entries": one.entries,
        "seconds": round(one.seconds, 2),
        "mib": round(one.bytes / 2**20, 1),
        "seconds_a_million_cells": round(one.a_million(one.seconds), 1),
        "cpu_s_a_million_cells": round(one.a_million(one.cpu_s), 1),
        "mib_a_million_cells": round(one.a_million(one.bytes / 2**20)),
    }


def text(found: Found) -> str:
    """Return the tables for people."""
    told = report(found)
    tables = [_throughput(told, found), _latency(told), _takeover(told, found), _restore(told)]
    return "\n\n".join("\n".join(table) for table in tables if table)


def _throughput(told: dict[str, Any], found: Found) -> list[str]:
    if not told["throughput"]:
        return []
    rows = [f"{'case':40}{'events':>9}{'events/s':>10}{'CPU µs/event':>14}{'start CPU s':>13}"]
    for name, one in told["throughput"].items():
        cost = f"{one['events_a_second']:>10,}{one['us_per_event']:>14.1f}{one['start_s']:>13.2f}"
        rows.append(f"{found.rates[name].title:40}{one['events']:>9,}{cost}")
    rows += ["", f"{'comparison':58}{'ratio':>7}{'least':>7}"] if told["comparisons"] else []
    for row in told["comparisons"]:
        titles = f"{found.rates[row['case']].title} / {found.rates[row['against']].title}"
        aim = f"{row['least']:>7.1f}  {_verdict(row['ratio'] >= row['least'])}" if row["least"] else ""
        rows.append(f"{titles + ', ' + row['what']:58}{row['ratio']:>7.2f}{aim}")
    return rows


def _latency(told: dict[str, Any]) -> list[str]:
    rows = [
        f"{'from event to readable alert':40}{'alerts':>9}{'p50 ms':>10}{'p99 ms':>9}{'longest':>9}{'most':>6}"
    ]
    for one in told["latency"]:
        at = f"at {one['events_a_second']:,} events/s"
        times = (
            f"{one['p50_ms']:>10.0f}{one['p99_ms']:>9.0f}{one['longest_ms']:>9.0f}{one['most_p99_ms']:>6.0f}"
        )
        rows.append(f"{at:40}{one['alerts']:>9,}{times}  {_verdict(one['p99_ms'] <= one['most_p99_ms'])}")
    return rows if told["latency"] else []


def _takeover(told: dict[str, Any], found: Found) -> list[str]:
    rows = [f"{'a killed worker’s partitions go on':40}{'first s':>9}{'all s':>10}{'longest':>9}{'most':>6}"]
    for name, one in told["takeover"].items():
        times = f"{one['first_s']:>9.1f}{one['all_s']:>10.1f}{one['longest_s']:>9.1f}{one['most_s']:>6.0f}"
        rows.append(f"{found.taken[name].title:40}{times}  {_verdict(one['first_s'] <= one['most_s'])}")
    return rows if told["takeover"] else []


def _restore(told: dict[str, Any]) -> list[str]:
    one = told["restore"]
    if not one:
        return []
    measured = (
        f"{one['cells']:,} cells in {one['entries']:,} entries: {one['seconds']:.1f} s, {one['mib']:.0f} MiB"
    )
    scaled = (
        f"scaled to a million cells: {one['seconds_a_million_cells']:.0f} s "
        f"({one['cpu_s_a_million_cells']:.0f} s of CPU), {one['mib_a_million_cells']:,} MiB of state"
    )
    return [f"restore, all partitions one after the other, {measured}", scaled]


def _verdict(met: bool) -> str:  # noqa: FBT001 - it is what it is a verdict of.
    return "met" if met else "MISSED"
