"""The end of the process: everything written arrives, and the status says whether it did."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.weiguard.calling import COMMAND, environment

CODE = "import sys; sys.stdout.write('x' * 9); from weiguard.leaving import leave; leave({status})"
FULL = Path("/dev/full")


@pytest.mark.parametrize("status", [0, 3])
def test_what_was_written_arrives(status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(status=status)],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (status, b"x" * 9, b"")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize(("status", "told"), [(0, 2), (3, 3)])
def test_what_cannot_be_written_is_not_a_success(status: int, told: int) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", CODE.format(status=status)],
            stdout=full,
            env=environment(PYTHONUNBUFFERED=""),
            check=False,
        )
    assert done.returncode == told


@pytest.mark.parametrize(
    ("closed", "status", "said"),
    [
        pytest.param(
            ">&-", 2, b"weiguard: standard output: found that it is closed", id="no place for results"
        ),
        pytest.param("2>&-", 0, b"", id="nobody listens to what is said beside them"),
    ],
)
def test_a_closed_stream_ends_in_no_traceback(closed: str, status: int, said: bytes) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{shlex.join(COMMAND)} rules hash {closed}"],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.startswith(said)
    assert b"Traceback" not in done.stderr
    assert bool(done.stdout) == (status == 0)
