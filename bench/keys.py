"""What a key costs: the memory that a log adds to an engine with all rules, over the keys that it leaves active."""

from __future__ import annotations

import resource
from pathlib import Path

from engine.fold import Engine
from rules.loading import load
from rules.planning.compiling import compile_rules
from streams.large_state import large_state


def measure(log: Path) -> dict[str, object]:
    """Return the active keys after the last line, and the bytes that the process grew by for each of them.

    A key is one of a group of rules: an account, an owner, a payer of an account … A tenant's other state counts in:
    what is known of accounts and owners, the identities of what came within lateness, deadlines, alerts that stand.
    """
    engine = Engine(compile_rules(load()))
    before = _peak_kib()
    with log.open("rb") as lines, large_state():
        for line in lines:
            engine.feed(line.rstrip(b"\n"))
    grown = _peak_kib() - before
    keys = sum(len(cells) for tenant in engine.tenants.values() for cells in tenant.cells)
    return {"keys": keys, "bytes_a_key": round(grown * 1024 / max(1, keys)), "grown_mib": round(grown / 1024)}


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
