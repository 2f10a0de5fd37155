"""Replays of real and realistic histories, end to end: `WEIGUARD_DATA=FOLDER python -m tests.histories`.

Every file is decided by `weiguard replay` as a user would do it. Each line must get exactly one disposition; what the
rules found is counted, and set beside the labels where a file has some. The output is Markdown; `docs/histories.md` is
one run of it, kept as printed.

Right and found: an alert points at its trigger and at the events its evidence names. It is right where one of these is
labelled; a label is found where an alert points at one of its events. None of the labels is about a breach of the
catalogue, so neither share says how good a rule is at its own work.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MAIN = "from weiguard.cli import main; main()"


@dataclass(frozen=True, slots=True)
class History:
    """One file: its name, what it is, the column of its labels, and what a label stands for."""

    name: str
    about: str
    label: str = ""
    unit: str = "event"  # What one label is found by: each labelled event, or any event of a labelled group.
    without: str = ""  # The value of the label that means nothing happened.


HISTORIES = (
    History("payments_fdh_2018-05", "simulated card payments, some of them fraud", "scenario"),
    History("logins_ch08", "simulated logins with password-guessing attacks", "attack", unit="attack"),
    History("friends_collegemsg", "real first messages among students, as friend requests"),
    History("posts_ced_a", "real posts, some of them ruled rumours", "thread_label", without="non-rumor"),
    History("licences_chicago", "real business licences"),
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one replay gave. Seconds are of the clock on the wall and of the processor."""

    lines: int
    tally: Counter[str]
    records: list[dict[str, Any]]
    wall_s: float
    cpu_s: float


def main() -> int:
    """Replay every history there is and print what came of it; 1 where a line has no disposition, 2 without data."""
    folder = Path(os.environ.get("WEIGUARD_DATA", ""))
    found = [history for history in HISTORIES if (folder / f"{history.name}.jsonl.gz").is_file()]
    if not found or not os.environ.get("WEIGUARD_DATA"):
        print("set WEIGUARD_DATA to the folder of the histories (*.jsonl.gz)", file=sys.stderr)
        return 2
    print("# Histories\n\nOne run of `python -m tests.histories`, as printed.")
    whole = True
    for history in found:
        replayed = replay(folder / f"{history.name}.jsonl.gz")
        whole &= sum(replayed.tally.values()) == replayed.lines
        print("\n".join(report(history, replayed)))
        if history.label:
            labels = read_labels(folder / f"{history.name}.labels.csv.gz", history)
            print("\n".join(compare(history, replayed, labels)))
    return 0 if whole else 1


def replay(path: Path) -> Replayed:
    """Run `weiguard replay` on a file."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "records.jsonl"
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        command = [sys.executable, "-c", MAIN, "replay", str(path), "--out", str(out), "--json"]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
        with out.open(encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Replayed(sum(1 for _ in read_lines(path)), dispositions(ended.stderr), records, wall, cpu)


def dispositions(summary: str) -> Counter[str]:
    """Return the counts by disposition that a replay prints at its end."""
    return Counter(json.loads(summary.splitlines()[-1])["dispositions"])


def read_lines(path: Path) -> Iterator[str]:
    """Return the lines of a packed file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from lines


def read_labels(path: Path, history: History) -> dict[str, str]:
    """Return the label of each labelled event by its id."""
    rows = csv.DictReader(read_lines(path))
    return {row["id"]: row[history.label] for row in rows if row[history.label] != history.without}


def report(history: History, replayed: Replayed) -> list[str]:
    """Return the section of a history up to its labels."""
    counts = ", ".join(f"{name} {count:,}" for name, count in sorted(replayed.tally.items()) if count)
    total = sum(replayed.tally.values())
    verdict = (
        "every line has one" if total == replayed.lines else f"**{replayed.lines - total} lines have none**"
    )
    rows = [
        f"\n## {history.name}\n",
        f"{history.about[0].upper()}{history.about[1:]}: {replayed.lines:,} lines. Dispositions: {counts}; {verdict}.",
        f"{replayed.wall_s:.1f} s, {replayed.cpu_s:.1f} s of processor time.\n",
    ]
    if not replayed.records:
        return [*rows, "No alerts."]
    table = Counter((record["rule"], record["level"], record["state"]) for record in replayed.records)
    rows += ["| rule | level | state | records |", "|---|---|---|---|"]
    return rows + [
        f"| {rule} | {level} | {state} | {count:,} |" for (rule, level, state), count in sorted(table.items())
    ]


def compare(history: History, replayed: Replayed, labels: dict[str, str]) -> list[str]:
    """Return the table that sets alerts beside labels."""
    pointed: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in replayed.records:
        evidence = record["evidence"]
        events = {record["trigger"]["id"], *map(event_id, (*evidence["first"], *evidence["last"]))}
        pointed[record["rule"]][record["id"]] |= events
    share = len(labels) / replayed.lines
    rows = [f"\nLabelled: {len(labels):,} of {replayed.lines:,} events ({share:.1%}).\n"]
    if not pointed:
        return [*rows, "No alert points at any of them."]
    rows += [f"| rule | alerts | right | label | {history.unit}s | found |", "|---|---|---|---|---|---|"]
    kinds = [""] if history.unit == "attack" else ["", *sorted(set(labels.values()))]
    for rule, alerts in sorted(pointed.items()):
        for kind in kinds:
            rows.append(_row(history, rule, list(alerts.values()), _of_kind(labels, kind), kind))
    return rows


def _of_kind(labels: dict[str, str], kind: str) -> dict[str, str]:
    return {event: label for event, label in labels.items() if kind in ("", label)}


def _row(history: History, rule: str, alerts: list[set[str]], labels: dict[str, str], kind: str) -> str:
    right = sum(1 for events in alerts if events & labels.keys())
    seen = {event for events in alerts for event in events} & labels.keys()
    if history.unit == "attack":
        every, found = len(set(labels.values())), len({labels[event] for event in seen})
    else:
        every, found = len(labels), len(seen)
    right_share, found_share = right / len(alerts), found / every
    return (
        f"| {rule} | {len(alerts):,} | {right:,} ({right_share:.0%}) | {kind or 'any'} | {every:,} "
        f"| {found:,} ({found_share:.0%}) |"
    )


def event_id(evidence: object) -> str:
    """Return the id of an event that evidence names, as text or as source and id."""
    return str(evidence["id"]) if isinstance(evidence, dict) else str(evidence)


if __name__ == "__main__":
    sys.exit(main())
