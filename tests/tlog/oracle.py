"""The oracle as a program: built once from its sources and kept outside the repository, by their digest."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from tests.servers.kafka_jars import UnavailableError

SOURCES: Final = Path(__file__).parent
_FILES: Final = ("main.go", "completeness.go", "go.mod", "go.sum")
_WITHIN_S: Final = 600  # The first build compiles Go's own library too.


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the oracle says of a log or a proof."""

    holds: bool
    words: str


def verdict(subject: Path, key: Path, old: Path | None = None) -> Verdict:
    """Ask the oracle about a folder or a proof; `old`: an older checkpoint to be consistent with."""
    arguments = [str(each) for each in (subject, key, old) if each is not None]
    done = subprocess.run(
        [str(program()), *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return Verdict(done.returncode == 0, done.stdout.strip())


@cache
def program() -> Path:
    """Return the built program. Raises UnavailableError where there is no Go, or it cannot build."""
    if shutil.which("go") is None:
        raise UnavailableError("no go on PATH (scripts/servers says how to get it)")
    sources = b"".join((SOURCES / name).read_bytes() for name in _FILES)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weiguard"
    built = cache / f"tlog-{sha256(sources).hexdigest()[:12]}"
    if not built.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="tlog.", dir=cache) as folder:
            _build(Path(folder) / "tlog").replace(built)
    return built


def _build(to: Path) -> Path:
    command = ["go", "build", "-mod=readonly", "-buildvcs=false", "-o", str(to), "."]
    try:
        done = subprocess.run(
            command, cwd=SOURCES, capture_output=True, text=True, timeout=_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"Go did not build the oracle within {_WITHIN_S} s") from None
    if done.returncode:
        raise UnavailableError(f"Go could not build the oracle: {done.stderr[-400:]}")
    return to
