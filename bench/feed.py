"""`python -m bench.feed [--seconds N] [--json]`: from `POST /v1/events` to the alert on the feed, by the wall clock.

A run in a process of its own decides with all rules; each event raises an alert, since it is above its account's limit.
At 1,000 events a second ten come in one request, as from a source that gathers them.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Final

LOADS: Final = ((10, 1), (1_000, 10))  # Events a second, and how many come together.
P99_MS: Final = 250.0  # The most that 99 in 100 may take.
_WITHIN_S: Final = 60
_LINE: Final = (
    "{events_a_second:,} events/s: p50 {p50_ms} ms, p99 {p99_ms} ms, longest {longest_ms} ms ({alerts:,})"
)


def main() -> int:
    """Measure and print; 1 where it takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.feed", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="how long each load lasts (default: 20)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with TemporaryDirectory() as folder, running(Path(folder)) as place:
        found = [_load(place, rate, together, options.seconds) for rate, together in LOADS]
    for each in found:
        print(json.dumps(each) if options.json else _LINE.format(**each))
    return 1 if any(each["p99_ms"] > P99_MS for each in found) else 0


@contextmanager
def running(folder: Path, *more: str) -> Iterator[tuple[str, int]]:
    """Run Weiguard until the end; yield where it listens, once it takes events. `more`: arguments of the run."""
    command = [
        sys.executable,
        "-m",
        "weiguard",
        "run",
        "--listen",
        "127.0.0.1:0",
        "--db",
        str(folder / "feed.db"),
        *more,
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as started:
        try:
            assert started.stderr is not None
            for line in started.stderr:
                taken = re.search(rb"events are taken on http://127\.0\.0\.1:(\d+)/", line)
                if taken is not None:
                    yield "127.0.0.1", int(taken[1])
                    return
            raise SystemExit("weiguard run does not take events")
        finally:
            started.terminate()


def _load(place: tuple[str, int], rate: int, together: int, seconds: int) -> dict[str, Any]:
    """Send events at a rate, and return how long their alerts took, in milliseconds."""
    sent: dict[str, float] = {}
    came: dict[str, float] = {}
    total = rate * seconds
    listener = Thread(target=_listen, args=(place, came, f"{rate}-", total), daemon=True)
    listener.start()
    time.sleep(1)
    send(place, rate, together, total, sent, time.perf_counter)
    listener.join(_WITHIN_S)
    return {"events_a_second": rate, **spread([(came[name] - at) * 1e3 for name, at in sent.items()])}


def send(
    place: tuple[str, int],
    rate: int,
    together: int,
    total: int,
    sent: dict[str, float],
    now: Callable[[], float],
) -> None:
    """Send events at a rate, so many in a request, and note when each was sent; each is of an account of its own."""
    connection = HTTPConnection(*place, timeout=_WITHIN_S)
    begun = time.perf_counter()
    for start in range(0, total, together):
        wait = begun + start / rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        names = [f"{rate}-{number}" for number in range(start, start + together)]
        body = json.dumps([_event(name) for name in names])
        sent.update(dict.fromkeys(names, now()))
        connection.request("POST", "/v1/events", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["decided"]) == (202, together)


def spread(times_ms: list[float]) -> dict[str, Any]:
    """Return how many times there are, and how they are spread."""
    times = sorted(times_ms)
    return {
        "alerts": len(times),
        "p50_ms": round(times[len(times) // 2], 1),
        "p99_ms": round(times[len(times) * 99 // 100], 1),
        "longest_ms": round(times[-1], 1),
    }


def _event(name: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    data = {"transaction_id": name, "amount_fen": 6_000_000, "payer_id": f"p{name}"}
    return {
        "specversion": "1.0", "id": name, "source": "bench", "type": "payment.received", "time": now, "subject": name,
        "data": data,
    }  # fmt: skip


def _listen(place: tuple[str, int], came: dict[str, float], prefix: str, total: int) -> None:
    """Note when the alert of each account came."""
    connection = HTTPConnection(*place, timeout=_WITHIN_S)
    connection.request("GET", "/v1/feed?rule=COL-01")
    answer = connection.getresponse()
    while len(came) < total:
        line = answer.readline()
        found = re.search(rb'"key":\{"account":"([^"]+)"', line)
        if found is not None and found[1].decode().startswith(prefix):
            came.setdefault(found[1].decode(), time.perf_counter())


if __name__ == "__main__":
    raise SystemExit(main())
