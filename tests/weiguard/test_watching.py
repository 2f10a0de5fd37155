"""`weiguard rules test --watch`: every change of a rule file is a new run, until Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from tests.weiguard.calling import start
from tests.weiguard.conftest import Weiguard
from tests.weiguard.sessions import GOLDEN
from weiguard.watching import stamps

PATIENCE_SECONDS = 60


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    shutil.copytree(GOLDEN / "mine", tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def watching(mine: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Return a call that watches; it is ended at the latest when patience is."""
    process = start("rules", "test", "TAK-01", "--watch", "--rules", "mine", cwd=mine.parent)
    last_resort = Timer(PATIENCE_SECONDS, process.kill)
    last_resort.start()
    with process:
        yield process
        process.kill()
    last_resort.cancel()


def until_it_waits(process: subprocess.Popen[bytes]) -> list[str]:
    """Return what a run says on stderr; the last line, which has the time, is left out."""
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        if b"waiting for a change in mine, Ctrl-C ends it" in line:
            return said
        said.append(line.decode().rstrip())
    raise AssertionError(f"it ended: {said}")


def replaced(path: Path, old: str, new: str) -> None:
    """Change a file as editors do: another one takes its place."""
    text = path.read_text("utf-8")
    assert old in text
    beside = path.with_suffix(".new")
    beside.write_text(text.replace(old, new), "utf-8")
    beside.replace(path)


def test_every_change_is_a_new_run_until_interrupted(watching: subprocess.Popen[bytes], mine: Path) -> None:
    assert until_it_waits(watching) == ["2 tests of 1 rule: 2 passed, 0 failed"]
    replaced(mine / "limits.yaml", "value: 10000", "value: 10001")
    assert until_it_waits(watching) == ["2 tests of 1 rule: 1 passed, 1 failed"]
    replaced(mine / "takings.yaml", "taken >= ", "takn >= ")
    said = until_it_waits(watching)
    assert "did you mean taken?" in "\n".join(said)
    assert said[-1] == "1 problem in the rules; nothing was run"
    replaced(mine / "takings.yaml", "takn >= ", "taken >= ")
    assert until_it_waits(watching) == ["2 tests of 1 rule: 1 passed, 1 failed"]
    replaced(mine / "limits.yaml", "value: 10001", "value: 10000")
    assert until_it_waits(watching) == ["2 tests of 1 rule: 2 passed, 0 failed"]
    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate(timeout=PATIENCE_SECONDS)
    assert (watching.returncode, err.decode()) == (0, "weiguard: no longer watching\n")
    assert out.decode().splitlines() == 2 * [
        "takings.yaml:27:9: TAK-01 “at the limit it warns, above it is critical” failed: - was expected, + came",
        "  - 2026-03-09T09:00:00+08:00 warn",
        "    2026-03-09T10:00:00+08:00 critical",
    ]


def test_a_rule_that_is_not_there_yet_is_waited_for(watching: subprocess.Popen[bytes], mine: Path) -> None:
    until_it_waits(watching)
    replaced(mine / "takings.yaml", "id: TAK-01", "id: TAK-11")
    assert until_it_waits(watching)[0].startswith("weiguard: rules: found TAK-01, which matches no rule")
    shutil.rmtree(mine)
    assert "which is no folder" in until_it_waits(watching)[0]


def test_without_a_folder_there_is_nothing_to_watch(weiguard: Weiguard) -> None:
    done = weiguard("rules", "test", "--watch", "--rules", "nowhere")
    assert done.status == 2
    assert "found nowhere, which is no folder" in done.err


def test_what_is_watched(mine: Path) -> None:
    before = stamps(mine)
    assert [path.name for path in before] == ["limits.yaml", "takings.yaml"]
    (mine / "notes.md").write_text("nothing of the rules", "utf-8")
    assert stamps(mine) == before
    os.utime(mine / "takings.yaml", ns=(0, 0))
    assert stamps(mine) != before
    (mine / "lexicons").mkdir()
    (mine / "lexicons/words.txt").write_text("最好\n", "utf-8")
    assert mine / "lexicons/words.txt" in stamps(mine)
    assert stamps(mine / "nowhere") == {}


def test_several_patterns_add_up(weiguard: Weiguard, mine: Path) -> None:
    assert weiguard("rules", "test", "TAK-01", "*-02", "--rules", "mine").err == (
        "4 tests of 2 rules: 4 passed, 0 failed\n"
    )
    done = weiguard("rules", "test", "TAK-01", "COL-*", "--rules", "mine")
    assert done.status == 0
    assert done.err.splitlines() == [
        "weiguard: rules: COL-* matches no rule; the others do",
        "2 tests of 1 rule: 2 passed, 0 failed",
    ]
    assert weiguard("rules", "test", "COL-*", "XYZ", "--rules", "mine").status == 2
