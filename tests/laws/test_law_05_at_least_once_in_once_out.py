"""Law 5: `kill -9` at any instant, any number of times, leaves what a run leaves that was never killed."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest

from streams.sources.shops import events
from streams.stores.sqlite_reading import open_reader
from tests.streams.audit.running import calm, root_of
from tests.streams.running import found, replayed
from tests.weiguard.calling import start

SHARE = 0.8  # Of the log, decided under fire; the rest follows in peace.


@pytest.mark.parametrize(
    ("kills", "seed"),
    [pytest.param(4, 1, id="a few"), pytest.param(50, 2, id="many", marks=pytest.mark.slow)],
)
def test_a_run_killed_anywhere_ends_as_one_that_was_not(tmp_path: Path, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    lines = list(events(seed, size=25_000 if kills > 10 else 12_000))
    cut = int(len(lines) * SHARE)
    log = tmp_path / "events.jsonl"
    log.write_bytes(b"\n".join(lines[:cut]) + b"\n")
    died = unharmed = 0
    while died < kills:
        assert unharmed < kills, "the run ends before it can be killed"
        if fire(tmp_path, rng.uniform(0.6, 2.2)):
            died += 1
        else:
            # It had ended by itself: what it left is looked at, and the next one starts from nothing.
            unharmed += 1
            check(tmp_path, lines[:cut], [])
            for left in tmp_path.glob("weiguard.db*"):
                left.unlink()
    finish(tmp_path)
    check(tmp_path, lines[:cut], [])
    with log.open("ab") as file:
        file.write(b"\n".join(lines[cut:]))
    finish(tmp_path)
    check(tmp_path, lines[:cut], lines[cut:])


def fire(folder: Path, seconds: float) -> bool:
    """Start a run and kill it after some seconds; return whether that was before its end."""
    running = start("run", "events.jsonl", cwd=folder, WEIGUARD_CHECKPOINT="500")
    time.sleep(seconds)
    running.kill()
    _, err = running.communicate()
    assert running.returncode in (0, -9), err.decode()
    return running.returncode == -9


def finish(folder: Path) -> None:
    """Run to the end."""
    running = start("run", "events.jsonl", cwd=folder, WEIGUARD_CHECKPOINT="500")
    _, err = running.communicate(timeout=300)
    assert running.returncode == 0, err.decode()


def check(folder: Path, lines: list[bytes], more: list[bytes]) -> None:
    """Compare what the database holds with a calm run of both files: byte for byte, and the head of the audit log."""
    reader = open_reader(folder / "weiguard.db")
    try:
        assert found(reader) == replayed(lines + more)
        assert sum(reader.dispositions().values()) == len(lines + more)
        assert root_of(reader.audit) == root_of(calm(lines, more).audit)
    finally:
        reader.close()


@pytest.mark.slow
def test_the_same_file_under_two_names_decides_nothing_twice(tmp_path: Path) -> None:
    lines = list(events(3, size=3_000))
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    finish(tmp_path)
    before = alerts(tmp_path)
    (tmp_path / "events.jsonl").rename(tmp_path / "again.jsonl")
    done = start("run", "again.jsonl", cwd=tmp_path)
    done.communicate(timeout=300)
    reader = open_reader(tmp_path / "weiguard.db")
    again = [each for each in reader.inputs() if each.source.endswith("again.jsonl")]
    decided = [each for each in again if each.disposition == "decided"]
    reader.close()
    assert len(again) == len(lines)
    assert not decided, "a copy within lateness is a duplicate, and one beyond it late"
    assert [each for each in alerts(tmp_path) if b'"ENG-0' not in each] == [
        each for each in before if b'"ENG-0' not in each
    ]


def alerts(folder: Path) -> list[bytes]:
    """Return every record of a database as it prints them."""
    running = start("alerts", "--records", "--json", cwd=folder)
    out, _ = running.communicate(timeout=60)
    assert isinstance(running, subprocess.Popen)
    return out.splitlines()
