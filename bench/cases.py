"""What is measured, and what each measurement is held against.

A case is one child process on one log; a comparison sets two of them side by side and says how far they may lie apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bench.copies import EIGHT
from bench.log import FOLDER, Parameters
from bench.published import PUBLIC, keys, published

Arguments: TypeAlias = Callable[[Path], list[str]]
Log: TypeAlias = Callable[[int], Parameters]

THOUSAND = FOLDER / "rules-1000"
DATABASE = FOLDER / "run.db"
# The rules that the engine was first built for: every operator family occurs among them.
KERNEL = [
    *(
        "COL-01",
        "COL-02",
        "COL-03",
        "COL-04",
        "COL-05",
        "COL-06",
        "COL-07",
        "COL-10",
        "COL-15",
        "COL-16",
        "COL-17",
    ),
    *("FRD-01", "FRD-02", "FRD-03", "FRD-04", "FRD-05", "FRD-08", "FRD-10"),
    *("PST-01", "PST-02", "PST-03", "PST-04", "PST-05"),
    *("LOG-01", "LOG-02", "LOG-03", "LOG-04", "LOG-05", "LOG-06", "LOG-08", "LOG-10", "LOG-15", "LOG-16"),
    *("QUA-01", "QUA-03", "QUA-07"),
    *("AML-01", "AML-02", "AML-03", "AML-04", "AML-05", "AML-06", "AML-10"),
    *("TAX-01", "TAX-02", "MTX-01", "MTX-05", "SLA-01", "ENG-02", "ENG-03", "ENG-04"),
]


def only(rules: Iterable[str]) -> list[str]:
    """Return the options that leave these rules alone."""
    return [argument for rule in rules for argument in ("--only", rule)]


ONLY = only(EIGHT)


def plain(events: int) -> Parameters:
    """Describe the usual log."""
    return Parameters(events=events)


def million(events: int) -> Parameters:
    """Describe a log of a hundred times as many accounts, most of them never registered."""
    return Parameters(events=events, accounts=1_000_000)


def late(events: int) -> Parameters:
    """Describe a log of which one event in a hundred arrives up to a day late."""
    return Parameters(events=events, late=0.01)


def hot(events: int) -> Parameters:
    """Describe a log of which one event in ten is late, and one owner holds a fifth of all."""
    return Parameters(events=events, late=0.10, hot=0.20)


def tenth(events: int) -> Parameters:
    """Describe a tenth of the usual log."""
    return Parameters(events=events // 10)


def long(events: int) -> Parameters:
    """Describe ten times as many events of the same keys, over ten times the days."""
    return Parameters(events=events * 10, days=300)


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to measure. `start` is the same thing on an empty log: imports, rules, compiling."""

    name: str
    title: str
    log: Log
    arguments: Arguments
    start: bool = True


def _replay(*options: str) -> Arguments:
    return lambda log: ["weiguard", "replay", str(log), "--out", str(FOLDER / "records.jsonl"), *options]


def _verify(log: Path) -> list[str]:
    return ["weiguard", "audit", "verify", str(published(log)), "--key", str(PUBLIC)]


CASES = {
    case.name: case
    for case in (
        Case("decode", "decode only", plain, lambda log: ["decode", str(log)]),
        Case(
            "hand", "8 rules by hand", plain, lambda log: ["by_hand", str(log), str(FOLDER / "by-hand.jsonl")]
        ),
        Case("eight", "8 rules", plain, _replay(*ONLY)),
        Case("kernel", "51 rules", plain, _replay(*only(KERNEL))),
        Case("all", "all rules", plain, _replay()),
        Case("thousand", "1,000 rules", plain, _replay("--rules", str(THOUSAND))),
        Case("million", "8 rules, a million accounts", million, _replay(*ONLY)),
        Case("late", "8 rules, 1 % late", late, _replay(*ONLY)),
        Case("hot", "8 rules, 10 % late, a hot owner", hot, _replay(*ONLY)),
        Case("all-late", "all rules, 1 % late", late, _replay()),
        Case("all-hot", "all rules, 10 % late, a hot owner", hot, _replay()),
        Case(
            "run",
            "8 rules into SQLite",
            plain,
            lambda log: [
                "weiguard",
                "run",
                str(log),
                "--db",
                str(DATABASE),
                "--audit-key",
                str(keys()),
                *ONLY,
            ],
        ),
        Case(
            "unaudited",
            "8 rules into SQLite, no audit log",
            plain,
            lambda log: ["unaudited", str(log), str(DATABASE)],
        ),
        Case("verify", "verify an audit log", plain, _verify),
        Case("verify-tenth", "verify a tenth of it", tenth, _verify),
        Case(
            "query",
            "query an audit log",
            plain,
            lambda log: ["query", str(log), str(DATABASE)],
            start=False,
        ),
        Case("keys", "all rules, memory of a key", plain, lambda log: ["keys", str(log)], start=False),
        Case("long", "8 rules, ten times the events", long, _replay(*ONLY)),
        Case("arrival", "all rules, one by one", plain, lambda log: ["arrivals", str(log), ""], start=False),
        Case(
            "hot-arrival",
            "all rules, one by one, hot",
            hot,
            lambda log: ["arrivals", str(log), ""],
            start=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two cases, a measure of theirs, and the greatest ratio allowed; `aim` is where it should be."""

    case: str
    against: str
    measure: str  # us_per_event or peak_kib.
    most: float
    aim: float


COMPARISONS = (
    Comparison("eight", "hand", "us_per_event", 2.5, 2.0),
    Comparison("kernel", "hand", "us_per_event", 5.0, 4.0),
    Comparison("all", "kernel", "us_per_event", 2.0, 2.0),
    Comparison("thousand", "eight", "us_per_event", 1.6, 1.6),
    Comparison("million", "eight", "us_per_event", 1.3, 1.3),
    Comparison("late", "eight", "us_per_event", 1.3, 1.3),
    Comparison("hot", "eight", "us_per_event", 2.0, 2.0),
    Comparison("all-late", "all", "us_per_event", 1.3, 1.3),
    Comparison("all-hot", "all", "us_per_event", 2.0, 2.0),
    Comparison("unaudited", "eight", "us_per_event", 2.0, 2.0),
    Comparison("run", "unaudited", "us_per_event", 1.43, 1.25),  # 0.7 and 0.8 of the rate.
    Comparison("verify", "verify-tenth", "peak_kib", 1.3, 1.1),
    Comparison("long", "eight", "peak_kib", 1.3, 1.3),
)
LONGEST_MS = 20.0
QUERY_MS = 50.0  # A week of an account.
SLOW = frozenset({"long"})  # Only with --full.
EVERYDAY = tuple(name for name in CASES if name not in SLOW)
