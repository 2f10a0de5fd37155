"""A large state lies in huge pages where the system gives them, and the collector rests meanwhile."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
from pathlib import Path

from streams.large_state import large_state

_GROWS = """
import re, time
from pathlib import Path
from streams.large_state import large_state
with large_state():
    held = []
    for part in range(20):
        held.append([(number, part) for number in range(40_000)])
        time.sleep(0.15)
    huge = re.search(r"AnonHugePages: *([0-9]+)", Path("/proc/self/smaps_rollup").read_text())
    print(huge[1], len(held))
"""
_SHARED = _GROWS.replace("large_state()", "large_state(forks=True)")
_MODE = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def test_what_grows_lies_in_huge_pages_where_they_are_given() -> None:
    done = subprocess.run([sys.executable, "-c", _GROWS], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    huge, parts = map(int, done.stdout.split())
    assert parts == 20
    given = _MODE.exists() and not re.search(r"\[never\]", _MODE.read_text(encoding="ascii"))
    assert (huge >= 10_240) == given  # KiB, of some 60,000 that came.


def test_who_forks_has_small_pages() -> None:
    done = subprocess.run([sys.executable, "-c", _SHARED], capture_output=True, text=True, check=True)
    huge = int(done.stdout.split()[0])
    always = _MODE.exists() and "[always]" in _MODE.read_text(encoding="ascii")
    assert (huge >= 10_240) == always


def test_the_collector_rests_and_goes_on() -> None:
    frozen = gc.get_freeze_count()
    with large_state():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
