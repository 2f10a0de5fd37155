"""The measurements from intake to feed and to screen measure what they say."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("what", ["feed", "screen"])
def test_every_alert_is_timed(what: str) -> None:
    command = [sys.executable, "-m", f"bench.{what}", "--seconds", "2", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stderr  # A busy machine may be slow.
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["events_a_second"], each["alerts"]) for each in found] == [(10, 20), (1_000, 2_000)]
    assert all(0 < each["p50_ms"] <= each["p99_ms"] <= each["longest_ms"] for each in found)
