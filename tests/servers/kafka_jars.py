"""The jars of Apache Kafka, fetched once by Maven and kept outside the repository.

They are kept by the digest of the pom that names them: another version is another folder, and nothing is stale.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Final

POM: Final = Path(__file__).parent / "kafka/pom.xml"
_TOOLS: Final = ("java", "mvn")
_WITHIN_S: Final = 600
_SAID: Final = 400  # Characters of what Maven said last.


class UnavailableError(Exception):
    """A server cannot be had here; its text is the reason, which a skipped test gives."""


def jars() -> Path:
    """Return the folder of the jars, fetching them where they are not there yet. Raises UnavailableError."""
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        raise UnavailableError(
            f"no {' and no '.join(missing)} on PATH (scripts/servers says how to get them)"
        )
    folder = _cache() / f"kafka-{sha256(POM.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _fetch(folder)
    return folder


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weiguard"


def _fetch(folder: Path) -> None:
    """Fetch into a folder beside it, so that what is there under the right name is always whole."""
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as part:
        command = [
            "mvn",
            "-q",
            "-B",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
        ]
        command += [f"-DoutputDirectory={part}/jars"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_WITHIN_S, check=False)
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"Maven did not fetch Kafka's jars within {_WITHIN_S} s") from None
        if done.returncode:
            raise UnavailableError(
                f"Maven could not fetch Kafka's jars: {(done.stdout + done.stderr)[-_SAID:]}"
            )
        try:
            Path(part, "jars").rename(folder)
        except OSError:
            assert folder.is_dir(), "only another run, which was quicker, can have made it"
