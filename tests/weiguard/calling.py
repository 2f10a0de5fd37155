"""Calls the command line as its users do: in a process of its own, or in this one where that is all the same."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tidy.tree import ROOT

_STARTED: list[subprocess.Popen[bytes]] = []
# English, wide, and a seed by which two databases of the same inputs are the same.
SETTINGS = {"LC_ALL": "C.UTF-8", "COLUMNS": "200", "WEIGUARD_SUBJECT_SEED": "0" * 64}
COMMAND = (sys.executable, "-m", "weiguard")


def environment(**changed: str) -> dict[str, str]:
    """Return the environment of a call: this project's code, English, no settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEIGUARD_")}
    return {**kept, "PYTHONPATH": str(ROOT), **SETTINGS, **changed}


def start(*arguments: str, cwd: Path, **changed: str) -> subprocess.Popen[bytes]:
    """Start a call and return it running. What still runs after the test is ended then (`end_all`)."""
    pipe = subprocess.PIPE
    running = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**changed), stdin=pipe, stdout=pipe, stderr=pipe
    )
    _STARTED.append(running)
    return running


def end_all() -> None:
    """End what tests have started: one that failed may have left it running."""
    while _STARTED:
        running = _STARTED.pop()
        running.kill()
        with running:  # Closes its pipes.
            pass


class Called:
    """What a call gave."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


def call(
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    *arguments: str,
    **changed: str,
) -> Called:
    """Call `main` in this process, which is much quicker than a process of its own."""
    from weiguard.cli import main  # noqa: PLC0415  # as late as its users load it

    for name in [name for name in os.environ if name.startswith("WEIGUARD_")]:
        monkeypatch.delenv(name)
    settings: Mapping[str, str] = {**SETTINGS, **changed}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["weiguard", *arguments])
    capfdbinary.readouterr()
    status: object = 0
    try:
        main()
    except SystemExit as end:
        status = end.code or 0
    sys.stdout.flush()
    out, err = capfdbinary.readouterr()
    assert isinstance(status, int)
    return Called(status, out.decode(), err.decode())
