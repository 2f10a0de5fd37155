"""What weiguard is measured beside, each in a process of its own: `python -m bench.child RESULT KIND ARGUMENT…`.

What the kind has to tell is written to RESULT as JSON.
"""

from __future__ import annotations

import json
import sys
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


def arrivals(log: str, rules: str) -> Found:
    """Feed every line to an engine and time each by itself; the longest is what a live source may have to wait."""
    from bench.longest import measure  # noqa: PLC0415 - each kind pays for its own imports only.

    return measure(Path(log), Path(rules) if rules else None)


def unaudited(log: str, database: str) -> Found:
    """Decide eight rules into a database that keeps no audit log."""
    from bench.unaudited import decide  # noqa: PLC0415 - each kind pays for its own imports only.

    return decide(Path(log), Path(database))


def keys(log: str) -> Found:
    """Feed every line to an engine with all rules, and say what its active keys weigh."""
    from bench.keys import measure  # noqa: PLC0415 - each kind pays for its own imports only.

    return measure(Path(log))


def prove(database: str, count: str) -> Found:
    """Time proofs in an audit log."""
    from bench.proving import time_proofs  # noqa: PLC0415 - each kind pays for its own imports only.

    return time_proofs(Path(database), int(count))


def verify_stored(database: str) -> Found:
    """Time the verification of an audit log in a database."""
    from bench.proving import time_verification  # noqa: PLC0415 - each kind pays for its own imports only.

    return time_verification(Path(database))


def query(log: str, database: str) -> Found:
    """Ask an audit log of as many entries as a log has lines for weeks of accounts."""
    from bench.querying import measure  # noqa: PLC0415 - each kind pays for its own imports only.

    with Path(log).open("rb") as lines:
        return measure(sum(1 for _ in lines), Path(database))


KINDS: dict[str, Callable[..., Found]] = {
    "decode": decode,
    "by_hand": by_hand,
    "arrivals": arrivals,
    "unaudited": unaudited,
    "keys": keys,
    "prove": prove,
    "verify_stored": verify_stored,
    "query": query,
}


def main() -> None:
    """Measure what the command line says."""
    result, kind, *arguments = sys.argv[1:]
    found = KINDS[kind](*arguments)
    Path(result).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
