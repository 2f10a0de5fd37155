"""`python -m bench.screen [--seconds N] [--json]`: from `POST /v1/events` to the console's screen, by the wall clock.

A run decides with all rules, somebody is logged in to its console in a real Chromium, and each event raises an alert.
An alert has come when the frame is drawn whose button counts it; at the end the button is pressed, and the time until
the row of the newest alert stands in the list is told too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Final

from bench.feed import LOADS, P99_MS, running, send, spread
from monitoring.web.console import users

_NAME: Final = "watcher"
_PASSWORD: Final = "only for this measurement"  # noqa: S105  # of a database that goes afterwards
_WITHIN_MS: Final = 60_000
_LINE: Final = (
    "{events_a_second:,} events/s: p50 {p50_ms} ms, p99 {p99_ms} ms, longest {longest_ms} ms ({alerts:,}); "
    "from the button to the rows {rows_ms} ms"
)
# Notes, at each frame drawn after the button's words changed, how many alerts it counts, and the time.
_WATCH: Final = """() => {
  window.counted = [];
  const button = document.getElementById("new");
  let due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      counted.push([Number((button.textContent.match(/\\d+/) || ["0"])[0]), Date.now()]);
    });
  }).observe(button, {childList: true, characterData: true, subtree: true});
}"""


def main() -> int:
    """Measure and print; 1 where it takes longer than it may."""
    parser = argparse.ArgumentParser(prog="python -m bench.screen", description=__doc__)
    parser.add_argument("--seconds", type=int, default=20, help="how long each load lasts (default: 20)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("no chromium on PATH; `sh scripts/servers` says how to get it")
    found = [_load(program, rate, together, options.seconds) for rate, together in LOADS]
    for each in found:
        print(json.dumps(each) if options.json else _LINE.format(**each))
    return 1 if any(each["p99_ms"] > P99_MS for each in found) else 0


def _load(program: str, rate: int, together: int, seconds: int) -> dict[str, Any]:
    """Send events at a rate to a run of its own, and return how long they took to the screen, in milliseconds."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # only for this

    total = rate * seconds
    sent: dict[str, float] = {}
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory()))
        users.add(folder / "users.json", _NAME, "risk", _PASSWORD)
        host, port = held.enter_context(running(folder, "--users", str(folder / "users.json")))
        browser = held.enter_context(sync_playwright()).chromium.launch(
            executable_path=program,
            args=["--no-sandbox"] if os.getuid() == 0 else [],  # As root it has none.
        )
        page = browser.new_page(base_url=f"http://{host}:{port}")
        page.set_default_timeout(_WITHIN_MS)
        page.goto("/login")
        page.fill("input[name=name]", _NAME)
        page.fill("input[name=password]", _PASSWORD)
        page.click("main button")
        page.wait_for_url("**/")
        page.goto("/?rule=COL-01&lang=en")
        page.wait_for_selector("#line[data-state=open]")
        page.evaluate(_WATCH)
        sender = Thread(target=send, args=((host, port), rate, together, total, sent, time.time), daemon=True)
        sender.start()
        page.wait_for_function(
            "(total) => counted.length && counted.at(-1)[0] >= total",
            arg=total,
            timeout=_WITHIN_MS + seconds * 1e3,
        )
        sender.join()
        counted: list[tuple[int, int]] = page.evaluate("counted")
        pressed = time.perf_counter()
        page.click("#new")
        page.wait_for_selector(f".row:has-text('{list(sent)[-1]}')")
        rows_ms = round((time.perf_counter() - pressed) * 1e3, 1)
        browser.close()
    frames = iter(counted)
    count, at = next(frames)
    times = []
    for number, begun in enumerate(sent.values(), 1):
        while count < number:
            count, at = next(frames)
        times.append(at - begun * 1e3)
    return {"events_a_second": rate, **spread(times), "rows_ms": rows_ms}


if __name__ == "__main__":
    raise SystemExit(main())
