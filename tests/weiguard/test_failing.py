"""However a call goes wrong: one paragraph, a status, and never a traceback."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.weiguard.calling import COMMAND, environment, start
from tests.weiguard.conftest import Weiguard


def broken(*_: object, **__: object) -> None:
    raise ZeroDivisionError("of all things")


def test_a_mistake_of_our_own_asks_for_a_report(weiguard: Weiguard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weiguard.ruling.list_rules", broken)
    done = weiguard("rules", "list")
    assert done.status not in (0, 1, 2)
    assert done.out == ""
    assert re.fullmatch(
        r"weiguard: internal error: ZeroDivisionError: of all things \(test_failing\.py:\d+\); .*\n", done.err
    )


def test_its_trace_is_shown_when_asked_for(weiguard: Weiguard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weiguard.ruling.list_rules", broken)
    assert "Traceback" in weiguard("rules", "list", WEIGUARD_DEBUG="1").err


def test_an_interrupt_says_so(weiguard: Weiguard, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("weiguard.ruling.list_rules", interrupted)
    done = weiguard("rules", "list")
    assert (done.status, done.out, done.err) == (130, "", "weiguard: interrupted\n")


@pytest.mark.parametrize(
    "arguments",
    [["rules", "list", "--json"], ["rules", "show", "COL-01"], ["schema", "events"], ["--help"]],
    ids=" ".join,
)
def test_whoever_stops_reading_hears_nothing(tmp_path: Path, arguments: list[str]) -> None:
    running = start(*arguments, cwd=tmp_path)
    assert running.stdout is not None
    running.stdout.close()
    assert running.stderr is not None
    assert running.stderr.read() == b""
    running.stderr.close()
    assert running.stdin is not None
    running.stdin.close()
    running.wait(30)


@pytest.mark.parametrize(
    "arguments", [["rules", "show", "COL-01"], ["rules", "eval", "1"], ["schema", "alert"]]
)
def test_a_full_disk_is_told(tmp_path: Path, arguments: list[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    with full.open("wb") as disk:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment(),
            stdout=disk,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"no space left" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_call_says_nothing_of_its_own_on_standard_output_when_refused(weiguard: Weiguard) -> None:
    for arguments in (["nonsense"], ["rules", "show"], ["alerts"], ["rules", "list", "--rules", "nowhere"]):
        done = weiguard(*arguments)
        assert (done.status, done.out) == (2, ""), arguments
        assert done.err.startswith("weiguard"), arguments
        assert done.err.count("\n") == 1, arguments
