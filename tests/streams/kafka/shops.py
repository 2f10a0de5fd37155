"""A log of several towns of small shops, each a tenant, and what the embedded engine makes of it."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from streams.sources.shops import events

TOWNS = 10


@dataclass(frozen=True, slots=True)
class Told:
    """A log, its number of lines, and the records of each tenant in their order, as a replay writes them."""

    path: Path
    lines: int
    records: dict[str, list[bytes]]
    options: tuple[str, ...] = ()


def write(path: Path, size: int, days: int = 1) -> int:
    """Write a log of at least so many events, all kinds of trouble inside; return its lines."""
    towns = [list(_town(number, size // TOWNS, days)) for number in range(TOWNS)]
    lines = [line for row in _rows(towns) for line in row]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return len(lines)


def _town(number: int, size: int, days: int) -> Iterator[bytes]:
    for line in events(seed=11 + number, shops=6, days=days, size=size):
        yield line.replace(b'"shops"', b'"town-%d"' % number)


def _rows(towns: list[list[bytes]]) -> Iterator[list[bytes]]:
    for at in range(max(map(len, towns))):
        yield [town[at] for town in towns if at < len(town)]


def corrections() -> list[bytes]:
    """Return for each town a payment that comes days too late and breaks a limit, and a correction that folds it."""
    found = []
    for number in range(TOWNS):
        town = {"specversion": "1.0", "source": "office", "tenant": f"town-{number}"}
        data = {"transaction_id": "late", "amount_fen": 6_000_000, "payer_id": "p"}
        late = {
            "id": "p1",
            "type": "payment.received",
            "time": "2026-03-08T09:00:00+08:00",
            "subject": "till",
        }
        asking = {"id": "c1", "type": "correction.requested", "time": "2026-03-11T23:00:00+08:00"}
        found += [town | late | {"data": data}, town | asking | {"data": {"by": "office"}}]
    return [msgspec.json.encode(event) for event in found]


def told(path: Path, lines: int, *options: str) -> Told:
    """Replay a log, with all rules unless the options say which."""
    out = path.with_suffix(".records")
    done = subprocess.run(
        [sys.executable, "-m", "weiguard", "replay", str(path), "--out", str(out), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Told(path, lines, by_tenant(out.read_bytes().splitlines()), options)


def by_tenant(records: list[bytes]) -> dict[str, list[bytes]]:
    """Return records by tenant, each tenant's in their order."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for record in records:
        found[msgspec.json.decode(record)["tenant"]].append(record)
    return dict(found)
