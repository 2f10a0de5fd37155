"""`python -m bench.listing [--alerts N] [--rounds N] [--json]`: how long views of the console's list take, by the wall.

A run decides payments of some days until so many alerts stand: half of them of payers, whose names are sealed, and
people have handled half. Then somebody logs in to the console and asks for each view over HTTP; the longest of the
rounds and the weight of the page are told too, compressed as a proxy would.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from itertools import count, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlencode

from bench.feed import running
from monitoring.web.console import users
from streams.stores.sqlite_reading import open_reader

MEDIAN_MS: Final = 100.0  # The most that a view may take, but for words.
VIEWS: Final = {
    "newest": "/",
    "by level": "/?sort=level",
    "by level, page 20": "/?sort=level&page=20",
    "grouped": "/?group=1",
    "grouped by level": "/?group=1&sort=level",
    "a rare rule": "/?rule=AML-12",
    "a rare tenant": "/?tenant=rare",
    "one payer": "/?key=payer%3Dp7",
    "not handled": "/?handling=new",
    "not handled by level": "/?handling=new&sort=level",
    "q, a rare word": "/?q=-rare",
    "q, a frequent word": "/?q=col-01",
}
ONLY: Final = ("--only", "COL-01", "--only", "COL-03", "--only", "AML-12")
_DAYS: Final = 4
_RARE: Final = 997  # Every so many payments one is of another tenant, and one to somebody on a list.
_NAME: Final = "watcher"
_PASSWORD: Final = "only for this measurement"  # noqa: S105  # of a database that goes afterwards
_LINE: Final = (
    "{view:24} median {median_ms:7.1f} ms, longest {longest_ms:7.1f} ms, {rows:4} rows, {kb:5.1f} kB"
)


def main() -> int:
    """Measure and print; 1 where a view takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.listing", description=__doc__)
    parser.add_argument("--alerts", type=int, default=10_000, help="how many stand (default: 10,000)")
    parser.add_argument("--rounds", type=int, default=9, help="how often each view is asked for (default: 9)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        standing = made(folder, options.alerts)
        users.add(folder / "users.json", _NAME, "compliance", _PASSWORD)
        with running(folder, *ONLY, "--users", str(folder / "users.json")) as place:
            browser = Browser(place)
            found = [_measured(browser, view, path, options.rounds) for view, path in VIEWS.items()]
    if options.json:
        print(json.dumps({"alerts": standing, "views": found}))
    else:
        print(f"{standing:,} alerts", *(_LINE.format(**each) for each in found), sep="\n")
    slow = [each for each in found if not each["view"].startswith("q,") and each["median_ms"] > MEDIAN_MS]
    return 1 if slow else 0


def made(folder: Path, alerts: int) -> int:
    """Make a database in which so many alerts stand, or one or two more, half of them handled; return how many."""
    database = folder / "feed.db"
    _run(folder, "paid", _payments(alerts))
    with open_reader(database) as reader:
        names = [(each.alert, json.loads(each.body)["tenant"]) for each in reader.standing()]
    _run(folder, "acts", (_act(*each) for each in names[::2]))
    return len(names)


def _run(folder: Path, name: str, events: Iterable[dict[str, Any]]) -> None:
    """Decide events, as the command does."""
    log = folder / f"{name}.jsonl"
    log.write_text("".join(f"{json.dumps(each)}\n" for each in events))
    command = [sys.executable, "-m", "weiguard", "run", str(log), "--db", str(folder / "feed.db"), *ONLY]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _payments(alerts: int) -> Iterator[dict[str, Any]]:
    """Return payments that raise two alerts each, of as many accounts a day as there must be for that."""
    start = datetime.now(UTC) - timedelta(days=_DAYS)
    for tenant in ("t0", "t1", "t2"):
        party = {"party_id": "listed", "list": "un"}
        yield _event(f"list-{tenant}", "listed_party.added", start, party) | {"tenant": tenant}
    a_day = max(1, -(-alerts // 2 // _DAYS))
    for number in islice(count(), -(-alerts // 2)):
        at = start + timedelta(days=number // a_day, seconds=number % a_day * 3_600 // a_day)
        rare = number % _RARE == _RARE - 1
        data = {
            "transaction_id": f"t{number}", "amount_fen": 6_000_000 if number % 4 else 4_500_000,
            "payer_id": f"p{number % 77}-rare" if rare else "listed" if number % _RARE == 1 else f"p{number % a_day}",
            "code_kind": "personal_static",
        }  # fmt: skip
        more = {"subject": f"A{number % a_day}", "tenant": "rare" if rare else f"t{number % 3}"}
        yield _event(f"e{number}", "payment.received", at, data) | more


def _act(alert: str, tenant: str) -> dict[str, Any]:
    """Return the event by which somebody resolves an alert."""
    data = {"alert_id": alert, "by": "chen", "reason": "looked at"}
    return _event(f"act-{alert}", "alert.resolved", datetime.now(UTC), data) | {"tenant": tenant}


def _event(name: str, kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": name, "source": "bench", "type": kind, "time": at.isoformat(), "data": data,
    }  # fmt: skip


class Browser:
    """Somebody who is logged in, on one connection."""

    def __init__(self, place: tuple[str, int]) -> None:
        host, port = place
        self._connection = HTTPConnection(host, port, timeout=60)
        form = urlencode({"name": _NAME, "password": _PASSWORD})
        origin = {"Origin": f"http://{host}:{port}", "Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/login", form, origin)
        answer = self._connection.getresponse()
        answer.read()
        assert answer.status == 303, "who has a password is let in"
        cookies = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie", [])]
        self._headers = {"Cookie": "; ".join(cookies), "Accept-Language": "en"}

    def ask(self, path: str) -> bytes:
        """Return a page."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, path
        return body


def _measured(browser: Browser, view: str, path: str, rounds: int) -> dict[str, Any]:
    page = browser.ask(path)  # Not measured: the first time also opens what is read later.
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        browser.ask(path)
        times.append((time.perf_counter() - begun) * 1e3)
    return {
        "view": view, "median_ms": round(median(times), 1), "longest_ms": round(max(times), 1),
        "rows": page.count(b'<li class="row'), "kb": round(len(gzip.compress(page)) / 1e3, 1),
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
