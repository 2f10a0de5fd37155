"""Running the cases: each in a child process, all in turn and then again, so that a noisy minute hits everyone.

CPU time and memory are those of the whole process as the operating system counts them, from its start to its end:
imports, compiling and taking the state apart are not hidden.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.cases import CASES, COMPARISONS, DATABASE, SLOW, THOUSAND, Case
from bench.copies import write
from bench.log import FOLDER, written

CATALOGUE = Path("rules")
RESULT = FOLDER / "result.json"


class ChildError(Exception):
    """A child process that did not end well; the text is what it said."""


@dataclass(slots=True)
class Measured:
    """What the rounds of one case gave, one entry a round. CPU in seconds, memory in KiB."""

    case: Case
    events: int
    cpu_s: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)
    peak_kib: list[int] = field(default_factory=list)
    extra: dict[str, object] = field(default_factory=dict)

    def us_per_event(self, turn: int) -> float:
        """Return one round's CPU time an event in microseconds, without the start."""
        return (self.cpu_s[turn] - self.start_s[turn]) / self.events * 1e6

    def value(self, measure: str, turn: int) -> float:
        """Return what a comparison asks for, of one round."""
        return float(self.peak_kib[turn]) if measure == "peak_kib" else self.us_per_event(turn)

    def typical_us(self) -> float:
        """Return the median of the rounds, in microseconds an event."""
        return median(self.us_per_event(turn) for turn in range(len(self.cpu_s)))


def needed(names: tuple[str, ...], *, full: bool) -> tuple[str, ...]:
    """Return the cases to measure for these: they and what they are held against, in the order of the table."""
    wanted = set(names) if names else {name for name in CASES if full or name not in SLOW}
    wanted |= {comparison.against for comparison in COMPARISONS if comparison.case in wanted}
    return tuple(name for name in CASES if name in wanted)


def measure(names: tuple[str, ...], events: int, rounds: int) -> dict[str, Measured]:
    """Measure the cases, round after round. Raises ChildError with what a child said on its way out."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if "thousand" in names:
        write(CATALOGUE, THOUSAND)
    empty = FOLDER / "empty.jsonl"
    empty.write_bytes(b"")
    found = {name: Measured(CASES[name], CASES[name].log(events).events) for name in names}
    for turn in range(rounds):
        for name in names:
            print(f"round {turn + 1} of {rounds}: {CASES[name].title}", file=sys.stderr)
            one = found[name]
            one.start_s.append(child(one.case.arguments(empty)).cpu_s if one.case.start else 0.0)
            ended = child(one.case.arguments(written(one.case.log(events))))
            one.cpu_s.append(ended.cpu_s)
            one.peak_kib.append(ended.peak_kib)
            one.extra = ended.told
            if name in ("hand", "eight"):
                _keep_records(name)
    return found


def _keep_records(name: str) -> None:
    """Keep the alerts of the eight rules, so that both versions can be compared afterwards."""
    made = FOLDER / ("by-hand.jsonl" if name == "hand" else "records.jsonl")
    shutil.copyfile(made, FOLDER / f"agree-{name}.jsonl")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a child used, CPU in seconds and memory in KiB, and what it told."""

    cpu_s: float
    peak_kib: int
    told: dict[str, object]


def child(arguments: list[str]) -> Ended:
    """Run one child to its end; a database left from before is removed first. Raises ChildError."""
    for path in FOLDER.glob(DATABASE.name + "*"):
        path.unlink()
    RESULT.unlink(missing_ok=True)
    module = ["weiguard"] if arguments[0] == "weiguard" else ["bench.child", str(RESULT), arguments[0]]
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(
            [sys.executable, "-m", *module, *arguments[1:]], stdout=subprocess.DEVNULL, stderr=said
        )
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode != 0:
            said.seek(0)
            text = said.read().decode(errors="replace")[-2000:]
            raise ChildError(f"{' '.join(arguments)} ended with status {running.returncode}:\n{text}")
    told = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    return Ended(used.ru_utime + used.ru_stime, used.ru_maxrss, told)
