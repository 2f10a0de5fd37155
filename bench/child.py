"""One measurement, in a process of its own: `python -m bench.child RESULT KIND ARGUMENT…`.

The result (CPU seconds from start to end, greatest memory, and what the kind adds) is written to RESULT as JSON. CPU
time is that of the whole process with its imports, so that a start that costs much is not hidden.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Found: TypeAlias = dict[str, object]


def decode(log: str) -> Found:
    """Decode every line into plain values, and nothing else: the floor under everything."""
    import msgspec  # noqa: PLC0415 - each kind pays for its own imports only.

    one = msgspec.json.Decoder().decode
    count = 0
    with Path(log).open("rb") as lines:
        for count, line in enumerate(lines, 1):  # noqa: B007 - the last number is the count.
            one(line)
    return {"events": count}


def by_hand(log: str, out: str) -> Found:
    """Decide eight rules with straight loops."""
    from bench.by_hand import decide  # noqa: PLC0415 - each kind pays for its own imports only.

    with Path(log).open("rb") as lines, Path(out).open("w", encoding="utf-8") as records:
        counts = decide(lines, records)
    return {"alerts": dict(sorted(counts.items()))}


def weiguard(*arguments: str) -> Found:
    """Run one command of weiguard, as its users do."""
    from weiguard.cli import main  # noqa: PLC0415 - each kind pays for its own imports only.

    sys.argv = ["weiguard", *arguments]
    status: object = 0
    try:
        main()
    except SystemExit as stop:
        status = stop.code
    return {"status": status or 0}


def arrivals(log: str, rules: str) -> Found:
    """Feed every line to an engine and time each by itself; the longest is what a live source may have to wait."""
    from bench.longest import measure  # noqa: PLC0415 - each kind pays for its own imports only.

    return measure(Path(log), Path(rules) if rules else None)


KINDS: dict[str, Callable[..., Found]] = {
    "decode": decode,
    "by_hand": by_hand,
    "weiguard": weiguard,
    "arrivals": arrivals,
}


def main() -> None:
    """Measure what the command line says."""
    result, kind, *arguments = sys.argv[1:]
    found = KINDS[kind](*arguments)
    found["cpu_s"] = time.process_time()
    found["peak_kib"] = _peak_kib()
    Path(result).write_text(json.dumps(found), encoding="utf-8")


def _peak_kib() -> int:
    """Return the greatest resident memory so far, as Linux tells it; 0 elsewhere."""
    with contextlib.suppress(FileNotFoundError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    main()
